//! Builtin plugins: generators and transformers that are configured by objects instead of fields of the kustomization.

use std::sync::Arc;

use super::{GeneratedObject, Loader};
use crate::document::read_resources;
use crate::kustomization::{
    GeneratorKind, GeneratorOptions, PatchEntry, PatchSource, PatchText, ReplacementEntry,
    read_field_specs, read_generator, read_image, read_patch_entry, read_replicas, read_selector,
    replacement::read_replacement_entry,
};
use crate::patch::select::ObjectFilter;
use crate::problem::{field_origin, field_problem, refusal};
use crate::reader::{Field, Fields, PlacedText, decode};
use crate::resource::{ObjectOrigin, PluginOrigin, Resource, Source, unprintable};
use crate::rules;
use crate::transform::label::LabelStep;
use crate::transform::name::NameEnd;
use crate::transform::namespace::{NamespaceStep, NamespaceTargets, SubjectChoice};
use crate::transform::value_add::{ValueAdd, ValueTarget};
use crate::transform::{FieldChoice, Step, StepAction};
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostics, Pointer, Reported};

/// Reads the configuration of a plugin and hands it to a function.
fn with_configuration<T>(
    loader: &Loader<'_>,
    plugin: &Resource,
    at: &Pointer,
    problems: &mut Diagnostics,
    read: impl FnOnce(&Field<'_>, &mut Diagnostics) -> Result<T, Reported>,
) -> Result<T, Reported> {
    if plugin.api_version() != "builtin" {
        let message = format!(
            "`{}` of `{}` is a plugin that kustomize would run",
            plugin.kind(),
            plugin.api_version()
        );
        let help = "only plugins of `apiVersion: builtin` are supported: write what it makes to files and list them under `resources`";
        return Err(problems.report(refusal(loader.file, at, &message, help)));
    }
    let printed = plugin
        .printed()
        .map_err(|e| problems.report(unprintable(plugin, &e)))?;
    let value = Meaning::from(&*printed);
    let is_inline = *plugin.source.file == *loader.file;
    let field = Field {
        file: &plugin.source.file,
        pointer: if is_inline {
            at.clone()
        } else {
            Pointer::root()
        },
        value: &value,
        reading: loader.lenient(),
    };
    let before = count_errors(problems);
    let read = read(&field, problems)?;
    if count_errors(problems) > before {
        let message = format!("{} is not configured", plugin.id());
        let rule = &rules::KUSTOMIZATION_FIELD;
        return Err(problems.report(field_problem(rule, loader.file, at, message)));
    }
    Ok(read)
}

fn count_errors(problems: &Diagnostics) -> usize {
    problems.count(pointer_diagnostics::Severity::Error)
}

/// Makes the object of a generator plugin.
pub(crate) fn read_generator_plugin(
    loader: &Loader<'_>,
    plugin: &Resource,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<GeneratedObject, Reported> {
    with_configuration(loader, plugin, at, problems, |field, problems| {
        let kind = match plugin.kind() {
            "ConfigMapGenerator" => GeneratorKind::ConfigMap,
            "SecretGenerator" => GeneratorKind::Secret,
            other => return Err(refuse_plugin(loader, other, at, problems)),
        };
        let mut generator = read_generator(field, kind, &GeneratorOptions::default(), problems);
        let metadata = field.fields(problems).take("metadata");
        if let Some(metadata) = metadata {
            let mut metadata = metadata.fields(problems);
            if generator.name.is_empty() {
                generator.name = metadata.text_or_empty("name", problems);
            }
            let namespace = metadata.text("namespace", problems);
            generator.namespace = generator.namespace.or(namespace);
        }
        generator.pointer = at.clone();
        let object = loader.generate(&generator, problems)?;
        Ok(GeneratedObject {
            pointer: at.clone(),
            object: from_file_of(object, plugin),
        })
    })
}

/// Returns a generated object that comes from the file of its plugin.
fn from_file_of(mut object: Resource, plugin: &Resource) -> Resource {
    object.source = Source {
        file: Arc::clone(&plugin.source.file),
        document: plugin.source.document,
    };
    object.origin = ObjectOrigin::Plugin(Arc::new(PluginOrigin::of_object(plugin)));
    object
}

fn refuse_plugin(
    loader: &Loader<'_>,
    kind: &str,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Reported {
    let message = format!("the builtin plugin `{kind}` is not supported here");
    let help = "write what it makes to files and list them under `resources`";
    problems.report(refusal(loader.file, at, &message, help))
}

/// Reads a transformer plugin.
pub(crate) fn read_transformer_plugin(
    loader: &Loader<'_>,
    plugin: &Resource,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<Vec<Step>, Reported> {
    let actions = with_configuration(loader, plugin, at, problems, |field, problems| {
        let mut fields = field.fields(problems);
        match plugin.kind() {
            "PatchTransformer" | "PatchJson6902Transformer" | "PatchStrategicMergeTransformer" => {
                read_patch_plugin(loader, plugin.kind(), field, at, problems)
            }
            "ReplacementTransformer" => read_replacement_plugin(loader, &mut fields, at, problems),
            "ValueAddTransformer" => read_value_add(loader, &mut fields, at, problems),
            "PrefixSuffixTransformer" => {
                let prefix = read_name_plugin(loader, NameEnd::Prefix, field, at, problems)?;
                let suffix = read_name_plugin(loader, NameEnd::Suffix, field, at, problems)?;
                Ok(vec![prefix, suffix])
            }
            "PrefixTransformer" => Ok(vec![read_name_plugin(
                loader,
                NameEnd::Prefix,
                field,
                at,
                problems,
            )?]),
            "SuffixTransformer" => Ok(vec![read_name_plugin(
                loader,
                NameEnd::Suffix,
                field,
                at,
                problems,
            )?]),
            "HashTransformer" => Ok(vec![StepAction::Hash]),
            kind => match read_field_plugin(kind, &mut fields, problems) {
                Some(action) => Ok(vec![action]),
                None => Err(refuse_plugin(loader, kind, at, problems)),
            },
        }
    })?;
    let origin = field_origin(loader.file, at);
    let configured = Arc::new(PluginOrigin::of_object(plugin));
    let mut steps = Vec::new();
    for action in actions {
        steps.push(Step {
            origin: origin.clone(),
            action,
            plugin: Some(Arc::clone(&configured)),
        });
    }
    Ok(steps)
}

/// Reads a plugin that sets fields.
fn read_field_plugin(
    kind: &str,
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
) -> Option<StepAction> {
    let specs = FieldChoice::Own(read_field_specs(fields, problems).unwrap_or_default());
    Some(match kind {
        "AnnotationsTransformer" => {
            StepAction::Annotations(fields.texts("annotations", problems), specs)
        }
        "LabelTransformer" => StepAction::Labels(LabelStep {
            pairs: fields.texts("labels", problems),
            fields: specs,
            entry: None,
        }),
        "ImageTagTransformer" => {
            let image = fields.take("imageTag").map(|f| read_image(&f, problems));
            StepAction::Image(image.unwrap_or_default(), specs)
        }
        "ReplicaCountTransformer" => {
            let replicas = fields.take("replica").map(|f| read_replicas(&f, problems));
            StepAction::Replicas(replicas.unwrap_or_default(), specs)
        }
        "NamespaceTransformer" => {
            StepAction::Namespace(read_namespace_plugin(fields, specs, problems))
        }
        _ => return None,
    })
}

fn read_namespace_plugin(
    fields: &mut Fields<'_>,
    specs: FieldChoice,
    problems: &mut Diagnostics,
) -> NamespaceStep {
    let namespace = fields.take("metadata").and_then(|metadata| {
        let mut metadata = metadata.fields(problems);
        metadata.text("namespace", problems)
    });
    let targets = if fields.boolean("unsetOnly", problems) {
        NamespaceTargets::Unset
    } else {
        NamespaceTargets::All
    };
    let mut subjects = SubjectChoice::NamedDefault;
    if let Some(field) = fields.take("setRoleBindingSubjects") {
        match field.text(problems).as_deref() {
            None | Some("defaultOnly") => {}
            Some("allServiceAccounts") => subjects = SubjectChoice::AllServiceAccounts,
            Some("none") => subjects = SubjectChoice::Nobody,
            Some(_) => {
                let expected = "`defaultOnly`, `allServiceAccounts` or `none`";
                field.report_mismatch(expected, problems);
            }
        }
    }
    NamespaceStep {
        namespace: namespace.unwrap_or_default(),
        fields: specs,
        targets,
        subjects,
    }
}

fn read_name_plugin(
    loader: &Loader<'_>,
    end: NameEnd,
    field: &Field<'_>,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<StepAction, Reported> {
    let mut fields = field.fields(problems);
    let text = match end {
        NameEnd::Prefix => fields.text_or_empty("prefix", problems),
        NameEnd::Suffix => fields.text_or_empty("suffix", problems),
    };
    let Some(specs) = read_field_specs(&mut fields, problems) else {
        let message = "`fieldSpecs` is missing";
        let rule = &rules::KUSTOMIZATION_FIELD;
        return Err(loader.report(rule, at, message, problems));
    };
    let specs = FieldChoice::Own(specs);
    Ok(StepAction::Name(end, Arc::from(text), specs))
}

fn read_patch_plugin(
    loader: &Loader<'_>,
    kind: &str,
    field: &Field<'_>,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<Vec<StepAction>, Reported> {
    let mut fields = field.fields(problems);
    let missing = |problems: &mut Diagnostics| {
        let message = "the plugin names no patch, or two";
        loader.report(&rules::PATCH_NOT_READABLE, at, message, problems)
    };
    match kind {
        "PatchTransformer" => {
            let entry = read_patch_entry(field, PatchText::Trimmed, problems);
            let entry = entry.ok_or_else(|| missing(problems))?;
            let patch = loader.patch(&placed_at(entry, at), problems)?;
            Ok(vec![StepAction::Patch(patch)])
        }
        "PatchJson6902Transformer" => {
            let (path, text) = (
                fields.text("path", problems),
                fields.text("jsonOp", problems),
            );
            let pointer = at.clone();
            let source = match (path, text) {
                (Some(path), None) => PatchSource::File { pointer, path },
                (None, Some(text)) => PatchSource::Inline { pointer, text },
                _ => return Err(missing(problems)),
            };
            let target = fields.take_written("target");
            let entry = PatchEntry {
                pointer: at.clone(),
                source,
                target: target.map(|f| read_selector(&f, problems)),
                allowed: Vec::new(),
            };
            let patch = loader.json_patch(&entry, problems)?;
            Ok(vec![StepAction::Patch(patch)])
        }
        _ => {
            let mut actions = Vec::new();
            for path in fields.text_items("paths", problems) {
                let entry = PlacedText {
                    pointer: at.clone(),
                    text: path.text,
                };
                let patch = loader.strategic_patch(&entry, problems)?;
                actions.push(StepAction::Patch(patch));
            }
            if let Some(text) = fields.text("patches", problems) {
                let (file, version) = (loader.file, loader.version);
                let documents = read_resources(file, text.as_bytes(), version, problems)?;
                let patch = loader.strategic_documents(at, documents, problems)?;
                actions.push(StepAction::Patch(patch));
            }
            if actions.is_empty() {
                return Err(missing(problems));
            }
            Ok(actions)
        }
    }
}

/// Returns an entry whose problems are told at the entry of the plugin.
fn placed_at(entry: PatchEntry, at: &Pointer) -> PatchEntry {
    let pointer = at.clone();
    let source = match entry.source {
        PatchSource::Inline { text, .. } => PatchSource::Inline { pointer, text },
        PatchSource::File { path, .. } => PatchSource::File { pointer, path },
    };
    PatchEntry {
        pointer: at.clone(),
        source,
        ..entry
    }
}

fn read_replacement_plugin(
    loader: &Loader<'_>,
    fields: &mut Fields<'_>,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<Vec<StepAction>, Reported> {
    let mut actions = Vec::new();
    for item in fields.items("replacements", problems) {
        let Some(entry) = read_replacement_entry(&item, problems) else {
            continue;
        };
        let entry = match entry {
            ReplacementEntry::File { path, .. } => ReplacementEntry::File {
                pointer: at.clone(),
                path,
            },
            inline @ ReplacementEntry::Inline { .. } => inline,
        };
        for replacement in loader.replacements(&entry, problems)? {
            actions.push(StepAction::Replacement(replacement));
        }
    }
    Ok(actions)
}

fn read_value_add(
    loader: &Loader<'_>,
    fields: &mut Fields<'_>,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<Vec<StepAction>, Reported> {
    let value = fields.text_or_empty("value", problems).trim().to_owned();
    let mut targets = read_value_targets(loader, fields, at, problems)?;
    if let Some(path) = fields.text("targetFilePath", problems) {
        let entry = PlacedText {
            pointer: at.clone(),
            text: path,
        };
        let file = loader.read(&entry, problems)?;
        let reading = loader.lenient();
        let more = decode(
            &file.path,
            &file.bytes,
            reading,
            problems,
            |root, problems| {
                let mut fields = root.fields(problems);
                read_value_targets(loader, &mut fields, at, problems)
            },
        )?;
        targets.extend(more?);
    }
    if targets.is_empty() {
        let message = "a `ValueAddTransformer` needs `targets`";
        let rule = &rules::KUSTOMIZATION_FIELD;
        return Err(loader.report(rule, at, message, problems));
    }
    let directory = loader.root.rsplit('/').next().unwrap_or_default();
    let value = if value.is_empty() {
        directory.to_owned()
    } else {
        value
    };
    Ok(vec![StepAction::ValueAdd(ValueAdd { value, targets })])
}

fn read_value_targets(
    loader: &Loader<'_>,
    fields: &mut Fields<'_>,
    at: &Pointer,
    problems: &mut Diagnostics,
) -> Result<Vec<ValueTarget>, Reported> {
    let rule = &rules::KUSTOMIZATION_FIELD;
    let mut targets = Vec::new();
    for item in fields.items("targets", problems) {
        let mut target = item.fields(problems);
        let selector = target.take_written("selector");
        let selector = selector.map(|field| read_selector(&field, problems));
        let filter = selector.map(|selector| ObjectFilter::new(&selector));
        let filter = filter
            .transpose()
            .map_err(|e| loader.report(rule, at, e.clone(), problems))?;
        let Some(field_path) = target.text("fieldPath", problems) else {
            return Err(loader.report(rule, at, "`fieldPath` is missing", problems));
        };
        let position = target.take("filePathPosition");
        let position = position.map_or(0, |field| field.integer(problems));
        let Ok(position) = usize::try_from(position) else {
            return Err(loader.report(rule, at, "`filePathPosition` is negative", problems));
        };
        targets.push(ValueTarget {
            filter,
            field_path,
            position,
        });
    }
    Ok(targets)
}
