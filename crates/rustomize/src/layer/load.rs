//! Reads the kustomization of a directory and everything that it names, except other directories.

use std::sync::Arc;

use super::{GeneratedObject, Layer, LayerInputs, Loader};
use crate::config::{self, Config};
use crate::crd;
use crate::files::{FileKind, Files, is_at_or_below, join};
use crate::kustomization::{self, Kustomization};
use crate::patch::content::PatchCache;
use crate::patch::schema::SchemaData;
use crate::problem::{field_origin, file_problem};
use crate::rules;
use crate::transform::label::LabelStep;
use crate::transform::name::NameEnd;
use crate::transform::namespace::NamespaceStep;
use crate::transform::{FieldChoice, Step, StepAction};
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostics, Pointer, Reported};

/// The first name that kustomize looks for in a directory; the others are `kustomization.yml` and `Kustomization`.
pub const KUSTOMIZATION_FILE: &str = "kustomization.yaml";

/// The names that a kustomization file may have.
const FILE_NAMES: [&str; 3] = [KUSTOMIZATION_FILE, "kustomization.yml", "Kustomization"];

/// The problems of a kustomization that could not be read at all.
#[derive(Debug)]
pub(crate) struct LoadFailure {
    problems: Diagnostics,
    reported: Reported,
}

impl LoadFailure {
    /// Reports the problems to another user of the kustomization.
    pub(crate) fn report_again(&self, problems: &mut Diagnostics) -> Reported {
        problems.extend(self.problems.iter().cloned());
        self.reported
    }
}

/// Reads the kustomization of a directory. Fails where there is none, or none that is YAML; otherwise the layer carries its problems.
pub(crate) fn load(
    files: &dyn Files,
    patches: &PatchCache,
    version: KustomizeVersion,
    root: &str,
) -> Result<Layer, LoadFailure> {
    let mut problems = Diagnostics::new();
    match load_reporting(files, patches, version, root, &mut problems) {
        Ok(layer) => Ok(Layer { problems, ..layer }),
        Err(reported) => Err(LoadFailure { problems, reported }),
    }
}

fn load_reporting(
    files: &dyn Files,
    patches: &PatchCache,
    version: KustomizeVersion,
    root: &str,
    problems: &mut Diagnostics,
) -> Result<Layer, Reported> {
    let (file, bytes) = read_kustomization_file(files, root, problems)?;
    let k = kustomization::read(&file, &bytes, version, problems)?;
    let loader = Loader {
        files,
        patches,
        version,
        root,
        file: &file,
    };
    let resources = read_all(&k.resources, problems, |e, p| loader.entry(e, p));
    let components = read_all(&k.components, problems, |e, p| loader.component(e, p));
    let generated = generate_all(&loader, &k, problems);
    let made = k.config_maps.len() + k.secrets.len();
    let is_complete = resources.len() == k.resources.len()
        && components.len() == k.components.len()
        && generated.len() == made;
    let plugins = |entries, problems: &mut Diagnostics| {
        read_all(entries, problems, |e, p| loader.plugin_entry(e, p))
    };
    Ok(Layer {
        root: root.to_owned(),
        resources,
        components,
        configurations: read_configurations(&loader, &k, problems),
        schema: read_schema(&loader, &k, problems),
        generated,
        generators: plugins(&k.generators, problems),
        steps: read_steps(&loader, &k, problems),
        transformers: plugins(&k.transformers, problems),
        validators: plugins(&k.validators, problems),
        inputs: if is_complete {
            LayerInputs::Complete
        } else {
            LayerInputs::Partial
        },
        problems: Diagnostics::new(),
        file: Arc::from(file.as_str()),
        kustomization: k,
    })
}

/// Reads every entry; those that fail have reported why.
fn read_all<E, T>(
    entries: &[E],
    problems: &mut Diagnostics,
    read: impl Fn(&E, &mut Diagnostics) -> Result<T, Reported>,
) -> Vec<T> {
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        all.extend(read(entry, problems));
    }
    all
}

fn read_kustomization_file(
    files: &dyn Files,
    root: &str,
    problems: &mut Diagnostics,
) -> Result<(String, Arc<[u8]>), Reported> {
    let mut candidates = Vec::new();
    for name in FILE_NAMES {
        let Some(path) = join(root, name) else {
            continue;
        };
        if let Ok((resolved, FileKind::File)) = files.resolve(&path)
            && is_at_or_below(&resolved, root)
        {
            candidates.push((path, resolved));
        }
    }
    let shown = if root.is_empty() { "." } else { root };
    match candidates.as_slice() {
        [(path, resolved)] => match files.read(resolved) {
            Ok(bytes) => Ok((path.clone(), bytes)),
            Err(e) => {
                let rule = &rules::MISSING_KUSTOMIZE_FILE;
                Err(problems.report(file_problem(rule, path, e.to_string())))
            }
        },
        [] => {
            let message = format!("the directory `{shown}` has no `kustomization.yaml`");
            let rule = &rules::MISSING_KUSTOMIZE_FILE;
            Err(problems.report(file_problem(rule, shown, message)))
        }
        [.., (last, _)] => {
            let message = format!("the directory `{shown}` has more than one kustomization file");
            let rule = &rules::KUSTOMIZATION_FIELD;
            Err(problems.report(file_problem(rule, last, message)))
        }
    }
}

fn generate_all(
    loader: &Loader<'_>,
    k: &Kustomization,
    problems: &mut Diagnostics,
) -> Vec<GeneratedObject> {
    let mut generated = Vec::new();
    for entry in k.config_maps.iter().chain(&k.secrets) {
        if let Ok(object) = loader.generate(entry, problems) {
            let pointer = entry.pointer.clone();
            generated.push(GeneratedObject { pointer, object });
        }
    }
    generated
}

fn read_configurations(
    loader: &Loader<'_>,
    k: &Kustomization,
    problems: &mut Diagnostics,
) -> Vec<Arc<Config>> {
    let mut configurations = Vec::new();
    for entry in &k.configurations {
        if let Ok(file) = loader.read(entry, problems)
            && let Ok(config) = config::read(&file.path, &file.bytes, loader.strict(), problems)
        {
            configurations.push(Arc::new(config));
        }
    }
    for entry in &k.crds {
        if let Ok(file) = loader.read(entry, problems)
            && let Ok(config) = crd::read(&file.path, &file.bytes, loader.lenient(), problems)
        {
            configurations.push(Arc::new(config));
        }
    }
    configurations
}

fn read_schema(
    loader: &Loader<'_>,
    k: &Kustomization,
    problems: &mut Diagnostics,
) -> Option<Arc<SchemaData>> {
    let entry = k.open_api.as_ref()?;
    let file = loader.read(entry, problems).ok()?;
    match SchemaData::read(&file.bytes) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(e) => {
            let rule = e.rule();
            problems.push(file_problem(rule, &file.path, e.to_string()));
            None
        }
    }
}

/// Turns the fields of a kustomization into transformers, in kustomize's fixed order.
fn read_steps(loader: &Loader<'_>, k: &Kustomization, problems: &mut Diagnostics) -> Vec<Step> {
    let mut steps = Vec::new();
    for entry in &k.strategic_patches {
        if let Ok(patch) = loader.strategic_patch(entry, problems) {
            steps.push(step(loader, &entry.pointer, StepAction::Patch(patch)));
        }
    }
    for entry in &k.patches {
        if let Ok(patch) = loader.patch(entry, problems) {
            steps.push(step(loader, &entry.pointer, StepAction::Patch(patch)));
        }
    }
    steps.extend(name_steps(loader, k));
    steps.extend(label_steps(loader, k));
    for entry in &k.json_patches {
        if let Ok(patch) = loader.json_patch(entry, problems) {
            steps.push(step(loader, &entry.pointer, StepAction::Patch(patch)));
        }
    }
    for entry in &k.replicas {
        let action = StepAction::Replicas(entry.clone(), FieldChoice::Configured);
        steps.push(step(loader, &entry.pointer, action));
    }
    for entry in &k.images {
        let action = StepAction::Image(entry.clone(), FieldChoice::Configured);
        steps.push(step(loader, &entry.pointer, action));
    }
    for entry in &k.replacements {
        let Ok(replacements) = loader.replacements(entry, problems) else {
            continue;
        };
        for replacement in replacements {
            let action = StepAction::Replacement(replacement);
            steps.push(step(loader, entry.pointer(), action));
        }
    }
    steps
}

fn step(loader: &Loader<'_>, pointer: &Pointer, action: StepAction) -> Step {
    Step {
        origin: field_origin(loader.file, pointer),
        action,
        plugin: None,
    }
}

fn name_steps(loader: &Loader<'_>, k: &Kustomization) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(namespace) = &k.namespace {
        let action = StepAction::Namespace(NamespaceStep::of_field(namespace));
        steps.push(step(loader, &Pointer::root().at("namespace"), action));
    }
    for (end, text, field) in [
        (NameEnd::Prefix, &k.name_prefix, "namePrefix"),
        (NameEnd::Suffix, &k.name_suffix, "nameSuffix"),
    ] {
        if let Some(text) = text {
            let action = StepAction::Name(end, Arc::from(text.as_str()), FieldChoice::Configured);
            steps.push(step(loader, &Pointer::root().at(field), action));
        }
    }
    steps
}

fn label_steps(loader: &Loader<'_>, k: &Kustomization) -> Vec<Step> {
    let mut steps = Vec::new();
    for entry in &k.labels {
        let action = StepAction::Labels(LabelStep::of_entry(entry));
        steps.push(step(loader, &entry.pointer, action));
    }
    if !k.common_labels.is_empty() {
        let action = StepAction::Labels(LabelStep::of_common_labels(&k.common_labels));
        steps.push(step(loader, &Pointer::root().at("commonLabels"), action));
    }
    if !k.common_annotations.is_empty() {
        let pairs = k.common_annotations.clone();
        let action = StepAction::Annotations(pairs, FieldChoice::Configured);
        let pointer = Pointer::root().at("commonAnnotations");
        steps.push(step(loader, &pointer, action));
    }
    steps
}
