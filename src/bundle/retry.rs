//! The policy by which Argo CD tries a failed sync again.

use serde_json::{Value, json};

use crate::model::ArgoCd;

use super::{ArgoCdVersion, is_since};

/// The Argo CD whose attempts look for a newer commit (`retry.refresh`).
const REFRESHES: ArgoCdVersion = ArgoCdVersion::new(3, 2);

/// The Application whose sync is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetriedApplication {
    /// One with the objects of an instance: it waits for APIs that operators bring, over a slow line.
    Instance,
    /// The one with the labels of nodes: it fails as long as a node is away, and every attempt mends the labels of the others.
    Nodes,
    /// A root: it only applies Applications, and until its next attempt no newer commit reaches them.
    Root,
}

impl RetriedApplication {
    /// Returns the longest time between two attempts, as Argo CD writes it.
    fn longest_pause(self) -> &'static str {
        match self {
            Self::Instance => "5m",
            Self::Nodes | Self::Root => "1m",
        }
    }
}

/// Returns the retry policy of an Application. Attempts do not end, so that nobody has to press a button after a long outage.
///
/// Before Argo CD 3.2 an attempt keeps its commit: endless attempts would never take the one that mends it, so there they end.
pub(super) fn retry_policy(argocd: &ArgoCd, application: RetriedApplication) -> Value {
    let pause = application.longest_pause();
    let backoff = json!({"duration": "10s", "factor": 2, "maxDuration": pause});
    if is_since(argocd, REFRESHES) {
        json!({"limit": -1, "refresh": true, "backoff": backoff})
    } else {
        json!({"limit": 10, "backoff": backoff})
    }
}
