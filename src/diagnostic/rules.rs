//! The table of everything siteplan can complain about.
//!
//! One line a rule, sorted by code. The explanation is the page `docs/rules/<code>.md`; `siteplan explain CODE`, SARIF and the
//! documentation all come from here. The code that finds a problem lives in the pass that can see it.

use super::{Rule, Severity};

macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub const $name: Rule = Rule {
                code: $code,
                severity: Severity::$severity,
                summary: $summary,
                explain: include_str!(concat!("../../docs/rules/", $code, ".md")),
            };
        )*
        /// Every rule, sorted by code.
        pub const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    AMBIGUOUS_SCALAR = "ambiguous-scalar", Error, "a plain scalar that YAML readers take for different values";
    ANCHOR_IN_INPUT = "anchor-in-input", Error, "an input file uses an anchor or an alias";
    CONTROL_CHARACTER = "control-character", Error, "a file contains a character that readers do not agree on";
    DUPLICATE_KEY = "duplicate-key", Error, "a key is written twice in one map";
    MALFORMED_VALUE = "malformed-value", Error, "a value does not have the form that is expected";
    MERGE_KEY_IN_INPUT = "merge-key-in-input", Error, "an input file uses a merge key";
    MISSING_KEY = "missing-key", Error, "a map lacks a key that it must have";
    NON_STRING_KEY = "non-string-key", Error, "a key is not text to every reader";
    NOT_A_CHOICE = "not-a-choice", Error, "a value is none of those that are possible";
    OUT_OF_RANGE = "out-of-range", Error, "a value is too small, too large, too short or too long";
    SEVERAL_DOCUMENTS = "several-documents", Error, "an input file holds more than one document";
    TAG_IN_INPUT = "tag-in-input", Error, "an input file uses a tag";
    UNKNOWN_KEY = "unknown-key", Error, "a map has a key that it cannot have";
    UNKNOWN_SCHEMA_KEYWORD = "unknown-schema-keyword", Error, "an app's schema uses a keyword that JSON Schema does not have";
    UNUSABLE_SCHEMA = "unusable-schema", Error, "an app's schema of its values cannot be used";
    WRONG_TYPE = "wrong-type", Error, "a value is of another type than expected";
    YAML_SYNTAX = "yaml-syntax", Error, "a file is not well-formed YAML";
}

/// The rule with the code.
pub fn find(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|r| r.code == code)
}
