//! One Argo CD for all sites: the Application of the sites' roots, and that Argo CD's settings.

use crate::load::Fleet;
use crate::model::Topology;
use crate::rules;
use pointer_diagnostics::{Diagnostics, Pointer};
use rustomize::KUSTOMIZATION_FILE;

use super::kind_health::fleet_scripts;
use super::root::{Root, RootDeletion};
use super::{File, kustomization, settings_file};

/// The name of the fleet's directory, Application and project. No site can be called so.
pub(super) const FLEET: &str = "fleet";
/// Most Applications that one root can hold: its status has a line for each, and etcd limits the size of an object.
const MAX_SITES: usize = 1000;

/// Makes `out/fleet/`; nothing where every site has its own Argo CD. `sites` are all sites of the fleet, in any order.
pub fn fleet_bundle(fleet: &Fleet, sites: &[&str], found: &mut Diagnostics) -> Vec<File> {
    if fleet.spec.argocd.topology == Topology::PerSite {
        return Vec::new();
    }
    check_size(fleet, sites.len(), found);
    let mut sites = sites.to_vec();
    sites.sort_unstable();
    let roots: Vec<String> = sites
        .iter()
        .map(|site| format!("../../{site}/bootstrap"))
        .collect();
    let root = Root {
        name: FLEET.to_owned(),
        project: FLEET.to_owned(),
        title: format!("fleet {}", fleet.name),
        site: FLEET,
        path: format!("out/{FLEET}/apps"),
        deletion_hooks: false,
        deletion: RootDeletion::KeepsApplications,
    };
    let mut files = vec![
        File::new(&format!("apps/{KUSTOMIZATION_FILE}"), kustomization(&roots)),
        File::new(
            &format!("bootstrap/{KUSTOMIZATION_FILE}"),
            kustomization(&["project.yaml", "root.yaml"]),
        ),
        File::new("bootstrap/project.yaml", root.app_project(&fleet.spec)),
        File::new("bootstrap/root.yaml", root.application(&fleet.spec)),
        settings_file(&fleet.spec.argocd, &fleet_scripts(&fleet.spec.argocd)),
    ];
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Warns of more sites than one root can hold.
fn check_size(fleet: &Fleet, sites: usize, found: &mut Diagnostics) {
    if sites > MAX_SITES {
        found.push(
            rules::FLEET_TOO_LARGE
                .report(format!("one hub syncs {sites} sites; an Application of Applications holds about {MAX_SITES}"))
                .primary(fleet.origin(&Pointer::parse("/argocd/topology")), "one Application holds all sites")
                .help(
                    "let every site have its own Argo CD (`topology: per-site`), or split the fleet over several hubs",
                ),
        );
    }
}
