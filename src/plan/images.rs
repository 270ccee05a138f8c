//! Resolves the architectures of images that are built on the site.

use std::collections::BTreeSet;

use crate::model::Arch;

use super::{Instance, NodePlan};

/// Gives images that are built on the site the architectures that their builder can run on.
pub(super) fn resolve_built_images(instances: &mut [Instance], nodes: &[NodePlan]) {
    let builds: Vec<(usize, Vec<Arch>)> = instances
        .iter()
        .enumerate()
        .filter_map(|(index, instance)| {
            let builder = instance.app()?.spec.images.as_ref()?.built_by.as_ref()?;
            let builders = instances
                .iter()
                .filter(|i| i.app().is_some_and(|a| a.name == *builder));
            let arch: BTreeSet<Arch> = builders
                .flat_map(|b| runnable_architectures(b, nodes))
                .collect();
            Some((index, arch.into_iter().collect()))
        })
        .collect();
    for (index, arch) in builds {
        if let Some(images) = &mut instances[index].images {
            let own = std::mem::take(&mut images.arch);
            images.arch = arch
                .into_iter()
                .filter(|a| own.is_empty() || own.contains(a))
                .collect();
        }
    }
}

/// Returns the architectures that an instance's pods can run on.
fn runnable_architectures(instance: &Instance, nodes: &[NodePlan]) -> BTreeSet<Arch> {
    let supported = |arch: &Arch| {
        instance
            .images
            .as_ref()
            .is_none_or(|i| i.arch.contains(arch))
    };
    let nodes = nodes
        .iter()
        .filter(|n| instance.pool.as_ref().is_none_or(|p| *p == n.pool));
    nodes.map(|n| n.arch).filter(supported).collect()
}
