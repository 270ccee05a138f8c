//! The quick reader beside the full one: `cargo bench -p manifest-yaml --bench read`.
//!
//! A comment in another script than ASCII at the end of a text sends it to the full reader; the document is the same. The least of
//! many short runs is taken, so that a busy machine shows in the number of runs and not in the result.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use manifest_yaml::{ReadLimits, read_documents};

const RUNS: usize = 2_000;

fn main() {
    for containers in [1, 4, 16] {
        let manifest = print_deployment(containers);
        let quick = time_reading(&manifest);
        let full = time_reading(&format!("{manifest}# ä\n"));
        println!(
            "{:>6} bytes: quick {quick:>9.2?}, full {full:>9.2?}, ratio {:.2}",
            manifest.len(),
            full.as_secs_f64() / quick.as_secs_f64()
        );
    }
}

/// Returns the least time of many readings.
fn time_reading(text: &str) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let begin = Instant::now();
        let documents = read_documents(black_box(text), &ReadLimits::MANIFEST).expect("it is YAML");
        least = least.min(begin.elapsed());
        black_box(documents);
    }
    least
}

/// Prints a Deployment as people write them.
fn print_deployment(containers: usize) -> String {
    let mut text = String::from(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web, tier: front}\nspec:\n  \
         replicas: 3\n  selector:\n    matchLabels:\n      app: web\n  template:\n    spec:\n      containers:\n",
    );
    for index in 0..containers {
        let written = writeln!(
            text,
            "      - name: web-{index}\n        image: registry.example.com/team/web:1.27.3 # pinned\n        args: [--port, \"8080\"]\n        \
             env:\n        - name: MODE\n          value: 'on'\n        - name: CONFIG\n          value: |\n            a = 1\n            b = 2\n        \
             resources:\n          requests:\n            cpu: 500m\n            memory: 1Gi"
        );
        written.expect("writing into a string does not fail");
    }
    text
}
