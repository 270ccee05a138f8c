//! All integration tests, in one binary.

mod bundle;
mod health;
mod made_site;
mod interruption;
mod oracle;
mod schemas;
mod yaml;
