//! Objects that the API server, or kubectl's way of applying, has no room for.

use crate::bundle::SYNC_OPTIONS;
use crate::manifest::Object;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::syntax::MAX_ANNOTATIONS;
use super::view::{View, called};

/// The API server refuses larger requests, and etcd larger values (1.5 MiB); status and managed fields need room too.
const MAX_OBJECT: usize = 1 << 20;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let size = object.value().to_string().len();
        let (limit, help) = match size {
            size if size > MAX_OBJECT => (
                MAX_OBJECT,
                "split it, or keep its content outside of the cluster",
            ),
            size if size > MAX_ANNOTATIONS && !applied_whole(object) => (
                MAX_ANNOTATIONS,
                "annotate it with `argocd.argoproj.io/sync-options: ServerSideApply=true`: otherwise a copy of it goes into an annotation",
            ),
            _ => continue,
        };
        let says = format!(
            "{} has {size} bytes, at most {limit} are possible",
            called(object)
        );
        found.push(
            view.report(&rules::OBJECT_TOO_LARGE, instance, says)
                .help(help),
        );
    }
}

/// Whether the object is applied without a copy of it in an annotation.
fn applied_whole(object: &Object) -> bool {
    let options = object.annotation(SYNC_OPTIONS).unwrap_or_default();
    options
        .split(',')
        .any(|o| matches!(o.trim(), "ServerSideApply=true" | "Replace=true"))
}
