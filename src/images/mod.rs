//! Images: their full names, the fleet's facts about them, and how facts are read from a registry's answers.

mod facts;
mod import;
mod name;

pub use facts::{ImageFacts, KnownImage};
pub use import::{ImageImportError, read_image};
pub use name::{covers_image, floats, full_name};
