//! Holds final manifests and Applications against the rules of Kubernetes, Argo CD and the fleet.
//!
//! Comes in: a site, what its overlays render to, and what was bundled for Argo CD. Goes out: diagnostics that point at the inputs from
//! which the trouble comes: the app whose base holds the object, the instance on the site, the fleet file. Some rules can only fire on
//! what bases hold, or on a mistake of siteplan's own; they are checked all the same, because what Argo CD does with such objects is
//! silent and expensive.

mod api_server;
mod argo;
mod between;
mod consequences;
mod definitions;
mod disruptions;
mod glob;
mod hosts;
mod metadata_form;
mod operator_pods;
mod policies;
mod ports;
mod projects;
mod refusal;
mod rules;
mod selectors;
mod server_rules;
mod sync_options;
mod syntax;
mod updates;
mod verdict_cache;
mod view;
mod waves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::bundle::File;
use crate::catalogue::Catalogue;
use crate::kinds::Kinds;
use crate::manifest::{Object, ObjectId};
use crate::patch::Operation;
use crate::plan::{Claim, SitePlan, check_site_claims};
use pointer_diagnostics::{Diagnostics, Rule};

use api_server::report_findings;
use hosts::claim_hosts;
use server_rules::SERVER_RULES;
use view::View;

pub use api_server::{ApiServers, SiteDefinitions};
pub use disruptions::check_disruptions;
pub use policies::FleetPolicies;
pub use rules::shared_application_name::shared_names;
pub use updates::{UpdateInput, check_updates};

/// Input of the validate pass.
#[derive(Debug, Clone, Copy)]
pub struct ValidateInput<'a> {
    /// The site.
    pub plan: &'a SitePlan,
    /// The final manifests, by instance.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// Facts about the kinds of the site.
    pub kinds: &'a Kinds,
    /// The catalogue of each instance, with its app's own entries.
    pub catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
    /// Files bundled for the site.
    pub bundle: &'a [File],
    /// The kustomizations of the overlays, and of bases where they are at hand, by their directories from the root of the fleet.
    pub kustomizations: &'a BTreeMap<String, Value>,
    /// The admission policies of the fleet.
    pub policies: &'a FleetPolicies,
    /// The definitions of custom resources that hold on the site.
    pub definitions: &'a SiteDefinitions<'a>,
    /// The API servers of the run.
    pub servers: &'a ApiServers,
    /// Operations on the objects of each instance, with the origins that asked for them.
    pub changes: &'a BTreeMap<String, Vec<(ObjectId, Operation)>>,
    /// The files, from the root of the fleet, in every directory that is built: bases, overlays and what else is there.
    pub files: &'a BTreeSet<String>,
}

/// A rule that is a check of its own over a site's output: one file of `rules/`.
#[derive(Debug)]
pub struct CheckedRule {
    /// The code, the severity and the texts.
    pub rule: Rule,
    /// Finds the problem everywhere on a site.
    check: fn(&View<'_>, &mut Diagnostics),
}

/// Every rule that is a check of its own, sorted by code.
pub const CHECKED_RULES: &[&CheckedRule] = rules::REGISTRY;

/// Returns every rule over a site's output: those that are checks of their own, and those over what the API server refuses.
pub fn list_output_rules() -> impl Iterator<Item = &'static Rule> {
    let checked = CHECKED_RULES.iter().map(|checked| &checked.rule);
    checked.chain(SERVER_RULES.iter().map(|of_server| &of_server.rule))
}

/// The rule about paths; compiling raises it too.
pub const PATH_NOT_PORTABLE: &Rule = &rules::path_not_portable::RULE.rule;

/// The findings about a site's output.
#[derive(Debug, Clone)]
pub struct ValidatedSite {
    /// The problems.
    pub problems: Diagnostics,
    /// The host names that the site claims.
    pub hosts: Vec<Claim>,
    /// Objects that the API server refuses.
    pub refused: BTreeSet<ObjectId>,
}

/// Checks a site's output against all rules.
pub fn validate(input: &ValidateInput<'_>) -> ValidatedSite {
    let view = View::new(input);
    let mut found = Diagnostics::new();
    for rule in CHECKED_RULES {
        (rule.check)(&view, &mut found);
    }
    report_findings(&view, &mut found);
    let hosts = claim_hosts(&view);
    check_site_claims(&hosts, &mut found);
    ValidatedSite {
        problems: found,
        hosts,
        refused: list_refused(&view),
    }
}

/// Returns the objects that the API server refuses.
fn list_refused(view: &View<'_>) -> BTreeSet<ObjectId> {
    let findings = view.server_findings().iter();
    let refused = findings.filter(|finding| finding.refusal().is_refusal());
    refused.map(|finding| finding.object.id()).collect()
}
