//! No object is of an API that clusters with a hosted control plane lack.

use pointer_diagnostics::{Diagnostics, Rule, Severity};

use crate::validate::CheckedRule;
use crate::validate::view::View;

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "api-not-in-hosted-cluster",
        severity: Severity::Error,
        summary: "an object is of an API that hosted clusters do not have",
        explain: include_str!("../../../docs/rules/api-not-in-hosted-cluster.md"),
    },
    check,
};

/// The groups whose operators run for clusters with their own control plane only, and the field that stands for them in a hosted one.
const ABSENT: [(&str, &str); 2] = [
    (
        "machineconfiguration.openshift.io",
        "there is no machine config operator: configuration of nodes is in the `config` of a NodePool, on the hosting cluster",
    ),
    (
        "machine.openshift.io",
        "there is no machine API: nodes are made by the NodePools on the hosting cluster",
    ),
];

fn check(view: &View<'_>, found: &mut Diagnostics) {
    if !view.plan.site.spec.cluster.is_hosted() {
        return;
    }
    for (instance, object) in view.objects() {
        let Some((_, why)) = ABSENT.iter().find(|(group, _)| *group == object.group()) else {
            continue;
        };
        let message = format!(
            "`{}` cannot be applied to a cluster whose control plane is hosted: {why}",
            object.id()
        );
        found.push(
            view.report_object(&RULE.rule, instance, object, message)
                .help("take the app out of this site, or give the cluster its own control plane; RHEL workers that join by a playbook need one"),
        );
    }
}
