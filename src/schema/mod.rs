//! The one door for JSON Schema: what the inputs may look like, and what a value that does not look so is told.
//!
//! - [`input_schema`] generates the schemas in `schema/` from the model's types;
//! - [`validate_input`] and [`validate_merged_site`] hold documents against them;
//! - [`validate_output`] holds what siteplan writes against the closed schemas in `schema/output/`;
//! - [`ValuesSchema`] is an app's own schema of its values.
//!
//! Nothing is fetched; formats are asserted; regular expressions take linear time.

mod check;
mod evaluations;
mod finding;
mod formats;
mod generate;
mod keywords;
mod report;
mod values;
mod walk;
mod weight;

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use check::InputChecker;
use pointer_diagnostics::{Diagnostics, Origin, Pointer};

pub use generate::{input_schema, merged_site_schema};
pub use values::{UniqueScope, UniqueValue, ValuesSchema};

/// A kind of input file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// `siteplan.yaml`.
    Fleet,
    /// `sites/**/<name>.yaml`.
    Site,
    /// `base/profiles/<name>.yaml`.
    Profile,
    /// `base/apps/<name>/app.yaml`.
    App,
    /// `removals/<name>.yaml`.
    Removal,
    /// `base/images.yaml`.
    Images,
    /// `base/operators.yaml`.
    Operators,
}

impl InputKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Fleet,
        Self::Site,
        Self::Profile,
        Self::App,
        Self::Removal,
        Self::Images,
        Self::Operators,
    ];

    /// Returns the value of `kind` in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "Fleet",
            Self::Site => "Site",
            Self::Profile => "Profile",
            Self::App => "App",
            Self::Removal => "Removal",
            Self::Images => "Images",
            Self::Operators => "Operators",
        }
    }

    /// Returns the path of its schema from the root of the repository.
    pub fn schema_path(self) -> &'static str {
        match self {
            Self::Fleet => "schema/fleet.schema.json",
            Self::Site => "schema/site.schema.json",
            Self::Profile => "schema/profile.schema.json",
            Self::App => "schema/app.schema.json",
            Self::Removal => "schema/removal.schema.json",
            Self::Images => "schema/images.schema.json",
            Self::Operators => "schema/operators.schema.json",
        }
    }
}

/// Prints the schema file of a kind.
pub fn input_schema_text(kind: InputKind) -> String {
    format!("{:#}\n", input_schema(kind))
}

/// Holds a file against the schema of its kind. `path` is the file's path from the root of the repository.
pub fn validate_input(kind: InputKind, path: &str, document: &Value) -> Diagnostics {
    static CHECKERS: LazyLock<[InputChecker; 7]> =
        LazyLock::new(|| InputKind::ALL.map(|k| InputChecker::own(input_schema(k))));
    let file = Arc::from(path);
    let checker = &CHECKERS[InputKind::ALL
        .iter()
        .position(|k| *k == kind)
        .unwrap_or_default()];
    checker.check(document, &|pointer| Origin::new(&file, pointer.clone()))
}

/// Holds a site, merged with its profiles, against the strict form of the site schema. `origin` says where a field was written.
pub fn validate_merged_site(document: &Value, origin: &dyn Fn(&Pointer) -> Origin) -> Diagnostics {
    static CHECKER: LazyLock<InputChecker> =
        LazyLock::new(|| InputChecker::own(merged_site_schema()));
    CHECKER.check(document, origin)
}

/// A kind of file that siteplan writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputKind {
    /// An Application of Argo CD.
    Application,
    /// A project of Argo CD.
    AppProject,
    /// An overlay of kustomize.
    Kustomization,
}

impl OutputKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Application, Self::AppProject, Self::Kustomization];

    /// Returns the text of its schema, written by hand. Closed: an unknown key is an error.
    pub fn schema_text(self) -> &'static str {
        match self {
            Self::Application => include_str!("../../schema/output/application.schema.json"),
            Self::AppProject => include_str!("../../schema/output/appproject.schema.json"),
            Self::Kustomization => include_str!("../../schema/output/kustomization.schema.json"),
        }
    }
}

/// Holds a document of the output against the schema of its kind. The places in the diagnostics are fields of the document.
pub fn validate_output(kind: OutputKind, document: &Value) -> Diagnostics {
    static CHECKERS: LazyLock<[InputChecker; 3]> = LazyLock::new(|| {
        OutputKind::ALL.map(|kind| {
            let schema = serde_json::from_str(kind.schema_text())
                .expect("the schemas of the output are tested");
            InputChecker::own(schema)
        })
    });
    let checker = &CHECKERS[OutputKind::ALL
        .iter()
        .position(|k| *k == kind)
        .unwrap_or_default()];
    checker.check(document, &|pointer| Origin {
        file: Arc::from(""),
        document: 0,
        pointer: pointer.clone(),
    })
}

#[cfg(test)]
mod tests;
