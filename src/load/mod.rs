//! Reads a repository: files become checked documents and typed entities.
//!
//! Comes in: a directory. Goes out: the [`Repository`] with what all sites share, and, one at a time, [`Site`]s merged from their
//! profiles. Sites are read when they are compiled, so a fleet needs the memory of the sites in flight.

mod deceptive;
mod definitions;
mod document;
mod entity;
mod files;
mod hosted;
mod images;
mod input;
mod lost_digits;
mod merge;
mod operators;
mod policies;
mod removals;
mod root;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use manifest_yaml::{ReadLimits, read_first_document};
use serde_json::{Map, Value};

use crate::images::ImageFacts;
use crate::model::{AppSpec, KustomizeRelease};
use crate::nearest::nearest;
use crate::operators::OperatorFacts;
use crate::rules;
use crate::schema::{self, InputKind, ValuesSchema};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer, Reported};

pub use deceptive::report_deceptive_characters;
pub use definitions::FleetDefinitions;
use definitions::load_definitions;
use document::{Document, document, is_of_kind, typed};
pub use entity::{App, AppTemplate, Fleet, Layers, Site};
pub use files::FleetFiles;
use images::load_images;
pub use input::{Input, read_input};
use operators::load_operators;
pub use policies::PolicyDocument;
use policies::load_policies;
use removals::load_removals;
pub use removals::{ApprovedRemoval, REMOVALS};
pub use root::find_fleet_root;

/// The name of the fleet file, at the root of the repository.
pub const FLEET_FILE: &str = "siteplan.yaml";
const SITES: &str = "sites";
const PROFILES: &str = "base/profiles";
const APPS: &str = "base/apps";
const POLICIES: &str = "base/policies";

/// The part of a repository that all its sites share.
#[derive(Debug)]
pub struct Repository {
    /// The files.
    pub files: FleetFiles,
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// The apps, by name.
    pub apps: BTreeMap<String, Arc<App>>,
    /// The definitions of custom resources.
    pub definitions: FleetDefinitions,
    /// The approved removals.
    pub removals: Vec<ApprovedRemoval>,
    /// The facts of images.
    pub images: Arc<ImageFacts>,
    /// The versions of operators.
    pub operators: Arc<OperatorFacts>,
    /// The admission policies below `base/policies`, with their bindings and parameters.
    pub policies: Vec<PolicyDocument>,
    /// The site files, by site name.
    pub sites: BTreeMap<String, String>,
    profiles: BTreeMap<String, Document>,
    /// Names of apps and profiles whose files have errors: references to them are not reported again.
    broken: BTreeSet<String>,
    /// The sites whose control planes are hosted, by the site that hosts them; read when it is first asked for.
    hosted: OnceLock<BTreeMap<String, Vec<String>>>,
}

/// A document with its file.
type DocumentLayer = (Arc<str>, Arc<Value>);

/// Reads the fleet, the apps, the profiles, and the list of sites. `None` when there is no usable fleet file.
pub fn load(root: &Path, found: &mut Diagnostics) -> Option<Repository> {
    let files = match FleetFiles::open(root) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("the directory `{}` cannot be read: {error}", root.display());
            found.push(rules::UNREADABLE_FILE.report(message));
            return None;
        }
    };
    let fleet = load_fleet(&files, found);
    let mut broken = BTreeSet::new();
    let profiles = load_profiles(&files, &mut broken, found);
    let apps = load_apps(&files, &mut broken, found);
    let definitions = load_definitions(&files, found);
    definitions.check_choices(apps.values(), found);
    let images = Arc::new(load_images(&files, found));
    let operators = Arc::new(load_operators(&files, found));
    let policies = load_policies(&files, POLICIES, found);
    let sites = list_sites(&files, found);
    let fleet = fleet?;
    Some(Repository {
        removals: load_removals(&files, &fleet.spec, found),
        files,
        fleet: Arc::new(fleet),
        apps,
        definitions,
        images,
        operators,
        policies,
        sites,
        profiles,
        broken,
        hosted: OnceLock::new(),
    })
}

impl Repository {
    /// Reads a site and merges it with its profiles. `None` when it has errors.
    pub fn load_site(&self, name: &str, found: &mut Diagnostics) -> Option<Site> {
        let path = self.sites.get(name).cloned().unwrap_or_default();
        let document = document(&self.files, &path, InputKind::Site, found)?;
        document.expect_name(stem(&path), "file", found);
        self.merge_site(&document, found)
    }

    /// Checks for an app or profile that exists but has errors of its own.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    fn merge_site(&self, site: &Document, found: &mut Diagnostics) -> Option<Site> {
        let layers = self.find_layers(site, found).ok()?;
        let mut merged = Value::Object(Map::new());
        for (_, layer) in &layers {
            merge::merge_document(&mut merged, layer);
        }
        set_heading(&mut merged, site);
        let layers = Layers::new(layers);
        let problems = schema::validate_merged_site(&merged, &|pointer| layers.origin(pointer));
        let has_errors = problems.has_errors();
        found.append(problems);
        if has_errors {
            return None;
        }
        let origin = Origin::file(&site.file).at("spec");
        let spec = typed(merged.get("spec"), &origin, found)?;
        Some(Site {
            name: site.name.clone(),
            labels: site.labels.clone(),
            spec,
            merged,
            layers,
        })
    }

    /// Returns the documents to merge, the site's last.
    ///
    /// # Errors
    ///
    /// [`Reported`], if one of them is not there, or has errors of its own.
    fn find_layers(
        &self,
        site: &Document,
        found: &mut Diagnostics,
    ) -> Result<Vec<DocumentLayer>, Reported> {
        let names = site
            .value
            .pointer("/spec/profiles")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut layers = Vec::new();
        let mut missing = None;
        for (index, name) in names.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            if let Some(profile) = self.profiles.get(name) {
                layers.push((Arc::clone(&profile.file), Arc::clone(&profile.value)));
                continue;
            }
            let is_reported = self.broken.contains(name);
            missing = Some(if is_reported {
                Reported::elsewhere()
            } else {
                let origin = Origin::new(&site.file, Pointer::parse("/spec/profiles").at(index));
                let known = self.profiles.keys().map(String::as_str);
                found.report(describe_unknown_profile(name, origin, nearest(name, known)))
            });
        }
        layers.push((Arc::clone(&site.file), Arc::clone(&site.value)));
        missing.map_or(Ok(layers), Err)
    }
}

/// Words a profile that is not there.
fn describe_unknown_profile(name: &str, origin: Origin, nearest: Option<&str>) -> Diagnostic {
    let help = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("add `{PROFILES}/{name}.yaml`, or take the name out"),
    };
    rules::UNKNOWN_PROFILE
        .report(format!("there is no profile `{name}`"))
        .primary(origin, "")
        .help(help)
}

/// Gives the merged document the site's own heading.
fn set_heading(merged: &mut Value, site: &Document) {
    if let (Value::Object(merged), Value::Object(own)) = (merged, site.value.as_ref()) {
        for key in ["apiVersion", "kind", "metadata"] {
            if let Some(value) = own.get(key) {
                merged.insert(key.to_owned(), value.clone());
            }
        }
    }
}

fn load_fleet(files: &FleetFiles, found: &mut Diagnostics) -> Option<Fleet> {
    if !files.exists(FLEET_FILE) {
        found.push(missing_fleet_file(files));
        return None;
    }
    let document = document(files, FLEET_FILE, InputKind::Fleet, found)?;
    let spec = typed(
        document.value.get("spec"),
        &Origin::file(FLEET_FILE).at("spec"),
        found,
    )?;
    Some(Fleet {
        name: document.name,
        spec,
        file: document.file,
    })
}

/// Returns the kustomize that the text of a fleet file chooses, whatever else is in it; the default where it chooses none. `None`: the
/// text does not say it in a way that is understood.
pub fn find_kustomize_release(fleet_file: &str) -> Option<KustomizeRelease> {
    let node = read_first_document(fleet_file, &ReadLimits::INPUT).ok()??;
    let chosen = ["spec", "argocd", "kustomize"]
        .iter()
        .try_fold(&node, |node, key| node.get(key));
    match chosen {
        None => Some(KustomizeRelease::default()),
        Some(chosen) => serde_json::from_value(Value::from(chosen.text()?)).ok(),
    }
}

/// Words a missing fleet file: fleets that are below are offered before a new one is.
fn missing_fleet_file(files: &FleetFiles) -> Diagnostic {
    let mut fleets = files.find_fleets_below();
    if files.root() != Path::new(".") {
        for fleet in &mut fleets {
            *fleet = files.root().join(&*fleet).display().to_string();
        }
    }
    let help = match fleets.as_slice() {
        [] => "run `siteplan init` to begin a fleet here, or choose its directory with `-C DIR`"
            .to_owned(),
        [only] => format!("choose the fleet below it with `-C {only}`"),
        [first, ..] => format!(
            "choose one of the {} fleets below it with `-C DIR`, for instance `-C {first}`",
            fleets.len()
        ),
    };
    let directory = files.root().display();
    rules::MISSING_FLEET_FILE
        .report(format!(
            "there is no `{FLEET_FILE}` in `{directory}`, nor above it"
        ))
        .help(help)
}

fn load_profiles(
    files: &FleetFiles,
    broken: &mut BTreeSet<String>,
    found: &mut Diagnostics,
) -> BTreeMap<String, Document> {
    let mut profiles = BTreeMap::new();
    for path in files.list(PROFILES, found) {
        if !is_yaml(&path) {
            report_unread(files, &path, InputKind::Profile, found);
            continue;
        }
        match document(files, &path, InputKind::Profile, found) {
            Some(profile) => {
                profile.expect_name(stem(&path), "file", found);
                profiles.insert(profile.name.clone(), profile);
            }
            None => _ = broken.insert(stem(&path).to_owned()),
        }
    }
    profiles
}

fn load_apps(
    files: &FleetFiles,
    broken: &mut BTreeSet<String>,
    found: &mut Diagnostics,
) -> BTreeMap<String, Arc<App>> {
    let mut apps = BTreeMap::new();
    for path in files.list(APPS, found) {
        if is_misnamed_app_file(&path) {
            report_unread(files, &path, InputKind::App, found);
        }
        if !is_app_file(&path) {
            continue;
        }
        let directory = path.trim_end_matches("/app.yaml").to_owned();
        let name = directory.rsplit('/').next().unwrap_or_default().to_owned();
        lost_digits::report_lost_digits(files, &directory, found);
        match load_app(files, &path, &directory, found) {
            Some(app) => _ = apps.insert(name, Arc::new(app)),
            None => _ = broken.insert(name),
        }
    }
    apps
}

fn load_app(
    files: &FleetFiles,
    path: &str,
    directory: &str,
    found: &mut Diagnostics,
) -> Option<App> {
    let document = document(files, path, InputKind::App, found)?;
    document.expect_name(
        directory.rsplit('/').next().unwrap_or_default(),
        "directory",
        found,
    );
    let spec: AppSpec = document.spec(found)?;
    let values = load_values(&spec, &Origin::file(path).at("spec").at("values"), found)?;
    let mut app = App {
        name: document.name,
        spec,
        file: document.file,
        directory: directory.to_owned(),
        values,
        templates: BTreeMap::new(),
    };
    for (index, each) in app.spec.each.iter().enumerate() {
        let origin = app.origin(&Pointer::root().at("each").at(index).at("template"));
        if let Some(template) = load_template(files, directory, &each.template, &origin, found) {
            app.templates.insert(each.template.clone(), template);
        }
    }
    Some(app)
}

/// Compiles the schema of an app's values. An app without one takes none.
fn load_values(spec: &AppSpec, origin: &Origin, found: &mut Diagnostics) -> Option<ValuesSchema> {
    let Some(schema) = &spec.values else {
        return Some(ValuesSchema::default());
    };
    ValuesSchema::compile(schema, origin, found).ok()
}

fn load_template(
    files: &FleetFiles,
    directory: &str,
    path: &str,
    asked: &Origin,
    found: &mut Diagnostics,
) -> Option<AppTemplate> {
    let outside = path.starts_with('/')
        || path.contains('\\')
        || path.split('/').any(|s| matches!(s, "" | "." | ".."));
    let full = format!("{directory}/{path}");
    if outside || !files.exists(&full) {
        let why = if outside {
            "leaves the app's directory"
        } else {
            "does not exist"
        };
        found.push(
            rules::MISSING_TEMPLATE
                .report(format!("the template `{path}` {why}"))
                .primary(asked.clone(), "")
                .help(format!(
                    "write a path below `{directory}/`, for instance `templates/node.yaml`"
                )),
        );
        return None;
    }
    let text = files.read(&full, found)?;
    let mut problems = Diagnostics::new();
    let input = read_input(&full, &text, &mut problems);
    let has_errors = problems.has_errors();
    found.append(problems);
    let input = input.filter(|_| !has_errors)?;
    Some(AppTemplate {
        file: Arc::from(full.as_str()),
        tree: input.value,
    })
}

/// Lists the site files by name. A YAML file below sites/ that is of another API is a plain manifest and left alone.
fn list_sites(files: &FleetFiles, found: &mut Diagnostics) -> BTreeMap<String, String> {
    let mut sites: BTreeMap<String, String> = BTreeMap::new();
    for path in files.list(SITES, found) {
        if !is_yaml(&path) {
            report_unread(files, &path, InputKind::Site, found);
            continue;
        }
        if is_plain_manifest(files, &path) {
            continue;
        }
        let name = stem(&path).to_owned();
        match sites.get(&name) {
            Some(other) => found.push(
                rules::DUPLICATE_SITE
                    .report(format!("two files are named after the site `{name}`"))
                    .primary(Origin::file(&path), "")
                    .context(Origin::file(other), "the other one")
                    .help("site names are unique in a fleet, whatever the folder: rename one"),
            ),
            None => _ = sites.insert(name, path),
        }
    }
    sites
}

/// Checks whether a file is a manifest of another API: it has `apiVersion` and `kind`, is no site, and names siteplan nowhere.
fn is_plain_manifest(files: &FleetFiles, path: &str) -> bool {
    let Some(text) = files.read(path, &mut Diagnostics::new()) else {
        return false;
    };
    let says = |key: &str| text.lines().any(|line| line.starts_with(key));
    let is_ours = text.contains("siteplan") || is_of_kind(&text, InputKind::Site);
    says("apiVersion:") && says("kind:") && !is_ours
}

/// Reports a file that says that it is an input and is not read as one, because of its name. Hidden files and backups of editors are
/// left alone.
fn report_unread(files: &FleetFiles, path: &str, kind: InputKind, found: &mut Diagnostics) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with('.') || name.ends_with('~') {
        return;
    }
    let Some(text) = files.read(path, &mut Diagnostics::new()) else {
        return;
    };
    if !is_of_kind(&text, kind) {
        return;
    }
    let expected = match kind {
        InputKind::App => "app.yaml".to_owned(),
        _ => format!("{}.yaml", name.split('.').next().unwrap_or_default()),
    };
    let kind = match kind {
        InputKind::App => "an App",
        InputKind::Site => "a Site",
        InputKind::Profile => "a Profile",
        InputKind::Fleet => "a Fleet",
        InputKind::Removal => "a Removal",
        InputKind::Images => "the facts of images",
        InputKind::Operators => "the versions of operators",
    };
    found.push(
        rules::INPUT_NOT_READ
            .report(format!("`{path}` describes {kind} and is not read"))
            .primary(Origin::file(path), "")
            .help(format!("name it `{expected}`, or move it elsewhere")),
    );
}

fn is_yaml(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|e| e == "yaml" || e == "yml")
}

/// Matches `base/apps/<name>/app.yaml`.
fn is_app_file(path: &str) -> bool {
    path.ends_with("/app.yaml") && path.matches('/').count() == 3
}

/// Matches files beside `app.yaml` that somebody may take for it: `app.yml`, `App.yaml`, `app.yaml.txt`.
fn is_misnamed_app_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_app =
        name.len() >= 3 && name.is_char_boundary(3) && name[..3].eq_ignore_ascii_case("app");
    is_app && name != "app.yaml" && path.matches('/').count() == 3
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
