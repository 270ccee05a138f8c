//! All integration tests, in one binary.

mod bundle;
mod health;
mod interruption;
mod made_site;
mod oracle;
mod rules;
mod schemas;
mod yaml;
