//! Checks the final manifests of a site as the API server of the site does when it gets them.
//!
//! What schemas say is told by `apiserver-schema`, what the server checks in code and what Pod Security refuses by
//! `apiserver-validation`. The rules beside this module word what was found, a class each. Sites that have one version and the same
//! definitions share a server, which judges equal objects once in a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use apiserver_schema::{
    AdmissionContext, AdmissionOperation, AdmissionPolicies, AdmissionRequest, Definition,
    Distribution, PolicyFinding, SchemaSet, SchemaVersion, UnknownVersion, ViolationKind,
};
use apiserver_validation::{
    Context, KubernetesVersion, PodSecurityLevel, PodSecurityPlatform, PodSecurityPolicy,
    check_object, check_pod_security, check_update,
};
use pointer_diagnostics::Diagnostics;
use serde_json::Value;

use crate::load::FleetDefinitions;
use crate::manifest::Object;
use crate::model::{Platform, PodSecurity};
use crate::plan::{Instance, SitePlan};

use super::consequences::leave_out_consequences;
use super::metadata_form::find_malformed_metadata;
use super::operator_pods::{PodRules, find_refused_pods};
use super::refusal::{FindingClass, ServerRefusal};
use super::server_rules::{SERVER_RULES, ServerRule};
use super::verdict_cache::{ContentDigest, VerdictCache};
use super::view::View;

/// Something in an object that the API server refuses or warns of.
#[derive(Debug)]
pub(super) struct ServerFinding<'a> {
    pub(super) instance: &'a Instance,
    pub(super) object: &'a Object,
    verdict: Arc<Vec<ServerRefusal>>,
    index: usize,
}

/// The definitions of custom resources that hold on a site.
#[derive(Debug, Clone, Default)]
pub struct SiteDefinitions<'a> {
    /// Definitions of the fleet; `None` where there are none.
    pub fleet: Option<&'a FleetDefinitions>,
    /// Definitions among the objects of bases, by the name of the app. They hold over those of the fleet, for the whole site.
    pub of_bases: BTreeMap<&'a str, &'a [Definition]>,
}

/// The API servers of a run: one for all sites of one version with the same definitions.
#[derive(Debug, Default)]
pub struct ApiServers {
    servers: Mutex<BTreeMap<ServerKey, Arc<ApiServer>>>,
}

/// The objects that admission policies look at beside the one that is judged: parameters and namespaces.
pub(super) struct PolicySurroundings<'a> {
    objects: Vec<&'a Value>,
    digest: ContentDigest,
}

/// The identity of an API server in a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ServerKey {
    version: SchemaVersion,
    distribution: Distribution,
    /// The apps whose bases bring definitions.
    bases: Vec<String>,
    /// The sets of definitions that the app chooses.
    sets: Vec<String>,
}

/// An API server of some version, with definitions, and what it said so far.
#[derive(Debug)]
pub(super) struct ApiServer {
    schemas: SchemaSet,
    context: Context,
    platform: PodSecurityPlatform,
    /// By the level that the pods of an object are held to.
    verdicts: VerdictCache<Option<PodSecurityLevel>, Vec<ServerRefusal>>,
    /// By the level and the app, whose catalogue says where an object describes pods.
    pod_verdicts: VerdictCache<(Option<PodSecurityLevel>, String), Vec<ServerRefusal>>,
    /// By what policies see beside an object.
    policy_verdicts: VerdictCache<ContentDigest, Vec<PolicyFinding>>,
}

/// Finds everything that the API server of the site refuses or warns of in the rendered objects.
pub(super) fn find_refusals<'a>(
    view: &View<'a>,
    servers: &ApiServers,
    definitions: &SiteDefinitions<'_>,
) -> Vec<ServerFinding<'a>> {
    let mut found = Vec::new();
    for instance in &view.plan.instances {
        let server = servers.serve(view.plan, instance, definitions);
        let catalogue = view.catalogues.get(&instance.name);
        for object in view.objects_of(instance) {
            let level = find_level(view.plan, object);
            let content = ContentDigest::of(object.value());
            let verdict = server
                .verdicts
                .get_or_judge(content, level, || server.check(object.value(), level));
            let of_pods = catalogue.map(|catalogue| {
                let app = instance.app().map_or("", |app| app.name.as_str());
                let depends_on = (level, app.to_owned());
                server.pod_verdicts.get_or_judge(content, depends_on, || {
                    let mut refused = find_refused_pods(object, catalogue, server.pod_rules(level));
                    refused.retain(|pod| !verdict.iter().any(|known| known.pointer == pod.pointer));
                    refused
                })
            });
            for verdict in [Some(verdict), of_pods].into_iter().flatten() {
                found.extend((0..verdict.len()).map(|index| ServerFinding {
                    instance,
                    object,
                    verdict: Arc::clone(&verdict),
                    index,
                }));
            }
        }
    }
    found
}

impl<'a> PolicySurroundings<'a> {
    /// Takes the objects.
    pub(super) fn new(objects: Vec<&'a Value>) -> Self {
        let digest = ContentDigest::of(&objects);
        Self { objects, digest }
    }
}

impl ServerFinding<'_> {
    /// Returns what is refused.
    pub(super) fn refusal(&self) -> &ServerRefusal {
        &self.verdict[self.index]
    }
}

impl ServerKey {
    fn new(plan: &SitePlan, instance: &Instance, definitions: &SiteDefinitions<'_>) -> Self {
        let bases = definitions.of_bases.iter();
        let with_definitions = bases.filter(|(_, of_base)| !of_base.is_empty());
        Self {
            version: find_cluster_version(plan),
            distribution: match plan.site.spec.cluster.platform {
                Platform::Openshift => Distribution::OpenShift,
                Platform::Kubernetes => Distribution::Kubernetes,
            },
            bases: with_definitions.map(|(app, _)| (*app).to_owned()).collect(),
            sets: instance
                .app()
                .map(|app| app.spec.definitions.clone())
                .unwrap_or_default(),
        }
    }
}

impl ApiServers {
    /// Returns the server of a site, as the objects of an instance see it.
    pub(super) fn serve(
        &self,
        plan: &SitePlan,
        instance: &Instance,
        definitions: &SiteDefinitions<'_>,
    ) -> Arc<ApiServer> {
        let key = ServerKey::new(plan, instance, definitions);
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers
            .entry(key)
            .or_insert_with_key(|key| Arc::new(ApiServer::new(key, definitions)));
        Arc::clone(server)
    }
}

impl ApiServer {
    /// Makes a server. What was imported counts more than facts of published versions, what the app chooses more than that, and what
    /// the bases bring most.
    fn new(key: &ServerKey, definitions: &SiteDefinitions<'_>) -> Self {
        let mut schemas = SchemaSet::for_distribution(key.version, key.distribution);
        if let Some(fleet) = definitions.fleet {
            let chosen = key.sets.iter().filter_map(|set| fleet.sets.get(set));
            let of_fleet = fleet.compact.iter().chain(&fleet.shared);
            for definition in of_fleet.chain(chosen.flatten()) {
                schemas.insert(definition.clone());
            }
        }
        let of_bases = key.bases.iter();
        let of_bases = of_bases.filter_map(|app| definitions.of_bases.get(app.as_str()));
        for definition in of_bases.copied().flatten() {
            schemas.insert(definition.clone());
        }
        Self {
            schemas,
            context: Context {
                version: KubernetesVersion::new(1, u16::from(key.version.minor())),
            },
            platform: match key.distribution {
                Distribution::OpenShift => PodSecurityPlatform::OpenShift,
                Distribution::Kubernetes => PodSecurityPlatform::Kubernetes,
            },
            verdicts: VerdictCache::default(),
            pod_verdicts: VerdictCache::default(),
            policy_verdicts: VerdictCache::default(),
        }
    }

    /// Returns what admission policies say of an object that is created. An object of equal content in equal surroundings is looked at
    /// once.
    pub(super) fn judge_policies(
        &self,
        policies: &AdmissionPolicies,
        object: &Value,
        surroundings: &PolicySurroundings<'_>,
    ) -> Arc<Vec<PolicyFinding>> {
        let content = ContentDigest::of(object);
        let evaluate = || {
            let context = AdmissionContext {
                schemas: &self.schemas,
                objects: &surroundings.objects,
            };
            let request = AdmissionRequest {
                object,
                old_object: None,
                operation: AdmissionOperation::Create,
            };
            policies.evaluate(request, context).findings
        };
        self.policy_verdicts
            .get_or_judge(content, surroundings.digest, evaluate)
    }

    /// Returns what the pods of an object are held to.
    fn pod_rules(&self, level: Option<PodSecurityLevel>) -> PodRules {
        PodRules {
            context: self.context,
            security: level.map(|level| PodSecurityPolicy {
                level,
                version: self.context.version,
                platform: self.platform,
            }),
        }
    }

    /// Returns what is refused in the update of an object, beyond what is refused in the new one.
    pub(super) fn judge_update(&self, old: &Value, new: &Value) -> Vec<ServerRefusal> {
        let mut found: Vec<ServerRefusal> = Vec::new();
        if old.get("apiVersion") == new.get("apiVersion") {
            let known = self.schemas.check(new);
            let of_update = self.schemas.check_update(new, old).into_iter();
            let of_update = of_update.filter(|violation| !known.contains(violation));
            found.extend(of_update.map(ServerRefusal::of_schema));
        }
        for violation in check_update(old, new, &self.context) {
            let refusal = ServerRefusal::of_code(FindingClass::Code, violation);
            if !found.iter().any(|known| known.pointer == refusal.pointer) {
                found.push(refusal);
            }
        }
        found
    }

    /// Checks an object, and keeps what does not only follow from something else.
    fn check(&self, object: &Value, level: Option<PodSecurityLevel>) -> Vec<ServerRefusal> {
        let mut found = find_malformed_metadata(object);
        let of_schema = self.schemas.check(object).into_iter();
        found.extend(of_schema.map(ServerRefusal::of_schema));
        let code = check_object(object, &self.context).into_iter();
        found.extend(code.map(|v| ServerRefusal::of_code(FindingClass::Code, v)));
        if let Some(policy) = self.pod_rules(level).security {
            let pods = check_pod_security(object, policy).into_iter();
            found.extend(pods.map(|v| ServerRefusal::of_code(FindingClass::PodSecurity, v)));
        }
        leave_out_consequences(object, found)
    }
}

/// Returns the level that the namespace of an object enforces.
fn find_level(plan: &SitePlan, object: &Object) -> Option<PodSecurityLevel> {
    let namespace = plan.namespaces.get(object.namespace()?)?;
    Some(match namespace.pod_security? {
        PodSecurity::Privileged => PodSecurityLevel::Privileged,
        PodSecurity::Baseline => PodSecurityLevel::Baseline,
        PodSecurity::Restricted => PodSecurityLevel::Restricted,
    })
}

/// Returns the version of the API server; the newest that is known where the site does not say it, or says another one.
fn find_cluster_version(plan: &SitePlan) -> SchemaVersion {
    match parse_cluster_version(plan) {
        Some(Ok(version)) => version,
        Some(Err(_)) | None => SchemaVersion::NEWEST,
    }
}

/// Reads the version of the site's cluster as one of Kubernetes; `None` where the site does not say it.
pub(super) fn parse_cluster_version(
    plan: &SitePlan,
) -> Option<Result<SchemaVersion, UnknownVersion>> {
    let cluster = &plan.site.spec.cluster;
    let written = cluster.version.as_deref()?;
    Some(match cluster.platform {
        Platform::Openshift => SchemaVersion::of_openshift(written),
        Platform::Kubernetes => written.parse(),
    })
}

/// Reports the findings of the API server, each under its rule and at the line that causes it.
pub(super) fn report_findings(view: &View<'_>, found: &mut Diagnostics) {
    for finding in view.server_findings() {
        let refusal = finding.refusal();
        let mut rules = SERVER_RULES.iter();
        let Some(ServerRule { rule, .. }) = rules.find(|rule| (rule.is_meant)(refusal.class))
        else {
            continue;
        };
        // Without the namespace, so that one mistake of a base is one message for all instances.
        let object = format!("`{} {}`", finding.object.kind(), finding.object.name());
        let message = match refusal.field.as_str() {
            "" => format!("{object}: {}", refusal.message),
            field => format!("{object}: `{field}`: {}", refusal.message),
        };
        let mut report = view.report_field(rule, finding, message);
        if refusal.class == FindingClass::Schema(ViolationKind::RuleNotEvaluated) {
            report.severity = view.unchecked_severity();
        }
        found.push(match find_help(refusal) {
            Some(help) => report.help(help),
            None => report,
        });
    }
}

/// Returns what to do, where the message alone does not say it.
fn find_help(refusal: &ServerRefusal) -> Option<String> {
    if let Some(nearest) = &refusal.nearest {
        return Some(format!("did you mean `{nearest}`?"));
    }
    if refusal.class == FindingClass::Metadata {
        return Some("correct the name, label or annotation: the API server refuses it".to_owned());
    }
    let is_of_operator = refusal.class == FindingClass::Schema(ViolationKind::UnknownVersion)
        && refusal.message.contains("is not served as");
    is_of_operator.then(|| {
        "write a version that is served, or import its definition with `siteplan schema import`"
            .to_owned()
    })
}
