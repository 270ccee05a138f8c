//! Says which name of an expression is not defined, and which one was meant.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::value::ValueKind;

use super::environment::ENVIRONMENT;
use super::{TemplateContext, TemplateError};
use crate::nearest::nearest;

/// Returns the error for an expression that uses a name that is not defined; `None` where all its names are.
pub(super) fn error(
    source: &str,
    range: &Range<usize>,
    context: &TemplateContext,
) -> Option<TemplateError> {
    let paths = ENVIRONMENT
        .compile_expression(source)
        .map(|e| e.undeclared_variables(true))
        .unwrap_or_default();
    let paths: BTreeSet<String> = paths.into_iter().collect();
    let missing = paths.iter().find_map(|path| missing(path, context))?;
    let meant = nearest(&missing.name, missing.known.iter().map(String::as_str));
    let before = &missing.before;
    let hint = meant.map_or_else(String::new, |meant| {
        format!(": did you mean `{before}{meant}`?")
    });
    Some(TemplateError {
        range: range.clone(),
        message: format!("`{before}{}` is not defined{hint}", missing.name),
    })
}

/// A name that is not there, what stands before it, and the names that are there.
struct Missing {
    before: String,
    name: String,
    known: Vec<String>,
}

fn missing(path: &str, context: &TemplateContext) -> Option<Missing> {
    let mut value = context.names.clone();
    let mut before = String::new();
    for name in path.split('.') {
        if value.kind() != ValueKind::Map {
            return None;
        }
        let known = || {
            value
                .try_iter()
                .into_iter()
                .flatten()
                .filter_map(|k| k.as_str().map(str::to_owned))
                .collect()
        };
        match value.get_attr(name) {
            Ok(below) if !below.is_undefined() => value = below,
            _ if is_global(name) && before.is_empty() => return None,
            _ => {
                return Some(Missing {
                    before,
                    name: name.to_owned(),
                    known: known(),
                });
            }
        }
        before = format!("{before}{name}.");
    }
    None
}

fn is_global(name: &str) -> bool {
    ENVIRONMENT.globals().any(|(known, _)| known == name)
}
