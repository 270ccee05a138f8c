//! Reads what `skopeo` and `oc` say of an image.
//!
//! - `skopeo inspect --raw` prints the image's manifest as the registry has it: an index (OCI image-spec v1.1, image-index) or a list of
//!   Docker (schema 2) names the architectures; the manifest of a single image does not.
//! - `skopeo inspect` and `skopeo inspect --config` name the one architecture of a single image.
//! - `oc image info -o json` has its configuration under `config`; with `--show-multiarch` there is a list of them.

use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;

use crate::ledger::Digest;
use crate::model::{Arch, ImageFact};

/// The reason why nothing can be learnt of an image.
#[derive(Debug, Error)]
pub enum ImageImportError {
    /// The text is not JSON.
    #[error(
        "this is not JSON: {0}: expected what `skopeo inspect --raw` or `oc image info -o json` prints"
    )]
    NotJson(#[from] serde_json::Error),
    /// The document is the manifest of one image, which does not say its architecture.
    #[error(
        "the manifest of a single image does not say its architecture: use `skopeo inspect` without `--raw`"
    )]
    SingleManifest,
    /// No architecture is named.
    #[error(
        "there is no architecture in it: expected what `skopeo inspect --raw` or `oc image info -o json` prints"
    )]
    NoArchitecture,
    /// None of the architectures is one that a site can have.
    #[error("it exists for {0} only, which no node of a site can be")]
    ForeignArchitecture(String),
}

/// Reads the architectures and the digest of an image.
///
/// # Errors
///
/// When the text is of another form, or names no architecture.
pub fn read_image(text: &str) -> Result<ImageFact, ImageImportError> {
    let document: Value = serde_json::from_str(text)?;
    let named = list_architectures(&document);
    if named.is_empty() {
        let is_manifest = document.get("layers").is_some() || document.get("config").is_some();
        return Err(match is_manifest {
            true => ImageImportError::SingleManifest,
            false => ImageImportError::NoArchitecture,
        });
    }
    let known = |name: &String| serde_json::from_value::<Arch>(Value::from(name.as_str())).ok();
    let arch: BTreeSet<Arch> = named.iter().filter_map(known).collect();
    if arch.is_empty() {
        let names: Vec<String> = named.into_iter().collect();
        return Err(ImageImportError::ForeignArchitecture(names.join(", ")));
    }
    Ok(ImageFact {
        arch: arch.into_iter().collect(),
        digest: find_digest(&document, text),
        source: String::new(),
        date: None,
    })
}

fn list_architectures(document: &Value) -> BTreeSet<String> {
    let text = |value: &Value, pointer: &str| {
        let found = value.pointer(pointer).and_then(Value::as_str);
        found
            .filter(|name| !matches!(*name, "" | "unknown"))
            .map(str::to_owned)
    };
    let is_linux = |entry: &Value| {
        let os = entry.pointer("/platform/os").and_then(Value::as_str);
        os.is_none_or(|os| os == "linux")
    };
    let mut found = BTreeSet::new();
    let entries = document.get("manifests").and_then(Value::as_array);
    for entry in entries
        .into_iter()
        .flatten()
        .filter(|entry| is_linux(entry))
    {
        found.extend(text(entry, "/platform/architecture"));
    }
    let single = std::slice::from_ref(document);
    for one in document.as_array().map_or(single, Vec::as_slice) {
        for pointer in ["/Architecture", "/architecture", "/config/architecture"] {
            found.extend(text(one, pointer));
        }
    }
    found
}

/// Returns the digest that a document names; an index, which is printed as it is, has the digest of its bytes.
fn find_digest(document: &Value, text: &str) -> Option<String> {
    let first = document.get(0).unwrap_or(document);
    let named = ["listDigest", "Digest", "digest"];
    let named = named.iter().find_map(|key| first.get(*key)?.as_str());
    if let Some(named) = named.filter(|digest| digest.starts_with("sha256:")) {
        return Some(named.to_owned());
    }
    document.get("manifests")?;
    Some(format!("sha256:{}", Digest::of(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_its_architectures_and_is_its_own_digest() {
        let index = r#"{"manifests": [
            {"platform": {"architecture": "amd64", "os": "linux"}},
            {"platform": {"architecture": "ppc64le", "os": "linux"}},
            {"platform": {"architecture": "amd64", "os": "windows"}},
            {"platform": {"architecture": "unknown", "os": "unknown"}},
            {"platform": {"architecture": "riscv64", "os": "linux"}}]}"#;
        let fact = read_image(index).unwrap();
        assert_eq!(fact.arch, [Arch::Amd64, Arch::Ppc64le]);
        assert_eq!(fact.digest.map(|digest| digest.len()), Some(71));
    }

    #[test]
    fn single_images_name_their_own() {
        let skopeo = r#"{"Name": "quay.io/a/b", "Digest": "sha256:00", "Architecture": "arm64"}"#;
        let oc = r#"{"name": "a", "listDigest": "sha256:01", "digest": "sha256:02", "config": {"architecture": "s390x"}}"#;
        assert_eq!(read_image(skopeo).unwrap().arch, [Arch::Arm64]);
        assert_eq!(read_image(oc).unwrap().digest.as_deref(), Some("sha256:01"));
        let both = format!("[{oc}, {}]", oc.replace("s390x", "amd64"));
        assert_eq!(read_image(&both).unwrap().arch, [Arch::Amd64, Arch::S390x]);
    }

    #[test]
    fn what_says_nothing_is_refused() {
        let single = r#"{"schemaVersion": 2, "config": {"digest": "sha256:00"}, "layers": []}"#;
        assert!(matches!(
            read_image(single),
            Err(ImageImportError::SingleManifest)
        ));
        assert!(matches!(
            read_image("{}"),
            Err(ImageImportError::NoArchitecture)
        ));
        assert!(matches!(
            read_image("nothing"),
            Err(ImageImportError::NotJson(_))
        ));
        let foreign = r#"{"Architecture": "mips"}"#;
        assert!(matches!(
            read_image(foreign),
            Err(ImageImportError::ForeignArchitecture(_))
        ));
    }
}
