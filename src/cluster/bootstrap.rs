//! Compares what a cluster has of a bootstrap with what it should have.

use serde::Serialize;
use serde_json::Value;

use crate::bundle::Bootstrap;
use crate::manifest::Object;

use super::ClusterInputError;
use super::input::read_object;

/// The command whose output is read.
const COMMAND: &str = "kubectl get";
/// The ConfigMap with Argo CD's settings. That of the operator is made from the `ArgoCD` resource.
const SETTINGS: &str = "argocd-cm";

/// Something that a cluster lacks of a bootstrap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootstrapDifference {
    /// The object, as `Kind/name`.
    pub object: String,
    /// The difference, a phrase that follows on the object.
    pub problem: String,
}

/// Reads the objects that `kubectl get … -o yaml` or `-o json` printed: a list, or one alone.
///
/// # Errors
///
/// When the text is not that.
pub fn read_bootstrap(text: &str) -> Result<Vec<Object>, ClusterInputError> {
    let mut read = read_object(text, COMMAND)?;
    match read.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items.into_iter().map(Object::new).collect()),
        _ => Ok(vec![Object::new(read)]),
    }
}

/// Says what a cluster lacks of a bootstrap; nothing where waves wait, and all that was applied is there.
pub fn compare_bootstrap(bootstrap: &Bootstrap, cluster: &[Object]) -> Vec<BootstrapDifference> {
    let mut differences = compare_settings(bootstrap, cluster);
    for wanted in &bootstrap.objects {
        let object = format!("{}/{}", wanted.kind(), wanted.name());
        let live = cluster.iter().find(|live| {
            live.kind() == wanted.kind()
                && live.group() == wanted.group()
                && live.name() == wanted.name()
        });
        let tell = |problem: String| BootstrapDifference {
            object: object.clone(),
            problem,
        };
        let Some(live) = live else {
            differences.push(tell("is not there".to_owned()));
            continue;
        };
        let mut lacking = Vec::new();
        collect_lacking(wanted.value(), live.value(), "", &mut lacking);
        differences.extend(lacking.into_iter().map(tell));
        differences.extend(conditions(live).map(tell));
    }
    differences
}

/// Compares each setting with what Argo CD reads.
fn compare_settings(bootstrap: &Bootstrap, cluster: &[Object]) -> Vec<BootstrapDifference> {
    let is_settings = |object: &&Object| object.kind() == "ConfigMap" && object.name() == SETTINGS;
    let tell = |problem: String| BootstrapDifference {
        object: format!("ConfigMap/{SETTINGS}"),
        problem,
    };
    let Some(live) = cluster.iter().find(is_settings) else {
        return vec![tell("is not in the input".to_owned())];
    };
    let settings = bootstrap.settings.settings();
    let differences = settings.iter().filter_map(|(key, wanted)| {
        let found = live.get("/data").and_then(|data| data.get(key));
        match found {
            None => Some(format!("has no `{key}`: waves do not wait for it")),
            Some(found) if found != wanted => Some(format!("has another `{key}` than git")),
            Some(_) => None,
        }
    });
    differences.map(tell).collect()
}

/// Collects what is wanted and not there. Of a list each item must be there, at any place; defaults and the words of others are no matter.
fn collect_lacking(wanted: &Value, live: &Value, at: &str, lacking: &mut Vec<String>) {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            for (key, value) in wanted {
                let below = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                match live.get(key) {
                    Some(live) => collect_lacking(value, live, &below, lacking),
                    None => lacking.push(format!("lacks `{below}`")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(live)) => {
            let contains = |item: &Value| {
                live.iter().any(|other| {
                    let mut differences = Vec::new();
                    collect_lacking(item, other, "", &mut differences);
                    differences.is_empty()
                })
            };
            let missing = wanted.iter().filter(|item| !contains(item));
            lacking.extend(missing.map(|item| format!("lacks in `{at}`: {item}")));
        }
        (wanted, live) if wanted != live => {
            lacking.push(format!("has {live} at `{at}`, git has {wanted}"));
        }
        _ => {}
    }
}

/// Returns the errors that Argo CD tells of an Application: a repository without credentials is one.
fn conditions(live: &Object) -> impl Iterator<Item = String> {
    let conditions = live.get("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().filter_map(|condition| {
        let text = |key: &str| condition.get(key).and_then(Value::as_str);
        let kind = text("type").filter(|kind| kind.ends_with("Error"))?;
        Some(format!(
            "has the condition {kind}: {}",
            text("message").unwrap_or_default()
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lacking(wanted: &Value, live: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        collect_lacking(wanted, live, "", &mut lacking);
        lacking
    }

    #[test]
    fn more_than_what_is_wanted_is_no_difference() {
        let wanted = json!({"rules": [{"verbs": ["get"], "resources": ["pods"]}]});
        let live = json!({
            "metadata": {"uid": "1"},
            "rules": [{"verbs": ["list"]}, {"verbs": ["get"], "resources": ["nodes", "pods"], "resourceNames": []}],
        });
        assert!(lacking(&wanted, &live).is_empty());
    }

    #[test]
    fn each_rule_that_is_missing_is_told() {
        let wanted =
            json!({"rules": [{"verbs": ["get"]}, {"verbs": ["create"]}], "spec": {"a": 1}});
        let live = json!({"rules": [{"verbs": ["get"]}], "spec": {"a": 2}});
        assert_eq!(
            lacking(&wanted, &live),
            [
                r#"lacks in `rules`: {"verbs":["create"]}"#,
                "has 2 at `spec.a`, git has 1"
            ]
        );
    }

    #[test]
    fn one_object_and_a_list_are_read_alike() {
        let one = "kind: ConfigMap\nmetadata: {name: argocd-cm}\n";
        let list = format!("kind: List\nitems:\n- {}", one.replace('\n', "\n  "));
        assert_eq!(read_bootstrap(one).unwrap(), read_bootstrap(&list).unwrap());
    }
}
