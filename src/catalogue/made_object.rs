//! Names the objects that appear because an object of a kind is there.

use serde::Deserialize;

use crate::manifest::Object;

/// An object that an object of the kind is, or that a controller makes for it, in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MadeObject {
    /// The kind of the object that is made, for instance `Secret`.
    pub kind: String,
    /// The name; `{name}` is the name of the object that it is made for. With `name_at`: the name where that field is absent.
    pub name: Option<String>,
    /// The JSON pointer of the field that names it.
    pub name_at: Option<String>,
}

impl MadeObject {
    /// Returns the name of the object that is made for `object`; `None` where the object asks for none.
    pub fn name_for(&self, object: &Object) -> Option<String> {
        let written = self
            .name_at
            .as_ref()
            .and_then(|at| object.get(at)?.as_str());
        match written {
            Some(name) => Some(name.to_owned()),
            None => Some(self.name.as_ref()?.replace("{name}", object.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::Catalogue;

    fn made(object: serde_json::Value) -> Vec<(String, String)> {
        let object = Object::new(object);
        let entry = Catalogue::built_in().entry(&object).unwrap();
        let made = entry.makes.iter();
        made.filter_map(|made| Some((made.kind.clone(), made.name_for(&object)?)))
            .collect()
    }

    #[test]
    fn a_secret_is_named_by_a_field_or_like_its_object() {
        let secret = |name: &str| vec![("Secret".to_owned(), name.to_owned())];
        let external = |spec: serde_json::Value| json!({"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "a"}, "spec": spec});
        assert_eq!(made(external(json!({}))), secret("a"));
        assert_eq!(
            made(external(json!({"target": {"name": "b"}}))),
            secret("b")
        );
    }

    #[test]
    fn nothing_is_made_where_the_field_that_names_it_is_absent() {
        let certificate = json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "a"}});
        assert_eq!(made(certificate), []);
    }
}
