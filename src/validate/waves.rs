//! Sync waves: whole numbers, written as text, with every project before its Applications.

use serde_json::Value;

use crate::bundle::WAVE;
use crate::manifest::Object;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::argo::Argo;
use super::view::{View, called};

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        if let Some(written) = unreadable(object) {
            let says = format!(
                "the sync wave of {} is {written}, expected a whole number in quotes",
                called(object)
            );
            found.push(
                view.report(&rules::WAVE_NOT_INTEGER, instance, says)
                    .help(HELP),
            );
        }
    }
    for argo in view
        .argo
        .iter()
        .filter(|a| !matches!(a.place, super::argo::Place::In(_)))
    {
        if let Some(written) = unreadable(&argo.object) {
            let says = format!(
                "the sync wave of {} is {written}, expected a whole number in quotes",
                called(&argo.object)
            );
            found.push(
                argo.report(view.plan, &rules::WAVE_NOT_INTEGER, says)
                    .help(HELP),
            );
        }
    }
    check_projects(view, found);
}

const HELP: &str = "write it as text, for instance `argocd.argoproj.io/sync-wave: \"10\"`; Argo CD takes anything else for wave 0";

/// Projects that are synced together with their Applications have to be there first, and go last.
fn check_projects(view: &View<'_>, found: &mut Diagnostics) {
    let projects: Vec<&Argo<'_>> = view
        .argo
        .iter()
        .filter(|a| a.is_project() && !a.is_bootstrap())
        .collect();
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let own = application.text("/spec/project");
        let Some(project) = projects.iter().find(|p| p.object.name() == own) else {
            continue;
        };
        if application.is_bootstrap() {
            let says = format!(
                "the root Application `{}` is in the project `{own}`, which it brings itself",
                application.object.name()
            );
            found.push(
                application
                    .report(view.plan, &rules::PROJECT_AFTER_APPLICATION, says)
                    .help("give the root a project of its own that is applied before it"),
            );
        } else if same_sync(project, application)
            && wave(&project.object) >= wave(&application.object)
        {
            let says = format!(
                "the project `{own}` is not synced before its Application `{}`",
                application.object.name()
            );
            found.push(
                application
                    .report(view.plan, &rules::PROJECT_AFTER_APPLICATION, says)
                    .help("give the project a lower sync wave than all its Applications"),
            );
        }
    }
}

/// Whether one Application brings both.
fn same_sync(project: &Argo<'_>, application: &Argo<'_>) -> bool {
    use super::argo::Place;
    match (project.place, application.place) {
        (Place::In(a), Place::In(b)) => a.name == b.name,
        (Place::OfSite(_), Place::OfInstance(_)) => true,
        _ => false,
    }
}

/// The sync wave of an object; 0 where none, or nothing that Argo CD can read, is written.
pub(super) fn wave(object: &Object) -> i64 {
    object
        .annotation(WAVE)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// What is written as the sync wave, where it is no text of a whole number.
fn unreadable(object: &Object) -> Option<String> {
    let written = object
        .value()
        .get("metadata")?
        .get("annotations")?
        .get(WAVE)?;
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())
    };
    match written {
        Value::String(text) if digits(text.strip_prefix('-').unwrap_or(text)) => None,
        other => Some(format!("`{other}`")),
    }
}
