//! The bases of all apps: rendered once per run, shared by all sites.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use apiserver_schema::{Definition, Definitions};
use rayon::prelude::*;
use serde_json::Value;

use crate::bundle::File;
use crate::catalogue::Catalogue;
use crate::load::{App, Repository, report_deceptive_characters};
use crate::manifest::Object;
use crate::model::KustomizeRelease;
use crate::overlay::Overlay;
use crate::plan::{Instance, SitePlan};
use crate::rules;
use crate::tree::TreeError;
use crate::validate::{PATH_NOT_PORTABLE, SiteDefinitions};
use manifest_yaml as yaml;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};
use rustomize::{
    Build, DiskFiles, Files, KUSTOMIZATION_FILE, KustomizeVersion, MemoryFiles, NoFiles, Renderer,
};

/// The catalogue of instances that no app brings.
static BUILT_IN: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::built_in().clone()));

/// The rendered bases, and what else the sites share.
pub(super) struct Bases<'a> {
    repository: &'a Repository,
    renderer: Renderer,
    /// The repository on disk.
    disk: Arc<dyn Files>,
    apps: BTreeMap<String, AppBase>,
}

/// The rendered base of an app.
#[derive(Debug)]
struct AppBase {
    objects: Arc<Vec<Object>>,
    catalogue: Option<Arc<Catalogue>>,
    /// The files below its directory.
    files: Vec<String>,
    directories: BTreeSet<String>,
    kustomization: Option<Value>,
    /// The definitions of custom resources that are among the objects.
    definitions: Vec<Definition>,
}

/// Content of the directories that kustomize builds for a site.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// The kustomizations by their directories, from the root of the repository.
    pub(super) kustomizations: BTreeMap<String, Value>,
    /// All files, from the root of the repository.
    pub(super) files: BTreeSet<String>,
}

impl<'a> Bases<'a> {
    /// Renders every base; one that has errors is left out and reported.
    pub(super) fn render(repository: &'a Repository, found: &mut Diagnostics) -> Self {
        let disk = open_bases(repository);
        let version = kustomize_version(repository.fleet.spec.argocd.kustomize);
        let renderer = Renderer::of_version(Arc::clone(&disk), version);
        let rendered: Vec<RenderedBase> = repository
            .apps
            .par_iter()
            .map(|(_, app)| {
                let mut found = Diagnostics::new();
                let base = render_base(repository, &renderer, app, &mut found);
                RenderedBase { base, found }
            })
            .collect();
        let mut apps = BTreeMap::new();
        for (name, rendered) in repository.apps.keys().zip(rendered) {
            found.append(rendered.found);
            if let Some(base) = rendered.base {
                apps.insert(name.clone(), base);
            }
        }
        Self {
            repository,
            renderer,
            disk,
            apps,
        }
    }

    /// The objects of an app's base; `None` where it has errors.
    pub(super) fn objects(&self, app: &str) -> Option<Arc<Vec<Object>>> {
        self.apps.get(app).map(|base| Arc::clone(&base.objects))
    }

    /// The catalogue with the app's own entries; `None` where they have errors.
    pub(super) fn catalogue(&self, app: Option<&App>) -> Option<Arc<Catalogue>> {
        match app {
            None => Some(Arc::clone(&BUILT_IN)),
            Some(app) => self.apps.get(&app.name)?.catalogue.clone(),
        }
    }

    /// Returns the definitions of custom resources that hold on a site.
    pub(super) fn definitions<'s>(&'s self, plan: &'s SitePlan) -> SiteDefinitions<'s> {
        let apps = plan.instances.iter().filter_map(Instance::app);
        let of_base = |app: &'s Arc<App>| {
            let base = self.apps.get(&app.name)?;
            Some((app.name.as_str(), base.definitions.as_slice()))
        };
        SiteDefinitions {
            fleet: Some(&self.repository.definitions),
            of_bases: apps.filter_map(of_base).collect(),
        }
    }

    /// The directories that building each instance's overlay reads beside the overlay's own.
    pub(super) fn directories(&self, plan: &SitePlan) -> BTreeMap<String, BTreeSet<String>> {
        let of = |instance: &Instance| {
            Some((
                instance.name.clone(),
                self.apps.get(&instance.app()?.name)?.directories.clone(),
            ))
        };
        plan.instances.iter().filter_map(of).collect()
    }

    /// Builds a directory whose own files are in memory; what is on disk there does not count.
    pub(super) fn build(
        &self,
        directory: &str,
        files: &BTreeMap<String, String>,
        found: &mut Diagnostics,
    ) -> Option<Vec<Object>> {
        let mut memory = MemoryFiles::new(Arc::clone(&self.disk)).hiding(directory);
        for (name, text) in files {
            memory.insert(&format!("{directory}/{name}"), text.as_bytes());
        }
        let build = self.renderer.with_files(Arc::new(memory)).build(directory);
        built_objects(build, found)
    }

    /// Returns the content of the directories that are built for a site: its overlays and bundle, what else is in out/ there, and the bases.
    pub(super) fn built(
        &self,
        plan: &SitePlan,
        overlays: &BTreeMap<String, Overlay>,
        bundle: &[File],
    ) -> Built {
        let mut built = Built::default();
        built.files.extend(
            self.repository
                .files
                .list(&format!("out/{}", plan.name), &mut Diagnostics::new()),
        );
        for (name, overlay) in overlays {
            let directory = format!("out/{}/{name}", plan.name);
            built.files.extend(
                overlay
                    .files
                    .keys()
                    .map(|file| format!("{directory}/{file}")),
            );
            let kustomization = overlay
                .files
                .get(KUSTOMIZATION_FILE)
                .and_then(|documents| documents.first());
            built
                .kustomizations
                .extend(kustomization.map(|k| (directory, k.clone())));
        }
        for file in bundle {
            let path = format!("out/{}/{}", plan.name, file.path);
            if let (Some((directory, KUSTOMIZATION_FILE)), Some(document)) =
                (path.rsplit_once('/'), file.documents.first())
            {
                built
                    .kustomizations
                    .insert(directory.to_owned(), document.clone());
            }
            built.files.insert(path);
        }
        for app in plan.instances.iter().filter_map(Instance::app) {
            let Some(base) = self.apps.get(&app.name) else {
                continue;
            };
            built.files.extend(base.files.iter().cloned());
            built.kustomizations.extend(
                base.kustomization
                    .iter()
                    .map(|k| (app.directory.clone(), k.clone())),
            );
        }
        built
    }
}

/// The files of the repository; none where its directory is gone, which then every build reports.
fn open_bases(repository: &Repository) -> Arc<dyn Files> {
    match DiskFiles::over(Arc::clone(repository.files.tree())) {
        Ok(disk) => Arc::new(disk),
        Err(_) => Arc::new(NoFiles),
    }
}

/// Returns the objects of a build; its warnings or errors are in `found`.
fn built_objects(
    build: Result<Build, Diagnostics>,
    found: &mut Diagnostics,
) -> Option<Vec<Object>> {
    let rendered = build.and_then(|build| Ok((build.objects()?, build.warnings)));
    match rendered {
        Ok((objects, warnings)) => {
            found.append(warnings);
            Some(objects.into_iter().map(Object::from).collect())
        }
        Err(problems) => {
            found.append(problems);
            None
        }
    }
}

/// A base that was rendered beside others, with its diagnostics.
struct RenderedBase {
    base: Option<AppBase>,
    found: Diagnostics,
}

/// Renders the base of an app and lists its files; `None` if it has errors.
fn render_base(
    repository: &Repository,
    renderer: &Renderer,
    app: &App,
    found: &mut Diagnostics,
) -> Option<AppBase> {
    let objects = built_objects(renderer.build(&app.directory), found);
    let objects = objects.filter(|objects| names_are_texts(app, objects, found));
    let catalogue = extend_catalogue(app, found);
    let files = repository.files.list(&app.directory, found);
    for path in &files {
        check_base_file(repository, path, found);
    }
    objects.map(|objects| AppBase {
        definitions: import_definitions(app, &objects, found),
        objects: Arc::new(objects),
        catalogue,
        files,
        directories: BTreeSet::from([app.directory.clone()]),
        kustomization: read_kustomization(repository, &app.directory),
    })
}

/// Reports names that are no text: patches find the objects by them.
fn names_are_texts(app: &App, objects: &[Object], found: &mut Diagnostics) -> bool {
    let at = Pointer::parse("/metadata/name");
    let mut are_texts = true;
    for object in objects {
        let Some(name) = object.get(at.as_str()).filter(|name| !name.is_string()) else {
            continue;
        };
        are_texts = false;
        let origin = object.origin(at.clone());
        found.push(
            rustomize::rules::MALFORMED_RESOURCE
                .report(format!(
                    "the name of a {} is {name}, expected text",
                    object.kind()
                ))
                .primary(origin.unwrap_or_else(|| app.origin(&Pointer::root())), "")
                .help("put the name in quotes"),
        );
    }
    are_texts
}

/// Imports the CustomResourceDefinitions among the objects of an app. One that cannot be used is reported.
fn import_definitions(app: &App, objects: &[Object], found: &mut Diagnostics) -> Vec<Definition> {
    let mut definitions = Vec::new();
    for object in objects
        .iter()
        .filter(|o| o.kind() == "CustomResourceDefinition")
    {
        let imported = Definitions::import(object.value());
        definitions.extend(imported.entries);
        let origin = object.origin(Pointer::root());
        let origin = origin.unwrap_or_else(|| app.origin(&Pointer::root()));
        for error in imported.errors {
            let report = rules::MALFORMED_DEFINITION.report(error.to_string());
            found.push(report.primary(origin.clone(), ""));
        }
    }
    definitions
}

/// Returns the catalogue with the app's own entries. `None` where one is malformed, which is reported.
fn extend_catalogue(app: &App, found: &mut Diagnostics) -> Option<Arc<Catalogue>> {
    match Catalogue::with(&app.spec.catalogue) {
        Ok(catalogue) => Some(Arc::new(catalogue)),
        Err(why) => {
            found.push(
                rules::MALFORMED_CATALOGUE_ENTRY
                    .report(why.message)
                    .primary(app.origin(&Pointer::parse("/catalogue").at(why.index)), "")
                    .help("an entry has the form of those in siteplan's own catalogue: `group`, `kind`, `parts` …"),
            );
            None
        }
    }
}

/// Reads a base's kustomization; `None` where it cannot be read, which rendering reports.
fn read_kustomization(repository: &Repository, directory: &str) -> Option<Value> {
    let text = repository.files.read(
        &format!("{directory}/{KUSTOMIZATION_FILE}"),
        &mut Diagnostics::new(),
    )?;
    yaml::read_documents(&text, &yaml::ReadLimits::MANIFEST)
        .ok()?
        .first()?
        .to_value()
        .ok()
}

/// Reads a file of a base. What deceives its readers is reported, and a file that cannot be read.
fn check_base_file(repository: &Repository, path: &str, found: &mut Diagnostics) {
    let bytes = repository.files.read_bytes(path, found);
    if let Some(text) = bytes.as_deref().and_then(|b| std::str::from_utf8(b).ok()) {
        report_deceptive_characters(path, text, found);
    }
}

/// Words a path that out/ cannot hold.
pub(super) fn tree_error(file: &str, why: &TreeError) -> Diagnostic {
    PATH_NOT_PORTABLE
        .report(why.to_string())
        .primary(Origin::file(file), "")
        .help("choose shorter names, of letters, digits, `.`, `_` and `-`, that differ in more than case")
}

/// Returns the version whose bytes the renderer makes for a fleet.
pub fn kustomize_version(release: KustomizeRelease) -> KustomizeVersion {
    match release {
        KustomizeRelease::V5_4 => KustomizeVersion::V5_4,
        KustomizeRelease::V5_6 => KustomizeVersion::V5_6,
        KustomizeRelease::V5_8 => KustomizeVersion::V5_8,
    }
}
