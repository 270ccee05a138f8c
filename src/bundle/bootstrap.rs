//! What somebody does by hand so that Argo CD begins to sync, as steps.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::manifest::Object;
use crate::model::ArgoCd;

use super::operator::OPERATOR_FILE;
use super::settings::{HEALTH_KEY, SettingsPatch, settings_patch};
use super::{File, has_settings_of_its_own};

/// The field manager of what is applied by hand. It is not kubectl's own, with which Argo CD is often installed: applying
/// server-side takes away what the manager applied before and does not apply again.
const FIELD_MANAGER: &str = "siteplan";
/// The file of the root, which is applied last.
const ROOT_FILE: &str = "root.yaml";

/// Everything that is applied to the cluster of an Argo CD before it syncs a site, or a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The directory of the files that are applied by hand, from the root of the fleet.
    pub directory: String,
    /// The namespace of Argo CD.
    pub namespace: String,
    /// The patch of Argo CD's settings.
    pub settings: SettingsPatch,
    /// The names of the files that are applied, sorted.
    pub files: Vec<String>,
    /// The objects that are there in the end.
    pub objects: Vec<Object>,
}

/// A step of a bootstrap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootstrapStep {
    /// The reason for it, a sentence without a full stop.
    pub purpose: String,
    /// The command, for a shell in the root of the fleet.
    pub command: String,
}

/// The files of a site, and those of the fleet where one hub syncs all sites.
#[derive(Debug, Clone, Copy)]
pub struct BootstrapFiles<'a> {
    /// The site.
    pub site: &'a str,
    /// The files below the site's directory of out/.
    pub of_site: &'a [File],
    /// The files below out/fleet; empty where every site has its own Argo CD.
    pub of_fleet: &'a [File],
}

impl Bootstrap {
    /// Finds what is applied by hand among the files of a site and of its fleet.
    pub fn new(argocd: &ArgoCd, files: &BootstrapFiles<'_>) -> Self {
        let (by_hand, directory) = if has_settings_of_its_own(argocd) {
            (files.of_site, files.site)
        } else {
            (files.of_fleet, super::fleet::FLEET)
        };
        let names = applied(by_hand).map(|file| file.path.replacen("bootstrap/", "", 1));
        let all = applied(files.of_fleet).chain(applied(files.of_site));
        let documents = all.flat_map(|file| &file.documents);
        Self {
            directory: format!("out/{directory}/bootstrap"),
            namespace: argocd.namespace().to_owned(),
            settings: written_settings(argocd, by_hand),
            files: names.collect(),
            objects: documents.cloned().map(Object::new).collect(),
        }
    }

    /// Returns the steps, in their order. `site` is named in the command that checks them.
    pub fn steps(&self, site: &str) -> Vec<BootstrapStep> {
        let Self {
            directory,
            namespace,
            settings,
            ..
        } = self;
        let step = |purpose: &str, command: String| BootstrapStep {
            purpose: purpose.to_owned(),
            command,
        };
        let is_root = |file: &&String| file.as_str() == ROOT_FILE;
        let is_operator = |file: &&String| file.as_str() == OPERATOR_FILE;
        let (operators, files): (Vec<_>, Vec<_>) = self.files.iter().partition(is_operator);
        let (roots, others): (Vec<_>, Vec<_>) = files.into_iter().partition(is_root);
        let mut steps = Vec::new();
        if !operators.is_empty() {
            steps.push(step(
                "The operator, which makes the Argo CD of the cluster",
                self.apply_command(&operators),
            ));
            steps.push(step(
                "Its Argo CD is there",
                format!(
                    "kubectl -n {namespace} wait --for create {}/{} --timeout 15m",
                    settings.resource, settings.name
                ),
            ));
        }
        steps.extend([
            step(
                "Waves wait for each other; the patch leaves all other settings as they are",
                format!(
                    "kubectl -n {namespace} patch {} {} --type merge --patch-file {directory}/{}",
                    settings.resource, settings.name, settings.file
                ),
            ),
            step(
                "Projects, and what Argo CD may change here",
                self.apply_command(&others),
            ),
            step(
                "Argo CD has the setting: nothing is synced before",
                format!(
                    "kubectl -n {namespace} wait configmap argocd-cm --for jsonpath='{{.data.{}}}' --timeout 10m",
                    HEALTH_KEY.replace('.', "\\.")
                ),
            ),
            step(
                "The root, which brings the rest",
                self.apply_command(&roots),
            ),
            step(
                "All of it is as it should be",
                format!(
                    "kubectl -n {namespace} get {} -o yaml --ignore-not-found | siteplan bootstrap {site} --check",
                    self.checked_names().join(" ")
                ),
            ),
        ]);
        steps
    }

    fn apply_command(&self, files: &[&String]) -> String {
        let directory = &self.directory;
        let arguments: Vec<String> = files
            .iter()
            .map(|file| format!("-f {directory}/{file}"))
            .collect();
        format!(
            "kubectl apply --server-side --field-manager {FIELD_MANAGER} {}",
            arguments.join(" ")
        )
    }

    /// Returns the objects that a check looks at, as arguments of `kubectl get`.
    fn checked_names(&self) -> Vec<String> {
        let of_object = |object: &Object| {
            let kind = object.kind().to_ascii_lowercase();
            let group = object.group();
            let dot = if group.is_empty() { "" } else { "." };
            format!("{kind}{dot}{group}/{}", object.name())
        };
        let settings = std::iter::once("configmap/argocd-cm".to_owned());
        settings.chain(self.objects.iter().map(of_object)).collect()
    }
}

/// Returns the patch of Argo CD's settings among some files.
fn written_settings(argocd: &ArgoCd, files: &[File]) -> SettingsPatch {
    let empty = settings_patch(argocd, &BTreeMap::new());
    let written = files.iter().find(|file| file.path.ends_with(empty.file));
    let document = written.and_then(|file| file.documents.first());
    SettingsPatch {
        document: document.unwrap_or(&empty.document).clone(),
        ..empty
    }
}

/// Returns the files that are applied whole, in the order of their paths.
fn applied(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| {
        file.path.starts_with("bootstrap/")
            && !file.path.ends_with("/kustomization.yaml")
            && !file.path.ends_with(".patch.yaml")
    })
}
