//! Patches: strategic merges and JSON patches, and which objects they are for.

pub(super) mod apply;
pub(super) mod json;
pub(super) mod schema;
pub(super) mod select;
pub(super) mod strategic;
