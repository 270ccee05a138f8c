//! Reports that a person can read: what repeats is told once, and what is too much is counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Diagnostic, Diagnostics, Severity};

/// The number of repetitions of a diagnostic whose further places are kept.
const KEPT_REPETITIONS: usize = 3;

/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 1_000;
/// The longest text of a label, in bytes.
const LONGEST_LABEL: usize = 500;
/// The longest help, in bytes.
const LONGEST_HELP: usize = 4_000;
/// The largest number of places of one diagnostic.
const MOST_LABELS: usize = 20;

/// The largest report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLimits {
    /// The largest number of diagnostics of one rule.
    pub per_rule: usize,
    /// The largest number of diagnostics in all. One of each rule is kept, even if there are more rules.
    pub total: usize,
}

impl ReportLimits {
    /// The limits of a report on a terminal or in a CI system.
    pub const DEFAULT: Self = Self {
        per_rule: 50,
        total: 500,
    };
}

/// Diagnostics of one rule that a report leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OmittedDiagnostics {
    /// The rule.
    pub code: &'static str,
    /// The severity of all of them.
    pub severity: Severity,
    /// The number of diagnostics.
    pub count: usize,
}

impl OmittedDiagnostics {
    /// Says how many there are: ``70 more errors of `unknown-key` are not shown``.
    pub fn describe(&self) -> String {
        let (ending, verb) = if self.count == 1 {
            ("", "is")
        } else {
            ("s", "are")
        };
        format!(
            "{} more {}{ending} of `{}` {verb} not shown",
            self.count,
            self.severity.word(),
            self.code
        )
    }
}

/// Shortens a text to about a number of bytes: its beginning and its end stay, and the bytes between them are counted.
pub fn shorten_text(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let boundary = |from: usize| (from..=text.len()).find(|at| text.is_char_boundary(*at));
    let head = boundary(longest / 3 * 2).unwrap_or(0);
    let tail = boundary(text.len() - longest / 3).unwrap_or(text.len());
    let (start, end) = (&text[..head], &text[tail..]);
    Cow::Owned(format!("{start}… ({} more bytes) …{end}", tail - head))
}

/// Shortens a text in place.
fn shorten(text: &mut String, longest: usize) {
    if let Cow::Owned(short) = shorten_text(text, longest) {
        *text = short;
    }
}

impl Diagnostic {
    /// Shortens what it quotes, and leaves out places beyond the first ones.
    fn limit_texts(&mut self) {
        shorten(&mut self.message, LONGEST_MESSAGE);
        if let Some(help) = &mut self.help {
            shorten(&mut help.text, LONGEST_HELP);
        }
        self.more_places += self.labels.len().saturating_sub(MOST_LABELS);
        self.labels.truncate(MOST_LABELS);
        for label in &mut self.labels {
            shorten(&mut label.text, LONGEST_LABEL);
        }
    }

    /// Says that the same was found in more places than the labels name; `None` where they name all.
    pub fn describe_more_places(&self) -> Option<String> {
        match self.more_places {
            0 => None,
            1 => Some("and 1 more place".to_owned()),
            n => Some(format!("and {n} more places")),
        }
    }

    /// Checks that the other one differs in its secondary places only.
    fn is_repeated_by(&self, other: &Self) -> bool {
        let help = |one: &Self| one.help.as_ref().map(|help| help.text.clone());
        help(self) == help(other)
            && self.code == other.code
            && self.severity == other.severity
            && self.message == other.message
            && !self.labels.is_empty()
            && self.labels.first() == other.labels.first()
    }

    /// Takes the secondary places of a repetition, or counts it.
    fn absorb(&mut self, repetition: Self, earlier: usize) {
        let mut labels = repetition.labels;
        labels.retain(|label| !self.labels.contains(label));
        if labels.is_empty() {
            return;
        }
        if earlier < KEPT_REPETITIONS {
            self.labels.append(&mut labels);
        } else {
            self.more_places += 1;
        }
    }
}

impl Diagnostics {
    /// Merges diagnostics that differ in their secondary places only. They are sorted already, so that these are neighbours.
    pub(crate) fn merge_repetitions(&mut self) {
        let mut kept: Vec<(Diagnostic, usize)> = Vec::with_capacity(self.items.len());
        for next in std::mem::take(&mut self.items) {
            let same = kept
                .iter_mut()
                .rev()
                .take_while(|(one, _)| one.code == next.code && one.message == next.message)
                .find(|(one, _)| *one == next || one.is_repeated_by(&next));
            match same {
                Some((one, repetitions)) => {
                    one.absorb(next, *repetitions);
                    *repetitions += 1;
                }
                None => kept.push((next, 0)),
            }
        }
        self.items = kept.into_iter().map(|(one, _)| one).collect();
    }

    /// Leaves out what is beyond the limits, the last of each rule first, and counts it. Shortens texts that quote very much.
    pub fn limit(&mut self, limits: ReportLimits) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for diagnostic in &self.items {
            *counts.entry(diagnostic.code).or_default() += 1;
        }
        let per_rule = fair_share(&counts, limits);
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        for mut diagnostic in std::mem::take(&mut self.items) {
            diagnostic.limit_texts();
            let shown = shown.entry(diagnostic.code).or_default();
            if *shown < per_rule {
                *shown += 1;
                self.items.push(diagnostic);
            } else {
                self.omit(&diagnostic);
            }
        }
    }

    /// Returns what [`Diagnostics::limit`] left out.
    pub fn omitted(&self) -> &[OmittedDiagnostics] {
        &self.omitted
    }

    fn omit(&mut self, diagnostic: &Diagnostic) {
        let known = self
            .omitted
            .iter_mut()
            .find(|o| o.code == diagnostic.code && o.severity == diagnostic.severity);
        match known {
            Some(omitted) => omitted.count += 1,
            None => self.omitted.push(OmittedDiagnostics {
                code: diagnostic.code,
                severity: diagnostic.severity,
                count: 1,
            }),
        }
    }
}

/// Returns the largest number per rule with which all rules together stay within the limits; at least one.
fn fair_share(counts: &BTreeMap<&str, usize>, limits: ReportLimits) -> usize {
    let total = |share: usize| -> usize { counts.values().map(|count| share.min(*count)).sum() };
    (1..=limits.per_rule)
        .rev()
        .find(|share| total(*share) <= limits.total)
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Rule};

    const RULE: Rule = Rule {
        code: "a-rule",
        severity: Severity::Error,
        summary: "",
        explain: "",
    };
    const OTHER: Rule = Rule {
        code: "other-rule",
        severity: Severity::Warning,
        summary: "",
        explain: "",
    };

    fn at_site(number: usize) -> Diagnostic {
        RULE.report("it is wrong")
            .primary(Origin::file("app.yaml"), "here")
            .context(Origin::file(&format!("site-{number}.yaml")), "on this site")
    }

    fn numbered(rule: &Rule, count: usize) -> impl Iterator<Item = Diagnostic> {
        (0..count).map(|n| {
            rule.report(format!("number {n}"))
                .primary(Origin::file("app.yaml"), "")
        })
    }

    #[test]
    fn sixty_sites_are_one_diagnostic() {
        let mut found: Diagnostics = (0..60).map(at_site).collect();
        found.sort(|_| 0);
        let [one] = &found.items[..] else {
            panic!("{found:#?}")
        };
        assert_eq!(one.labels.len(), 1 + 1 + KEPT_REPETITIONS);
        assert_eq!(one.more_places, 60 - 1 - KEPT_REPETITIONS);
        assert_eq!(
            one.describe_more_places().as_deref(),
            Some("and 56 more places")
        );
        assert_eq!(found.count(Severity::Error), 1);
    }

    #[test]
    fn what_is_repeated_word_for_word_is_told_once() {
        let mut found: Diagnostics = [at_site(1), at_site(1), at_site(1)].into_iter().collect();
        found.sort(|_| 0);
        assert_eq!(found.items, [at_site(1)]);
    }

    #[test]
    fn another_message_or_primary_place_is_another_diagnostic() {
        let elsewhere = RULE
            .report("it is wrong")
            .primary(Origin::file("app.yaml").at("spec"), "here");
        let placeless = RULE.report("it is wrong");
        let mut found: Diagnostics = [at_site(1), elsewhere, placeless].into_iter().collect();
        found.extend(numbered(&RULE, 2));
        found.sort(|_| 0);
        assert_eq!(found.items.len(), 5);
    }

    #[test]
    fn a_rule_that_says_too_much_is_counted() {
        let mut found: Diagnostics = numbered(&RULE, 120).chain(numbered(&OTHER, 3)).collect();
        found.limit(ReportLimits::DEFAULT);
        assert_eq!(found.items.len(), 53);
        let [omitted] = found.omitted() else {
            panic!("{:?}", found.omitted())
        };
        assert_eq!(
            omitted.describe(),
            "70 more errors of `a-rule` are not shown"
        );
        assert_eq!(found.count(Severity::Error), 120);
        assert_eq!(found.count(Severity::Warning), 3);
    }

    #[test]
    fn a_report_that_is_too_long_keeps_some_of_each_rule() {
        let limits = ReportLimits {
            per_rule: 50,
            total: 10,
        };
        let mut found: Diagnostics = numbered(&RULE, 40).chain(numbered(&OTHER, 4)).collect();
        found.limit(limits);
        assert_eq!(found.items.len(), 10);
        let shown = |code| found.items.iter().filter(|d| d.code == code).count();
        assert_eq!(shown("a-rule"), 6);
        assert_eq!(shown("other-rule"), 4);
        assert_eq!(found.omitted()[0].count, 34);
    }

    #[test]
    fn what_quotes_too_much_is_shortened() {
        let long = "é".repeat(50_000);
        let mut one = RULE
            .report(format!("`{long}` is not a key"))
            .primary(Origin::file("app.yaml"), long.clone())
            .help(long.clone());
        for number in 0..100 {
            one = one.context(Origin::file(&format!("{number}.yaml")), "");
        }
        let mut found: Diagnostics = [one].into_iter().collect();
        found.limit(ReportLimits::DEFAULT);
        let one = &found.items[0];
        assert!(one.message.len() < 1_100, "{}", one.message.len());
        assert!(one.message.starts_with("`é"));
        assert!(one.message.ends_with("é` is not a key"));
        assert!(one.message.contains(" more bytes) "));
        assert!(one.labels[0].text.len() < 600);
        assert_eq!(one.labels.len(), MOST_LABELS);
        assert_eq!(one.more_places, 81);
    }

    #[test]
    fn errors_that_are_left_out_are_errors() {
        let mut found: Diagnostics = numbered(&RULE, 2).collect();
        found.limit(ReportLimits {
            per_rule: 1,
            total: 1,
        });
        assert_eq!(
            found.omitted()[0].describe(),
            "1 more error of `a-rule` is not shown"
        );
        assert!(found.has_errors());
    }
}
