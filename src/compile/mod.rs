//! Compiles a site: the passes, in their order.
//!
//! Comes in: a loaded [`Repository`] and the name of a site. Goes out: the site's files, its final manifests and the reasons of every
//! field, or diagnostics. Sites are compiled one by one and in parallel; what they share is parsed once per run.

mod bases;
mod exceptions;
mod holdings;

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::{self, BundleInput, SiteNames};
use crate::catalogue::Catalogue;
use crate::fit::{self, SiteFit};
use crate::install;
use crate::kinds::Kinds;
use crate::ledger::{self, Digest, Holding, Ledger};
use crate::load::{Fleet, Repository};
use crate::manifest::{Object, ObjectId};
use crate::model::SiteToApprove;
use crate::overlay::{Overlay, OverlayInput, digest_overlay, overlay};
use crate::patch::Operation;
use crate::plan::{Claim, Instance, RESERVED_SITE, SitePlan, plan};
use crate::pods::PodsInput;
use crate::tree::Tree;
use crate::validate::{self, ApiServers, FleetPolicies, UpdateInput, ValidateInput};
use crate::waivers::WaiverSet;
use manifest_yaml as yaml;
use pointer_diagnostics::Diagnostics;
use serde_json::Value;

use bases::Bases;
pub use bases::kustomize_version;
use exceptions::FinalState;
pub use holdings::UnguardedLeftovers;
use holdings::{PriorState, find_leftovers, find_needed};

/// Compiles the sites of a run, which share the bases, rendered once, and the catalogue.
pub struct SiteCompiler<'a> {
    repository: &'a Repository,
    bases: Bases<'a>,
    unguarded: UnguardedLeftovers,
    waivers: WaiverSet,
    servers: ApiServers,
    policies: FleetPolicies,
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
    /// The objects that an operator applies by hand: the documents below `bootstrap/`.
    pub bootstrap: Vec<Object>,
    /// The claims of the site, in its own fields and by its final manifests.
    pub claims: Vec<Claim>,
    /// The names that it takes in the namespace of its Argo CD.
    pub names: SiteNames,
    /// Objects that the site's root syncs: its Applications and their project.
    pub argocd: Vec<Object>,
    /// The files below `bootstrap/`, which are applied by hand or by a hub.
    pub bootstrap_files: Vec<bundle::File>,
    /// Its pods, and the proof that they have a place.
    pub fit: SiteFit,
}

/// The final manifests of a site, and those of them that its API server refuses.
#[derive(Debug, Clone, Copy)]
pub struct RenderedObjects<'a> {
    /// The objects, by instance.
    pub rendered: &'a BTreeMap<String, Vec<Object>>,
    /// Objects that are refused.
    pub refused: &'a BTreeSet<ObjectId>,
}

impl<'a> SiteCompiler<'a> {
    /// Renders the bases of all apps; what is wrong with them is in `found`.
    pub fn new(repository: &'a Repository, found: &mut Diagnostics) -> Self {
        let mut own = Diagnostics::new();
        let bases = Bases::render(repository, &mut own);
        let policies = FleetPolicies::compile(&repository.policies, &mut own);
        let waivers = WaiverSet::of_fleet(&repository.fleet, found);
        waivers.apply(None, &mut own);
        found.append(own);
        Self {
            repository,
            bases,
            unguarded: UnguardedLeftovers::default(),
            waivers,
            servers: ApiServers::default(),
            policies,
        }
    }

    /// Says what becomes of leftovers that nobody had to approve.
    #[must_use]
    pub fn with_unguarded(mut self, unguarded: UnguardedLeftovers) -> Self {
        self.unguarded = unguarded;
        self
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
        let mut changes = take_changes(&mut overlays);
        let rendered = self.render(&plan, &overlays, found)?;
        self.trace_exceptions(&FinalState::new(&plan, &rendered), &mut changes, found);
        let kinds = plan.learn_kinds(&rendered);
        let ledger = self.make_ledger(&plan, &rendered, &kinds);
        let bundle_input = BundleInput {
            plan: &plan,
            rendered: &rendered,
            kinds: &kinds,
            leftovers: &sum_leftovers(&ledger),
            directories: &self.bases.directories(&plan),
        };
        let bundle = bundle::bundle(&bundle_input, found);
        let built = self.bases.built(&plan, &overlays, &bundle);
        let catalogues = self.catalogues(&plan);
        let validated = validate::validate(&ValidateInput {
            plan: &plan,
            rendered: &rendered,
            kinds: &kinds,
            catalogues: &catalogues,
            policies: &self.policies,
            bundle: &bundle,
            definitions: &self.bases.definitions(&plan),
            servers: &self.servers,
            changes: &changes,
            kustomizations: &built.kustomizations,
            files: &built.files,
        });
        found.append(validated.problems);
        let install = install::make_install_files(&plan, found);
        let objects = RenderedObjects {
            rendered: &rendered,
            refused: &validated.refused,
        };
        let fit = self.prove_fit(&plan, objects, found);
        let files = SiteFiles {
            plan: &plan,
            overlays: &overlays,
            bundle: &bundle,
            install: &install,
        };
        let tree = write_tree(&files, ledger, found);
        let argocd = objects_below(&bundle, "apps/");
        let bootstrap = objects_below(&bundle, "bootstrap/");
        let claims = plan.claims.iter().cloned().chain(validated.hosts).collect();
        Some(CompiledSite {
            names: bundle::names(&plan),
            plan,
            rendered,
            changes,
            tree,
            bootstrap,
            claims,
            argocd,
            bootstrap_files: take_bootstrap_files(bundle),
            fit,
        })
    }

    /// Proves that the pods of a site have nodes. The plan may be another than that which was rendered: with a node less or more.
    pub fn prove_fit(
        &self,
        plan: &SitePlan,
        objects: RenderedObjects<'_>,
        found: &mut Diagnostics,
    ) -> SiteFit {
        let catalogues = self.catalogues(plan);
        let input = PodsInput {
            plan,
            rendered: objects.rendered,
            catalogues: &catalogues,
            refused: objects.refused,
        };
        fit::fit(&input, found)
    }

    /// Checks what the API server of a site makes of objects that were there before.
    pub fn check_updates(
        &self,
        site: &CompiledSite,
        before: &BTreeMap<ObjectId, Object>,
    ) -> Diagnostics {
        let input = UpdateInput {
            plan: &site.plan,
            rendered: &site.rendered,
            changes: &site.changes,
            definitions: &self.bases.definitions(&site.plan),
            servers: &self.servers,
            before,
        };
        let mut found = validate::check_updates(&input);
        found.append(validate::check_disruptions(&input));
        self.waivers.apply(Some(&site.plan.name), &mut found);
        found
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
        let mut digests: BTreeMap<String, Digest> = BTreeMap::new();
        let mut complete = true;
        for instance in &plan.instances {
            let catalogue = self.bases.catalogue(instance.app().map(AsRef::as_ref));
            let base = self.base_objects(plan, instance, found);
            let (Some(catalogue), Some(base)) = (catalogue, base) else {
                complete = false;
                continue;
            };
            // An instance comes after those that it requires.
            let required: Vec<Digest> = instance
                .after
                .iter()
                .filter_map(|name| digests.get(name).copied())
                .collect();
            let input = OverlayInput {
                plan,
                instance,
                base: &base,
                catalogue: &catalogue,
                required: &required,
            };
            let made = overlay(&input, found);
            digests.insert(instance.name.clone(), digest_overlay(&base, &made));
            overlays.insert(instance.name.clone(), made);
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
            required: &[],
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

    /// Returns the site's ledger without its files: what its instances hold, and what is still being removed by the committed one.
    fn make_ledger(
        &self,
        plan: &SitePlan,
        rendered: &BTreeMap<String, Vec<Object>>,
        kinds: &Kinds,
    ) -> Ledger {
        let instances = self.find_holdings(plan, rendered, kinds);
        let site = SiteToApprove {
            name: &plan.name,
            profiles: &plan.site.spec.profiles,
        };
        let removals = &self.repository.removals;
        let is_approved = |instance: &str| {
            removals.iter().any(|approved| {
                let removal = &approved.removal;
                let names_it = removal.approves_instance(site, instance)
                    || removal.object.is_some() && removal.is_about_instance(instance);
                names_it && removal.is_about_site(site)
            })
        };
        let prior = PriorState {
            ledger: &self.committed_ledger(&plan.name),
            is_approved: &is_approved,
            unguarded: self.unguarded,
        };
        let needed = find_needed(plan, rendered, kinds);
        Ledger {
            files: BTreeMap::new(),
            removing: find_leftovers(&prior, &instances, &needed),
            instances,
        }
    }

    /// Returns the ledger that out/ has of a site; an empty one where there is none.
    fn committed_ledger(&self, site: &str) -> Ledger {
        let path = format!("out/{site}/{}", ledger::FILE);
        let files = &self.repository.files;
        if !files.exists(&path) {
            return Ledger::default();
        }
        // What cannot be read of out/ is reported where out/ is compared.
        let bytes = files.read_bytes(&path, &mut Diagnostics::new());
        Ledger::recover(&bytes.unwrap_or_default(), site)
    }
}

/// Everything that the files of a site are written from.
struct SiteFiles<'a> {
    plan: &'a SitePlan,
    overlays: &'a BTreeMap<String, Overlay>,
    bundle: &'a [bundle::File],
    install: &'a BTreeMap<&'static str, Value>,
}

/// Returns all files of the site, sealed with its ledger.
fn write_tree(files: &SiteFiles<'_>, ledger: Ledger, found: &mut Diagnostics) -> Tree {
    let plan = files.plan;
    let mut tree = Tree::new();
    let of_overlays = files.overlays.iter().flat_map(|(instance, overlay)| {
        overlay
            .files
            .iter()
            .map(move |(name, documents)| (format!("{instance}/{name}"), documents))
    });
    let of_bundle = files
        .bundle
        .iter()
        .map(|file| (file.path.clone(), &file.documents));
    let answers = files.install.iter();
    let answers: Vec<(String, Vec<Value>)> = answers
        .map(|(path, answer)| ((*path).to_owned(), vec![answer.clone()]))
        .collect();
    let of_install = answers
        .iter()
        .map(|(path, documents)| (path.clone(), documents));
    for (path, documents) in of_overlays.chain(of_bundle).chain(of_install) {
        let text = file_text(&plan.name, documents);
        if let Err(why) = tree.insert(&format!("{}/{path}", plan.name), text) {
            found.push(bases::tree_error(plan.site.file(), &why));
        }
    }
    if let Err(why) = ledger::seal(&mut tree, &plan.name, ledger) {
        found.push(bases::tree_error(plan.site.file(), &why));
    }
    tree
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

/// Takes the files of the bundle below `bootstrap/`.
fn take_bootstrap_files(mut bundle: Vec<bundle::File>) -> Vec<bundle::File> {
    bundle.retain(|file| file.path.starts_with("bootstrap/"));
    bundle
}

/// Tells a file of whole objects from kustomizations, and from patches of settings, which no kustomization lists.
pub(crate) fn is_object_file(path: &str) -> bool {
    !path.ends_with("/kustomization.yaml") && !path.ends_with(".patch.yaml")
}

/// Returns the objects of the bundle below a directory.
fn objects_below(bundle: &[bundle::File], directory: &str) -> Vec<Object> {
    let files = bundle
        .iter()
        .filter(|f| f.path.starts_with(directory) && is_object_file(&f.path));
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
        inserted.and_then(|()| ledger::seal(&mut tree, RESERVED_SITE, Ledger::default()))
    {
        found.push(bases::tree_error(&fleet.file, &why));
        return None;
    }
    Some(tree)
}

/// Returns everything that is still being removed from a site.
fn sum_leftovers(ledger: &Ledger) -> Holding {
    let mut sum = Holding::default();
    for leftover in ledger.removing.values() {
        sum.add(&leftover.holding);
    }
    sum
}

/// Returns the directory of an instance's overlay, from the root of the repository.
fn overlay_directory(plan: &SitePlan, instance: &Instance) -> String {
    format!("out/{}/{}", plan.name, instance.name)
}
