//! Reads a kustomization file, every mistake in one pass.

use super::generator::{GeneratorKind, GeneratorOptions, read_generator};
use super::patch::{PatchText, read_patch_entry};
use super::replacement::read_replacement_entry;
use super::{
    BuildMetadata, DeprecatedField, Kustomization, KustomizationKind, LabelEntry, LabelReach,
    Selector, SortOrder, Variable, read_field_spec, read_image, read_kind_filter, read_replicas,
};
use crate::field::KindFilter;
use crate::problem::{field_problem, file_problem, refusal};
use crate::reader::{Field, Fields, PlacedText, Reading, RepeatedKeys, UnknownFields, decode};
use crate::rules;
use crate::version::KustomizeVersion;
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostics, Reported};

/// Says how a chart becomes files, which kustomize would inflate by running helm.
const VENDOR_THE_CHART: &str = "nothing is run during a build: render the chart once with `helm template NAME CHART --version VERSION --namespace NAMESPACE \
     --include-crds --values values.yaml > chart.yaml`, commit `chart.yaml`, and list it under `resources`";

/// Fields of kustomize that are refused, and what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("helmCharts", VENDOR_THE_CHART),
    ("helmChartInflationGenerator", VENDOR_THE_CHART),
    ("helmGlobals", VENDOR_THE_CHART),
];

/// The order in which kustomize warns of deprecated fields.
const DEPRECATED: [&str; 6] = [
    "bases",
    "commonLabels",
    "imageTags",
    "patchesJson6902",
    "patchesStrategicMerge",
    "vars",
];

/// Reads a kustomization file. Fails where it is not YAML; every other mistake is reported and reading goes on.
pub(crate) fn read(
    file: &str,
    bytes: &[u8],
    version: KustomizeVersion,
    problems: &mut Diagnostics,
) -> Result<Kustomization, Reported> {
    let reading = Reading {
        version,
        unknown: UnknownFields::Reported,
        repeated: RepeatedKeys::LastCounts,
    };
    decode(file, bytes, reading, problems, read_kustomization)
}

fn read_kustomization(root: &Field<'_>, problems: &mut Diagnostics) -> Kustomization {
    let mut fields = root.fields(problems);
    let mut k = Kustomization {
        kind: read_type(root.file, &mut fields, problems),
        ..Kustomization::default()
    };
    report_refused(&mut fields, problems);
    check_metadata(&mut fields, problems);
    read_inputs(&mut k, &mut fields, problems);
    read_names_and_labels(&mut k, &mut fields, problems);
    read_patches(&mut k, &mut fields, problems);
    read_changes(&mut k, &mut fields, problems);
    read_generators(&mut k, &mut fields, problems);
    k.variables = read_variables(&mut k, &mut fields, problems);
    k.sort = read_sort_order(&mut fields, problems);
    k.build_metadata = read_build_metadata(&mut fields, problems);
    fields.finish(problems);
    if is_empty(root.value) {
        let message = "the kustomization is empty";
        problems.push(file_problem(
            &rules::KUSTOMIZATION_FIELD,
            root.file,
            message,
        ));
    }
    k.deprecated
        .sort_by_key(|field| DEPRECATED.iter().position(|name| *name == field.name));
    k
}

/// Returns whether nothing but the type is written.
fn is_empty(root: &Meaning<'_>) -> bool {
    let Meaning::Mapping(map) = root else {
        return *root == Meaning::Null;
    };
    map.iter().all(|(key, value)| {
        let is_type = key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion");
        is_type || *value == Meaning::Null
    })
}

fn read_type(file: &str, fields: &mut Fields<'_>, problems: &mut Diagnostics) -> KustomizationKind {
    let kind_field = fields.take("kind");
    let version_field = fields.take("apiVersion");
    let kind = kind_field.as_ref().and_then(|f| f.text(problems));
    let version = version_field.as_ref().and_then(|f| f.text(problems));
    let (read, expected) = match kind.as_deref() {
        None | Some("Kustomization") => (
            KustomizationKind::Kustomization,
            "kustomize.config.k8s.io/v1beta1",
        ),
        Some("Component") => (
            KustomizationKind::Component,
            "kustomize.config.k8s.io/v1alpha1",
        ),
        Some(other) => {
            let message = format!("`kind` is `{other}`; `Kustomization` is expected");
            let at = kind_field.map(|f| f.pointer).unwrap_or_default();
            problems.push(field_problem(
                &rules::KUSTOMIZATION_FIELD,
                file,
                &at,
                message,
            ));
            return KustomizationKind::Kustomization;
        }
    };
    if let Some(version) = version.filter(|version| version != expected) {
        let message = format!("`apiVersion` is `{version}`; `{expected}` is expected");
        let at = version_field.map(|f| f.pointer).unwrap_or_default();
        problems.push(field_problem(
            &rules::KUSTOMIZATION_FIELD,
            file,
            &at,
            message,
        ));
    }
    read
}

fn report_refused(fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    for (name, help) in REFUSED {
        let Some(field) = fields.take_written(name) else {
            continue;
        };
        let is_empty = match field.value {
            Meaning::Sequence(items) => items.is_empty(),
            Meaning::Mapping(map) => map.is_empty(),
            _ => false,
        };
        // The globals do nothing without a chart.
        if !is_empty && name != "helmGlobals" {
            let message = format!("`{name}` is not supported");
            problems.push(refusal(field.file, &field.pointer, &message, help));
        }
    }
}

fn check_metadata(fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    let Some(metadata) = fields.take("metadata") else {
        return;
    };
    let mut metadata = metadata.fields(problems);
    metadata.text("name", problems);
    metadata.text("namespace", problems);
    metadata.texts("labels", problems);
    metadata.texts("annotations", problems);
    metadata.finish(problems);
}

fn read_inputs(k: &mut Kustomization, fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    k.resources = fields.text_items("resources", problems);
    if let Some(bases) = fields.take("bases") {
        note_deprecated(k, &bases, "bases");
        k.resources.extend(bases.text_items(problems));
    }
    k.components = fields.text_items("components", problems);
    k.configurations = fields.text_items("configurations", problems);
    k.crds = fields.text_items("crds", problems);
    k.generators = fields.text_items("generators", problems);
    k.transformers = fields.text_items("transformers", problems);
    k.validators = fields.text_items("validators", problems);
    k.open_api = read_open_api(fields, problems);
}

/// The schema that every version of kustomize has built in.
const BUILT_IN_SCHEMA: &str = "v1.21.2";

/// Returns the path of a schema, if there is one.
fn read_open_api(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<PlacedText> {
    let open_api = fields.take_written("openapi")?;
    let texts = open_api.texts(problems);
    let named = |name: &str| texts.iter().find(|(key, _)| key == name);
    let version = named("version");
    let mistake = match (version, named("path")) {
        (Some(_), Some(_)) => "`version` and `path` exclude each other".to_owned(),
        (Some((_, version)), None) if !version.is_empty() && version != BUILT_IN_SCHEMA => {
            format!("kustomize has only the schema `{BUILT_IN_SCHEMA}`, not `{version}`")
        }
        (_, Some((_, path))) => {
            return Some(PlacedText {
                pointer: open_api.pointer.at("path"),
                text: path.clone(),
            });
        }
        _ => return None,
    };
    let rule = &rules::KUSTOMIZATION_FIELD;
    problems.push(field_problem(
        rule,
        open_api.file,
        &open_api.pointer,
        mistake,
    ));
    None
}

fn read_names_and_labels(
    k: &mut Kustomization,
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
) {
    k.namespace = fields.text("namespace", problems);
    k.name_prefix = fields.text("namePrefix", problems);
    k.name_suffix = fields.text("nameSuffix", problems);
    if let Some(labels) = fields.take("commonLabels") {
        note_deprecated(k, &labels, "commonLabels");
        k.common_labels = labels.texts(problems);
    }
    for entry in fields.items("labels", problems) {
        k.labels.push(read_labels(&entry, problems));
    }
    k.common_annotations = fields.texts("commonAnnotations", problems);
}

/// Notes that a deprecated field is written.
fn note_deprecated(k: &mut Kustomization, field: &Field<'_>, name: &'static str) {
    if !field.is_null() {
        let pointer = field.pointer.clone();
        k.deprecated.push(DeprecatedField { pointer, name });
    }
}

fn read_labels(entry: &Field<'_>, problems: &mut Diagnostics) -> LabelEntry {
    let mut fields = entry.fields(problems);
    let pairs = fields.texts("pairs", problems);
    let selectors = fields.boolean("includeSelectors", problems);
    let templates = fields.boolean("includeTemplates", problems);
    let mut specs = Vec::new();
    for spec in fields.items("fields", problems) {
        specs.push(read_field_spec(&spec, problems));
    }
    fields.finish(problems);
    LabelEntry {
        pointer: entry.pointer.clone(),
        pairs,
        reach: match (selectors, templates) {
            (true, _) => LabelReach::Selectors,
            (false, true) => LabelReach::Templates,
            (false, false) => LabelReach::Metadata,
        },
        fields: specs,
    }
}

fn read_patches(k: &mut Kustomization, fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    for entry in fields.items("patches", problems) {
        let read = read_patch_entry(&entry, PatchText::Trimmed, problems);
        k.patches.extend(read);
    }
    if let Some(field) = fields.take("patchesJson6902") {
        note_deprecated(k, &field, "patchesJson6902");
        for entry in field.items(problems) {
            let read = read_patch_entry(&entry, PatchText::Verbatim, problems);
            k.json_patches.extend(read);
        }
    }
    if let Some(field) = fields.take("patchesStrategicMerge") {
        note_deprecated(k, &field, "patchesStrategicMerge");
        k.strategic_patches = field.text_items(problems);
    }
}

fn read_changes(k: &mut Kustomization, fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    let mut images = fields.items("images", problems);
    if let Some(tags) = fields.take("imageTags") {
        note_deprecated(k, &tags, "imageTags");
        images.extend(tags.items(problems));
    }
    for entry in images {
        k.images.push(read_image(&entry, problems));
    }
    for entry in fields.items("replicas", problems) {
        k.replicas.push(read_replicas(&entry, problems));
    }
    for entry in fields.items("replacements", problems) {
        k.replacements
            .extend(read_replacement_entry(&entry, problems));
    }
}

fn read_generators(k: &mut Kustomization, fields: &mut Fields<'_>, problems: &mut Diagnostics) {
    let global = GeneratorOptions::read(fields.take("generatorOptions"), problems);
    for entry in fields.items("configMapGenerator", problems) {
        let generator = read_generator(&entry, GeneratorKind::ConfigMap, &global, problems);
        k.config_maps.push(generator);
    }
    for entry in fields.items("secretGenerator", problems) {
        let generator = read_generator(&entry, GeneratorKind::Secret, &global, problems);
        k.secrets.push(generator);
    }
}

fn read_variables(
    k: &mut Kustomization,
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
) -> Vec<Variable> {
    let mut variables = Vec::new();
    let Some(field) = fields.take("vars") else {
        return variables;
    };
    note_deprecated(k, &field, "vars");
    for entry in field.items(problems) {
        variables.push(read_variable(&entry, problems));
    }
    variables
}

fn read_variable(entry: &Field<'_>, problems: &mut Diagnostics) -> Variable {
    let mut fields = entry.fields(problems);
    let name = fields.text_or_empty("name", problems);
    let object = fields.take("objref").map(|field| {
        let mut object = field.fields(problems);
        let mut kinds = read_kind_filter(&mut object, problems);
        if let Some(api_version) = object.text("apiVersion", problems) {
            set_api_version(&mut kinds, &api_version);
        }
        let selector = Selector {
            kinds,
            name: object.text_or_empty("name", problems),
            namespace: object.text_or_empty("namespace", problems),
            ..Selector::default()
        };
        object.finish(problems);
        selector
    });
    let field_path = fields.take("fieldref").and_then(|field| {
        let mut field = field.fields(problems);
        let path = field.text("fieldPath", problems);
        field.finish(problems);
        path
    });
    fields.finish(problems);
    Variable {
        pointer: entry.pointer.clone(),
        name,
        object: object.unwrap_or_default(),
        field_path: field_path.unwrap_or_else(|| "metadata.name".to_owned()),
    }
}

/// Sets group and version from an `apiVersion`, as far as kustomize does.
fn set_api_version(kinds: &mut KindFilter, api_version: &str) {
    match api_version.split('/').collect::<Vec<_>>().as_slice() {
        [group, version] => {
            kinds.group = (*group).to_owned().into();
            kinds.version = (*version).to_owned().into();
        }
        [version] => kinds.version = (*version).to_owned().into(),
        _ => {}
    }
}

fn read_sort_order(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> SortOrder {
    let Some(entry) = fields.take_written("sortOptions") else {
        return SortOrder::Default;
    };
    let mut fields = entry.fields(problems);
    let order = fields.text_or_empty("order", problems);
    let legacy = fields.take_written("legacySortOptions");
    fields.finish(problems);
    let lists = legacy.map(|field| {
        let mut fields = field.fields(problems);
        let first = read_kinds(&mut fields, "orderFirst", problems);
        let last = read_kinds(&mut fields, "orderLast", problems);
        fields.finish(problems);
        SortOrder::Legacy { first, last }
    });
    match (order.as_str(), lists) {
        ("legacy", None) => SortOrder::Default,
        ("legacy", Some(lists)) => lists,
        ("fifo", None) => SortOrder::Fifo,
        _ => {
            let expected = "`order: fifo`, or `order: legacy` with or without `legacySortOptions`,";
            entry.report_mismatch(expected, problems);
            SortOrder::Default
        }
    }
}

fn read_kinds(fields: &mut Fields<'_>, name: &str, problems: &mut Diagnostics) -> Vec<String> {
    let items = fields.text_items(name, problems);
    items.into_iter().map(|item| item.text).collect()
}

fn read_build_metadata(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Vec<BuildMetadata> {
    let mut read = Vec::new();
    let Some(entry) = fields.take("buildMetadata") else {
        return read;
    };
    for item in entry.items(problems) {
        match item.text(problems).as_deref() {
            Some("originAnnotations") => read.push(BuildMetadata::OriginAnnotations),
            Some(word @ ("transformerAnnotations" | "managedByLabel")) => {
                let message = format!(
                    "`{word}` is not supported: its output names kustomize's own build and steps"
                );
                problems.push(refusal(item.file, &item.pointer, &message, "remove it"));
            }
            _ => {}
        }
    }
    read
}
