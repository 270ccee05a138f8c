//! Sync options: Argo CD compares them letter by letter and silently ignores what it does not know.

use crate::argocd::SYNC_OPTIONS;
use serde_json::Value;

use crate::bundle::{ArgoCdVersion, is_since};
use crate::manifest::Object;
use crate::model::ArgoCd;
use crate::nearest::nearest;

use super::argo::Argo;

/// A sync option of Argo CD.
pub(super) struct SyncOption {
    text: &'static str,
    /// The version from which on it works for a whole Application. All work in the annotation of an object.
    pub(super) since: ArgoCdVersion,
}

const ALWAYS: ArgoCdVersion = ArgoCdVersion::new(0, 0);

const KNOWN: &[SyncOption] = &[
    option("ApplyOutOfSyncOnly=false", ALWAYS),
    option("ApplyOutOfSyncOnly=true", ALWAYS),
    option("ClientSideApplyMigration=false", ALWAYS),
    option("ClientSideApplyMigration=true", ALWAYS),
    option("CreateNamespace=true", ALWAYS),
    option("Delete=confirm", ArgoCdVersion::new(3, 4)),
    option("Delete=false", ArgoCdVersion::new(3, 4)),
    option("FailOnSharedResource=true", ALWAYS),
    option("Force=true", ALWAYS),
    option("Prune=confirm", ArgoCdVersion::new(3, 4)),
    option("Prune=false", ArgoCdVersion::new(3, 4)),
    option("PruneLast=true", ALWAYS),
    option("PrunePropagationPolicy=background", ALWAYS),
    option("PrunePropagationPolicy=foreground", ALWAYS),
    option("PrunePropagationPolicy=orphan", ALWAYS),
    option("Replace=false", ALWAYS),
    option("Replace=true", ALWAYS),
    option("RespectIgnoreDifferences=true", ALWAYS),
    option("ServerSideApply=false", ALWAYS),
    option("ServerSideApply=true", ALWAYS),
    option("SkipDryRunOnMissingResource=true", ArgoCdVersion::new(3, 1)),
    option("Validate=false", ALWAYS),
];

pub(super) const SERVER_SIDE: &str = "ServerSideApply=true";

const fn option(text: &'static str, since: ArgoCdVersion) -> SyncOption {
    SyncOption { text, since }
}

impl SyncOption {
    /// Checks that a version of Argo CD heeds the option for a whole Application.
    pub(super) fn works_in(&self, argocd: &ArgoCd) -> bool {
        self.since == ALWAYS || is_since(argocd, self.since)
    }
}

/// Returns the sync option that is written exactly so.
pub(super) fn find_sync_option(text: &str) -> Option<&'static SyncOption> {
    KNOWN.iter().find(|known| known.text == text)
}

/// Suggests what to write instead of an option that is not known.
pub(super) fn suggest_sync_option(text: &str) -> String {
    let known = || KNOWN.iter().map(|known| known.text);
    let same = known().find(|k| k.eq_ignore_ascii_case(text));
    match same.or_else(|| nearest(text, known())) {
        Some(meant) => format!("did you mean `{meant}`? the spelling counts, capital letters too"),
        None => {
            "take it out, or look up its spelling: Argo CD ignores what it does not know".to_owned()
        }
    }
}

/// Returns the options in the annotation of an object.
pub(super) fn annotated_options(object: &Object) -> impl Iterator<Item = &str> {
    object
        .annotation(SYNC_OPTIONS)
        .into_iter()
        .flat_map(|options| options.split(','))
        .map(str::trim)
        .filter(|option| !option.is_empty())
}

/// Returns the options of a whole Application.
pub(super) fn application_options<'a>(application: &'a Argo<'_>) -> impl Iterator<Item = &'a str> {
    let options = application
        .object
        .get("/spec/syncPolicy/syncOptions")
        .and_then(Value::as_array);
    options.into_iter().flatten().filter_map(Value::as_str)
}
