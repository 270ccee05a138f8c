//! A review as Markdown, for a comment on a pull request.
//!
//! A comment has at most 65,536 characters at GitHub (`IssueComment.body`); what does not fit is counted, and every fence and
//! `<details>` is closed. The first line is a marker by which a bot finds its comment again.

use super::text::{name_fields, name_sites};
use super::{ChangeGroup, Review, ReviewedRisk};
use crate::wording::count_noun;
use pointer_diagnostics::report::escape_text;

/// The first line of every comment: a comment that has it is replaced by the next.
pub const MARKER: &str = "<!-- siteplan diff -->";

/// The most bytes of a comment.
pub const MAX_BYTES: usize = 65_000;

/// Room for what is written after the groups.
const RESERVED: usize = 1_500;

/// The most risks in the table.
const MAX_RISKS: usize = 50;

/// Prints a review; nothing where no site differs.
pub fn print_markdown(review: &Review) -> String {
    if review.differing.is_empty() {
        return String::new();
    }
    let mut comment = Comment::new(MAX_BYTES - RESERVED);
    comment.push(&format!(
        "{MARKER}\n**{}**\n",
        escape_markdown(&review.summary())
    ));
    print_risks(review, &mut comment);
    let mut left_out = 0;
    for group in &review.groups {
        if !comment.push(&print_group(group, comment.room())) {
            left_out += 1;
        }
    }
    let mut text = comment.text;
    if left_out > 0 {
        let groups = count_noun(left_out, "group");
        text.push_str(&format!(
            "\n… and {groups} of changes that do not fit here: run `siteplan diff`.\n"
        ));
    }
    if !review.unchanged.is_empty() {
        let unchanged = escape_markdown(&name_sites(&review.unchanged));
        text.push_str(&format!("\nUnchanged: {unchanged}.\n"));
    }
    text
}

/// A text of at most some bytes.
struct Comment {
    text: String,
    limit: usize,
}

impl Comment {
    fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
        }
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.text.len())
    }

    /// Adds a piece if it fits.
    fn push(&mut self, piece: &str) -> bool {
        let fits = piece.len() <= self.room();
        if fits {
            self.text.push_str(piece);
        }
        fits
    }
}

fn print_risks(review: &Review, comment: &mut Comment) {
    let risks = review.risks();
    if risks.is_empty() {
        return;
    }
    let mut rows = String::from("\n| risk | object | fields | sites |\n|---|---|---|---|\n");
    for found in risks.iter().take(MAX_RISKS) {
        let row = print_risk(found);
        if rows.len() + row.len() > comment.room() / 2 {
            break;
        }
        rows.push_str(&row);
    }
    let shown = rows.lines().count() - 3;
    if shown < risks.len() {
        rows.push_str(&format!(
            "\n… and {} more.\n",
            count_noun(risks.len() - shown, "risk")
        ));
    }
    comment.push(&rows);
}

fn print_risk(found: &ReviewedRisk<'_>) -> String {
    let risk = found.risk;
    let fields = name_fields(&risk.fields).unwrap_or_default();
    let cells = [
        format!("`{}`", risk.kind.code()),
        escape_markdown(&risk.object.title()),
        escape_markdown(&fields),
        escape_markdown(&name_sites(found.sites)),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Prints a group as a section that is closed; its differences are cut to the room that is left.
fn print_group(group: &ChangeGroup, room: usize) -> String {
    let sites = escape_markdown(&name_sites(&group.sites));
    let heading = if group.sites.len() > 1 {
        format!(
            "{}: {sites}, shown for {}",
            count_noun(group.sites.len(), "site"),
            escape_markdown(group.example())
        )
    } else {
        sites
    };
    let differences = group.differences.to_string();
    let fence = "`".repeat(longest_run(&differences, '`').max(2) + 1);
    let counts = escape_markdown(&group.differences.counts().to_string());
    let frame = heading.len() + counts.len() + 2 * fence.len() + 120;
    let (kept, cut) = cut_lines(&differences, room.saturating_sub(frame));
    let more = if cut > 0 {
        format!("… {cut} more lines\n")
    } else {
        String::new()
    };
    format!(
        "\n<details><summary>{heading} ({counts})</summary>\n\n{fence}diff\n{kept}{more}{fence}\n\n</details>\n"
    )
}

/// Returns the lines of a text that fit, and the number of those that do not.
fn cut_lines(text: &str, room: usize) -> (String, usize) {
    let (mut kept, mut cut) = (String::new(), 0);
    for line in text.lines() {
        if cut == 0 && kept.len() + line.len() < room {
            kept.push_str(line);
            kept.push('\n');
        } else {
            cut += 1;
        }
    }
    (kept, cut)
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Writes text so that Markdown and HTML show it as it is, on one line.
fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in escape_text(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::compare::semantic::Differences;
    use crate::manifest::ObjectId;
    use crate::review::{Risk, RiskKind, SiteChange};

    fn id(name: &str) -> ObjectId {
        ObjectId {
            group: "apps".to_owned(),
            version: "v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    fn review_of(sites: usize, objects: usize) -> Review {
        let mut changes = BTreeMap::new();
        for site in 0..sites {
            // Each site has objects of its own: no two changes are alike.
            let removed: Vec<ObjectId> = (0..objects)
                .map(|number| id(&format!("o{site}x{number}")))
                .collect();
            let risks = removed.iter().map(|object| Risk {
                kind: RiskKind::ObjectDeleted,
                object: object.clone(),
                fields: Vec::new(),
            });
            let change = SiteChange {
                risks: risks.collect(),
                differences: Differences {
                    removed,
                    ..Differences::default()
                },
            };
            changes.insert(format!("site{site}"), change);
        }
        let compared: BTreeSet<String> = changes.keys().cloned().collect();
        Review::new(&changes, &compared)
    }

    #[test]
    fn nothing_is_printed_where_nothing_changes() {
        assert_eq!(print_markdown(&Review::default()), "");
    }

    #[test]
    fn a_comment_is_bounded_and_closed() {
        for (sites, objects) in [(1, 1), (1, 20_000), (500, 40), (10_000, 3)] {
            let text = print_markdown(&review_of(sites, objects));
            assert!(text.starts_with(MARKER), "{sites}");
            assert!(text.len() <= MAX_BYTES, "{sites}: {} bytes", text.len());
            let opened = text.matches("<details>").count();
            assert_eq!(opened, text.matches("</details>").count(), "{sites}");
            assert_eq!(text.matches("```").count(), 2 * opened, "{sites}");
        }
    }

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(
            escape_markdown("a|b`c`<img>@team"),
            "a\\|b\\`c\\`&lt;img&gt;\\@team"
        );
    }
}
