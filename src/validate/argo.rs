//! Applications and projects: the ones that were bundled, and the ones that bases hold.

use crate::manifest::Object;
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::{Diagnostic, Pointer, Rule};

use super::ValidateInput;
use super::view::at_instance;

/// An Application or an AppProject.
pub(super) struct Argo<'a> {
    pub(super) object: Object,
    pub(super) place: ArgoOrigin<'a>,
}

/// Origin of an Application or a project.
#[derive(Clone, Copy)]
pub(super) enum ArgoOrigin<'a> {
    /// The Application that was bundled for an instance.
    OfInstance(&'a Instance),
    /// The site's project, its root, the root's project: they follow from the fleet file. The path of the file among the site's.
    OfSite(&'a str),
    /// An object of an instance.
    In(&'a Instance),
}

impl<'a> Argo<'a> {
    /// All of them: the bundled ones first.
    pub(super) fn all(input: &ValidateInput<'a>) -> Vec<Self> {
        let bundled = input.bundle.iter().flat_map(|file| {
            let place = bundled_place(input.plan, &file.path);
            file.documents.iter().map(move |document| Self {
                object: Object::new(document.clone()),
                place,
            })
        });
        let rendered = input.plan.instances.iter().flat_map(|instance| {
            let objects = input.rendered.get(&instance.name).into_iter().flatten();
            objects.map(move |object| Self {
                object: object.clone(),
                place: ArgoOrigin::In(instance),
            })
        });
        bundled
            .chain(rendered)
            .filter(|a| a.is_application() || a.is_project())
            .collect()
    }

    pub(super) fn is_application(&self) -> bool {
        self.object.group() == "argoproj.io" && self.object.kind() == "Application"
    }

    pub(super) fn is_project(&self) -> bool {
        self.object.group() == "argoproj.io" && self.object.kind() == "AppProject"
    }

    /// Checks whether it is one of those that bootstrap a site: the root and its project.
    pub(super) fn is_bootstrap(&self) -> bool {
        matches!(self.place, ArgoOrigin::OfSite(path) if path.starts_with("bootstrap/"))
    }

    /// A text field of the object, or the empty text.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.object
            .get(pointer)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// Starts a report about it.
    pub(super) fn report(&self, plan: &SitePlan, rule: &Rule, message: String) -> Diagnostic {
        let report = rule.report(message);
        match self.place {
            ArgoOrigin::In(instance) => at_instance(report, instance),
            ArgoOrigin::OfInstance(instance) => {
                report.primary_key(instance.origin.clone(), "its Application")
            }
            ArgoOrigin::OfSite(path) => {
                let origin = plan.fleet.origin(&Pointer::parse("/argocd"));
                report.primary_key(
                    origin,
                    format!("`{path}` of site `{}` follows from this", plan.name),
                )
            }
        }
    }
}

fn bundled_place<'a>(plan: &'a SitePlan, path: &'a str) -> ArgoOrigin<'a> {
    let name = path
        .strip_prefix("apps/")
        .and_then(|file| file.strip_suffix(".yaml"));
    match name.and_then(|name| plan.instance(name)) {
        Some(instance) => ArgoOrigin::OfInstance(instance),
        None => ArgoOrigin::OfSite(path),
    }
}
