//! Finds the node labels that select the nodes of one pool and no others.

use std::collections::BTreeMap;

use crate::load::Site;
use crate::model::Pool;
use crate::rules;
use kubernetes_vocabulary::{LabelRequirement, SelectorOperator, TaintEffect};
use pointer_diagnostics::{Diagnostics, Pointer};

use super::PoolPlan;

/// Finds a selector for every pool. Two pools that nothing tells apart are reported.
pub(super) fn resolve_pools(site: &Site, found: &mut Diagnostics) -> BTreeMap<String, PoolPlan> {
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
                            site.origin(&pool_pointer(b)),
                            "the same architecture, labels and taints",
                        )
                        .context_key(site.origin(&pool_pointer(a)), "as here")
                        .help("give one of them a label of its own, or make one pool of the two"),
                );
            }
        }
    }
    pools
        .iter()
        .map(|(name, pool)| (name.clone(), resolve_pool(name, pool, pools)))
        .collect()
}

fn resolve_pool(name: &str, pool: &Pool, pools: &BTreeMap<String, Pool>) -> PoolPlan {
    let mut selector = Vec::new();
    for (key, value) in &pool.labels {
        selector.push(LabelRequirement::equals(key, value));
    }
    for (other, spec) in pools {
        if other != name {
            selector.extend(exclude_pool(pool, spec));
        }
    }
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

/// Returns the expression that keeps the other pool's nodes out, where this pool's own labels do not: a label that only the other has.
fn exclude_pool(pool: &Pool, other: &Pool) -> Option<LabelRequirement> {
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

/// Returns the taints that keep pods out.
fn hard_taints(pool: &Pool) -> Vec<(&str, &str, TaintEffect)> {
    let hard = pool.taints.iter().filter(|taint| taint.is_hard());
    hard.map(|t| (t.key.as_str(), t.value.as_str(), t.effect))
        .collect()
}

fn pool_pointer(pool: &str) -> Pointer {
    Pointer::parse("/pools").at(pool)
}
