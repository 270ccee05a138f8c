//! Whole resources from templates: one per site, node, VLAN, or item of an expression.

use serde_json::{Value, json};

use super::OverlayInput;
use crate::diagnostic::{Diagnostics, Origin, Pointer, rules};
use crate::load::{App, Template};
use crate::manifest::{Object, ObjectId};
use crate::model::Each;
use crate::template;

/// Expands every `each` of the instance's app.
pub(super) fn generate(input: &OverlayInput<'_>, found: &mut Diagnostics) -> Vec<Object> {
    let Some(app) = input.instance.app() else { return Vec::new() };
    let mut objects: Vec<Object> = Vec::new();
    for (index, each) in app.spec.each.iter().enumerate() {
        let pointer = Pointer::parse("/each").at(index);
        let Some(template) = app.templates.get(&each.template) else { continue };
        for context in contexts(input, app, each, &pointer, found) {
            if let Some(object) = expand(template, &context, found) {
                check_new(input, &objects, &object, template, found);
                objects.push(object);
            }
        }
    }
    objects
}

/// One context an item.
fn contexts(
    input: &OverlayInput<'_>,
    app: &App,
    each: &Each,
    pointer: &Pointer,
    found: &mut Diagnostics,
) -> Vec<Value> {
    let own = &input.instance.context;
    let items = match each.over.as_str() {
        "site" => vec![json!({})],
        "nodes" => bound("node", own.get("nodes")),
        "vlans" => bound("vlan", own.get("vlans")),
        expression => match template::evaluate(expression, own) {
            Ok(items @ (Value::Array(_) | Value::Object(_))) => bound("item", Some(&items)),
            Ok(_) => {
                found.push(template_error(
                    app.origin(&pointer.at("over")),
                    "the expression gives neither a list nor a map".to_owned(),
                ));
                Vec::new()
            }
            Err(why) => {
                found.push(template_error(app.origin(&pointer.at("over")), why.to_string()));
                Vec::new()
            }
        },
    };
    let contexts = items.into_iter().map(|item| joined(own, item));
    let wanted = contexts.filter_map(|context| {
        let when = each.when.as_deref().map_or(Ok(true), |w| truth(w, &context));
        match when {
            Ok(wanted) => wanted.then_some(context),
            Err(why) => {
                found.push(template_error(app.origin(&pointer.at("when")), why));
                None
            }
        }
    });
    wanted.collect()
}

/// Whether a condition holds. It is an expression, with or without its braces.
pub(super) fn truth(condition: &str, context: &Value) -> Result<bool, String> {
    let expression = if condition.contains("{{") { condition.to_owned() } else { format!("{{{{ {condition} }}}}") };
    match template::evaluate(&expression, context) {
        Ok(Value::Bool(truth)) => Ok(truth),
        Ok(Value::Null) => Ok(false),
        Ok(other) => Err(format!("a condition is true or false, not `{other}`")),
        Err(why) => Err(why.to_string()),
    }
}

/// The items of a list as `{name: item}`, of a map as `{name: value, key: key}`.
fn bound(name: &str, items: Option<&Value>) -> Vec<Value> {
    match items {
        Some(Value::Array(items)) => items.iter().map(|item| json!({ name: item })).collect(),
        Some(Value::Object(map)) => map.iter().map(|(key, value)| json!({ name: value, "key": key })).collect(),
        _ => Vec::new(),
    }
}

fn joined(own: &Value, item: Value) -> Value {
    match (own.clone(), item) {
        (Value::Object(mut own), Value::Object(item)) => {
            own.extend(item);
            Value::Object(own)
        }
        (own, _) => own,
    }
}

fn expand(template: &Template, context: &Value, found: &mut Diagnostics) -> Option<Object> {
    match template::expand(&template.tree, context) {
        Ok(value) => Some(Object::new(value)),
        Err(problems) => {
            found.extend(
                problems
                    .into_iter()
                    .map(|(pointer, why)| template_error(Origin::new(&template.file, pointer), why.to_string())),
            );
            None
        }
    }
}

/// Reports an object that is there already, and one that is none.
fn check_new(
    input: &OverlayInput<'_>,
    others: &[Object],
    object: &Object,
    template: &Template,
    found: &mut Diagnostics,
) {
    let origin = Origin::new(&template.file, Pointer::root());
    if object.kind().is_empty() || object.api_version().is_empty() || object.name().is_empty() {
        found.push(
            rules::NOT_AN_OBJECT
                .report("the template makes something that is not a Kubernetes object")
                .primary(origin, "")
                .help("an object has `apiVersion`, `kind` and `metadata.name`, all three not empty"),
        );
        return;
    }
    let id: ObjectId = object.id();
    if input.base.iter().chain(others).any(|o| o.id() == id) {
        found.push(
            rules::DUPLICATE_OBJECT
                .report(format!("`{}` makes `{id}` twice", input.instance.name))
                .primary(origin.at("metadata").at("name"), "")
                .help("put what differs between the items into the name, for instance `{{ node.name }}`"),
        );
    }
}

/// A report of an expression that cannot be evaluated.
pub(super) fn template_error(origin: Origin, why: String) -> crate::diagnostic::Diagnostic {
    rules::TEMPLATE_ERROR.report(why).primary(origin, "").help(
        "expressions see `values`, `site`, `instance`, `namespace`, `cluster`, `networks`, `vlans`, `pools`, `nodes`, `disks`, \
         `storage`, and `node`, `vlan` or `item` in an `each`",
    )
}
