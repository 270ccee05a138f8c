//! `vars`: `$(NAME)` in some fields becomes the value of a field of an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::field_path::{find_value, split_path};
use crate::config::Config;
use crate::field::{Make, change};
use crate::kustomization::Variable;
use crate::resource::Resource;
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};
use manifest_yaml::{ScalarStyle, print_general_float};

/// Replaces the variables in all objects.
#[expect(clippy::result_large_err, reason = "it is told once a build")]
pub(crate) fn resolve_variables(
    resources: &mut [Resource],
    variables: &BTreeMap<String, Variable>,
    config: &Config,
) -> Result<(), VariableProblem> {
    let mut values = BTreeMap::new();
    for variable in variables.values() {
        let value = variable_value(resources, variable).map_err(|message| VariableProblem {
            variable: Some(variable.clone()),
            message,
        })?;
        values.insert(variable.name.as_str(), value);
    }
    if values.is_empty() {
        return Ok(());
    }
    for resource in resources {
        for spec in &config.var_reference {
            let kinds = &spec.kinds;
            if !kinds.accepts(resource.group(), resource.version(), resource.kind()) {
                continue;
            }
            let new = change(resource.root(), spec, Make::Never, &mut |node| {
                replace_in_node(node, &values)
            });
            let new = new.map_err(|e| VariableProblem {
                variable: None,
                message: format!("{}: {e}", resource.id()),
            })?;
            if let Some(root) = new {
                resource.set_root(root);
            }
        }
    }
    Ok(())
}

/// Reason why variables cannot be replaced, and the one that is to blame.
#[derive(Debug)]
pub(crate) struct VariableProblem {
    pub(crate) variable: Option<Variable>,
    pub(crate) message: String,
}

/// Returns the field that a variable names.
fn variable_value(resources: &[Resource], variable: &Variable) -> Result<Scalar, String> {
    let name = &variable.name;
    let names = |resource: &&Resource| resource.variables.iter().any(|v| **v == **name);
    let Some(resource) = resources.iter().find(names) else {
        return Err(format!(
            "the variable `{name}` names an object that is not there"
        ));
    };
    let path = indexed_path(&variable.field_path);
    let missing = || format!("{} has no field `{}`", resource.id(), variable.field_path);
    let value = find_value(resource.root(), &path).map_err(|e| e.to_string())?;
    let value = value.ok_or_else(missing)?;
    let Node::Scalar(scalar) = value else {
        // kustomize leaves `$(NAME)` where the value is a map or a list.
        return Ok(Scalar::text(&wrapped(name)));
    };
    typed_value(scalar).ok_or_else(missing)
}

/// Returns a value as Go holds it; `None` where its text is not of its type.
fn typed_value(scalar: &Scalar) -> Option<Scalar> {
    let text = &*scalar.text;
    let (tag, text) = match scalar.tag {
        Tag::Int => {
            let int: i64 = text.parse().ok()?;
            (Tag::Int, int.to_string())
        }
        Tag::Float => {
            let float: f64 = text.parse().ok()?;
            (Tag::Float, format!("{float}"))
        }
        Tag::Bool => {
            let is_true = matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True");
            let is_false = matches!(text, "0" | "f" | "F" | "FALSE" | "false" | "False");
            if !is_true && !is_false {
                return None;
            }
            (Tag::Bool, is_true.to_string())
        }
        _ => (Tag::Text, text.to_owned()),
    };
    Some(Scalar {
        tag,
        ..Scalar::untyped(&text)
    })
}

/// Splits a path; `a[0]` is the field `a` and the index 0.
fn indexed_path(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in split_path(path) {
        let index = part
            .strip_suffix(']')
            .and_then(|rest| rest.rsplit_once('['));
        match index {
            Some((key, digits)) if digits.parse::<u64>().is_ok() => {
                if !key.is_empty() {
                    parts.push(key.to_owned());
                }
                parts.push(digits.to_owned());
            }
            _ => parts.push(part),
        }
    }
    parts
}

fn wrapped(name: &str) -> String {
    format!("$({name})")
}

type VariableValues<'v> = BTreeMap<&'v str, Scalar>;

fn replace_in_node(node: &Node, values: &VariableValues<'_>) -> Result<Option<Node>, String> {
    match node {
        _ if node.is_null() => Ok(None),
        Node::Scalar(scalar) => Ok(replace_in_text(scalar, values).map(Node::Scalar)),
        Node::Mapping(mapping) => {
            let mut entries = mapping.entries.to_vec();
            for (key, value) in &mut entries {
                if !is_text(key) {
                    return Err(format!("the key `{}` is not text", key.text));
                }
                if let Node::Scalar(scalar) = value
                    && let Some(new) = replace_in_text(scalar, values)
                {
                    *value = Node::Scalar(new);
                }
            }
            Ok(Some(Node::Mapping(Mapping {
                entries: Arc::new(entries),
                flow: mapping.flow,
            })))
        }
        Node::Sequence(sequence) => {
            let mut items = sequence.items.to_vec();
            for item in &mut items {
                let new = match item {
                    Node::Scalar(scalar) => replace_in_text(scalar, values),
                    _ => None,
                };
                let new = new.ok_or("an element of the list is not text")?;
                *item = Node::Scalar(new);
            }
            Ok(Some(Node::Sequence(Sequence {
                items: Arc::new(items),
                flow: sequence.flow,
            })))
        }
    }
}

fn is_text(scalar: &Scalar) -> bool {
    matches!(scalar.tag, Tag::Text | Tag::None)
}

/// Returns the text with its variables replaced; `None` where it is not text.
fn replace_in_text(scalar: &Scalar, values: &VariableValues<'_>) -> Option<Scalar> {
    if !is_text(scalar) {
        return None;
    }
    let new = expand(&scalar.text, values);
    let style = if new.tag == Tag::Text && new.text.contains('\n') {
        ScalarStyle::Literal
    } else {
        ScalarStyle::Plain
    };
    Some(Scalar {
        style,
        alias: scalar.alias,
        ..new
    })
}

/// Expands `$(NAME)` and `$$`; a text that is one variable takes its type.
fn expand(text: &str, values: &VariableValues<'_>) -> Scalar {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        expanded.push_str(&rest[..at]);
        let (written, used) = match after.chars().next() {
            None => {
                expanded.push('$');
                rest = "";
                break;
            }
            Some('$') => ("$".to_owned(), 1),
            Some('(') => match after.find(')') {
                Some(close) => {
                    let name = &after[1..close];
                    match values.get(name) {
                        Some(value) if close + 2 == text.len() => return value.clone(),
                        Some(value) => (in_text(value), close + 1),
                        None => (wrapped(name), close + 1),
                    }
                }
                None => ("$(".to_owned(), 1),
            },
            Some(other) => (format!("${other}"), other.len_utf8()),
        };
        expanded.push_str(&written);
        rest = &after[used..];
    }
    expanded.push_str(rest);
    Scalar::text(&expanded)
}

/// Returns a value in the middle of a text, as Go prints it.
fn in_text(value: &Scalar) -> String {
    match (value.tag, value.text.parse::<f64>()) {
        (Tag::Float, Ok(float)) => print_general_float(float),
        _ => value.text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_keep_their_type_alone_and_are_text_among_others() {
        let port = Scalar {
            tag: Tag::Int,
            ..Scalar::untyped("80")
        };
        let values = BTreeMap::from([("PORT", port.clone()), ("HOST", Scalar::text("a"))]);
        assert_eq!(expand("$(PORT)", &values), port);
        let text = |text: &str| expand(text, &values).text.to_string();
        assert_eq!(text("http://$(HOST):$(PORT)/"), "http://a:80/");
        assert_eq!(text("$(NO) $$(HOST) $x $(HOST"), "$(NO) $(HOST) $x $(HOST");
    }
}
