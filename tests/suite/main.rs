//! All integration tests, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and one that skips says so"
)]

mod acp;
mod between;
mod broken_inputs;
mod budgets;
mod built;
mod bundle;
mod checked;
mod cli;
mod compiled;
mod crds;
mod data_platform;
mod definitions;
mod determinism;
mod docs;
mod exceptions;
mod fit;
mod fleet;
mod fleet_library;
mod golden;
mod health;
mod hetero_demo;
mod history;
mod hosted_clusters;
mod interruption;
mod kill;
mod kustomize;
mod links;
mod made_site;
mod oracle;
mod policies;
mod powervs;
mod repeated_mistakes;
mod report_schema;
mod repository;
mod review;
mod robustness;
mod rule_fixtures;
mod rules;
mod schemas;
mod terminal;
mod tidy;
mod updates;
mod validate;
mod waivers;
mod yaml;
