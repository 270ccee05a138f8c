//! Domains of nodes, numbered: the nodes that share the values of topology labels.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::scheduler::NodeInfo;

/// The number of a domain within one [`DomainColumn`].
///
/// Counted from one inside, so that `Option<DomainId>` takes no more room than the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DomainId(NonZeroU32);

impl DomainId {
    /// Creates the id of the domain with a number from 0 on.
    pub(super) fn new(number: usize) -> Self {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    /// Returns the number, from 0 on: the domain's position in lists of counts.
    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The domain of each node, by the node's position in the problem; `None` where a node lacks one of the labels.
pub(super) type DomainColumn = Vec<Option<DomainId>>;

/// Numbers the domains that nodes form by the values of labels.
pub(super) fn number_domains(nodes: &[NodeInfo], keys: &[&str]) -> DomainColumn {
    let mut known: BTreeMap<Vec<&str>, DomainId> = BTreeMap::new();
    nodes
        .iter()
        .map(|node| {
            let values: Option<Vec<&str>> = keys
                .iter()
                .map(|key| node.labels.get(*key).map(String::as_str))
                .collect();
            let next = DomainId::new(known.len());
            Some(*known.entry(values?).or_insert(next))
        })
        .collect()
}

/// Returns how many domains a column names.
pub(super) fn count_domains(column: &[Option<DomainId>]) -> usize {
    column
        .iter()
        .flatten()
        .max()
        .map_or(0, |last| last.index() + 1)
}

#[cfg(test)]
mod tests {
    use kubernetes_vocabulary::Labels;

    use super::*;

    fn node(labels: &[(&str, &str)]) -> NodeInfo {
        let mut all = Labels::new();
        for (key, value) in labels {
            all.insert((*key).to_owned(), (*value).to_owned());
        }
        NodeInfo {
            labels: all,
            ..NodeInfo::default()
        }
    }

    #[test]
    fn an_absent_domain_takes_no_room() {
        assert_eq!(size_of::<Option<DomainId>>(), size_of::<u32>());
        assert_eq!(DomainId::new(7).index(), 7);
    }

    #[test]
    fn nodes_with_the_same_values_share_a_domain_and_nodes_without_a_label_have_none() {
        let nodes = [
            node(&[("zone", "a"), ("rack", "1")]),
            node(&[("zone", "b")]),
            node(&[("zone", "a"), ("rack", "2")]),
            node(&[]),
        ];
        let (a, b) = (Some(DomainId::new(0)), Some(DomainId::new(1)));
        assert_eq!(number_domains(&nodes, &["zone"]), [a, b, a, None]);
        assert_eq!(
            number_domains(&nodes, &["zone", "rack"]),
            [a, None, b, None]
        );
        assert_eq!(count_domains(&[a, None, b]), 2);
        assert_eq!(count_domains(&[None]), 0);
    }
}
