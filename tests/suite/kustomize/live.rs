//! Builds the same directory with the real kustomize and here.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustomize::{DiskFiles, KustomizeVersion, Renderer};

use crate::oracle;

/// How the two agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Agreement {
    /// The same bytes.
    Same,
    /// Both fail.
    BothFail,
    /// Refused here on purpose.
    Refused,
    /// Something else; what was found.
    Differs(String),
}

/// What the real kustomize prints for a directory; the error is its message.
pub(super) fn real(kustomize: &Path, directory: &Path) -> Result<String, String> {
    let output = Command::new(kustomize)
        .arg("build")
        .arg(directory)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Compares the two for a directory below a root.
pub(super) fn compare(
    kustomize: &Path,
    root: &Path,
    directory: &str,
    version: KustomizeVersion,
) -> Agreement {
    let renderer = Renderer::of_version(Arc::new(DiskFiles::new(root).unwrap()), version);
    match agreement(
        &real(kustomize, &root.join(directory)),
        &renderer.render_to_text(directory),
    ) {
        Agreement::Same => same_again(&renderer, directory),
        other => other,
    }
}

/// Renders again with what the renderer kept: of bases, of patches, of printed text.
pub(super) fn same_again(renderer: &Renderer, directory: &str) -> Agreement {
    let texts: Vec<_> = (0..4)
        .map(|_| renderer.render_to_text(directory).ok())
        .collect();
    match texts.iter().find(|text| **text != texts[0]) {
        None => Agreement::Same,
        Some(_) => Agreement::Differs(format!("  ours differs from itself: {texts:#?}")),
    }
}

fn agreement(
    real: &Result<String, String>,
    ours: &Result<String, pointer_diagnostics::Diagnostics>,
) -> Agreement {
    let message = |found: &pointer_diagnostics::Diagnostics| {
        found
            .iter()
            .map(|d| format!("{}: {}", d.code, d.message))
            .collect::<Vec<_>>()
            .join("; ")
    };
    match (real, ours) {
        (Ok(real), Ok(ours)) if real == ours => Agreement::Same,
        (Err(e), Err(f)) => {
            if std::env::var_os("RANDOM_VERBOSE").is_some() {
                eprintln!(
                    "FAIL {} || {}",
                    message(f),
                    e.lines().next().unwrap_or_default()
                );
            }
            Agreement::BothFail
        }
        (_, Err(found)) if found.iter().all(|d| d.code == "unsupported-kustomization") => {
            Agreement::Refused
        }
        (Ok(real), Ok(ours)) => {
            let lines = real
                .lines()
                .zip(ours.lines())
                .filter(|(r, o)| r != o)
                .take(6);
            let lines: Vec<String> = lines
                .map(|(r, o)| format!("  real {r:?}\n  ours {o:?}"))
                .collect();
            let counts = (real.lines().count(), ours.lines().count());
            Agreement::Differs(format!("{}\n  lines {counts:?}", lines.join("\n")))
        }
        (Ok(_), Err(found)) => Agreement::Differs(format!("  only ours fails: {}", message(found))),
        (Err(real), Ok(_)) => {
            let end: String = real
                .chars()
                .rev()
                .take(300)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            Agreement::Differs(format!("  only the real one fails: …{end}"))
        }
    }
}

/// Every kustomization of the repository's own fleet is built alike.
#[test]
fn the_fleet_is_rendered_as_kustomize_renders_it() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories = Vec::new();
    for top in ["base", "out"] {
        collect(&root.join(top), &mut directories);
    }
    let renderer = Renderer::new(Arc::new(DiskFiles::new(root).unwrap()));
    let mut failed = Vec::new();
    for directory in &directories {
        let below = directory.strip_prefix(root).unwrap().to_str().unwrap();
        match agreement(
            &real(&kustomize, directory),
            &renderer.render_to_text(below),
        ) {
            Agreement::Same => {}
            other => failed.push(format!("{below}: {other:?}")),
        }
    }
    eprintln!(
        "fleet: {} of {} kustomizations are built alike",
        directories.len() - failed.len(),
        directories.len()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn collect(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    if directory.join("kustomization.yaml").is_file() {
        found.push(directory.to_path_buf());
    }
    let mut below: Vec<_> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.is_dir())
        .collect();
    below.sort();
    for path in &below {
        collect(path, found);
    }
}
