//! One kind of the catalogue, as it is written in the data files and in apps.

use std::collections::BTreeMap;

use kubernetes_vocabulary::SelectorOperator;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::deletion_loss::DeletionLoss;
use super::disruption::Disruption;
use super::kind_health::KindHealth;
use super::made_object::MadeObject;
use super::operands::Operands;
use super::part_path::{PartPath, PartPathError};
use super::provider::ApiProvider;
use super::reference::Reference;
use super::typed_fields::TypedFields;
use super::written_back::WrittenBack;
use kubernetes_vocabulary::ResourceScope;

/// Everything that is known about one kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The API group; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The scope of its objects.
    pub scope: Option<ResourceScope>,
    /// The name of its resource in URLs and in rules of roles, for instance `deployments`.
    pub plural: Option<String>,
    /// The provider of its API.
    pub brought_by: Option<ApiProvider>,
    /// The API versions that the paths were looked up in; empty: any.
    #[serde(default)]
    pub versions: Vec<String>,
    /// The entry is about the objects with this name only.
    pub name: Option<String>,
    /// The places that describe pods or volumes. None: the kind has no pods.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The pods that an operator creates and no field describes.
    pub operands: Option<Operands>,
    /// The way to tell the health of its objects; without one Argo CD takes them for healthy as soon as they are there.
    pub health: Option<KindHealth>,
    /// The fields whose text changes on its way through the operator's own type.
    pub typed_fields: Option<TypedFields>,
    /// The fields whose change interrupts or moves what runs.
    #[serde(default)]
    pub disruptions: Vec<Disruption>,
    /// Data that is lost when an object is deleted: Argo CD deletes it only after somebody confirmed.
    pub deletion_loses: Option<DeletionLoss>,
    /// The objects that appear because an object of the kind is there.
    #[serde(default)]
    pub makes: Vec<MadeObject>,
    /// The fields that name other objects.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// The fields that others write.
    #[serde(default)]
    pub written_back: Vec<WrittenBack>,
    /// Reason why the kind's pods cannot be reached, where that is so.
    pub unsupported: Option<String>,
    /// Note for the reader.
    pub note: Option<String>,
    /// Source of the facts about pods. Empty: nobody looked for pods, and only the names of the kind are known.
    #[serde(default)]
    pub source: String,
}

/// One place in a kind that describes pods, virtual machines or volumes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawPart")]
pub struct Part {
    /// The name by which sites and apps call it.
    pub name: String,
    /// The API versions that have it; empty: all.
    pub versions: Vec<String>,
    /// The place whose presence decides whether there is such a part; one part per list element where it ends in `[*]` or `{*}`.
    pub at: Option<PartPath>,
    /// Action where the place is absent.
    pub absent: Absent,
    /// The part is there only where this field is.
    pub only_with: Option<PartPath>,
    /// Condition under which the placement rule is written here.
    pub inject: Inject,
    /// The field that the placement rule goes into.
    pub arch_via: ArchVia,
    /// Paths of its fields.
    pub places: BTreeMap<Field, Vec<PartPath>>,
    /// Defaults that the operator drops once the placement is written, and that therefore have to be written again.
    pub defaults: Defaults,
    /// The node selector terms that the operator keeps.
    pub terms_kept: TermsKept,
    /// Maker of a PodDisruptionBudget for these pods.
    pub budget: BudgetMaker,
    /// The names by which the part is called.
    pub naming: PartNaming,
    /// Way in which the pods run.
    pub run: PodRun,
    /// Number of pods where none is written.
    pub default_replicas: u32,
    /// The factor where no other is written.
    pub default_multiplier: u32,
    /// When a pod is replaced whose node is unreachable.
    pub replacement: PodReplacement,
    /// Number of the pods that must be there.
    pub needs: PodsNeeded,
    /// The labels that the operator puts on the pods; `{name}` is the object's name, `{element}` the list element's.
    pub pod_labels: BTreeMap<String, String>,
    /// Note for the reader; for parts without a placement field, why.
    pub note: Option<String>,
}

/// Ways in which the pods of a part run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodRun {
    /// There are so many at a time, and they run on.
    Replicated,
    /// There is one on each eligible node.
    PerNode,
    /// They end by themselves.
    ToCompletion,
    /// There are none: the place is about volumes only.
    VolumesOnly,
}

/// When a pod is replaced whose node is unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodReplacement {
    /// At once.
    Immediate,
    /// Only after the node has been fenced (StatefulSets, virtual machines).
    AfterFencing,
}

/// Number of a part's pods that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodsNeeded {
    /// The catalogue does not say.
    Unknown,
    /// More than half.
    Majority,
}

/// The node selector terms that an operator keeps of those that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsKept {
    /// Each.
    All,
    /// The first.
    First,
}

/// Maker of a PodDisruptionBudget for the pods of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetMaker {
    /// Nobody is known to.
    Nobody,
    /// An operator.
    Operator,
}

/// The names by which a part is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartNaming {
    /// The part's own.
    ByPart,
    /// The object's too.
    ByObject,
}

/// Action where a part's place is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// There are no such pods; writing the place would start something.
    #[default]
    Leave,
    /// The pods run all the same; the place is made to put the rule there.
    Create,
    /// The pods run all the same, but the place cannot be made: there is a part only where it is absent, to say so.
    Report,
}

/// Condition under which the placement rule is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inject {
    /// Always.
    Always,
    /// If the rule excludes a node of the site, or the site asks for it.
    WhereNeeded,
    /// If the place says something already: it overrides a more general place, which has the rule.
    WhereWritten,
    /// Never: it must run everywhere, or another object owns it.
    #[default]
    Never,
}

/// The field that the placement rule goes into.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchVia {
    /// `core/v1.NodeAffinity`, in an `Affinity` or by itself.
    NodeAffinity,
    /// A map of labels.
    NodeSelector,
    /// `core/v1.NodeSelector`: a map with `nodeSelectorTerms`.
    NodeSelectorTerms,
    /// A list of `{key, value}`.
    NodeSelectorList,
    /// There is none.
    #[default]
    None,
}

/// A field of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// `core/v1.Affinity`.
    Affinity,
    /// `core/v1.NodeAffinity`.
    NodeAffinity,
    /// `core/v1.PodAffinity`.
    PodAffinity,
    /// `core/v1.PodAntiAffinity`.
    PodAntiAffinity,
    /// A map of node labels.
    NodeSelector,
    /// `core/v1.NodeSelector`, or a list of `{key, value}`; see [`ArchVia`].
    NodeSelectorTerms,
    /// A list of `core/v1.Toleration`.
    Tolerations,
    /// A list of `core/v1.TopologySpreadConstraint`.
    TopologySpread,
    /// The name of a PriorityClass.
    PriorityClass,
    /// Number of pods.
    Replicas,
    /// A factor to the number of pods.
    Multiplier,
    /// `core/v1.ResourceRequirements`, one per container.
    Resources,
    /// `core/v1.PodSpec`.
    PodSpec,
    /// A list of `core/v1.Container`.
    Containers,
    /// A list of `core/v1.Volume`, or KubeVirt's volumes.
    Volumes,
    /// The labels of the pods.
    Labels,
    /// The `LabelSelector` by which the workload finds its pods.
    Selector,
    /// Images: texts, or references with a `name`.
    Images,
    /// `core/v1.PersistentVolumeClaimSpec`: has `storageClassName` and `accessModes`.
    Claims,
    /// The name of a StorageClass, outside of a claim.
    StorageClass,
    /// A CPU architecture, written as in the label `kubernetes.io/arch`.
    Architecture,
    /// `apps/v1.DeploymentStrategy`.
    Rollout,
}

/// Operators' defaults that have to be written again beside the rule.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// The defaults do not hold where this field is written.
    pub unless: Option<PartPath>,
    /// Node affinity expressions.
    #[serde(default)]
    pub expressions: Vec<DefaultExpression>,
    /// Preferred node affinity terms (`core/v1.PreferredSchedulingTerm`).
    #[serde(default)]
    pub preferred: Vec<Value>,
    /// Other fields.
    #[serde(default)]
    pub fields: BTreeMap<Field, Value>,
}

/// A node affinity expression of an operator's default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultExpression {
    /// The label.
    pub key: String,
    /// The operator.
    pub operator: DefaultOperator,
    /// The values of `In`.
    #[serde(default)]
    pub values: Vec<String>,
    /// Left out where no node that is eligible has it, because nothing could run then.
    #[serde(default)]
    pub only_if_met: bool,
}

/// The operator of a default expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum DefaultOperator {
    /// The label has one of the values.
    In,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl From<DefaultOperator> for SelectorOperator {
    fn from(operator: DefaultOperator) -> Self {
        match operator {
            DefaultOperator::In => Self::In,
            DefaultOperator::Exists => Self::Exists,
            DefaultOperator::DoesNotExist => Self::DoesNotExist,
        }
    }
}

/// A well-known type at a part's place, from which its fields follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// `core/v1.PodTemplateSpec`.
    PodTemplate,
    /// `core/v1.PodSpec`.
    PodSpec,
    /// The part of a PodSpec that most operators copy: `affinity`, `nodeSelector`, `tolerations`.
    NodePlacement,
    /// Rook's `Placement`.
    Placement,
}

const POD_SPEC: &[(Field, &str)] = &[
    (Field::PodSpec, ""),
    (Field::Affinity, ".affinity"),
    (Field::NodeSelector, ".nodeSelector"),
    (Field::Tolerations, ".tolerations"),
    (Field::TopologySpread, ".topologySpreadConstraints"),
    (Field::PriorityClass, ".priorityClassName"),
    (Field::Resources, ".containers[*].resources"),
    (Field::Volumes, ".volumes"),
    (Field::Images, ".containers[*].image"),
    (Field::Images, ".initContainers[*].image"),
    (Field::Images, ".ephemeralContainers[*].image"),
    (
        Field::Claims,
        ".volumes[*].ephemeral.volumeClaimTemplate.spec",
    ),
];
const NODE_PLACEMENT: &[(Field, &str)] = &[
    (Field::Affinity, ".affinity"),
    (Field::NodeSelector, ".nodeSelector"),
    (Field::Tolerations, ".tolerations"),
];
const PLACEMENT: &[(Field, &str)] = &[
    (Field::NodeAffinity, ".nodeAffinity"),
    (Field::PodAffinity, ".podAffinity"),
    (Field::PodAntiAffinity, ".podAntiAffinity"),
    (Field::Tolerations, ".tolerations"),
    (Field::TopologySpread, ".topologySpreadConstraints"),
];
const AFFINITY: &[(Field, &str)] = &[
    (Field::NodeAffinity, ".nodeAffinity"),
    (Field::PodAffinity, ".podAffinity"),
    (Field::PodAntiAffinity, ".podAntiAffinity"),
];

impl Form {
    /// The prefix of the type's fields below the part's place, and the fields.
    fn fields(self) -> (&'static str, &'static [(Field, &'static str)]) {
        match self {
            Self::PodTemplate => (".spec", POD_SPEC),
            Self::PodSpec => ("", POD_SPEC),
            Self::NodePlacement => ("", NODE_PLACEMENT),
            Self::Placement => ("", PLACEMENT),
        }
    }
}

/// A part as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, stated by its name in the data"
)]
struct RawPart {
    name: String,
    #[serde(default)]
    versions: Vec<String>,
    at: Option<String>,
    form: Option<Form>,
    #[serde(default)]
    absent: Absent,
    only_with: Option<String>,
    #[serde(default)]
    inject: Inject,
    #[serde(default)]
    arch_via: ArchVia,
    #[serde(default)]
    fields: BTreeMap<Field, OneOrMany>,
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    first_term_only: bool,
    #[serde(default)]
    budget_by_operator: bool,
    #[serde(default)]
    named_by_object: bool,
    #[serde(default)]
    volumes_only: bool,
    default_replicas: Option<u32>,
    default_multiplier: Option<u32>,
    #[serde(default)]
    per_node: bool,
    #[serde(default)]
    to_completion: bool,
    #[serde(default)]
    sticky: bool,
    #[serde(default)]
    quorum: bool,
    #[serde(default)]
    pod_labels: BTreeMap<String, String>,
    note: Option<String>,
}

impl RawPart {
    /// Returns how the pods run; a part is at most one of `perNode`, `toCompletion` and `volumesOnly`.
    fn run(&self) -> Result<PodRun, PartError> {
        match (self.per_node, self.to_completion, self.volumes_only) {
            (false, false, false) => Ok(PodRun::Replicated),
            (true, false, false) => Ok(PodRun::PerNode),
            (false, true, false) => Ok(PodRun::ToCompletion),
            (false, false, true) => Ok(PodRun::VolumesOnly),
            _ => Err(PartError::SeveralRuns {
                part: self.name.clone(),
            }),
        }
    }
}

/// One path or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// The error for a part that contradicts itself.
#[derive(Debug, thiserror::Error)]
enum PartError {
    #[error("the part `{part}` is more than one of `perNode`, `toCompletion` and `volumesOnly`")]
    SeveralRuns { part: String },
    #[error("the part `{part}` does not say where its `{field}` is")]
    FieldMissing { part: String, field: &'static str },
    #[error(transparent)]
    Path(#[from] PartPathError),
}

impl TryFrom<RawPart> for Part {
    type Error = PartError;

    fn try_from(raw: RawPart) -> Result<Self, PartError> {
        let part = |text: &String| PartPath::parse(text);
        let places = places(&raw)?;
        require_field(&raw, &places)?;
        let run = raw.run()?;
        Ok(Self {
            at: raw.at.as_ref().map(part).transpose()?,
            only_with: raw.only_with.as_ref().map(part).transpose()?,
            places,
            name: raw.name,
            versions: raw.versions,
            absent: raw.absent,
            inject: raw.inject,
            arch_via: raw.arch_via,
            defaults: raw.defaults,
            terms_kept: if raw.first_term_only {
                TermsKept::First
            } else {
                TermsKept::All
            },
            budget: if raw.budget_by_operator {
                BudgetMaker::Operator
            } else {
                BudgetMaker::Nobody
            },
            naming: if raw.named_by_object {
                PartNaming::ByObject
            } else {
                PartNaming::ByPart
            },
            run,
            default_replicas: raw.default_replicas.unwrap_or(1),
            default_multiplier: raw.default_multiplier.unwrap_or(1),
            replacement: if raw.sticky {
                PodReplacement::AfterFencing
            } else {
                PodReplacement::Immediate
            },
            needs: if raw.quorum {
                PodsNeeded::Majority
            } else {
                PodsNeeded::Unknown
            },
            pod_labels: raw.pod_labels,
            note: raw.note,
        })
    }
}

/// The paths of the part's fields: those of its form, and over them those that are written.
fn places(raw: &RawPart) -> Result<BTreeMap<Field, Vec<PartPath>>, PartError> {
    let mut texts: BTreeMap<Field, Vec<String>> = BTreeMap::new();
    if let Some(form) = raw.form {
        let (prefix, fields) = form.fields();
        for (field, path) in fields {
            texts.entry(*field).or_default().push(below(prefix, path));
        }
        if form == Form::PodTemplate {
            texts.insert(Field::Labels, vec![".metadata.labels".to_owned()]);
        }
    }
    for (field, written) in &raw.fields {
        texts.insert(*field, written.texts().to_vec());
    }
    let affinity = texts
        .get(&Field::Affinity)
        .and_then(|paths| paths.first())
        .cloned();
    for (field, path) in AFFINITY.iter().filter(|_| affinity.is_some()) {
        let prefix = affinity.as_deref().unwrap_or_default();
        texts
            .entry(*field)
            .or_insert_with(|| vec![format!("{prefix}{path}")]);
    }
    texts
        .into_iter()
        .map(|(field, paths)| {
            Ok((
                field,
                paths
                    .iter()
                    .map(|p| PartPath::parse(p))
                    .collect::<Result<_, PartPathError>>()?,
            ))
        })
        .collect()
}

/// A path below a prefix; the place itself is `.`.
fn below(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", "") => ".".to_owned(),
        _ => format!("{prefix}{path}"),
    }
}

/// Refuses a part whose rule would have no field to go into.
fn require_field(raw: &RawPart, places: &BTreeMap<Field, Vec<PartPath>>) -> Result<(), PartError> {
    let (field, name) = match raw.arch_via {
        ArchVia::NodeAffinity => (Field::NodeAffinity, "nodeAffinity` or `affinity"),
        ArchVia::NodeSelector => (Field::NodeSelector, "nodeSelector"),
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => {
            (Field::NodeSelectorTerms, "nodeSelectorTerms")
        }
        ArchVia::None => return Ok(()),
    };
    match places.contains_key(&field) {
        true => Ok(()),
        false => Err(PartError::FieldMissing {
            part: raw.name.clone(),
            field: name,
        }),
    }
}
