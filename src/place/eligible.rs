//! The nodes that a part can run on in the end.

use serde_json::Value;

use crate::catalogue::{ArchVia, Field};
use crate::manifest::Object;

use super::RuledPart;
use super::affinity::terms_of;
use super::candidate::CandidateNode;
use super::requirement::{map_selects_node, terms_select_node};
use super::tolerations::admit_pods;

/// Counts the nodes of the rule that the base does not exclude and that carry no taint which nobody tolerates.
pub(super) fn count_eligible_nodes(part: RuledPart<'_, '_>, object: &Object) -> u64 {
    let at = &part.part.at;
    let terms = terms_of(part.part, object).and_then(|pointer| object.get(pointer.as_str()));
    let map = match at.part.arch_via {
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => None,
        _ => at.value(object, Field::NodeSelector),
    };
    let written = at
        .value(object, Field::Tolerations)
        .and_then(Value::as_array);
    let tolerations: Vec<&Value> = written
        .into_iter()
        .flatten()
        .chain(&part.rule.tolerations)
        .collect();
    let is_eligible = |candidate: &&CandidateNode<'_>| {
        terms_select_node(terms, candidate)
            && map_selects_node(map, candidate)
            && admit_pods(&candidate.node.taints, &tolerations)
    };
    part.rule.nodes.iter().filter(is_eligible).count() as u64
}
