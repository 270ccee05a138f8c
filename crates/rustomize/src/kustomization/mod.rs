//! The content of a `kustomization.yaml`, typed, with the place of everything that can be wrong.

mod decode;
mod generator;
mod patch;
pub(crate) mod replacement;

use crate::field::{FieldSpec, KindFilter};
use crate::reader::{Field, Fields, PlacedText};
use crate::resource::{ResourceId, is_cluster_scoped};
use pointer_diagnostics::{Diagnostics, Pointer};

pub(crate) use decode::read;
pub(crate) use generator::{
    GeneratedHash, Generator, GeneratorKind, GeneratorOptions, read_generator,
};
pub(crate) use patch::{
    IdentityChange, PatchEntry, PatchSource, PatchText, read_patch_entry, read_selector,
};
pub(crate) use replacement::{
    FieldOptions, Replacement, ReplacementEntry, ReplacementSource, ReplacementTarget,
};

/// The content of a kustomization file.
#[derive(Debug, Default)]
pub(crate) struct Kustomization {
    pub(crate) kind: KustomizationKind,
    pub(crate) resources: Vec<PlacedText>,
    pub(crate) components: Vec<PlacedText>,
    pub(crate) configurations: Vec<PlacedText>,
    pub(crate) crds: Vec<PlacedText>,
    pub(crate) open_api: Option<PlacedText>,
    pub(crate) generators: Vec<PlacedText>,
    pub(crate) transformers: Vec<PlacedText>,
    pub(crate) validators: Vec<PlacedText>,
    pub(crate) namespace: Option<String>,
    pub(crate) name_prefix: Option<String>,
    pub(crate) name_suffix: Option<String>,
    pub(crate) common_labels: Vec<(String, String)>,
    pub(crate) labels: Vec<LabelEntry>,
    pub(crate) common_annotations: Vec<(String, String)>,
    pub(crate) patches: Vec<PatchEntry>,
    pub(crate) strategic_patches: Vec<PlacedText>,
    pub(crate) json_patches: Vec<PatchEntry>,
    pub(crate) images: Vec<ImageEntry>,
    pub(crate) replicas: Vec<ReplicaEntry>,
    pub(crate) replacements: Vec<ReplacementEntry>,
    pub(crate) config_maps: Vec<Generator>,
    pub(crate) secrets: Vec<Generator>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) sort: SortOrder,
    pub(crate) build_metadata: Vec<BuildMetadata>,
    /// The deprecated fields that are used, in kustomize's order.
    pub(crate) deprecated: Vec<DeprecatedField>,
}

/// The two kinds of kustomizations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum KustomizationKind {
    /// `kind: Kustomization`, also where no kind is written.
    #[default]
    Kustomization,
    /// `kind: Component`.
    Component,
}

/// A use of a field that kustomize calls deprecated.
#[derive(Debug)]
pub(crate) struct DeprecatedField {
    pub(crate) pointer: Pointer,
    pub(crate) name: &'static str,
}

/// An entry of `buildMetadata` that changes the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuildMetadata {
    OriginAnnotations,
}

/// An entry of `labels`.
#[derive(Debug)]
pub(crate) struct LabelEntry {
    pub(crate) pointer: Pointer,
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) reach: LabelReach,
    pub(crate) fields: Vec<FieldSpec>,
}

/// Reach of labels beyond `metadata.labels`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabelReach {
    /// No further.
    Metadata,
    /// Into the templates of pods.
    Templates,
    /// Into templates and selectors.
    Selectors,
}

/// A condition on objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) kinds: KindFilter,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// A condition on labels, in the syntax of Kubernetes.
    pub(crate) labels: String,
    /// A condition on annotations.
    pub(crate) annotations: String,
}

/// An entry of `images`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImageEntry {
    pub(crate) pointer: Pointer,
    pub(crate) name: String,
    pub(crate) new_name: Option<String>,
    pub(crate) tag_suffix: Option<String>,
    pub(crate) new_tag: Option<String>,
    pub(crate) digest: Option<String>,
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplicaEntry {
    pub(crate) pointer: Pointer,
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// An entry of `vars`: a name for the value of a field.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) pointer: Pointer,
    pub(crate) name: String,
    pub(crate) object: Selector,
    pub(crate) field_path: String,
}

/// The order of the output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum SortOrder {
    /// By kind, in kustomize's own order.
    #[default]
    Default,
    /// By kind, with these first and these last.
    Legacy {
        first: Vec<String>,
        last: Vec<String>,
    },
    /// As they were found.
    Fifo,
}

/// Reads a field spec of `labels` or of a transformer configuration.
pub(crate) fn read_field_spec(entry: &Field<'_>, problems: &mut Diagnostics) -> FieldSpec {
    let mut fields = entry.fields(problems);
    let kinds = read_kind_filter(&mut fields, problems);
    let path = fields.text_or_empty("path", problems);
    let spec = FieldSpec::new(kinds, path, fields.boolean("create", problems));
    fields.finish(problems);
    spec
}

/// Reads a list of field specs; `None` where the field is missing or null.
pub(crate) fn read_field_specs(
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
) -> Option<Vec<FieldSpec>> {
    let list = fields.take_written("fieldSpecs")?;
    let mut specs = Vec::new();
    for entry in list.items(problems) {
        specs.push(read_field_spec(&entry, problems));
    }
    Some(specs)
}

/// Reads `group`, `version` and `kind`.
pub(crate) fn read_kind_filter(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> KindFilter {
    KindFilter {
        group: fields.text_or_empty("group", problems).into(),
        version: fields.text_or_empty("version", problems).into(),
        kind: fields.text_or_empty("kind", problems).into(),
    }
}

/// Reads an entry of `images`.
pub(crate) fn read_image(entry: &Field<'_>, problems: &mut Diagnostics) -> ImageEntry {
    let mut fields = entry.fields(problems);
    let image = ImageEntry {
        pointer: entry.pointer.clone(),
        name: fields.text_or_empty("name", problems),
        new_name: fields.text("newName", problems),
        tag_suffix: fields.text("tagSuffix", problems),
        new_tag: fields.text("newTag", problems),
        digest: fields.text("digest", problems),
    };
    fields.finish(problems);
    image
}

/// Reads an entry of `replicas`.
pub(crate) fn read_replicas(entry: &Field<'_>, problems: &mut Diagnostics) -> ReplicaEntry {
    let mut fields = entry.fields(problems);
    let count = fields.take("count");
    let replicas = ReplicaEntry {
        pointer: entry.pointer.clone(),
        name: fields.text_or_empty("name", problems),
        count: count.map_or(0, |field| field.integer(problems)),
    };
    fields.finish(problems);
    replicas
}

impl Variable {
    /// Returns whether an id is that of the object; without a namespace, any is meant.
    pub(crate) fn names(&self, id: &ResourceId) -> bool {
        let object = &self.object;
        let kinds = &object.kinds;
        let is_cluster_scoped = is_cluster_scoped(&kinds.group, &kinds.version, &kinds.kind);
        let in_namespace = if object.namespace.is_empty() && !is_cluster_scoped {
            true
        } else {
            let wanted = ResourceId {
                namespace: object.namespace.clone(),
                ..id.clone()
            };
            wanted.effective_namespace() == id.effective_namespace()
        };
        id.name == object.name
            && id.kind == kinds.kind
            && id.group == kinds.group
            && id.version == kinds.version
            && in_namespace
    }
}
