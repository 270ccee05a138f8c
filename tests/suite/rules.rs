//! The rulebook against the folders: source files, pages, fixtures, and the list of codes.
//!
//! `BLESS=1` writes the registry of `src/validate/rules/` and the list of codes from what is there.

use std::collections::BTreeSet;

use siteplan::rulebook;
use siteplan::validate::CHECKED_RULES;

use crate::repository;

/// The rules that are checks of their own over a site's output, a file each.
const FOLDER: &str = "src/validate/rules";

#[test]
fn codes_are_sorted_and_unique() {
    let codes: Vec<&str> = rulebook::all_rules().iter().map(|rule| rule.code).collect();
    let sorted: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes, Vec::from_iter(sorted));
}

/// Every file of the folder is in its registry, under the code that it is named after.
#[test]
fn the_registry_lists_the_folder() {
    let modules: Vec<String> = repository::list(FOLDER)
        .iter()
        .filter_map(|path| path.rsplit('/').next()?.strip_suffix(".rs"))
        .filter(|module| *module != "mod")
        .map(str::to_owned)
        .collect();
    repository::hold_or_bless(&format!("{FOLDER}/mod.rs"), &registry_of(&modules));
    let codes: Vec<String> = CHECKED_RULES
        .iter()
        .map(|checked| checked.rule.code.replace('-', "_"))
        .collect();
    assert_eq!(codes, modules, "a file is named after the code of its rule");
}

/// Returns the source text of a registry.
fn registry_of(modules: &[String]) -> String {
    let mut text = String::from(
        "//! The rules over a site's output, a file each.\n\
         //!\n\
         //! `BLESS=1 cargo test --locked rules::` writes this list from the folder.\n\n",
    );
    for module in modules {
        text += &format!("pub(super) mod {module};\n");
    }
    text += "\nuse super::CheckedRule;\n\n\
             /// Every rule of this folder, sorted by code.\n\
             pub(super) const REGISTRY: &[&CheckedRule] = &[\n";
    for module in modules {
        text += &format!("    &{module}::RULE,\n");
    }
    text + "];\n"
}

/// A code is an interface: CI settings and links name it. This list changes when one is added, and never otherwise.
#[test]
fn the_codes_are_those_of_the_list() {
    let codes: String = rulebook::all_rules()
        .iter()
        .map(|rule| format!("{}\n", rule.code))
        .collect();
    repository::hold_or_bless("tests/suite/snapshots/codes.txt", &codes);
}

#[test]
fn every_rule_has_a_page_with_four_headings_and_no_page_is_left_over() {
    let known: BTreeSet<String> = rulebook::all_rules()
        .iter()
        .map(|rule| format!("{}.md", rule.code))
        .collect();
    let pages = repository::pages_of_rules();
    let written = pages
        .iter()
        .map(|(path, _)| path.rsplit('/').next().unwrap().to_owned());
    assert_eq!(written.collect::<BTreeSet<String>>(), known);
    for rule in rulebook::all_rules() {
        let headings: Vec<&str> = headings(rule.explain);
        let title = format!("# {}", rule.code);
        let expected = [
            &title,
            "## What it finds",
            "## Why it matters",
            "## Example",
            "## How to fix",
        ];
        assert_eq!(headings, expected, "docs/rules/{}.md", rule.code);
        assert!(
            !rule.summary.ends_with('.'),
            "the summary of {} is a phrase",
            rule.code
        );
    }
}

/// Returns the headings of a page, outside of its code blocks.
fn headings(page: &str) -> Vec<&str> {
    page.split("```")
        .step_by(2)
        .flat_map(str::lines)
        .filter(|line| line.starts_with('#'))
        .collect()
}
