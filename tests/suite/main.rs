//! All integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and one that skips says so"
)]

mod built;
mod bundle;
mod crds;
mod health;
mod interruption;
mod kustomize;
mod made_site;
mod oracle;
mod repository;
mod rules;
mod schemas;
mod tidy;
mod validate;
mod yaml;
