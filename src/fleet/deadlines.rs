//! The ends of exceptions. Nothing that is compiled depends on the day; it only weighs what is told.

use super::{load_sites, site_scope};
use crate::load::{Repository, Site};
use crate::model::{EndedExceptions, is_calendar_day};
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer, Severity};

/// The day of a run, and the last one of the days ahead in which an end is told before it comes; `YYYY-MM-DD` both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDay {
    /// The day.
    pub today: String,
    /// The last day that is near.
    pub soon: String,
}

/// Reports exceptions of sites that have ended, or end soon.
pub fn report_exception_ends(
    repository: &Repository,
    names: &[String],
    day: &RunDay,
    found: &mut Diagnostics,
) {
    // What is wrong with a site is told when it is compiled.
    for site in load_sites(repository, names, &mut Diagnostics::new()) {
        let mut own = report_ends(&site, repository.fleet.spec.ended_exceptions, day);
        own.set_scope(&site_scope(repository, &site.name));
        found.append(own);
    }
}

fn report_ends(site: &Site, weight: EndedExceptions, day: &RunDay) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (index, exception) in site.spec.exceptions.iter().enumerate() {
        let until = exception.until.as_str();
        if !is_calendar_day(until) || until > day.soon.as_str() {
            continue;
        }
        let (rule, verb) = if until < day.today.as_str() {
            (&rules::EXCEPTION_ENDED, "ended")
        } else {
            (&rules::EXCEPTION_ENDS, "ends")
        };
        let at = Pointer::parse("/exceptions").at(index).at("until");
        let mut report = rule
            .report(format!(
                "the exception for `{}` {verb} on {until}: {}",
                exception.app, exception.reason
            ))
            .primary(site.origin(&at), "")
            .help("take it out, or agree on another day; what is to last belongs into the app or its values");
        if rule.code == rules::EXCEPTION_ENDED.code && weight == EndedExceptions::Error {
            report.severity = Severity::Error;
        }
        found.push(report);
    }
    found
}
