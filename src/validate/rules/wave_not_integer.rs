//! Sync waves are whole numbers, written as text.

use crate::argocd::SYNC_WAVE;
use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::argo::ArgoOrigin;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "wave-not-integer",
        severity: Severity::Error,
        summary: "a sync wave is not a whole number in quotes",
        explain: include_str!("../../../docs/rules/wave-not-integer.md"),
    },
    check,
};

const HELP: &str = "write it as text, for instance `argocd.argoproj.io/sync-wave: \"10\"`; Argo CD takes anything else for wave 0";

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        if let Some(message) = describe_unreadable_wave(object) {
            found.push(view.report(&RULE.rule, instance, message).help(HELP));
        }
    }
    for argo in &view.argo {
        if matches!(argo.place, ArgoOrigin::In(_)) {
            continue;
        }
        if let Some(message) = describe_unreadable_wave(&argo.object) {
            found.push(argo.report(view.plan, &RULE.rule, message).help(HELP));
        }
    }
}

/// Returns a message if the object has a sync wave that is not the text of a whole number.
fn describe_unreadable_wave(object: &Object) -> Option<String> {
    let written = object
        .value()
        .get("metadata")?
        .get("annotations")?
        .get(SYNC_WAVE)?;
    if written.as_str().is_some_and(is_whole_number) {
        return None;
    }
    Some(format!(
        "the sync wave of {} is `{written}`, expected a whole number in quotes",
        called(object)
    ))
}

/// Checks for decimal digits behind an optional minus sign, few enough for 32 bits.
fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_whole_number;

    #[test]
    fn whole_numbers_have_digits_and_at_most_one_sign() {
        for good in ["0", "10", "-5", "999999999"] {
            assert!(is_whole_number(good), "{good}");
        }
        for bad in ["", "-", "--5", "+5", "1.0", "ten", " 1", "1000000000"] {
            assert!(!is_whole_number(bad), "{bad}");
        }
    }
}
