//! Names the fields of a kind that name other objects.

use serde::Deserialize;
use serde_json::Value;

use crate::patch::FieldPath;
use pointer_diagnostics::Pointer;

/// A field that names another object, which has to be there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawReference")]
pub struct Reference {
    /// The place: a text that is the name, or a map that holds it.
    at: FieldPath,
    /// The kinds that it may name; the first where the object does not say which.
    to: Vec<TargetKind>,
    /// The name, below a place that is a map.
    name: FieldPath,
    /// The field below the place that says which kind is meant.
    kind_at: Option<FieldPath>,
    /// The namespace of the object that is named, where the kind has one.
    pub namespace: ReferenceNamespace,
    /// The keys that the object that is named has to have, below the place.
    keys: Vec<FieldPath>,
    /// The notation of the name.
    form: ReferenceForm,
}

/// A kind without its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// The namespace in which a reference looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceNamespace {
    /// The namespace of the object that refers.
    Own,
    /// Always the same one.
    Fixed(String),
    /// The one that a field below the place names; where it is absent, that of the object that refers.
    At(FieldPath),
}

/// The notation of the name of another object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ReferenceForm {
    /// The name.
    #[default]
    Plain,
    /// The name, or `namespace/name`.
    Namespaced,
    /// The annotation of Multus: names with commas between them, each perhaps with a namespace and an interface
    /// (`namespace/name@interface`), or a JSON list of `{name, namespace}`.
    Networks,
    /// A tag of an image stream, `stream:tag`, of which the stream is meant.
    ImageStream,
    /// An image in the registry of OpenShift itself, `<registry>/namespace/stream:tag`; another image names nothing.
    InternalImage,
}

/// The registry of OpenShift itself, as pods name it.
const INTERNAL_REGISTRY: &str = "image-registry.openshift-image-registry.svc:5000/";

/// A reference that an object holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReference<'a> {
    /// The kind that is named.
    pub target: &'a TargetKind,
    /// The namespace that is written beside the name.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The field that holds the name.
    pub pointer: Pointer,
    /// The keys that it has to have, with the fields that name them.
    pub keys: Vec<WrittenKey>,
}

/// A key that a reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenKey {
    /// The key.
    pub key: String,
    /// The field that names it.
    pub pointer: Pointer,
}

/// A reference as it is written in the data.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawReference {
    at: String,
    to: OneOrMore,
    name: Option<String>,
    kind_at: Option<String>,
    namespace: Option<String>,
    namespace_at: Option<String>,
    key: Option<OneOrMore>,
    #[serde(default)]
    form: ReferenceForm,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

impl TargetKind {
    /// Reads `Kind.group`, or `Kind` of the core group.
    pub fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }
}

impl TryFrom<RawReference> for Reference {
    type Error = String;

    fn try_from(raw: RawReference) -> Result<Self, String> {
        let path = |text: &String| parse_path(text);
        let keys = raw.key.as_ref().map_or(&[][..], OneOrMore::texts);
        let namespace = match (raw.namespace, &raw.namespace_at) {
            (Some(fixed), None) => ReferenceNamespace::Fixed(fixed),
            (None, Some(at)) => ReferenceNamespace::At(parse_path(at)?),
            (None, None) => ReferenceNamespace::Own,
            (Some(_), Some(_)) => {
                return Err("a reference has `namespace` or `namespaceAt`, not both".to_owned());
            }
        };
        Ok(Self {
            at: parse_path(&raw.at)?,
            to: raw
                .to
                .texts()
                .iter()
                .map(|t| TargetKind::parse(t))
                .collect(),
            name: parse_path(raw.name.as_deref().unwrap_or("name"))?,
            kind_at: raw.kind_at.as_ref().map(path).transpose()?,
            namespace,
            keys: keys.iter().map(path).collect::<Result<_, _>>()?,
            form: raw.form,
        })
    }
}

fn parse_path(text: &str) -> Result<FieldPath, String> {
    FieldPath::parse(text).map_err(|e| format!("`{text}` is not a path: {e}"))
}

impl Reference {
    /// Returns the reference from a place within: without the first key of its path. `None` where its path begins with another key.
    pub fn below(&self, key: &str) -> Option<Self> {
        Some(Self {
            at: self.at.below(key)?,
            ..self.clone()
        })
    }

    /// Returns what the fields of a value name. A place that says `optional: true` names nothing that must be there; a kind that is
    /// not in the data is not followed.
    pub fn find_written(&self, value: &Value) -> Vec<WrittenReference<'_>> {
        let mut found = Vec::new();
        for at in self.at.resolve(value) {
            if let Some(place) = value.pointer(at.as_str()) {
                self.read_place(place, &at, &mut found);
            }
        }
        found
    }

    fn read_place<'a>(
        &'a self,
        place: &Value,
        at: &Pointer,
        found: &mut Vec<WrittenReference<'a>>,
    ) {
        if place.get("optional").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let Some(target) = self.target_of(place) else {
            return;
        };
        let written_namespace = match &self.namespace {
            ReferenceNamespace::Own => None,
            ReferenceNamespace::Fixed(name) => Some(name.clone()),
            ReferenceNamespace::At(path) => texts_at(path, place).pop().map(|(text, _)| text),
        };
        let names = match place {
            Value::String(name) => vec![(name.clone(), Pointer::root())],
            _ => texts_at(&self.name, place),
        };
        let mut keys = Vec::new();
        for (key, below) in self.keys.iter().flat_map(|path| texts_at(path, place)) {
            let pointer = at.join(&below);
            keys.push(WrittenKey { key, pointer });
        }
        for (text, below) in names {
            for (namespace, name) in self.form.split(&text) {
                found.push(WrittenReference {
                    target,
                    namespace: namespace.or_else(|| written_namespace.clone()),
                    name,
                    pointer: at.join(&below),
                    keys: keys.clone(),
                });
            }
        }
    }

    /// Returns the kind that a place names; `None` where it is none of those in the data.
    fn target_of(&self, place: &Value) -> Option<&TargetKind> {
        let path = self.kind_at.as_ref();
        let written = path.and_then(|path| texts_at(path, place).pop());
        match written {
            None => self.to.first(),
            Some((kind, _)) => {
                let mut targets = self.to.iter();
                targets.find(|target| target.kind.eq_ignore_ascii_case(&kind))
            }
        }
    }
}

impl ReferenceForm {
    /// Splits a text into names, each with the namespace that is written before it.
    fn split(self, text: &str) -> Vec<(Option<String>, String)> {
        let all = match self {
            Self::Plain => vec![(None, text.to_owned())],
            Self::Namespaced => vec![split_namespace(text)],
            Self::Networks => split_networks(text),
            Self::ImageStream => split_stream(text).into_iter().collect(),
            Self::InternalImage => split_internal_image(text).into_iter().collect(),
        };
        all.into_iter()
            .filter(|(_, name)| !name.is_empty())
            .collect()
    }
}

fn split_namespace(text: &str) -> (Option<String>, String) {
    match text.split_once('/') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
        None => (None, text.to_owned()),
    }
}

fn split_stream(text: &str) -> Option<(Option<String>, String)> {
    let (stream, _) = text.split_once(':').unwrap_or((text, ""));
    (!stream.contains('/')).then(|| (None, stream.to_owned()))
}

/// Returns the image stream tag of an image; `None` for an image of another registry, or one by digest.
fn split_internal_image(text: &str) -> Option<(Option<String>, String)> {
    let (namespace, image) = text.strip_prefix(INTERNAL_REGISTRY)?.split_once('/')?;
    let tagged = match image.contains(':') {
        _ if image.contains('@') => return None,
        true => image.to_owned(),
        false => format!("{image}:latest"),
    };
    Some((Some(namespace.to_owned()), tagged))
}

fn split_networks(text: &str) -> Vec<(Option<String>, String)> {
    if let Ok(Value::Array(items)) = serde_json::from_str(text) {
        let member = |item: &Value, key: &str| item.get(key)?.as_str().map(str::to_owned);
        let read = |item: &Value| Some((member(item, "namespace"), member(item, "name")?));
        return items.iter().filter_map(read).collect();
    }
    let names = text.split(',').map(str::trim);
    names
        .map(|name| split_namespace(name.split_once('@').map_or(name, |(name, _)| name)))
        .collect()
}

/// Returns the texts at a path below a value, with their places below it.
fn texts_at(path: &FieldPath, value: &Value) -> Vec<(String, Pointer)> {
    let mut found = Vec::new();
    for pointer in path.resolve(value) {
        let text = value.pointer(pointer.as_str()).and_then(Value::as_str);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            found.push((text.to_owned(), pointer));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference(written: Value) -> Reference {
        serde_json::from_value(written).unwrap()
    }

    fn found(reference: &Reference, value: &Value) -> Vec<(String, Option<String>, String)> {
        let written = reference.find_written(value).into_iter();
        written
            .map(|w| (w.target.kind.clone(), w.namespace, w.name))
            .collect()
    }

    #[test]
    fn a_place_is_the_name_or_holds_it() {
        let plain = reference(json!({"at": "spec.secretName", "to": "Secret"}));
        let value = json!({"spec": {"secretName": "a", "auth": {"name": "b", "optional": false}}});
        assert_eq!(found(&plain, &value), [("Secret".into(), None, "a".into())]);
        let held = reference(json!({"at": "spec.auth", "to": "Secret"}));
        assert_eq!(found(&held, &value), [("Secret".into(), None, "b".into())]);
        assert!(
            found(
                &held,
                &json!({"spec": {"auth": {"name": "b", "optional": true}}})
            )
            .is_empty()
        );
        assert!(found(&held, &json!({"spec": {}})).is_empty());
    }

    #[test]
    fn a_kind_that_the_data_does_not_name_is_not_followed() {
        let issuer = reference(json!({
            "at": "spec.issuerRef", "kindAt": "kind",
            "to": ["Issuer.cert-manager.io", "ClusterIssuer.cert-manager.io"],
        }));
        let of = |kind: Value| {
            found(
                &issuer,
                &json!({"spec": {"issuerRef": {"name": "ca", "kind": kind}}}),
            )
        };
        assert_eq!(of(json!(null))[0].0, "Issuer");
        assert_eq!(of(json!("ClusterIssuer"))[0].0, "ClusterIssuer");
        assert!(of(json!("AWSPCAIssuer")).is_empty());
    }

    #[test]
    fn networks_are_named_in_two_forms() {
        let networks = reference(
            json!({"at": "networks", "to": "NetworkAttachmentDefinition.k8s.cni.cncf.io", "form": "networks"}),
        );
        let names = |text: &str| {
            let found = found(&networks, &json!({ "networks": text }));
            found
                .into_iter()
                .map(|(_, namespace, name)| (namespace, name))
                .collect::<Vec<_>>()
        };
        let expected = vec![
            (None, "a".to_owned()),
            (Some("x".to_owned()), "b".to_owned()),
        ];
        assert_eq!(names("a, x/b@eth1"), expected);
        assert_eq!(
            names(r#"[{"name": "a"}, {"name": "b", "namespace": "x"}]"#),
            expected
        );
    }

    #[test]
    fn keys_are_told_with_their_places() {
        let volume = reference(
            json!({"at": "volumes[*].secret", "name": "secretName", "key": "items[*].key", "to": "Secret"}),
        );
        let value = json!({"volumes": [{"secret": {"secretName": "a", "items": [{"key": "k"}]}}]});
        let written = volume.find_written(&value);
        assert_eq!(
            written[0].keys[0].pointer.as_str(),
            "/volumes/0/secret/items/0/key"
        );
        assert_eq!(written[0].pointer.as_str(), "/volumes/0/secret/secretName");
    }
}
