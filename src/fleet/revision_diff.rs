//! Compares the final manifests of the compiled sites with those of a revision's tree.

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{FleetCompiler, FleetProgress, SiteSelection};
use crate::compile::{CompiledSite, is_object_file, kustomize_version};
use crate::ledger;
use crate::load::{FLEET_FILE, Repository, find_kustomize_release};
use crate::manifest::{Object, ObjectId};
use crate::plan::RESERVED_SITE;
use crate::review::{Review, SiteChange, compare_objects};
use crate::revision::Revision;
use crate::tree::{Tree, TreePath};
use manifest_yaml as yaml;
use pointer_diagnostics::{Diagnostics, Sources};
use rustomize::{MemoryFiles, NoFiles, Renderer};

/// Differences between the final manifests of a fleet and those of a revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RevisionDiff {
    /// The sites that differ, by name.
    pub sites: BTreeMap<String, SiteChange>,
    /// The sites that were compared.
    pub compared: BTreeSet<String>,
}

/// A tree of a revision that does not render.
#[derive(Debug, Clone)]
pub struct RevisionDiffError {
    /// The reasons.
    pub problems: Diagnostics,
    /// The files of the revision that they point into.
    pub sources: Sources,
}

/// The objects of a site, by what tells them apart.
type SiteObjects = BTreeMap<ObjectId, Object>;

/// Compiles sites and compares their final objects, field by field, with what the tree of a revision renders to. With all sites
/// selected, those that only the revision has are compared too. Errors of sites are in `found`; what compiles all the same is compared.
///
/// # Errors
///
/// When the revision's own tree does not render.
pub fn diff_revision(
    fleet: &FleetCompiler<'_>,
    selection: &SiteSelection,
    revision: &Revision,
    progress: &dyn FleetProgress,
    found: &mut Diagnostics,
) -> Result<RevisionDiff, RevisionDiffError> {
    let before = RenderedRevision::new(revision.clone(), fleet.repository);
    let compare_one = |site: CompiledSite| {
        let change = before.compare_site(&site);
        (site.plan.name, change)
    };
    let compared = fleet.attempt_each(selection.names(), progress, compare_one, found);
    let mut diff = RevisionDiff::default();
    for (site, change) in compared {
        diff.add(site, change.map_err(|why| before.explain(why))?);
    }
    if matches!(selection, SiteSelection::All(_)) {
        if let Some(tree) = fleet.fleet_tree(found) {
            let old = before
                .objects(RESERVED_SITE)
                .map_err(|why| before.explain(why))?;
            diff.add(
                RESERVED_SITE.to_owned(),
                compare_objects(&old, &objects_in(&tree)),
            );
        }
        for site in before.sites() {
            if !selection.names().contains(&site) && site != RESERVED_SITE {
                let old = before.objects(&site).map_err(|why| before.explain(why))?;
                diff.add(site, compare_objects(&old, &SiteObjects::new()));
            }
        }
    }
    Ok(diff)
}

impl RevisionDiff {
    /// Puts the changes of all sites together, for a reviewer.
    pub fn review(&self) -> Review {
        Review::new(&self.sites, &self.compared)
    }

    fn add(&mut self, site: String, change: SiteChange) {
        // The fleet's own directory is no site, and counts as one only where it differs.
        if site != RESERVED_SITE || !change.differences.is_empty() {
            self.compared.insert(site.clone());
        }
        if !change.differences.is_empty() {
            self.sites.insert(site, change);
        }
    }
}

/// A revision, and a renderer over its files.
pub(super) struct RenderedRevision {
    revision: Revision,
    renderer: Renderer,
    release: ReleaseChange,
    /// The bases of the revision are those of the working tree.
    bases: BasesSince,
}

/// Says if the fleet has chosen another kustomize since the revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReleaseChange {
    Same,
    Changed,
}

/// The state of the bases, compared with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BasesSince {
    Same,
    Changed,
}

impl BasesSince {
    /// Compares every file that a base may be rendered from.
    fn compare(revision: &Revision, repository: &Repository) -> Self {
        let is_rendered = |path: &str| {
            path.starts_with("base/")
                && !path.starts_with("base/profiles/")
                && !path.ends_with("/app.yaml")
        };
        let mut ignored = Diagnostics::new();
        let mut now = repository.files.list("base", &mut ignored);
        now.retain(|path| is_rendered(path));
        let old = revision.files.keys().filter(|path| is_rendered(path));
        let is_same = |path: &String| {
            let bytes = repository.files.read_bytes(path, &mut Diagnostics::new());
            let old = revision.files.get(path);
            bytes.is_some() && bytes.as_deref() == old.map(AsRef::as_ref)
        };
        if old.count() == now.len() && now.iter().all(is_same) {
            Self::Same
        } else {
            Self::Changed
        }
    }
}

impl RenderedRevision {
    pub(super) fn new(revision: Revision, repository: &Repository) -> Self {
        let mut files = MemoryFiles::new(Arc::new(NoFiles));
        for (path, bytes) in &revision.files {
            files.insert(path, bytes.to_vec());
        }
        let present = repository.fleet.spec.argocd.kustomize;
        let fleet_file = revision.files.get(FLEET_FILE);
        let text = fleet_file.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let before = text.map_or(Some(present), find_kustomize_release);
        let before = before.unwrap_or_default();
        Self {
            renderer: Renderer::of_version(Arc::new(files), kustomize_version(before)),
            release: if before == present {
                ReleaseChange::Same
            } else {
                ReleaseChange::Changed
            },
            bases: BasesSince::compare(&revision, repository),
            revision,
        }
    }

    fn compare_site(&self, site: &CompiledSite) -> Result<SiteChange, Diagnostics> {
        if self.release == ReleaseChange::Same && self.has_same_files(site) {
            return Ok(SiteChange::default());
        }
        let old = self.objects(&site.plan.name)?;
        Ok(compare_objects(&old, &final_objects(site)))
    }

    /// Returns the names of the sites that the revision has output of.
    fn sites(&self) -> BTreeSet<String> {
        let mut sites = BTreeSet::new();
        for path in self.revision.files.keys() {
            let below = path.strip_prefix("out/").unwrap_or_default();
            if let Some((site, file)) = below.split_once('/')
                && TreePath::parse(&format!("{site}/{file}"))
                    .is_ok_and(|path| ledger::is_ledger(&path))
            {
                sites.insert(site.to_owned());
            }
        }
        sites
    }

    /// Tells whether the revision has the same files of a site and the same bases, so that its final manifests are the same.
    pub(super) fn has_same_files(&self, site: &CompiledSite) -> bool {
        if self.bases == BasesSince::Changed {
            return false;
        }
        let prefix = format!("out/{}/", site.plan.name);
        let files = &self.revision.files;
        let theirs = files.keys().filter(|path| path.starts_with(&prefix));
        let is_same = |path: &str, bytes: &[u8]| {
            let old = files.get(&format!("out/{path}"));
            old.is_some_and(|old| **old == *bytes)
        };
        theirs.count() == site.tree.len()
            && site
                .tree
                .iter()
                .all(|(path, bytes)| is_same(path.as_str(), bytes))
    }

    /// Renders the revision's tree of a site, the Applications and what is applied by hand among it.
    pub(super) fn objects(&self, site: &str) -> Result<SiteObjects, Diagnostics> {
        let prefix = format!("out/{site}/");
        let mut objects = SiteObjects::new();
        for path in self.revision.files.keys() {
            let Some((directory, KUSTOMIZATION_FILE)) = path.rsplit_once('/') else {
                continue;
            };
            if directory.starts_with(&prefix) {
                let rendered = self.renderer.build(directory)?.objects()?;
                objects.extend(rendered.into_iter().map(Object::from).map(|o| (o.id(), o)));
            }
        }
        Ok(objects)
    }

    fn explain(&self, problems: Diagnostics) -> RevisionDiffError {
        let mut sources = Sources::new();
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            let file = &label.origin.file;
            let text = self.revision.files.get(file.as_ref());
            if let Some(text) = text.and_then(|bytes| std::str::from_utf8(bytes).ok()) {
                sources.insert(file.as_ref(), text);
            }
        }
        RevisionDiffError { problems, sources }
    }
}

/// Returns the objects in the files of a tree.
fn objects_in(tree: &Tree) -> SiteObjects {
    let mut objects = SiteObjects::new();
    for (path, bytes) in tree.iter() {
        if ledger::is_ledger(path) || !is_object_file(path.in_site()) {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        let documents = yaml::read_documents(&text, &yaml::ReadLimits::MANIFEST);
        for value in documents.iter().flatten().filter_map(|d| d.to_value().ok()) {
            let object = Object::new(value);
            objects.insert(object.id(), object);
        }
    }
    objects
}

/// Returns the final objects of a site, its Applications and what is applied by hand among them.
fn final_objects(site: &CompiledSite) -> SiteObjects {
    let rendered = site.rendered.values().flatten();
    let all = rendered.chain(&site.argocd).chain(&site.bootstrap);
    all.map(|object| (object.id(), object.clone())).collect()
}
