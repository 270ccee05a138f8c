//! siteplan compiles descriptions of sites into trees that Argo CD syncs.
//!
//! `src/` lists the passes; data flows one way through them:
//!
//! | pass | from | to |
//! |---|---|---|
//! | [`load`] | files | typed [`load::Site`]s and [`load::App`]s, checked against their schemas |
//! | [`plan`](mod@plan) | a site and its apps | [`plan::SitePlan`]: everything resolved, waves |
//! | [`place`](mod@place) | a plan and the pods found in the bases | exact changes: affinity, storage, availability |
//! | [`overlay`](mod@overlay) | a plan and the changes | kustomize overlays, in memory |
//! | [`kustomize`] | overlays and bases | final manifests, as kustomize builds them |
//! | [`bundle`](mod@bundle) | plan and manifests | Applications, AppProject, root, bootstrap |
//! | [`validate`](mod@validate) | manifests and Applications | what Kubernetes or Argo CD would refuse |
//! | [`pods`](mod@pods) | manifests | every pod they lead to |
//! | [`fit`](mod@fit) | pods and nodes | a proof that all have a place, also after losses |
//! | [`compare`](mod@compare) | the tree and out/, or two sets of manifests | what differs |
//! | [`write`](mod@write) | the tree | out/, in one step |
//!
//! [`compile`] runs them for one site. [`cli`] and [`report`] are the edges.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests make the files that they read"
    )
)]

pub mod argocd;
pub mod bundle;
pub mod catalogue;
pub mod cli;
pub mod cluster;
pub mod compare;
pub mod compile;
pub mod fit;
pub mod kinds;
pub mod ledger;
pub mod load;
pub mod manifest;
pub mod model;
pub mod nearest;
pub mod overlay;
pub mod patch;
pub mod place;
pub mod plan;
pub mod pods;
pub mod revision;
pub mod rulebook;
pub mod rules;
pub mod scaffold;
pub mod schema;
pub mod template;
pub mod tree;
pub mod validate;
pub mod write;
