//! siteplan compiles descriptions of sites into trees that Argo CD syncs.
//!
//! [`compile`] is the list of the passes as code: it runs them for one site. [`fleet`] runs it for many, and compares or writes `out/`.
//! [`cli`] is the edge. ARCHITECTURE.md says what each pass takes and gives, and what all of them promise.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests make the files that they read"
    )
)]

pub mod addresses;
pub mod argocd;
pub mod bundle;
pub mod catalogue;
pub mod cli;
pub mod cluster;
pub mod compare;
pub mod compile;
pub mod definitions;
pub mod fit;
pub mod fleet;
pub mod images;
pub mod install;
pub mod kinds;
pub mod ledger;
pub mod load;
pub mod manifest;
pub mod model;
pub mod nearest;
pub mod operators;
pub mod overlay;
pub mod patch;
pub mod place;
pub mod plan;
pub mod pods;
pub mod review;
pub mod revision;
pub mod rulebook;
pub mod rules;
pub mod scaffold;
pub mod schema;
pub mod template;
pub mod tree;
pub mod validate;
pub mod waivers;
mod wording;
pub mod write;
