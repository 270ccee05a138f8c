//! What a reviewer reads of a change: equal changes of many sites told once, and the risks first.
//!
//! Comes in: the differences of each site. Goes out: a [`Review`] with groups of objects that change alike in the same sites. Names of
//! sites do not tell changes apart: what differs between two sites in nothing else is one change.

mod group;
mod markdown;
mod risk;
mod site;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::compare::semantic::{Counts, Differences, to_json};

pub use group::{ChangeGroup, group_changes};
pub use markdown::{MARKER, MAX_BYTES, print_markdown};
pub use risk::{ComparedObject, Risk, RiskKind, find_risks};
pub use site::compare_objects;
pub use text::print_text;

/// Differences of a site, and what is dangerous in them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteChange {
    /// The objects that differ.
    pub differences: Differences,
    /// The risks, in the order of their weight.
    pub risks: Vec<Risk>,
}

/// A change of a fleet, as it is reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Review {
    /// The sites that were compared, those that only one side has among them.
    pub compared: usize,
    /// The sites that differ, sorted.
    pub differing: Vec<String>,
    /// The sites that do not, sorted.
    pub unchanged: Vec<String>,
    /// The number of different changes of sites.
    pub ways: usize,
    /// Sums over all sites.
    pub counts: Counts,
    /// Objects that change alike in the same sites; those with the gravest risk first, then those of most sites.
    pub groups: Vec<ChangeGroup>,
}

/// A risk, with the sites that it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedRisk<'a> {
    /// The risk, as the group's example has it.
    pub risk: &'a Risk,
    /// The sites.
    pub sites: &'a [String],
}

impl Review {
    /// Puts the changes of sites together.
    pub fn new(changes: &BTreeMap<String, SiteChange>, compared: &BTreeSet<String>) -> Self {
        let groups = group_changes(changes);
        let mut counts = Counts::default();
        for change in changes.values() {
            counts.add(&change.differences.counts());
        }
        let unchanged = compared
            .iter()
            .filter(|site| !changes.contains_key(*site))
            .cloned();
        let mut held: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, group) in groups.iter().enumerate() {
            for site in &group.sites {
                held.entry(site).or_default().push(number);
            }
        }
        let ways: BTreeSet<&Vec<usize>> = held.values().collect();
        let ways = ways.len();
        Self {
            compared: compared.len(),
            differing: changes.keys().cloned().collect(),
            unchanged: unchanged.collect(),
            ways,
            counts,
            groups,
        }
    }

    /// Returns all risks with their sites, the gravest first.
    pub fn risks(&self) -> Vec<ReviewedRisk<'_>> {
        let mut risks: Vec<ReviewedRisk<'_>> = Vec::new();
        for group in &self.groups {
            risks.extend(group.risks.iter().map(|risk| ReviewedRisk {
                risk,
                sites: &group.sites,
            }));
        }
        risks.sort_by(|a, b| a.risk.cmp(b.risk).then_with(|| a.sites.cmp(b.sites)));
        risks
    }

    /// Says how many sites change, and in how many ways.
    pub fn summary(&self) -> String {
        let (differing, compared) = (self.differing.len(), self.compared);
        let verb = if differing == 1 { "changes" } else { "change" };
        let of_all = if compared == 1 {
            "1 site".to_owned()
        } else {
            format!("{differing} of {compared} sites")
        };
        if differing > 1 {
            let ways = crate::wording::count_noun(self.ways, "way");
            format!("{of_all} {verb} in {ways}; {}", self.counts)
        } else {
            format!("{of_all} {verb}; {}", self.counts)
        }
    }

    /// Returns the review as a value: `differing`, `unchanged`, `ways`, `counts`, `risks`, `groups`.
    pub fn to_value(&self) -> Value {
        let risks = self.risks().into_iter().map(|found| {
            json!({
                "code": found.risk.kind,
                "object": found.risk.object,
                "fields": found.risk.fields,
                "sites": found.sites,
            })
        });
        let groups = self.groups.iter().map(|group| {
            json!({"sites": group.sites, "example": group.example(), "differences": to_json(&group.differences)})
        });
        json!({
            "differing": self.differing,
            "unchanged": self.unchanged,
            "ways": self.ways,
            "risks": risks.collect::<Vec<Value>>(),
            "groups": groups.collect::<Vec<Value>>(),
        })
    }
}
