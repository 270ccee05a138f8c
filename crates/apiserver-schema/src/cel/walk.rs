//! Evaluates the rules of a schema over an object, and over its old state where there is one.

use kube_cel::cel::Value as CelValue;
use kube_cel::cel::objects::OptionalValue;
use serde_json::Value;

use super::convert::{convert_metadata, convert_with_schema, make_map};
use super::rule::{OldSelf, RuleReason};
use super::{CelRule, Evaluation, convert_dynamic, root_context};
use crate::builtin::Library;
use crate::check::values_equal;
use crate::place::{Place, Segment};
use crate::schema::{ListType, Presence, StructuralSchema};
use crate::violation::{SchemaViolation, ViolationKind};

/// Evaluates all rules of a custom resource's schema, for an object that the schema itself accepts.
pub(crate) fn check_rules(
    schema: &StructuralSchema,
    object: &Value,
    old: Option<&Value>,
    library: &Library,
) -> Vec<SchemaViolation> {
    let mut walk = RuleWalk {
        library,
        found: Vec::new(),
    };
    walk.visit(schema, object, old, &Place::ROOT);
    walk.found
}

struct RuleWalk<'a> {
    library: &'a Library,
    found: Vec<SchemaViolation>,
}

impl RuleWalk<'_> {
    fn visit(
        &mut self,
        schema: &StructuralSchema,
        value: &Value,
        old: Option<&Value>,
        place: &Place<'_>,
    ) {
        if schema.rules_below == Presence::Absent || value.is_null() {
            return;
        }
        if !schema.rules.is_empty() {
            self.evaluate_all(schema, value, old, place);
        }
        let library = self.library;
        match value {
            Value::Object(map) => {
                for (name, field) in map {
                    let (child, segment) = match (schema.property(name), &schema.additional) {
                        (Some(child), _) => (child, Segment::Field(name)),
                        (None, Some(child)) => (child, Segment::Key(name)),
                        (None, None) => continue,
                    };
                    let before = old.and_then(|old| old.get(name));
                    self.visit(library.resolve(child), field, before, &place.at(segment));
                }
            }
            Value::Array(items) => {
                let Some(child) = &schema.items else { return };
                let child = library.resolve(child);
                for (index, item) in items.iter().enumerate() {
                    let before = old.and_then(|old| find_old_item(&schema.list, item, old));
                    self.visit(child, item, before, &place.at(Segment::Index(index)));
                }
            }
            _ => {}
        }
    }

    fn evaluate_all(
        &mut self,
        schema: &StructuralSchema,
        value: &Value,
        old: Option<&Value>,
        place: &Place<'_>,
    ) {
        let mut context = root_context().new_inner_scope();
        let at_root = place.depth() == 0;
        context.add_variable_from_value("self", self.convert(schema, value, at_root));
        let size = measure_collections(value);
        let old = old.map(|old| self.convert(schema, old, at_root));
        if let Some(old) = &old {
            context.add_variable_from_value("oldSelf", old.clone());
        }
        for rule in &schema.rules {
            let expression = match rule.expression() {
                Ok(expression) => expression,
                Err(reason) => {
                    self.report_unknown(rule, reason, place);
                    continue;
                }
            };
            let mut inner = context.new_inner_scope();
            if rule.old_self == OldSelf::Optional {
                let optional = old
                    .clone()
                    .map_or_else(OptionalValue::none, OptionalValue::of);
                inner.add_variable_from_value(
                    "oldSelf",
                    CelValue::Opaque(std::sync::Arc::new(optional)),
                );
            } else if expression.uses("oldSelf") && old.is_none() {
                continue;
            }
            match expression.evaluate(&inner, size) {
                Evaluation::Value(CelValue::Bool(true)) => {}
                Evaluation::Value(CelValue::Bool(false)) => {
                    let message = describe_failure(rule, &inner, size);
                    self.report_failure(rule, message, place);
                }
                Evaluation::Value(_) => {
                    self.report_unknown(rule, "its result is no boolean", place);
                }
                Evaluation::Failed(reason) => {
                    let message =
                        format!("the rule `{}` fails: {reason}", shorten_rule(&rule.source));
                    self.report_failure(rule, message, place);
                }
                Evaluation::NotEvaluated(reason) => self.report_unknown(rule, &reason, place),
            }
        }
    }

    /// Converts a value; the root also has its type and the name of its metadata.
    fn convert(&self, schema: &StructuralSchema, value: &Value, at_root: bool) -> CelValue {
        let converted = convert_with_schema(value, schema, self.library);
        let CelValue::Map(map) = &converted else {
            return converted;
        };
        if !at_root {
            return converted;
        }
        let mut fields: Vec<_> = map
            .map
            .iter()
            .map(|(key, value)| (std::borrow::Cow::Owned(key.to_string()), value.clone()))
            .filter(|(key, _): &(std::borrow::Cow<'_, str>, _)| key != "metadata")
            .collect();
        for name in ["apiVersion", "kind"] {
            fields.extend(
                value
                    .get(name)
                    .map(|value| (name.into(), convert_dynamic(value))),
            );
        }
        fields.extend(
            value
                .get("metadata")
                .map(|value| ("metadata".into(), convert_metadata(value))),
        );
        make_map(fields.into_iter())
    }

    fn report_failure(&mut self, rule: &CelRule, message: String, place: &Place<'_>) {
        let kind = match rule.reason {
            RuleReason::Invalid | RuleReason::Forbidden => ViolationKind::Rule,
            RuleReason::Required => ViolationKind::Required,
            RuleReason::Duplicate => ViolationKind::Duplicate,
        };
        let mut violation = SchemaViolation::new(place, kind, message);
        if let Some(path) = &rule.field_path {
            extend_place(&mut violation, path);
        }
        self.found.push(violation);
    }

    fn report_unknown(&mut self, rule: &CelRule, reason: &str, place: &Place<'_>) {
        let message = format!(
            "the rule `{}` is not evaluated: {reason}",
            shorten_rule(&rule.source)
        );
        self.found.push(SchemaViolation::new(
            place,
            ViolationKind::RuleNotEvaluated,
            message,
        ));
    }
}

fn describe_failure(rule: &CelRule, context: &kube_cel::cel::Context<'_>, size: usize) -> String {
    let evaluated =
        rule.message_expression()
            .and_then(|expression| match expression.evaluate(context, size) {
                Evaluation::Value(CelValue::String(text))
                    if !text.trim().is_empty() && !text.contains('\n') =>
                {
                    Some(text.to_string())
                }
                _ => None,
            });
    evaluated
        .or_else(|| {
            rule.message
                .as_deref()
                .map(|message| message.trim().to_owned())
        })
        .unwrap_or_else(|| format!("the rule `{}` does not hold", shorten_rule(&rule.source)))
}

fn shorten_rule(source: &str) -> String {
    const SHOWN: usize = 120;
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        line
    } else {
        line.chars().take(SHOWN).chain(['…']).collect()
    }
}

/// Finds the old state of an item: by its keys in a list of type map, nowhere in others.
fn find_old_item<'v>(list: &ListType, item: &Value, old: &'v Value) -> Option<&'v Value> {
    let ListType::Map(keys) = list else {
        return None;
    };
    let same = |other: &&Value| {
        keys.iter().all(
            |key| match (item.get(key.as_ref()), other.get(key.as_ref())) {
                (Some(left), Some(right)) => values_equal(left, right),
                (left, right) => left.is_none() && right.is_none(),
            },
        )
    };
    old.as_array()?.iter().find(same)
}

/// Returns the length of the longest list or map in a value, at least 1.
pub(crate) fn measure_collections(value: &Value) -> usize {
    match value {
        Value::Array(items) => items
            .iter()
            .map(measure_collections)
            .fold(items.len().max(1), usize::max),
        Value::Object(map) => map
            .values()
            .map(measure_collections)
            .fold(map.len().max(1), usize::max),
        _ => 1,
    }
}

/// Appends a `fieldPath` (`.a.b['c']`) to the place of a violation.
fn extend_place(violation: &mut SchemaViolation, path: &str) {
    let mut rest = path;
    while let Some(step) = read_step(rest) {
        let escaped = step.name.replace('~', "~0").replace('/', "~1");
        violation.pointer.extend(["/", &escaped]);
        match step.notation {
            StepNotation::Quoted => violation.field.extend(["[", step.name, "]"]),
            StepNotation::Plain if violation.field.is_empty() => {
                violation.field.push_str(step.name);
            }
            StepNotation::Plain => violation.field.extend([".", step.name]),
        }
        rest = step.rest;
    }
}

/// One step of a `fieldPath`.
struct WalkStep<'p> {
    name: &'p str,
    notation: StepNotation,
    rest: &'p str,
}

/// The notation of a step: `.name`, or `['name']`.
enum StepNotation {
    Plain,
    Quoted,
}

fn read_step(path: &str) -> Option<WalkStep<'_>> {
    if let Some(inner) = path.strip_prefix("['") {
        let (name, rest) = inner.split_once("']")?;
        return Some(WalkStep {
            name,
            notation: StepNotation::Quoted,
            rest,
        });
    }
    let inner = path.strip_prefix('.').unwrap_or(path);
    let (name, rest) = inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()));
    (!name.is_empty()).then_some(WalkStep {
        name,
        notation: StepNotation::Plain,
        rest,
    })
}
