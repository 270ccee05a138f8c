//! Objects that the API server, or kubectl's way of applying, has no room for.

use crate::argocd::SYNC_OPTIONS;
use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use kubernetes_vocabulary::annotations::TOTAL_SIZE_LIMIT;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "object-too-large",
        severity: Severity::Error,
        summary: "an object is larger than the API server or kubectl can take",
        explain: include_str!("../../../docs/rules/object-too-large.md"),
    },
    check,
};

/// The API server refuses larger requests, and etcd larger values (1.5 MiB); status and managed fields need room too.
const MAX_OBJECT: usize = 1 << 20;

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let size = object.value().to_string().len();
        let (limit, help) = match size {
            size if size > MAX_OBJECT => (
                MAX_OBJECT,
                "split it, or keep its content outside of the cluster",
            ),
            size if size > TOTAL_SIZE_LIMIT && !applied_whole(object) => (
                TOTAL_SIZE_LIMIT,
                "annotate it with `argocd.argoproj.io/sync-options: ServerSideApply=true`: otherwise a copy of it goes into an annotation",
            ),
            _ => continue,
        };
        let says = format!(
            "{} has {size} bytes, at most {limit} are possible",
            called(object)
        );
        found.push(
            view.report_object(&RULE.rule, instance, object, says)
                .help(help),
        );
    }
}

/// Checks whether the object is applied without a copy of it in an annotation.
fn applied_whole(object: &Object) -> bool {
    let options = object.annotation(SYNC_OPTIONS).unwrap_or_default();
    options
        .split(',')
        .any(|o| matches!(o.trim(), "ServerSideApply=true" | "Replace=true"))
}
