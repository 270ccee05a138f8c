//! siteplan compiles descriptions of sites into trees that Argo CD syncs.
//!
//! `src/` lists the passes; data flows one way through them.

#![forbid(unsafe_code)]

pub mod bundle;
pub mod catalogue;
pub mod cluster;
pub mod compare;
pub mod diagnostic;
pub mod kinds;
pub mod kustomize;
pub mod ledger;
pub mod load;
pub mod manifest;
pub mod model;
pub mod nearest;
pub mod patch;
pub mod place;
pub mod plan;
pub mod report;
pub mod revision;
pub mod scaffold;
pub mod scheduler;
pub mod schema;
pub mod source;
pub mod template;
pub mod tree;
pub mod validate;
pub mod write;
pub mod yaml;
