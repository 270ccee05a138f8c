//! Checks the policies by which a Job fails or succeeds (`validatePodFailurePolicy`, `validateSuccessPolicy`).

use crate::field::Field;
use crate::report::{Report, shorten};
use crate::rules;
use crate::seen::Seen;
use crate::text::TextForm;
use crate::violation::Cause;

const RULES_MOST: usize = 20;
const PATTERNS_MOST: usize = 20;
const EXIT_CODES_MOST: usize = 255;
/// The length of a list of indexes, in bytes.
const INDEXES_LENGTH_MOST: usize = 64 * 1024;

/// Checks which failures of pods make the Job fail.
pub(crate) fn check_failure_policy(spec: &Field, report: &mut Report) {
    let policy = spec.get("podFailurePolicy");
    let list = policy.get("rules");
    report.at_most(&list, RULES_MOST);
    for rule in list.items() {
        let action = rule.get("action");
        if report.present(&action) {
            report.exactly_one_of(&action, &["Count", "FailIndex", "FailJob", "Ignore"]);
        }
        if action.text() == "FailIndex" && !spec.get("backoffLimitPerIndex").exists() {
            report.invalid(
                &action,
                &rules::JOB_POLICY,
                "`FailIndex` without `backoffLimitPerIndex`",
            );
        }
        let (codes, conditions) = (rule.get("onExitCodes"), rule.get("onPodConditions"));
        if codes.exists() {
            check_exit_codes(spec, &codes, report);
        }
        check_conditions(&conditions, report);
        if codes.exists() == (conditions.count() > 0) {
            report.invalid(
                &rule,
                &rules::JOB_POLICY,
                "expected one of `onExitCodes` and `onPodConditions`",
            );
        }
    }
}

fn check_conditions(conditions: &Field, report: &mut Report) {
    report.at_most(conditions, PATTERNS_MOST);
    for pattern in conditions.items() {
        let (kind, status) = (pattern.get("type"), pattern.get("status"));
        report.form_of(
            &kind,
            kind.text(),
            &rules::NAME_SYNTAX,
            TextForm::QualifiedName,
        );
        // The API server fills in `True`.
        report.one_of(&status, &["False", "True", "Unknown"]);
    }
}

fn check_exit_codes(spec: &Field, codes: &Field, report: &mut Report) {
    let (operator, values, name) = (
        codes.get("operator"),
        codes.get("values"),
        codes.get("containerName"),
    );
    if report.present(&operator) {
        report.exactly_one_of(&operator, &["In", "NotIn"]);
    }
    if name.exists() {
        let pod = spec.get("template");
        let pod = pod.get("spec");
        let known = ["containers", "initContainers"].iter().any(|list| {
            pod.get(list)
                .items()
                .any(|c| c.get("name").text() == name.text())
        });
        if !known {
            let message = format!("`{}` is no container of the template", shorten(name.text()));
            report.invalid(&name, &rules::JOB_POLICY, message);
        }
    }
    if values.is_empty() {
        report.invalid(
            &values,
            &rules::JOB_POLICY,
            "missing or empty: at least one exit code is required",
        );
    }
    report.at_most(&values, EXIT_CODES_MOST);
    let (mut seen, mut last) = (Seen::new(), i64::MIN);
    for value in values.items() {
        let Some(code) = value.int() else { continue };
        if code == 0 && operator.text() == "In" {
            report.invalid(
                &value,
                &rules::JOB_POLICY,
                "0 with `In`: an exit code of 0 is no failure",
            );
        }
        if !seen.insert(code) {
            report.duplicate(
                &value,
                &rules::JOB_POLICY,
                format!("{code} is listed twice"),
            );
        } else if code < last {
            report.invalid(
                &values,
                &rules::JOB_POLICY,
                "exit codes out of order: expected them ascending",
            );
        }
        last = code;
    }
}

/// Checks which indexes have to succeed.
pub(crate) fn check_success_policy(spec: &Field, report: &mut Report) {
    let policy = spec.get("successPolicy");
    if !policy.exists() || spec.get("completionMode").text() != "Indexed" {
        return;
    }
    let list = policy.get("rules");
    if list.is_empty() {
        report.required(&list, "missing or empty: at least one rule is required");
    }
    report.at_most(&list, RULES_MOST);
    let completions = spec.get("completions").int().unwrap_or(i64::MAX);
    for rule in list.items() {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.exists() && !indexes.exists() {
            report.required(
                &rule,
                "missing: `succeededCount` or `succeededIndexes` is required",
            );
        }
        report.nonnegative(&count);
        let mut most = completions;
        if indexes.value().is_string() {
            most = most.min(check_indexes(&indexes, completions, report));
        }
        if count.int().is_some_and(|number| number > most) {
            let message = format!(
                "{} indexes: expected {most} at most",
                count.int().unwrap_or_default()
            );
            report.invalid(&count, &rules::JOB_POLICY, message);
        }
    }
}

/// Checks a list of indexes such as `1,3-5`, and returns how many there are; 0 when it is malformed.
fn check_indexes(field: &Field, completions: i64, report: &mut Report) -> i64 {
    let text = field.text();
    if text.len() > INDEXES_LENGTH_MOST {
        let message = format!(
            "the list has {} bytes: expected {INDEXES_LENGTH_MOST} at most",
            text.len()
        );
        report.add(field, Cause::TooLong, &rules::TOO_LONG, message);
    }
    match count_indexes(text, completions) {
        Ok(number) => number,
        Err(part) => {
            let message = format!(
                "`{}` is no index or ascending range below {completions}",
                shorten(part)
            );
            report.invalid(field, &rules::JOB_POLICY, message);
            0
        }
    }
}

/// Counts the indexes of a list; the error is the part that is malformed (`validateIndexesFormat`).
fn count_indexes(text: &str, completions: i64) -> Result<i64, &str> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total) = (i64::MIN, 0);
    for part in text.split(',') {
        let (start, end) = part
            .split_once('-')
            .map_or((part, None), |(start, end)| (start, Some(end)));
        let first: i64 = start.parse().map_err(|_| part)?;
        let end: i64 = match end {
            Some(end) => end.parse().ok().filter(|end| *end > first).ok_or(part)?,
            None => first,
        };
        if first >= completions || end >= completions || first <= last {
            return Err(part);
        }
        total += end - first + 1;
        last = end;
    }
    Ok(total)
}
