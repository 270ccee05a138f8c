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
    YAML_SYNTAX = "yaml-syntax", Error, "a file is not well-formed YAML";
}

/// The rule with the code.
pub fn find(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|r| r.code == code)
}
