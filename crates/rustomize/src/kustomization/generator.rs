//! Entries of `configMapGenerator` and `secretGenerator`.

use crate::reader::{Field, Fields, PlacedText};
use pointer_diagnostics::{Diagnostics, Pointer};

/// An entry of `configMapGenerator` or `secretGenerator`, with `generatorOptions` merged in.
#[derive(Debug, Default)]
pub(crate) struct Generator {
    pub(crate) pointer: Pointer,
    pub(crate) kind: GeneratorKind,
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) behavior: Option<String>,
    pub(crate) secret_type: Option<String>,
    pub(crate) literals: Vec<PlacedText>,
    pub(crate) files: Vec<PlacedText>,
    pub(crate) envs: Vec<PlacedText>,
    pub(crate) options: GeneratorOptions,
}

/// The kind of object that a generator makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GeneratorKind {
    #[default]
    ConfigMap,
    Secret,
}

impl GeneratorKind {
    /// Returns the name of kustomize's plugin.
    pub(crate) fn plugin(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }
}

/// Additions to generated objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) hash: GeneratedHash,
    pub(crate) immutable: bool,
}

/// Hash of its content at the end of the name of a generated object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum GeneratedHash {
    #[default]
    Appended,
    Omitted,
}

impl GeneratorOptions {
    /// Reads `generatorOptions`, or the `options` of an entry.
    pub(crate) fn read(entry: Option<Field<'_>>, problems: &mut Diagnostics) -> Self {
        let Some(entry) = entry else {
            return Self::default();
        };
        let mut fields = entry.fields(problems);
        let omits_hash = fields.boolean("disableNameSuffixHash", problems);
        let options = Self {
            labels: fields.texts("labels", problems),
            annotations: fields.texts("annotations", problems),
            hash: if omits_hash {
                GeneratedHash::Omitted
            } else {
                GeneratedHash::Appended
            },
            immutable: fields.boolean("immutable", problems),
        };
        fields.finish(problems);
        options
    }

    /// Returns these options, completed by those of the whole kustomization.
    fn completed_by(mut self, global: &Self) -> Self {
        add_missing(&mut self.labels, &global.labels);
        add_missing(&mut self.annotations, &global.annotations);
        if global.hash == GeneratedHash::Omitted {
            self.hash = GeneratedHash::Omitted;
        }
        self.immutable |= global.immutable;
        self
    }
}

fn add_missing(own: &mut Vec<(String, String)>, global: &[(String, String)]) {
    for (key, value) in global {
        if !own.iter().any(|(known, _)| known == key) {
            own.push((key.clone(), value.clone()));
        }
    }
    own.sort();
}

/// Reads an entry of `configMapGenerator` or `secretGenerator`.
pub(crate) fn read_generator(
    entry: &Field<'_>,
    kind: GeneratorKind,
    global: &GeneratorOptions,
    problems: &mut Diagnostics,
) -> Generator {
    let mut fields = entry.fields(problems);
    let options = GeneratorOptions::read(fields.take("options"), problems);
    let secret_type = match kind {
        GeneratorKind::Secret => fields.text("type", problems),
        GeneratorKind::ConfigMap => None,
    };
    let generator = Generator {
        pointer: entry.pointer.clone(),
        kind,
        name: fields.text_or_empty("name", problems),
        namespace: fields.text("namespace", problems),
        behavior: fields.text("behavior", problems),
        secret_type,
        literals: fields.text_items("literals", problems),
        files: fields.text_items("files", problems),
        envs: read_env_files(&mut fields, problems),
        options: options.completed_by(global),
    };
    fields.finish(problems);
    generator
}

fn read_env_files(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Vec<PlacedText> {
    let mut envs = fields.text_items("envs", problems);
    if let Some(env) = fields.take("env")
        && let Some(text) = env.text(problems)
    {
        envs.push(PlacedText {
            pointer: env.pointer,
            text,
        });
    }
    envs
}
