//! `base/images.yaml`: what the fleet knows of images.

use pointer_diagnostics::Diagnostics;

use super::document::document;
use super::{FleetFiles, report_unread, stem};
use crate::images::ImageFacts;
use crate::schema::InputKind;

/// The file of the facts.
const IMAGES: &str = "base/images.yaml";

/// Reads the facts of images; none without their file, or where it has errors.
pub(super) fn load_images(files: &FleetFiles, found: &mut Diagnostics) -> ImageFacts {
    let misnamed = "base/images.yml";
    if files.exists(misnamed) {
        report_unread(files, misnamed, InputKind::Images, found);
    }
    if !files.exists(IMAGES) {
        return ImageFacts::default();
    }
    let Some(document) = document(files, IMAGES, InputKind::Images, found) else {
        return ImageFacts::default();
    };
    document.expect_name(stem(IMAGES), "file", found);
    let spec = document.spec(found).unwrap_or_default();
    ImageFacts::new(document.file, spec)
}
