//! A fleet and its `out/`: compared, or written.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::{FleetCompiler, FleetProgress, SiteSelection};
use crate::bundle::SiteNames;
use crate::compare::{self, ChangeKind, Comparison, OutputInventory, Present, text};
use crate::ledger;
use crate::load::{FLEET_FILE, Repository};
use crate::plan::RESERVED_SITE;
use crate::tree::{Tree, TreePath};
use crate::validate;
use crate::write::{self, Scope, Writer, Written};
use pointer_diagnostics::{Diagnostics, Origin};

/// Detail in which a comparison describes a file that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceDetail {
    /// That it differs.
    Files,
    /// The lines that differ.
    Lines,
}

/// Differences between `out/` and the compiled fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetComparison {
    /// The compiled sites, and the fleet's own directory.
    pub sites: Vec<SiteComparison>,
    /// Files in `out/` of sites that are compiled no more.
    pub gone: Vec<Comparison>,
}

/// Differences between `out/` and one compiled site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteComparison {
    /// The files that differ.
    pub comparison: Comparison,
    /// The lines that differ, by file, where they were asked for.
    pub differences: Vec<(TreePath, text::Difference)>,
}

/// Receives the files of each site as soon as it is compiled.
trait TreeSink: Sync {
    /// Compares the files with what `out/` holds of the site, and keeps of them what it needs.
    fn take_site(&self, site: &str, tree: &Tree) -> anyhow::Result<SiteComparison>;
}

/// Facts about a compiled site that the checks over the whole fleet need.
struct SiteRecord {
    compared: SiteComparison,
    /// The names that the site takes in the namespace of its Argo CD; `None` for the fleet's own directory.
    names: Option<SiteNames>,
    old: OutputInventory,
    new: OutputInventory,
}

/// Compiles sites and compares them with `out/`, without writing. Removals, shared names and foreign files are in `found`.
///
/// # Errors
///
/// When `out/` cannot be read, or a build was interrupted while it replaced files in it.
pub fn compare_fleet(
    fleet: &FleetCompiler<'_>,
    selection: &SiteSelection,
    request: ComparisonRequest<'_>,
    found: &mut Diagnostics,
) -> anyhow::Result<FleetComparison> {
    let out = request.out;
    if write::interrupted(out)? {
        bail!(
            "a build was interrupted while it replaced files in `{}`: run `siteplan build` to finish it",
            out.display()
        );
    }
    let sink = OutReader {
        out,
        detail: request.detail,
    };
    let records = compile_into(fleet, selection, &sink, request.progress, found)?;
    let gone = compare_gone(fleet.repository, selection, out, &records)?;
    check_fleet(fleet, selection, &records, &gone, found);
    Ok(FleetComparison {
        sites: records.into_iter().map(|record| record.compared).collect(),
        gone,
    })
}

/// Compiles sites and replaces their part of `out/`, in one step. `None` where there are errors: then `out/` is as it was.
///
/// # Errors
///
/// When `out/` cannot be read or written.
pub fn write_fleet(
    fleet: &FleetCompiler<'_>,
    selection: &SiteSelection,
    out: &Path,
    progress: &dyn FleetProgress,
    found: &mut Diagnostics,
) -> anyhow::Result<Option<Written>> {
    let writer = Writer::begin(out).context("preparing out/")?;
    let records = compile_into(fleet, selection, &writer, progress, found).context("staging")?;
    let gone = compare_gone(fleet.repository, selection, out, &records)?;
    check_fleet(fleet, selection, &records, &gone, found);
    if found.has_errors() {
        return Ok(None);
    }
    drop(records);
    let scope = match selection {
        SiteSelection::All(_) => Scope::All,
        SiteSelection::Named(_) => Scope::Given,
    };
    writer.finish(&scope).context("writing out/").map(Some)
}

/// Input of a comparison.
#[derive(Clone, Copy)]
pub struct ComparisonRequest<'a> {
    /// The directory of the output.
    pub out: &'a Path,
    /// Detail in which each file is described.
    pub detail: DifferenceDetail,
    /// Is told of every site that is done.
    pub progress: &'a dyn FleetProgress,
}

impl FleetComparison {
    /// Returns the comparison of every site, those that are gone last.
    pub fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        let compiled = self.sites.iter().map(|site| &site.comparison);
        compiled.chain(&self.gone)
    }

    /// Tells whether `out/` holds exactly what the fleet compiles to.
    pub fn is_same(&self) -> bool {
        self.comparisons().all(Comparison::is_same)
    }
}

/// Compares with what is on disk.
struct OutReader<'a> {
    out: &'a Path,
    detail: DifferenceDetail,
}

impl TreeSink for OutReader<'_> {
    fn take_site(&self, site: &str, tree: &Tree) -> anyhow::Result<SiteComparison> {
        let present = write::read_site(self.out, site, tree)?;
        let comparison = compare::compare(&present, tree);
        let differences = match self.detail {
            DifferenceDetail::Files => Vec::new(),
            DifferenceDetail::Lines => compare_lines(&comparison, &present, tree),
        };
        Ok(SiteComparison {
            comparison,
            differences,
        })
    }
}

impl TreeSink for Writer {
    fn take_site(&self, site: &str, tree: &Tree) -> anyhow::Result<SiteComparison> {
        Ok(SiteComparison {
            comparison: self.replace(site, tree)?,
            differences: Vec::new(),
        })
    }
}

/// Compiles the selected sites into a sink, and the fleet's own directory after them.
fn compile_into(
    fleet: &FleetCompiler<'_>,
    selection: &SiteSelection,
    sink: &dyn TreeSink,
    progress: &dyn FleetProgress,
    found: &mut Diagnostics,
) -> anyhow::Result<Vec<SiteRecord>> {
    let take = |site: crate::compile::CompiledSite| {
        ensure!(!progress.is_interrupted(), "interrupted: out/ is as it was");
        let compared = sink.take_site(&site.plan.name, &site.tree)?;
        Ok(SiteRecord {
            names: Some(site.names),
            ..SiteRecord::new(&site.tree, compared)
        })
    };
    let records = fleet.compile_each(selection.names(), progress, take, found);
    let mut records = records.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(tree) = fleet.fleet_tree(found) {
        let compared = sink.take_site(RESERVED_SITE, &tree)?;
        records.push(SiteRecord::new(&tree, compared));
    }
    Ok(records)
}

impl SiteRecord {
    fn new(tree: &Tree, compared: SiteComparison) -> Self {
        let new = compare::inventory(tree.iter().map(|(path, _)| path));
        let old = compare::inventory(old_paths(tree, &compared.comparison));
        Self {
            compared,
            names: None,
            old,
            new,
        }
    }
}

/// Returns the paths that siteplan had generated: what is there and did not come anew, and what is stale.
fn old_paths<'a>(tree: &'a Tree, comparison: &'a Comparison) -> Vec<&'a TreePath> {
    let changes = comparison.changes.iter();
    let kinds: BTreeMap<&TreePath, ChangeKind> = changes.map(|c| (&c.path, c.kind)).collect();
    let mut paths = Vec::new();
    for (path, _) in tree.iter() {
        if kinds.get(path) != Some(&ChangeKind::Added) {
            paths.push(path);
        }
    }
    for (path, kind) in kinds {
        if kind == ChangeKind::Stale {
            paths.push(path);
        }
    }
    paths
}

/// Compares with nothing what `out/` holds of sites that the fleet has no more. A site that has errors is not gone.
fn compare_gone(
    repository: &Repository,
    selection: &SiteSelection,
    out: &Path,
    records: &[SiteRecord],
) -> anyhow::Result<Vec<Comparison>> {
    let mut gone = Vec::new();
    if matches!(selection, SiteSelection::Named(_)) {
        return Ok(gone);
    }
    let nothing = Tree::new();
    for name in write::site_names(out)? {
        let is_compiled = records
            .iter()
            .any(|record| record.compared.comparison.site == name);
        if !is_compiled && !repository.sites.contains_key(&name) {
            let present = write::read_site(out, &name, &nothing)?;
            gone.push(compare::compare(&present, &nothing));
        }
    }
    Ok(gone)
}

/// Checks what only shows over all sites: what vanishes without permission, names that two sites share, files that are not as they
/// should be.
fn check_fleet(
    fleet: &FleetCompiler<'_>,
    selection: &SiteSelection,
    records: &[SiteRecord],
    gone: &[Comparison],
    found: &mut Diagnostics,
) {
    let repository = fleet.repository;
    let mut own = Diagnostics::new();
    let (mut old, mut new) = (OutputInventory::new(), OutputInventory::new());
    for record in records {
        old.extend(record.old.clone());
        new.extend(record.new.clone());
    }
    for comparison in gone {
        let paths = comparison.changes.iter().map(|change| &change.path);
        old.extend(compare::inventory(paths));
    }
    old.remove(RESERVED_SITE);
    new.remove(RESERVED_SITE);
    own.append(compare::check_removals(
        &compare::vanished(&old, &new),
        &new,
        &repository.fleet.spec.removals,
        &Origin::file(FLEET_FILE).at("spec").at("removals"),
    ));
    let compiled = records.iter().map(|record| &record.compared.comparison);
    for comparison in compiled.chain(gone) {
        own.append(compare::report(comparison));
    }
    let names: Vec<SiteNames> = records.iter().filter_map(|r| r.names.clone()).collect();
    own.append(validate::shared_names(&repository.fleet, &names));
    let waivers = fleet.sites.waivers();
    waivers.apply(None, &mut own);
    found.append(own);
    // A site that could not be compiled, or was not asked for, may have what a waiver is about.
    if matches!(selection, SiteSelection::All(_)) && !found.has_errors() {
        waivers.report_unused(&repository.fleet, found);
    }
}

/// Compares line by line every file that differs, but for the ledger.
fn compare_lines(
    comparison: &Comparison,
    present: &Present,
    tree: &Tree,
) -> Vec<(TreePath, text::Difference)> {
    let mut differences = Vec::new();
    for change in &comparison.changes {
        if change.path.in_site() == ledger::FILE {
            continue;
        }
        let old = present.files.get(&change.path);
        let old = old
            .and_then(|file| file.bytes.as_deref())
            .unwrap_or_default();
        let new = tree.get(&change.path).unwrap_or_default();
        differences.push((change.path.clone(), text::difference(old, new)));
    }
    differences
}
