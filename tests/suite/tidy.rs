//! The house rules that no lint knows: one door per crate, small files, words that stay out, dependencies that stay out.

use std::collections::BTreeSet;
use std::path::Path;

use xtask::house::{House, OffenceKind};

use crate::repository;

/// A crate, and the only places in src/ that may name it.
struct Door {
    name: &'static str,
    places: &'static [&'static str],
}

const DOORS: &[Door] = &[
    Door {
        name: "annotate_snippets",
        places: &["crates/pointer-diagnostics/"],
    },
    Door {
        name: "base64",
        places: &[
            "crates/apiserver-schema/",
            "crates/manifest-yaml/src/value.rs",
            "crates/rustomize/src/",
        ],
    },
    Door {
        name: "clap",
        places: &["src/cli/"],
    },
    Door {
        name: "clap_complete",
        places: &["src/cli/"],
    },
    Door {
        name: "clap_mangen",
        places: &["src/cli/"],
    },
    Door {
        name: "granit_parser",
        places: &["crates/manifest-yaml/"],
    },
    Door {
        name: "jsonschema",
        places: &["src/schema/"],
    },
    Door {
        name: "minijinja",
        places: &["src/template/"],
    },
    Door {
        name: "percent_encoding",
        places: &["crates/pointer-diagnostics/"],
    },
    Door {
        name: "rustix",
        places: &["crates/rooted-directory/", "src/write/"],
    },
    Door {
        name: "schemars",
        places: &["crates/kubernetes-vocabulary/", "src/model/", "src/schema/"],
    },
    Door {
        name: "semver",
        places: &["src/model/version_range.rs"],
    },
    Door {
        name: "serde_yaml",
        places: &["src/cluster/"],
    },
    Door {
        name: "sha2",
        places: &[
            "crates/pointer-diagnostics/src/report/sarif.rs",
            "crates/rustomize/src/hash.rs",
            "src/ledger/",
        ],
    },
    Door {
        name: "similar",
        places: &["src/compare/"],
    },
    Door {
        name: "strsim",
        places: &["crates/apiserver-schema/", "src/nearest.rs"],
    },
    Door {
        name: "syn",
        places: &["xtask/"],
    },
    Door {
        name: "terminal_size",
        places: &["src/cli/"],
    },
    Door {
        name: "unicode_width",
        places: &["crates/pointer-diagnostics/"],
    },
    Door {
        name: "walkdir",
        places: &["crates/rooted-directory/", "xtask/"],
    },
];

/// The passes between are pure: values in, values out.
const FILE_SYSTEM: &[&str] = &[
    "src/cli/",
    "crates/rustomize/src/files.rs",
    "src/revision/",
    "crates/rooted-directory/",
    "src/write/",
];

/// Arguments and the environment; git runs in an environment of its own, made from a few variables of ours.
const ENVIRONMENT: &[&str] = &["src/cli/", "src/main.rs", "src/revision/git.rs"];

/// Lines. A file that is longer tells two stories.
const LONGEST_FILE: usize = 500;

/// Longer files. The list may only become shorter.
const LONG_FILES_LEFT: &[&str] = &[
    "crates/manifest-yaml/src/quick/mod.rs",
    "crates/podfit/src/prove/survival.rs",
    "crates/podfit/src/scheduler/tests.rs",
    "crates/rustomize/src/accumulate.rs",
    "crates/rustomize/src/patch/json.rs",
    "crates/rustomize/src/transform/replacement.rs",
    "src/catalogue/entry.rs",
];

#[test]
fn each_crate_is_named_behind_its_door_only() {
    let mut strays = Vec::new();
    for (path, text) in repository::sources() {
        let shut = DOORS
            .iter()
            .filter(|door| !door.places.iter().any(|place| path.starts_with(place)));
        for door in shut.filter(|door| names(&code(&text), door.name)) {
            strays.push(format!(
                "{path} names `{}`: only {} may",
                door.name,
                door.places.join(", ")
            ));
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn files_are_read_and_written_at_the_edges_only() {
    let mut strays = Vec::new();
    for (path, text) in repository::sources()
        .into_iter()
        .filter(|(path, _)| !is_test(path))
    {
        let code = code(&text);
        let reads =
            code.contains("std::fs") || code.contains("fs_err") || code.contains("std::{fs");
        if reads && !FILE_SYSTEM.iter().any(|place| path.starts_with(place)) {
            strays.push(path.clone());
        }
        let asks =
            code.contains("std::env") && !ENVIRONMENT.iter().any(|place| path.starts_with(place));
        if asks {
            strays.push(format!("{path} (the environment)"));
        }
    }
    assert!(
        strays.is_empty(),
        "these touch the machine: {}",
        strays.join(", ")
    );
}

#[test]
fn every_source_file_says_what_it_is_and_is_short() {
    let all = repository::sources()
        .into_iter()
        .chain(repository::files("tests", "rs"));
    let mut problems = Vec::new();
    for (path, text) in all {
        let lines = text.lines().count();
        if lines > LONGEST_FILE && !LONG_FILES_LEFT.contains(&path.as_str()) {
            problems.push(format!("{path} has {lines} lines, over {LONGEST_FILE}"));
        }
        let is_documented = text.starts_with("//! ")
            || text.starts_with("#![doc = include_str!(\"../README.md\")]");
        if !is_documented && !is_test(&path) {
            problems.push(format!("{path} does not begin with its documentation"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Names of types that two types have. The lists below name what is left; they may only become shorter.
const SHARED_TYPES_LEFT: &[&str] = &[
    "Definitions",
    "Dialect",
    "Each",
    "Field",
    "Fields",
    "Network",
    "Notation",
    "Operation",
    "Quantity",
    "Rule",
    "Step",
    "UnknownFields",
    "UnknownVersion",
];

/// Functions with a parameter that is a tuple.
const TUPLE_PARAMETERS_LEFT: &[&str] = &["edit_matching"];

/// Doc comments that open with "What", "Whether", "Which" and the like.
const RELATIVE_DOCS_LEFT: usize = 72;

/// Sibling modules that use one another in a circle.
const CIRCLES_LEFT: &[&str] = &[
    "crates/apiserver-schema: builtin cel check schema",
    "crates/apiserver-validation: pods pvc",
    "crates/rustomize: accumulate cache",
    "crates/rustomize: kustomization resource",
    "crates/rustomize: patch transform",
    "crates/rustomize::patch: keyed_list strategic",
    "siteplan::cli: command_line commands console progress session",
    "siteplan::overlay: exceptions kustomization",
    "siteplan::validate: api_server argo definitions policies view",
];

/// `cargo run -p xtask -- house` shows the numbers, `… house ROOM` the lines.
#[test]
fn names_parameters_comments_and_imports_keep_the_house_rules() {
    let house = House::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut problems = Vec::new();
    let mut relative_docs = 0;
    for offence in house.offences() {
        let allowed = match offence.kind {
            OffenceKind::SharedTypeName => {
                is_left(SHARED_TYPES_LEFT, offence.text.split('`').nth(1))
            }
            OffenceKind::TupleParameter => is_left(TUPLE_PARAMETERS_LEFT, Some(&offence.text)),
            OffenceKind::RelativeDoc => {
                relative_docs += 1;
                relative_docs <= RELATIVE_DOCS_LEFT
            }
            _ => true,
        };
        if !allowed {
            problems.push(offence.to_string());
        }
    }
    for circle in house.import_cycles() {
        if !CIRCLES_LEFT
            .iter()
            .any(|left| is_part_of_circle(&circle.title(), left))
        {
            problems.push(circle.to_string());
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn lists_of_what_is_left_are_sorted() {
    for list in [
        LONG_FILES_LEFT,
        SHARED_TYPES_LEFT,
        TUPLE_PARAMETERS_LEFT,
        CIRCLES_LEFT,
    ] {
        assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
    }
}

/// Checks that all modules of one circle are in another, of the same parent.
fn is_part_of_circle(circle: &str, left: &str) -> bool {
    let (Some((parent, modules)), Some((left_parent, left_modules))) =
        (circle.split_once(": "), left.split_once(": "))
    else {
        return false;
    };
    let left_modules: BTreeSet<&str> = left_modules.split(' ').collect();
    parent == left_parent
        && modules
            .split(' ')
            .all(|module| left_modules.contains(module))
}

/// Checks that a list has a name.
fn is_left(list: &[&str], name: Option<&str>) -> bool {
    name.is_some_and(|name| list.contains(&name))
}

/// The project speaks of itself: not of the machine that it was written on, nor of how work on it was handed out.
#[test]
fn nothing_speaks_of_the_machine_it_was_written_on() {
    let forbidden = [
        "/work/",
        "/tmp/wt",
        "/root/",
        "/home/",
        "issue #",
        "todo!(",
        "unimplemented!(",
        "FIXME",
    ];
    let mut found = Vec::new();
    for (path, text) in repository::all_files()
        .into_iter()
        .filter(|(path, _)| is_ours(path))
    {
        for word in forbidden.iter().filter(|word| text.contains(**word)) {
            found.push(format!("{path} contains `{word}`"));
        }
        let outside = [
            "shared/crds",
            "shared/reference",
            "shared/design",
            "shared/style",
        ];
        for word in outside
            .iter()
            .filter(|word| text.contains(**word) && path != ".ci/run")
        {
            found.push(format!(
                "{path} names `{word}`, which is outside the repository"
            ));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_text_file_has_a_carriage_return_or_lacks_its_last_newline() {
    let mut found = Vec::new();
    for (path, text) in repository::all_files()
        .into_iter()
        .filter(|(path, _)| is_ours(path))
    {
        if text.contains('\r') || !(text.is_empty() || text.ends_with('\n')) {
            found.push(path);
        }
    }
    assert!(found.is_empty(), "line ends: {}", found.join(", "));
}

/// `cargo deny` says more, where it is installed; this much holds everywhere.
#[test]
fn the_locked_dependencies_are_allowed() {
    let lock = repository::read("Cargo.lock");
    let deny = repository::read("deny.toml");
    let values = |text: &str, key: &str| -> BTreeSet<String> {
        let lines = text
            .lines()
            .filter_map(|l| l.trim().strip_prefix(key).map(str::to_owned));
        lines
            .filter_map(|l| l.split('"').nth(1).map(str::to_owned))
            .collect()
    };
    let banned = values(&deny, "{ crate = ");
    assert!(banned.len() >= 6, "deny.toml names {banned:?}");
    let locked = values(&lock, "name = ");
    let present: Vec<&String> = banned.intersection(&locked).collect();
    assert!(
        present.is_empty(),
        "deny.toml bans {present:?}, and Cargo.lock has them"
    );
    let sources = values(&lock, "source = ");
    assert_eq!(
        sources,
        BTreeSet::from(["registry+https://github.com/rust-lang/crates.io-index".to_owned()])
    );
}

/// Whether a text speaks for the project: not what a tool printed, what a link points at, or this file.
fn is_ours(path: &str) -> bool {
    let is = |extension: &str| Path::new(path).extension().is_some_and(|e| e == extension);
    let is_recorded = path.contains("/kustomize/corpus/")
        || path.starts_with("fuzz/corpus/")
        || is("link")
        || is("json");
    !is_recorded && path != "tests/suite/tidy.rs"
}

/// Files of unit tests.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The text without its comments and without the tests at its end.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Whether code uses the crate: as the first part of a path, and not of a path below `crate::` or `super::`.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        let after = &code[at + name.len()..];
        let is_start = !(before.is_alphanumeric() || matches!(before, '_' | ':' | '.'));
        is_start && after.starts_with("::")
    })
}
