//! `siteplan schema import`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::session::Session;
use crate::definitions::{
    DefinitionImport, DefinitionSource, IMPORTED, find_set_of_file, is_set_name, plan_import,
};
use crate::load::FLEET_FILE;
use crate::wording::count_noun;
use pointer_diagnostics::report::escape_text;
use rooted_directory::{ListedEntry, OpenError, RootedDirectory};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Import definitions of custom resources into schema/crds/
///
/// Takes CustomResourceDefinitions as a cluster or the bundle of an operator has them: YAML of one or more documents, JSON, Lists. Writes
/// one file for each kind and version, without descriptions; other objects are passed over. `check` then holds the custom resources of
/// all apps against them. Nothing is written where something cannot be imported.
///
/// Several versions of one operator stand side by side under names (`--as`, or `@NAME` at the end of a file's name, before `.yaml`). An
/// app chooses them by `definitions: [NAME]` in its app.yaml.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  oc get crd -o yaml | siteplan schema import -\n  siteplan schema import --as strimzi-0.45 strimzi-0.45.2/manifests/"
)]
pub(in crate::cli) struct ImportArgs {
    /// A file, a directory with all files below it that end in .yaml, .yml or .json, or `-` for standard input
    #[arg(value_name = "FILE|DIR|-", required = true)]
    sources: Vec<PathBuf>,
    /// Keep the definitions under this name, for the apps that choose it
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Replace definitions that are there and say something else
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(args: &ImportArgs, session: &Session<'_>) -> anyhow::Result<Answer> {
    let root = &session.root;
    if !root.join(FLEET_FILE).is_file() {
        bail!(
            "there is no `{FLEET_FILE}` in `{}`: run `siteplan init` first, or choose the fleet with `-C DIR`",
            root.display()
        );
    }
    if let Some(name) = &args.name {
        ensure!(
            is_set_name(name),
            "`{}` is no name for definitions: use at most 63 letters, digits, `.`, `_` and `-`",
            escape_text(name)
        );
    }
    let mut sources = Vec::new();
    for path in &args.sources {
        sources.extend(read_sources(path)?);
    }
    if args.name.is_some() {
        for source in &mut sources {
            source.set.clone_from(&args.name);
        }
    }
    let import = plan_import(&sources);
    if !import.problems.is_empty() {
        let problems: Vec<String> = import
            .problems
            .iter()
            .map(|p| escape_text(p).into_owned())
            .collect();
        bail!("nothing was imported: {}", problems.join("\n       "));
    }
    let tree =
        RootedDirectory::open(root).with_context(|| format!("opening `{}`", root.display()))?;
    let existing = if args.replace {
        ExistingFiles::Replace
    } else {
        ExistingFiles::Keep
    };
    let written = write_import(&tree, &import, existing)?;
    Ok(describe_import(&import, &written))
}

/// Reads what one argument names.
fn read_sources(path: &Path) -> anyhow::Result<Vec<DefinitionSource>> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading standard input")?;
        return Ok(vec![DefinitionSource {
            name: "standard input".to_owned(),
            set: None,
            text,
        }]);
    }
    if path.is_dir() {
        return read_directory(path);
    }
    Ok(vec![make_source(
        &path.display().to_string(),
        read_file(path)?,
    )])
}

/// Reads a file that the command line names.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller's own file, which may be a pipe, and no path of the repository"
)]
fn read_file(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))
}

/// Reads all files below a directory that may hold definitions. A file that does not speak of any is left out: bundles and charts hold
/// templates that are no YAML.
fn read_directory(path: &Path) -> anyhow::Result<Vec<DefinitionSource>> {
    let shown = |file: &str| path.join(file).display().to_string();
    let tree =
        RootedDirectory::open(path).with_context(|| format!("opening `{}`", path.display()))?;
    let entries = tree
        .list("")
        .map_err(|why| explain_open(&path.display().to_string(), &why))?;
    let mut sources = Vec::new();
    for entry in entries {
        let file = match entry {
            ListedEntry::File(file) => file,
            ListedEntry::Odd(file) if !is_manifest(&file) => continue,
            ListedEntry::Odd(file) => bail!(
                "`{}` is a link or no regular file: links are not followed, import what it leads to",
                shown(&file)
            ),
            ListedEntry::NotUtf8(file) => bail!("the name of `{}` is not UTF-8", shown(&file)),
            ListedEntry::Unlisted { path: file, reason } => {
                bail!(
                    "the directory `{}` cannot be listed: {reason}",
                    shown(&file)
                )
            }
        };
        if !is_manifest(&file) {
            continue;
        }
        let bytes = tree
            .read(&file, LARGEST)
            .map_err(|why| explain_open(&shown(&file), &why))?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8", shown(&file)))?;
        if ["CustomResourceDefinition", "CompactDefinition"]
            .iter()
            .any(|kind| text.contains(kind))
        {
            sources.push(make_source(&shown(&file), text));
        }
    }
    Ok(sources)
}

fn is_manifest(file: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| file.ends_with(end))
}

fn make_source(name: &str, text: String) -> DefinitionSource {
    let file = name.rsplit('/').next().unwrap_or(name);
    DefinitionSource {
        name: format!("`{name}`"),
        set: find_set_of_file(file).map(str::to_owned),
        text,
    }
}

fn explain_open(path: &str, why: &OpenError) -> anyhow::Error {
    match why {
        OpenError::Link(link) => {
            anyhow::anyhow!("`{path}` is reached through the link `{link}`: links are not followed")
        }
        why => anyhow::anyhow!("`{path}` cannot be read: {why}"),
    }
}

/// The fate of files that are there and say something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExistingFiles {
    /// They stay, and nothing is imported.
    Keep,
    /// They are replaced.
    Replace,
}

/// Counts what an import did to files.
#[derive(Debug, Default)]
struct WrittenFiles {
    new: usize,
    replaced: usize,
    same: usize,
}

/// Writes the files of an import; none, where one is there already and says something else.
fn write_import(
    tree: &RootedDirectory,
    import: &DefinitionImport,
    existing: ExistingFiles,
) -> anyhow::Result<WrittenFiles> {
    let (mut new, mut differing, mut same) = (Vec::new(), Vec::new(), 0);
    for (path, text) in &import.files {
        match tree.read(path, LARGEST) {
            Ok(bytes) if bytes == text.as_bytes() => same += 1,
            Ok(_) => differing.push((path, text)),
            Err(OpenError::Missing) => new.push((path, text)),
            Err(why) => return Err(explain_open(path, &why)),
        }
    }
    if let Some((first, _)) = differing
        .first()
        .filter(|_| existing == ExistingFiles::Keep)
    {
        let more = match differing.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        bail!(
            "nothing was imported: `{first}`{more} is there and says something else: take the new one with `--replace`, \
             or keep both with `--as NAME`"
        );
    }
    for (path, text) in &new {
        let created = tree.create(path, text.as_bytes());
        created.map_err(|why| explain_open(path, &why))?;
    }
    for (path, text) in &differing {
        let replaced = tree.replace(path, text.as_bytes());
        replaced.map_err(|why| explain_open(path, &why))?;
    }
    Ok(WrittenFiles {
        new: new.len(),
        replaced: differing.len(),
        same,
    })
}

fn describe_import(import: &DefinitionImport, written: &WrittenFiles) -> Answer {
    let mut parts = vec![format!("{} new", written.new)];
    if written.replaced > 0 {
        parts.push(format!("{} replaced", written.replaced));
    }
    if written.same > 0 {
        parts.push(format!("{} the same as before", written.same));
    }
    let mut answer = Answer::new(ExitStatus::Success).with_note(format!(
        "{} in {IMPORTED}/: {}",
        count_noun(import.files.len(), "definition"),
        parts.join(", ")
    ));
    if import.other_objects > 0 {
        answer = answer.with_note(format!(
            "{} of other kinds passed over",
            count_noun(import.other_objects, "object")
        ));
    }
    answer.details.extend(import.files.keys().cloned());
    answer
}
