#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod annotations;
pub mod fields;
pub mod labels;
pub mod names;
mod quantity;
#[cfg(feature = "schemars")]
pub mod schema;
mod scope;
mod selector;
pub mod taint;

pub use quantity::{Quantity, QuantityError};
pub use scope::ResourceScope;
pub use selector::{
    LabelRequirement, LabelSelector, Labels, NodeSelectorTerm, SelectorError, SelectorOperator,
    null_as_default,
};
pub use taint::{Taint, TaintEffect, Toleration, TolerationOperator};
