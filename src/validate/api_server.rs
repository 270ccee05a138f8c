//! Checks the final manifests of a site as the API server of the site does when it gets them.
//!
//! What schemas say is told by `apiserver-schema`, what the server checks in code and what Pod Security refuses by
//! `apiserver-validation`. The rules beside this module word what was found, a class each.

use apiserver_schema::{Definition, SchemaSet, ViolationKind};
use apiserver_validation::{
    Context, KubernetesVersion as CodeVersion, PodSecurityLevel, PodSecurityPlatform,
    PodSecurityPolicy, check_object, check_pod_security,
};
use pointer_diagnostics::{Diagnostics, Pointer, Rule};

use crate::manifest::Object;
use crate::model::{Platform, PodSecurity};
use crate::plan::{Instance, SitePlan};

use super::server_schemas::{compile_schemas, find_cluster_version};
use super::view::View;

/// Something in an object that the API server refuses or warns of.
#[derive(Debug)]
pub(super) struct ServerFinding<'a> {
    pub(super) instance: &'a Instance,
    pub(super) object: &'a Object,
    pub(super) class: FindingClass,
    /// The field, which may be absent.
    pub(super) pointer: Pointer,
    /// The field as Kubernetes prints it.
    pub(super) field: String,
    /// Says what is and what was expected, a lower-case phrase.
    pub(super) message: String,
    /// The known name nearest to a misspelt one.
    pub(super) nearest: Option<String>,
}

/// The part of the API server that finds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingClass {
    /// The schema of the kind.
    Schema(ViolationKind),
    /// The code of the kind.
    Code,
    /// Pod Security, at the level that the namespace enforces.
    PodSecurity,
}

/// The API server of a site.
struct ApiServer<'a> {
    plan: &'a SitePlan,
    schemas: SchemaSet,
    context: Context,
}

/// Finds everything that the API server of the site refuses or warns of in the rendered objects.
pub(super) fn find_refusals<'a>(
    view: &View<'a>,
    definitions: &[&Definition],
) -> Vec<ServerFinding<'a>> {
    let server = ApiServer::of_site(view.plan, definitions);
    let mut found = Vec::new();
    for (instance, object) in view.objects() {
        server.check(instance, object, &mut found);
    }
    found
}

impl<'a> ApiServer<'a> {
    fn of_site(plan: &'a SitePlan, definitions: &[&Definition]) -> Self {
        let schemas = compile_schemas(plan, definitions);
        let context = Context {
            version: CodeVersion::new(1, u16::from(find_cluster_version(plan).minor())),
        };
        Self {
            plan,
            schemas,
            context,
        }
    }

    /// Adds what is found in an object. A field that its schema refuses is not told again by the code of the kind.
    fn check<'o>(
        &self,
        instance: &'o Instance,
        object: &'o Object,
        found: &mut Vec<ServerFinding<'o>>,
    ) {
        let first = found.len();
        for violation in self.schemas.check(object.value()) {
            found.push(ServerFinding {
                instance,
                object,
                class: FindingClass::Schema(violation.kind),
                pointer: Pointer::parse(violation.pointer),
                field: violation.field,
                message: violation.message,
                nearest: violation.nearest,
            });
        }
        let code = check_object(object.value(), &self.context);
        let code = code.into_iter().map(|v| (FindingClass::Code, v));
        let pods = self.check_pod_security(object);
        let pods = pods.into_iter().map(|v| (FindingClass::PodSecurity, v));
        for (class, violation) in code.chain(pods) {
            let pointer = Pointer::parse(violation.pointer);
            if is_told_elsewhere(&pointer) {
                continue;
            }
            if !found[first..].iter().any(|known| known.pointer == pointer) {
                found.push(ServerFinding {
                    instance,
                    object,
                    class,
                    pointer,
                    field: violation.field,
                    message: violation.message,
                    nearest: None,
                });
            }
        }
    }

    fn check_pod_security(&self, object: &Object) -> Vec<apiserver_validation::Violation> {
        let namespace = object.namespace();
        let namespace = namespace.and_then(|name| self.plan.namespaces.get(name));
        let Some(level) = namespace.and_then(|namespace| namespace.pod_security) else {
            return Vec::new();
        };
        let policy = PodSecurityPolicy {
            level: match level {
                PodSecurity::Privileged => PodSecurityLevel::Privileged,
                PodSecurity::Baseline => PodSecurityLevel::Baseline,
                PodSecurity::Restricted => PodSecurityLevel::Restricted,
            },
            version: self.context.version,
            platform: match self.plan.site.spec.cluster.platform {
                Platform::Openshift => PodSecurityPlatform::OpenShift,
                Platform::Kubernetes => PodSecurityPlatform::Kubernetes,
            },
        };
        check_pod_security(object.value(), policy)
    }
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

/// Reports the findings of some classes under a rule, each at the line that causes it.
pub(super) fn report_findings(
    view: &View<'_>,
    rule: &Rule,
    is_meant: fn(FindingClass) -> bool,
    found: &mut Diagnostics,
) {
    let meant = view.server_findings().iter().filter(|f| is_meant(f.class));
    for finding in meant {
        // Without the namespace, so that one mistake of a base is one message for all instances.
        let object = format!("`{} {}`", finding.object.kind(), finding.object.name());
        let message = match finding.field.as_str() {
            "" => format!("{object}: {}", finding.message),
            field => format!("{object}: `{field}`: {}", finding.message),
        };
        let mut report = view.report_field(rule, finding, message);
        if let Some(nearest) = &finding.nearest {
            report = report.help(format!("did you mean `{nearest}`?"));
        }
        found.push(report);
    }
}
