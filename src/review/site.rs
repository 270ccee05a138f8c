//! Compares the objects of one site, and finds the risks of what differs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ComparedObject, Risk, RiskKind, SiteChange, find_risks};
use crate::catalogue::Catalogue;
use crate::compare::semantic;
use crate::manifest::{Object, ObjectId};

/// Compares two sets of objects of a site, by what tells the objects apart.
pub fn compare_objects(
    old: &BTreeMap<ObjectId, Object>,
    new: &BTreeMap<ObjectId, Object>,
) -> SiteChange {
    let differences = semantic::differences(old, new);
    let catalogue = Catalogue::built_in();
    let mut risks = Vec::new();
    let mut add = |update: &ComparedObject<'_>| risks.extend(find_risks(update, catalogue));
    for id in &differences.added {
        add(&ComparedObject {
            old: None,
            new: new.get(id),
            fields: &[],
        });
    }
    for id in &differences.removed {
        add(&ComparedObject {
            old: old.get(id),
            new: None,
            fields: &[],
        });
    }
    for change in &differences.changed {
        add(&ComparedObject {
            old: find_partner(old, &change.id),
            new: new.get(&change.id),
            fields: &change.fields,
        });
    }
    for id in &differences.removed {
        let removed = old.get(id).map(without_name);
        let is_same = |other: &&ObjectId| new.get(*other).map(without_name) == removed;
        if let Some(renamed) = differences.added.iter().find(is_same) {
            risks.push(Risk {
                kind: RiskKind::ObjectRenamed,
                object: id.clone(),
                fields: vec![format!("now {}", renamed.title())],
            });
        }
    }
    risks.sort();
    SiteChange { differences, risks }
}

/// Finds an object whatever the version of its API was.
fn find_partner<'a>(objects: &'a BTreeMap<ObjectId, Object>, id: &ObjectId) -> Option<&'a Object> {
    objects.get(id).or_else(|| {
        let mut others = objects.iter();
        let same = |other: &ObjectId| {
            (&other.group, &other.kind, &other.namespace, &other.name)
                == (&id.group, &id.kind, &id.namespace, &id.name)
        };
        others
            .find(|(other, _)| same(other))
            .map(|(_, object)| object)
    })
}

/// Returns an object without its name and namespace.
fn without_name(object: &Object) -> Value {
    let mut value = object.value().clone();
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        metadata.remove("name");
        metadata.remove("namespace");
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(objects: &[Value]) -> BTreeMap<ObjectId, Object> {
        let objects = objects.iter().cloned().map(Object::new);
        objects.map(|object| (object.id(), object)).collect()
    }

    fn service(name: &str, port: u16) -> Value {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": port}]}})
    }

    #[test]
    fn an_object_that_comes_back_under_another_name_is_deleted_and_told_so() {
        let change = compare_objects(&set(&[service("a", 80)]), &set(&[service("b", 80)]));
        let told: Vec<String> = change
            .risks
            .iter()
            .map(|risk| format!("{} {} {}", risk.kind, risk.object, risk.fields.join(" ")))
            .collect();
        assert_eq!(
            told,
            [
                "object-deleted Service/a ",
                "object-renamed Service/a now Service/b"
            ]
        );
    }

    #[test]
    fn another_object_is_no_new_name() {
        let change = compare_objects(&set(&[service("a", 80)]), &set(&[service("b", 81)]));
        assert_eq!(change.risks.len(), 1);
        assert_eq!(change.risks[0].kind, RiskKind::ObjectDeleted);
    }

    #[test]
    fn another_version_of_the_api_is_the_same_object() {
        let old = json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 3}});
        let new = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 1}});
        let change = compare_objects(&set(&[old]), &set(&[new]));
        assert_eq!(change.differences.changed.len(), 1);
        assert_eq!(change.risks[0].kind, RiskKind::AvailabilityReduced);
    }
}
