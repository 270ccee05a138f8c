//! Random documents and kustomizations, built by the real kustomize and here. `RANDOM_BUILDS` sets how many.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::dice::Dice;
use super::live::{Agreement, compare};
use super::{manifests, overlays};
use crate::oracle;

fn count(default: u64) -> u64 {
    std::env::var_os("RANDOM_BUILDS")
        .and_then(|n| n.to_str()?.parse().ok())
        .unwrap_or(default)
}

/// Documents in one build of kustomize.
const BATCH: u64 = 40;

#[test]
fn random_documents_are_printed_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let total = count(400);
    let outcome = run(total.div_ceil(BATCH), |batch, root| {
        let change = manifests::change(&mut Dice::new(batch));
        let document =
            |i: u64| manifests::document(&mut Dice::new(batch * BATCH + i), &format!("d{i}"));
        let documents: Vec<String> = (0..BATCH).map(document).collect();
        write_one(root, &documents.join("---\n"), &change);
        if compare(&kustomize, root, "") == Agreement::Same {
            return vec![Agreement::Same; usize::try_from(BATCH).unwrap()];
        }
        let alone = |document: &String| {
            write_one(root, document, &change);
            match compare(&kustomize, root, "") {
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

/// Keeps the directory of one random kustomization (`RANDOM_SEED`, `RANDOM_DIR`), to look at it.
#[test]
#[ignore = "writes a directory for a person to look at"]
fn one_random_kustomization_is_kept() {
    let seed = std::env::var_os("RANDOM_SEED")
        .and_then(|n| n.to_str()?.parse::<u64>().ok())
        .unwrap();
    let dir = std::env::var_os("RANDOM_DIR").unwrap();
    overlays::write(&mut Dice::new(seed + 1_000_000), Path::new(&dir));
}

#[test]
fn random_kustomizations_are_built_alike() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let outcome = run(count(200), |seed, root| {
        overlays::write(&mut Dice::new(seed + 1_000_000), root);
        let agreement = match compare(&kustomize, root, "top") {
            Agreement::Differs(how) => Agreement::Differs(format!("seed {seed}\n{how}")),
            other => other,
        };
        vec![agreement]
    });
    report("kustomizations", &outcome);
}

/// Runs the cases on all cores, each in a directory of its own.
fn run(cases: u64, case: impl Fn(u64, &Path) -> Vec<Agreement> + Sync) -> Vec<Agreement> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= cases {
                return found;
            }
            let dir = tempfile::tempdir().unwrap();
            found.extend(case(seed, dir.path()));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    })
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
