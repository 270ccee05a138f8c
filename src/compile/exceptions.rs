//! The effect of exceptions: which fields each of them changes in the base, and whether these are as it says in the final manifests.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SiteCompiler;
use crate::manifest::{Object, ObjectId};
use crate::patch::{FieldAuthor, Op, Operation, Reason};
use crate::plan::{Instance, SitePlan};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

/// A field that an exception changes.
#[derive(Debug, Clone, PartialEq)]
struct ChangedField {
    pointer: Pointer,
    /// The value in the base; `None` where it has no such field.
    before: Option<Value>,
    /// The value that the exception asks for; `None` where it removes the field.
    after: Option<Value>,
}

/// The final manifests of a site, and the changes that led to them.
pub(super) struct FinalState<'a> {
    plan: &'a SitePlan,
    rendered: &'a BTreeMap<String, Vec<Object>>,
}

impl<'a> FinalState<'a> {
    pub(super) fn new(plan: &'a SitePlan, rendered: &'a BTreeMap<String, Vec<Object>>) -> Self {
        Self { plan, rendered }
    }
}

impl SiteCompiler<'_> {
    /// Adds what exceptions change to the changes of each instance, with their lines, and reports exceptions that siteplan's own
    /// changes undo.
    pub(super) fn trace_exceptions(
        &self,
        state: &FinalState<'_>,
        changes: &mut BTreeMap<String, Vec<(ObjectId, Operation)>>,
        found: &mut Diagnostics,
    ) {
        for instance in &state.plan.instances {
            let Some(app) = instance.app().filter(|_| !instance.exceptions.is_empty()) else {
                continue;
            };
            let Some(base) = self.bases.objects(&app.name) else {
                continue;
            };
            let objects = state.rendered.get(&instance.name);
            let finals = objects.map_or(&[][..], Vec::as_slice);
            let own = changes.entry(instance.name.clone()).or_default();
            let mut traced = Vec::new();
            for (index, patch) in &instance.exceptions {
                let alone = Instance {
                    exceptions: vec![(*index, patch.clone())],
                    ..instance.clone()
                };
                // What is wrong with a patch was told when all of them were applied.
                let patched = self.base_objects(state.plan, &alone, &mut Diagnostics::new());
                let origin = state
                    .plan
                    .origin(&Pointer::parse("/exceptions").at(*index).at("patch"));
                for object in patched.iter().flat_map(|objects| objects.iter()) {
                    let Some(last) = find_like(finals, object) else {
                        continue;
                    };
                    let fields = find_like(&base, object)
                        .map(|before| list_changes(before.value(), object.value()));
                    for field in fields.into_iter().flatten() {
                        let undone = !field.is_in_force(last.value());
                        if undone {
                            found.push(report_undone(&field, last, own, &origin));
                        }
                        traced.push((last.id(), field.into_operation(&origin)));
                    }
                }
            }
            own.splice(0..0, traced);
        }
    }
}

/// Finds the object of the same kind and name.
fn find_like<'a>(objects: &'a [Object], wanted: &Object) -> Option<&'a Object> {
    objects.iter().find(|object| {
        object.kind() == wanted.kind()
            && object.group() == wanted.group()
            && object.name() == wanted.name()
    })
}

/// Reports a field that is not as an exception wants it.
fn report_undone(
    field: &ChangedField,
    object: &Object,
    changes: &[(ObjectId, Operation)],
    exception: &Origin,
) -> Diagnostic {
    let path = field.pointer.as_str();
    let name = object.id().to_string();
    let last = object.get(path);
    let wanted = match &field.after {
        Some(value) => format!("sets `{path}` of `{name}` to `{value}`"),
        None => format!("removes `{path}` of `{name}`"),
    };
    let is = last.map_or_else(
        || "the final manifest has no such field".to_owned(),
        |last| format!("the final manifest has `{last}`"),
    );
    let report = rules::EXCEPTION_WITHOUT_EFFECT
        .report(format!("an exception {wanted}, and {is}"))
        .primary_key(exception.clone(), "")
        .about(name);
    let id = object.id();
    let mut covering = changes.iter().rev().filter(|(target, change)| {
        let is_near = |a: &str, b: &str| {
            a.strip_prefix(b)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let written = change.path.as_str().trim_end_matches("/-");
        *target == id && (is_near(path, written) || is_near(written, path))
    });
    let reason = covering.find_map(|(_, change)| change.asked_by.as_ref());
    match reason {
        Some(reason) => {
            let help = format!(
                "siteplan writes this field itself ({}): say there what it should be, and take the exception out",
                reason.author.as_str()
            );
            let asked = reason.origins.iter().map(|origin| (origin, reason.author));
            asked
                .take(1)
                .fold(report, |report, (origin, author)| {
                    report.context_key(origin.clone(), format!("{} from here", author.as_str()))
                })
                .help(help)
        }
        None => report.help(
            "another exception for the same field comes after it, or siteplan sets the field for all objects: take this one out",
        ),
    }
}

impl ChangedField {
    /// Checks that the field of a final manifest is as the exception wants it. What siteplan adds beside it does not matter.
    fn is_in_force(&self, object: &Value) -> bool {
        let last = object.pointer(self.pointer.as_str());
        let Some(after) = &self.after else {
            return last.is_none_or(Value::is_null);
        };
        let (Some(Value::Array(before)), Value::Array(wanted)) = (&self.before, after) else {
            return last.is_some_and(|last| holds(last, after));
        };
        let Some(Value::Array(items)) = last else {
            return false;
        };
        let mut removed = before.iter().filter(|item| !wanted.contains(item));
        wanted
            .iter()
            .all(|item| items.iter().any(|last| holds(last, item)))
            && !removed.any(|item| items.contains(item))
    }

    /// Returns the change as an operation that the exception asked for.
    fn into_operation(self, exception: &Origin) -> Operation {
        let op = match (&self.before, &self.after) {
            (_, None) => Op::Remove,
            (None, Some(_)) => Op::Add,
            (Some(_), Some(_)) => Op::Replace,
        };
        Operation {
            op,
            path: self.pointer,
            value: self.after,
            asked_by: Some(Reason {
                author: FieldAuthor::Exception,
                origins: vec![exception.clone()],
            }),
        }
    }
}

/// Checks that a value has everything that is wanted of it.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key).is_some_and(|value| holds(value, wanted))),
        (Value::Array(items), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| items.iter().any(|item| holds(item, wanted))),
        (value, wanted) => value == wanted,
    }
}

/// Lists the fields in which two values differ.
fn list_changes(before: &Value, after: &Value) -> Vec<ChangedField> {
    let mut changes = Vec::new();
    collect_changes(Some(before), Some(after), &Pointer::root(), &mut changes);
    changes
}

fn collect_changes(
    before: Option<&Value>,
    after: Option<&Value>,
    at: &Pointer,
    changes: &mut Vec<ChangedField>,
) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, value) in new {
                collect_changes(old.get(key), Some(value), &at.at(key), changes);
            }
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                collect_changes(old.get(key), None, &at.at(key), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                collect_changes(Some(old), Some(new), &at.at(index), changes);
            }
        }
        (before, after) if before == after => {}
        (before, after) => changes.push(ChangedField {
            pointer: at.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(before: &Value, after: &Value) -> ChangedField {
        let changes = list_changes(&json!({"x": before}), &json!({"x": after}));
        changes.into_iter().next().unwrap()
    }

    #[test]
    fn differences_are_found_in_maps_and_lists() {
        let before = json!({"a": 1, "b": [{"n": 1}, 2], "c": [1], "d": 4});
        let after = json!({"a": 1, "b": [{"n": 2}, 2], "c": [1, 2], "e": 5});
        let changes = list_changes(&before, &after);
        let places: Vec<&str> = changes.iter().map(|c| c.pointer.as_str()).collect();
        assert_eq!(places, ["/b/0/n", "/c", "/e", "/d"]);
    }

    #[test]
    fn a_value_that_is_overwritten_is_not_in_force() {
        let replicas = change(&json!(1), &json!(3));
        assert!(replicas.is_in_force(&json!({"x": 3})));
        assert!(!replicas.is_in_force(&json!({"x": 1})));
        assert!(!replicas.is_in_force(&json!({})));
    }

    #[test]
    fn what_siteplan_adds_beside_it_does_not_matter() {
        let list = change(&json!([]), &json!([{"key": "a"}]));
        assert!(
            list.is_in_force(&json!({"x": [{"key": "b"}, {"key": "a", "effect": "NoSchedule"}]}))
        );
        assert!(!list.is_in_force(&json!({"x": [{"key": "b"}]})));
    }

    #[test]
    fn what_was_taken_out_may_not_come_back() {
        let fewer = change(&json!(["a", "b"]), &json!(["a"]));
        assert!(fewer.is_in_force(&json!({"x": ["a", "c"]})));
        assert!(!fewer.is_in_force(&json!({"x": ["a", "b"]})));
    }
}
