//! Checks the names of a site, and the shape that its `ha.mode` asserts.

use crate::load::Site;
use crate::model::{HaMode, Role};
use crate::nearest::nearest;
use crate::rules;
use kubernetes_vocabulary::names::{is_dns_label, is_dns_subdomain};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

use super::{NodePlan, RESERVED_INSTANCES, RESERVED_SITE};

/// Reports names that Kubernetes or siteplan itself cannot use.
pub(super) fn check_names(site: &Site, found: &mut Diagnostics) {
    let pointer = Pointer::parse("/metadata/name");
    if site.name == RESERVED_SITE {
        found.push(report_reserved(
            &site.name,
            Origin::new(site.file(), pointer),
        ));
    }
    for name in site.spec.apps.keys() {
        let origin = site.origin(&Pointer::parse("/apps").at(name));
        if RESERVED_INSTANCES.contains(&name.as_str()) {
            found.push(report_reserved(name, origin));
        } else {
            check_label(name, "instance", origin, found);
        }
    }
    let spec = &site.spec;
    let named = [
        ("pool", "pools", spec.pools.keys().collect::<Vec<_>>()),
        ("namespace", "namespaces", spec.namespaces.keys().collect()),
        ("network", "networks", spec.networks.keys().collect()),
        ("storage role", "storage", spec.storage.keys().collect()),
    ];
    for (what, field, names) in named {
        for name in names {
            check_label(
                name,
                what,
                site.origin(&Pointer::root().at(field).at(name)),
                found,
            );
        }
    }
    for (pool, nodes) in spec
        .pools
        .iter()
        .map(|(name, pool)| (name, pool.nodes.keys()))
    {
        for node in nodes {
            let origin = site.origin(&Pointer::parse("/pools").at(pool).at("nodes").at(node));
            if !is_dns_subdomain(node) {
                found.push(report_name(
                    node,
                    "node",
                    "a DNS name of at most 253 characters",
                    origin,
                ));
            }
        }
    }
}

/// Reports teams of nobody, and teams that look after what is not on the site.
pub(super) fn check_teams(site: &Site, found: &mut Diagnostics) {
    for (name, team) in &site.spec.teams {
        let pointer = Pointer::parse("/teams").at(name);
        check_label(name, "team", site.origin(&pointer), found);
        for (field, list) in [("groups", &team.groups), ("apps", &team.apps)] {
            if list.is_empty() {
                found.push(
                    rules::MALFORMED_VALUE
                        .report(format!("the team `{name}` has no {field}: its role is nobody's, or about nothing"))
                        .primary_key(site.origin(&pointer.at(field)), "")
                        .help(format!("write them under `{field}:`, or take the team out")),
                );
            }
        }
        for (index, app) in team.apps.iter().enumerate() {
            let instance = site.spec.apps.get(app);
            if instance.is_some_and(|instance| instance.enabled) {
                continue;
            }
            let known = site.spec.apps.keys().map(String::as_str);
            let help = match nearest(app, known) {
                Some(near) if instance.is_none() => format!("did you mean `{near}`?"),
                _ => "name an instance of the site, or take it out".to_owned(),
            };
            found.push(
                rules::UNKNOWN_INSTANCE
                    .report(format!(
                        "the team `{name}` looks after `{app}`, which is not on this site"
                    ))
                    .primary(site.origin(&pointer.at("apps").at(index)), "")
                    .help(help),
            );
        }
    }
}

/// Reports nodes that contradict `ha.mode` and a promise that no number of nodes can keep.
pub(super) fn check_ha(site: &Site, nodes: &[NodePlan], found: &mut Diagnostics) {
    let ha = &site.spec.ha;
    let contradiction = ha.mode.and_then(|mode| find_contradiction(mode, nodes));
    if let Some(why) = contradiction {
        found.push(
            rules::HA_MODE_MISMATCH
                .report(why)
                .primary(site.origin(&Pointer::parse("/ha/mode")), "asserted here")
                .context_key(site.origin(&Pointer::parse("/pools")), "the site's nodes")
                .help("correct the nodes or their `roles`, or assert another mode"),
        );
    }
    if ha.survive.nodes > 0 && ha.survive.nodes as usize >= nodes.len() {
        found.push(
            rules::HA_MODE_MISMATCH
                .report(format!(
                    "a site of {} nodes cannot survive the loss of {}",
                    nodes.len(),
                    ha.survive.nodes
                ))
                .primary(site.origin(&Pointer::parse("/ha/survive/nodes")), "")
                .help("promise less, or add nodes"),
        );
    }
}

fn find_contradiction(mode: HaMode, nodes: &[NodePlan]) -> Option<String> {
    let both =
        |n: &&NodePlan| n.roles.contains(&Role::ControlPlane) && n.roles.contains(&Role::Worker);
    match mode {
        HaMode::SingleNode if nodes.len() != 1 => Some(format!(
            "`single-node` asserts one node, but there are {}",
            nodes.len()
        )),
        HaMode::ThreeNode if nodes.len() != 3 => Some(format!(
            "`three-node` asserts three nodes, but there are {}",
            nodes.len()
        )),
        HaMode::ThreeNode => nodes.iter().find(|n| !both(n)).map(|node| {
            format!(
                "`three-node` asserts that each node is control plane and worker, but `{}` is not",
                node.name
            )
        }),
        HaMode::SingleNode | HaMode::Workers => None,
    }
}

fn report_reserved(name: &str, origin: Origin) -> Diagnostic {
    rules::RESERVED_NAME
        .report(format!("`{name}` is a name that siteplan uses itself"))
        .primary_key(origin, "")
        .help("choose another name")
}

fn check_label(name: &str, what: &str, origin: Origin, found: &mut Diagnostics) {
    if !is_dns_label(name) {
        found.push(report_name(
            name,
            what,
            "at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
            origin,
        ));
    }
}

fn report_name(name: &str, what: &str, expected: &str, origin: Origin) -> Diagnostic {
    let length = name.chars().count();
    let message = match length > 63 {
        true => format!("the {what} name `{name}` has {length} characters"),
        false => format!("`{name}` is not a name for a {what}"),
    };
    rules::NAME_NOT_DNS
        .report(message)
        .primary_key(origin, format!("expected {expected}"))
        .help("choose a shorter or simpler name")
}
