//! `compact OUT TABLE DIRECTORY`: writes compact definitions for a repository that hands published ones on.
//!
//! Every line of TABLE is the name of a file in DIRECTORY, a tab, and the source to note: project, version, path. A file
//! for each kind and version is written into OUT: names, types, required fields, enumerations and bounds; neither
//! descriptions nor rules.

use std::io::Write as _;
use std::path::Path;

use apiserver_schema::{CompactContent, Definitions};

#[expect(
    clippy::disallowed_methods,
    reason = "an example works on the files that it is told"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, table, directory] = arguments.as_slice() else {
        return Err("usage: compact OUT TABLE DIRECTORY".into());
    };
    for line in std::fs::read_to_string(table)?
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let (file, source) = line
            .split_once('\t')
            .ok_or_else(|| format!("no tab: {line}"))?;
        let text = std::fs::read_to_string(Path::new(directory).join(file))?;
        let documents = manifest_yaml::read_documents(&text, &manifest_yaml::ReadLimits::MANIFEST)
            .map_err(|error| error.message)?;
        for document in documents {
            let definitions =
                Definitions::import(&document.to_value().map_err(|error| error.message)?);
            if let Some(error) = definitions.errors.first() {
                return Err(format!("{file}: {error}").into());
            }
            for definition in definitions.entries {
                let compact = definition.to_compact(CompactContent::Facts, Some(source));
                let path = Path::new(out).join(format!("{}.json", definition.file_stem()));
                std::fs::write(&path, format!("{compact}\n"))?;
                writeln!(std::io::stdout(), "{}", path.display())?;
            }
        }
    }
    Ok(())
}
