#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests read the files that they compare"
    )
)]

mod ambiguity;
mod limits;
mod meaning;
mod merge_key;
mod node;
mod number;
mod pointer;
mod quick;
mod read;
mod scalar;
mod span;
mod syntax_help;
mod value;
mod write;

pub use ambiguity::{Ambiguity, find_ambiguity};
pub use limits::ReadLimits;
pub use node::{NodeData, ReadError, ScalarStyle, TextRange, YamlNode};
pub use number::{convert_float, print_float, print_general_float};
pub use pointer::{FieldPart, Pointer};
pub use read::{
    ParsedText, find_forbidden_character, parse_documents, read_documents, read_first_document,
};
pub use span::{Spans, find_span};
pub use syntax_help::{SyntaxEdit, SyntaxHelp, explain_syntax_error};
pub use write::{
    write_as_kustomize, write_document, write_documents, write_documents_as_kustomize,
};

pub use meaning::Meaning;
pub use merge_key::expand_merge_keys;
pub use scalar::{Dialect, ResolvedScalar, resolve_scalar};
pub use value::decode_binary_text;
pub use write::{append_as_kustomize, append_styled_text, choose_text_style, print_field};
