//! Says what changes of running objects do, where the catalogue knows it.

use std::collections::BTreeMap;

use pointer_diagnostics::{Diagnostics, Pointer};

use super::updates::{UpdateInput, objects_before, without_version};
use super::view::{FieldPlace, FieldReporter};
use crate::catalogue::{Catalogue, Disruption};
use crate::manifest::Object;
use crate::plan::Instance;
use crate::rules;
use crate::wording::list_some;

/// Objects of an instance that change alike.
struct AlikeChanges<'a> {
    instance: &'a Instance,
    disruption: &'a Disruption,
    objects: Vec<&'a Object>,
}

/// Reports every change that interrupts or moves what runs, once for the objects of an instance that change alike.
pub fn check_disruptions(input: &UpdateInput<'_>) -> Diagnostics {
    let reporter = FieldReporter {
        changes: input.changes,
    };
    let mut found = Diagnostics::new();
    for changes in collect_changes(input) {
        let Some(first) = changes.objects.first() else {
            continue;
        };
        let names: Vec<&str> = changes.objects.iter().map(|object| object.name()).collect();
        let field = changes.disruption.at.trim_start_matches('/');
        let message = format!(
            "`{}` of {} {} changes: {}",
            field.replace('/', ".").replace("~1", "/"),
            first.kind(),
            list_some(&names),
            changes.disruption.what
        );
        let pointer = Pointer::parse(&changes.disruption.at);
        let place = FieldPlace {
            instance: changes.instance,
            object: first,
            field: &pointer,
        };
        found.push(
            reporter
                .report(&rules::DISRUPTIVE_CHANGE, place, message)
                .help("merge it when that may happen, and site by site: a `pin` holds the others back"),
        );
    }
    found
}

fn collect_changes<'a>(input: &UpdateInput<'a>) -> Vec<AlikeChanges<'a>> {
    let before = objects_before(input);
    let mut changes: Vec<AlikeChanges<'a>> = Vec::new();
    for instance in &input.plan.instances {
        let mut alike: BTreeMap<(&str, &str), AlikeChanges<'a>> = BTreeMap::new();
        for object in input.rendered.get(&instance.name).into_iter().flatten() {
            let Some(entry) = Catalogue::built_in().entry(object) else {
                continue;
            };
            let Some(old) = before.get(&without_version(object.id())) else {
                continue;
            };
            for disruption in &entry.disruptions {
                if disruption.happens(old, object) {
                    let key = (entry.kind.as_str(), disruption.at.as_str());
                    let group = alike.entry(key).or_insert(AlikeChanges {
                        instance,
                        disruption,
                        objects: Vec::new(),
                    });
                    group.objects.push(object);
                }
            }
        }
        changes.extend(alike.into_values());
    }
    changes
}
