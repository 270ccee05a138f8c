//! Random documents and kustomizations, built by the real kustomize and here.
//!
//! `RANDOM_BUILDS` sets how many, or `RANDOM_MINUTES` how long; `RANDOM_FIRST` is the first seed, `RANDOM_THREADS` the number of builds at
//! a time, and `RANDOM_VERSION` the version whose bytes are made (that of the `kustomize` on the path).

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustomize::KustomizeVersion;

use super::dice::Dice;
use super::live::{Agreement, compare};
use super::{configurations, directives, endings, manifests, overlays};
use crate::oracle;

/// Returns a number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// The version whose bytes are made.
fn version() -> KustomizeVersion {
    let chosen = std::env::var_os("RANDOM_VERSION");
    chosen.map_or_else(KustomizeVersion::default, |version| {
        version.to_str().unwrap().parse().unwrap()
    })
}

/// Documents in one build of kustomize.
const BATCH: u64 = 40;

#[test]
fn random_documents_are_printed_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(400 / BATCH, |batch, root| {
        let change = manifests::change(&mut Dice::new(batch));
        let document =
            |i: u64| manifests::document(&mut Dice::new(batch * BATCH + i), &format!("d{i}"));
        let documents: Vec<String> = (0..BATCH).map(document).collect();
        write_one(root, &documents.join("---\n"), &change);
        if compare(&kustomize, root, "", version()) == Agreement::Same {
            return vec![Agreement::Same; usize::try_from(BATCH).unwrap()];
        }
        let alone = |document: &String| {
            write_one(root, document, &change);
            match compare(&kustomize, root, "", version()) {
                Agreement::Differs(how) => {
                    Agreement::Differs(format!("{how}\n{change}\n{document}"))
                }
                other => other,
            }
        };
        documents.iter().map(alone).collect()
    });
    report("documents", &outcome);
}

fn write_one(root: &Path, text: &str, change: &str) {
    std::fs::write(root.join("r.yaml"), text).unwrap();
    std::fs::write(
        root.join("kustomization.yaml"),
        format!("resources: [r.yaml]\n{change}"),
    )
    .unwrap();
}

#[test]
fn random_kustomizations_are_built_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(200, |seed, root| {
        overlays::write(&mut Dice::new(seed + 1_000_000), root);
        vec![compare_seed(&kustomize, root, "top", seed)]
    });
    report("kustomizations", &outcome);
}

#[test]
fn random_directives_are_merged_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(60, |seed, root| {
        directives::write(&mut Dice::new(seed + 2_000_000), root);
        vec![compare_seed(&kustomize, root, "", seed)]
    });
    report("directives", &outcome);
}

#[test]
fn random_configurations_are_followed_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(60, |seed, root| {
        configurations::write(&mut Dice::new(seed + 3_000_000), root);
        vec![compare_seed(&kustomize, root, "top", seed)]
    });
    report("configurations", &outcome);
}

/// Files in one build of kustomize.
const FILES: u64 = 6;

#[test]
fn random_endings_are_read_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(60 / FILES, |batch, root| {
        let documents: Vec<String> = (0..FILES)
            .map(|i| {
                endings::document(
                    &mut Dice::new(4_000_000 + batch * FILES + i),
                    &format!("d{i}"),
                )
            })
            .collect();
        let mut files = Vec::new();
        for (at, document) in documents.iter().enumerate() {
            std::fs::write(root.join(format!("r{at}.yaml")), document).unwrap();
            files.push(format!("r{at}.yaml"));
        }
        let kustomization = format!("resources: [{}]\n", files.join(", "));
        std::fs::write(root.join("kustomization.yaml"), kustomization).unwrap();
        if compare(&kustomize, root, "", version()) == Agreement::Same {
            return vec![Agreement::Same; documents.len()];
        }
        let alone = |document: &String| {
            write_one(root, document, "");
            match compare(&kustomize, root, "", version()) {
                Agreement::Differs(how) => Agreement::Differs(format!("{how}\n{document:?}")),
                other => other,
            }
        };
        documents.iter().map(alone).collect()
    });
    report("endings", &outcome);
}

/// Compares the builds of a directory, and names the seed that it was made from.
fn compare_seed(kustomize: &Path, root: &Path, directory: &str, seed: u64) -> Agreement {
    match compare(kustomize, root, directory, version()) {
        Agreement::Differs(how) => {
            keep(root, seed);
            Agreement::Differs(format!("seed {seed}\n{how}"))
        }
        other => other,
    }
}

/// Copies a directory to `RANDOM_KEEP`, where that is set, to look at it.
fn keep(root: &Path, seed: u64) {
    if let Some(kept) = std::env::var_os("RANDOM_KEEP") {
        let to = Path::new(&kept).join(seed.to_string());
        for entry in walkdir::WalkDir::new(root) {
            let entry = entry.unwrap();
            let target = to.join(entry.path().strip_prefix(root).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(target).unwrap();
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}

/// Runs cases on several threads, each in a directory of its own: so many, or for so long.
fn run(default: u64, case: impl Fn(u64, &Path) -> Vec<Agreement> + Sync) -> Vec<Agreement> {
    let first = number("RANDOM_FIRST").unwrap_or(0);
    let minutes = number("RANDOM_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let count = number("RANDOM_BUILDS").unwrap_or(default);
    let (next, started) = (AtomicU64::new(first), Instant::now());
    let work = || {
        let mut found = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let is_done = match minutes {
                Some(minutes) => started.elapsed() > minutes,
                None => seed >= first + count,
            };
            if is_done {
                return found;
            }
            let dir = tempfile::tempdir().unwrap();
            let agreements = case(seed, dir.path());
            if minutes.is_some() {
                agreements.iter().for_each(tell);
            }
            found.extend(agreements);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..number("RANDOM_THREADS").unwrap_or(4))
            .map(|_| scope.spawn(work))
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    })
}

/// Prints a difference as soon as it is found, in a run that takes minutes.
fn tell(agreement: &Agreement) {
    if let Agreement::Differs(how) = agreement {
        eprintln!("=====\n{how}");
    }
}

fn report(what: &str, outcome: &[Agreement]) {
    let number = |wanted: &Agreement| outcome.iter().filter(|a| *a == wanted).count();
    let differing: Vec<&Agreement> = outcome
        .iter()
        .filter(|a| matches!(a, Agreement::Differs(_)))
        .collect();
    eprintln!(
        "random {what}: {} alike, {} fail in both, {} refused, {} differ",
        number(&Agreement::Same),
        number(&Agreement::BothFail),
        number(&Agreement::Refused),
        differing.len()
    );
    let shown: Vec<String> = differing
        .iter()
        .take(8)
        .map(|a| {
            if let Agreement::Differs(how) = a {
                how.clone()
            } else {
                String::new()
            }
        })
        .collect();
    assert!(differing.is_empty(), "{}", shown.join("\n=====\n"));
}
