//! A review as text for a terminal.

use std::fmt::Write as _;

use super::{Review, ReviewedRisk};
use crate::wording::{count_noun, list_some};
use pointer_diagnostics::report::escape_text;

/// Fields of a risk that are named.
const SHOWN_FIELDS: usize = 3;

/// Prints a review: its sums, the risks, then every group with an example, then what does not change.
pub fn print_text(review: &Review) -> String {
    let mut text = format!("{}\n", review.summary());
    let risks = review.risks();
    if !risks.is_empty() {
        text.push_str("\nrisks\n");
        for found in &risks {
            let _ = writeln!(text, "  {}", describe_risk(found, review));
        }
    }
    for group in &review.groups {
        let _ = write!(
            text,
            "\n{}: {}",
            describe_sites(&group.sites),
            group.differences
        );
    }
    if review.compared > 1 && !review.unchanged.is_empty() {
        let _ = writeln!(text, "\nunchanged: {}", name_sites(&review.unchanged));
    }
    text
}

/// Names a risk's code, object, fields and, where there are several, sites.
pub(super) fn describe_risk(found: &ReviewedRisk<'_>, review: &Review) -> String {
    let risk = found.risk;
    let mut text = format!(
        "{:<21} {}",
        risk.kind.code(),
        escape_text(&risk.object.title())
    );
    if let Some(fields) = name_fields(&risk.fields) {
        let _ = write!(text, ": {fields}");
    }
    if review.compared > 1 {
        let _ = write!(text, " ({})", name_sites(found.sites));
    }
    text
}

/// Names the first fields of a risk.
pub(super) fn name_fields(fields: &[String]) -> Option<String> {
    let shown: Vec<String> = fields
        .iter()
        .take(SHOWN_FIELDS)
        .map(|field| escape_text(field).into_owned())
        .collect();
    let more = fields.len().saturating_sub(SHOWN_FIELDS);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!shown.is_empty()).then(|| format!("{}{rest}", shown.join(", ")))
}

/// Heads a group: its site, or how many there are and which one is shown.
fn describe_sites(sites: &[String]) -> String {
    match sites {
        [] => String::new(),
        [only] => only.clone(),
        [first, ..] => format!(
            "{}, {}, shown for {first}",
            count_noun(sites.len(), "site"),
            name_sites(sites)
        ),
    }
}

/// Names the first of many sites.
pub(super) fn name_sites(sites: &[String]) -> String {
    let names: Vec<&str> = sites.iter().map(String::as_str).collect();
    list_some(&names).replace('`', "")
}
