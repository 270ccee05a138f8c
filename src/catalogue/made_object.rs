//! Names the objects that appear because an object of a kind is there.

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::Object;
use crate::patch::FieldPath;

use super::reference::TargetKind;

/// An object that an object of the kind is, or that a controller makes for it: in the same namespace where the kind has one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawMadeObject")]
pub struct MadeObject {
    /// The kind of the object that is made.
    pub kind: TargetKind,
    /// The name; `{name}` is the name of the object that it is made for, `{each}` an element of `each`. With `name_at`: the name where
    /// that field is absent. A `*` stands for any text.
    name: Option<String>,
    /// The JSON pointer of the field that names it.
    name_at: Option<String>,
    /// The texts of which each leads to an object of its own.
    each: Option<FieldPath>,
    /// The namespace, where it is not that of the object.
    namespace: Option<MadeIn>,
    /// The JSON pointer of a field without which nothing is made.
    when_present: Option<String>,
    /// Its keys. None: they are not known.
    keys: Option<MadeKeys>,
}

/// The namespace of an object that is made, where it is not that of the object that it is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MadeIn {
    /// The one with this name.
    Named(String),
    /// The one that a field names, by JSON pointer.
    At(String),
    /// Any namespace.
    Anywhere,
}

/// The keys of a Secret or ConfigMap that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MadeKeys {
    /// Always there.
    always: Vec<String>,
    /// The texts that are keys too, or the keys of maps.
    at: Vec<FieldPath>,
    /// JSON pointers of fields whose presence adds keys that are not known.
    unknown_with: Vec<String>,
}

/// An object that appears, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppearingObject {
    /// The name; a `*` stands for any text.
    pub name: String,
    /// The namespace.
    pub namespace: AppearsIn,
    /// Its keys; `None` where they are not known.
    pub keys: Option<Vec<String>>,
}

/// The namespace in which an object appears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppearsIn {
    /// The namespace of the object that it is made for; none where its kind has none.
    Same,
    /// Another one.
    Named(String),
    /// Any.
    Anywhere,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawMadeObject {
    kind: String,
    name: Option<String>,
    name_at: Option<String>,
    each: Option<String>,
    namespace: Option<String>,
    namespace_at: Option<String>,
    when_present: Option<String>,
    keys: Option<Vec<String>>,
    #[serde(default)]
    keys_at: Vec<String>,
    #[serde(default)]
    keys_unknown_with: Vec<String>,
}

impl TryFrom<RawMadeObject> for MadeObject {
    type Error = String;

    fn try_from(raw: RawMadeObject) -> Result<Self, String> {
        let path = |text: &String| {
            FieldPath::parse(text).map_err(|e| format!("`{text}` is not a path: {e}"))
        };
        let namespace = match (raw.namespace.as_deref(), raw.namespace_at) {
            (Some("*"), _) => Some(MadeIn::Anywhere),
            (Some(name), _) => Some(MadeIn::Named(name.to_owned())),
            (None, at) => at.map(MadeIn::At),
        };
        let are_keys_known = raw.keys.is_some() || !raw.keys_at.is_empty();
        let at = raw.keys_at.iter().map(path).collect::<Result<_, _>>()?;
        Ok(Self {
            kind: TargetKind::parse(&raw.kind),
            name: raw.name,
            name_at: raw.name_at,
            each: raw.each.as_ref().map(path).transpose()?,
            namespace,
            when_present: raw.when_present,
            keys: are_keys_known.then(|| MadeKeys {
                always: raw.keys.unwrap_or_default(),
                at,
                unknown_with: raw.keys_unknown_with,
            }),
        })
    }
}

impl MadeObject {
    /// Returns the objects that are made for `object`; none where it asks for none.
    pub fn find_made(&self, object: &Object) -> Vec<AppearingObject> {
        let is_there = |at: &String| object.get(at).is_some_and(|v| !v.is_null());
        if self.when_present.as_ref().is_some_and(|at| !is_there(at)) {
            return Vec::new();
        }
        let namespace = match &self.namespace {
            None => AppearsIn::Same,
            Some(MadeIn::Anywhere) => AppearsIn::Anywhere,
            Some(MadeIn::Named(name)) => AppearsIn::Named(name.clone()),
            Some(MadeIn::At(at)) => match object.get(at).and_then(Value::as_str) {
                Some(name) => AppearsIn::Named(name.to_owned()),
                None => AppearsIn::Same,
            },
        };
        let keys = self.keys.as_ref().and_then(|keys| keys.of(object));
        let made = |name: String| AppearingObject {
            name,
            namespace: namespace.clone(),
            keys: keys.clone(),
        };
        self.names_for(object).into_iter().map(made).collect()
    }

    fn names_for(&self, object: &Object) -> Vec<String> {
        let written = self.name_at.as_ref();
        let written = written.and_then(|at| object.get(at)?.as_str());
        if let Some(name) = written.filter(|name| !name.is_empty()) {
            return vec![name.to_owned()];
        }
        let Some(form) = &self.name else {
            return Vec::new();
        };
        let named = form.replace("{name}", object.name());
        match &self.each {
            None => vec![named],
            Some(path) => list_texts(path, object.value())
                .iter()
                .map(|each| named.replace("{each}", each))
                .collect(),
        }
    }
}

impl MadeKeys {
    fn of(&self, object: &Object) -> Option<Vec<String>> {
        let is_there = |at: &String| object.get(at).is_some_and(|v| !v.is_null());
        if self.unknown_with.iter().any(is_there) {
            return None;
        }
        let written = self.at.iter();
        let written = written.flat_map(|path| list_texts(path, object.value()));
        Some(self.always.iter().cloned().chain(written).collect())
    }
}

/// Returns the texts at a path, and the keys of maps there.
fn list_texts(path: &FieldPath, value: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    for pointer in path.resolve(value) {
        match value.pointer(pointer.as_str()) {
            Some(Value::String(text)) => texts.push(text.clone()),
            Some(Value::Object(map)) => texts.extend(map.keys().cloned()),
            _ => {}
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::Catalogue;

    fn made(object: Value) -> Vec<(String, AppearingObject)> {
        let object = Object::new(object);
        let entry = Catalogue::built_in().entry(&object).unwrap();
        let mut found = Vec::new();
        for made in &entry.makes {
            let objects = made.find_made(&object).into_iter();
            found.extend(objects.map(|o| (made.kind.kind.clone(), o)));
        }
        found
    }

    fn names(object: Value) -> Vec<String> {
        let made = made(object).into_iter();
        made.map(|(kind, object)| format!("{kind}/{}", object.name))
            .collect()
    }

    #[test]
    fn a_secret_is_named_by_a_field_or_like_its_object() {
        let external = |spec: Value| json!({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "a"}, "spec": spec});
        assert_eq!(names(external(json!({}))), ["Secret/a"]);
        assert_eq!(
            names(external(json!({"target": {"name": "b"}}))),
            ["Secret/b"]
        );
    }

    #[test]
    fn nothing_is_made_where_the_field_that_names_it_is_absent() {
        let certificate = json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "a"}});
        assert!(names(certificate).is_empty());
    }

    #[test]
    fn each_user_of_a_database_has_a_secret() {
        let cluster = json!({
            "apiVersion": "postgres-operator.crunchydata.com/v1beta1", "kind": "PostgresCluster", "metadata": {"name": "db"},
            "spec": {"users": [{"name": "app"}, {"name": "report"}]},
        });
        let names = names(cluster);
        for name in [
            "Secret/db-pguser-app",
            "Secret/db-pguser-report",
            "Service/db-primary",
        ] {
            assert!(
                names.iter().any(|n| n == name),
                "{name} is not in {names:?}"
            );
        }
    }

    #[test]
    fn keys_are_known_until_something_adds_unknown_ones() {
        let external = |spec: Value| {
            let object = json!({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "a"}, "spec": spec});
            made(object).remove(0).1.keys
        };
        assert_eq!(
            external(json!({"data": [{"secretKey": "password"}]})),
            Some(vec!["password".to_owned()])
        );
        assert_eq!(external(json!({"dataFrom": []})), None);
    }
}
