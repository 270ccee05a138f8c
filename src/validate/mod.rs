//! Holds final manifests and Applications against the rules of Kubernetes, Argo CD and the fleet.
//!
//! Comes in: a site, what its overlays render to, and what was bundled for Argo CD. Goes out: diagnostics that point at the inputs from
//! which the trouble comes: the app whose base holds the object, the instance on the site, the fleet file. Some rules can only fire on
//! what bases hold, or on a mistake of siteplan's own; they are checked all the same, because what Argo CD does with such objects is
//! silent and expensive.

mod argo;
mod argocd_version;
mod definitions;
mod destinations;
mod gates;
mod images;
mod kustomizations;
mod metadata;
mod names;
mod namespaces;
mod normal_form;
mod output_schema;
mod override_files;
mod permits;
mod projects;
mod references;
mod secrets;
mod shared;
mod size;
mod source_paths;
mod sync_options;
mod syntax;
mod view;
mod waves;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::bundle::File;
use crate::manifest::Object;
use crate::plan::SitePlan;
use pointer_diagnostics::Diagnostics;

use view::View;

pub use names::shared_names;

/// What validation looks at.
#[derive(Debug, Clone, Copy)]
pub struct ValidateInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The final manifests, by instance.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// What was bundled for the site.
    pub bundle: &'a [File],
    /// The kustomizations of the overlays, and of bases where they are at hand, by their directories from the root of the fleet.
    pub kustomizations: &'a BTreeMap<String, Value>,
    /// The files, from the root of the fleet, in every directory that is built: bases, overlays and what else is there.
    pub files: &'a BTreeSet<String>,
}

/// Holds a site's output against all rules.
pub fn validate(input: &ValidateInput<'_>) -> Diagnostics {
    let view = View::new(input);
    let mut found = Diagnostics::new();
    for check in CHECKS {
        check(&view, &mut found);
    }
    found
}

/// Finds one kind of trouble.
type Check = fn(&View<'_>, &mut Diagnostics);

const CHECKS: &[Check] = &[
    argocd_version::check,
    names::check,
    shared::check,
    destinations::check,
    permits::check,
    projects::check,
    waves::check,
    gates::check,
    sync_options::check,
    normal_form::check,
    output_schema::check,
    definitions::check,
    namespaces::check,
    source_paths::check,
    kustomizations::check,
    override_files::check,
    secrets::check,
    images::check,
    metadata::check,
    references::check,
    size::check,
];
