//! Holds the crate against recorded answers of a real API server, and against published definitions.

mod documents;
mod example;
mod policies;
mod published;
mod truth;
