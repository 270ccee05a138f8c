//! The renderer beside the real kustomize: large overlays, and many overlays over shared bases.
//!
//! `cargo bench --bench kustomize`. Without the tool `kustomize` on the path (or in `~/go/bin`) only our own times are printed.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rustomize::{DiskFiles, Files, MemoryFiles, Renderer};

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let kustomize = real();
    // `cargo bench --bench kustomize -- overlays` runs only the second part.
    if !std::env::args().any(|argument| argument == "overlays") {
        many_resources(kustomize.as_deref());
    }
    many_overlays(kustomize.as_deref());
}

fn many_resources(kustomize: Option<&Path>) {
    println!("one overlay, one patch over all Deployments; the real kustomize runs once");
    println!(
        "{:>9} {:>14} {:>12} {:>12} {:>12} {:>9}",
        "resources", "patch", "ours", "per object", "real", "ratio"
    );
    for count in [10, 100, 1000, 4000] {
        for patch in [Patch::Json, Patch::Strategic] {
            one_overlay(count, patch, kustomize);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Patch {
    Json,
    Strategic,
}

fn one_overlay(count: usize, patch: Patch, kustomize: Option<&Path>) {
    let dir = tempfile::tempdir().unwrap();
    put(
        dir.path(),
        "base",
        "resources: [all.yaml]\n",
        &[(
            "all.yaml",
            (0..count).map(deployment).collect::<Vec<_>>().join("---\n"),
        )],
    );
    put(
        dir.path(),
        "overlay",
        "resources: [../base]\npatches:\n- path: patch.yaml\n  target: {kind: Deployment}\n",
        &[("patch.yaml", text_of(patch))],
    );
    let ours = fastest(if count > 500 { 7 } else { 30 }, || {
        // A new renderer each time: reading and parsing count.
        let renderer = Renderer::new(Arc::new(DiskFiles::new(dir.path()).unwrap()));
        let text = renderer.render_to_text("overlay").unwrap();
        (renderer, text)
    });
    // The real one needs more than a minute for 4,000 objects.
    let real = kustomize.filter(|_| count <= 1000).map(|k| {
        fastest(if count > 500 { 1 } else { 3 }, || {
            build(k, &dir.path().join("overlay"))
        })
    });
    let per = ours / u32::try_from(count).unwrap();
    println!(
        "{count:>9} {:>14} {:>12} {:>12} {:>12} {:>9}",
        format!("{patch:?}"),
        show(ours),
        show(per),
        real.map_or_else(|| "-".to_owned(), show),
        ratio(real, ours)
    );
}

#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn many_overlays(kustomize: Option<&Path>) {
    const OVERLAYS: usize = 1000;
    const BASES: usize = 12;
    let dir = tempfile::tempdir().unwrap();
    for base in 0..BASES {
        let objects: Vec<String> = (0..8)
            .map(|i| if i < 2 { deployment(i) } else { other(i) })
            .collect();
        put(
            dir.path(),
            &format!("base/app{base}"),
            "resources: [all.yaml]\n",
            &[("all.yaml", objects.join("---\n"))],
        );
    }
    for overlay in 0..OVERLAYS {
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- ../../../base/app{}\nlabels:\n- pairs:\n    siteplan.dev/site: site-{overlay}\npatches:\n- path: placement.yaml\n  target:\n    group: apps\n    kind: Deployment\n    name: app-0\n    version: v1\n",
            overlay % BASES
        );
        put(
            dir.path(),
            &format!("out/site{}/app{overlay}", overlay % 83),
            &text,
            &[("placement.yaml", text_of(Patch::Json))],
        );
    }
    let paths: Vec<String> = (0..OVERLAYS)
        .map(|overlay| format!("out/site{}/app{overlay}", overlay % 83))
        .collect();
    let disk = || -> Arc<dyn Files> { Arc::new(DiskFiles::new(dir.path()).unwrap()) };
    let memory: Arc<dyn Files> = Arc::new(overlays_in_memory(disk(), dir.path(), &paths));
    let text = |renderer: &Renderer, path: &String| renderer.render_to_text(path).unwrap().len();
    let values =
        |renderer: &Renderer, path: &String| renderer.build(path).unwrap().objects().unwrap().len();
    let run =
        |in_memory: bool, parallel: bool, render: &(dyn Fn(&Renderer, &String) -> usize + Sync)| {
            fastest(15, || {
                let files = if in_memory {
                    Arc::clone(&memory)
                } else {
                    disk()
                };
                let renderer = Renderer::new(files);
                let render = |path: &String| render(&renderer, path);
                let bytes: usize = if parallel {
                    paths.par_iter().map(render).sum()
                } else {
                    paths.iter().map(render).sum()
                };
                (renderer, bytes)
            })
        };
    // The real one is timed on a sample; the median counts.
    let sample = 40;
    let real = kustomize.map(|k| {
        let some = paths.iter().step_by(OVERLAYS / sample);
        let mut times: Vec<Duration> = some
            .map(|path| fastest(1, || build(k, &dir.path().join(path))))
            .collect();
        times.sort_unstable();
        times[times.len() / 2] * u32::try_from(OVERLAYS).unwrap()
    });
    println!("\n{OVERLAYS} overlays (a label, one JSON patch, 8 objects each) over {BASES} bases");
    println!(
        "the real kustomize once per overlay: {} (the median of {sample})",
        real.map_or_else(|| "-".to_owned(), show)
    );
    for in_memory in [false, true] {
        for (what, render) in [
            (
                "text",
                &text as &(dyn Fn(&Renderer, &String) -> usize + Sync),
            ),
            ("values", &values),
        ] {
            for parallel in [false, true] {
                let time = run(in_memory, parallel, render);
                let from = if in_memory {
                    "overlays in memory"
                } else {
                    "all from disk"
                };
                let cores = if parallel { "all cores" } else { "one core" };
                println!(
                    "{from:<19} to {what:<7} {cores:<9} {:>10} {:>9}",
                    show(time),
                    ratio(real, time)
                );
            }
        }
    }
    parts(dir.path(), &paths);
}

/// The overlays as the compiler has them before it writes them.
fn overlays_in_memory(disk: Arc<dyn Files>, root: &Path, paths: &[String]) -> MemoryFiles {
    let files = paths.iter().flat_map(|path| {
        ["kustomization.yaml", "placement.yaml"].map(|file| format!("{path}/{file}"))
    });
    files.fold(MemoryFiles::new(disk).hiding("out"), |memory, path| {
        memory.with(&path, std::fs::read(root.join(&path)).unwrap())
    })
}

/// What the time of the many overlays is made of.
fn parts(root: &Path, paths: &[String]) {
    let read = fastest(5, || {
        paths
            .iter()
            .map(|p| {
                std::fs::read(root.join(p).join("kustomization.yaml"))
                    .unwrap()
                    .len()
                    + std::fs::read(root.join(p).join("placement.yaml"))
                        .unwrap()
                        .len()
            })
            .sum::<usize>()
    });
    let texts: Vec<String> = paths
        .iter()
        .flat_map(|p| {
            ["kustomization.yaml", "placement.yaml"]
                .map(|f| std::fs::read_to_string(root.join(p).join(f)).unwrap())
        })
        .collect();
    let parse = fastest(5, || {
        texts
            .iter()
            .map(|t| {
                manifest_yaml::read_documents(t, &manifest_yaml::ReadLimits::MANIFEST)
                    .unwrap()
                    .len()
            })
            .sum::<usize>()
    });
    println!(
        "of it: reading the overlays' files {}, parsing them {}",
        show(read),
        show(parse)
    );
}

/// The time until there is a result; giving its memory back is not counted.
fn fastest<T>(times: usize, mut run: impl FnMut() -> T) -> Duration {
    let timed = |run: &mut dyn FnMut() -> T| {
        let start = Instant::now();
        let result = std::hint::black_box(run());
        let time = start.elapsed();
        drop(result);
        time
    };
    (0..times)
        .map(|_| timed(&mut run))
        .min()
        .unwrap_or_default()
}

fn show(time: Duration) -> String {
    match time.as_micros() {
        0..=999 => format!("{} µs", time.as_micros()),
        1000..=9_999_999 => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn ratio(real: Option<Duration>, ours: Duration) -> String {
    real.map_or_else(
        || "-".to_owned(),
        |real| format!("{:.0}×", real.as_secs_f64() / ours.as_secs_f64()),
    )
}

fn real() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(home)
        .map(|dir| dir.join("kustomize"))
        .find(|file| file.is_file())
}

fn build(kustomize: &Path, directory: &Path) -> usize {
    let output = Command::new(kustomize)
        .arg("build")
        .arg(directory)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout.len()
}

fn put(root: &Path, name: &str, kustomization: &str, files: &[(&str, String)]) {
    let dir = root.join(name);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("kustomization.yaml"), kustomization).unwrap();
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
}

fn text_of(patch: Patch) -> String {
    match patch {
        Patch::Json => "- op: test\n  path: /spec/template/spec/containers/0/name\n  value: main\n- op: add\n  path: /spec/template/spec/affinity\n  value:\n    nodeAffinity:\n      requiredDuringSchedulingIgnoredDuringExecution:\n        nodeSelectorTerms:\n        - matchExpressions:\n          - key: kubernetes.io/arch\n            operator: In\n            values:\n            - amd64\n".to_owned(),
        Patch::Strategic => "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: any\nspec:\n  template:\n    spec:\n      priorityClassName: high\n      containers:\n      - name: main\n        imagePullPolicy: Always\n".to_owned(),
    }
}

fn deployment(number: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\n  labels:\n    app: app-{number}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: app-{number}\n  template:\n    metadata:\n      labels:\n        app: app-{number}\n    spec:\n      containers:\n      - name: main\n        image: registry.example.com/team/app:1.2.{number}\n        ports:\n        - containerPort: 8080\n          protocol: TCP\n        env:\n        - name: MODE\n          value: \"production\"\n        resources:\n          requests: {{cpu: 100m, memory: 128Mi}}\n          limits: {{memory: 256Mi}}\n"
    )
}

fn other(number: usize) -> String {
    let mut text =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\ndata:\n");
    (0..12).for_each(|i| _ = writeln!(text, "  key{i}: \"value {i} of {number}\""));
    text
}
