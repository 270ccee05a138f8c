//! Generates whole resources from templates: one per site, node, VLAN, or item of an expression.

use std::collections::BTreeSet;

use serde_json::Value;

use super::OverlayInput;
use crate::load::{App, AppTemplate};
use crate::manifest::{Object, ObjectId};
use crate::model::Each;
use crate::rules;
use crate::template::{self, SharedNames, TemplateContext, TemplateError};
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

/// Expands every `each` of the instance's app.
pub(super) fn generate_objects(input: &OverlayInput<'_>, found: &mut Diagnostics) -> Vec<Object> {
    let Some(app) = input.instance.app() else {
        return Vec::new();
    };
    let mut ids: BTreeSet<ObjectId> = input.base.iter().map(Object::id).collect();
    let mut objects: Vec<Object> = Vec::new();
    for (index, each) in app.spec.each.iter().enumerate() {
        let pointer = Pointer::parse("/each").at(index);
        let Some(template) = app.templates.get(&each.template) else {
            continue;
        };
        for context in item_contexts(input, app, each, &pointer, found) {
            if let Some(object) = expand_template(template, &context, found) {
                check_new(input, &mut ids, &object, template, found);
                objects.push(object);
            }
        }
    }
    objects
}

/// Returns one context an item.
fn item_contexts(
    input: &OverlayInput<'_>,
    app: &App,
    each: &Each,
    pointer: &Pointer,
    found: &mut Diagnostics,
) -> Vec<TemplateContext> {
    let own = &input.instance.context;
    let contexts: Vec<TemplateContext> = match each.over.as_str() {
        "site" => vec![own.clone()],
        "nodes" => own
            .items("nodes")
            .into_iter()
            .map(|node| own.with([("node", node)]))
            .collect(),
        "vlans" => own
            .items("vlans")
            .into_iter()
            .map(|vlan| own.with([("vlan", vlan)]))
            .collect(),
        "links" => own
            .items("links")
            .into_iter()
            .map(|link| own.with([("link", link)]))
            .collect(),
        expression => match evaluate_items(expression, own) {
            Ok(contexts) => contexts,
            Err(why) => {
                found.push(report_template(
                    app.origin(&pointer.at("over")),
                    why.to_string(),
                ));
                Vec::new()
            }
        },
    };
    let wanted = contexts.into_iter().filter_map(|context| {
        let when = each
            .when
            .as_deref()
            .map_or(Ok(true), |w| evaluate_condition(w, &context));
        match when {
            Ok(wanted) => wanted.then_some(context),
            Err(why) => {
                found.push(report_template(
                    app.origin(&pointer.at("when")),
                    why.to_string(),
                ));
                None
            }
        }
    });
    wanted.collect()
}

/// The error for an expression whose value is not of the type that is needed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExpressionError {
    #[error("the expression gives neither a list nor a map")]
    NotItems,
    #[error("a condition is true or false, not `{value}`")]
    NotCondition { value: Value },
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Returns one context an item of a list, as `item`, or an entry of a map, as `item` and `key`.
fn evaluate_items(
    expression: &str,
    own: &TemplateContext,
) -> Result<Vec<TemplateContext>, ExpressionError> {
    let shared = SharedNames::new;
    match template::evaluate(expression, own) {
        Ok(Value::Array(items)) => Ok(items
            .iter()
            .map(|item| own.with([("item", shared(item))]))
            .collect()),
        Ok(Value::Object(map)) => {
            let entry = |(key, value): (&String, &Value)| {
                own.with([
                    ("item", shared(value)),
                    ("key", shared(&Value::from(key.as_str()))),
                ])
            };
            Ok(map.iter().map(entry).collect())
        }
        Ok(_) => Err(ExpressionError::NotItems),
        Err(why) => Err(why.into()),
    }
}

/// Evaluates a condition: an expression, with or without its braces.
pub(super) fn evaluate_condition(
    condition: &str,
    context: &TemplateContext,
) -> Result<bool, ExpressionError> {
    let expression = if condition.contains("{{") {
        condition.to_owned()
    } else {
        format!("{{{{ {condition} }}}}")
    };
    match template::evaluate(&expression, context) {
        Ok(Value::Bool(truth)) => Ok(truth),
        Ok(Value::Null) => Ok(false),
        Ok(value) => Err(ExpressionError::NotCondition { value }),
        Err(why) => Err(why.into()),
    }
}

fn expand_template(
    template: &AppTemplate,
    context: &TemplateContext,
    found: &mut Diagnostics,
) -> Option<Object> {
    match template::expand(&template.tree, context) {
        Ok(value) => Some(Object::new(value)),
        Err(problems) => {
            found.extend(problems.into_iter().map(|(pointer, why)| {
                report_template(Origin::new(&template.file, pointer), why.to_string())
            }));
            None
        }
    }
}

/// Reports an object that is there already, and one that is none.
fn check_new(
    input: &OverlayInput<'_>,
    ids: &mut BTreeSet<ObjectId>,
    object: &Object,
    template: &AppTemplate,
    found: &mut Diagnostics,
) {
    let origin = Origin::new(&template.file, Pointer::root());
    if object.kind().is_empty() || object.api_version().is_empty() || object.name().is_empty() {
        found.push(
            rules::NOT_AN_OBJECT
                .report("the template makes something that is not a Kubernetes object")
                .primary(origin, "")
                .help(
                    "an object has `apiVersion`, `kind` and `metadata.name`, all three not empty",
                ),
        );
        return;
    }
    let id: ObjectId = object.id();
    if !ids.insert(id.clone()) {
        found.push(
            rules::DUPLICATE_OBJECT
                .report(format!("`{}` makes `{id}` twice", input.instance.name))
                .primary(origin.at("metadata").at("name"), "")
                .help("put what differs between the items into the name, for instance `{{ node.name }}`"),
        );
    }
}

/// Reports an expression that cannot be evaluated.
pub(super) fn report_template(origin: Origin, why: String) -> pointer_diagnostics::Diagnostic {
    rules::TEMPLATE_ERROR.report(why).primary(origin, "").help(
        "expressions see `values`, `site`, `instance`, `namespace`, `cluster`, `networks`, `vlans`, `links`, `pools`, `nodes`, `disks`, \
         `storage`, `hosted`, and `node`, `vlan`, `link` or `item` in an `each`",
    )
}
