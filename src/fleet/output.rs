//! A fleet and its `out/`: compared, or written.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::{
    CommittedLedgers, CommittedSites, FleetCompiler, FleetProgress, SiteSelection, site_scope,
};
use crate::bundle::SiteNames;
use crate::compare::{self, ChangeKind, Comparison, Inventory, Present, SiteInventory, text};
use crate::compile::CompiledSite;
use crate::ledger::{self, Leftover};
use crate::load::{FLEET_FILE, Repository};
use crate::plan::{Claim, RESERVED_SITE, check_fleet_claims};
use crate::tree::{Tree, TreePath};
use crate::validate;
use crate::write::{self, Scope, Writer, Written};
use pointer_diagnostics::Diagnostics;

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
    /// The claims of the site.
    claims: Vec<Claim>,
    /// Refusals of updates of its objects.
    updates: Diagnostics,
    old: SiteInventory,
    new: SiteInventory,
    /// The leftovers of the site, by instance.
    removing: BTreeMap<String, Leftover>,
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
    let input = CompileInput {
        selection,
        before: request.before,
        progress: request.progress,
    };
    let records = compile_into(fleet, input, &sink, found)?;
    let gone = compare_gone(fleet.repository, selection, out, &records)?;
    let scope = CheckScope {
        fleet,
        selection,
        base: request.base,
    };
    check_fleet(&scope, &records, &gone, found);
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
    input: CompileInput<'_>,
    out: &Path,
    found: &mut Diagnostics,
) -> anyhow::Result<Option<Written>> {
    let writer = Writer::begin(out).context("preparing out/")?;
    let selection = input.selection;
    let records = compile_into(fleet, input, &writer, found).context("staging")?;
    let gone = compare_gone(fleet.repository, selection, out, &records)?;
    let scope = CheckScope {
        fleet,
        selection,
        base: &CommittedLedgers::new(),
    };
    check_fleet(&scope, &records, &gone, found);
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

/// The sites that are compiled.
#[derive(Clone, Copy)]
pub struct CompileInput<'a> {
    /// The sites.
    pub selection: &'a SiteSelection,
    /// Their committed state, where updates are checked.
    pub before: Option<&'a CommittedSites>,
    /// Is told of every site that is done.
    pub progress: &'a dyn FleetProgress,
}

/// Input of a comparison.
#[derive(Clone, Copy)]
pub struct ComparisonRequest<'a> {
    /// The directory of the output.
    pub out: &'a Path,
    /// Detail in which each file is described.
    pub detail: DifferenceDetail,
    /// The ledgers of the commit that the change is made against: what vanished since then needs an approval too.
    pub base: &'a CommittedLedgers,
    /// The committed state of the sites, where updates are checked.
    pub before: Option<&'a CommittedSites>,
    /// Is told of every site that is done.
    pub progress: &'a dyn FleetProgress,
}

impl FleetComparison {
    /// Returns the comparison of every site, those that are gone last.
    pub fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        let compiled = self.sites.iter().map(|site| &site.comparison);
        compiled.chain(&self.gone)
    }

    /// Reports the directories of `out/` that are not what the fleet compiles to, each at the file of its site.
    pub fn report_stale(&self, fleet: &FleetCompiler<'_>, found: &mut Diagnostics) {
        for comparison in self.comparisons() {
            let file = fleet.repository.sites.get(&comparison.site);
            let described_in = file.map_or(FLEET_FILE, String::as_str);
            let stale = compare::report_stale(comparison, described_in);
            let mut stale: Diagnostics = stale.into_iter().collect();
            if file.is_some() {
                stale.set_scope(&site_scope(fleet.repository, &comparison.site));
            }
            found.append(stale);
        }
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
    input: CompileInput<'_>,
    sink: &dyn TreeSink,
    found: &mut Diagnostics,
) -> anyhow::Result<Vec<SiteRecord>> {
    let take = |site: CompiledSite| {
        ensure!(
            !input.progress.is_interrupted(),
            "interrupted: out/ is as it was"
        );
        let compared = sink.take_site(&site.plan.name, &site.tree)?;
        let updates = check_updates(fleet, input.before, &site);
        let mut record = SiteRecord::new(&site.tree, compared);
        record.updates = updates;
        record.claims = site.claims;
        record.names = Some(site.names);
        record
            .new
            .profiles
            .clone_from(&site.plan.site.spec.profiles);
        Ok(record)
    };
    let records = fleet.compile_each(input.selection.names(), input.progress, take, found);
    let mut records = records.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    for record in &mut records {
        found.append(std::mem::take(&mut record.updates));
    }
    if let Some(tree) = fleet.fleet_tree(found) {
        let compared = sink.take_site(RESERVED_SITE, &tree)?;
        records.push(SiteRecord::new(&tree, compared));
    }
    Ok(records)
}

/// Checks what becomes of the objects of a site that were there before.
fn check_updates(
    fleet: &FleetCompiler<'_>,
    before: Option<&CommittedSites>,
    site: &CompiledSite,
) -> Diagnostics {
    let Some(before) = before else {
        return Diagnostics::new();
    };
    let mut found = before.check_updates(fleet, site);
    found.set_scope(&site_scope(fleet.repository, &site.plan.name));
    found
}

impl SiteRecord {
    fn new(tree: &Tree, compared: SiteComparison) -> Self {
        let comparison = &compared.comparison;
        let after = compare::new_ledger(&comparison.site, tree).unwrap_or_default();
        let new = SiteInventory::new(tree.iter().map(|(path, _)| path), &after);
        let old = SiteInventory::new(old_paths(tree, comparison), &comparison.before);
        Self {
            compared,
            names: None,
            claims: Vec::new(),
            updates: Diagnostics::new(),
            old,
            new,
            removing: after.removing,
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

/// The subject of the checks over the whole fleet.
struct CheckScope<'a> {
    fleet: &'a FleetCompiler<'a>,
    selection: &'a SiteSelection,
    base: &'a CommittedLedgers,
}

/// Checks what only shows over all sites: what vanishes without permission, names that two sites share, files that are not as they
/// should be.
fn check_fleet(
    scope: &CheckScope<'_>,
    records: &[SiteRecord],
    gone: &[Comparison],
    found: &mut Diagnostics,
) {
    let repository = scope.fleet.repository;
    let mut own = Diagnostics::new();
    check_removals(scope, records, gone, &mut own);
    // With an error nothing was removed yet.
    let has_errors = found.has_errors() || own.has_errors();
    let removed = if has_errors { &[][..] } else { records };
    for record in removed {
        let site = &record.compared.comparison.site;
        let file = repository.sites.get(site);
        let told = file.and_then(|file| compare::unguarded_leftovers(site, file, &record.removing));
        own.extend(told);
    }
    let compiled = records.iter().map(|record| &record.compared.comparison);
    for comparison in compiled.chain(gone) {
        own.append(compare::report(comparison));
    }
    let names: Vec<SiteNames> = records.iter().filter_map(|r| r.names.clone()).collect();
    own.append(validate::shared_names(&repository.fleet, &names));
    let claims: Vec<Claim> = records.iter().flat_map(|r| r.claims.clone()).collect();
    check_fleet_claims(&claims, &repository.fleet.spec.shared_scopes, &mut own);
    let waivers = scope.fleet.sites.waivers();
    waivers.apply(None, &mut own);
    found.append(own);
    // A site that could not be compiled, or was not asked for, may have what a waiver is about.
    if matches!(scope.selection, SiteSelection::All(_)) && !found.has_errors() {
        waivers.report_unused(&repository.fleet, found);
    }
}

/// Checks that what vanishes may. What the approvals that are left are good for is said where the whole fleet was compiled.
fn check_removals(
    scope: &CheckScope<'_>,
    records: &[SiteRecord],
    gone: &[Comparison],
    found: &mut Diagnostics,
) {
    let (mut old, mut new) = (Inventory::new(), Inventory::new());
    for record in records {
        let site = &record.compared.comparison.site;
        if site != RESERVED_SITE {
            // A site that is built for the first time has nothing to lose.
            old.insert(site.clone(), record.old.clone());
            new.insert(site.clone(), record.new.clone());
        }
    }
    for comparison in gone.iter().filter(|gone| gone.site != RESERVED_SITE) {
        let paths = comparison.changes.iter().map(|change| &change.path);
        let inventory = SiteInventory::new(paths, &comparison.before);
        old.insert(comparison.site.clone(), inventory);
    }
    add_base(scope, &mut old);
    let repository = scope.fleet.repository;
    let vanished = compare::vanished(&old, &new);
    let approved = &repository.removals;
    found.append(compare::check_removals(&vanished, &new, approved));
    if repository.sites.keys().all(|site| new.contains_key(site)) {
        found.append(compare::explain_approvals(&vanished, &new, approved));
    }
}

/// Adds what the commit has that the change is made against. A site that was not compiled is not compared.
fn add_base(scope: &CheckScope<'_>, old: &mut Inventory) {
    for (site, ledger) in scope.base {
        let is_known = scope.fleet.repository.sites.contains_key(site);
        let is_gone = !is_known && matches!(scope.selection, SiteSelection::All(_));
        if site == RESERVED_SITE || !(is_gone || old.contains_key(site)) {
            continue;
        }
        let before = SiteInventory::new([], ledger);
        let now = old.entry(site.clone()).or_default();
        now.instances.extend(before.instances);
        for (object, held) in before.data {
            now.data.entry(object).or_insert(held);
        }
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
        if ledger::is_ledger(&change.path) {
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
