//! Writes the placement rule into the field that the catalogue names.

use kubernetes_vocabulary::LabelRequirement;
use kubernetes_vocabulary::fields::PREFERRED_DURING_SCHEDULING;
use kubernetes_vocabulary::labels::ARCH;
use serde_json::{Value, json};

use crate::catalogue::{ArchVia, DefaultExpression, Field, Inject};
use crate::manifest::Object;
use crate::patch::{Editor, Op, Operation};
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer};

use super::rule::PlacementRule;
use super::scope::{Scope, Subject};
use super::{ObjectPatch, Ruled, affinity, node_selector};

/// Places all parts; one patch an object.
pub(super) fn write(
    scope: &Scope<'_>,
    ruled: &[Ruled<'_, '_>],
    objects: &mut [Object],
    found: &mut Diagnostics,
) -> Vec<ObjectPatch> {
    let mut patches = Vec::new();
    for (index, object) in objects.iter_mut().enumerate() {
        let own: Vec<&Ruled<'_, '_>> = ruled.iter().filter(|(s, _)| s.object == index).collect();
        if own.is_empty() {
            continue;
        }
        let target = object.id();
        let mut operations = Vec::new();
        for (subject, rule) in own {
            match part(scope, subject, rule, object) {
                Ok(done) => join(&mut operations, done),
                Err(problem) => found.push(*problem),
            }
            found.extend(ignored_terms(scope, subject, object));
        }
        if !operations.is_empty() {
            patches.push(ObjectPatch {
                purpose: "placement",
                target,
                operations,
            });
        }
    }
    patches
}

/// Appends operations; a test that is there already is not repeated.
pub(super) fn join(operations: &mut Vec<Operation>, more: Vec<Operation>) {
    for operation in more {
        if operation.op != Op::Test || !operations.contains(&operation) {
            operations.push(operation);
        }
    }
}

/// Places one part. The object is changed only where all could be written.
fn part(
    scope: &Scope<'_>,
    subject: &Subject<'_>,
    rule: &PlacementRule<'_>,
    object: &mut Object,
) -> Result<Vec<Operation>, Box<Diagnostic>> {
    let part = subject.part.part;
    let switched_off = subject
        .spec
        .is_some_and(|(_, spec)| spec.place == Some(false));
    let needed = rule.excludes(scope) || rule.asked;
    let unwanted = match part.inject {
        Inject::WhereNeeded => !needed,
        Inject::WhereWritten => is_unwritten(subject, object),
        Inject::Always | Inject::Never => false,
    };
    if switched_off || unwanted || is_nothing(rule) {
        return Ok(Vec::new());
    }
    if part.arch_via == ArchVia::None || part.inject == Inject::Never {
        return if rule.excludes(scope) {
            Err(Box::new(not_placeable(scope, subject, rule, object)))
        } else {
            Ok(Vec::new())
        };
    }
    let expressions = with_defaults(subject, rule, object);
    if let Some(label) = contradiction(subject, &expressions, object) {
        return Err(Box::new(contradicts(
            scope,
            (subject, rule),
            object,
            &label,
        )));
    }
    let before = object.clone();
    let mut value = object.value().clone();
    let mut editor = Editor::new(&mut value);
    let written = fields(&mut editor, &before, subject, rule)
        && place_rule(&mut editor, &before, subject, (scope, rule, &expressions))?
        && tolerate(&mut editor, &before, subject, rule)
        && architecture(&mut editor, &before, (scope, subject, rule))?;
    let operations = editor.finish();
    if !written {
        return Err(Box::new(unreachable_place(scope, subject, &before)));
    }
    *object = Object::new(value);
    Ok(operations)
}

fn is_nothing(rule: &PlacementRule<'_>) -> bool {
    rule.expressions.is_empty() && rule.tolerations.is_empty()
}

/// The field that the rule goes into.
fn place_of(subject: &Subject<'_>, object: &Object) -> Option<Pointer> {
    let field = match subject.part.part.arch_via {
        ArchVia::NodeAffinity => Field::NodeAffinity,
        ArchVia::NodeSelector => Field::NodeSelector,
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => Field::NodeSelectorTerms,
        ArchVia::None => return None,
    };
    subject.part.pointer(object, field)
}

/// Whether nothing is written in the field that the rule goes into.
fn is_unwritten(subject: &Subject<'_>, object: &Object) -> bool {
    place_of(subject, object).is_some_and(|p| object.get(p.as_str()).is_none_or(Value::is_null))
}

/// Whether the operator's default is still in force, which ends when the rule is written.
fn default_holds(subject: &Subject<'_>, object: &Object) -> bool {
    let unless = subject
        .part
        .part
        .defaults
        .unless
        .iter()
        .flat_map(|p| p.resolve(object.value(), &subject.part.at));
    let mut unless = unless.filter_map(|p| object.get(p.as_str()));
    is_unwritten(subject, object) && unless.all(Value::is_null)
}

/// The rule, and what the operator would no longer add by itself.
fn with_defaults(
    subject: &Subject<'_>,
    rule: &PlacementRule<'_>,
    object: &Object,
) -> Vec<LabelRequirement> {
    let mut expressions = rule.expressions.clone();
    let defaults = subject
        .part
        .part
        .defaults
        .expressions
        .iter()
        .filter(|_| default_holds(subject, object) && !rule.expressions.is_empty());
    for default in defaults {
        let requirement = requirement(default);
        let met = rule.nodes.iter().any(|c| requirement.matches(&c.labels));
        if (met || !default.only_if_met) && !expressions.contains(&requirement) {
            expressions.push(requirement);
        }
    }
    expressions
}

fn requirement(default: &DefaultExpression) -> LabelRequirement {
    LabelRequirement {
        key: default.key.clone(),
        operator: default.operator.into(),
        values: default.values.clone(),
    }
}

/// Writes the operator's other defaults again, where writing the rule would end them.
fn fields(
    editor: &mut Editor<'_>,
    object: &Object,
    subject: &Subject<'_>,
    rule: &PlacementRule<'_>,
) -> bool {
    let defaults = &subject.part.part.defaults;
    if !default_holds(subject, object) || rule.expressions.is_empty() {
        return true;
    }
    let preferred = place_of(subject, object).filter(|_| !defaults.preferred.is_empty());
    let preferred = preferred.map(|p| {
        (
            p.at(PREFERRED_DURING_SCHEDULING),
            Value::Array(defaults.preferred.clone()),
        )
    });
    let fields = defaults
        .fields
        .iter()
        .filter_map(|(field, value)| Some((subject.part.pointer(object, *field)?, value.clone())));
    fields.chain(preferred).all(|(pointer, value)| {
        let is_there = object.get(pointer.as_str()).is_some_and(|v| !v.is_null());
        is_there || editor.set(&pointer, value, &rule.reason)
    })
}

fn place_rule(
    editor: &mut Editor<'_>,
    object: &Object,
    subject: &Subject<'_>,
    (scope, rule, expressions): (&Scope<'_>, &PlacementRule<'_>, &[LabelRequirement]),
) -> Result<bool, Box<Diagnostic>> {
    if rule.expressions.is_empty() {
        return Ok(true);
    }
    let via = subject.part.part.arch_via;
    let Some(place) = place_of(subject, object) else {
        return Ok(false);
    };
    if matches!(via, ArchVia::NodeAffinity | ArchVia::NodeSelectorTerms) {
        let Some(terms) = affinity::terms(subject, object) else {
            return Ok(false);
        };
        return Ok(affinity::add(editor, &terms, expressions, &rule.reason));
    }
    let written = written_map(subject, object);
    let Some(labels) = node_selector::labels(&rule.expressions, written.as_ref(), &scope.nodes)
    else {
        return Err(Box::new(not_expressible(scope, (subject, rule), object)));
    };
    if labels.is_empty() {
        return Ok(true);
    }
    let with_defaults = expressions
        .iter()
        .filter_map(|e| Some((e.key.clone(), e.equal_value()?.to_owned())))
        .chain(labels)
        .collect();
    Ok(match via {
        ArchVia::NodeSelectorList => {
            node_selector::add_to_list(editor, &place, &with_defaults, &rule.reason)
        }
        _ => node_selector::add_to_map(editor, &place, &with_defaults, &rule.reason),
    })
}

/// What the base's plain node selector says.
fn written_map(subject: &Subject<'_>, object: &Object) -> Option<Value> {
    match subject.part.part.arch_via {
        ArchVia::NodeSelectorList => {
            node_selector::list_as_map(subject.part.value(object, Field::NodeSelectorTerms))
        }
        _ => subject.part.value(object, Field::NodeSelector).cloned(),
    }
}

fn contradiction(
    subject: &Subject<'_>,
    rule: &[LabelRequirement],
    object: &Object,
) -> Option<String> {
    let terms = affinity::terms(subject, object).and_then(|p| object.get(p.as_str()).cloned());
    affinity::contradicts(terms.as_ref(), written_map(subject, object).as_ref(), rule)
}

/// Adds the tolerations. A part that has no place for them cannot be helped; whether it then finds a node is for the proof to say.
fn tolerate(
    editor: &mut Editor<'_>,
    object: &Object,
    subject: &Subject<'_>,
    rule: &PlacementRule<'_>,
) -> bool {
    let Some(list) = subject.part.pointer(object, Field::Tolerations) else {
        return true;
    };
    if rule.tolerations.is_empty() {
        return true;
    }
    if editor.get(&list).is_none_or(Value::is_null) {
        return editor.set(&list, json!(rule.tolerations), &rule.reason);
    }
    rule.tolerations
        .iter()
        .all(|t| editor.append(&list, t.clone(), &rule.reason))
}

/// Says the one architecture where the kind has a field for it.
fn architecture(
    editor: &mut Editor<'_>,
    object: &Object,
    (scope, subject, rule): (&Scope<'_>, &Subject<'_>, &PlacementRule<'_>),
) -> Result<bool, Box<Diagnostic>> {
    let Some(place) = subject.part.pointer(object, Field::Architecture) else {
        return Ok(true);
    };
    let Some(arch) = rule.expressions.iter().find(|e| e.key == ARCH) else {
        return Ok(true);
    };
    match (
        object.get(place.as_str()).and_then(Value::as_str),
        arch.values.as_slice(),
    ) {
        (Some(written), values) if !values.iter().any(|v| v == written) => {
            Err(Box::new(contradicts(scope, (subject, rule), object, ARCH)))
        }
        (None, [one]) => Ok(editor.set(&place, json!(one), &rule.reason)),
        _ => Ok(true),
    }
}

fn contradicts(
    scope: &Scope<'_>,
    (subject, rule): (&Subject<'_>, &PlacementRule<'_>),
    object: &Object,
    label: &str,
) -> Diagnostic {
    let ours: Vec<String> = rule
        .expressions
        .iter()
        .filter(|e| e.key == label)
        .map(said)
        .collect();
    rules::PLACEMENT_CONTRADICTION
        .report(format!(
            "`{}` of the app `{}` is kept by its own base from where `{}` wants it: they contradict each other on `{label}`",
            subject.label(object),
            scope.app.name,
            scope.instance.name
        ))
        .primary(rule.origin.clone(), format!("asks for {}", if ours.is_empty() { format!("`{label}`") } else { ours.join(" and ") }))
        .help(format!("take `{label}` out of the placement in `{}`, or place the instance elsewhere", scope.app.directory))
}

fn said(requirement: &LabelRequirement) -> String {
    match requirement.values.is_empty() {
        true => format!("`{} {}`", requirement.key, requirement.operator),
        false => format!(
            "`{} {} {}`",
            requirement.key,
            requirement.operator,
            requirement.values.join(",")
        ),
    }
}

fn not_expressible(
    scope: &Scope<'_>,
    (subject, rule): (&Subject<'_>, &PlacementRule<'_>),
    object: &Object,
) -> Diagnostic {
    let wanted: Vec<String> = rule
        .expressions
        .iter()
        .filter(|e| e.equal_value().is_none())
        .map(said)
        .collect();
    rules::SELECTOR_NOT_EXPRESSIBLE
        .report(format!(
            "`{}` has a plain node selector, which cannot say {}",
            subject.label(object),
            wanted.join(" and ")
        ))
        .primary(rule.origin.clone(), format!("leaves {} of {} nodes", rule.nodes.len(), scope.nodes.len()))
        .help("place it in one pool with a label of its own, or name one architecture in `placement:`")
}

fn not_placeable(
    scope: &Scope<'_>,
    subject: &Subject<'_>,
    rule: &PlacementRule<'_>,
    object: &Object,
) -> Diagnostic {
    let why = subject
        .part
        .part
        .note
        .as_deref()
        .unwrap_or("the kind has no field for it");
    rules::PART_NOT_PLACEABLE
        .report(format!(
            "the pods of `{}/{}` cannot be placed and may start on any node: {why}",
            object.id(),
            subject.part.part.name
        ))
        .primary(rule.origin.clone(), format!("leaves {} of {} nodes", rule.nodes.len(), scope.nodes.len()))
        .help("label or taint the nodes so that they cannot start elsewhere, or give their namespace a node selector")
}

/// Some operators keep the first term only, and with it a part of what the base says.
fn ignored_terms(scope: &Scope<'_>, subject: &Subject<'_>, object: &Object) -> Option<Diagnostic> {
    let terms = affinity::terms(subject, object)?;
    let several = object
        .get(terms.as_str())
        .and_then(Value::as_array)
        .is_some_and(|t| t.len() > 1);
    (several && subject.part.part.first_term_only).then(|| {
        rules::TERMS_IGNORED
            .report(format!(
                "`{}` has several node selector terms, of which its operator keeps the first",
                subject.label(object)
            ))
            .primary_key(
                scope.instance.origin.clone(),
                format!("an instance of `{}`", scope.app.name),
            )
            .help(format!("say it in one term in `{}`", scope.app.directory))
    })
}

fn unreachable_place(scope: &Scope<'_>, subject: &Subject<'_>, object: &Object) -> Diagnostic {
    let place = place_of(subject, object)
        .map(|p| p.to_string())
        .unwrap_or_default();
    rules::FIELD_PATH_LEADS_NOWHERE
        .report(format!(
            "the placement of `{}` cannot be written to `{place}`: something else is in the way",
            subject.label(object)
        ))
        .primary_key(
            scope.instance.origin.clone(),
            format!("an instance of `{}`", scope.app.name),
        )
        .help(format!(
            "look at the object in `{}`: the fields above must be maps, the rules lists",
            scope.app.directory
        ))
}
