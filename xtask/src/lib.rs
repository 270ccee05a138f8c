//! Chores of the repository, as a library so that its tests can use the same measures.

pub mod house;
pub mod mutants;
