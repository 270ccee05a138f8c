//! What a cluster says of its nodes, and how that becomes, or differs from, a site file.
//!
//! Comes in: the JSON of `oc get nodes -o json` and `oc get pods -A -o json`. Goes out: pools for a site file ([`import`](import())), the
//! platform's share of each node ([`reserved`]), or differences from a plan ([`compare`](compare())). Nothing here asks a cluster.

mod compare;
mod import;
mod node;
mod pods;

pub use compare::{Difference, compare};
pub use import::import;
pub use node::{ClusterNode, nodes};
pub use pods::reserved;
