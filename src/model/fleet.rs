//! `siteplan.yaml`: what all sites of a repository share.

use super::text_form;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Removal;

/// The fleet: where Argo CD finds the output, which Argo CD it is, and the rules that hold for every site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetSpec {
    /// The git repository that Argo CD syncs.
    pub source: GitSource,
    /// The Argo CD that syncs it.
    pub argocd: ArgoCd,
    /// Registries that images may come from.
    #[serde(default)]
    pub images: ImagePolicy,
    /// Addresses and names that several sites use, each for itself, because nothing reaches both.
    #[serde(default)]
    pub shared_scopes: Vec<SharedScope>,
    /// Secrets that exist in clusters without being in git, so that references to them are known.
    #[serde(default)]
    pub secrets: Vec<ExpectedSecret>,
    /// Other objects that exist in clusters without being in git, so that references to them are known.
    #[serde(default)]
    pub objects: Vec<ExpectedObject>,
    /// Rules whose weight is another here, each with a reason and an end.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Treats exceptions whose last day has passed as errors, or as warnings.
    #[serde(default)]
    pub ended_exceptions: EndedExceptions,
    /// Treats what cannot be checked as an error, or as a warning.
    #[serde(default)]
    pub validation: ValidationMode,
    /// Sites, instances and objects that may disappear from the output, each with a reason; reviewed in the pull request that removes it. The files in `removals/` say the
    /// same, one each, so that two pull requests do not meet in one list.
    #[serde(default)]
    pub removals: Vec<Removal>,
}

/// The weight of an exception whose last day has passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndedExceptions {
    /// `check` warns.
    #[default]
    Warn,
    /// `check` fails.
    Error,
}

/// A git repository and a revision of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GitSource {
    /// The URL as Argo CD clones it.
    #[serde(rename = "repoURL")]
    #[schemars(schema_with = "text_form::repository")]
    pub repo_url: String,
    /// The branch that roots follow, and Applications too where nothing is pinned: `refs/heads/<branch>`.
    #[serde(default = "default_revision")]
    #[schemars(schema_with = "text_form::revision")]
    pub revision: String,
    /// The 40-digit commit that the Applications of all sites stay at; roots follow the branch. Moving it is promoting what it names.
    pub pin: Option<String>,
    /// The directory of this fleet inside the git repository; empty for its root.
    #[serde(default)]
    #[schemars(schema_with = "text_form::directory")]
    pub directory: String,
}

fn default_revision() -> String {
    "refs/heads/main".to_owned()
}

/// The Argo CD that syncs the output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArgoCd {
    /// Upstream Argo CD, or OpenShift GitOps.
    #[serde(default)]
    pub flavour: ArgoFlavour,
    /// Its version, `MAJOR.MINOR` of Argo CD itself (OpenShift GitOps 1.16 is Argo CD 2.14).
    pub version: String,
    /// One Argo CD per site, or one hub for all.
    #[serde(default)]
    pub topology: Topology,
    /// The namespace it runs in; `argocd`, or `openshift-gitops` for OpenShift GitOps.
    pub namespace: Option<String>,
    /// The operator that the bootstrap subscribes to; for OpenShift GitOps. Absent: somebody else installs it.
    pub operator: Option<ArgoOperator>,
    /// The version of kustomize that it renders with, so that siteplan makes the same bytes.
    #[serde(default)]
    pub kustomize: KustomizeRelease,
}

/// The Subscription of OpenShift GitOps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArgoOperator {
    /// The channel, such as `gitops-1.20`: it decides which Argo CD there is.
    pub channel: String,
    /// The catalog.
    #[serde(default = "default_catalog")]
    pub source: String,
}

fn default_catalog() -> String {
    "redhat-operators".to_owned()
}

/// A version of kustomize whose bytes siteplan makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KustomizeRelease {
    /// That of Argo CD 2.14.
    #[serde(rename = "5.4")]
    V5_4,
    /// That of Argo CD 3.0; the same as 5.5.
    #[default]
    #[serde(rename = "5.6")]
    V5_6,
    /// That of Argo CD 3.4 and 3.5.
    #[serde(rename = "5.8")]
    V5_8,
}

impl ArgoCd {
    /// Returns the namespace that Argo CD runs in.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(match self.flavour {
            ArgoFlavour::Upstream => "argocd",
            ArgoFlavour::OpenshiftGitops => "openshift-gitops",
        })
    }

    /// Returns the major and minor version; `None` where the text is something else.
    pub fn version(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.version.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    }
}

/// The build of Argo CD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArgoFlavour {
    /// The project's own manifests; settings live in the ConfigMap argocd-cm.
    #[default]
    Upstream,
    /// Red Hat OpenShift GitOps; settings live in the `ArgoCD` resource.
    OpenshiftGitops,
}

/// The relation of Argo CD instances and sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Every site runs its own Argo CD.
    #[default]
    PerSite,
    /// One Argo CD syncs all sites; each site's cluster is registered there under the site's name.
    Hub,
}

/// Registries that images may come from. An image without a registry comes from docker.io.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImagePolicy {
    /// Registries, or registry/path prefixes, that images may come from; empty allows all that `deny` does not name.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Registries, or registry/path prefixes, that images must not come from.
    #[serde(default)]
    pub deny: Vec<String>,
    /// The tags that images may have.
    #[serde(default)]
    pub tags: TagPolicy,
}

/// The tags that images may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagPolicy {
    /// Any tag, or none.
    #[default]
    Any,
    /// A tag with a number in it, or a digest: neither `latest` nor no tag at all.
    Fixed,
    /// A digest.
    Digest,
}

/// Addresses or names that are unique on a site only. One of `network`, `mac` and `domain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, untagged)]
pub enum SharedScope {
    /// Addresses of a private network that is the same on several sites.
    Network {
        /// The network.
        #[schemars(extend("format" = "cidr"))]
        network: String,
        /// The reason why sites may use it each for itself.
        reason: String,
    },
    /// MAC addresses that are given on every site anew.
    Mac {
        /// The first bytes of the addresses, for instance `02:00:00`.
        #[schemars(extend("pattern" = "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){0,4}$", "x-expects" = "the first bytes of a MAC address, for instance `02:00:00`"))]
        mac: String,
        /// The reason why sites may use them each for itself.
        reason: String,
    },
    /// Host names that each site resolves for itself.
    Domain {
        /// The domain; names below it are meant, too.
        #[schemars(extend("format" = "hostname"))]
        domain: String,
        /// The reason why sites may use it each for itself.
        reason: String,
    },
}

/// The weight of what cannot be checked: custom resources without a definition, and rules of definitions that cannot be evaluated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValidationMode {
    /// It is a warning.
    #[default]
    Lenient,
    /// It is an error.
    Strict,
}

/// A Secret that somebody else puts into the clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedSecret {
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// The person or system that puts it there.
    pub source: String,
}

/// An object that somebody else puts into the clusters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedObject {
    /// The object's kind, as `<Kind>.<group>`; `<Kind>` in the core group.
    pub kind: String,
    /// The object's namespace; absent: the kind has none, or there is one in every namespace.
    pub namespace: Option<String>,
    /// The object's name; a `*` in it stands for any text.
    pub name: String,
    /// The person or system that puts it there.
    pub source: String,
}

/// Another weight for a rule: everywhere, on a site, for an instance, or for one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Waiver {
    /// The code of the rule, as it stands in brackets behind `error` or `warning`.
    pub rule: String,
    /// The weight that it has instead.
    pub severity: WaivedSeverity,
    /// The site; absent: all.
    pub site: Option<String>,
    /// The instance on the site; absent: all.
    pub app: Option<String>,
    /// The object, `<Kind>/<name>`; absent: all. Only rules about fields of objects name one.
    pub object: Option<String>,
    /// The reason for it.
    pub reason: String,
    /// The last day on which it is acceptable, `YYYY-MM-DD`.
    pub until: String,
}

/// The weight that a waiver gives a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaivedSeverity {
    /// It is not told (in quotes: `off` is a boolean to some readers of YAML).
    Off,
    /// It is a warning.
    Warn,
    /// It is an error.
    Error,
}
