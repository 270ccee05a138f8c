//! Fields that others write, so that Argo CD neither reports nor reverts them.

use crate::argocd::{POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER};
use serde_json::{Value, json};

use crate::catalogue::{Catalogue, WrittenBack};
use crate::manifest::Object;

/// The entries that an Application with the objects needs, sorted, each once.
pub(super) fn of_objects(objects: &[Object]) -> Vec<Value> {
    let of_catalogue = objects.iter().flat_map(of_catalogue);
    let of_triggers = objects.iter().filter_map(image_triggers);
    let of_scalers = objects.iter().filter_map(|scaler| scaled(scaler, objects));
    let mut entries: Vec<Value> = of_catalogue.chain(of_triggers).chain(of_scalers).collect();
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
        let finalizers = [POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER];
        entry["jqPathExpressions"] = finalizers.into_iter().map(of).collect();
    }
    entry
}

/// Builds the entries for the fields of an object that the catalogue says others write.
fn of_catalogue(object: &Object) -> Vec<Value> {
    let entry = Catalogue::built_in().entry(object);
    let written_back = entry.map_or(&[][..], |entry| entry.written_back.as_slice());
    written_back
        .iter()
        .filter(|fields| fields.applies_to(object))
        .map(|fields| ignored(fields, object))
        .collect()
}

fn ignored(fields: &WrittenBack, object: &Object) -> Value {
    let mut entry = if fields.is_unconditional() {
        of_kind(object)
    } else {
        of_object(object)
    };
    if !fields.json_pointers.is_empty() {
        entry["jsonPointers"] = json!(fields.json_pointers);
    }
    let expressions = fields.jq_path_expressions_of(object);
    if !expressions.is_empty() {
        entry["jqPathExpressions"] = json!(expressions);
    }
    entry
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
