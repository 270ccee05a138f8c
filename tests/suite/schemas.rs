//! The JSON Schemas in `schema/` are those of the types.

use std::path::Path;

use siteplan::schema::{InputKind, input_schema_text};

/// `BLESS=1` writes them anew.
#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for kind in InputKind::ALL {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind.schema_path());
        let expected = input_schema_text(kind);
        if std::env::var_os("BLESS").is_some() {
            fs_err::write(&path, &expected).unwrap();
        }
        let committed = fs_err::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == expected,
            "{} is out of date: run BLESS=1 cargo test",
            kind.schema_path()
        );
    }
}
