//! One part of an object as what its pods ask of a node.

use kubernetes_vocabulary::labels::{ARCH, HOSTNAME};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::catalogue::{ArchVia, Field, OperandPart, OperandResources, Operands, PartAt};
use crate::manifest::Object;
use crate::model::Arch;
use kubernetes_vocabulary::{
    LabelRequirement, LabelSelector, Labels, NodeSelectorTerm, Quantity, SelectorOperator,
    Toleration,
};
use podfit::scheduler::{PodAffinityTerm, PodSpec, SpecError};

/// Reads one field.
type FieldSetter = fn(&mut PodSpec, &Value) -> Result<(), SpecError>;

/// The owner of pods, as the proof names it, and the namespace of the pods.
#[derive(Debug, Clone, Copy)]
pub(super) struct PodOwner<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
}

/// A part whose operator adds to its pods.
#[derive(Debug, Clone, Copy)]
pub(super) struct OperandOfPart<'a> {
    pub(super) operands: &'a Operands,
    /// The facts about the part.
    pub(super) known: &'a OperandPart,
    pub(super) part: &'a PartAt<'a>,
    pub(super) object: &'a Object,
}

/// Returns what the pods of a part ask of a node: from the pod's specification as it is admitted where there is one, else from the
/// single fields.
pub(super) fn read_spec(
    part: &PartAt<'_>,
    object: &Object,
    owner: &PodOwner<'_>,
    admitted: Option<&Value>,
) -> (PodSpec, Vec<SpecError>) {
    let PodOwner {
        name: owner,
        namespace,
    } = *owner;
    let labels: Labels = part.pod_labels(object);
    if let Some(written) = admitted {
        return PodSpec::read(owner, namespace, &labels, written);
    }
    let mut spec = PodSpec {
        owner: owner.to_owned(),
        namespace: namespace.to_owned(),
        labels,
        ..PodSpec::default()
    };
    let mut errors = Vec::new();
    let fields: [(Field, FieldSetter); 6] = [
        (Field::NodeAffinity, PodSpec::set_node_affinity),
        (Field::PodAffinity, PodSpec::set_pod_affinity),
        (Field::PodAntiAffinity, PodSpec::set_pod_anti_affinity),
        (Field::NodeSelector, PodSpec::set_node_selector),
        (Field::Tolerations, PodSpec::set_tolerations),
        (Field::TopologySpread, PodSpec::set_spread),
    ];
    for (field, set) in fields {
        if let Some(value) = part
            .value(object, field)
            .filter(|v| field != Field::NodeSelector || v.is_object())
        {
            errors.extend(set(&mut spec, value).err());
        }
    }
    if let Some(value) = part.value(object, Field::NodeSelectorTerms) {
        errors.extend(set_terms(&mut spec, part.part.arch_via, value).err());
    }
    if let Some(arch) = part
        .value(object, Field::Architecture)
        .and_then(Value::as_str)
    {
        spec.node_selector
            .entry(ARCH.to_owned())
            .or_insert_with(|| arch.to_owned());
    }
    spec.priority_class = part
        .value(object, Field::PriorityClass)
        .and_then(Value::as_str)
        .map(str::to_owned);
    for resources in part.values(object, Field::Resources) {
        errors.extend(add_resources(&mut spec, resources).err());
    }
    add_defaults(&mut spec, part, object);
    (spec.resolved(), errors)
}

fn set_terms(spec: &mut PodSpec, via: ArchVia, value: &Value) -> Result<(), SpecError> {
    if via != ArchVia::NodeSelectorList {
        return spec.set_node_selector_terms(value);
    }
    for pair in value.as_array().into_iter().flatten() {
        let text = |key: &str| pair.get(key).and_then(Value::as_str).map(str::to_owned);
        if let (Some(key), Some(value)) = (text("key"), text("value")) {
            spec.node_selector.insert(key, value);
        }
    }
    Ok(())
}

/// Adds the resources of one more container.
pub(super) fn add_resources(spec: &mut PodSpec, resources: &Value) -> Result<(), SpecError> {
    let container = json!({"containers": [{"resources": resources}]});
    for (resource, quantity) in podfit::scheduler::sum_pod_requests(&container)? {
        let sum = spec.requests.entry(resource).or_default();
        *sum = sum.plus(quantity);
    }
    Ok(())
}

/// Returns what the operator does by default as long as the placement is not written.
fn add_defaults(spec: &mut PodSpec, part: &PartAt<'_>, object: &Object) {
    let defaults = &part.part.defaults;
    let field = match part.part.arch_via {
        ArchVia::NodeSelector => Field::NodeSelector,
        ArchVia::NodeSelectorTerms | ArchVia::NodeSelectorList => Field::NodeSelectorTerms,
        ArchVia::NodeAffinity | ArchVia::None => Field::NodeAffinity,
    };
    let off = |path: &crate::catalogue::PartPath| {
        path.resolve(object.value(), &part.at)
            .iter()
            .any(|p| object.get(p.as_str()).is_some_and(|v| !v.is_null()))
    };
    if part.value(object, field).is_some() || defaults.unless.as_ref().is_some_and(off) {
        return;
    }
    let wanted = defaults.expressions.iter().filter(|e| !e.only_if_met);
    let expressions: Vec<LabelRequirement> = wanted
        .map(|e| LabelRequirement {
            key: e.key.clone(),
            operator: match e.operator {
                crate::catalogue::DefaultOperator::In => SelectorOperator::In,
                crate::catalogue::DefaultOperator::Exists => SelectorOperator::Exists,
                crate::catalogue::DefaultOperator::DoesNotExist => SelectorOperator::DoesNotExist,
            },
            values: e.values.clone(),
        })
        .collect();
    require_labels(spec, &expressions);
    let tolerations = defaults
        .fields
        .get(&Field::Tolerations)
        .filter(|_| spec.tolerations.is_empty());
    spec.tolerations.extend(
        tolerations
            .and_then(|t| Vec::<Toleration>::deserialize(t).ok())
            .into_iter()
            .flatten(),
    );
}

/// Adds expressions to every node affinity term.
fn require_labels(spec: &mut PodSpec, expressions: &[LabelRequirement]) {
    if expressions.is_empty() {
        return;
    }
    let terms = spec
        .node_affinity
        .get_or_insert_with(|| vec![NodeSelectorTerm::default()]);
    for term in terms {
        term.match_expressions.extend_from_slice(expressions);
    }
}

/// Adds what the table of operands knows: requests that are not written, further containers, labels, and that pods keep apart.
pub(super) fn complete_spec(
    spec: &mut PodSpec,
    operand: OperandOfPart<'_>,
) -> Result<(), SpecError> {
    let OperandOfPart {
        operands,
        known,
        part,
        object,
    } = operand;
    for (resource, quantity) in operands.requests(known, object) {
        spec.requests.entry(resource).or_insert(quantity);
    }
    for pointer in known
        .also
        .iter()
        .flat_map(|path| path.resolve(object.value(), &part.at))
    {
        if let Some(resources) = object.get(pointer.as_str()) {
            add_resources(spec, resources)?;
        }
    }
    for (key, value) in &known.labels {
        let value = value.replace("{name}", object.name());
        spec.labels.insert(key.clone(), value);
    }
    if known.apart && spec.anti_affinity.is_empty() {
        let own = known.labels.keys().filter_map(|key| {
            let value = spec.labels.get(key)?;
            Some(LabelRequirement::new(key, SelectorOperator::In, &[value]))
        });
        let selector = LabelSelector {
            requirements: own.collect(),
        };
        spec.anti_affinity
            .push(PodAffinityTerm::new(selector, HOSTNAME));
        *spec = std::mem::take(spec).resolved();
    }
    Ok(())
}

/// Reduces the CPU request where all possible nodes have an architecture for which the operator asks for less.
pub(super) fn reduce_requests(
    requests: &mut OperandResources,
    operand: &Operands,
    arches: &[Arch],
) {
    let [arch] = arches else { return };
    if let (Some(percent), Some(cpu)) = (operand.cpu_percent.get(arch), requests.get_mut("cpu")) {
        let milli = i64::try_from(cpu.as_milli() * i128::from(*percent) / 100).unwrap_or(i64::MAX);
        *cpu = Quantity::milli(milli);
    }
}
