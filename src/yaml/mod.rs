//! The one door for YAML: one reader for every file, one writer for everything that is written.
//!
//! - [`read`] turns text into [`Node`]s, which remember style, tag and place;
//! - [`Node::to_value`] resolves plain scalars as kustomize does (go-yaml: `0644` is 420, `yes` is text);
//! - [`read_input`] is for siteplan's own inputs: it refuses what readers disagree on;
//! - [`span`] finds the bytes of a field when a message is printed;
//! - [`write`](write()) prints values in kustomize's format, with strings quoted for every YAML reader;
//! - [`write_as_kustomize`] prints exactly the bytes that kustomize prints.

mod ambiguity;
mod input;
mod meaning;
mod merge_key;
mod node;
mod quick;
mod read;
mod scalar;
mod span;
mod value;
mod write;

pub use input::{Input, read_input};
pub use node::{Data, Node, ReadError, Style, TextRange};
pub use read::{Limits, read};
pub use span::{Spans, span};
pub use write::{write, write_as_kustomize, write_documents, write_documents_as_kustomize};

pub(crate) use meaning::Meaning;
pub(crate) use merge_key::expand_merge_keys;
pub(crate) use read::read_first;
pub(crate) use scalar::{Dialect, Resolved, resolve};
pub(crate) use value::{binary_text, float_number};
pub(crate) use write::{append_as_kustomize, float_text, general_float, text_style, written_field};
