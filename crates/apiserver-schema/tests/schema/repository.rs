//! The manifests of this repository: everything built in passes at every version.

use std::path::{Path, PathBuf};

use apiserver_schema::{Distribution, SchemaSet, SchemaVersion, SchemaViolation, ViolationKind};
use serde_json::Value;

use crate::documents::read_documents;

#[expect(clippy::disallowed_methods, reason = "the files of this repository")]
fn collect_manifests(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && name != "templates" {
            collect_manifests(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
            && name != "kustomization.yaml"
        {
            found.push(path);
        }
    }
}

fn is_object(document: &Value) -> bool {
    document["apiVersion"].is_string() && document["kind"].is_string()
}

#[test]
fn built_in_kinds_of_this_repository_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    collect_manifests(&root.join("base/apps"), &mut files);
    collect_manifests(&root.join("out"), &mut files);
    // The answers of an installer look like objects, and no API server takes them.
    let synced = files
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "install"));
    let objects: Vec<(PathBuf, Value)> = synced
        .flat_map(|path| {
            read_documents(&path)
                .into_iter()
                .map(move |document| (path.clone(), document))
        })
        .filter(|(_, document)| is_object(document))
        .collect();
    for version in [SchemaVersion::OLDEST, SchemaVersion::NEWEST] {
        let schemas = SchemaSet::for_distribution(version, Distribution::OpenShift);
        let mut passed = 0;
        for (path, object) in &objects {
            let found = schemas.check(object);
            let is_unknown = |violation: &SchemaViolation| {
                violation.kind == ViolationKind::NoDefinition
                    // Policies came with Kubernetes 1.30; siteplan writes them from then on.
                    || violation.kind == ViolationKind::UnknownKind
                        && version == SchemaVersion::OLDEST
                        && violation.message.contains("ValidatingAdmissionPolicy")
            };
            if found.iter().any(is_unknown) {
                continue;
            }
            passed += 1;
            assert!(
                !found.iter().any(SchemaViolation::is_refusal),
                "{version} {}: {found:?}",
                path.display()
            );
        }
        assert!(passed >= 20, "{passed} objects of {}", objects.len());
    }
}
