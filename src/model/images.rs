//! `base/images.yaml`: the facts of images.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Arch;

/// The images of the fleet, with the architectures that they exist for. What an app says under `images:` goes before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImagesSpec {
    /// Facts by image, or by the first part of the names of images: `quay.io/strimzi`, `quay.io/strimzi/kafka`,
    /// `quay.io/strimzi/kafka:0.45.0`. The longest that fits an image is the one that counts.
    #[serde(default)]
    pub images: BTreeMap<String, ImageFact>,
}

/// The facts of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFact {
    /// The architectures that it exists for.
    #[schemars(extend("minItems" = 1))]
    pub arch: Vec<Arch>,
    /// Its digest when it was looked up.
    #[schemars(extend("pattern" = "^sha256:[0-9a-f]{64}$", "x-expects" = "`sha256:` and 64 hexadecimal digits"))]
    pub digest: Option<String>,
    /// The source of the fact: the command or the page.
    #[serde(default)]
    pub source: String,
    /// The day on which it was looked up, as YYYY-MM-DD.
    #[schemars(extend("format" = "date"))]
    pub date: Option<String>,
}
