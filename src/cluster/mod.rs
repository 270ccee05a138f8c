//! The nodes of a cluster as the pools of a site file, and their differences from one.
//!
//! Comes in: the output of `oc get nodes` and `oc get pods -A`, as YAML or JSON. Goes out: pools for a site file ([`build_pools`]), the
//! platform's share of each node ([`measure_reserved`]), or differences from a plan ([`compare_nodes`]). Nothing here asks a cluster.

mod compare;
mod import;
mod input;
mod node;
mod pods;

pub use compare::{NodeDifference, compare_nodes};
pub use import::build_pools;
pub use input::ClusterInputError;
pub use node::{ClusterNode, read_nodes};
pub use pods::measure_reserved;
