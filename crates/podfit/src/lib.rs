//! Proves that every pod of a cluster has a node, also after losses, over the filters of kube-scheduler.
//!
//! [`scheduler`] holds the filters as pure functions; [`prove`](mod@prove) searches for a place for every pod.

#![forbid(unsafe_code)]

pub mod prove;
pub mod scheduler;
