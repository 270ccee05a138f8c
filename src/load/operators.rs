//! `base/operators.yaml`: the versions of operators.

use pointer_diagnostics::Diagnostics;

use super::document::document;
use super::{FleetFiles, report_unread, stem};
use crate::operators::OperatorFacts;
use crate::schema::InputKind;

/// The file of the versions.
const OPERATORS: &str = "base/operators.yaml";

/// Reads the versions of operators; none without their file, or where it has errors.
pub(super) fn load_operators(files: &FleetFiles, found: &mut Diagnostics) -> OperatorFacts {
    let misnamed = "base/operators.yml";
    if files.exists(misnamed) {
        report_unread(files, misnamed, InputKind::Operators, found);
    }
    if !files.exists(OPERATORS) {
        return OperatorFacts::default();
    }
    let Some(document) = document(files, OPERATORS, InputKind::Operators, found) else {
        return OperatorFacts::default();
    };
    document.expect_name(stem(OPERATORS), "file", found);
    let spec = document.spec(found).unwrap_or_default();
    OperatorFacts::new(document.file, spec)
}
