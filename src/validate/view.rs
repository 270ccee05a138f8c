//! A site as the rules see it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::kinds::Kinds;
use crate::manifest::{Object, ObjectId};
use crate::model::{ArgoCd, FleetSpec, ValidationMode};
use crate::patch::{FieldAuthor, Operation, Reason};
use crate::plan::{Instance, SitePlan};
use pointer_diagnostics::{Diagnostic, Origin, Pointer, Rule, Severity};

use super::ValidateInput;
use super::api_server::{ApiServers, ServerFinding, SiteDefinitions, find_refusals};
use super::argo::Argo;
use super::between::{FoundReference, KnownObjects, RelatedObjects, SitePodSets, find_references};
use super::definitions::{EarlyResource, find_early_resources};
use super::policies::{FleetPolicies, JudgedSite, PolicyVerdictAt, judge_objects};

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
    servers: &'a ApiServers,
    definitions: &'a SiteDefinitions<'a>,
    pub(super) catalogues: &'a BTreeMap<String, Arc<Catalogue>>,
    policies: &'a FleetPolicies,
    changes: &'a BTreeMap<String, Vec<(ObjectId, Operation)>>,
    related: RelatedObjects<'a>,
    early_resources: OnceCell<Vec<EarlyResource<'a>>>,
    site_objects: OnceCell<KnownObjects>,
    references: OnceCell<Vec<FoundReference<'a>>>,
    pod_sets: OnceCell<SitePodSets<'a>>,
    server_findings: OnceCell<Vec<ServerFinding<'a>>>,
    policy_verdicts: OnceCell<Vec<PolicyVerdictAt<'a>>>,
}

/// A field of a rendered object.
#[derive(Clone, Copy)]
pub(super) struct FieldPlace<'o> {
    pub(super) instance: &'o Instance,
    pub(super) object: &'o Object,
    pub(super) field: &'o Pointer,
}

/// An annotation of a rendered object.
#[derive(Clone, Copy)]
pub(super) struct AnnotationPlace<'o> {
    pub(super) instance: &'o Instance,
    pub(super) object: &'o Object,
    pub(super) annotation: &'o str,
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
            servers: input.servers,
            catalogues: input.catalogues,
            definitions: input.definitions,
            policies: input.policies,
            changes: input.changes,
            related: RelatedObjects {
                plan: input.plan,
                rendered: input.rendered,
                kinds: input.kinds,
                catalogues: input.catalogues,
            },
            early_resources: OnceCell::new(),
            site_objects: OnceCell::new(),
            references: OnceCell::new(),
            pod_sets: OnceCell::new(),
            server_findings: OnceCell::new(),
            policy_verdicts: OnceCell::new(),
        }
    }

    pub(super) fn fleet(&self) -> &'a FleetSpec {
        &self.plan.fleet.spec
    }

    pub(super) fn argocd(&self) -> &'a ArgoCd {
        &self.plan.fleet.spec.argocd
    }

    /// Returns the weight of what cannot be checked.
    pub(super) fn unchecked_severity(&self) -> Severity {
        match self.fleet().validation {
            ValidationMode::Lenient => Severity::Warning,
            ValidationMode::Strict => Severity::Error,
        }
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

    /// Returns what the API server of the site refuses or warns of. Found once for all rules that read it.
    pub(super) fn server_findings(&self) -> &[ServerFinding<'a>] {
        self.server_findings
            .get_or_init(|| find_refusals(self, self.servers, self.definitions))
    }

    /// Returns every object that the site is known to have. Collected once for all rules that read them.
    pub(super) fn site_objects(&self) -> &KnownObjects {
        self.site_objects
            .get_or_init(|| KnownObjects::collect(&self.related))
    }

    /// Returns the references of the site's objects to others. Found once for all rules that read them.
    pub(super) fn references(&self) -> &[FoundReference<'a>] {
        self.references.get_or_init(|| {
            let mut found = find_references(&self.related);
            found.retain(|reference| !self.is_refused_at(reference.object, &reference.pointer));
            found
        })
    }

    /// Tells whether the API server refuses a field of an object of the site. What the field leads to follows from that.
    pub(super) fn is_refused_at(&self, object: &Object, field: &Pointer) -> bool {
        let mut refused = self.list_refused_fields(object);
        refused.any(|pointer| pointer == field)
    }

    /// Lists the fields of an object of the site that the API server refuses.
    pub(super) fn list_refused_fields(&self, object: &Object) -> impl Iterator<Item = &Pointer> {
        let findings = self.server_findings().iter();
        let of_object = findings.filter(move |finding| std::ptr::eq(finding.object, object));
        let refusals = of_object.map(ServerFinding::refusal);
        refusals
            .filter(|refusal| refusal.is_refusal())
            .map(|refusal| &refusal.pointer)
    }

    /// Returns the pods and Services of the site. Collected once for all rules that read them.
    pub(super) fn pod_sets(&self) -> &SitePodSets<'a> {
        self.pod_sets
            .get_or_init(|| SitePodSets::collect(&self.related))
    }

    /// Returns the admission policies of the fleet.
    pub(super) fn policies(&self) -> &'a FleetPolicies {
        self.policies
    }

    /// Returns what the admission policies say of the rendered objects. Found once for all rules that read it.
    pub(super) fn policy_verdicts(&self) -> &[PolicyVerdictAt<'a>] {
        self.policy_verdicts.get_or_init(|| {
            let site = JudgedSite {
                plan: self.plan,
                servers: self.servers,
                definitions: self.definitions,
                policies: self.policies,
            };
            judge_objects(site, &self.objects().collect::<Vec<_>>())
        })
    }

    /// Starts a report about a refused field, at the line that causes it.
    pub(super) fn report_field(
        &self,
        rule: &Rule,
        finding: &ServerFinding<'_>,
        message: String,
    ) -> Diagnostic {
        let field = FieldPlace {
            instance: finding.instance,
            object: finding.object,
            field: &finding.refusal().pointer,
        };
        let reporter = FieldReporter {
            changes: self.changes,
        };
        match reporter.find_set_path(field) {
            Some(path) if finding.refusal().is_unknown_field() => {
                let report = rule.report(message).primary(path, "the path leads here");
                report
                    .context_key(
                        finding.instance.origin.clone(),
                        format!("`{}` on this site", finding.instance.name),
                    )
                    .about(finding.object.id().to_string())
            }
            _ => reporter.report(rule, field, message),
        }
    }

    /// Starts a report about any field, at the line that causes it.
    pub(super) fn report_at(
        &self,
        rule: &Rule,
        field: FieldPlace<'_>,
        message: String,
    ) -> Diagnostic {
        let reporter = FieldReporter {
            changes: self.changes,
        };
        reporter.report(rule, field, message)
    }

    /// Returns the line that causes a field of an object: that of the input whose value siteplan wrote there, else that of the base's
    /// manifest. `None` for a field that siteplan wrote for reasons of its own.
    pub(super) fn find_field_origin(
        &self,
        instance: &Instance,
        object: &Object,
        field: &Pointer,
    ) -> Option<Origin> {
        let reporter = FieldReporter {
            changes: self.changes,
        };
        reporter.find_origin(FieldPlace {
            instance,
            object,
            field,
        })
    }

    /// Starts a report about an object as a whole, at the line of its kind.
    pub(super) fn report_object(
        &self,
        rule: &Rule,
        owner: &Instance,
        object: &Object,
        message: String,
    ) -> Diagnostic {
        let place = FieldPlace {
            instance: owner,
            object,
            field: &Pointer::parse("/kind"),
        };
        self.report_at(rule, place, message)
    }

    /// Starts a report about an annotation of an object.
    pub(super) fn report_annotation(
        &self,
        rule: &Rule,
        place: AnnotationPlace<'_>,
        message: String,
    ) -> Diagnostic {
        let annotations = Pointer::parse("/metadata/annotations");
        let place = FieldPlace {
            instance: place.instance,
            object: place.object,
            field: &annotations.at(place.annotation),
        };
        self.report_at(rule, place, message)
    }

    /// A field of the fleet file, below `spec`.
    pub(super) fn fleet_origin(&self, pointer: &str) -> Origin {
        self.plan.fleet.origin(&Pointer::parse(pointer))
    }
}

/// Finds the lines that cause fields of final manifests.
pub(super) struct FieldReporter<'a> {
    /// Operations on the objects of each instance, with the origins that asked for them.
    pub(super) changes: &'a BTreeMap<String, Vec<(ObjectId, Operation)>>,
}

impl FieldReporter<'_> {
    /// Starts a report at the line that causes a field: that of the input whose value siteplan wrote there, else that of the base's
    /// manifest.
    pub(super) fn report(&self, rule: &Rule, field: FieldPlace<'_>, message: String) -> Diagnostic {
        let FieldPlace {
            instance,
            object,
            field: pointer,
        } = field;
        match self.find_origin(field) {
            Some(origin) => show_field(rule.report(message), object, pointer, origin).context_key(
                instance.origin.clone(),
                format!("`{}` on this site", instance.name),
            ),
            None => at_instance(rule.report(message), instance),
        }
        .about(object.id().to_string())
    }

    /// Returns the line that causes a field.
    fn find_origin(&self, field: FieldPlace<'_>) -> Option<Origin> {
        let written = || {
            let origin = field.object.origin(field.field.clone())?;
            (!origin.file.starts_with("out/")).then_some(origin)
        };
        self.who_asked_for(field).or_else(written)
    }

    /// Returns the path in the app's `set` that leads to a field which siteplan wrote.
    fn find_set_path(&self, field: FieldPlace<'_>) -> Option<Origin> {
        let app = field.instance.app()?;
        let reason = self.find_reason(field)?;
        let mut origins = reason.origins.iter();
        let is_set = reason.author == FieldAuthor::Value;
        let entry = origins.find(|origin| is_set && origin.file == app.file)?;
        Some(entry.at("path"))
    }

    /// Returns the input that asked for what siteplan wrote into a field, or into the nearest field around it; none where it was
    /// Argo CD that needs it, since no line says so.
    fn who_asked_for(&self, field: FieldPlace<'_>) -> Option<Origin> {
        let reason = self.find_reason(field)?;
        let is_asked = reason.author != FieldAuthor::ArgoCd;
        reason.origins.first().filter(|_| is_asked).cloned()
    }

    /// Returns why siteplan wrote into a field, or into the nearest field around it.
    fn find_reason(&self, field: FieldPlace<'_>) -> Option<&Reason> {
        let id = field.object.id();
        let changes = self.changes.get(&field.instance.name)?.iter();
        let covering = changes.filter(|(target, change)| {
            let below = field.field.as_str().strip_prefix(change.path.as_str());
            *target == id && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let nearest = covering.max_by_key(|(_, change)| change.path.as_str().len())?;
        nearest.1.asked_by.as_ref()
    }
}

/// Points a report at a field: at its value where that is on one line, at its key where it is a map, a list or missing.
fn show_field(report: Diagnostic, object: &Object, field: &Pointer, origin: Origin) -> Diagnostic {
    match object.get(field.as_str()) {
        Some(Value::Object(_) | Value::Array(_)) | None => report.primary_key(origin, ""),
        Some(_) => report.primary(origin, ""),
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
