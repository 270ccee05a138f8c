//! The problem to prove: nodes, workloads, budgets, and the losses to survive.

use crate::scheduler::{Namespaces, NodeInfo, PodSpec};
use kubernetes_vocabulary::LabelSelector;

/// Nodes, the pods that are to run on them, and the promise of availability.
#[derive(Debug, Clone, Default)]
pub struct PlacementProblem {
    /// The nodes.
    pub nodes: Vec<NodeInfo>,
    /// Flags of the nodes that kube-scheduler does not know, in the order of `nodes`.
    pub machines: Vec<MachineState>,
    /// The labels of the namespaces.
    pub namespaces: Namespaces,
    /// The workloads, each with its pods.
    pub workloads: Vec<Workload>,
    /// The disruption budgets.
    pub budgets: Vec<DisruptionBudget>,
    /// The number of nodes that may be lost at once.
    pub lost_nodes: u32,
    /// The number of zones that may be lost at once.
    pub lost_zones: u32,
}

/// The state of a node's machine, as far as it matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineState {
    /// True if something fences the node when it fails, so that its stateful pods may start elsewhere.
    pub remediated: bool,
    /// True if the node is away at present: its machine is, or it is cordoned. What is proved holds for when it is back; what is short
    /// until then is said apart.
    pub away: bool,
    /// True if the node is taken for lost, to see what happens: a loss beside those that are promised.
    pub lost: bool,
}

/// Pods that are alike.
#[derive(Debug, Clone, Default)]
pub struct Workload {
    /// The requirements of each pod; `spec.owner` is the workload's name.
    pub spec: PodSpec,
    /// The number of pods; ignored for `per_node` workloads, which have one on each node that they are meant for.
    pub pods: u32,
    /// True if it is a DaemonSet.
    pub per_node: bool,
    /// The recovery of a pod whose node is lost.
    pub recovery: Recovery,
    /// The number of pods that must be there.
    pub redundancy: Redundancy,
    /// Reason why it need not survive; `None`: it must.
    pub expendable: Option<String>,
    /// The priority of its pods (`PriorityClass.value`); 0 by default.
    pub priority: i32,
    /// The rolling update; `None`: old pods go first, or it is not updated in place.
    pub rollout: Option<RollingUpdate>,
}

/// The recovery of a pod whose node is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recovery {
    /// Its controller makes another (Deployment, Job).
    #[default]
    Replaced,
    /// Another may start only after the node has been fenced (StatefulSet, virtual machine).
    Fenced,
}

/// The number of a workload's pods that must be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redundancy {
    /// Each.
    #[default]
    Each,
    /// One at least: the pods are copies of each other.
    Copies,
    /// More than half.
    Majority,
}

impl Redundancy {
    /// Returns the least number of pods out of `pods` with which the workload works.
    pub fn needed(self, pods: u32) -> u32 {
        match self {
            Self::Each => pods,
            Self::Copies => pods.min(1),
            Self::Majority => pods / 2 + 1,
        }
    }
}

/// A rolling update, in pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollingUpdate {
    /// The number of pods that may be there beyond the replicas.
    pub surge: u32,
    /// The number of replicas that may be missing.
    pub unavailable: u32,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisruptionBudget {
    /// Its name, as messages name it.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The pods it protects; `None` is none.
    pub selector: Option<LabelSelector>,
    /// The limit.
    pub limit: BudgetLimit,
}

/// The limit of a disruption budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetLimit {
    /// So many must be there.
    MinAvailable(PodShare),
    /// So many may be missing.
    MaxUnavailable(PodShare),
    /// Pods leave only when they have been moved to another node (live migration).
    Moved,
}

impl Default for BudgetLimit {
    fn default() -> Self {
        Self::MaxUnavailable(PodShare::Pods(1))
    }
}

/// A number of pods, or a percentage of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodShare {
    /// So many pods.
    Pods(u32),
    /// So many percent, rounded up.
    Percent(u32),
}

impl PodShare {
    /// Returns the number of pods out of `pods`, rounded up (`intstr.GetScaledValueFromIntOrPercent`).
    pub fn of(self, pods: u32) -> u32 {
        match self {
            Self::Pods(n) => n,
            Self::Percent(percent) => {
                u32::try_from((u64::from(pods) * u64::from(percent)).div_ceil(100))
                    .unwrap_or(u32::MAX)
            }
        }
    }
}

impl DisruptionBudget {
    /// Returns whether it protects the workload's pods.
    pub fn protects(&self, spec: &PodSpec) -> bool {
        self.namespace == spec.namespace
            && self
                .selector
                .as_ref()
                .is_some_and(|s| s.matches(&spec.labels))
    }

    /// Returns how many of `pods` healthy pods may be evicted at once.
    pub fn allows(&self, pods: u32) -> u32 {
        match self.limit {
            BudgetLimit::MinAvailable(share) => pods.saturating_sub(share.of(pods)),
            BudgetLimit::MaxUnavailable(share) => share.of(pods).min(pods),
            BudgetLimit::Moved => 0,
        }
    }
}
