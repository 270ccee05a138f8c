//! All integration tests, in one binary.

mod bundle;
mod health;
mod interruption;
mod made_site;
mod oracle;
mod rules;
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and one that skips says so"
)]

mod built;
mod crds;
mod oracle;
mod repository;
mod schemas;
mod tidy;
mod yaml;
