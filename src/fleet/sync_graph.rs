//! The order in which Argo CD syncs the instances of a site.

use serde::Serialize;

use crate::plan::{Instance, SitePlan};

/// The waves of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncGraph {
    /// The site.
    pub site: String,
    /// The waves, the first one first.
    pub waves: Vec<SyncWave>,
}

/// The instances that are synced together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncWave {
    /// The number of the wave, from 0.
    pub wave: u32,
    /// The instances, in the order of the plan.
    pub instances: Vec<SyncStep>,
}

/// An instance in a wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncStep {
    /// The instance.
    pub name: String,
    /// The instances that it waits for, without those that one of these waits for anyway.
    pub after: Vec<String>,
}

/// Returns the waves of a site and what each instance waits for.
pub fn sync_graph(plan: &SitePlan) -> SyncGraph {
    let mut instances: Vec<&Instance> = plan.instances.iter().collect();
    instances.sort_by_key(|instance| instance.wave);
    let mut waves: Vec<SyncWave> = Vec::new();
    for instance in instances {
        let step = SyncStep {
            name: instance.name.clone(),
            after: direct_requirements(plan, instance),
        };
        match waves.last_mut().filter(|last| last.wave == instance.wave) {
            Some(last) => last.instances.push(step),
            None => waves.push(SyncWave {
                wave: instance.wave,
                instances: vec![step],
            }),
        }
    }
    SyncGraph {
        site: plan.name.clone(),
        waves,
    }
}

/// Returns the instances that an instance waits for, without what the others among them wait for.
fn direct_requirements(plan: &SitePlan, instance: &Instance) -> Vec<String> {
    let mut direct = instance.after.clone();
    for other in &instance.after {
        if let Some(other) = plan.instance(other) {
            direct.retain(|name| !other.after.contains(name));
        }
    }
    direct
}
