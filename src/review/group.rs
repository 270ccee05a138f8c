//! Groups the changes of sites: objects that change alike in the same sites are one group.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Risk, SiteChange};
use crate::compare::semantic::{Differences, FieldChange, FieldChangeKind, ObjectChange};
use crate::manifest::ObjectId;

/// Stands for the name of a site where changes are compared.
const SITE: &str = "\u{0}";

/// Objects that change alike in the same sites.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeGroup {
    /// The sites, sorted. The first is the example.
    pub sites: Vec<String>,
    /// The differences, as the example has them.
    pub differences: Differences,
    /// The risks of these objects, as the example has them, the gravest first.
    pub risks: Vec<Risk>,
}

impl ChangeGroup {
    /// Returns the site whose objects are shown.
    pub fn example(&self) -> &str {
        self.sites.first().map_or("", String::as_str)
    }
}

/// One object of a site that differs.
enum Differing<'a> {
    Added(&'a ObjectId),
    Removed(&'a ObjectId),
    Changed(&'a ObjectChange),
}

/// An object that differs, as the first site has it, and all sites in which it differs alike.
struct SharedChange<'a> {
    differing: Differing<'a>,
    risks: Vec<&'a Risk>,
    sites: BTreeSet<&'a str>,
}

/// Puts equal changes together; groups with the gravest risk first, then those of most sites.
pub fn group_changes(changes: &BTreeMap<String, SiteChange>) -> Vec<ChangeGroup> {
    let mut by_change: BTreeMap<String, SharedChange<'_>> = BTreeMap::new();
    for (site, change) in changes {
        let mut risks: BTreeMap<&ObjectId, Vec<&Risk>> = BTreeMap::new();
        for risk in &change.risks {
            risks.entry(&risk.object).or_default().push(risk);
        }
        for differing in list_differing(&change.differences) {
            let key = differing.key(site);
            let shared = by_change.entry(key).or_insert_with(|| SharedChange {
                risks: risks.remove(differing.id()).unwrap_or_default(),
                differing,
                sites: BTreeSet::new(),
            });
            shared.sites.insert(site);
        }
    }
    let mut by_sites: BTreeMap<Vec<&str>, ChangeGroup> = BTreeMap::new();
    for shared in by_change.into_values() {
        let sites: Vec<&str> = shared.sites.iter().copied().collect();
        by_sites.entry(sites).or_default().take(&shared);
    }
    let mut groups: Vec<ChangeGroup> = Vec::new();
    for (sites, mut group) in by_sites {
        group.sites = sites.into_iter().map(str::to_owned).collect();
        group.sort();
        groups.push(group);
    }
    groups.sort_by_key(|group| {
        let gravest = group.risks.first().map(|risk| risk.kind);
        // No risk comes after all risks.
        (gravest.is_none(), gravest, usize::MAX - group.sites.len())
    });
    groups
}

impl ChangeGroup {
    fn take(&mut self, shared: &SharedChange<'_>) {
        match shared.differing {
            Differing::Added(id) => self.differences.added.push(id.clone()),
            Differing::Removed(id) => self.differences.removed.push(id.clone()),
            Differing::Changed(change) => self.differences.changed.push(change.clone()),
        }
        self.risks.extend(shared.risks.iter().copied().cloned());
    }

    fn sort(&mut self) {
        self.differences.added.sort();
        self.differences.removed.sort();
        self.differences.changed.sort_by(|a, b| a.id.cmp(&b.id));
        self.risks.sort();
    }
}

fn list_differing(differences: &Differences) -> impl Iterator<Item = Differing<'_>> {
    let added = differences.added.iter().map(Differing::Added);
    let removed = differences.removed.iter().map(Differing::Removed);
    let changed = differences.changed.iter().map(Differing::Changed);
    added.chain(removed).chain(changed)
}

impl Differing<'_> {
    fn id(&self) -> &ObjectId {
        match self {
            Self::Added(id) | Self::Removed(id) => id,
            Self::Changed(change) => &change.id,
        }
    }

    /// Returns a text that is the same for the same change in any site.
    fn key(&self, site: &str) -> String {
        let id = self.id();
        let mut key = String::new();
        let word = match self {
            Self::Added(_) => "+",
            Self::Removed(_) => "-",
            Self::Changed(_) => "~",
        };
        let namespace = id.namespace.as_deref().unwrap_or_default();
        for text in [word, &id.group, &id.kind, namespace, &id.name] {
            push(&mut key, &anonymize(text, site));
        }
        if let Self::Changed(change) = self {
            for field in &change.fields {
                push_field(&mut key, field, site);
            }
        }
        key
    }
}

fn push(key: &mut String, text: &str) {
    key.push_str(text);
    key.push('\u{1}');
}

fn push_field(key: &mut String, field: &FieldChange, site: &str) {
    push(key, &anonymize(&field.path, site));
    let shown = |value: &Value| anonymize(&value.to_string(), site);
    let (word, old, new) = match &field.kind {
        FieldChangeKind::Added(new) => ("+", String::new(), shown(new)),
        FieldChangeKind::Removed(old) => ("-", shown(old), String::new()),
        FieldChangeKind::Changed(old, new) => ("~", shown(old), shown(new)),
        FieldChangeKind::Reordered(old, new) => {
            let joined = |names: &[String]| anonymize(&names.join("\u{1}"), site);
            ("=", joined(old), joined(new))
        }
    };
    for text in [word, &old, &new] {
        push(key, text);
    }
}

/// Replaces the name of the site where it stands as a word of its own: between characters that names do not have, or dashes.
fn anonymize(text: &str, site: &str) -> String {
    if site.is_empty() || !text.contains(site) {
        return text.to_owned();
    }
    let is_inside = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(site) {
        let (before, from) = rest.split_at(start);
        let after = &from[site.len()..];
        replaced.push_str(before);
        let is_word = !is_inside(replaced.chars().next_back()) && !is_inside(after.chars().next());
        replaced.push_str(if is_word { SITE } else { site });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_s_name_is_replaced_where_it_is_a_word() {
        for (text, expected) in [
            ("plant", "\u{0}"),
            ("out/plant/web", "out/\u{0}/web"),
            ("plant-web", "\u{0}-web"),
            ("plants", "plants"),
            ("implant", "implant"),
            ("", ""),
            ("plantplant", "plantplant"),
        ] {
            assert_eq!(anonymize(text, "plant"), expected, "{text}");
        }
        assert_eq!(anonymize("a", ""), "a");
    }
}
