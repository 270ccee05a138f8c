//! Patches: strategic merges and JSON patches, and the objects that they are for.

pub(crate) mod apply;
pub(crate) mod content;
pub(crate) mod json;
mod keyed_list;
mod normalize;
pub(crate) mod schema;
pub(crate) mod select;
pub(crate) mod strategic;
