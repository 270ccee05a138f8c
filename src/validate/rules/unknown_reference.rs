//! Checks that objects which others name are there: everything that the catalogue says a field of a kind names.

use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

use crate::catalogue::TargetKind;
use crate::validate::CheckedRule;
use crate::validate::between::{FoundReference, ObjectPresence};
use crate::validate::view::{FieldPlace, View};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-reference",
        severity: Severity::Error,
        summary: "an object names another one that nothing makes",
        explain: include_str!("../../../docs/rules/unknown-reference.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    // Nodes without names of their own are not known by name.
    let are_nodes_known = !view.plan.nodes.iter().any(|node| node.unnamed);
    for reference in view.references() {
        if reference.target.kind == "Node" && !are_nodes_known {
            continue;
        }
        check_reference(view, reference, found);
    }
    check_storage_roles(view, found);
}

fn check_reference(view: &View<'_>, reference: &FoundReference<'_>, found: &mut Diagnostics) {
    let (target, name) = (&reference.target, &reference.name);
    let (namespace, asker) = (reference.namespace.as_deref(), reference.object.namespace());
    let presence = view.site_objects().find(target, namespace, name, asker);
    if presence != ObjectPresence::Absent {
        return;
    }
    let object = format!("`{} {}`", reference.object.kind(), reference.object.name());
    let is_own = reference.object.kind() == "Node" && target.kind == "Node";
    let message = match namespace {
        _ if is_own => format!("{object} is none of the site's nodes"),
        None if target.kind == "Node" => {
            format!("{object} names the node `{name}`, which the site does not have")
        }
        None => format!(
            "{object} needs the {} `{name}`, which nothing makes",
            target.kind
        ),
        Some(namespace) => format!(
            "{object} needs the {} `{name}`, which nothing makes in `{namespace}`",
            target.kind
        ),
    };
    let place = FieldPlace {
        instance: reference.instance,
        object: reference.object,
        field: &reference.pointer,
    };
    let report = view.report_at(&RULE.rule, place, message);
    found.push(report.help(suggest(view, reference)));
}

/// Says what to do: the name that was probably meant, the namespace that has one, or where the object can be declared.
fn suggest(view: &View<'_>, reference: &FoundReference<'_>) -> String {
    let (target, objects) = (&reference.target, view.site_objects());
    let namespace = reference.namespace.as_deref();
    if let Some(near) = objects.nearest_name(target, namespace, &reference.name) {
        return format!("did you mean `{near}`?");
    }
    let other = objects.namespace_with(target, &reference.name);
    if let Some(other) = other.filter(|_| namespace.is_some()) {
        return format!(
            "there is one in `{other}`; {} are found in their own namespace only: move one of the two",
            plural_of(target)
        );
    }
    if target.kind == "Node" {
        let nodes: Vec<&str> = view
            .plan
            .nodes
            .iter()
            .map(|n| n.name.as_str())
            .take(9)
            .collect();
        return format!("the site has `{}`", nodes.join("`, `"));
    }
    declare(target)
}

fn plural_of(target: &TargetKind) -> String {
    match target.kind.as_str() {
        kind if kind.ends_with("Class") => format!("{kind}es"),
        kind => format!("{kind}s"),
    }
}

fn declare(target: &TargetKind) -> String {
    match target.kind.as_str() {
        "Secret" => {
            "list it under `secrets:` of the fleet if somebody puts it there, under `provides.secrets` of the app whose operator makes it, \
             or mark the reference `optional: true`"
        }
        "ConfigMap" => {
            "add it to the base, list it under `provides.objects` of the app whose operator makes it, or mark the reference `optional: true`"
        }
        "Service" => "add it to the base, or list it under `provides.services` of the app whose operator makes it",
        "StorageClass" => {
            "name a class of the site's `storage:`, or list it under `provides.storageClasses` of the app that makes it"
        }
        _ => {
            "correct the name, add it to a base, list it under `provides.objects` of the app that makes it, or under `objects:` of the fleet \
             if somebody puts it there"
        }
    }
    .to_owned()
}

/// Reports storage roles whose class the instance that they come from does not make.
fn check_storage_roles(view: &View<'_>, found: &mut Diagnostics) {
    let target = TargetKind::parse("StorageClass.storage.k8s.io");
    for (role, class) in &view.plan.storage {
        let Some(from) = class.from.as_deref() else {
            continue;
        };
        let objects = view.site_objects();
        let presence = objects.find(&target, None, &class.class, None);
        if presence != ObjectPresence::Absent || view.plan.instance(from).is_none() {
            continue;
        }
        let at = Pointer::parse("/storage").at(role).at("class");
        let message = format!(
            "the storage role `{role}` comes from `{from}`, which makes no StorageClass `{}`",
            class.class
        );
        let help = match objects.nearest_name(&target, None, &class.class) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "correct the name, or list it under `provides.storageClasses` of the app".to_owned()
            }
        };
        let report = RULE.rule.report(message);
        found.push(report.primary(view.plan.origin(&at), "").help(help));
    }
}
