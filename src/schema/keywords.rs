//! Check of the keywords of handwritten schemas: any validator ignores a misspelt one silently.

use serde_json::Value;

use super::check::is_known_format;
use super::formats::format_names;
use super::walk::{below, keywords};
use crate::nearest::nearest;
use crate::rules;
use crate::wording::join_names;
use pointer_diagnostics::{Diagnostic, Diagnostics, Edit, FieldPart, Origin};

/// The deepest nesting of a schema.
const DEEPEST: usize = 64;

/// Reports keywords that JSON Schema does not have, and references that leave the schema. `origin` is the schema's place.
pub(super) fn check_keywords(root: &Value, origin: &Origin) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut open = vec![(root, origin.clone(), 0)];
    while let Some((schema, origin, depth)) = open.pop() {
        let Value::Object(map) = schema else { continue };
        if depth > DEEPEST {
            let message = format!("the schema is nested deeper than {DEEPEST} levels");
            found.push(
                rules::UNUSABLE_SCHEMA
                    .report(message)
                    .primary(origin, "")
                    .help("make it flatter"),
            );
            continue;
        }
        for keyword in map
            .keys()
            .filter(|k| !k.starts_with("x-") && !keywords().any(|known| known == *k))
        {
            found.push(unknown(keyword, &origin.at(keyword)));
        }
        if map.get("unique").is_some_and(|scope| !scope.is_string()) {
            found.push(
                rules::UNUSABLE_SCHEMA
                    .report("`unique` is not a scope")
                    .primary(origin.at("unique"), "")
                    .help("write `unique: site` or `unique: fleet`; items of a list that differ are `uniqueItems: true`"),
            );
        }
        let texts = map
            .iter()
            .filter_map(|(keyword, value)| Some((keyword, value.as_str()?)));
        for (keyword, text) in texts {
            found.extend(refused(keyword, text, root).map(|(message, help)| {
                rules::UNUSABLE_SCHEMA
                    .report(message)
                    .primary(origin.at(keyword), "")
                    .help(help)
            }));
        }
        let deeper = below(map).into_iter();
        open.extend(deeper.map(|(at, schema)| {
            (
                schema,
                Origin::new(&origin.file, origin.pointer.join(&at)),
                depth + 1,
            )
        }));
    }
    found
}

fn unknown(keyword: &str, origin: &Origin) -> Diagnostic {
    let report = rules::UNKNOWN_SCHEMA_KEYWORD
        .report(format!("`{keyword}` is not a keyword of JSON Schema"))
        .primary_key(origin.clone(), "unknown keyword");
    match nearest(keyword, keywords()) {
        Some(meant) => {
            let edit = Edit {
                origin: origin.clone(),
                part: FieldPart::Key,
                replacement: meant.to_owned(),
            };
            report.help_edit(format!("did you mean `{meant}`?"), edit)
        }
        None => report.help("remove it, put it under `properties`, or begin its name with `x-`"),
    }
}

/// Explains why the text of a keyword cannot be used, with the remedy: a reference to another document or to nothing, another version of
/// the language, a format that nobody checks.
fn refused(keyword: &str, text: &str, root: &Value) -> Option<(String, String)> {
    const VERSION: &str = "https://json-schema.org/draft/2020-12/schema";
    let local = text
        .strip_prefix('#')
        .filter(|p| p.is_empty() || p.starts_with('/'));
    match (keyword, local) {
        ("$ref", None) => Some((
            format!("the schema refers to `{text}`, which is outside of it"),
            "copy what it names below `$defs`, and refer to `#/$defs/<name>`".to_owned(),
        )),
        ("$ref", Some(pointer)) if root.pointer(pointer).is_none() => Some((
            format!("the schema refers to `{text}`, which is not in it"),
            "refer to a name below `$defs`".to_owned(),
        )),
        ("$schema", _) if text.trim_end_matches('#') != VERSION => Some((
            format!("the schema is written for `{text}`"),
            "remove it: schemas are 2020-12 here".to_owned(),
        )),
        ("format", _) if !is_known_format(text) => Some((
            format!("the format `{text}` is not known"),
            suggest_format(text),
        )),
        ("unique", _) if !matches!(text, "site" | "fleet") => Some((
            format!("`unique: {text}` is not a scope"),
            "write `unique: site` or `unique: fleet`".to_owned(),
        )),
        _ => None,
    }
}

/// Says which format could be meant.
fn suggest_format(text: &str) -> String {
    match nearest(text, format_names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "use a `pattern`, a format of JSON Schema 2020-12, or one of {}",
            join_names(format_names(), "and").unwrap_or_default()
        ),
    }
}
