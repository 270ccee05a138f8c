//! The fields that siteplan wrote into an object, and the inputs that asked for them.

use serde_json::Value;

use crate::compile::CompiledSite;
use crate::manifest::Object;
use crate::nearest::nearest;
use pointer_diagnostics::{Origin, Pointer};

/// A field that siteplan wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldExplanation {
    /// The object, as `Kind/name`.
    pub object: String,
    /// The instance that the object belongs to.
    pub instance: String,
    /// The field.
    pub pointer: Pointer,
    /// The rule that wrote it, in a few words: `placement`, `storage role`.
    pub rule: &'static str,
    /// The value; `None` where the field was removed.
    pub value: Option<Value>,
    /// The inputs that asked for it, the most specific first.
    pub origins: Vec<Origin>,
}

/// Returns every field that siteplan wrote into an object, in the order of writing. `field` keeps those whose pointer contains it.
pub fn explain_object(
    site: &CompiledSite,
    object: &str,
    field: Option<&str>,
) -> Vec<FieldExplanation> {
    let mut explanations = Vec::new();
    for (instance, changes) in &site.changes {
        for (id, operation) in changes {
            let Some(reason) = &operation.asked_by else {
                continue;
            };
            let is_wanted = field.is_none_or(|field| operation.path.as_str().contains(field));
            if id.to_string() != object || !is_wanted {
                continue;
            }
            explanations.push(FieldExplanation {
                object: id.to_string(),
                instance: instance.clone(),
                pointer: operation.path.clone(),
                rule: reason.author.as_str(),
                value: operation.value.clone(),
                origins: reason.origins.clone(),
            });
        }
    }
    explanations
}

/// Returns the object of a site whose `Kind/name` is most like a text that is none of them.
pub fn nearest_object(site: &CompiledSite, object: &str) -> Option<String> {
    let objects = site.rendered.values().flatten().map(Object::id);
    let ids: Vec<String> = objects.map(|id| id.to_string()).collect();
    if ids.iter().any(|id| id == object) {
        return None;
    }
    nearest(object, ids.iter().map(String::as_str)).map(str::to_owned)
}
