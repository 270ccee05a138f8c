//! PodDisruptionBudgets: those in the manifests. Those that operators make follow their own replicas and are not known here.

use kubernetes_vocabulary::LabelSelector;
use serde::Deserialize as _;
use serde_json::Value;

use super::rollout::read_share;
use super::{PodsInput, SitePods, WorkloadSource, list_objects};
use crate::manifest::Object;
use podfit::prove::{BudgetLimit, DisruptionBudget, PodShare};

/// Adds the budgets of the manifests.
pub(super) fn add_budgets(input: &PodsInput<'_>, site: &mut SitePods) {
    for (instance, object) in list_objects(input)
        .filter(|(_, o)| o.group() == "policy" && o.kind() == "PodDisruptionBudget")
    {
        site.problem.budgets.push(read_budget(object));
        site.budgets.push(WorkloadSource {
            instance: instance.name.clone(),
            object: object.id(),
            part: "budget".to_owned(),
            origin: instance.origin.clone(),
            pool: None,
        });
    }
}

fn read_budget(object: &Object) -> DisruptionBudget {
    let field = |key: &str| object.get(key).filter(|v| !v.is_null());
    let limit = match (field("/spec/maxUnavailable"), field("/spec/minAvailable")) {
        (Some(most), _) => {
            BudgetLimit::MaxUnavailable(read_share(most).unwrap_or(PodShare::Pods(0)))
        }
        (None, Some(least)) => {
            BudgetLimit::MinAvailable(read_share(least).unwrap_or(PodShare::Percent(100)))
        }
        // The API's default where neither is written.
        (None, None) => BudgetLimit::MinAvailable(PodShare::Pods(1)),
    };
    DisruptionBudget {
        name: object.id().to_string(),
        namespace: object.namespace().unwrap_or_default().to_owned(),
        selector: field("/spec/selector").and_then(|s: &Value| LabelSelector::deserialize(s).ok()),
        limit,
    }
}
