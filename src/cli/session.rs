//! A run: the fleet that it is about, and what was found.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::arguments::GlobalArgs;
use super::console::Console;
use super::progress::ProgressLine;
use crate::fleet::{SiteSelection, read_sources};
use crate::load::{self, FleetFiles, Repository};
use pointer_diagnostics::{Diagnostics, Sources};

/// A run of one command.
pub(super) struct Session<'a> {
    pub(super) global: &'a GlobalArgs,
    pub(super) console: &'a Console,
    /// The fleet's directory.
    pub(super) root: PathBuf,
    /// Diagnostics found so far; they are reported when the command has ended, however it ends.
    pub(super) found: Diagnostics,
    texts: SourceTexts,
    /// The fleet's directory inside its git repository, for reports that name files.
    directory: String,
}

/// A loaded fleet and the sites of it that were asked for.
pub(super) struct SelectedSites {
    pub(super) repository: Repository,
    pub(super) selection: SiteSelection,
}

/// Source of the texts that diagnostics point into.
enum SourceTexts {
    /// On disk, below a directory.
    Directory(PathBuf),
    /// The files of the fleet, most of which were read already.
    Files(FleetFiles),
    /// In memory.
    Memory(Sources),
}

/// Report of a run.
pub(super) struct SessionReport {
    pub(super) found: Diagnostics,
    pub(super) directory: String,
    texts: SourceTexts,
}

impl<'a> Session<'a> {
    /// Begins a run. Nothing is read yet but for finding the fleet.
    pub(super) fn new(global: &'a GlobalArgs, console: &'a Console) -> Self {
        let root = load::find_fleet_root(&global.directory);
        Self {
            global,
            console,
            texts: SourceTexts::Directory(root.clone()),
            root,
            found: Diagnostics::new(),
            directory: String::new(),
        }
    }

    /// Returns the directory of the output.
    pub(super) fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Loads what all sites share. `None` without a usable fleet file; why is in `found`.
    pub(super) fn load(&mut self) -> anyhow::Result<Option<Repository>> {
        if !self.global.directory.is_dir() {
            bail!(
                "there is no directory `{}`",
                self.global.directory.display()
            );
        }
        let repository = load::load(&self.root, &mut self.found);
        if let Some(repository) = &repository {
            self.texts = SourceTexts::Files(repository.files.clone());
            self.directory
                .clone_from(&repository.fleet.spec.source.directory);
        }
        Ok(repository)
    }

    /// Loads the fleet and selects the named sites; all where none is named. `None` without a usable fleet file.
    pub(super) fn select(&mut self, names: &[String]) -> anyhow::Result<Option<SelectedSites>> {
        let Some(repository) = self.load()? else {
            return Ok(None);
        };
        let selection = SiteSelection::resolve(&repository, names)?;
        Ok(Some(SelectedSites {
            repository,
            selection,
        }))
    }

    /// Starts to show how many of the selected sites are done.
    pub(super) fn progress(&self, selection: &SiteSelection) -> ProgressLine {
        ProgressLine::new(selection.names().len(), self.console.progress_terminal())
    }

    /// Reads the files that diagnostics point into below another directory than the fleet's.
    pub(super) fn read_texts_below(&mut self, directory: &Path) {
        self.texts = SourceTexts::Directory(directory.to_owned());
    }

    /// Takes the files that diagnostics point into from memory.
    pub(super) fn take_texts(&mut self, sources: Sources) {
        self.texts = SourceTexts::Memory(sources);
    }

    /// Ends the run.
    pub(super) fn into_report(self) -> SessionReport {
        SessionReport {
            found: self.found,
            directory: self.directory,
            texts: self.texts,
        }
    }
}

impl SessionReport {
    /// Reads the texts of all files that the diagnostics point into.
    pub(super) fn read_sources(&self) -> Sources {
        let labels = self.found.iter().flat_map(|d| &d.labels);
        let paths = labels.map(|label| label.origin.file.as_ref());
        match &self.texts {
            SourceTexts::Memory(sources) => sources.clone(),
            SourceTexts::Files(files) => read_sources(files, paths),
            SourceTexts::Directory(root) => {
                let files = FleetFiles::open(root);
                files.map_or_else(|_| Sources::new(), |files| read_sources(&files, paths))
            }
        }
    }
}
