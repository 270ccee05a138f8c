//! All integration tests, in one binary.

mod oracle;
mod schemas;
mod yaml;
