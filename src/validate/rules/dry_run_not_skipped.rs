//! A sync does not fail where the API of a custom resource is still missing.

use crate::argocd::SKIP_DRY_RUN;
use serde_json::Value;

use crate::bundle::{for_whole_app, skips_dry_run};
use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::argo::ArgoOrigin;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "dry-run-not-skipped",
        severity: Severity::Error,
        summary: "a sync fails while the API of a custom resource is missing",
        explain: include_str!("../../../docs/rules/dry-run-not-skipped.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for early in view.early_resources() {
        if skips_all_dry_runs(view, early.instance) || skips_dry_run(early.object) {
            continue;
        }
        let message = format!(
            "the sync of `{}` fails while the API of {} is missing",
            early.instance.name,
            called(early.object)
        );
        found.push(
            view.report(&RULE.rule, early.instance, message)
                .help(format!(
                    "annotate the object with `argocd.argoproj.io/sync-options: {SKIP_DRY_RUN}`"
                )),
        );
    }
}

/// Checks that the instance's Application skips the dry run of everything whose API is missing.
fn skips_all_dry_runs(view: &View<'_>, instance: &Instance) -> bool {
    let own = view
        .argo
        .iter()
        .find(|a| matches!(a.place, ArgoOrigin::OfInstance(of) if of.name == instance.name));
    let options = own
        .and_then(|a| a.object.get("/spec/syncPolicy/syncOptions"))
        .and_then(Value::as_array);
    for_whole_app(view.argocd())
        && options.is_some_and(|o| o.iter().any(|option| option == SKIP_DRY_RUN))
}
