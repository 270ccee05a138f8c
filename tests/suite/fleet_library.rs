//! A fleet through the library: the order of sites, the sites that are selected, what is written and what is not.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use pointer_diagnostics::Diagnostics;
use siteplan::fleet::{
    CommittedLedgers, ComparisonRequest, CompileInput, DifferenceDetail, FleetCompiler,
    FleetProgress, SiteSelection, compare_fleet, plan_sites, sync_graph, write_fleet,
};
use siteplan::load::{Repository, load};

use crate::repository::{copy_of_fleet, edit, snapshot};

const HETERO: &str = "sites/fusion-hetero.yaml";

fn load_fleet(root: &Path) -> Repository {
    let mut found = Diagnostics::new();
    let repository = load(root, &mut found);
    assert!(!found.has_errors(), "{found:#?}");
    repository.unwrap()
}

/// Counts the sites that are done.
#[derive(Default)]
struct Counter(AtomicUsize);

impl FleetProgress for Counter {
    fn site_done(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn sites_come_in_the_order_of_their_names_whichever_is_done_first() {
    let fleet = copy_of_fleet();
    let repository = load_fleet(fleet.path());
    let selection = SiteSelection::resolve(&repository, &[]).unwrap();
    let (mut found, counter) = (Diagnostics::new(), Counter::default());
    let compiler = FleetCompiler::new(&repository, &mut found);
    let names = compiler.compile_each(
        selection.names(),
        &counter,
        |site| site.plan.name,
        &mut found,
    );
    let expected: Vec<String> = repository.sites.keys().cloned().collect();
    assert_eq!(names, expected);
    assert_eq!(counter.0.into_inner(), expected.len());
}

#[test]
fn sites_are_selected_once_and_an_unknown_one_is_refused() {
    let fleet = copy_of_fleet();
    let repository = load_fleet(fleet.path());
    let wanted = ["fusion-hetero", "acp-plant", "acp-plant"].map(str::to_owned);
    let selection = SiteSelection::resolve(&repository, &wanted).unwrap();
    assert_eq!(selection.names(), ["acp-plant", "fusion-hetero"]);
    let unknown = SiteSelection::resolve(&repository, &["acp-plnt".to_owned()]).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no site `acp-plnt`: did you mean `acp-plant`?"
    );
}

#[test]
fn with_an_error_nothing_is_written() {
    let fleet = copy_of_fleet();
    edit(
        fleet.path(),
        HETERO,
        "flask-build: {pool: appserver}",
        "flask-build: {pool: none}",
    );
    edit(
        fleet.path(),
        "sites/acp-plant.yaml",
        "\"4.18.22\"",
        "\"4.18.23\"",
    );
    let out = fleet.path().join("out");
    let before = snapshot(&out);
    let repository = load_fleet(fleet.path());
    let selection = SiteSelection::resolve(&repository, &[]).unwrap();
    let mut found = Diagnostics::new();
    let compiler = FleetCompiler::new(&repository, &mut found);
    let input = CompileInput {
        selection: &selection,
        before: None,
        progress: &(),
    };
    let written = write_fleet(&compiler, input, &out, &mut found).unwrap();
    assert!(written.is_none());
    assert!(found.has_errors());
    assert!(snapshot(&out) == before);
}

#[test]
fn a_site_with_errors_is_not_gone() {
    let fleet = copy_of_fleet();
    edit(
        fleet.path(),
        HETERO,
        "flask-build: {pool: appserver}",
        "flask-build: {pool: none}",
    );
    let repository = load_fleet(fleet.path());
    let selection = SiteSelection::resolve(&repository, &[]).unwrap();
    let mut found = Diagnostics::new();
    let compiler = FleetCompiler::new(&repository, &mut found);
    let request = ComparisonRequest {
        before: None,
        out: &fleet.path().join("out"),
        detail: DifferenceDetail::Lines,
        base: &CommittedLedgers::new(),
        progress: &(),
    };
    let comparison = compare_fleet(&compiler, &selection, request, &mut found).unwrap();
    assert!(comparison.gone.is_empty());
    let codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    assert!(!codes.contains(&"removal-not-approved"), "{codes:?}");
}

#[test]
fn an_instance_waits_for_no_instance_that_another_waits_for_anyway() {
    let fleet = copy_of_fleet();
    let repository = load_fleet(fleet.path());
    let mut found = Diagnostics::new();
    let plans = plan_sites(&repository, &["fusion-hetero".to_owned()], &mut found);
    let graph = sync_graph(&plans[0]);
    let numbers: Vec<u32> = graph.waves.iter().map(|wave| wave.wave).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let last = &graph.waves[4].instances[0];
    assert_eq!(
        (last.name.as_str(), last.after.as_slice()),
        ("hetero-verify", &["flask-appserver".to_owned()][..])
    );
}
