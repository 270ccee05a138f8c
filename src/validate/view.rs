//! A site as the rules see it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::kinds::Kinds;
use crate::manifest::Object;
use crate::model::{ArgoCd, FleetSpec};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::{Diagnostic, Origin, Pointer, Rule};

use super::ValidateInput;
use super::argo::Argo;
use super::definitions::{EarlyResource, find_early_resources};

/// A site as the rules see it: its objects with their instances, and its Applications and projects, wherever they come from.
pub(super) struct View<'a> {
    pub(super) plan: &'a SitePlan,
    pub(super) rendered: &'a BTreeMap<String, Vec<Object>>,
    pub(super) kustomizations: &'a BTreeMap<String, Value>,
    pub(super) files: &'a BTreeSet<String>,
    pub(super) kinds: &'a Kinds,
    /// Applications and projects: those that were bundled, and those that bases hold.
    pub(super) argo: Vec<Argo<'a>>,
    /// Everything that was bundled, the same objects as in `argo` among them.
    pub(super) bundled: Vec<Object>,
    early_resources: OnceCell<Vec<EarlyResource<'a>>>,
}

impl<'a> View<'a> {
    pub(super) fn new(input: &ValidateInput<'a>) -> Self {
        let bundled = input
            .bundle
            .iter()
            .flat_map(|f| f.documents.iter().cloned())
            .map(Object::new)
            .collect();
        Self {
            plan: input.plan,
            rendered: input.rendered,
            kustomizations: input.kustomizations,
            files: input.files,
            kinds: input.kinds,
            argo: Argo::all(input),
            bundled,
            early_resources: OnceCell::new(),
        }
    }

    pub(super) fn fleet(&self) -> &'a FleetSpec {
        &self.plan.fleet.spec
    }

    pub(super) fn argocd(&self) -> &'a ArgoCd {
        &self.plan.fleet.spec.argocd
    }

    /// All rendered objects with their instances.
    pub(super) fn objects(&self) -> impl Iterator<Item = (&'a Instance, &'a Object)> + use<'a> {
        let (plan, rendered) = (self.plan, self.rendered);
        plan.instances.iter().flat_map(|instance| {
            rendered
                .get(&instance.name)
                .into_iter()
                .flatten()
                .map(move |object| (instance, object))
        })
    }

    /// The rendered objects of an instance.
    pub(super) fn objects_of(&self, instance: &Instance) -> &'a [Object] {
        self.rendered.get(&instance.name).map_or(&[], Vec::as_slice)
    }

    /// Returns the custom resources whose API is not known to be there before them. Found once for all rules that read them.
    pub(super) fn early_resources(&self) -> &[EarlyResource<'a>] {
        self.early_resources
            .get_or_init(|| find_early_resources(self))
    }

    /// Starts a report about an object of an instance.
    pub(super) fn report(&self, rule: &Rule, instance: &Instance, message: String) -> Diagnostic {
        at_instance(rule.report(message), instance)
    }

    /// A field of the fleet file, below `spec`.
    pub(super) fn fleet_origin(&self, pointer: &str) -> Origin {
        self.plan.fleet.origin(&Pointer::parse(pointer))
    }
}

/// Points a report at the app that an object comes from, and at the instance; a built-in app is made from the site alone.
pub(super) fn at_instance(report: Diagnostic, instance: &Instance) -> Diagnostic {
    match instance.app() {
        Some(app) => report
            .primary_key(app.origin(&Pointer::root()), "this app brings it")
            .context_key(
                instance.origin.clone(),
                format!("`{}` on this site", instance.name),
            ),
        None => report.primary_key(instance.origin.clone(), "siteplan makes it from this"),
    }
}

/// `Kind namespace/name`, or `Kind name`, in backticks.
pub(super) fn called(object: &Object) -> String {
    match object.namespace() {
        Some(namespace) => format!("`{} {namespace}/{}`", object.kind(), object.name()),
        None => format!("`{} {}`", object.kind(), object.name()),
    }
}
