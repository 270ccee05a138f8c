//! One kustomization directory with all files that it names, read and checked once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::config::{self, Config};
use super::document::resources;
use super::files::{FileError, FileKind, Files, is_at_or_below, join};
use super::generate::{self, Pairs};
use super::kustomization::{self, Generator, Kustomization, PatchEntry, Replacement, Text};
use super::patch::json::{self, Operation};
use super::patch::select::Select;
use super::patch::strategic::foreign_directive;
use super::problem::{Outcome, of_field, of_file, unsupported};
use super::reader::decode;
use super::resource::{Resource, Source};
use crate::rules;
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostic, Pointer};

/// A kustomization and what its files hold.
#[derive(Debug)]
pub(super) struct Layer {
    /// The directory, without symbolic links.
    pub(super) root: String,
    /// The path of the kustomization file.
    pub(super) file: Arc<str>,
    pub(super) kustomization: Kustomization,
    pub(super) resources: Vec<Entry>,
    pub(super) components: Vec<(Pointer, String)>,
    pub(super) configurations: Vec<Config>,
    pub(super) generated: Vec<(Pointer, Resource)>,
    pub(super) strategic_patches: Vec<Patch>,
    pub(super) patches: Vec<Patch>,
    pub(super) json_patches: Vec<Patch>,
    pub(super) replacements: Vec<(Pointer, Replacement)>,
}

/// An entry of `resources`.
#[derive(Debug)]
pub(super) enum Entry {
    File(Pointer, Vec<Resource>),
    Directory(Pointer, String),
}

/// A patch, ready to be applied.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) pointer: Pointer,
    pub(super) content: Arc<PatchContent>,
    pub(super) target: Option<Select>,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

/// What patches do, by their text: sites have the same ones.
#[derive(Debug, Default)]
pub(super) struct KnownPatches(Mutex<BTreeMap<Box<str>, Arc<PatchContent>>>);

impl KnownPatches {
    /// More texts are not kept, so that memory does not grow with the number of sites.
    const MOST: usize = 512;

    fn content(&self, text: &str) -> Result<Arc<PatchContent>, String> {
        if let Some(known) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(text)
        {
            return Ok(Arc::clone(known));
        }
        let content = Arc::new(patch_content(text)?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(text.into(), Arc::clone(&content));
        Ok(content)
    }
}

/// What a patch does.
#[derive(Debug)]
pub(super) enum PatchContent {
    Strategic(Vec<Resource>),
    Json(Vec<Operation>),
}

/// The first name that kustomize looks for in a directory; the others are `kustomization.yml` and `Kustomization`.
pub const KUSTOMIZATION_FILE: &str = "kustomization.yaml";
const NAMES: [&str; 3] = [KUSTOMIZATION_FILE, "kustomization.yml", "Kustomization"];

/// Reads the kustomization of a directory and everything that it names, except other directories.
pub(super) fn load(files: &dyn Files, patches: &KnownPatches, root: &str) -> Outcome<Layer> {
    let (file, bytes) = kustomization_file(files, root)?;
    let kustomization = kustomization::read(&file, &bytes)?;
    let loader = Loader {
        files,
        patches,
        root,
        file: &file,
    };
    let k = &kustomization;
    Ok(Layer {
        root: root.to_owned(),
        resources: k
            .resources
            .iter()
            .map(|entry| loader.resource(entry))
            .collect::<Outcome<_>>()?,
        components: k
            .components
            .iter()
            .map(|entry| loader.component(entry))
            .collect::<Outcome<_>>()?,
        configurations: k
            .configurations
            .iter()
            .map(|entry| loader.configuration(entry))
            .collect::<Outcome<_>>()?,
        generated: loader.generated(k)?,
        strategic_patches: k
            .strategic_patches
            .iter()
            .map(|e| loader.strategic_patch(e))
            .collect::<Outcome<_>>()?,
        patches: k
            .patches
            .iter()
            .map(|entry| loader.patch(entry))
            .collect::<Outcome<_>>()?,
        json_patches: k
            .json_patches
            .iter()
            .map(|entry| loader.json_patch(entry))
            .collect::<Outcome<_>>()?,
        replacements: loader.replacements(k)?,
        file: Arc::from(file.as_str()),
        kustomization,
    })
}

fn kustomization_file(files: &dyn Files, root: &str) -> Outcome<(String, Arc<[u8]>)> {
    let mut found = Vec::new();
    for name in NAMES {
        let Some(path) = join(root, name) else {
            continue;
        };
        if let Ok((resolved, FileKind::File)) = files.resolve(&path)
            && is_at_or_below(&resolved, root)
        {
            let read = files.read(&resolved);
            found.push((
                path.clone(),
                read.map_err(|e| of_file(&rules::MISSING_KUSTOMIZE_FILE, &path, e.to_string()))?,
            ));
        }
    }
    let shown = if root.is_empty() { "." } else { root };
    match (found.len(), found.pop()) {
        (1, Some(found)) => Ok(found),
        (0, _) => {
            let message = format!("the directory `{shown}` has no `kustomization.yaml`");
            Err(of_file(&rules::MISSING_KUSTOMIZE_FILE, shown, message))
        }
        (_, last) => {
            let file = last.map_or_else(|| shown.to_owned(), |(path, _)| path);
            let message = format!("the directory `{shown}` has more than one kustomization file");
            Err(of_file(&rules::KUSTOMIZATION_FIELD, &file, message))
        }
    }
}

struct Loader<'l> {
    files: &'l dyn Files,
    patches: &'l KnownPatches,
    root: &'l str,
    file: &'l str,
}

impl Loader<'_> {
    fn problem(
        &self,
        rule: &pointer_diagnostics::Rule,
        at: &Pointer,
        message: impl Into<String>,
    ) -> Box<Diagnostic> {
        of_field(rule, self.file, at, message)
    }

    /// What a path leads to, without links.
    fn resolve(&self, (at, path): &Text) -> Outcome<(String, FileKind)> {
        let missing = |message: String| self.problem(&rules::MISSING_KUSTOMIZE_FILE, at, message);
        let outside = |message: String| self.problem(&rules::OUTSIDE_KUSTOMIZE_ROOT, at, message);
        if path.is_empty() {
            return Err(missing("an empty path".to_owned()));
        }
        if path.starts_with('/') {
            return Err(outside(format!(
                "`{path}` is absolute; write a path relative to the kustomization"
            )));
        }
        let joined = join(self.root, path)
            .ok_or_else(|| outside(format!("`{path}` leads out of the repository")))?;
        match self.files.resolve(&joined) {
            Ok(found) => Ok(found),
            Err(_) if is_remote(path) => {
                let help =
                    "download what it names and list the files; nothing is fetched during a build";
                Err(unsupported(
                    self.file,
                    at,
                    &format!("`{path}` is remote"),
                    help,
                ))
            }
            Err(FileError::Outside) => {
                Err(outside(format!("`{path}` leads out of the repository")))
            }
            Err(e) => Err(missing(format!("`{path}`: {e}"))),
        }
    }

    /// The path and the bytes of a file, which must be in or below the directory of the kustomization.
    fn read(&self, entry: &Text) -> Outcome<(String, Arc<[u8]>)> {
        let (resolved, kind) = self.resolve(entry)?;
        let (at, path) = entry;
        if kind == FileKind::Directory {
            return Err(self.problem(
                &rules::MISSING_KUSTOMIZE_FILE,
                at,
                format!("`{path}` is a directory; a file is expected"),
            ));
        }
        if !is_at_or_below(&resolved, self.root) {
            let message = format!("`{path}` is not in or below the directory of the kustomization");
            let problem = self.problem(&rules::OUTSIDE_KUSTOMIZE_ROOT, at, message);
            return Err(Box::new(problem.help(
                "move the file, or make its directory a kustomization of its own",
            )));
        }
        let bytes = self.files.read(&resolved).map_err(|e| {
            self.problem(&rules::MISSING_KUSTOMIZE_FILE, at, format!("`{path}`: {e}"))
        })?;
        Ok((resolved, bytes))
    }

    fn resource(&self, entry: &Text) -> Outcome<Entry> {
        if let (directory, FileKind::Directory) = self.resolve(entry)? {
            return Ok(Entry::Directory(entry.0.clone(), directory));
        }
        let (path, bytes) = self.read(entry)?;
        Ok(Entry::File(entry.0.clone(), resources(&path, &bytes)?))
    }

    fn component(&self, entry: &Text) -> Outcome<(Pointer, String)> {
        if let (directory, FileKind::Directory) = self.resolve(entry)? {
            return Ok((entry.0.clone(), directory));
        }
        let message = format!("`{}` is a file; a component is a directory", entry.1);
        Err(self.problem(&rules::KUSTOMIZATION_FIELD, &entry.0, message))
    }

    fn configuration(&self, entry: &Text) -> Outcome<Config> {
        let (path, bytes) = self.read(entry)?;
        config::read(&path, &bytes)
    }

    fn generated(&self, k: &Kustomization) -> Outcome<Vec<(Pointer, Resource)>> {
        let config_maps = k.config_maps.iter().map(|g| (g, false));
        let all = config_maps.chain(k.secrets.iter().map(|g| (g, true)));
        all.map(|(entry, secret)| Ok((entry.pointer.clone(), self.generate(entry, secret)?)))
            .collect()
    }

    fn generate(&self, entry: &Generator, secret: bool) -> Outcome<Resource> {
        let wrong = |at: &Pointer| {
            let at = at.clone();
            move |message: String| of_field(&rules::GENERATOR_CONFLICT, self.file, &at, message)
        };
        let mut pairs = Pairs::new();
        for source in &entry.envs {
            let (_, bytes) = self.read(source)?;
            pairs.extend(generate::env_file(&bytes).map_err(wrong(&source.0))?);
        }
        for (at, text) in &entry.literals {
            pairs.push(generate::literal(text).map_err(wrong(at))?);
        }
        for (at, text) in &entry.files {
            let (key, path) = generate::file_source(text).map_err(wrong(at))?;
            let (_, bytes) = self.read(&(at.clone(), path.to_owned()))?;
            pairs.push((key, bytes.to_vec()));
        }
        let source = Source {
            file: Arc::from(self.file),
            document: 0,
        };
        generate::object(entry, pairs, secret, source).map_err(wrong(&entry.pointer))
    }

    /// An entry of `patches`.
    fn patch(&self, entry: &PatchEntry) -> Outcome<Patch> {
        let wrong =
            |at: &Pointer, message: String| self.problem(&rules::PATCH_NOT_READABLE, at, message);
        let inline = entry.patch.trim();
        let file;
        let (at, text) = match (inline, entry.path.as_str()) {
            ("", "") => {
                return Err(wrong(
                    &entry.pointer,
                    "one of `patch` and `path` is needed".to_owned(),
                ));
            }
            ("", path) => {
                let at = entry.pointer.at("path");
                let (_, bytes) = self.read(&(at.clone(), path.to_owned()))?;
                file = bytes;
                let text = std::str::from_utf8(&file);
                (
                    at.clone(),
                    text.map_err(|_| wrong(&at, format!("`{path}` is not UTF-8 text")))?,
                )
            }
            (inline, "") => (entry.pointer.at("patch"), inline),
            _ => {
                return Err(wrong(
                    &entry.pointer,
                    "`patch` and `path` exclude each other".to_owned(),
                ));
            }
        };
        let content = self
            .patches
            .content(text)
            .map_err(|message| wrong(&at, message))?;
        let target = entry.target.as_ref().map(Select::new).transpose();
        let target = target.map_err(|message| wrong(&entry.pointer.at("target"), message))?;
        match (&*content, &target) {
            (PatchContent::Json(_), None) => {
                return Err(wrong(
                    &entry.pointer,
                    "a JSON patch needs a `target`".to_owned(),
                ));
            }
            (PatchContent::Strategic(documents), Some(_)) if documents.len() > 1 => {
                return Err(wrong(
                    &entry.pointer,
                    "a patch with a `target` may hold only one document".to_owned(),
                ));
            }
            (PatchContent::Strategic(documents), _) => self.refuse_directives(&at, documents)?,
            _ => {}
        }
        Ok(Patch {
            pointer: entry.pointer.clone(),
            content,
            target,
            allow_name_change: entry.allow_name_change,
            allow_kind_change: entry.allow_kind_change,
        })
    }

    fn refuse_directives(&self, at: &Pointer, documents: &[Resource]) -> Outcome<()> {
        match documents.iter().find_map(|d| foreign_directive(d.root())) {
            None => Ok(()),
            Some(key) => {
                let message = format!(
                    "`{key}` is not a directive of kustomize, which would copy it into the object"
                );
                let help = "use a JSON patch, or `$patch: delete`";
                let origin = pointer_diagnostics::Origin {
                    file: self.file.into(),
                    document: 0,
                    pointer: at.clone(),
                };
                Err(Box::new(
                    rules::UNSUPPORTED_KUSTOMIZATION
                        .report(message)
                        .primary(origin, "")
                        .help(help),
                ))
            }
        }
    }

    /// An entry of `patchesStrategicMerge`: the patch itself or the path of a file.
    fn strategic_patch(&self, entry: &Text) -> Outcome<Patch> {
        let documents = match resources(self.file, entry.1.as_bytes()) {
            Ok(documents) => documents,
            Err(_) if entry.1.contains('\n') => {
                let message = "neither an object nor the path of a file";
                return Err(self.problem(&rules::PATCH_NOT_READABLE, &entry.0, message));
            }
            Err(_) => {
                let (path, bytes) = self.read(entry)?;
                resources(&path, &bytes)?
            }
        };
        if documents.is_empty() {
            return Err(self.problem(&rules::PATCH_NOT_READABLE, &entry.0, "the patch is empty"));
        }
        self.refuse_directives(&entry.0, &documents)?;
        Ok(Patch {
            pointer: entry.0.clone(),
            content: Arc::new(PatchContent::Strategic(documents)),
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
        })
    }

    /// An entry of `patchesJson6902`.
    fn json_patch(&self, entry: &PatchEntry) -> Outcome<Patch> {
        let wrong =
            |message: String| self.problem(&rules::PATCH_NOT_READABLE, &entry.pointer, message);
        let Some(target) = entry.target.as_ref().filter(|t| !t.name.is_empty()) else {
            return Err(wrong(
                "a JSON patch needs a `target` with a `name`".to_owned(),
            ));
        };
        let text = match (entry.patch.as_str(), entry.path.as_str()) {
            ("", "") => return Err(wrong("one of `patch` and `path` is needed".to_owned())),
            ("", path) => {
                let (_, bytes) = self.read(&(entry.pointer.at("path"), path.to_owned()))?;
                String::from_utf8(bytes.to_vec())
                    .map_err(|_| wrong(format!("`{path}` is not UTF-8 text")))?
            }
            (inline, "") => inline.to_owned(),
            _ => return Err(wrong("`patch` and `path` exclude each other".to_owned())),
        };
        let operations = json::read(&text).map_err(&wrong)?;
        if operations.is_empty() {
            return Err(wrong("the patch is empty".to_owned()));
        }
        Ok(Patch {
            pointer: entry.pointer.clone(),
            content: Arc::new(PatchContent::Json(operations)),
            target: Some(Select::new(target).map_err(wrong)?),
            allow_name_change: false,
            allow_kind_change: false,
        })
    }

    fn replacements(&self, k: &Kustomization) -> Outcome<Vec<(Pointer, Replacement)>> {
        let mut found = Vec::new();
        for entry in &k.replacements {
            if entry.path.is_empty() {
                found.push((entry.pointer.clone(), entry.inline.clone()));
                continue;
            }
            if entry.inline.source.is_some()
                || entry.inline.targets.as_ref().is_some_and(|t| !t.is_empty())
            {
                let message = "`path` excludes `source` and `targets`";
                return Err(self.problem(&rules::KUSTOMIZATION_FIELD, &entry.pointer, message));
            }
            let (file, bytes) = self.read(&(entry.pointer.at("path"), entry.path.clone()))?;
            let read = decode(&file, &bytes, |root| match root.value {
                Meaning::Sequence(_) => root
                    .items()?
                    .iter()
                    .map(kustomization::replacement)
                    .collect(),
                _ => Ok(vec![kustomization::replacement(root)?]),
            })?;
            found.extend(
                read.into_iter()
                    .map(|replacement| (entry.pointer.clone(), replacement)),
            );
        }
        Ok(found)
    }
}

/// Tells the two kinds of patches apart: a text must be readable as exactly one of them.
fn patch_content(text: &str) -> Result<PatchContent, String> {
    // A list that is not empty can only be the one.
    let first = text
        .lines()
        .map(str::trim_end)
        .find(|l| !l.is_empty() && !l.starts_with('#'));
    if first.is_some_and(|line| line.starts_with("- ") || line.starts_with("[{"))
        && let Ok(operations) = json::read(text)
        && !operations.is_empty()
    {
        return Ok(PatchContent::Json(operations));
    }
    let strategic = resources("", text.as_bytes());
    let operations = if text.is_empty() {
        Err("the patch is empty".to_owned())
    } else {
        json::read(text)
    };
    match (strategic, operations) {
        (Ok(documents), Ok(_)) if documents.is_empty() => Err("the patch is empty".to_owned()),
        (Ok(_), Ok(_)) => {
            Err("the patch reads both as an object and as a list of operations".to_owned())
        }
        (Ok(documents), Err(_)) if documents.is_empty() => Err("the patch is empty".to_owned()),
        (Ok(documents), Err(_)) => Ok(PatchContent::Strategic(documents)),
        (Err(_), Ok(operations)) => Ok(PatchContent::Json(operations)),
        (Err(strategic), Err(operations)) => {
            let list = text.trim_start().starts_with(['-', '[']);
            let reason = if list { operations } else { strategic.message };
            Err(format!(
                "the patch is neither an object to merge nor a list of operations: {reason}"
            ))
        }
    }
}

/// Whether kustomize would fetch the path.
fn is_remote(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    [
        "http://",
        "https://",
        "ssh://",
        "file://",
        "git://",
        "git::",
        "git@",
        "github.com/",
        "github.com:",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
        || lower.contains("?ref=")
        || lower.contains("://")
        || lower.contains(".git/")
        || lower.contains("/_git/")
}
