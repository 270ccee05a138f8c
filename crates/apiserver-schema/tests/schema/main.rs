//! Holds the crate against recorded answers of a real API server, and against published definitions.

mod documents;
mod example;
mod hostile;
mod policies;
mod published;
mod repository;
mod truth;
