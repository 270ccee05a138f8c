//! Every rule of siteplan: those of the table, those that are checks of their own, and those of the renderer.
//!
//! `siteplan explain CODE`, `siteplan rules`, SARIF and the documentation come from here.

use std::sync::LazyLock;

use pointer_diagnostics::Rule;

use crate::rules;
use crate::validate::list_output_rules;

static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let tables = rules::OWN.iter().chain(rustomize::rules::OWN);
    let mut all: Vec<&Rule> = tables.chain(list_output_rules()).collect();
    all.sort_by_key(|rule| rule.code);
    all
});

/// Returns every rule, sorted by code.
pub fn all_rules() -> &'static [&'static Rule] {
    &ALL
}

/// Returns the rule with a code.
pub fn find_rule(code: &str) -> Option<&'static Rule> {
    let index = ALL.binary_search_by(|rule| rule.code.cmp(code)).ok()?;
    Some(ALL[index])
}
