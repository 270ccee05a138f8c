//! Targets of the YAML crate and of the renderer.

#![no_main]

mod target;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use manifest_yaml::{FieldPart, Pointer, ReadLimits, find_span, read_documents, write_document};
use rustomize::{KustomizeVersion, MemoryFiles, NoFiles, Renderer};

use target::{Target, run_target, split_files};

const TARGETS: &[Target] = &[
    ("reader", read_text),
    ("writer", write_value),
    ("quick-reader", read_both_ways),
    ("renderer", render_directory),
    ("patches", apply_patch),
];

fuzz_target!(|input: &[u8]| run_target(TARGETS, input));

/// Reads a text and looks for a place in it: neither panics, and the place is in the text.
fn read_text(text: &str) {
    if let Ok(documents) = read_documents(text, &ReadLimits::MANIFEST) {
        for document in &documents {
            let _ = document.to_value();
        }
    }
    for part in [FieldPart::Key, FieldPart::Value] {
        let range = find_span(text, &Pointer::parse("/a/0/b"), part);
        assert!(text.get(range).is_some(), "the place is in the text");
    }
}

/// Writes the values of a text, and reads the same values back.
fn write_value(text: &str) {
    let Ok(documents) = read_documents(text, &ReadLimits::MANIFEST) else {
        return;
    };
    for value in documents.iter().filter_map(|d| d.to_value().ok()) {
        let written = write_document(&value);
        let back = read_documents(&written, &ReadLimits::MANIFEST).expect("it was written here");
        assert_eq!(back.len(), 1, "{written}");
        assert_eq!(back[0].to_value().as_ref(), Ok(&value), "{written}");
    }
}

/// Reads a text quickly and fully: a comment in another script at its end sends it to the full reader.
fn read_both_ways(text: &str) {
    if !text.ends_with('\n') || !text.is_ascii() {
        return;
    }
    // A comment behind a `|+` lengthens it, which is kustomize's way.
    let keeps = text.contains("|+") || text.contains(">+");
    let quick = read_documents(text, &ReadLimits::MANIFEST);
    let full = read_documents(&format!("{text}# ä\n"), &ReadLimits::MANIFEST);
    if let (Ok(quick), Ok(full), false) = (quick, full, keeps) {
        let values = |documents: &[manifest_yaml::YamlNode]| -> Vec<_> {
            documents
                .iter()
                .map(manifest_yaml::YamlNode::to_value)
                .collect()
        };
        assert_eq!(values(&quick), values(&full));
    }
}

/// Builds a directory twice with one renderer: the second answer is the first, and what is printed can be read.
fn render_directory(text: &str) {
    let version = match text.len() % 3 {
        0 => KustomizeVersion::V5_4,
        1 => KustomizeVersion::V5_6,
        _ => KustomizeVersion::V5_8,
    };
    let mut files = MemoryFiles::new(Arc::new(NoFiles));
    for (path, content) in split_files(text) {
        let is_plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if is_plain {
            files.insert(path, content.as_bytes());
        }
    }
    let renderer = Renderer::of_version(Arc::new(files), version);
    let first = renderer.render_to_text("");
    let second = renderer.render_to_text("");
    match (first, second) {
        (Ok(first), Ok(second)) => {
            assert_eq!(first, second);
            // kustomize prints these as they are, and the reader refuses them in files.
            if !first.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
                let read = read_documents(&first, &ReadLimits::MANIFEST);
                assert!(read.is_ok(), "{read:?}\n{first}");
            }
        }
        (Err(first), Err(second)) => assert_eq!(first.iter().count(), second.iter().count()),
        (first, second) => panic!("{first:?}\n{second:?}"),
    }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {a: b}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80, protocol: TCP}]
        env: [{name: A, value: b}]
      volumes: [{name: v, emptyDir: {}}]
";

/// Applies a patch to a Deployment.
fn apply_patch(text: &str) {
    let files = MemoryFiles::new(Arc::new(NoFiles))
        .with("deployment.yaml", DEPLOYMENT)
        .with("patch.yaml", text)
        .with(
            "kustomization.yaml",
            "resources: [deployment.yaml]\npatches: [{path: patch.yaml, target: {kind: Deployment}}]\n",
        );
    let rendered = Renderer::new(Arc::new(files)).render_to_text("");
    if let Ok(rendered) = rendered {
        let read = read_documents(&rendered, &ReadLimits::MANIFEST);
        assert!(read.is_ok(), "{read:?}\n{rendered}");
    }
}
