//! A whole fleet: what `build` and `check` take, in time and memory, over our own profiles and apps.
//!
//! `cargo bench --bench fleet`, or `-- 10000` for as many sites. Runs the program itself, so that its memory is its own.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let asked = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let most: usize = asked.unwrap_or(1_000);
    println!(
        "{:>7} {:>4} {:<22} {:>10} {:>12} {:>10}",
        "sites", "-j", "", "time", "per site", "memory"
    );
    for sites in [most / 10, most].into_iter().filter(|sites| *sites > 0) {
        for jobs in [1, 2] {
            fleet(sites, jobs);
        }
    }
    large_site(1_000, 200);
}

/// Builds a fleet in each of the states that it can be in.
fn fleet(sites: usize, jobs: usize) {
    let directory = tempfile::tempdir().unwrap();
    copy_inputs(directory.path());
    let templates: Vec<(String, String)> = ["acp-plant", "fusion-hetero"].map(template).into();
    for index in 0..sites {
        let (name, text) = &templates[index % templates.len()];
        let own = format!("{name}-{index:05}");
        write(
            directory.path(),
            &format!("sites/{own}.yaml"),
            &text_of_copy(text, &own, index),
        );
    }
    let jobs = jobs.to_string();
    let measure = |what: &str, command: &str| {
        let (time, memory) = run(directory.path(), &[command, "-q", "-j", &jobs]);
        let per = time / u32::try_from(sites).unwrap();
        println!("{sites:>7} {jobs:>4} {what:<22} {time:>10.2?} {per:>12.2?} {memory:>7} MB");
    };
    measure("build from nothing", "build");
    measure("build, nothing changed", "build");
    measure("check", "check");
    let one = format!("sites/{}-00000.yaml", templates[0].0);
    let text = fs_err::read_to_string(directory.path().join(&one)).unwrap();
    write(
        directory.path(),
        &one,
        &text.replace("s0.example.com", "s0.example.org"),
    );
    measure("build, one site changed", "build");
}

/// One site that is as large as they come.
fn large_site(nodes: usize, instances: usize) {
    let directory = tempfile::tempdir().unwrap();
    copy_inputs(directory.path());
    write(
        directory.path(),
        "sites/large.yaml",
        &large(nodes, instances),
    );
    let (time, memory) = run(directory.path(), &["build", "-q", "-j", "1"]);
    println!("one site of {nodes} nodes and {instances} instances: {time:.2?}, {memory} MB");
}

/// A site with many nodes, on all of which one app makes resources, and with many instances of another app.
fn large(nodes: usize, instances: usize) -> String {
    let entries =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let nodes = entries(nodes, &|i| {
        format!(
            "        node-{i:04}: {{zone: rack-{}, bmc: {{address: 10.9.{}.{}}}}}\n",
            i % 9,
            i / 200,
            i % 200 + 1
        )
    });
    let webs = entries(instances, &|i| {
        format!("    web-{i:03}: {{use: plant-web, namespace: web-{i:03}}}\n")
    });
    format!(
        "apiVersion: siteplan.dev/v1alpha1\nkind: Site\nmetadata: {{name: large}}\nspec:\n  cluster: {{platform: openshift, version: \"4.18.22\", \
         baseDomain: example.com}}\n  pools:\n    main:\n      arch: amd64\n      roles: [control-plane, worker]\n      manageLabels: true\n      \
         capacity: {{cpu: \"64\", memory: 512Gi, pods: \"250\"}}\n      nodes:\n{nodes}  apps:\n    node-health-operators: {{}}\n    \
         node-health: {{}}\n{webs}"
    )
}

/// Runs the program. Gives the time and, in megabytes, the largest memory that was seen.
fn run(directory: &Path, arguments: &[&str]) -> (Duration, u64) {
    let started = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_siteplan"));
    let mut child = command
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let exit = loop {
        memory = memory.max(high_water(&status));
        match child.try_wait().unwrap() {
            Some(exit) => break exit,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(exit.success(), "{arguments:?}: {exit}");
    (started.elapsed(), memory / 1024)
}

/// The most memory that a process had, in kilobytes; 0 where the system does not say.
fn high_water(status: &str) -> u64 {
    let text = fs_err::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// A site of ours, with `@` for its name.
fn template(name: &str) -> (String, String) {
    let text = fs_err::read_to_string(root().join(format!("sites/{name}.yaml"))).unwrap();
    assert!(!text.contains('@'), "`@` stands for the name");
    (
        name.to_owned(),
        text.replace(&format!("  name: {name}\n"), "  name: \"@\"\n"),
    )
}

/// Names a copy of a site, and gives it addresses and host names of its own.
fn text_of_copy(text: &str, name: &str, index: usize) -> String {
    let (high, low) = (index / 250, index % 250);
    text.replace('@', name)
        .replace("10.20.", &format!("{}.{low}.", 11 + high))
        .replace("02:00:00:00:", &format!("02:00:{high:02x}:{low:02x}:"))
        .replace(".example.com", &format!(".s{index}.example.com"))
}

fn copy_inputs(directory: &Path) {
    fs_err::copy(
        root().join("siteplan.yaml"),
        directory.join("siteplan.yaml"),
    )
    .unwrap();
    let below = |directory: &str| walkdir::WalkDir::new(root().join(directory));
    for entry in below("base")
        .into_iter()
        .chain(below("schema"))
        .map(Result::unwrap)
    {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(root()).unwrap().to_str().unwrap();
            write(
                directory,
                path,
                &fs_err::read_to_string(entry.path()).unwrap(),
            );
        }
    }
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
