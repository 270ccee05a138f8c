//! Gives rules another weight, where the fleet says so.
//!
//! Comes in: the waivers of the fleet file and what was found on a site. Goes out: the same, each with the weight that it has here, and
//! what is wrong with the waivers themselves. The day on which one ends changes nothing that is compiled: `check` tells it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::load::Fleet;
use crate::model::{WaivedSeverity, Waiver, is_calendar_day};
use crate::nearest::nearest;
use crate::rulebook::{all_rules, find_rule};
use crate::rules;
use crate::validate::list_output_rules;
use pointer_diagnostics::{
    Diagnostic, DiagnosticVerdict, Diagnostics, Origin, Pointer, Rule, Severity,
};

/// Errors that show after a site is compiled, and that may be waived beside those of the checks over its output.
const AFTER_COMPILING: &[&str] = &[
    "drain-blocked",
    "loss-not-survived",
    "no-place-for-pods",
    "rollout-blocked",
];

/// Checks over a site's output whose errors make it unsafe to sync, or impossible: what they say cannot be waived.
const NEVER: &[&str] = &[
    "kustomize-out-of-reach",
    "malformed-project",
    "namespace-not-set",
    "override-file",
    "path-not-portable",
    "project-after-application",
    "project-forbids",
    "project-too-wide",
    "secret-in-output",
    "shared-application-name",
    "shared-resource",
    "source-path-missing",
    "unclear-destination",
];

/// The waivers of a fleet, and which of them were of use.
#[derive(Debug, Default)]
pub struct WaiverSet {
    waivers: Vec<UsableWaiver>,
}

/// A waiver that holds.
#[derive(Debug)]
struct UsableWaiver {
    /// Its position in the fleet file.
    index: usize,
    waiver: Waiver,
    /// Set once it has weighed something.
    is_used: AtomicBool,
}

/// Tells whether a rule may be weighed as less than it is. A warning always may; of errors, those that show only after everything is
/// compiled, and that leave a tree which can be synced safely.
pub fn can_be_waived(rule: &Rule) -> bool {
    let is_checked = || list_output_rules().any(|known| known.code == rule.code);
    rule.severity != Severity::Error
        || AFTER_COMPILING.contains(&rule.code)
        || is_checked() && !NEVER.contains(&rule.code)
}

impl WaiverSet {
    /// Takes the waivers of a fleet. One that cannot be is reported and left out.
    pub fn of_fleet(fleet: &Fleet, found: &mut Diagnostics) -> Self {
        let mut set = Self::default();
        for (index, waiver) in fleet.spec.waivers.iter().enumerate() {
            let at = Pointer::parse("/waivers").at(index);
            let problem = find_problem(waiver, |field| fleet.origin(&at.at(field)));
            match problem {
                Some(problem) => found.push(problem),
                None => set.waivers.push(UsableWaiver {
                    index,
                    waiver: waiver.clone(),
                    is_used: AtomicBool::new(false),
                }),
            }
        }
        set
    }

    /// Weighs what was found on a site; `None` for what is found before any site.
    pub fn apply(&self, site: Option<&str>, found: &mut Diagnostics) {
        if self.waivers.is_empty() {
            return;
        }
        found.decide(|diagnostic| {
            // The narrowest wins, of equal ones the last.
            let usable = self.waivers.iter();
            let fitting = usable.filter(|usable| fits(&usable.waiver, site, diagnostic));
            let narrowest = fitting.max_by_key(|usable| narrowness(&usable.waiver));
            let Some(UsableWaiver {
                waiver, is_used, ..
            }) = narrowest
            else {
                return DiagnosticVerdict::Told(diagnostic.severity);
            };
            is_used.store(true, Ordering::Relaxed);
            match waiver.severity {
                WaivedSeverity::Off => DiagnosticVerdict::Suppressed(format!(
                    "{} (until {})",
                    waiver.reason, waiver.until
                )),
                WaivedSeverity::Warn => DiagnosticVerdict::Told(Severity::Warning),
                WaivedSeverity::Error => DiagnosticVerdict::Told(Severity::Error),
            }
        });
    }

    /// Reports waivers that weighed nothing, after all sites were compiled.
    pub fn report_unused(&self, fleet: &Fleet, found: &mut Diagnostics) {
        for usable in &self.waivers {
            if usable.is_used.load(Ordering::Relaxed) {
                continue;
            }
            let at = Pointer::parse("/waivers").at(usable.index).at("rule");
            let report = rules::WAIVER_UNUSED.report(format!(
                "nothing that is found is weighed by this waiver of `{}`",
                usable.waiver.rule
            ));
            found.push(report.primary(fleet.origin(&at), "").help(
                "take it out, or correct its `site`, `app` or `object`: an object is `<Kind>/<name>`",
            ));
        }
    }
}

/// Reports the waivers whose last day is before `day`.
pub fn report_ended(fleet: &Fleet, day: &str, found: &mut Diagnostics) {
    for (index, waiver) in fleet.spec.waivers.iter().enumerate() {
        if waiver.until.as_str() < day && is_calendar_day(&waiver.until) {
            let at = Pointer::parse("/waivers").at(index).at("until");
            let report = rules::WAIVER_ENDED.report(format!(
                "the waiver of `{}` ended on {}",
                waiver.rule, waiver.until
            ));
            found.push(
                report
                    .primary(fleet.origin(&at), "")
                    .help("mend what it waives and take it out, or agree on another day"),
            );
        }
    }
}

/// Words what is wrong with a waiver. `origin` gives the place of one of its fields.
fn find_problem(waiver: &Waiver, origin: impl Fn(&str) -> Origin) -> Option<Diagnostic> {
    let Some(rule) = find_rule(&waiver.rule) else {
        let codes = all_rules().iter().map(|rule| rule.code);
        let help = match nearest(&waiver.rule, codes) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`siteplan rules` lists the codes".to_owned(),
        };
        let message = format!("there is no rule `{}`", waiver.rule);
        let report = rules::NOT_A_CHOICE.report(message);
        return Some(report.primary(origin("rule"), "").help(help));
    };
    if waiver.severity != WaivedSeverity::Error && !can_be_waived(rule) {
        let report = rules::WAIVER_NOT_POSSIBLE.report(format!(
            "`{}` cannot be waived: {}",
            rule.code, rule.summary
        ));
        return Some(
            report
                .primary(origin("rule"), "")
                .help("mend what it tells: without that, nothing safe can be compiled"),
        );
    }
    (!is_calendar_day(&waiver.until)).then(|| {
        rules::MALFORMED_VALUE
            .report(format!("`{}` is not a day", waiver.until))
            .primary(origin("until"), "")
            .help("write YYYY-MM-DD")
    })
}

/// Tells whether a waiver is about something that was found.
fn fits(waiver: &Waiver, site: Option<&str>, diagnostic: &Diagnostic) -> bool {
    let is_on_site = waiver
        .site
        .as_deref()
        .is_none_or(|wanted| Some(wanted) == site);
    let is_of_app = waiver
        .app
        .as_deref()
        .is_none_or(|app| is_about_instance(diagnostic, app));
    let is_of_object = match &waiver.object {
        None => true,
        Some(object) => diagnostic.subject.as_ref() == Some(object),
    };
    waiver.rule == diagnostic.code && is_on_site && is_of_app && is_of_object
}

/// Tells whether a diagnostic points at the line of an instance, or below it.
fn is_about_instance(diagnostic: &Diagnostic, instance: &str) -> bool {
    let line = Pointer::parse("/spec/apps").at(instance);
    diagnostic.labels.iter().any(|label| {
        let rest = label.origin.pointer.as_str().strip_prefix(line.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn narrowness(waiver: &Waiver) -> usize {
    let fields = [&waiver.site, &waiver.app, &waiver.object];
    fields.iter().filter(|field| field.is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_name_errors_that_there_are() {
        for code in AFTER_COMPILING.iter().chain(NEVER) {
            let rule = find_rule(code).unwrap();
            assert_eq!(rule.severity, Severity::Error, "{code}");
        }
        assert!(AFTER_COMPILING.is_sorted() && NEVER.is_sorted());
    }

    #[test]
    fn what_fails_before_a_tree_is_compiled_cannot_be_waived() {
        let can = |code| can_be_waived(find_rule(code).unwrap());
        assert!(!can("yaml-syntax") && !can("no-eligible-node") && !can("secret-in-output"));
        assert!(can("unknown-reference") && can("loss-not-survived") && can("pods-not-spread"));
    }
}
