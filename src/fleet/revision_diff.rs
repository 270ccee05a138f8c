//! Compares the final manifests of the compiled sites with those of a revision's tree.

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{FleetCompiler, FleetProgress, SiteSelection};
use crate::compare::semantic::{self, Differences};
use crate::compile::CompiledSite;
use crate::ledger;
use crate::manifest::{Object, ObjectId};
use crate::revision::Revision;
use pointer_diagnostics::{Diagnostics, Sources};
use rustomize::{MemoryFiles, NoFiles, Renderer};

/// Differences between the final manifests of a fleet and those of a revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RevisionDiff {
    /// The sites that differ, by name.
    pub sites: BTreeMap<String, Differences>,
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
/// selected, those that only the revision has are compared too. Where a site has errors, they are in `found` and nothing is compared.
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
    let before = RenderedRevision::new(revision);
    let compare_one = |site: CompiledSite| {
        let differences = before.compare_site(&site);
        (site.plan.name, differences)
    };
    let compared = fleet.compile_each(selection.names(), progress, compare_one, found);
    let mut diff = RevisionDiff::default();
    if found.has_errors() {
        return Ok(diff);
    }
    for (site, differences) in compared {
        diff.add(site, differences.map_err(|why| before.explain(why))?);
    }
    if matches!(selection, SiteSelection::All(_)) {
        for site in before.sites() {
            if !selection.names().contains(&site) {
                let old = before.objects(&site).map_err(|why| before.explain(why))?;
                diff.add(site, semantic::differences(&old, &SiteObjects::new()));
            }
        }
    }
    Ok(diff)
}

impl RevisionDiff {
    fn add(&mut self, site: String, differences: Differences) {
        if !differences.is_empty() {
            self.sites.insert(site, differences);
        }
    }
}

/// A revision, and a renderer over its files.
struct RenderedRevision<'a> {
    revision: &'a Revision,
    renderer: Renderer,
}

impl<'a> RenderedRevision<'a> {
    fn new(revision: &'a Revision) -> Self {
        let mut files = MemoryFiles::new(Arc::new(NoFiles));
        for (path, bytes) in &revision.files {
            files.insert(path, bytes.to_vec());
        }
        Self {
            revision,
            renderer: Renderer::new(Arc::new(files)),
        }
    }

    fn compare_site(&self, site: &CompiledSite) -> Result<Differences, Diagnostics> {
        if self.has_same_files(site) {
            return Ok(Differences::default());
        }
        let old = self.objects(&site.plan.name)?;
        Ok(semantic::differences(&old, &final_objects(site)))
    }

    /// Returns the names of the sites that the revision has output of.
    fn sites(&self) -> BTreeSet<String> {
        let mut sites = BTreeSet::new();
        for path in self.revision.files.keys() {
            let below = path.strip_prefix("out/").unwrap_or_default();
            if let Some((site, file)) = below.split_once('/')
                && file == ledger::FILE
            {
                sites.insert(site.to_owned());
            }
        }
        sites
    }

    /// Tells whether the revision has the same files of a site. The ledger among them holds the digests of the bases, so that then nothing
    /// that its final manifests depend on has changed.
    fn has_same_files(&self, site: &CompiledSite) -> bool {
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

    /// Renders the revision's tree of a site, the Applications among it.
    fn objects(&self, site: &str) -> Result<SiteObjects, Diagnostics> {
        let prefix = format!("out/{site}/");
        let mut objects = SiteObjects::new();
        for path in self.revision.files.keys() {
            let Some((directory, KUSTOMIZATION_FILE)) = path.rsplit_once('/') else {
                continue;
            };
            if directory.starts_with(&prefix) && !directory.ends_with("/bootstrap") {
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

/// Returns the final objects of a site, its Applications among them.
fn final_objects(site: &CompiledSite) -> SiteObjects {
    let rendered = site.rendered.values().flatten();
    let all = rendered.chain(&site.argocd);
    all.map(|object| (object.id(), object.clone())).collect()
}
