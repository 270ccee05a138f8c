//! The fleet's facts of images.

use std::sync::Arc;

use crate::model::{ImageFact, ImagesSpec};
use pointer_diagnostics::{Origin, Pointer};

use super::name::{covers_image, full_name};

/// The facts of `base/images.yaml`; none without the file.
#[derive(Debug, Clone, Default)]
pub struct ImageFacts {
    file: Arc<str>,
    spec: ImagesSpec,
}

/// An image of which something is known.
#[derive(Debug, Clone)]
pub struct KnownImage<'a> {
    /// The fact.
    pub fact: &'a ImageFact,
    /// The line that states it.
    pub origin: Origin,
}

impl ImageFacts {
    /// Takes the facts of a file.
    pub fn new(file: Arc<str>, spec: ImagesSpec) -> Self {
        Self { file, spec }
    }

    /// Returns what is known of an image: the entry of the longest name that it begins with.
    pub fn find(&self, image: &str) -> Option<KnownImage<'_>> {
        let full = full_name(image);
        let entries = self.spec.images.iter();
        let covering = entries.filter(|(entry, _)| covers_image(&full_name(entry), &full));
        let (entry, fact) = covering.max_by_key(|(entry, _)| entry.len())?;
        let pointer = Pointer::parse("/spec/images").at(entry);
        Some(KnownImage {
            fact,
            origin: Origin::new(&self.file, pointer),
        })
    }

    /// Returns the path of the file; empty without one.
    pub fn file(&self) -> &str {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Arch;

    #[test]
    fn the_longest_name_counts() {
        let spec: ImagesSpec = serde_json::from_value(serde_json::json!({"images": {
            "quay.io/strimzi": {"arch": ["amd64", "arm64"]},
            "quay.io/strimzi/kafka:0.45.0": {"arch": ["amd64"]},
        }}))
        .unwrap();
        let facts = ImageFacts::new(Arc::from("base/images.yaml"), spec);
        let arch = |image| facts.find(image).map(|known| known.fact.arch.clone());
        assert_eq!(
            arch("quay.io/strimzi/kafka:0.45.0"),
            Some(vec![Arch::Amd64])
        );
        assert_eq!(
            arch("quay.io/strimzi/kafka:0.46.0").map(|a| a.len()),
            Some(2)
        );
        assert_eq!(arch("quay.io/strimzi-test/kafka:1"), None);
    }
}
