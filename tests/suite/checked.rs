//! What `siteplan check` finds in a fleet, through the library.

use std::path::Path;

use pointer_diagnostics::report;
use pointer_diagnostics::{Diagnostics, Sources};
use siteplan::fleet::{
    CommittedLedgers, ComparisonRequest, CompileInput, DifferenceDetail, FleetCompiler,
    SiteSelection, compare_fleet, read_sources, write_fleet,
};
use siteplan::load::load;

/// Everything that is found in a fleet, sorted, and the texts of the files that it points into.
#[derive(Debug, Default)]
pub(crate) struct CheckedFleet {
    pub(crate) found: Diagnostics,
    pub(crate) sources: Sources,
}

/// Compiles the fleet in a directory and compares it with its out/.
pub(crate) fn check_fleet(root: &Path) -> CheckedFleet {
    let mut found = Diagnostics::new();
    let repository = load(root, &mut found);
    if let Some(repository) = &repository {
        let selection = SiteSelection::resolve(repository, &[]).unwrap();
        let fleet = FleetCompiler::new(repository, &mut found);
        let request = ComparisonRequest {
            before: None,
            out: &root.join("out"),
            detail: DifferenceDetail::Files,
            base: &CommittedLedgers::new(),
            progress: &(),
        };
        compare_fleet(&fleet, &selection, request, &mut found).unwrap();
    }
    let labels = found.iter().flat_map(|d| &d.labels);
    let files = siteplan::load::FleetFiles::open(root).unwrap();
    let sources = read_sources(&files, labels.map(|label| label.origin.file.as_ref()));
    report::sort_diagnostics(&mut found, &sources);
    CheckedFleet { found, sources }
}

/// Compiles the fleet in a directory into its out/.
pub(crate) fn build_fleet(root: &Path) {
    let mut found = Diagnostics::new();
    let repository = load(root, &mut found);
    let repository = repository.expect("the fleet can be loaded");
    let selection = SiteSelection::resolve(&repository, &[]).unwrap();
    let fleet = FleetCompiler::new(&repository, &mut found);
    let out = root.join("out");
    let input = CompileInput {
        selection: &selection,
        before: None,
        progress: &(),
    };
    let written = write_fleet(&fleet, input, &out, &mut found).unwrap();
    assert!(written.is_some(), "{found:#?}");
}
