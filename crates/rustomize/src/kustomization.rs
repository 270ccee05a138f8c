//! `kustomization.yaml`: what it asks for, typed, with places.

use super::field::{FieldSpec, KindFilter};
use super::problem::{Outcome, of_field, of_file, unsupported};
use super::reader::{Field, Fields, decode};
use crate::rules;
use manifest_yaml::Meaning;
use pointer_diagnostics::Pointer;

/// A text of a kustomization and where it was written.
pub(super) type Text = (Pointer, String);

/// What a kustomization file asks for.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    pub(super) is_component: bool,
    pub(super) resources: Vec<Text>,
    pub(super) components: Vec<Text>,
    pub(super) configurations: Vec<Text>,
    pub(super) namespace: String,
    pub(super) name_prefix: String,
    pub(super) name_suffix: String,
    pub(super) common_labels: Vec<(String, String)>,
    pub(super) labels: Vec<Labels>,
    pub(super) common_annotations: Vec<(String, String)>,
    pub(super) patches: Vec<PatchEntry>,
    pub(super) strategic_patches: Vec<Text>,
    pub(super) json_patches: Vec<PatchEntry>,
    pub(super) images: Vec<Image>,
    pub(super) replicas: Vec<Replicas>,
    pub(super) replacements: Vec<ReplacementEntry>,
    pub(super) config_maps: Vec<Generator>,
    pub(super) secrets: Vec<Generator>,
    pub(super) sort: Sort,
    pub(super) origin_annotations: bool,
    /// Deprecated fields that are used, in kustomize's order.
    pub(super) deprecated: Vec<(Pointer, &'static str)>,
}

/// An entry of `labels`.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) pointer: Pointer,
    pub(super) pairs: Vec<(String, String)>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    pub(super) fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug)]
pub(super) struct PatchEntry {
    pub(super) pointer: Pointer,
    pub(super) path: String,
    pub(super) patch: String,
    pub(super) target: Option<Selector>,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

/// Which objects are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) kinds: KindFilter,
    pub(super) name: String,
    pub(super) namespace: String,
    /// A condition on labels, in the syntax of Kubernetes.
    pub(super) labels: String,
    /// A condition on annotations.
    pub(super) annotations: String,
}

/// An entry of `images`.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) pointer: Pointer,
    pub(super) name: String,
    pub(super) new_name: String,
    pub(super) tag_suffix: String,
    pub(super) new_tag: String,
    pub(super) digest: String,
}

/// An entry of `replicas`.
#[derive(Debug)]
pub(super) struct Replicas {
    pub(super) pointer: Pointer,
    pub(super) name: String,
    pub(super) count: i64,
}

/// An entry of `replacements`.
#[derive(Debug)]
pub(super) struct ReplacementEntry {
    pub(super) pointer: Pointer,
    pub(super) path: String,
    pub(super) inline: Replacement,
}

/// A value that is copied from one object to others.
#[derive(Debug, Clone, Default)]
pub(super) struct Replacement {
    pub(super) source: Option<ReplacementSource>,
    pub(super) targets: Option<Vec<ReplacementTarget>>,
}

/// Where a replacement takes its value from.
#[derive(Debug, Clone)]
pub(super) struct ReplacementSource {
    pub(super) select: Selector,
    pub(super) field_path: String,
    pub(super) options: FieldOptions,
}

/// Where a replacement puts its value.
#[derive(Debug, Clone)]
pub(super) struct ReplacementTarget {
    pub(super) select: Option<Selector>,
    pub(super) reject: Vec<Selector>,
    pub(super) field_paths: Vec<String>,
    pub(super) options: FieldOptions,
}

/// How a field is taken apart or made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldOptions {
    pub(super) delimiter: String,
    pub(super) index: i64,
    pub(super) create: bool,
}

/// An entry of `configMapGenerator` or `secretGenerator`, with `generatorOptions` merged in.
#[derive(Debug, Default)]
pub(super) struct Generator {
    pub(super) pointer: Pointer,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) behavior: String,
    pub(super) secret_type: String,
    pub(super) literals: Vec<Text>,
    pub(super) files: Vec<Text>,
    pub(super) envs: Vec<Text>,
    pub(super) options: GeneratorOptions,
}

/// What is added to generated objects.
#[derive(Debug, Clone, Default)]
pub(super) struct GeneratorOptions {
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) disable_hash: bool,
    pub(super) immutable: bool,
}

/// The order of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// By kind; the lists of kinds that come first and last, where they are given.
    #[default]
    Default,
    /// By kind, with these first and these last.
    Legacy(Vec<String>, Vec<String>),
    /// As they were found.
    Fifo,
}

/// Fields that are kustomize's but refused here, and what to do instead.
const REFUSED: [(&str, &str); 10] = [
    (
        "helmCharts",
        "render the chart to files and list them under `resources`",
    ),
    (
        "helmChartInflationGenerator",
        "render the chart to files and list them under `resources`",
    ),
    (
        "helmGlobals",
        "render the chart to files and list them under `resources`",
    ),
    (
        "generators",
        "write the generated objects to files and list them under `resources`",
    ),
    (
        "transformers",
        "use the built-in fields of the kustomization",
    ),
    (
        "validators",
        "remove them; siteplan validates what is rendered",
    ),
    ("vars", "use `replacements`"),
    ("crds", "use `configurations` with `nameReference`"),
    (
        "openapi",
        "remove it; lists of custom resources are then replaced, not merged",
    ),
    ("metadata.managedFields", "remove it"),
];

/// Reads a kustomization file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Outcome<Kustomization> {
    decode(file, bytes, kustomization)
}

fn kustomization(root: &Field<'_>) -> Outcome<Kustomization> {
    let file = root.file;
    let mut fields = root.fields()?;
    let mut k = Kustomization::default();
    let kind = fields.text("kind")?;
    let api_version = fields.text("apiVersion")?;
    k.is_component = kind == "Component";
    refuse(&mut fields)?;
    metadata(&mut fields)?;
    let content = Content {
        empty: match root.value {
            Meaning::Mapping(map) => map
                .iter()
                .all(|(key, value)| is_type(key) || *value == Meaning::Null),
            _ => true,
        },
    };
    names(&mut k, &mut fields)?;
    patches(&mut k, &mut fields)?;
    changes(&mut k, &mut fields)?;
    generators(&mut k, &mut fields)?;
    k.sort = sort(&mut fields)?;
    k.origin_annotations = build_metadata(&mut fields)?;
    fields.finish()?;
    if content.empty {
        return Err(of_file(
            &rules::KUSTOMIZATION_FIELD,
            file,
            "the kustomization is empty",
        ));
    }
    check_type(file, &kind, &api_version)?;
    Ok(k)
}

struct Content {
    empty: bool,
}

fn is_type(key: &str) -> bool {
    key.eq_ignore_ascii_case("kind") || key.eq_ignore_ascii_case("apiVersion")
}

fn check_type(file: &str, kind: &str, api_version: &str) -> Outcome<()> {
    let wrong = |field: &str, expected: &str, found: &str| {
        let message = format!("`{field}` is `{found}`; `{expected}` is expected");
        Err(of_field(
            &rules::KUSTOMIZATION_FIELD,
            file,
            &Pointer::root().at(field),
            message,
        ))
    };
    let version = match kind {
        "" | "Kustomization" => "kustomize.config.k8s.io/v1beta1",
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        other => return wrong("kind", "Kustomization", other),
    };
    if api_version.is_empty() || api_version == version {
        Ok(())
    } else {
        wrong("apiVersion", version, api_version)
    }
}

fn refuse(fields: &mut Fields<'_>) -> Outcome<()> {
    for (name, help) in REFUSED {
        let Some(field) = fields.take(name) else {
            continue;
        };
        let empty = match field.value {
            Meaning::Null => true,
            Meaning::Sequence(items) => items.is_empty(),
            Meaning::Mapping(map) => map.is_empty(),
            _ => false,
        };
        if !empty {
            return Err(unsupported(
                field.file,
                &field.pointer,
                &format!("`{name}` is not supported"),
                help,
            ));
        }
    }
    Ok(())
}

fn metadata(fields: &mut Fields<'_>) -> Outcome<()> {
    let Some(metadata) = fields.take("metadata") else {
        return Ok(());
    };
    let mut metadata = metadata.fields()?;
    metadata.text("name")?;
    metadata.text("namespace")?;
    metadata.texts("labels")?;
    metadata.texts("annotations")?;
    metadata.finish()
}

fn names(k: &mut Kustomization, fields: &mut Fields<'_>) -> Outcome<()> {
    k.resources = fields.text_items("resources")?;
    k.components = fields.text_items("components")?;
    k.configurations = fields.text_items("configurations")?;
    k.namespace = fields.text("namespace")?;
    k.name_prefix = fields.text("namePrefix")?;
    k.name_suffix = fields.text("nameSuffix")?;
    if let Some(bases) = fields.take("bases") {
        deprecated(k, &bases, "bases");
        for base in bases.items()? {
            k.resources.push((base.pointer.clone(), base.text()?));
        }
    }
    if let Some(labels) = fields.take("commonLabels") {
        deprecated(k, &labels, "commonLabels");
        k.common_labels = labels.texts()?;
    }
    for entry in fields.items("labels")? {
        k.labels.push(labels(&entry)?);
    }
    k.common_annotations = fields.texts("commonAnnotations")?;
    Ok(())
}

/// Notes that a deprecated field is written.
fn deprecated(k: &mut Kustomization, field: &Field<'_>, name: &'static str) {
    if !field.is_null() {
        k.deprecated.push((field.pointer.clone(), name));
    }
}

fn labels(entry: &Field<'_>) -> Outcome<Labels> {
    let mut fields = entry.fields()?;
    let found = Labels {
        pointer: entry.pointer.clone(),
        pairs: fields.texts("pairs")?,
        include_selectors: fields.boolean("includeSelectors")?,
        include_templates: fields.boolean("includeTemplates")?,
        fields: fields
            .items("fields")?
            .iter()
            .map(field_spec)
            .collect::<Outcome<_>>()?,
    };
    fields.finish()?;
    Ok(found)
}

/// A field spec of `labels` or of a transformer configuration.
pub(super) fn field_spec(entry: &Field<'_>) -> Outcome<FieldSpec> {
    let mut fields = entry.fields()?;
    let kinds = kinds(&mut fields)?;
    let spec = FieldSpec::new(kinds, &fields.text("path")?, fields.boolean("create")?);
    fields.finish()?;
    Ok(spec)
}

/// `group`, `version` and `kind`.
pub(super) fn kinds(fields: &mut Fields<'_>) -> Outcome<KindFilter> {
    Ok(KindFilter {
        group: fields.text("group")?,
        version: fields.text("version")?,
        kind: fields.text("kind")?,
    })
}

fn patches(k: &mut Kustomization, fields: &mut Fields<'_>) -> Outcome<()> {
    for entry in fields.items("patches")? {
        k.patches.push(patch_entry(&entry)?);
    }
    if let Some(field) = fields.take("patchesJson6902") {
        deprecated(k, &field, "patchesJson6902");
        k.json_patches = field
            .items()?
            .iter()
            .map(patch_entry)
            .collect::<Outcome<_>>()?;
    }
    if let Some(field) = fields.take("patchesStrategicMerge") {
        deprecated(k, &field, "patchesStrategicMerge");
        k.strategic_patches = field
            .items()?
            .iter()
            .map(|f| Ok((f.pointer.clone(), f.text()?)))
            .collect::<Outcome<_>>()?;
    }
    Ok(())
}

fn patch_entry(entry: &Field<'_>) -> Outcome<PatchEntry> {
    let mut fields = entry.fields()?;
    let target = fields.take("target").filter(|t| !t.is_null());
    let mut options = (false, false);
    if let Some(field) = fields.take("options") {
        let Meaning::Mapping(map) = field.value else {
            return field.wrong("a map");
        };
        for (key, value) in map {
            let value = Field {
                file: field.file,
                pointer: field.pointer.at(key),
                value,
            }
            .boolean()?;
            match &**key {
                "allowNameChange" => options.0 = value,
                "allowKindChange" => options.1 = value,
                _ => {}
            }
        }
    }
    let found = PatchEntry {
        pointer: entry.pointer.clone(),
        path: fields.text("path")?,
        patch: fields.text("patch")?,
        target: target.map(|t| selector(&t)).transpose()?,
        allow_name_change: options.0,
        allow_kind_change: options.1,
    };
    fields.finish()?;
    Ok(found)
}

/// A selector with labels and annotations.
pub(super) fn selector(entry: &Field<'_>) -> Outcome<Selector> {
    let mut fields = entry.fields()?;
    let found = Selector {
        kinds: kinds(&mut fields)?,
        name: fields.text("name")?,
        namespace: fields.text("namespace")?,
        labels: fields.text("labelSelector")?,
        annotations: fields.text("annotationSelector")?,
    };
    fields.finish()?;
    Ok(found)
}

fn changes(k: &mut Kustomization, fields: &mut Fields<'_>) -> Outcome<()> {
    let mut images = fields.items("images")?;
    if let Some(tags) = fields.take("imageTags") {
        deprecated(k, &tags, "imageTags");
        images.extend(tags.items()?);
    }
    k.images = images.iter().map(image).collect::<Outcome<_>>()?;
    for entry in fields.items("replicas")? {
        let mut fields = entry.fields()?;
        let count = fields.take("count").map_or(Ok(0), |f| f.integer())?;
        k.replicas.push(Replicas {
            pointer: entry.pointer.clone(),
            name: fields.text("name")?,
            count,
        });
        fields.finish()?;
    }
    for entry in fields.items("replacements")? {
        let mut inner = entry.fields()?;
        let path = inner.text("path")?;
        let inline = replacement_fields(&mut inner)?;
        inner.finish()?;
        k.replacements.push(ReplacementEntry {
            pointer: entry.pointer.clone(),
            path,
            inline,
        });
    }
    // kustomize's own order of its warnings.
    let order = [
        "bases",
        "commonLabels",
        "imageTags",
        "patchesJson6902",
        "patchesStrategicMerge",
        "vars",
    ];
    k.deprecated
        .sort_by_key(|(_, name)| order.iter().position(|o| o == name));
    Ok(())
}

fn image(entry: &Field<'_>) -> Outcome<Image> {
    let mut fields = entry.fields()?;
    let found = Image {
        pointer: entry.pointer.clone(),
        name: fields.text("name")?,
        new_name: fields.text("newName")?,
        tag_suffix: fields.text("tagSuffix")?,
        new_tag: fields.text("newTag")?,
        digest: fields.text("digest")?,
    };
    fields.finish()?;
    Ok(found)
}

/// A replacement that stands in a file of its own.
pub(super) fn replacement(entry: &Field<'_>) -> Outcome<Replacement> {
    let mut fields = entry.fields()?;
    replacement_fields(&mut fields)
}

fn replacement_fields(fields: &mut Fields<'_>) -> Outcome<Replacement> {
    let source = fields.take("source").filter(|f| !f.is_null());
    let targets = fields.take("targets").filter(|f| !f.is_null());
    let targets = targets.map(|f| {
        f.items()?
            .iter()
            .map(replacement_target)
            .collect::<Outcome<_>>()
    });
    Ok(Replacement {
        source: source.map(|f| replacement_source(&f)).transpose()?,
        targets: targets.transpose()?,
    })
}

fn replacement_source(entry: &Field<'_>) -> Outcome<ReplacementSource> {
    let mut fields = entry.fields()?;
    let select = Selector {
        kinds: kinds(&mut fields)?,
        name: fields.text("name")?,
        namespace: fields.text("namespace")?,
        ..Selector::default()
    };
    let field_path = fields.text("fieldPath")?;
    let options = field_options(fields.take("options"))?;
    fields.finish()?;
    Ok(ReplacementSource {
        select,
        field_path,
        options,
    })
}

fn replacement_target(entry: &Field<'_>) -> Outcome<ReplacementTarget> {
    let mut fields = entry.fields()?;
    let found = ReplacementTarget {
        select: fields
            .take("select")
            .filter(|f| !f.is_null())
            .map(|f| selector(&f))
            .transpose()?,
        reject: fields
            .items("reject")?
            .iter()
            .map(selector)
            .collect::<Outcome<_>>()?,
        field_paths: fields
            .text_items("fieldPaths")?
            .into_iter()
            .map(|(_, path)| path)
            .collect(),
        options: field_options(fields.take("options"))?,
    };
    fields.finish()?;
    Ok(found)
}

fn field_options(entry: Option<Field<'_>>) -> Outcome<FieldOptions> {
    let Some(entry) = entry else {
        return Ok(FieldOptions::default());
    };
    let mut fields = entry.fields()?;
    fields.text("encoding")?;
    let found = FieldOptions {
        delimiter: fields.text("delimiter")?,
        index: fields.take("index").map_or(Ok(0), |f| f.integer())?,
        create: fields.boolean("create")?,
    };
    fields.finish()?;
    Ok(found)
}

fn generators(k: &mut Kustomization, fields: &mut Fields<'_>) -> Outcome<()> {
    let global = fields
        .take("generatorOptions")
        .map(|f| generator_options(&f))
        .transpose()?
        .unwrap_or_default();
    for entry in fields.items("configMapGenerator")? {
        k.config_maps.push(generator(&entry, false, &global)?);
    }
    for entry in fields.items("secretGenerator")? {
        k.secrets.push(generator(&entry, true, &global)?);
    }
    Ok(())
}

fn generator(entry: &Field<'_>, secret: bool, global: &GeneratorOptions) -> Outcome<Generator> {
    let mut fields = entry.fields()?;
    let local = fields
        .take("options")
        .map(|f| generator_options(&f))
        .transpose()?
        .unwrap_or_default();
    let mut envs = fields.text_items("envs")?;
    if let Some(env) = fields.take("env") {
        let text = env.text()?;
        envs.extend((!text.is_empty()).then(|| (env.pointer.clone(), text)));
    }
    let found = Generator {
        pointer: entry.pointer.clone(),
        name: fields.text("name")?,
        namespace: fields.text("namespace")?,
        behavior: fields.text("behavior")?,
        secret_type: if secret {
            fields.text("type")?
        } else {
            String::new()
        },
        literals: fields.text_items("literals")?,
        files: fields.text_items("files")?,
        envs,
        options: local.or(global),
    };
    fields.finish()?;
    Ok(found)
}

impl GeneratorOptions {
    /// These options, with what only the others say.
    fn or(mut self, global: &Self) -> Self {
        let add = |local: &mut Vec<(String, String)>, global: &[(String, String)]| {
            let missing = global
                .iter()
                .filter(|(key, _)| !local.iter().any(|(k, _)| k == key));
            let missing: Vec<_> = missing.cloned().collect();
            local.extend(missing);
            local.sort();
        };
        add(&mut self.labels, &global.labels);
        add(&mut self.annotations, &global.annotations);
        self.disable_hash |= global.disable_hash;
        self.immutable |= global.immutable;
        self
    }
}

fn generator_options(entry: &Field<'_>) -> Outcome<GeneratorOptions> {
    let mut fields = entry.fields()?;
    let found = GeneratorOptions {
        labels: fields.texts("labels")?,
        annotations: fields.texts("annotations")?,
        disable_hash: fields.boolean("disableNameSuffixHash")?,
        immutable: fields.boolean("immutable")?,
    };
    fields.finish()?;
    Ok(found)
}

fn sort(fields: &mut Fields<'_>) -> Outcome<Sort> {
    let Some(entry) = fields.take("sortOptions").filter(|f| !f.is_null()) else {
        return Ok(Sort::Default);
    };
    let mut fields = entry.fields()?;
    let order = fields.text("order")?;
    let legacy = fields.take("legacySortOptions").filter(|f| !f.is_null());
    fields.finish()?;
    let lists = legacy.map(|f| {
        let mut fields = f.fields()?;
        let texts = |items: Vec<Text>| items.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        let lists = (
            texts(fields.text_items("orderFirst")?),
            texts(fields.text_items("orderLast")?),
        );
        fields.finish()?;
        Outcome::Ok(lists)
    });
    match (order.as_str(), lists.transpose()?) {
        ("legacy", None) => Ok(Sort::Default),
        ("legacy", Some((first, last))) => Ok(Sort::Legacy(first, last)),
        ("fifo", None) => Ok(Sort::Fifo),
        _ => entry.wrong("`order: fifo`, or `order: legacy` with or without `legacySortOptions`,"),
    }
}

fn build_metadata(fields: &mut Fields<'_>) -> Outcome<bool> {
    let Some(entry) = fields.take("buildMetadata") else {
        return Ok(false);
    };
    let mut origins = false;
    for item in entry.items()? {
        match item.text()?.as_str() {
            "originAnnotations" => origins = true,
            word @ ("transformerAnnotations" | "managedByLabel") => {
                let message = format!(
                    "`{word}` is not supported: its output names kustomize's own version and plugins"
                );
                return Err(unsupported(item.file, &item.pointer, &message, "remove it"));
            }
            _ => {}
        }
    }
    Ok(origins)
}
