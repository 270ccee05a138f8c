//! Finds how a placement rule goes into the field that the catalogue names.

use std::collections::BTreeMap;

use kubernetes_vocabulary::LabelRequirement;
use kubernetes_vocabulary::fields::PREFERRED_DURING_SCHEDULING;
use kubernetes_vocabulary::labels::ARCH;
use serde_json::{Value, json};

use crate::catalogue::{ArchVia, DefaultExpression, Field, Inject, TermsKept};
use crate::manifest::Object;
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer, Reported};

use super::RuledPart;
use super::affinity::{find_contradicted_label, terms_of};
use super::edit::{FieldEdit, PlacementChange};
use super::node_selector;
use super::scope::PlacedPart;

/// Finds the changes that place one part; none where nothing is to be written.
///
/// # Errors
///
/// [`Reported`], where the rule contradicts the base, or where the field cannot say it.
pub(super) fn find_placement(
    ruled: RuledPart<'_, '_>,
    object: &Object,
    found: &mut Diagnostics,
) -> Result<Vec<FieldEdit>, Reported> {
    if is_unwanted(ruled, object) {
        return Ok(Vec::new());
    }
    let part = ruled.part.at.part;
    if part.arch_via == ArchVia::None || part.inject == Inject::Never {
        return if ruled.rule.excludes(ruled.scope) {
            Err(found.report(describe_unplaceable_part(ruled, object)))
        } else {
            Ok(Vec::new())
        };
    }
    let requirements = add_defaults(ruled, object);
    let terms = terms_of(ruled.part, object).and_then(|pointer| object.get(pointer.as_str()));
    let map = written_map(ruled.part, object);
    if let Some(label) = find_contradicted_label(terms, map.as_ref(), &requirements) {
        return Err(found.report(describe_contradiction(ruled, object, &label)));
    }
    let mut changes = find_default_fields(ruled, object);
    changes.extend(find_selection(ruled, object, requirements, found)?);
    changes.extend(find_tolerations(ruled, object));
    changes.extend(find_architecture(ruled, object, found)?);
    Ok(changes
        .into_iter()
        .map(|change| FieldEdit {
            change,
            reason: ruled.rule.reason.clone(),
        })
        .collect())
}

/// Returns whether the part is placed by somebody else, or needs no placement.
fn is_unwanted(ruled: RuledPart<'_, '_>, object: &Object) -> bool {
    let rule = ruled.rule;
    let is_switched_off = ruled
        .part
        .spec
        .is_some_and(|(_, spec)| spec.place == Some(false));
    let is_empty = rule.expressions.is_empty() && rule.tolerations.is_empty();
    let is_needless = match ruled.part.at.part.inject {
        Inject::WhereNeeded => !rule.excludes(ruled.scope) && !rule.asked,
        Inject::WhereWritten => is_unwritten(ruled.part, object),
        Inject::Always | Inject::Never => false,
    };
    is_switched_off || is_empty || is_needless
}

/// Returns the field that the rule goes into.
fn field_of_rule(part: &PlacedPart<'_>, object: &Object) -> Option<Pointer> {
    let field = match part.at.part.arch_via {
        ArchVia::NodeAffinity => Field::NodeAffinity,
        ArchVia::NodeSelector => Field::NodeSelector,
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => Field::NodeSelectorTerms,
        ArchVia::None => return None,
    };
    part.at.pointer(object, field)
}

/// Returns whether nothing is written in the field that the rule goes into.
fn is_unwritten(part: &PlacedPart<'_>, object: &Object) -> bool {
    field_of_rule(part, object).is_some_and(|field| is_absent(object, &field))
}

fn is_absent(object: &Object, field: &Pointer) -> bool {
    object.get(field.as_str()).is_none_or(Value::is_null)
}

/// Returns whether writing the rule ends a default of the operator that is in force.
fn ends_defaults(ruled: RuledPart<'_, '_>, object: &Object) -> bool {
    let at = &ruled.part.at;
    let unless = at
        .part
        .defaults
        .unless
        .iter()
        .flat_map(|path| path.resolve(object.value(), &at.at));
    let mut unless = unless.filter(|field| !is_absent(object, field));
    !ruled.rule.expressions.is_empty()
        && is_unwritten(ruled.part, object)
        && unless.next().is_none()
}

/// Returns the requirements of the rule, and those that the operator would no longer add by itself.
fn add_defaults(ruled: RuledPart<'_, '_>, object: &Object) -> Vec<LabelRequirement> {
    let mut requirements = ruled.rule.expressions.clone();
    if !ends_defaults(ruled, object) {
        return requirements;
    }
    for default in &ruled.part.at.part.defaults.expressions {
        let requirement = to_requirement(default);
        let mut nodes = ruled.rule.nodes.iter();
        let is_met = nodes.any(|candidate| requirement.matches(&candidate.labels));
        if (is_met || !default.only_if_met) && !requirements.contains(&requirement) {
            requirements.push(requirement);
        }
    }
    requirements
}

fn to_requirement(default: &DefaultExpression) -> LabelRequirement {
    LabelRequirement {
        key: default.key.clone(),
        operator: default.operator.into(),
        values: default.values.clone(),
    }
}

/// Finds the operator's other defaults, which are written again where writing the rule ends them.
fn find_default_fields(ruled: RuledPart<'_, '_>, object: &Object) -> Vec<PlacementChange> {
    let mut changes = Vec::new();
    if !ends_defaults(ruled, object) {
        return changes;
    }
    let defaults = &ruled.part.at.part.defaults;
    let mut set = |field: Pointer, value: Value| {
        if is_absent(object, &field) {
            changes.push(PlacementChange::Set { field, value });
        }
    };
    for (field, value) in &defaults.fields {
        if let Some(pointer) = ruled.part.at.pointer(object, *field) {
            set(pointer, value.clone());
        }
    }
    let affinity = field_of_rule(ruled.part, object).filter(|_| !defaults.preferred.is_empty());
    if let Some(affinity) = affinity {
        set(
            affinity.at(PREFERRED_DURING_SCHEDULING),
            Value::Array(defaults.preferred.clone()),
        );
    }
    changes
}

/// Finds the change that selects the nodes.
fn find_selection(
    ruled: RuledPart<'_, '_>,
    object: &Object,
    requirements: Vec<LabelRequirement>,
    found: &mut Diagnostics,
) -> Result<Option<PlacementChange>, Reported> {
    let via = ruled.part.at.part.arch_via;
    if ruled.rule.expressions.is_empty() {
        return Ok(None);
    }
    if matches!(via, ArchVia::NodeAffinity | ArchVia::NodeSelectorTerms) {
        let Some(terms) = terms_of(ruled.part, object) else {
            return Err(found.report(describe_blocked_field(ruled, object)));
        };
        return Ok(Some(PlacementChange::RequireOfNodes {
            terms,
            requirements,
        }));
    }
    let Some(field) = field_of_rule(ruled.part, object) else {
        return Err(found.report(describe_blocked_field(ruled, object)));
    };
    let written = written_map(ruled.part, object);
    let nodes = &ruled.scope.nodes;
    let Some(by_rule) =
        node_selector::find_labels(&ruled.rule.expressions, written.as_ref(), nodes)
    else {
        return Err(found.report(describe_inexpressible_rule(ruled, object)));
    };
    if by_rule.is_empty() {
        return Ok(None);
    }
    let mut labels: BTreeMap<String, String> = requirements
        .iter()
        .filter_map(|r| Some((r.key.clone(), r.equal_value()?.to_owned())))
        .collect();
    labels.extend(by_rule);
    Ok(Some(match via {
        ArchVia::NodeSelectorList => PlacementChange::SelectListedLabels {
            list: field,
            labels,
        },
        _ => PlacementChange::SelectLabels {
            selector: field,
            labels,
        },
    }))
}

/// Returns what the base's plain node selector says.
fn written_map(part: &PlacedPart<'_>, object: &Object) -> Option<Value> {
    match part.at.part.arch_via {
        ArchVia::NodeSelectorList => {
            node_selector::list_as_map(part.at.value(object, Field::NodeSelectorTerms))
        }
        _ => part.at.value(object, Field::NodeSelector).cloned(),
    }
}

/// Finds the tolerations to add. A part that has no place for them cannot be helped; whether it then finds a node is for the proof to
/// say.
fn find_tolerations(ruled: RuledPart<'_, '_>, object: &Object) -> Option<PlacementChange> {
    let tolerations = &ruled.rule.tolerations;
    let list = ruled.part.at.pointer(object, Field::Tolerations)?;
    (!tolerations.is_empty()).then(|| PlacementChange::Tolerate {
        list,
        tolerations: tolerations.clone(),
    })
}

/// Finds the one architecture, where the kind has a field for it.
fn find_architecture(
    ruled: RuledPart<'_, '_>,
    object: &Object,
    found: &mut Diagnostics,
) -> Result<Option<PlacementChange>, Reported> {
    let Some(field) = ruled.part.at.pointer(object, Field::Architecture) else {
        return Ok(None);
    };
    let Some(arch) = ruled.rule.expressions.iter().find(|e| e.key == ARCH) else {
        return Ok(None);
    };
    let written = object.get(field.as_str()).and_then(Value::as_str);
    match (written, arch.values.as_slice()) {
        (Some(written), values) if !values.iter().any(|v| v == written) => {
            Err(found.report(describe_contradiction(ruled, object, ARCH)))
        }
        (None, [one]) => Ok(Some(PlacementChange::Set {
            field,
            value: json!(one),
        })),
        _ => Ok(None),
    }
}

fn describe_contradiction(ruled: RuledPart<'_, '_>, object: &Object, label: &str) -> Diagnostic {
    let RuledPart { scope, part, rule } = ruled;
    let ours: Vec<String> = rule
        .expressions
        .iter()
        .filter(|e| e.key == label)
        .map(quote_requirement)
        .collect();
    rules::PLACEMENT_CONTRADICTION
        .report(format!(
            "`{}` of the app `{}` is kept by its own base from where `{}` wants it: they contradict each other on `{label}`",
            part.label(object),
            scope.app.name,
            scope.instance.name
        ))
        .primary(rule.origin.clone(), format!("asks for {}", if ours.is_empty() { format!("`{label}`") } else { ours.join(" and ") }))
        .help(format!("take `{label}` out of the placement in `{}`, or place the instance elsewhere", scope.app.directory))
}

fn quote_requirement(requirement: &LabelRequirement) -> String {
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

fn describe_inexpressible_rule(ruled: RuledPart<'_, '_>, object: &Object) -> Diagnostic {
    let RuledPart { scope, part, rule } = ruled;
    let wanted: Vec<String> = rule
        .expressions
        .iter()
        .filter(|e| e.equal_value().is_none())
        .map(quote_requirement)
        .collect();
    rules::SELECTOR_NOT_EXPRESSIBLE
        .report(format!(
            "`{}` has a plain node selector, which cannot say {}",
            part.label(object),
            wanted.join(" and ")
        ))
        .primary(rule.origin.clone(), format!("leaves {} of {} nodes", rule.nodes.len(), scope.nodes.len()))
        .help("place it in one pool with a label of its own, or name one architecture in `placement:`")
}

fn describe_unplaceable_part(ruled: RuledPart<'_, '_>, object: &Object) -> Diagnostic {
    let RuledPart { scope, part, rule } = ruled;
    let why = part
        .at
        .part
        .note
        .as_deref()
        .unwrap_or("the kind has no field for it");
    rules::PART_NOT_PLACEABLE
        .report(format!(
            "the pods of `{}/{}` cannot be placed and may start on any node: {why}",
            object.id(),
            part.at.part.name
        ))
        .primary(rule.origin.clone(), format!("leaves {} of {} nodes", rule.nodes.len(), scope.nodes.len()))
        .help("label or taint the nodes so that they cannot start elsewhere, or give their namespace a node selector")
}

/// Finds node selector terms that an operator ignores, because it keeps the first only.
pub(super) fn find_ignored_terms(ruled: RuledPart<'_, '_>, object: &Object) -> Option<Diagnostic> {
    let RuledPart { scope, part, .. } = ruled;
    let terms = terms_of(part, object)?;
    let several = object
        .get(terms.as_str())
        .and_then(Value::as_array)
        .is_some_and(|t| t.len() > 1);
    (several && part.at.part.terms_kept == TermsKept::First).then(|| {
        rules::TERMS_IGNORED
            .report(format!(
                "`{}` has several node selector terms, of which its operator keeps the first",
                part.label(object)
            ))
            .primary_key(
                scope.instance.origin.clone(),
                format!("an instance of `{}`", scope.app.name),
            )
            .help(format!("say it in one term in `{}`", scope.app.directory))
    })
}

/// Words a field that cannot be written because something else than a map or a list is above it.
pub(super) fn describe_blocked_field(ruled: RuledPart<'_, '_>, object: &Object) -> Diagnostic {
    let RuledPart { scope, part, .. } = ruled;
    let place = field_of_rule(part, object)
        .map(|p| p.to_string())
        .unwrap_or_default();
    rules::FIELD_PATH_LEADS_NOWHERE
        .report(format!(
            "the placement of `{}` cannot be written to `{place}`: something else is in the way",
            part.label(object)
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
