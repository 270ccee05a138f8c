//! What the real kustomize builds from every base and every overlay of our own fleet, each alone. Built once for all tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use manifest_yaml::{ReadLimits, read_documents, write_documents_as_kustomize};
use rayon::prelude::*;
use siteplan::manifest::Object;

use crate::compiled::Compiled;
use crate::{oracle, repository};

/// A directory from the root of the repository, and what kustomize printed for it.
pub(crate) type Built = BTreeMap<String, String>;

/// The directories of base/apps and out/ that have a kustomization.
pub(crate) fn directories() -> Vec<String> {
    let files = ["base/apps", "out"].into_iter().flat_map(repository::list);
    let found: Vec<String> = files
        .filter_map(|f| f.strip_suffix("/kustomization.yaml").map(str::to_owned))
        .collect();
    assert!(
        found.len() >= 20,
        "there are only {} kustomizations",
        found.len()
    );
    found
}

/// What `kustomize build` prints for each directory; nothing where the tool is absent.
pub(crate) fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| match oracle::find("kustomize") {
        Some(kustomize) => build(&kustomize, &["build"]),
        None => Built::new(),
    })
}

/// Runs a tool that builds kustomizations on every directory. Fails with all complaints at once.
pub(crate) fn build(tool: &Path, arguments: &[&str]) -> Built {
    let one = |directory: String| {
        let command = Command::new(tool)
            .args(arguments)
            .arg(repository::root().join(&directory))
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&command.stderr).into_owned();
        match command.status.success() {
            true => Ok((directory, String::from_utf8(command.stdout).unwrap())),
            false => Err(format!("{directory}: {complaint}")),
        }
    };
    let all: Vec<Result<_, String>> = directories().into_par_iter().map(one).collect();
    let complaints: Vec<&String> = all.iter().filter_map(|r| r.as_ref().err()).collect();
    assert!(
        complaints.is_empty(),
        "{} cannot build\n{complaints:#?}",
        tool.display()
    );
    all.into_iter().flatten().collect()
}

/// Fails unless kustomize builds from each instance's overlay below a fleet's out/ what siteplan has rendered for it.
pub(crate) fn assert_rendered(kustomize: &Path, fleet: &Path, compiled: &Compiled) {
    for site in &compiled.sites {
        for (instance, objects) in &site.rendered {
            let directory = format!("out/{}/{instance}", site.plan.name);
            let output = Command::new(kustomize)
                .arg("build")
                .arg(fleet.join(&directory))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{directory}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let rendered = write_documents_as_kustomize(objects.iter().map(Object::value));
            assert_eq!(
                rendered,
                String::from_utf8_lossy(&output.stdout),
                "{directory}"
            );
        }
    }
}

/// The objects in what kustomize printed.
pub(crate) fn objects(text: &str) -> Vec<Object> {
    let documents = read_documents(text, &ReadLimits::MANIFEST).unwrap();
    documents
        .iter()
        .map(|d| d.to_value().unwrap())
        .filter(|v| !v.is_null())
        .map(Object::new)
        .collect()
}

/// Further kustomize binaries, of versions that Argo CD ships: `SITEPLAN_KUSTOMIZE_ALSO`, separated as PATH is.
pub(crate) fn further_versions() -> Vec<PathBuf> {
    let also = std::env::var_os("SITEPLAN_KUSTOMIZE_ALSO").unwrap_or_default();
    std::env::split_paths(&also)
        .filter(|path| !path.as_os_str().is_empty())
        .collect()
}
