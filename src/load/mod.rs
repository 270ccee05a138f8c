//! Reads a repository: files become sources, documents and typed entities.

mod entity;

pub use entity::{App, Fleet, Layers, Site, Template};
