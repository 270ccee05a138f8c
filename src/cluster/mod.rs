//! The nodes of a cluster as the pools of a site file, and their differences from one; the objects of a bootstrap beside git's.
//!
//! Comes in: the output of `oc get nodes` and `oc get pods -A`, as YAML or JSON. Goes out: pools for a site file ([`build_pools`]), the
//! platform's share of each node ([`measure_reserved`]), differences from a plan ([`compare_nodes`]), or from a bootstrap ([`compare_bootstrap`]). Nothing here asks a cluster.

mod bootstrap;
mod compare;
mod import;
mod input;
mod node;
mod pods;

pub use bootstrap::{BootstrapDifference, compare_bootstrap, read_bootstrap};
pub use compare::{NodeDifference, compare_nodes};
pub use import::build_pools;
pub use input::ClusterInputError;
pub use node::{ClusterNode, read_nodes};
pub use pods::measure_reserved;
