//! Sync options: Argo CD compares them letter by letter and silently ignores what it does not know.

use serde_json::Value;

use crate::bundle::{SYNC_OPTIONS, has};
use crate::nearest::nearest;
use crate::rules;
use pointer_diagnostics::{Diagnostic, Diagnostics};

use super::argo::{Argo, Place};
use super::view::{View, called};

/// An option, and since which version it works for a whole Application (all work in the annotation of an object).
const KNOWN: &[(&str, (u32, u32))] = &[
    ("ApplyOutOfSyncOnly=false", (0, 0)),
    ("ApplyOutOfSyncOnly=true", (0, 0)),
    ("ClientSideApplyMigration=false", (0, 0)),
    ("ClientSideApplyMigration=true", (0, 0)),
    ("CreateNamespace=true", (0, 0)),
    ("Delete=confirm", (3, 4)),
    ("Delete=false", (3, 4)),
    ("FailOnSharedResource=true", (0, 0)),
    ("Force=true", (0, 0)),
    ("Prune=confirm", (3, 4)),
    ("Prune=false", (3, 4)),
    ("PruneLast=true", (0, 0)),
    ("PrunePropagationPolicy=background", (0, 0)),
    ("PrunePropagationPolicy=foreground", (0, 0)),
    ("PrunePropagationPolicy=orphan", (0, 0)),
    ("Replace=false", (0, 0)),
    ("Replace=true", (0, 0)),
    ("RespectIgnoreDifferences=true", (0, 0)),
    ("ServerSideApply=false", (0, 0)),
    ("ServerSideApply=true", (0, 0)),
    ("SkipDryRunOnMissingResource=true", (3, 1)),
    ("Validate=false", (0, 0)),
];

const SERVER_SIDE: &str = "ServerSideApply=true";

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        for option in annotated(object.annotation(SYNC_OPTIONS)) {
            if let Some(trouble) = unknown(option) {
                let says = format!(
                    "{} asks for the sync option `{option}`, which Argo CD does not know",
                    called(object)
                );
                found.push(
                    view.report(&rules::UNKNOWN_SYNC_OPTION, instance, says)
                        .help(trouble),
                );
            }
        }
        if object.group() == "argoproj.io"
            && annotated(object.annotation(SYNC_OPTIONS)).any(|o| o == SERVER_SIDE)
        {
            let says = format!("{} is applied server-side", called(object));
            found.push(
                view.report(&rules::APPLICATION_APPLIED_SERVER_SIDE, instance, says)
                    .help(SERVER_SIDE_HELP),
            );
        }
    }
    for application in view.argo.iter().filter(|a| a.is_application()) {
        found.extend(of_application(view, application));
    }
}

const SERVER_SIDE_HELP: &str = "take `ServerSideApply=true` out: applied server-side, an Application loses its status in the middle of a sync";

fn of_application(view: &View<'_>, application: &Argo<'_>) -> Vec<Diagnostic> {
    let name = application.object.name();
    let report =
        |rule, says: String, help: String| application.report(view.plan, rule, says).help(help);
    let mut found = Vec::new();
    for option in options(application) {
        let since = KNOWN
            .iter()
            .find(|(known, _)| *known == option)
            .map(|(_, since)| *since);
        match since {
            None => found.push(report(
                &rules::UNKNOWN_SYNC_OPTION,
                format!("Application `{name}` asks for the sync option `{option}`, which Argo CD does not know"),
                unknown(option).unwrap_or_default(),
            )),
            Some(since) if since > (0, 0) && !has(view.argocd(), since) => found.push(report(
                &rules::SYNC_OPTION_TOO_NEW,
                format!("Argo CD {} ignores `{option}` of Application `{name}`", view.argocd().version),
                format!(
                    "it works for a whole Application from {}.{} on; before, annotate the objects",
                    since.0, since.1
                ),
            )),
            Some(_) => {}
        }
    }
    if brings_applications(view, application) && options(application).any(|o| o == SERVER_SIDE) {
        let says = format!("Application `{name}` applies Applications server-side");
        found.push(report(
            &rules::APPLICATION_APPLIED_SERVER_SIDE,
            says,
            SERVER_SIDE_HELP.to_owned(),
        ));
    }
    found
}

/// Whether other Applications are among what the Application syncs.
fn brings_applications(view: &View<'_>, application: &Argo<'_>) -> bool {
    match application.place {
        Place::OfInstance(instance) => view
            .objects_of(instance)
            .iter()
            .any(|o| o.group() == "argoproj.io" && o.kind() == "Application"),
        Place::OfSite(_) => true,
        Place::In(_) => false,
    }
}

fn options<'a>(application: &'a Argo<'_>) -> impl Iterator<Item = &'a str> {
    let options = application
        .object
        .get("/spec/syncPolicy/syncOptions")
        .and_then(Value::as_array);
    options.into_iter().flatten().filter_map(Value::as_str)
}

fn annotated(options: Option<&str>) -> impl Iterator<Item = &str> {
    options
        .into_iter()
        .flat_map(|o| o.split(','))
        .map(str::trim)
        .filter(|o| !o.is_empty())
}

/// What to write instead of an option that is not known.
fn unknown(option: &str) -> Option<String> {
    let known = || KNOWN.iter().map(|(known, _)| *known);
    if known().any(|k| k == option) {
        return None;
    }
    let same = known().find(|k| k.eq_ignore_ascii_case(option));
    Some(match same.or_else(|| nearest(option, known())) {
        Some(meant) => format!("did you mean `{meant}`? the spelling counts, capital letters too"),
        None => {
            "take it out, or look up its spelling: Argo CD ignores what it does not know".to_owned()
        }
    })
}
