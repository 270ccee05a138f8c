//! Checks the final manifests of a site as the API server of the site does when it gets them.
//!
//! What schemas say is told by `apiserver-schema`, what the server checks in code and what Pod Security refuses by
//! `apiserver-validation`. The rules beside this module word what was found, a class each. Sites that have one version and the same
//! definitions share a server, which judges equal objects once in a run.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use apiserver_schema::{
    Definition, Distribution, KubernetesVersion, SchemaSet, UnknownVersion, ViolationKind,
};
use apiserver_validation::{
    Context, KubernetesVersion as CodeVersion, PodSecurityLevel, PodSecurityPlatform,
    PodSecurityPolicy, check_object, check_pod_security, check_update,
};
use pointer_diagnostics::{Diagnostics, Pointer, Rule};
use serde_json::Value;

use crate::load::FleetDefinitions;
use crate::manifest::Object;
use crate::model::{Platform, PodSecurity};
use crate::plan::{Instance, SitePlan};

use super::operator_pods::{PodRules, find_refused_pods};
use super::refusal::{FindingClass, ServerRefusal};
use super::view::View;

/// Locks that verdicts are spread over, so that threads seldom wait for each other.
const SHARDS: usize = 16;

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

/// The identity of an API server in a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ServerKey {
    version: KubernetesVersion,
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
    verdicts: [Mutex<BTreeMap<VerdictKey, Arc<Vec<ServerRefusal>>>>; SHARDS],
}

/// The content of an object, by 128 bits that are as good as never those of another, and the level that its pods are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct VerdictKey {
    content: [u64; 2],
    level: Option<PodSecurityLevel>,
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
            let verdict = server.judge(object.value(), level);
            let of_pods = catalogue.map_or_else(Vec::new, |catalogue| {
                let mut refused = find_refused_pods(object, catalogue, server.pod_rules(level));
                refused.retain(|pod| !verdict.iter().any(|known| known.pointer == pod.pointer));
                refused
            });
            for verdict in [verdict, Arc::new(of_pods)] {
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
                version: CodeVersion::new(1, u16::from(key.version.minor())),
            },
            platform: match key.distribution {
                Distribution::OpenShift => PodSecurityPlatform::OpenShift,
                Distribution::Kubernetes => PodSecurityPlatform::Kubernetes,
            },
            verdicts: Default::default(),
        }
    }

    /// Returns the kinds that the server knows.
    pub(super) fn schemas(&self) -> &SchemaSet {
        &self.schemas
    }

    /// Returns what is refused in an object. An object of equal content is looked at once.
    fn judge(&self, object: &Value, level: Option<PodSecurityLevel>) -> Arc<Vec<ServerRefusal>> {
        let key = VerdictKey {
            content: digest_value(object),
            level,
        };
        let shard = usize::try_from(key.content[0] % SHARDS as u64).unwrap_or_default();
        let verdicts = || {
            self.verdicts[shard]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = verdicts().get(&key) {
            return Arc::clone(known);
        }
        let verdict = Arc::new(self.check(object, level));
        verdicts().insert(key, Arc::clone(&verdict));
        verdict
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
            let pointer = Pointer::parse(violation.pointer);
            if !found.iter().any(|known| known.pointer == pointer) {
                found.push(ServerRefusal {
                    class: FindingClass::Code,
                    pointer,
                    field: violation.field,
                    message: violation.message,
                    nearest: None,
                });
            }
        }
        found
    }

    /// Checks an object. A field that its schema refuses is not told again by the code of the kind.
    fn check(&self, object: &Value, level: Option<PodSecurityLevel>) -> Vec<ServerRefusal> {
        let of_schema = self.schemas.check(object).into_iter();
        let mut found: Vec<ServerRefusal> = of_schema.map(ServerRefusal::of_schema).collect();
        let code = check_object(object, &self.context);
        let code = code.into_iter().map(|v| (FindingClass::Code, v));
        let pods = level.map_or_else(Vec::new, |level| {
            let version = self.context.version;
            let platform = self.platform;
            check_pod_security(
                object,
                PodSecurityPolicy {
                    level,
                    version,
                    platform,
                },
            )
        });
        let pods = pods.into_iter().map(|v| (FindingClass::PodSecurity, v));
        for (class, violation) in code.chain(pods) {
            let pointer = Pointer::parse(violation.pointer);
            // What is below a field that its schema refuses only follows from that.
            let is_told = found.iter().any(|known| match known.class {
                FindingClass::Schema(_) => is_below(&pointer, &known.pointer),
                _ => known.pointer == pointer,
            });
            if is_told || is_told_elsewhere(&pointer) {
                continue;
            }
            found.push(ServerRefusal {
                class,
                pointer,
                field: violation.field,
                message: violation.message,
                nearest: None,
            });
        }
        found
    }
}

/// Feeds two hashers that begin differently.
struct TwinHasher(DefaultHasher, DefaultHasher);

impl Hasher for TwinHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

fn digest_value(value: &Value) -> [u64; 2] {
    let mut hasher = TwinHasher(DefaultHasher::new(), DefaultHasher::new());
    hasher.1.write_u8(1);
    value.hash(&mut hasher);
    [hasher.0.finish(), hasher.1.finish()]
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

/// Tells whether a field is another or below it. Everything is below the root, which only a whole object is refused at.
fn is_below(pointer: &Pointer, above: &Pointer) -> bool {
    let rest = pointer.as_str().strip_prefix(above.as_str());
    !above.as_str().is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Tells whether a field is the business of the rule `malformed-metadata`, which also looks at what siteplan makes itself.
fn is_told_elsewhere(pointer: &Pointer) -> bool {
    let metadata = [
        "/metadata/name",
        "/metadata/labels",
        "/metadata/annotations",
    ];
    let pointer = pointer.as_str();
    metadata.iter().any(|field| {
        pointer
            .strip_prefix(field)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Returns the version of the API server; the newest that is known where the site does not say it, or says another one.
fn find_cluster_version(plan: &SitePlan) -> KubernetesVersion {
    match parse_cluster_version(plan) {
        Some(Ok(version)) => version,
        Some(Err(_)) | None => KubernetesVersion::NEWEST,
    }
}

/// Reads the version of the site's cluster as one of Kubernetes; `None` where the site does not say it.
pub(super) fn parse_cluster_version(
    plan: &SitePlan,
) -> Option<Result<KubernetesVersion, UnknownVersion>> {
    let cluster = &plan.site.spec.cluster;
    let written = cluster.version.as_deref()?;
    Some(match cluster.platform {
        Platform::Openshift => KubernetesVersion::of_openshift(written),
        Platform::Kubernetes => written.parse(),
    })
}

/// Reports the findings of some classes under a rule, each at the line that causes it.
pub(super) fn report_findings(
    view: &View<'_>,
    rule: &Rule,
    is_meant: fn(FindingClass) -> bool,
    found: &mut Diagnostics,
) {
    for finding in view.server_findings() {
        let refusal = finding.refusal();
        if !is_meant(refusal.class) {
            continue;
        }
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
    let is_of_operator = refusal.class == FindingClass::Schema(ViolationKind::UnknownVersion)
        && refusal.message.contains("is not served as");
    is_of_operator.then(|| {
        "write a version that is served, or import its definition with `siteplan schema import`"
            .to_owned()
    })
}
