//! Describes fields of a kind that others write after Argo CD has.

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::Object;

/// Fields that a controller or webhook writes, so that Argo CD must neither report nor revert them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrittenBack {
    /// Writer of the fields.
    pub by: String,
    /// They are written only where the object has this field, a JSON pointer.
    pub when_present: Option<String>,
    /// They are written only where the object lacks this field, a JSON pointer.
    pub when_absent: Option<String>,
    /// They are written only where the object carries this label.
    pub when_label: Option<String>,
    /// They are written only where the object carries this annotation.
    pub when_annotation: Option<String>,
    /// The fields as JSON pointers.
    #[serde(default)]
    pub json_pointers: Vec<String>,
    /// The fields as expressions of jq.
    #[serde(default)]
    pub jq_path_expressions: Vec<String>,
    /// A field of the named elements of a list, in those elements that lack it.
    pub elements_lacking: Option<ElementsLacking>,
}

/// A field that others write into those elements of a list that lack it. The elements have names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ElementsLacking {
    /// The JSON pointer of the list.
    pub list: String,
    /// The field of an element.
    pub field: String,
}

impl ElementsLacking {
    /// Returns an expression of jq for each element of an object's list that lacks the field.
    fn jq_path_expressions(&self, object: &Object) -> Vec<String> {
        let elements = object.get(&self.list).and_then(Value::as_array);
        let lacking = elements
            .into_iter()
            .flatten()
            .filter(|element| element.get(&self.field).is_none());
        let names = lacking.filter_map(|element| element.get("name")?.as_str());
        let list = self.list.replace('/', ".");
        names
            .map(|name| {
                let name = Value::from(name);
                format!("{list}[]? | select(.name == {name}) | .{}", self.field)
            })
            .collect()
    }
}

impl WrittenBack {
    /// Tells whether the fields are written in every object of the kind.
    pub fn is_unconditional(&self) -> bool {
        let conditions = [
            &self.when_present,
            &self.when_absent,
            &self.when_label,
            &self.when_annotation,
        ];
        conditions.into_iter().all(Option::is_none) && self.elements_lacking.is_none()
    }

    /// Returns the fields of an object as expressions of jq.
    pub fn jq_path_expressions_of(&self, object: &Object) -> Vec<String> {
        let of_elements = self
            .elements_lacking
            .iter()
            .flat_map(|lacking| lacking.jq_path_expressions(object));
        let everywhere = self.jq_path_expressions.iter().cloned();
        everywhere.chain(of_elements).collect()
    }

    /// Tells whether the fields are written in an object.
    pub fn applies_to(&self, object: &Object) -> bool {
        let present = |pointer: &String| object.get(pointer).is_some();
        let absent = |pointer: &String| object.get(pointer).is_none();
        let labelled = |key: &String| object.label(key).is_some();
        let annotated = |key: &String| object.annotation(key).is_some();
        self.when_present.as_ref().is_none_or(present)
            && self.when_absent.as_ref().is_none_or(absent)
            && self.when_label.as_ref().is_none_or(labelled)
            && self.when_annotation.as_ref().is_none_or(annotated)
            && (!self.json_pointers.is_empty() || !self.jq_path_expressions_of(object).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn only_interfaces_without_an_address_are_given_to_the_pool_of_addresses() {
        let machine = |interfaces: Value| {
            Object::new(json!({
                "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "a"},
                "spec": {"template": {"spec": {"domain": {"devices": {"interfaces": interfaces}}}}},
            }))
        };
        let ignored = |object: Object| {
            let entry = Catalogue::built_in().entry(&object).unwrap();
            let applying = entry.written_back.iter();
            applying
                .filter(|fields| fields.applies_to(&object))
                .flat_map(|fields| fields.jq_path_expressions_of(&object))
                .collect::<Vec<String>>()
        };
        let address = "02:00:00:00:00:01";
        let both = json!([{"name": "a", "macAddress": address}, {"name": "b"}]);
        assert_eq!(
            ignored(machine(both)),
            [
                r#".spec.template.spec.domain.devices.interfaces[]? | select(.name == "b") | .macAddress"#
            ]
        );
        let written = json!([{"name": "a", "macAddress": address}]);
        assert!(ignored(machine(written)).is_empty());
    }
}
