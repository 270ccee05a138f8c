//! The same input gives the same bytes: whatever the threads, the order of directories, the order of keys; and nothing is touched twice.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use manifest_yaml as yaml;
use pointer_diagnostics::Diagnostics;
use siteplan::load::read_input;

use crate::repository::{self, siteplan, snapshot, write};

/// Our own fleet with each of its sites several times, files made in the given order, without out/. Hosted sites name their host, and
/// are left out.
fn fleet_of_many(order: impl FnOnce(&mut Vec<(String, String)>)) -> tempfile::TempDir {
    let mut files: Vec<(String, String)> = ["siteplan.yaml", "base", "schema"]
        .iter()
        .flat_map(|p| repository::list(p))
        .map(|p| (p.clone(), repository::read(&p)))
        .collect();
    let sites = repository::list("sites");
    for path in sites.iter().filter(|path| !path.contains("hcp-")) {
        let (name, text) = (
            path.trim_start_matches("sites/").trim_end_matches(".yaml"),
            repository::read(path),
        );
        for copy in 0..3 {
            let text = text.replacen(
                &format!("\n  name: {name}\n"),
                &format!("\n  name: {name}-{copy}\n"),
                1,
            );
            // Addresses and host names belong to one site.
            let text = text
                .replace("10.20.", &format!("10.{}.", 60 + copy))
                .replace("10.30.", &format!("10.{}.", 70 + copy))
                .replace("10.40.", &format!("10.{}.", 80 + copy))
                .replace("10.50.", &format!("10.{}.", 90 + copy))
                .replace("02:00:00:", &format!("02:00:0{}:", copy + 1))
                .replace(".example.com", &format!(".copy-{copy}.example.com"))
                // The mirror is one for the fleet, which names the registries that it allows.
                .replace(&format!("mirror.copy-{copy}."), "mirror.");
            files.push((format!("sites/{name}-{copy}.yaml"), text));
        }
    }
    order(&mut files);
    let fleet = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(fleet.path(), &path, &text);
    }
    fleet
}

fn build(fleet: &Path, arguments: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let ran = siteplan(fleet, &[&["build"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    snapshot(&fleet.join("out"))
}

#[test]
fn threads_and_the_order_of_directories_change_nothing() {
    let first = build(fleet_of_many(|_| {}).path(), &["-j", "1"]);
    assert!(first.len() > 100);
    assert!(first == build(fleet_of_many(|files| files.reverse()).path(), &["-j", "8"]));
    // Every seventh file first: neither the order of names nor its reverse.
    let sevenths = |files: &mut Vec<(String, String)>| {
        let mut index = 0;
        files.sort_by_cached_key(|_| {
            index += 1;
            (index % 7, index)
        });
    };
    assert!(first == build(fleet_of_many(sevenths).path(), &["-j", "3"]));
}

#[test]
fn the_order_of_keys_and_the_style_of_inputs_change_nothing() {
    let rewritten = fleet_of_many(|files| {
        for (path, text) in files.iter_mut().filter(|(path, _)| is_input(path)) {
            let input = read_input(path, text, &mut Diagnostics::new()).unwrap();
            *text = yaml::write_document(&input.value);
        }
    });
    let without_ledgers = |mut files: BTreeMap<PathBuf, Vec<u8>>| {
        files.retain(|path, _| !path.ends_with(siteplan::ledger::FILE));
        files
    };
    let first = without_ledgers(build(fleet_of_many(|_| {}).path(), &[]));
    assert!(first == without_ledgers(build(rewritten.path(), &[])));
}

#[test]
fn a_second_build_touches_nothing() {
    let fleet = repository::copy_of_fleet();
    build(fleet.path(), &[]);
    let before = times(fleet.path());
    build(fleet.path(), &[]);
    assert_eq!(times(fleet.path()), before);
}

#[test]
fn what_is_committed_is_what_our_own_fleet_compiles_to() {
    let fleet = repository::copy_of_fleet();
    let ran = siteplan(fleet.path(), &["check"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.stderr
    );
}

/// The files that siteplan reads as inputs of its own.
fn is_input(path: &str) -> bool {
    path == "siteplan.yaml"
        || path.starts_with("sites/")
        || path.starts_with("base/profiles/")
        || path.ends_with("/app.yaml")
}

/// When each file and directory was changed, and which one it is.
fn times(fleet: &Path) -> BTreeMap<PathBuf, (u64, i64, i64, i64)> {
    let all = walkdir::WalkDir::new(fleet).into_iter().map(Result::unwrap);
    let one = |entry: walkdir::DirEntry| {
        let meta = entry.metadata().unwrap();
        (
            entry.path().to_path_buf(),
            (
                meta.ino(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ctime_nsec(),
            ),
        )
    };
    all.map(one).collect()
}
