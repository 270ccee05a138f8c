//! Questions: what if a node were not there, or one more were.

use kubernetes_vocabulary::labels;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::model::{Arch, NodeSpec, NodeState, Role, Survive};
use crate::plan::{NodePlan, SitePlan};
use kubernetes_vocabulary::Quantity;

/// The error for a question that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIfError(pub String);

impl fmt::Display for WhatIfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WhatIfError {}

/// Returns the site after the loss of nodes, all at once and for good; what it promises to survive beside that is not asked.
///
/// # Errors
///
/// When there is no such node.
pub fn without_nodes(plan: &SitePlan, names: &[String]) -> Result<SitePlan, WhatIfError> {
    let mut plan = plan.clone();
    for name in names {
        let node = plan.nodes.iter_mut().find(|n| n.name == *name);
        let node = node.ok_or_else(|| {
            WhatIfError(format!("there is no node `{name}` on `{}`", plan.site.name))
        })?;
        node.state = Some(NodeState::Replacing);
    }
    Arc::make_mut(&mut plan.site).spec.ha.survive = Survive::default();
    Ok(plan)
}

/// Returns the site with one more node, described as `arch=arm64,cpu=16,memory=64Gi,pool=acp,zone=rack-a,label.disk=fast`. With `pool`, it is like
/// that pool's nodes where nothing else is said.
///
/// # Errors
///
/// When the description cannot be read.
pub fn add_node(plan: &SitePlan, description: &str) -> Result<SitePlan, WhatIfError> {
    let fields = read_fields(description)?;
    let mut plan = plan.clone();
    let mut node = copy_pool_node(&plan, fields.get("pool").map(String::as_str))?;
    let free = |name: &String| plan.nodes.iter().all(|o| o.name != *name);
    node.name = (0..=plan.nodes.len())
        .map(|n| format!("added-{n}"))
        .find(free)
        .unwrap_or_default();
    for (key, value) in &fields {
        match key.as_str() {
            "pool" => {}
            "name" => node.name.clone_from(value),
            "arch" => node.arch = read_arch(value)?,
            "zone" => {
                _ = node.labels.insert(labels::ZONE.to_owned(), value.clone());
            }
            _ => add_fact(&mut node, key, value)?,
        }
    }
    if plan.nodes.iter().any(|n| n.name == node.name) {
        return Err(WhatIfError(format!(
            "there is a node `{}` already",
            node.name
        )));
    }
    node.labels
        .insert(labels::ARCH.to_owned(), node.arch.label().to_owned());
    node.labels
        .insert(labels::HOSTNAME.to_owned(), node.name.clone());
    plan.nodes.push(node);
    Ok(plan)
}

/// Returns a label (`label.KEY`) or a resource.
fn add_fact(node: &mut NodePlan, key: &str, value: &str) -> Result<(), WhatIfError> {
    if let Some(label) = key.strip_prefix("label.") {
        node.labels.insert(label.to_owned(), value.to_owned());
        return Ok(());
    }
    let quantity = Quantity::parse(value)
        .map_err(|why| WhatIfError(format!("`{value}` is not an amount of {key}: {why}")))?;
    node.allocatable.remove(key);
    node.capacity.insert(key.to_owned(), quantity);
    Ok(())
}

fn read_fields(description: &str) -> Result<BTreeMap<String, String>, WhatIfError> {
    let pair = |part: &str| match part.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(WhatIfError(format!(
            "`{part}` is not of the form key=value, as in arch=arm64,cpu=16,memory=64Gi"
        ))),
    };
    let fields: BTreeMap<String, String> = description
        .split(',')
        .filter(|p| !p.trim().is_empty())
        .map(pair)
        .collect::<Result<_, _>>()?;
    if !fields.contains_key("pool") && !fields.contains_key("arch") {
        return Err(WhatIfError(
            "a node needs an architecture (arch=…) or a pool to be like (pool=…)".to_owned(),
        ));
    }
    Ok(fields)
}

/// Returns a node like those of a pool; a plain worker without one.
fn copy_pool_node(plan: &SitePlan, pool: Option<&str>) -> Result<NodePlan, WhatIfError> {
    let Some(pool) = pool else {
        return Ok(make_plain_node(plan));
    };
    let model = plan.nodes.iter().find(|n| n.pool == pool);
    let model = model
        .ok_or_else(|| WhatIfError(format!("there is no pool `{pool}` on `{}`", plan.name)))?;
    let mut node = model.clone();
    node.state = None;
    for label in model.spec.labels.keys().chain([&labels::ZONE.to_owned()]) {
        node.labels.remove(label);
    }
    node.spec = NodeSpec::default();
    node.disks = BTreeMap::new();
    Ok(node)
}

fn make_plain_node(plan: &SitePlan) -> NodePlan {
    let labels = [(labels::OS, "linux"), (labels::NODE_ROLE_WORKER, "")];
    NodePlan {
        roles: vec![Role::Worker],
        labels: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        unnamed: true,
        ..NodePlan::new(
            "",
            "added",
            Arch::Amd64,
            plan.origin(&pointer_diagnostics::Pointer::parse("/pools")),
        )
    }
}

fn read_arch(text: &str) -> Result<Arch, WhatIfError> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_| {
        let known = Arch::ALL.map(Arch::label).join(", ");
        WhatIfError(format!(
            "`{text}` is not an architecture: expected one of {known}"
        ))
    })
}
