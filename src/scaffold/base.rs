//! Describes a base that is there already: its `app.yaml`, and a kustomization where it has none.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::load::FleetFiles;
use crate::manifest::Object;
use pointer_diagnostics::Diagnostics;
use rustomize::{DiskFiles, Renderer};

/// Names of kustomizations, as kustomize looks for them.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Lists the files of an app's directory, below it; empty where there is none.
pub(super) fn list_base_files(root: &Path, directory: &str) -> anyhow::Result<Vec<String>> {
    let files = FleetFiles::open(root).with_context(|| format!("opening `{}`", root.display()))?;
    let listed = files.list(directory, &mut Diagnostics::new());
    let below = listed
        .iter()
        .filter_map(|path| path.strip_prefix(directory));
    Ok(below
        .map(|path| path.trim_start_matches('/').to_owned())
        .collect())
}

/// Returns a kustomization of the manifests beside it; `None` where the base has one.
pub(super) fn make_kustomization(files: &[String]) -> Option<String> {
    if files
        .iter()
        .any(|file| KUSTOMIZATIONS.contains(&file.as_str()))
    {
        return None;
    }
    let is_manifest = |file: &&String| {
        let extension = Path::new(file.as_str()).extension();
        !file.contains('/') && extension.is_some_and(|e| e == "yaml" || e == "yml")
    };
    let mut text =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n".to_owned();
    for file in files.iter().filter(is_manifest) {
        _ = writeln!(text, "- {file}");
    }
    Some(text)
}

/// Renders a base and describes it.
///
/// # Errors
///
/// When the base does not render, or makes nothing.
pub(super) fn describe_base(root: &Path, name: &str) -> anyhow::Result<String> {
    let directory = format!("base/apps/{name}");
    let renderer = Renderer::new(Arc::new(DiskFiles::new(root)?));
    let built = renderer.build(&directory).and_then(|build| build.objects());
    let Ok(objects) = built else {
        bail!("`{directory}` does not render: `siteplan render {directory}` says why");
    };
    let objects: Vec<Object> = objects.into_iter().map(Object::from).collect();
    if objects.is_empty() {
        bail!("`{directory}` makes no objects: list its manifests under `resources:`");
    }
    Ok(word_app(name, &objects))
}

fn word_app(name: &str, objects: &[Object]) -> String {
    let kinds: BTreeSet<&str> = objects.iter().map(Object::kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let mut text = format!(
        "# yaml-language-server: $schema=../../../schema/app.schema.json\n\
         # The objects are the plain kustomize base beside this file; here is what siteplan cannot see in them.\n\
         apiVersion: siteplan.dev/v1alpha1\nkind: App\nmetadata:\n  name: {name}\nspec:\n  summary: {} of {name}\n",
        kinds.join(", ")
    );
    let namespaces: BTreeSet<&str> = objects.iter().filter_map(Object::namespace).collect();
    match namespaces.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => {
            _ = writeln!(
                text,
                "  namespace: {one}  # the base carries it; siteplan makes the Namespace"
            );
        }
        several => {
            let names: Vec<&str> = several.iter().map(|name| **name).collect();
            _ = writeln!(
                text,
                "  # Its objects are in several namespaces, {}: it has none that a site could change.",
                names.join(", ")
            );
        }
    }
    let images = list_images(objects);
    if !images.is_empty() {
        text.push_str(
            "  # Say for which architectures its images exist: for the whole fleet in base/images.yaml, or here as `images: {arch: […], source: …}`.\n",
        );
        for image in images {
            _ = writeln!(
                text,
                "  #   skopeo inspect --raw docker://{image} | siteplan images import {image}"
            );
        }
    }
    text
}

/// Returns the images that the objects name, each once. One with a line break, which no registry has, is left out.
fn list_images(objects: &[Object]) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    for object in objects {
        for pointer in Catalogue::built_in().image_pointers(object) {
            let value = object.get(pointer.as_str()).and_then(Value::as_str);
            images.extend(
                value
                    .filter(|text| text.bytes().all(|b| b.is_ascii_graphic()))
                    .map(str::to_owned),
            );
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_base_is_described_by_what_is_in_it() {
        let deployment = Object::new(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "quay.io/shop/a:1"}]}}},
        }));
        let text = word_app("shop", &[deployment]);
        assert!(text.contains("  namespace: shop"), "{text}");
        assert!(
            text.contains("siteplan images import quay.io/shop/a:1"),
            "{text}"
        );
        assert!(!text.contains("httpd"), "{text}");
    }

    #[test]
    fn a_kustomization_lists_the_manifests_beside_it() {
        let files = ["a.yaml", "notes.md", "sub/b.yaml"].map(str::to_owned);
        let text = make_kustomization(&files).unwrap();
        assert!(text.ends_with("resources:\n- a.yaml\n"), "{text}");
        assert_eq!(make_kustomization(&["kustomization.yaml".to_owned()]), None);
    }
}
