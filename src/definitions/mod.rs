//! Turns published definitions of custom resources into the files of `schema/crds`.
//!
//! Comes in: texts, as `oc get crd -o yaml` or the bundle of an operator gives them. Goes out: one compact file for each kind and version,
//! without descriptions, or why a definition cannot be used. Nothing is read or written here.

use std::collections::BTreeMap;

use apiserver_schema::{CompactContent, Definition, Definitions};
use manifest_yaml::ReadLimits;

/// The directory of imported definitions. Those directly in it hold for all apps, those in a directory of it for the apps that choose it.
pub const IMPORTED: &str = "schema/crds";

/// Bounds on what is imported at once: all definitions of a large cluster.
const LIMITS: ReadLimits = ReadLimits {
    bytes: 256 << 20,
    depth: 100,
    nodes: 12_000_000,
};

/// A text that may hold definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionSource {
    /// The name by which messages call it: a path, or `standard input`.
    pub name: String,
    /// The name under which its definitions stand, beside others of the same kinds; `None` where they hold for all apps.
    pub set: Option<String>,
    /// The text: YAML of one or more documents, or JSON.
    pub text: String,
}

/// The files that an import writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefinitionImport {
    /// The texts, by their paths from the root of the fleet.
    pub files: BTreeMap<String, String>,
    /// The number of objects that are no definitions, as bundles hold many.
    pub other_objects: usize,
    /// Sentences about what cannot be imported, in the order of the sources.
    pub problems: Vec<String>,
}

/// Reads definitions out of texts. Of a kind and version that is there twice, both have to say the same.
pub fn plan_import(sources: &[DefinitionSource]) -> DefinitionImport {
    let mut import = DefinitionImport::default();
    let mut written_by = BTreeMap::new();
    for source in sources {
        match read_source(source) {
            Ok(definitions) => import.add(source, &definitions, &mut written_by),
            Err(problem) => import.problems.push(problem),
        }
    }
    if import.files.is_empty() && import.problems.is_empty() {
        import
            .problems
            .push(describe_nothing(sources, import.other_objects));
    }
    import
}

impl DefinitionImport {
    fn add(
        &mut self,
        source: &DefinitionSource,
        definitions: &Definitions,
        written_by: &mut BTreeMap<String, String>,
    ) {
        self.other_objects += definitions.skipped.len();
        let problems = definitions.errors.iter();
        self.problems
            .extend(problems.map(|error| format!("{}: {error}", source.name)));
        for definition in &definitions.entries {
            let path = path_of(definition, source.set.as_deref());
            let text = compact_text(definition);
            match self.files.get(&path) {
                Some(known) if *known != text => self.problems.push(format!(
                    "{}: `{}` {} is defined otherwise in {}: import one of them with `--as NAME`, \
                     which an app chooses by `definitions: [NAME]`",
                    source.name,
                    definition.api_version(),
                    definition.kind(),
                    written_by
                        .get(&path)
                        .map_or("another document", String::as_str),
                )),
                Some(_) => {}
                None => {
                    written_by.insert(path.clone(), source.name.clone());
                    self.files.insert(path, text);
                }
            }
        }
    }
}

/// Returns the set that the name of a file asks for: `kafkas@0.45.2.yaml` is the definition of version 0.45.2.
pub fn find_set_of_file(name: &str) -> Option<&str> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let (_, set) = stem.rsplit_once('@')?;
    is_set_name(set).then_some(set)
}

/// Tells whether a text can name a set of definitions, which is a directory.
pub fn is_set_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty()
        && name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
}

fn read_source(source: &DefinitionSource) -> Result<Definitions, String> {
    let unreadable = |line: usize, message: &str| {
        format!("{}: line {line} cannot be read: {message}", source.name)
    };
    let line_of = |byte: usize| {
        let before = source.text.get(..byte).unwrap_or_default();
        before.matches('\n').count() + 1
    };
    let documents = manifest_yaml::read_documents(&source.text, &LIMITS)
        .map_err(|error| unreadable(line_of(error.range.bytes().start), &error.message))?;
    let mut definitions = Definitions::default();
    for document in &documents {
        let value = document.to_value();
        let value = value
            .map_err(|error| unreadable(line_of(error.range.bytes().start), &error.message))?;
        if !value.is_null() {
            definitions.add(&value);
        }
    }
    Ok(definitions)
}

fn path_of(definition: &Definition, set: Option<&str>) -> String {
    let stem = definition.file_stem();
    match set {
        Some(set) => format!("{IMPORTED}/{set}/{stem}.json"),
        None => format!("{IMPORTED}/{stem}.json"),
    }
}

fn compact_text(definition: &Definition) -> String {
    format!("{}\n", definition.to_compact(CompactContent::All, None))
}

fn describe_nothing(sources: &[DefinitionSource], other_objects: usize) -> String {
    let what = match sources {
        [] => "there are no YAML or JSON files".to_owned(),
        [only] => format!("{} holds no CustomResourceDefinition", only.name),
        all => format!(
            "none of {} files holds a CustomResourceDefinition",
            all.len()
        ),
    };
    let others = match other_objects {
        0 => String::new(),
        1 => ", but one object of another kind".to_owned(),
        count => format!(", but {count} objects of other kinds"),
    };
    format!("{what}{others}: export them with `oc get crd -o yaml`")
}

#[cfg(test)]
mod tests;
