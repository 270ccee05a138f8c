//! Fields that others write, so that Argo CD neither reports nor reverts them.

use serde_json::{Value, json};

use crate::manifest::Object;

/// When an entry of the table is needed, and whether it is for one object or for the kind.
#[derive(Debug, Clone, Copy)]
enum When {
    /// For every object of the kind.
    Always,
    /// For the objects that have the field.
    Has(&'static str),
    /// For the objects that do not have the field.
    Lacks(&'static str),
    /// For the objects that carry the label.
    Label(&'static str),
    /// For the objects that carry the annotation.
    Annotation(&'static str),
}

/// A field that somebody else writes.
struct Preset {
    group: &'static str,
    kind: &'static str,
    when: When,
    pointers: &'static [&'static str],
    jq: &'static [&'static str],
}

const WEBHOOK_CA: &[&str] = &[".webhooks[]?.clientConfig.caBundle"];

/// Sorted by group and kind.
const PRESETS: &[Preset] = &[
    // The service CA operator and the cluster network operator fill these in.
    preset(
        "",
        "ConfigMap",
        When::Annotation("service.beta.openshift.io/inject-cabundle"),
        &["/data"],
        &[],
    ),
    preset(
        "",
        "ConfigMap",
        When::Label("config.openshift.io/inject-trusted-cabundle"),
        &["/data"],
        &[],
    ),
    // OpenShift adds the pull secret of the internal registry.
    preset(
        "",
        "ServiceAccount",
        When::Always,
        &["/imagePullSecrets", "/secrets"],
        &[],
    ),
    preset(
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        When::Always,
        &[],
        WEBHOOK_CA,
    ),
    preset(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        When::Always,
        &[],
        WEBHOOK_CA,
    ),
    preset(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        When::Always,
        &[
            "/spec/conversion/webhook/clientConfig/caBundle",
            "/spec/preserveUnknownFields",
        ],
        &[],
    ),
    preset(
        "apiregistration.k8s.io",
        "APIService",
        When::Always,
        &["/spec/caBundle"],
        &[],
    ),
    // The API server fills these in, and they cannot be changed.
    preset(
        "apps",
        "StatefulSet",
        When::Has("/spec/volumeClaimTemplates"),
        &[],
        &[
            ".spec.volumeClaimTemplates[]?.apiVersion",
            ".spec.volumeClaimTemplates[]?.kind",
            ".spec.volumeClaimTemplates[]?.status",
        ],
    ),
    preset(
        "operators.coreos.com",
        "Subscription",
        When::Has("/spec/startingCSV"),
        &["/spec/startingCSV"],
        &[],
    ),
    preset(
        "rbac.authorization.k8s.io",
        "ClusterRole",
        When::Has("/aggregationRule"),
        &["/rules"],
        &[],
    ),
    preset(
        "route.openshift.io",
        "Route",
        When::Always,
        &["/status"],
        &[],
    ),
    preset(
        "route.openshift.io",
        "Route",
        When::Lacks("/spec/host"),
        &["/spec/host"],
        &[],
    ),
];

const fn preset(
    group: &'static str,
    kind: &'static str,
    when: When,
    pointers: &'static [&'static str],
    jq: &'static [&'static str],
) -> Preset {
    Preset {
        group,
        kind,
        when,
        pointers,
        jq,
    }
}

/// The entries that an Application with the objects needs, sorted, each once.
pub(super) fn of_objects(objects: &[Object]) -> Vec<Value> {
    let of_presets = objects
        .iter()
        .flat_map(|object| PRESETS.iter().filter_map(|preset| preset.entry(object)));
    let of_triggers = objects.iter().filter_map(image_triggers);
    let of_scalers = objects.iter().filter_map(|scaler| scaled(scaler, objects));
    let mut entries: Vec<Value> = of_presets.chain(of_triggers).chain(of_scalers).collect();
    entries.sort_by_cached_key(sort_key);
    entries.dedup();
    entries
}

/// The entry that a root needs: what Argo CD itself writes into Applications. Finalizers only where a hook asks for them, so that
/// otherwise ours are put back.
pub(super) fn of_applications(deletion_hooks: bool) -> Value {
    let mut entry = json!({
        "group": "argoproj.io",
        "kind": "Application",
        "jsonPointers": ["/metadata/annotations/argocd.argoproj.io~1refresh", "/operation"],
    });
    if deletion_hooks {
        let of = |finalizer: &str| {
            format!(
                ".metadata.finalizers[]? | select(. == \"{finalizer}\" or . == \"{finalizer}/cleanup\")"
            )
        };
        let finalizers = [
            "post-delete-finalizer.argocd.argoproj.io",
            "pre-delete-finalizer.argocd.argoproj.io",
        ];
        entry["jqPathExpressions"] = finalizers.into_iter().map(of).collect();
    }
    entry
}

impl Preset {
    fn entry(&self, object: &Object) -> Option<Value> {
        if object.group() != self.group || object.kind() != self.kind || !self.when.holds(object) {
            return None;
        }
        let mut entry = match self.when {
            When::Always => of_kind(object),
            _ => of_object(object),
        };
        if !self.pointers.is_empty() {
            entry["jsonPointers"] = json!(self.pointers);
        }
        if !self.jq.is_empty() {
            entry["jqPathExpressions"] = json!(self.jq);
        }
        Some(entry)
    }
}

impl When {
    fn holds(self, object: &Object) -> bool {
        match self {
            Self::Always => true,
            Self::Has(pointer) => object.get(pointer).is_some(),
            Self::Lacks(pointer) => object.get(pointer).is_none(),
            Self::Label(key) => object
                .value()
                .get("metadata")
                .and_then(|m| m.get("labels")?.get(key))
                .is_some(),
            Self::Annotation(key) => object.annotation(key).is_some(),
        }
    }
}

/// Images that OpenShift replaces when an image stream changes.
fn image_triggers(object: &Object) -> Option<Value> {
    let triggers: Value =
        serde_json::from_str(object.annotation("image.openshift.io/triggers")?).ok()?;
    let paths = triggers
        .as_array()?
        .iter()
        .filter_map(|t| t.get("fieldPath")?.as_str().and_then(container_image));
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    paths.dedup();
    let mut entry = of_object(object);
    entry["jqPathExpressions"] = json!(paths);
    (!paths.is_empty()).then_some(entry)
}

/// `spec.template.spec.containers[?(@.name=="web")].image` in the language of jq.
fn container_image(field_path: &str) -> Option<String> {
    let (list, rest) = field_path.split_once("[?(@.name==")?;
    let (name, field) = rest.split_once(")]")?;
    let name = name.trim_matches(['"', '\'']);
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    (plain(list) && plain(name) && plain(field))
        .then(|| format!(".{list}[]? | select(.name == \"{name}\") | {field}"))
}

/// The replicas of what a HorizontalPodAutoscaler scales.
fn scaled(scaler: &Object, objects: &[Object]) -> Option<Value> {
    if scaler.kind() != "HorizontalPodAutoscaler" {
        return None;
    }
    let target = scaler.get("/spec/scaleTargetRef")?;
    let text = |key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default();
    let target = objects.iter().find(|o| {
        o.kind() == text("kind")
            && o.name() == text("name")
            && o.namespace() == scaler.namespace()
            && o.api_version() == text("apiVersion")
    })?;
    let mut entry = of_object(target);
    entry["jsonPointers"] = json!(["/spec/replicas"]);
    target.get("/spec/replicas").is_some().then_some(entry)
}

/// An entry for every object of the kind. The core group is not written: empty fields do not survive in Argo CD.
fn of_kind(object: &Object) -> Value {
    let mut entry = json!({"kind": object.kind()});
    if !object.group().is_empty() {
        entry["group"] = json!(object.group());
    }
    entry
}

fn of_object(object: &Object) -> Value {
    let mut entry = of_kind(object);
    entry["name"] = json!(object.name());
    if let Some(namespace) = object.namespace() {
        entry["namespace"] = json!(namespace);
    }
    entry
}

fn sort_key(entry: &Value) -> [String; 6] {
    [
        "group",
        "kind",
        "namespace",
        "name",
        "jsonPointers",
        "jqPathExpressions",
    ]
    .map(|key| match entry.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    })
}
