//! Rules over the output: each is raised by what it is about, alone, and by nothing that comes close.

mod argo;
mod objects;

use std::collections::BTreeSet;

use pointer_diagnostics::Severity;
use siteplan::rulebook;

use crate::made_site::Made;

/// A rule, a site that raises it and nothing else, and a site that raises nothing.
pub(crate) struct Case {
    code: &'static str,
    about: &'static str,
    flagged: Made,
    clean: Made,
}

pub(crate) fn case(code: &'static str, about: &'static str, flagged: Made, clean: Made) -> Case {
    Case {
        code,
        about,
        flagged,
        clean,
    }
}

/// Rules that are raised together: what breaks a rule is often not to the closed schemas either.
const COMPANIONS: &[(&str, &str)] = &[
    ("*", "not-to-schema"),
    ("dry-run-not-skipped", "crd-after-resource"),
    ("project-after-application", "project-forbids"),
];

/// Rules that the API server's own checks raise. The objects here are only as complete as the rule that they are made for needs.
const SERVER_RULES: &[&str] = &[
    "api-version-not-served",
    "manifest-against-schema",
    "pod-security-refuses",
    "refused-by-api-server",
    "unknown-manifest-field",
];

/// Returns the codes that are raised, without those of the API server's own checks.
fn own_codes(made: &Made) -> BTreeSet<&'static str> {
    let mut codes = made.codes();
    codes.retain(|code| !SERVER_RULES.contains(code));
    codes
}

fn cases() -> Vec<Case> {
    argo::cases().into_iter().chain(objects::cases()).collect()
}

#[test]
fn each_rule_is_raised_alone() {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut seen = own_codes(&case.flagged);
        COMPANIONS
            .iter()
            .filter(|(code, _)| *code == case.code || *code == "*")
            .for_each(|(_, other)| _ = seen.remove(other));
        seen.insert(case.code);
        if !case.flagged.codes().contains(case.code) {
            wrong.push(format!("{} ({}): not raised", case.code, case.about));
        }
        if seen != BTreeSet::from([case.code]) {
            wrong.push(format!(
                "{} ({}): {:#?}",
                case.code,
                case.about,
                messages(&case.flagged)
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_else_raises_a_rule() {
    let mut wrong = Vec::new();
    for case in cases() {
        if !own_codes(&case.clean).is_empty() {
            wrong.push(format!(
                "{} ({}): {:#?}",
                case.code,
                case.about,
                messages(&case.clean)
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_finding_has_a_place_a_severity_and_an_action() {
    for case in cases() {
        let validated = case.flagged.validate();
        for diagnostic in validated.iter().filter(|d| !SERVER_RULES.contains(&d.code)) {
            let rule = rulebook::find_rule(diagnostic.code).unwrap();
            assert_eq!(diagnostic.severity, rule.severity);
            assert!(matches!(
                diagnostic.severity,
                Severity::Error | Severity::Warning
            ));
            assert!(!diagnostic.labels.is_empty(), "{}", diagnostic.message);
            assert!(
                !diagnostic.labels[0].origin.file.is_empty(),
                "{}",
                diagnostic.message
            );
            assert!(diagnostic.help.is_some(), "{}", diagnostic.message);
            assert!(!diagnostic.message.ends_with('.'), "{}", diagnostic.message);
            assert!(
                !diagnostic.message.contains("invalid"),
                "{}",
                diagnostic.message
            );
        }
    }
}

fn messages(made: &Made) -> Vec<String> {
    made.validate()
        .iter()
        .map(|d| format!("{}: {}", d.code, d.message))
        .collect()
}
