//! Checks that the parts which site and app speak of are there.

use std::collections::BTreeSet;

use crate::catalogue::{Entry, Inject, PartNaming};
use crate::load::App;
use crate::manifest::Object;
use crate::nearest::nearest;
use crate::rules;
use pointer_diagnostics::{Diagnostics, Origin};

use super::scope::PlacementScope;

/// Reports names of parts that no object of the instance has.
pub(super) fn check_names(scope: &PlacementScope<'_>, objects: &[Object], found: &mut Diagnostics) {
    let templates = list_templates(scope.app);
    let known: BTreeSet<String> = objects
        .iter()
        .chain(&templates)
        .flat_map(|object| list_part_names(scope, object))
        .collect();
    let by_app = scope
        .app
        .spec
        .parts
        .keys()
        .map(|name| (name, scope.app.origin(&pointer("/parts", name))));
    let by_site = scope
        .instance
        .placement
        .keys()
        .map(|name| (name, scope.of_instance("placement").at(name)));
    let promised = scope
        .instance
        .availability
        .keys()
        .map(|name| (name, scope.of_instance("availability").at(name)));
    for (name, origin) in by_app.chain(by_site).chain(promised) {
        // The name of an object from a template is an expression.
        if !known.contains(name) && !templates.iter().any(|t| is_named_by_expression(scope, t)) {
            found.push(describe_unknown_part(scope, name, origin, &known));
        }
    }
}

/// Reports objects whose pods cannot be reached, and versions of kinds that the catalogue has not seen.
pub(super) fn check_kinds(scope: &PlacementScope<'_>, objects: &[Object], found: &mut Diagnostics) {
    for object in objects {
        let Some(entry) = scope.catalogue.entry(object) else {
            continue;
        };
        let origin = || scope.instance.origin.clone();
        let asked = scope.instance.pool.is_some() || !scope.instance.placement.is_empty();
        if let Some(why) = entry.unsupported.as_ref().filter(|_| asked) {
            found.push(
                rules::PART_NOT_PLACEABLE
                    .report(format!(
                        "the pods of `{}` cannot be placed and may start on any node: {why}",
                        object.id()
                    ))
                    .primary_key(origin(), "")
                    .help("write the placement in the base"),
            );
        }
        if is_unknown_version(entry, object) {
            found.push(
                rules::UNKNOWN_KIND_VERSION
                    .report(format!(
                        "the catalogue knows {} in {}, not in {}: the places of `{}` may have moved",
                        entry.kind,
                        entry.versions.join(", "),
                        object.version(),
                        object.id()
                    ))
                    .primary_key(origin(), "")
                    .help("check the result, and write the kind's places under `catalogue:` in the app"),
            );
        }
    }
}

fn is_unknown_version(entry: &Entry, object: &Object) -> bool {
    let has_pods = entry.parts.iter().any(|p| p.inject != Inject::Never);
    has_pods && !entry.versions.is_empty() && !entry.versions.iter().any(|v| v == object.version())
}

/// Returns the names of all parts that an object has or could have.
fn list_part_names(scope: &PlacementScope<'_>, object: &Object) -> Vec<String> {
    let id = object.id().to_string();
    let Some(entry) = scope.catalogue.entry(object) else {
        return Vec::new();
    };
    let of_parts = entry.parts.iter().flat_map(|part| {
        let own = (part.naming == PartNaming::ByObject).then(|| object.name().to_owned());
        [part.name.clone(), format!("{id}/{}", part.name)]
            .into_iter()
            .chain(own)
    });
    of_parts.chain([id.clone()]).collect()
}

fn list_templates(app: &App) -> Vec<Object> {
    app.templates
        .values()
        .map(|t| Object::new(t.tree.clone()))
        .collect()
}

/// Returns whether a template makes objects that are named by an expression and whose parts are called after them.
fn is_named_by_expression(scope: &PlacementScope<'_>, template: &Object) -> bool {
    let named = scope
        .catalogue
        .entry(template)
        .is_some_and(|e| e.parts.iter().any(|p| p.naming == PartNaming::ByObject));
    named && template.name().contains("{{")
}

fn describe_unknown_part(
    scope: &PlacementScope<'_>,
    name: &str,
    origin: Origin,
    known: &BTreeSet<String>,
) -> pointer_diagnostics::Diagnostic {
    let short: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|n| !n.contains('/'))
        .collect();
    let help = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if short.is_empty() => {
            "the instance has no pods that the catalogue knows; add the kind under `catalogue:` in the app".to_owned()
        }
        None => format!("its parts are {}", short.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
    };
    rules::UNKNOWN_PART
        .report(format!("`{}` has no part `{name}`", scope.instance.name))
        .primary_key(origin, "")
        .help(help)
}

fn pointer(parent: &str, key: &str) -> pointer_diagnostics::Pointer {
    pointer_diagnostics::Pointer::parse(parent).at(key)
}
