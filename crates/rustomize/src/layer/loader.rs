//! Reads the files that a kustomization names, within the limits that kustomize sets.

use std::sync::Arc;

use super::{LayerDirectory, LayerEntry};
use crate::document::{read_inline_resources, read_resources};
use crate::files::{FileError, FileKind, Files, is_at_or_below, join};
use crate::generate::{self, GeneratedPairs};
use crate::kustomization::{Generator, PatchEntry, PatchSource, Replacement, ReplacementEntry};
use crate::kustomization::{Selector, replacement::read_replacement};
use crate::patch::content::{Patch, PatchCache, PatchChange, PatchField, read_operations};
use crate::patch::select::ObjectFilter;
use crate::patch::strategic::foreign_directive;
use crate::problem::{field_origin, field_problem, refusal};
use crate::reader::{PlacedText, Reading, RepeatedKeys, UnknownFields, decode};
use crate::resource::{Resource, Source};
use crate::rules;
use crate::version::KustomizeVersion;
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostics, Pointer, Reported, Rule};

/// Reads files for one kustomization.
#[derive(Clone, Copy)]
pub(crate) struct Loader<'l> {
    pub(crate) files: &'l dyn Files,
    pub(crate) patches: &'l PatchCache,
    pub(crate) version: KustomizeVersion,
    /// The directory of the kustomization.
    pub(crate) root: &'l str,
    /// The file of the kustomization.
    pub(crate) file: &'l str,
}

/// A file that was read.
pub(crate) struct LoadedFile {
    pub(crate) path: String,
    pub(crate) bytes: Arc<[u8]>,
}

impl Loader<'_> {
    /// Reports a problem of a field of the kustomization.
    pub(crate) fn report(
        &self,
        rule: &Rule,
        at: &Pointer,
        message: impl Into<String>,
        problems: &mut Diagnostics,
    ) -> Reported {
        problems.report(field_problem(rule, self.file, at, message))
    }

    /// Returns the path without links, and the kind of what is there.
    fn resolve(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<(String, FileKind), Reported> {
        let PlacedText { pointer, text } = entry;
        let missing = &rules::MISSING_KUSTOMIZE_FILE;
        let outside = &rules::OUTSIDE_KUSTOMIZE_ROOT;
        if text.is_empty() {
            return Err(self.report(missing, pointer, "an empty path", problems));
        }
        if text.starts_with('/') {
            let message =
                format!("`{text}` is absolute; write a path relative to the kustomization");
            return Err(self.report(outside, pointer, message, problems));
        }
        let leads_out = format!("`{text}` leads out of the repository");
        let Some(joined) = join(self.root, text) else {
            return Err(self.report(outside, pointer, leads_out, problems));
        };
        match self.files.resolve(&joined) {
            Ok(resolved) => Ok(resolved),
            Err(_) if is_remote(text) => {
                let help =
                    "download what it names and list the files; nothing is fetched during a build";
                let message = format!("`{text}` is remote");
                Err(problems.report(refusal(self.file, pointer, &message, help)))
            }
            Err(FileError::Outside) => Err(self.report(outside, pointer, leads_out, problems)),
            Err(e) => {
                let message = format!("`{text}`: {e}");
                Err(self.report(missing, pointer, message, problems))
            }
        }
    }

    /// Reads a file, which must be in or below the directory of the kustomization.
    pub(crate) fn read(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<LoadedFile, Reported> {
        let (path, kind) = self.resolve(entry, problems)?;
        let PlacedText { pointer, text } = entry;
        let missing = &rules::MISSING_KUSTOMIZE_FILE;
        if kind == FileKind::Directory {
            let message = format!("`{text}` is a directory; a file is expected");
            return Err(self.report(missing, pointer, message, problems));
        }
        if !is_at_or_below(&path, self.root) {
            let message = format!("`{text}` is not in or below the directory of the kustomization");
            let rule = &rules::OUTSIDE_KUSTOMIZE_ROOT;
            let problem = field_problem(rule, self.file, pointer, message);
            let help = "move the file, or make its directory a kustomization of its own";
            return Err(problems.report(problem.help(help)));
        }
        match self.files.read(&path) {
            Ok(bytes) => Ok(LoadedFile { path, bytes }),
            Err(e) => {
                let message = format!("`{text}`: {e}");
                Err(self.report(missing, pointer, message, problems))
            }
        }
    }

    /// Reads the text of a file.
    pub(crate) fn read_text(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<String, Reported> {
        let file = self.read(entry, problems)?;
        if let Ok(text) = String::from_utf8(file.bytes.to_vec()) {
            Ok(text)
        } else {
            let message = format!("`{}` is not UTF-8 text", entry.text);
            let rule = &rules::PATCH_NOT_READABLE;
            Err(self.report(rule, &entry.pointer, message, problems))
        }
    }

    /// Reads an entry of `resources`.
    pub(crate) fn entry(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<LayerEntry, Reported> {
        let pointer = entry.pointer.clone();
        if let (root, FileKind::Directory) = self.resolve(entry, problems)? {
            return Ok(LayerEntry::Directory(LayerDirectory { pointer, root }));
        }
        let file = self.read(entry, problems)?;
        let objects = read_resources(&file.path, &file.bytes, self.version, problems)?;
        Ok(LayerEntry::File { pointer, objects })
    }

    /// Reads an entry of `generators`, `transformers` or `validators`: objects, or the path of a file or directory.
    pub(crate) fn plugin_entry(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<LayerEntry, Reported> {
        match read_inline_resources(self.file, &entry.text, self.version) {
            Some(objects) => Ok(LayerEntry::File {
                pointer: entry.pointer.clone(),
                objects,
            }),
            None => self.entry(entry, problems),
        }
    }

    /// Reads an entry of `components`.
    pub(crate) fn component(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<LayerDirectory, Reported> {
        let pointer = entry.pointer.clone();
        if let (root, FileKind::Directory) = self.resolve(entry, problems)? {
            Ok(LayerDirectory { pointer, root })
        } else {
            let message = format!("`{}` is a file; a component is a directory", entry.text);
            Err(self.report(&rules::KUSTOMIZATION_FIELD, &pointer, message, problems))
        }
    }

    /// Makes the object of a generator.
    pub(crate) fn generate(
        &self,
        entry: &Generator,
        problems: &mut Diagnostics,
    ) -> Result<Resource, Reported> {
        let mut pairs = GeneratedPairs::new();
        let mut failed = None;
        let rule = &rules::GENERATOR_CONFLICT;
        for source in &entry.envs {
            let Ok(file) = self.read(source, problems).map_err(|e| failed = Some(e)) else {
                continue;
            };
            match generate::read_env_file(&file.bytes) {
                Ok(read) => pairs.extend(read),
                Err(e) => {
                    failed = Some(self.report(rule, &source.pointer, e.to_string(), problems));
                }
            }
        }
        for literal in &entry.literals {
            match generate::split_literal(&literal.text) {
                Ok(pair) => pairs.push(pair),
                Err(e) => {
                    failed = Some(self.report(rule, &literal.pointer, e.to_string(), problems));
                }
            }
        }
        for source in &entry.files {
            match self.generated_file(source, problems) {
                Ok(pair) => pairs.push(pair),
                Err(e) => failed = Some(e),
            }
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        let source = Source {
            file: Arc::from(self.file),
            document: 0,
        };
        generate::generate_object(entry, pairs, source)
            .map_err(|e| self.report(rule, &entry.pointer, e.to_string(), problems))
    }

    fn generated_file(
        &self,
        source: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<generate::GeneratedPair, Reported> {
        let (key, path) = generate::split_file_source(&source.text).map_err(|e| {
            let rule = &rules::GENERATOR_CONFLICT;
            self.report(rule, &source.pointer, e.to_string(), problems)
        })?;
        let path = PlacedText {
            pointer: source.pointer.clone(),
            text: path.to_owned(),
        };
        let file = self.read(&path, problems)?;
        Ok(generate::GeneratedPair {
            key,
            content: file.bytes.to_vec(),
        })
    }

    /// Reads an entry of `patches`.
    pub(crate) fn patch(
        &self,
        entry: &PatchEntry,
        problems: &mut Diagnostics,
    ) -> Result<Patch, Reported> {
        let rule = &rules::PATCH_NOT_READABLE;
        let text = self.patch_text(&entry.source, problems)?;
        let content = self
            .patches
            .read_either(&text.text, self.version)
            .map_err(|e| self.report(rule, &text.pointer, e.to_string(), problems))?;
        let target = self.target(entry.target.as_ref(), &entry.pointer, problems)?;
        match (&content.change, &target) {
            (PatchChange::Json(_), None) => {
                let message = "a JSON patch needs a `target`";
                return Err(self.report(rule, &entry.pointer, message, problems));
            }
            (PatchChange::Strategic(documents), Some(_)) if documents.len() > 1 => {
                let message = "a patch with a `target` may hold only one document";
                return Err(self.report(rule, &entry.pointer, message, problems));
            }
            (PatchChange::Strategic(documents), _) => {
                self.refuse_directives(&text.pointer, documents, problems)?;
            }
            _ => {}
        }
        Ok(Patch {
            origin: field_origin(self.file, &entry.pointer),
            field: PatchField::Patches,
            content,
            target,
            allowed: entry.allowed.clone(),
        })
    }

    fn patch_text(
        &self,
        source: &PatchSource,
        problems: &mut Diagnostics,
    ) -> Result<PlacedText, Reported> {
        match source {
            PatchSource::Inline { pointer, text } => Ok(PlacedText {
                pointer: pointer.clone(),
                text: text.clone(),
            }),
            PatchSource::File { pointer, path } => {
                let place = PlacedText {
                    pointer: pointer.clone(),
                    text: path.clone(),
                };
                let text = self.read_text(&place, problems)?;
                Ok(PlacedText { text, ..place })
            }
        }
    }

    fn target(
        &self,
        selector: Option<&Selector>,
        at: &Pointer,
        problems: &mut Diagnostics,
    ) -> Result<Option<ObjectFilter>, Reported> {
        let Some(selector) = selector else {
            return Ok(None);
        };
        ObjectFilter::new(selector).map(Some).map_err(|e| {
            let rule = &rules::PATCH_NOT_READABLE;
            self.report(rule, &at.at("target"), e.clone(), problems)
        })
    }

    fn refuse_directives(
        &self,
        at: &Pointer,
        documents: &[Resource],
        problems: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let Some(key) = documents.iter().find_map(|d| foreign_directive(d.root())) else {
            return Ok(());
        };
        let message =
            format!("`{key}` is not a directive of kustomize, which would copy it into the object");
        let rule = &rules::UNSUPPORTED_KUSTOMIZATION;
        let problem = field_problem(rule, self.file, at, message);
        Err(problems.report(problem.help("use a JSON patch, or `$patch: delete`")))
    }

    /// Reads an entry of `patchesStrategicMerge`: the patch itself or the path of a file.
    pub(crate) fn strategic_patch(
        &self,
        entry: &PlacedText,
        problems: &mut Diagnostics,
    ) -> Result<Patch, Reported> {
        let documents = match read_inline_resources(self.file, &entry.text, self.version) {
            Some(documents) => documents,
            None if entry.text.contains('\n') => {
                let message = "neither an object nor the path of a file";
                let rule = &rules::PATCH_NOT_READABLE;
                return Err(self.report(rule, &entry.pointer, message, problems));
            }
            None => {
                let file = self.read(entry, problems)?;
                read_resources(&file.path, &file.bytes, self.version, problems)?
            }
        };
        self.strategic_documents(&entry.pointer, documents, problems)
    }

    /// Makes a patch of documents that name their objects themselves.
    pub(crate) fn strategic_documents(
        &self,
        at: &Pointer,
        documents: Vec<Resource>,
        problems: &mut Diagnostics,
    ) -> Result<Patch, Reported> {
        if documents.is_empty() {
            let rule = &rules::PATCH_NOT_READABLE;
            return Err(self.report(rule, at, "the patch is empty", problems));
        }
        self.refuse_directives(at, &documents, problems)?;
        Ok(Patch {
            origin: field_origin(self.file, at),
            field: PatchField::PatchesStrategicMerge,
            content: self.patches.content(PatchChange::Strategic(documents)),
            target: None,
            allowed: Vec::new(),
        })
    }

    /// Reads an entry of `patchesJson6902`.
    pub(crate) fn json_patch(
        &self,
        entry: &PatchEntry,
        problems: &mut Diagnostics,
    ) -> Result<Patch, Reported> {
        let rule = &rules::PATCH_NOT_READABLE;
        let target = entry.target.as_ref().filter(|t| !t.name.is_empty());
        if target.is_none() {
            let message = "a JSON patch needs a `target` with a `name`";
            return Err(self.report(rule, &entry.pointer, message, problems));
        }
        let text = self.patch_text(&entry.source, problems)?;
        let operations = read_operations(&text.text)
            .map_err(|e| self.report(rule, &entry.pointer, e.to_string(), problems))?;
        Ok(Patch {
            origin: field_origin(self.file, &entry.pointer),
            field: PatchField::PatchesJson6902,
            content: self.patches.content(PatchChange::Json(operations)),
            target: self.target(target, &entry.pointer, problems)?,
            allowed: Vec::new(),
        })
    }

    /// Returns the replacements of an entry: its own, or those of its file.
    pub(crate) fn replacements(
        &self,
        entry: &ReplacementEntry,
        problems: &mut Diagnostics,
    ) -> Result<Vec<Replacement>, Reported> {
        let (pointer, path) = match entry {
            ReplacementEntry::Inline { replacement, .. } => return Ok(vec![replacement.clone()]),
            ReplacementEntry::File { pointer, path } => (pointer, path),
        };
        let place = PlacedText {
            pointer: pointer.at("path"),
            text: path.clone(),
        };
        let file = self.read(&place, problems)?;
        let reading = self.lenient();
        decode(&file.path, &file.bytes, reading, problems, |root, found| {
            if !matches!(root.value, Meaning::Sequence(_)) {
                return vec![read_replacement(root, found)];
            }
            let mut read = Vec::new();
            for item in root.items(found) {
                read.push(read_replacement(&item, found));
            }
            read
        })
    }

    /// Returns how transformer configurations are read: like the kustomization, but for repeated keys.
    pub(crate) fn strict(&self) -> Reading {
        Reading {
            version: self.version,
            unknown: UnknownFields::Reported,
            repeated: RepeatedKeys::Refused,
        }
    }

    /// Returns how configurations of plugins and replacements are read.
    pub(crate) fn lenient(&self) -> Reading {
        Reading {
            version: self.version,
            unknown: UnknownFields::Ignored,
            repeated: RepeatedKeys::LastCounts,
        }
    }
}

/// The beginnings of what kustomize fetches.
const REMOTE: [&str; 9] = [
    "http://",
    "https://",
    "ssh://",
    "file://",
    "git://",
    "git::",
    "git@",
    "github.com/",
    "github.com:",
];

/// Returns whether kustomize would fetch the path.
fn is_remote(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let contains = ["?ref=", "://", ".git/", "/_git/"];
    REMOTE.iter().any(|start| lower.starts_with(start))
        || contains.iter().any(|part| lower.contains(part))
}
