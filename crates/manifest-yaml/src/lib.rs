//! The one door for YAML: one reader for every file, one writer for everything that is written.
//!
//! - [`read`] turns text into [`Node`]s, which remember style, tag and place;
//! - [`Node::to_value`] resolves plain scalars as kustomize does (go-yaml: `0644` is 420, `yes` is text);
//! - [`ambiguity`](ambiguity()) tells what readers disagree on;
//! - [`span`] finds the bytes of a field when a message is printed;
//! - [`write`](write()) prints values in kustomize's format, with strings quoted for every YAML reader;
//! - [`write_as_kustomize`] prints exactly the bytes that kustomize prints.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests read the files that they compare"
    )
)]

mod ambiguity;
mod meaning;
mod merge_key;
mod node;
mod pointer;
mod quick;
mod read;
mod scalar;
mod span;
mod value;
mod write;

pub use ambiguity::{Ambiguity, ambiguity};
pub use node::{Data, Node, ReadError, Style, TextRange};
pub use pointer::{Part, Pointer};
pub use read::{Limits, Parsed, forbidden_character, parse, read, read_first};
pub use span::{Spans, span};
pub use write::{write, write_as_kustomize, write_documents, write_documents_as_kustomize};

pub use meaning::Meaning;
pub use merge_key::expand_merge_keys;
pub use scalar::{Dialect, Resolved, resolve};
pub use value::{binary_text, float_number};
pub use write::{append_as_kustomize, float_text, general_float, text_style, written_field};
