//! The JSON Schemas in `schema/` are those of the types.

use siteplan::schema::{InputKind, input_schema_text};

use crate::repository;

/// `BLESS=1` writes them anew.
#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for kind in InputKind::ALL {
        repository::hold_or_bless(kind.schema_path(), &input_schema_text(kind));
    }
}
