//! Reads `kinds.txt`, once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{KindFacts, Provider, Scope};

const TEXT: &str = include_str!("kinds.txt");

/// Built-in cluster-scoped kinds that came, or whose present versions came, after Kubernetes 1.21.
pub(super) const SINCE_1_21: &[&str] = &[
    "ClusterTrustBundle",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "ServiceCIDR",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "VolumeAttributesClass",
];

/// By group, then kind.
type Table = BTreeMap<&'static str, BTreeMap<&'static str, KindFacts>>;

static TABLE: LazyLock<Table> = LazyLock::new(|| read(TEXT));

pub(super) fn find(group: &str, kind: &str) -> Option<&'static KindFacts> {
    TABLE.get(group)?.get(kind)
}

fn read(text: &'static str) -> Table {
    let mut table = Table::new();
    let mut provider = Provider::Kubernetes;
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            provider = read_provider(section);
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        if let (Some(group), Some(kind), Some(resource), Some(scope)) =
            (words.next(), words.next(), words.next(), words.next())
        {
            let group = if group == "-" { "" } else { group };
            let scope = if scope == "cluster" {
                Scope::Cluster
            } else {
                Scope::Namespaced
            };
            let facts = KindFacts {
                resource,
                scope,
                provider: provider.clone(),
            };
            table.entry(group).or_default().insert(kind, facts);
        }
    }
    table
}

fn read_provider(section: &'static str) -> Provider {
    match section {
        "kubernetes" => Provider::Kubernetes,
        "openshift" => Provider::Openshift,
        "argocd" => Provider::ArgoCd,
        _ => Provider::Operator(section.split_ascii_whitespace().skip(1).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_kind_of_its_own() {
        let lines: Vec<&str> = TEXT
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with(['#', '[']))
            .collect();
        for line in &lines {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(
                matches!(words[..], [_, _, _, "cluster" | "namespaced"]),
                "{line}"
            );
            assert!(
                words[2]
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{line}"
            );
        }
        let kinds: usize = TABLE.values().map(BTreeMap::len).sum();
        assert_eq!(lines.len(), kinds, "a kind is in the table twice");
    }

    #[test]
    fn sections_are_known_and_their_kinds_sorted() {
        let mut last = "";
        for line in TEXT.lines().filter(|l| !l.starts_with('#')) {
            if line.starts_with('[') {
                let section = line.trim_matches(['[', ']']);
                let word = section.split(' ').next().unwrap_or_default();
                assert!(
                    ["kubernetes", "openshift", "argocd", "operator"].contains(&word),
                    "{line}"
                );
                last = "";
            } else if !line.is_empty() {
                assert!(last < line, "{line} comes after {last}");
                last = line;
            }
        }
    }
}
