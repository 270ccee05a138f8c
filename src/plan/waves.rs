//! Assigns sync waves: an app's requirements are synced before it.

use std::collections::BTreeMap;

use crate::load::App;
use crate::model::Requirement;
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer};

use super::Instance;

/// One requirement of an instance, resolved: the index of the instance that it leads to, and where it is written.
struct RequirementEdge {
    to: usize,
    asked: Pointer,
}

/// Gives every instance its wave and sorts by wave, then name. Unmet requirements and cycles are reported.
pub(super) fn assign_waves(instances: &mut [Instance], found: &mut Diagnostics) {
    let mut edges = Vec::with_capacity(instances.len());
    for instance in instances.iter() {
        edges.push(find_requirements(instance, instances, found));
    }
    let levels = find_levels(&edges);
    if levels.iter().any(Option::is_none) {
        report_cycle(instances, &edges, &levels, found);
        return;
    }
    let names: Vec<String> = instances.iter().map(|i| i.name.clone()).collect();
    for ((instance, edges), level) in instances.iter_mut().zip(&edges).zip(levels) {
        instance.wave = level.unwrap_or_default();
        instance.after = edges.iter().map(|e| names[e.to].clone()).collect();
        instance.after.sort();
        instance.after.dedup();
    }
    instances.sort_by(|a, b| (a.wave, &a.name).cmp(&(b.wave, &b.name)));
}

fn find_requirements(
    instance: &Instance,
    all: &[Instance],
    found: &mut Diagnostics,
) -> Vec<RequirementEdge> {
    let Some(app) = instance.app() else {
        return Vec::new();
    };
    let mut edges = Vec::new();
    for (index, requirement) in app.spec.requires.iter().enumerate() {
        let asked = Pointer::parse("/requires").at(index);
        match requirement {
            Requirement::App { app: wanted } => {
                let providers = all
                    .iter()
                    .enumerate()
                    .filter(|(_, i)| i.app().is_some_and(|a| a.name == *wanted));
                let before = edges.len();
                edges.extend(providers.map(|(to, _)| RequirementEdge {
                    to,
                    asked: asked.clone(),
                }));
                if edges.len() == before {
                    found.push(
                        rules::MISSING_REQUIREMENT
                            .report(format!(
                                "`{}` requires `{wanted}`, which does not run on this site",
                                instance.name
                            ))
                            .primary_key(instance.origin.clone(), "")
                            .context(app.origin(&asked.at("app")), "required here")
                            .help(format!("add `{wanted}: {{}}` under `apps:`")),
                    );
                }
            }
            Requirement::Storage { storage } => {
                let from = instance
                    .storage
                    .get(storage)
                    .and_then(|class| class.from.as_ref());
                let provider = from.and_then(|from| all.iter().position(|i| i.name == *from));
                edges.extend(provider.map(|to| RequirementEdge { to, asked }));
            }
        }
    }
    edges.extend(find_part_storage(instance, app, all));
    edges
}

/// Returns an edge to the provider of each part's storage class, where another instance of the site provides it.
fn find_part_storage(instance: &Instance, app: &App, all: &[Instance]) -> Vec<RequirementEdge> {
    let mut edges = Vec::new();
    for (part, spec) in &app.spec.parts {
        let class = spec
            .storage
            .as_ref()
            .and_then(|role| instance.storage.get(role));
        let from = class.and_then(|class| class.from.as_ref());
        let provides = |other: &Instance| Some(&other.name) == from && other.name != instance.name;
        if let Some(to) = all.iter().position(provides) {
            let asked = Pointer::parse("/parts").at(part).at("storage");
            edges.push(RequirementEdge { to, asked });
        }
    }
    edges
}

/// Returns the length of the longest chain below each instance; `None` on or above a cycle.
fn find_levels(edges: &[Vec<RequirementEdge>]) -> Vec<Option<u32>> {
    let mut levels: Vec<Option<u32>> = vec![None; edges.len()];
    loop {
        let ready: Vec<(usize, u32)> = (0..edges.len())
            .filter(|i| levels[*i].is_none())
            .filter_map(|i| {
                let below: Option<Vec<u32>> = edges[i].iter().map(|e| levels[e.to]).collect();
                Some((i, below?.into_iter().max().map_or(0, |level| level + 1)))
            })
            .collect();
        if ready.is_empty() {
            return levels;
        }
        for (i, level) in ready {
            levels[i] = Some(level);
        }
    }
}

/// Reports one cycle: the one that is reached first from the first instance without a level.
fn report_cycle(
    instances: &[Instance],
    edges: &[Vec<RequirementEdge>],
    levels: &[Option<u32>],
    found: &mut Diagnostics,
) {
    let Some(mut at) = levels.iter().position(Option::is_none) else {
        return;
    };
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let mut walk: Vec<(usize, &RequirementEdge)> = Vec::new();
    while !seen.contains_key(&at) {
        seen.insert(at, walk.len());
        let Some(next) = edges[at].iter().find(|e| levels[e.to].is_none()) else {
            return;
        };
        walk.push((at, next));
        at = next.to;
    }
    let cycle = &walk[seen[&at]..];
    let names: Vec<String> = cycle
        .iter()
        .map(|(i, _)| format!("`{}`", instances[*i].name))
        .collect();
    let first = names.first().cloned().unwrap_or_default();
    let mut report = rules::DEPENDENCY_CYCLE.report(format!(
        "apps require each other in a circle: {} → {first}",
        names.join(" → ")
    ));
    for (index, (from, edge)) in cycle.iter().enumerate() {
        let Some(app) = instances[*from].app() else {
            continue;
        };
        let text = format!(
            "`{}` comes after `{}`",
            instances[*from].name, instances[edge.to].name
        );
        let origin = app.origin(&edge.asked);
        report = if index == 0 {
            report.primary(origin, text)
        } else {
            report.context(origin, text)
        };
    }
    found.push(report.help(
        "take out one of these requirements: nothing in the circle could ever be synced first",
    ));
}
