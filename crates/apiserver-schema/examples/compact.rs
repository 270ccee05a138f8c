//! `compact [--check] OUT TABLE DIRECTORY...`: writes compact definitions for a repository that hands published ones on.
//!
//! Every line of TABLE is the path of a file below one of the directories, a tab, and the source to note: project, version, path; then,
//! where not all kinds of the file are wanted, a tab and their names. A file for each kind and version is written into OUT: names, types,
//! required fields, enumerations and bounds; neither descriptions nor rules.
//!
//! With `--check` nothing is written: what is in OUT has to be what would be written, and nothing else may be there. Definitions whose
//! file is in none of the directories are counted and named.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use apiserver_schema::{CompactContent, Definitions};

/// A line of the table.
struct PublishedFile<'a> {
    path: &'a str,
    source: &'a str,
    kinds: Vec<&'a str>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example works on the files that it is told"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_check = arguments.first().is_some_and(|first| first == "--check");
    if is_check {
        arguments.remove(0);
    }
    let [out, table, directories @ ..] = arguments.as_slice() else {
        return Err("usage: compact [--check] OUT TABLE DIRECTORY...".into());
    };
    let table = std::fs::read_to_string(table)?;
    let (mut made, mut absent) = (BTreeMap::new(), Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let published = read_line(line)?;
        let roots = directories
            .iter()
            .map(|root| Path::new(root).join(published.path));
        match roots.into_iter().find(|path| path.is_file()) {
            Some(path) => make_compact(&published, &std::fs::read_to_string(path)?, &mut made)?,
            None => absent.push(published.path),
        }
    }
    if is_check {
        return compare_files(Path::new(out), &made, &absent);
    }
    for (name, text) in &made {
        std::fs::write(Path::new(out).join(name), text)?;
    }
    report(&format!("{} files written", made.len()), &absent)
}

fn read_line(line: &str) -> Result<PublishedFile<'_>, Box<dyn Error>> {
    let mut columns = line.split('\t');
    let (Some(path), Some(source)) = (columns.next(), columns.next()) else {
        return Err(format!("no tab: {line}").into());
    };
    let kinds = columns.next().map(|kinds| kinds.split(' ').collect());
    Ok(PublishedFile {
        path,
        source,
        kinds: kinds.unwrap_or_default(),
    })
}

fn make_compact(
    published: &PublishedFile<'_>,
    text: &str,
    made: &mut BTreeMap<String, String>,
) -> Result<(), Box<dyn Error>> {
    let documents = manifest_yaml::read_documents(text, &manifest_yaml::ReadLimits::MANIFEST)
        .map_err(|error| error.message)?;
    for document in documents {
        let definitions = Definitions::import(&document.to_value().map_err(|error| error.message)?);
        if let Some(error) = definitions.errors.first() {
            return Err(format!("{}: {error}", published.path).into());
        }
        for definition in definitions.entries {
            if published.kinds.is_empty() || published.kinds.contains(&definition.kind()) {
                let compact = definition.to_compact(CompactContent::Facts, Some(published.source));
                made.insert(
                    format!("{}.json", definition.file_stem()),
                    format!("{compact}\n"),
                );
            }
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example works on the files that it is told"
)]
fn compare_files(
    out: &Path,
    made: &BTreeMap<String, String>,
    absent: &[&str],
) -> Result<(), Box<dyn Error>> {
    let entries = std::fs::read_dir(out)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let mut left_over = Vec::new();
    for path in &files {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let text = std::fs::read_to_string(path)?;
        match made.get(name) {
            Some(remade) if *remade == text => {}
            Some(_) => return Err(format!("{name} is not what its source makes").into()),
            None => left_over.push(name),
        }
    }
    if let Some(name) = made
        .keys()
        .find(|name| !files.iter().any(|file| file.ends_with(name)))
    {
        return Err(format!("{name} is missing").into());
    }
    if absent.is_empty() && !left_over.is_empty() {
        return Err(format!("no line of the table makes {}", left_over.join(", ")).into());
    }
    report(
        &format!("{} files are what their sources make", made.len()),
        absent,
    )
}

fn report(what: &str, absent: &[&str]) -> Result<(), Box<dyn Error>> {
    writeln!(std::io::stdout(), "{what}")?;
    for path in absent {
        writeln!(
            std::io::stdout(),
            "not remade, the source is not at hand: {path}"
        )?;
    }
    Ok(())
}
