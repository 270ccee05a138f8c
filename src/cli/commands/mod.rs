//! One file a command: its arguments, and `run`, which asks the library and words the answer.

pub(super) mod apps;
pub(super) mod bootstrap;
pub(super) mod build;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod diff;
pub(super) mod exceptions;
pub(super) mod explain;
pub(super) mod graph;
pub(super) mod images;
pub(super) mod init;
pub(super) mod man;
pub(super) mod new;
pub(super) mod nodes;
pub(super) mod place;
pub(super) mod render;
pub(super) mod resolve;
pub(super) mod rules;
pub(super) mod schema;
mod schema_import;
