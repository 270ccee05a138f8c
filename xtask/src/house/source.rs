//! Source files, parsed and without their tests.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{Context as _, Result};
use syn::spanned::Spanned as _;
use syn::{Attribute, ImplItem, Item};
use walkdir::WalkDir;

/// A source file without its test code.
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// The directory or file of `src/`, `crates/` or the root that it belongs to.
    pub room: String,
    /// Lines of the whole file.
    pub lines: usize,
    /// Lines outside test code that are neither blank nor a comment.
    pub code_lines: usize,
    /// The parsed file; items under `#[cfg(test)]` are removed.
    pub syntax: syn::File,
}

impl SourceFile {
    /// Parses a file and removes its test code.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let mut syntax = syn::parse_file(text).with_context(|| format!("{path} does not parse"))?;
        let mut tests = Vec::new();
        remove_tests(&mut syntax.items, &mut tests);
        Ok(Self {
            path: path.to_owned(),
            room: room_of(path),
            lines: text.lines().count(),
            code_lines: count_code_lines(text, &tests),
            syntax,
        })
    }

    /// Returns the path of the module from the root of its crate: `["place", "scope"]`.
    pub fn module_path(&self) -> Vec<String> {
        let inside = match self.path.split_once("/src/") {
            Some((_, inside)) => inside,
            None => self.path.trim_start_matches("src/"),
        };
        let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        if matches!(inside, "lib" | "main" | "mod") {
            return Vec::new();
        }
        inside.split('/').map(str::to_owned).collect()
    }

    /// Returns the directory of the crate: `crates/podfit`, `xtask`, or nothing for the root package.
    pub fn crate_directory(&self) -> &str {
        self.path
            .split_once("/src/")
            .map_or("", |(directory, _)| directory)
    }
}

/// Returns the room of a path: `src/plan`, `crates/podfit`, `xtask`.
pub(super) fn room_of(path: &str) -> String {
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some(top @ ("src" | "crates")), Some(second)) => {
            format!("{top}/{}", second.trim_end_matches(".rs"))
        }
        (top, _) => top.unwrap_or_default().to_owned(),
    }
}

/// Reads every source file below the root that is no test, sorted by path.
pub(super) fn read_files(root: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for top in ["src", "crates", "xtask"] {
        let directory = root.join(top);
        if !directory.is_dir() {
            continue;
        }
        for entry in walk_sorted(&directory) {
            let entry = entry?;
            let path = entry.path().strip_prefix(root)?.to_string_lossy();
            let path = path.replace('\\', "/");
            if entry.file_type().is_file() && is_source(&path) {
                files.push(SourceFile::parse(&path, &read_text(entry.path())?)?);
            }
        }
    }
    Ok(files)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the measured checkout is the developer's own"
)]
fn walk_sorted(directory: &Path) -> walkdir::IntoIter {
    WalkDir::new(directory).sort_by_file_name().into_iter()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the measured checkout is the developer's own"
)]
fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Checks that a path is a source file of a package and no test.
fn is_source(path: &str) -> bool {
    let is_rust = Path::new(path).extension().is_some_and(|e| e == "rs");
    let in_sources = path.starts_with("src/") || path.contains("/src/");
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    is_rust && in_sources && !is_test
}

/// Removes test items and records their lines.
fn remove_tests(items: &mut Vec<Item>, tests: &mut Vec<RangeInclusive<usize>>) {
    items.retain(|item| {
        let is_test = is_test(item_attributes(item));
        if is_test {
            let span = item.span();
            tests.push(span.start().line..=span.end().line);
        }
        !is_test
    });
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    remove_tests(items, tests);
                }
            }
            Item::Impl(block) => block.items.retain(|item| {
                let is_test = matches!(item, ImplItem::Fn(function) if is_test(&function.attrs));
                if is_test {
                    let span = item.span();
                    tests.push(span.start().line..=span.end().line);
                }
                !is_test
            }),
            _ => {}
        }
    }
}

/// Checks for `#[test]`, `#[cfg(test)]` and `#[cfg(any(test, …))]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        if attribute.path().is_ident("test") {
            return true;
        }
        let condition = attribute
            .path()
            .is_ident("cfg")
            .then(|| match &attribute.meta {
                syn::Meta::List(list) => list.tokens.to_string(),
                _ => String::new(),
            });
        condition.is_some_and(|condition| {
            let names_test = condition
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == "test");
            names_test && !condition.contains("not")
        })
    })
}

/// Returns the attributes of an item.
pub(super) fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Counts the lines outside tests that are neither blank nor a comment.
fn count_code_lines(text: &str, tests: &[RangeInclusive<usize>]) -> usize {
    let mut count = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let is_test = tests.iter().any(|lines| lines.contains(&(index + 1)));
        if !is_test && !line.is_empty() && !line.starts_with("//") {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_code_is_left_out() {
        let text = "//! Doc.\n\nfn one() {}\n#[cfg(test)]\nmod tests {\n    fn two() {}\n}\n";
        let file = SourceFile::parse("src/plan/mod.rs", text).expect("parses");
        assert_eq!(file.code_lines, 1);
        assert_eq!(file.syntax.items.len(), 1);
        assert_eq!(file.lines, 7);
    }

    #[test]
    fn a_file_knows_its_room_and_its_module() {
        let module = |path| {
            let file = SourceFile::parse(path, "").expect("parses");
            (file.room.clone(), file.module_path().join("::"))
        };
        let expect = |room: &str, module: &str| (room.to_owned(), module.to_owned());
        assert_eq!(module("src/plan/mod.rs"), expect("src/plan", "plan"));
        assert_eq!(module("src/nearest.rs"), expect("src/nearest", "nearest"));
        assert_eq!(module("src/lib.rs"), expect("src/lib", ""));
        let lib = module("crates/podfit/src/lib.rs");
        assert_eq!(lib, expect("crates/podfit", ""));
        let core = module("crates/podfit/src/prove/core.rs");
        assert_eq!(core, expect("crates/podfit", "prove::core"));
    }
}
