//! Updates of Pods and Jobs (`ValidatePodUpdate`, `ValidateJobSpecUpdate`).

use super::comparison::same;
use super::{ObjectUpdate, report_change};
use crate::field::Field;
use crate::report::Report;
use crate::rules;
use crate::violation::Cause;

/// Checks a Pod: only images, a deadline and further tolerations can be changed.
pub(super) fn check_pod(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get("spec"));
    for list in ["containers", "initContainers"] {
        let field = new.get(list);
        if old.get(list).count() != field.count() {
            let message = "containers were added or removed, which running pods do not allow";
            report.forbidden(&field, &rules::IMMUTABLE, message);
            return;
        }
    }
    check_deadline(&old, &new, report);
    check_tolerations(&old, &new, report);
    let mut names: Vec<&str> = old
        .entries()
        .chain(new.entries())
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (before, after) = (old.get(name), new.get_as(name, ""));
        let fixed = match name {
            "activeDeadlineSeconds" | "tolerations" | "schedulingGates" => true,
            "containers" | "initContainers" => same_containers(&before, &after),
            _ => same(name, before.value(), after.value()),
        };
        if !fixed {
            report_change(&after, name, Cause::Forbidden, report);
        }
    }
}

/// Compares containers, apart from their images.
fn same_containers(old: &Field, new: &Field) -> bool {
    old.items().zip(new.items()).all(|(a, b)| {
        let names = a.entries().chain(b.entries()).map(|(name, _)| name);
        names
            .filter(|name| *name != "image")
            .all(|name| same(name, a.get(name).value(), b.get(name).value()))
    })
}

fn check_deadline(old: &Field, new: &Field, report: &mut Report) {
    let (before, after) = (
        old.get("activeDeadlineSeconds").int(),
        new.get("activeDeadlineSeconds"),
    );
    let Some(before) = before else { return };
    if after.int().is_none_or(|after| after > before) {
        report.invalid(
            &after,
            &rules::IMMUTABLE,
            format!("the deadline of {before} seconds cannot be raised or removed"),
        );
    }
}

fn check_tolerations(old: &Field, new: &Field, report: &mut Report) {
    let field = new.get("tolerations");
    let members = ["key", "operator", "value", "effect"];
    let kept = |toleration: &Field| {
        field.items().any(|other| {
            members
                .iter()
                .all(|name| toleration.get(name).value() == other.get(name).value())
        })
    };
    if old
        .get("tolerations")
        .items()
        .any(|toleration| !kept(&toleration))
    {
        report.forbidden(
            &field,
            &rules::IMMUTABLE,
            "a toleration was changed or removed: expected further ones only",
        );
    }
}

/// Members of a template that a Job can change while it is suspended.
const SUSPENDED_SPEC: [&str; 3] = ["nodeSelector", "tolerations", "schedulingGates"];

/// Checks a Job beyond its fixed fields: completions and the template.
pub(super) fn check_job(update: &ObjectUpdate, report: &mut Report) {
    let (old, new) = (update.old.get("spec"), update.new.get("spec"));
    check_completions(&old, &new, report);
    let (before, after) = (old.get("template"), new.get("template"));
    let suspended = old.get("suspend").is_true();
    if suspended {
        check_suspended_template(&before, &after, report);
    } else if !same("template", before.value(), after.value()) {
        report_change(&after, "template", Cause::Invalid, report);
    }
}

/// Lets indexed Jobs change completions together with parallelism (`validateCompletions`).
fn check_completions(old: &Field, new: &Field, report: &mut Report) {
    let (before, after) = (old.get("completions"), new.get("completions"));
    // Without both numbers there is one completion.
    let number = |spec: &Field| match spec.get("completions").int() {
        None if !spec.get("parallelism").exists() => Some(1),
        number => number,
    };
    let _ = before;
    if number(old) == number(new) {
        return;
    }
    let indexed = new.get("completionMode").text() == "Indexed";
    let parallelism = new.get("parallelism").int().unwrap_or(1);
    if !indexed {
        report_change(&after, "completions", Cause::Invalid, report);
    } else if number(new).is_some_and(|number| number != parallelism) {
        let message =
            format!("completions change with parallelism only: expected {parallelism} for both");
        report.invalid(&after, &rules::IMMUTABLE, message);
    }
}

fn check_suspended_template(old: &Field, new: &Field, report: &mut Report) {
    let (before, after) = (old.get("spec"), new.get_as("spec", ""));
    let names = before
        .entries()
        .chain(after.entries())
        .map(|(name, _)| name);
    for name in names.filter(|name| !SUSPENDED_SPEC.contains(name)) {
        let (a, b) = (before.get(name), after.get_as(name, ""));
        let fixed = if name == "affinity" {
            ["podAffinity", "podAntiAffinity"]
                .iter()
                .all(|part| same(part, a.get(part).value(), b.get(part).value()))
        } else {
            same(name, a.value(), b.value())
        };
        if !fixed {
            report_change(&b, name, Cause::Invalid, report);
        }
    }
}
