//! What tells the nodes of one pool from those of all others.

use std::collections::BTreeMap;

use crate::load::Site;
use crate::model::Pool;
use crate::rules;
use kubernetes_vocabulary::{LabelRequirement, SelectorOperator, TaintEffect};
use pointer_diagnostics::{Diagnostics, Pointer};

use super::PoolPlan;

/// Finds a selector for every pool. Two pools that nothing tells apart are reported.
pub(super) fn pools(site: &Site, found: &mut Diagnostics) -> BTreeMap<String, PoolPlan> {
    let pools = &site.spec.pools;
    for (index, (a, first)) in pools.iter().enumerate() {
        for (b, second) in pools.iter().skip(index + 1) {
            if first.arch == second.arch
                && first.labels == second.labels
                && hard_taints(first) == hard_taints(second)
            {
                found.push(
                    rules::INDISTINGUISHABLE_POOLS
                        .report(format!("nothing tells the pools `{a}` and `{b}` apart"))
                        .primary_key(
                            site.origin(&pointer(b)),
                            "the same architecture, labels and taints",
                        )
                        .context_key(site.origin(&pointer(a)), "as here")
                        .help("give one of them a label of its own, or make one pool of the two"),
                );
            }
        }
    }
    pools
        .iter()
        .map(|(name, pool)| (name.clone(), plan(name, pool, pools)))
        .collect()
}

fn plan(name: &str, pool: &Pool, pools: &BTreeMap<String, Pool>) -> PoolPlan {
    let own = pool
        .labels
        .iter()
        .map(|(key, value)| LabelRequirement::equals(key, value));
    let others = pools
        .iter()
        .filter(|(other, _)| *other != name)
        .filter_map(|(_, other)| exclusion(pool, other));
    let mut selector: Vec<LabelRequirement> = own.chain(others).collect();
    selector.sort();
    selector.dedup();
    PoolPlan {
        name: name.to_owned(),
        arch: pool.arch,
        selector,
        taints: pool.taints.clone(),
        manage_labels: pool.manage_labels,
    }
}

/// What keeps the other pool's nodes out, where this pool's own labels do not: a label that only the other has.
fn exclusion(pool: &Pool, other: &Pool) -> Option<LabelRequirement> {
    let would_match = pool.arch == other.arch
        && pool
            .labels
            .iter()
            .all(|(k, v)| other.labels.get(k) == Some(v));
    let (key, value) = other
        .labels
        .iter()
        .find(|(key, _)| !pool.labels.contains_key(*key))
        .filter(|_| would_match)?;
    Some(LabelRequirement::new(
        key,
        SelectorOperator::NotIn,
        &[value],
    ))
}

fn hard_taints(pool: &Pool) -> Vec<(&str, &str, TaintEffect)> {
    let hard = pool.taints.iter().filter(|taint| taint.is_hard());
    hard.map(|t| (t.key.as_str(), t.value.as_str(), t.effect))
        .collect()
}

fn pointer(pool: &str) -> Pointer {
    Pointer::parse("/pools").at(pool)
}
