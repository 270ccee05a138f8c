//! Compiles a site: the passes, in their order.
//!
//! Comes in: a loaded [`Repository`] and the name of a site. Goes out: the site's files, its final manifests and the reasons of every
//! field, or diagnostics. Sites are compiled one by one and in parallel; what they share is parsed once per run.

mod bases;

use rustomize::KUSTOMIZATION_FILE;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{self, BundleInput, SiteNames};
use crate::catalogue::Catalogue;
use crate::fit::{self, SiteFit};
use crate::ledger;
use crate::load::{Fleet, Repository};
use crate::manifest::{Object, ObjectId};
use crate::overlay::{Overlay, OverlayInput, overlay};
use crate::patch::Operation;
use crate::plan::{Instance, RESERVED_SITE, SitePlan, plan};
use crate::pods::PodsInput;
use crate::tree::Tree;
use crate::validate::{self, ValidateInput};
use crate::waivers::WaiverSet;
use manifest_yaml as yaml;
use pointer_diagnostics::Diagnostics;
use serde_json::Value;

use bases::Bases;

/// Compiles the sites of a run, which share the bases, rendered once, and the catalogue.
pub struct SiteCompiler<'a> {
    repository: &'a Repository,
    bases: Bases<'a>,
    waivers: WaiverSet,
}

/// A compiled site.
#[derive(Debug, Clone)]
pub struct CompiledSite {
    /// The site with everything resolved.
    pub plan: SitePlan,
    /// The final manifests, by instance.
    pub rendered: BTreeMap<String, Vec<Object>>,
    /// Operations on base objects, by instance, with the reasons.
    pub changes: BTreeMap<String, Vec<(ObjectId, Operation)>>,
    /// The site's files below out/, the ledger among them.
    pub tree: Tree,
    /// The names that it takes in the namespace of its Argo CD.
    pub names: SiteNames,
    /// Objects that the site's root syncs: its Applications and their project.
    pub argocd: Vec<Object>,
    /// Its pods, and the proof that they have a place.
    pub fit: SiteFit,
}

impl<'a> SiteCompiler<'a> {
    /// Renders the bases of all apps; what is wrong with them is in `found`.
    pub fn new(repository: &'a Repository, found: &mut Diagnostics) -> Self {
        let mut own = Diagnostics::new();
        let bases = Bases::render(repository, &mut own);
        let waivers = WaiverSet::of_fleet(&repository.fleet, found);
        waivers.apply(None, &mut own);
        found.append(own);
        Self {
            repository,
            bases,
            waivers,
        }
    }

    /// Compiles a site. `None` when it has errors.
    pub fn compile(&self, name: &str, found: &mut Diagnostics) -> Option<CompiledSite> {
        let mut own = Diagnostics::new();
        let compiled = self.attempt(name, &mut own);
        let is_good = !own.has_errors();
        found.append(own);
        compiled.filter(|_| is_good)
    }

    /// Compiles a site as far as possible, also where something is wrong with what it compiles to. `found` holds nothing of other sites:
    /// a pass that needs what another has made is left out after an error.
    pub fn attempt(&self, name: &str, found: &mut Diagnostics) -> Option<CompiledSite> {
        let compiled = self.run_passes(name, found);
        self.waivers.apply(Some(name), found);
        compiled
    }

    /// Returns the waivers of the fleet.
    pub fn waivers(&self) -> &WaiverSet {
        &self.waivers
    }

    fn run_passes(&self, name: &str, found: &mut Diagnostics) -> Option<CompiledSite> {
        let site = self.repository.load_site(name, found)?;
        let plan = plan(Arc::new(site), self.repository, found)?;
        let mut overlays = self.make_overlays(&plan, found)?;
        let changes = take_changes(&mut overlays);
        let rendered = self.render(&plan, &overlays, found)?;
        let directories = self.bases.directories(&plan);
        let kinds = plan.learn_kinds(&rendered);
        let bundle_input = BundleInput {
            plan: &plan,
            rendered: &rendered,
            kinds: &kinds,
            base_kinds: self.bases.kinds(),
            directories: &directories,
        };
        let bundle = bundle::bundle(&bundle_input, found);
        let built = self.bases.built(&plan, &overlays, &bundle);
        let catalogues = self.catalogues(&plan);
        found.append(validate::validate(&ValidateInput {
            plan: &plan,
            rendered: &rendered,
            kinds: &kinds,
            catalogues: &catalogues,
            bundle: &bundle,
            definitions: &self.bases.definitions(&plan),
            changes: &changes,
            kustomizations: &built.kustomizations,
            files: &built.files,
        }));
        let fit = self.prove_fit(&plan, &rendered, found);
        let tree = self.write_tree(&plan, &overlays, &bundle, found);
        let names = bundle::names(&plan);
        let argocd = argocd_objects(&bundle);
        Some(CompiledSite {
            plan,
            rendered,
            changes,
            tree,
            names,
            argocd,
            fit,
        })
    }

    /// Proves that the pods of a site have nodes. The plan may be another than that which was rendered: with a node less or more.
    pub fn prove_fit(
        &self,
        plan: &SitePlan,
        rendered: &BTreeMap<String, Vec<Object>>,
        found: &mut Diagnostics,
    ) -> SiteFit {
        let catalogues = self.catalogues(plan);
        let input = PodsInput {
            plan,
            rendered,
            catalogues: &catalogues,
        };
        fit::fit(&input, found)
    }

    /// Returns the catalogue of each instance, with its app's own entries.
    fn catalogues(&self, plan: &SitePlan) -> BTreeMap<String, Arc<Catalogue>> {
        let mut catalogues = BTreeMap::new();
        for instance in &plan.instances {
            if let Some(catalogue) = self.bases.catalogue(instance.app().map(AsRef::as_ref)) {
                catalogues.insert(instance.name.clone(), catalogue);
            }
        }
        catalogues
    }

    /// Makes the overlays of all instances; `None` when one has errors. An app whose base has errors has told them already.
    fn make_overlays(
        &self,
        plan: &SitePlan,
        found: &mut Diagnostics,
    ) -> Option<BTreeMap<String, Overlay>> {
        let mut overlays = BTreeMap::new();
        let mut complete = true;
        for instance in &plan.instances {
            let catalogue = self.bases.catalogue(instance.app().map(AsRef::as_ref));
            let base = self.base_objects(plan, instance, found);
            let (Some(catalogue), Some(base)) = (catalogue, base) else {
                complete = false;
                continue;
            };
            let input = OverlayInput {
                plan,
                instance,
                base: &base,
                catalogue: &catalogue,
            };
            overlays.insert(instance.name.clone(), overlay(&input, found));
        }
        (complete && !found.has_errors()).then_some(overlays)
    }

    /// Returns the objects of the instance's base, after the site's exceptions. `None` where they cannot be rendered.
    fn base_objects(
        &self,
        plan: &SitePlan,
        instance: &Instance,
        found: &mut Diagnostics,
    ) -> Option<Arc<Vec<Object>>> {
        let Some(app) = instance.app() else {
            return Some(Arc::default());
        };
        let base = self.bases.objects(&app.name)?;
        if instance.exceptions.is_empty() {
            return Some(base);
        }
        let catalogue = self.bases.catalogue(Some(app))?;
        let kustomization = crate::overlay::exceptions_only(&OverlayInput {
            plan,
            instance,
            base: &base,
            catalogue: &catalogue,
        });
        let files = BTreeMap::from([(
            KUSTOMIZATION_FILE.to_owned(),
            yaml::write_document(&kustomization),
        )]);
        let directory = overlay_directory(plan, instance);
        self.bases.build(&directory, &files, found).map(Arc::new)
    }

    /// Renders the final manifests: what kustomize would build from each overlay.
    fn render(
        &self,
        plan: &SitePlan,
        overlays: &BTreeMap<String, Overlay>,
        found: &mut Diagnostics,
    ) -> Option<BTreeMap<String, Vec<Object>>> {
        let mut rendered = BTreeMap::new();
        for instance in &plan.instances {
            let Some(overlay) = overlays.get(&instance.name) else {
                continue;
            };
            let files = overlay
                .files
                .iter()
                .map(|(name, documents)| (name.clone(), yaml::write_documents(documents)))
                .collect();
            let directory = overlay_directory(plan, instance);
            if let Some(objects) = self.bases.build(&directory, &files, found) {
                rendered.insert(instance.name.clone(), objects);
            }
        }
        (!found.has_errors()).then_some(rendered)
    }

    /// Returns all files of the site, sealed with its ledger.
    fn write_tree(
        &self,
        plan: &SitePlan,
        overlays: &BTreeMap<String, Overlay>,
        bundle: &[bundle::File],
        found: &mut Diagnostics,
    ) -> Tree {
        let mut tree = Tree::new();
        let of_overlays = overlays.iter().flat_map(|(instance, overlay)| {
            overlay
                .files
                .iter()
                .map(move |(name, documents)| (format!("{instance}/{name}"), documents))
        });
        let of_bundle = bundle
            .iter()
            .map(|file| (file.path.clone(), &file.documents));
        for (path, documents) in of_overlays.chain(of_bundle) {
            let text = file_text(&plan.name, documents);
            if let Err(why) = tree.insert(&format!("{}/{path}", plan.name), text) {
                found.push(bases::tree_error(plan.site.file(), &why));
            }
        }
        let inputs = self.bases.inputs(plan, found);
        if let Err(why) = ledger::seal(&mut tree, &plan.name, inputs) {
            found.push(bases::tree_error(plan.site.file(), &why));
        }
        tree
    }
}

/// Takes what each overlay changes, and who asked for it.
fn take_changes(
    overlays: &mut BTreeMap<String, Overlay>,
) -> BTreeMap<String, Vec<(ObjectId, Operation)>> {
    let overlays = overlays.iter_mut();
    overlays
        .map(|(name, overlay)| (name.clone(), std::mem::take(&mut overlay.changes)))
        .collect()
}

/// Returns the objects below `apps/`.
fn argocd_objects(bundle: &[bundle::File]) -> Vec<Object> {
    let files = bundle
        .iter()
        .filter(|f| f.path.starts_with("apps/") && !f.path.ends_with(KUSTOMIZATION_FILE));
    files
        .flat_map(|f| &f.documents)
        .map(|d| Object::new(d.clone()))
        .collect()
}

/// Returns the text of a generated file: its documents under the line that says what generated it.
fn file_text(site: &str, documents: &[Value]) -> String {
    let header = ledger::header(site);
    format!("{header}\n{}", yaml::write_documents(documents))
}

/// Returns the files of the fleet's own directory, sealed with its ledger. `None` where a path is refused, which is reported.
pub fn fleet_tree(fleet: &Fleet, files: &[bundle::File], found: &mut Diagnostics) -> Option<Tree> {
    let mut tree = Tree::new();
    let inserted = files.iter().try_for_each(|file| {
        let text = file_text(RESERVED_SITE, &file.documents);
        tree.insert(&format!("{RESERVED_SITE}/{}", file.path), text)
    });
    if let Err(why) =
        inserted.and_then(|()| ledger::seal(&mut tree, RESERVED_SITE, BTreeMap::new()))
    {
        found.push(bases::tree_error(&fleet.file, &why));
        return None;
    }
    Some(tree)
}

/// Returns the directory of an instance's overlay, from the root of the repository.
fn overlay_directory(plan: &SitePlan, instance: &Instance) -> String {
    format!("out/{}/{}", plan.name, instance.name)
}
