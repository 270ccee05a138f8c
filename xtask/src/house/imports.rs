//! The direction of imports: which sibling modules use one another in a circle.
//!
//! A path is followed through re-exports to the module that it leads to. Uses between a module and one above it are
//! left out: a child may name its parent's types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Item, UseTree};

use super::source::SourceFile;

type ModulePath = Vec<String>;

/// Sibling modules that use one another in a circle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportCycle {
    /// Directory of the crate; empty for the root package.
    pub crate_directory: String,
    /// The module that the siblings are in; empty for the root of the crate.
    pub parent: ModulePath,
    /// Names of the siblings, sorted.
    pub modules: Vec<String>,
    /// Each use within the circle: the file, and the sibling that it names.
    pub uses: Vec<ImportUse>,
}

/// A use of a sibling module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportUse {
    /// Path of the file that names the sibling.
    pub file: String,
    /// Name of the sibling.
    pub sibling: String,
}

impl ImportCycle {
    /// Returns the rooms that the circle's files are in.
    pub fn rooms(&self) -> BTreeSet<String> {
        self.uses
            .iter()
            .map(|used| super::source::room_of(&used.file))
            .collect()
    }

    /// Returns the crate, the parent and the siblings on one line.
    pub fn title(&self) -> String {
        let crate_name = match self.crate_directory.as_str() {
            "" => "siteplan",
            directory => directory,
        };
        let mut parent = vec![crate_name.to_owned()];
        parent.extend(self.parent.iter().cloned());
        format!("{}: {}", parent.join("::"), self.modules.join(" "))
    }
}

impl fmt::Display for ImportCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circle of imports in {}", self.title())?;
        for used in &self.uses {
            write!(f, "\n  {} uses {}", used.file, used.sibling)?;
        }
        Ok(())
    }
}

/// Finds the circles among sibling modules in every crate.
pub(super) fn find_cycles(files: &[SourceFile]) -> Vec<ImportCycle> {
    let mut crates: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
    for file in files {
        crates.entry(file.crate_directory()).or_default().push(file);
    }
    let mut cycles = Vec::new();
    for (directory, files) in crates {
        let tree = ModuleTree::of_files(&files);
        let mut groups: BTreeMap<ModulePath, SiblingGraph> = BTreeMap::new();
        for file in &files {
            add_uses(&tree, file, &mut groups);
        }
        for (parent, graph) in &groups {
            cycles.extend(graph.find_cycles(directory, parent));
        }
    }
    cycles.sort();
    cycles
}

/// The modules of a crate and the names that they re-export.
struct ModuleTree {
    modules: BTreeSet<ModulePath>,
    aliases: BTreeMap<(ModulePath, String), ModulePath>,
}

impl ModuleTree {
    fn of_files(files: &[&SourceFile]) -> Self {
        let modules: BTreeSet<ModulePath> = files.iter().map(|file| file.module_path()).collect();
        let mut tree = Self {
            modules,
            aliases: BTreeMap::new(),
        };
        for file in files {
            let module = file.module_path();
            for item in &file.syntax.items {
                if let Item::Use(item) = item {
                    let mut leaves = Vec::new();
                    flatten_use(&item.tree, &mut Vec::new(), &mut leaves);
                    for leaf in leaves {
                        if let Some(target) = tree.absolute(&module, &leaf.path) {
                            tree.aliases.insert((module.clone(), leaf.name), target);
                        }
                    }
                }
            }
        }
        tree
    }

    /// Returns a path from the root of the crate, or nothing for a path into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<ModulePath> {
        let mut base = module.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                let mut child = base.clone();
                child.push(first.to_owned());
                self.modules.get(&child)?;
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// Returns the module that an absolute path leads to, through re-exports.
    fn resolve(&self, path: &[String]) -> ModulePath {
        let mut path = path.to_vec();
        // A re-export of a re-export of …: nobody nests them this deep.
        for _ in 0..8 {
            let mut depth = path.len();
            while depth > 0 && !self.modules.contains(&path[..depth]) {
                depth -= 1;
            }
            let Some(name) = path.get(depth) else {
                return path;
            };
            match self.aliases.get(&(path[..depth].to_vec(), name.clone())) {
                Some(target) if *target != path => {
                    let mut next = target.clone();
                    next.extend(path[depth + 1..].iter().cloned());
                    path = next;
                }
                _ => return path[..depth].to_vec(),
            }
        }
        path
    }
}

/// Adds the uses of one file to the graphs of the siblings concerned.
fn add_uses(tree: &ModuleTree, file: &SourceFile, groups: &mut BTreeMap<ModulePath, SiblingGraph>) {
    let module = file.module_path();
    let mut paths = Vec::new();
    for item in &file.syntax.items {
        match item {
            Item::Use(item) => {
                let mut leaves = Vec::new();
                flatten_use(&item.tree, &mut Vec::new(), &mut leaves);
                paths.extend(leaves.into_iter().map(|leaf| leaf.path));
            }
            item => collect_paths(item.to_token_stream(), &mut paths),
        }
    }
    for path in paths {
        let Some(target) = tree.absolute(&module, &path) else {
            continue;
        };
        let target = tree.resolve(&target);
        let common = module
            .iter()
            .zip(&target)
            .take_while(|(a, b)| a == b)
            .count();
        if common == module.len() || common == target.len() {
            continue;
        }
        let graph = groups.entry(module[..common].to_vec()).or_default();
        graph.add_use(&module[common], &target[common], &file.path);
    }
}

/// A leaf of a `use`: its whole path, and the name that it is known by.
struct UseLeaf {
    path: ModulePath,
    name: String,
}

/// Lists the leaves of a `use` tree.
fn flatten_use(tree: &UseTree, prefix: &mut ModulePath, leaves: &mut Vec<UseLeaf>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten_use(&path.tree, prefix, leaves);
            prefix.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten_use(tree, prefix, leaves);
            }
        }
        UseTree::Name(name) if name.ident == "self" => {
            let name = prefix.last().cloned().unwrap_or_default();
            leaves.push(UseLeaf {
                path: prefix.clone(),
                name,
            });
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            let mut path = prefix.clone();
            path.push(name.clone());
            leaves.push(UseLeaf { path, name });
        }
        UseTree::Rename(rename) => {
            let mut path = prefix.clone();
            path.push(rename.ident.to_string());
            let name = rename.rename.to_string();
            leaves.push(UseLeaf { path, name });
        }
        UseTree::Glob(_) => leaves.push(UseLeaf {
            path: prefix.clone(),
            name: "*".to_owned(),
        }),
    }
}

/// Lists the paths of code that begin with `crate`, `self` or `super`, also inside macros.
fn collect_paths(tokens: TokenStream, paths: &mut Vec<ModulePath>) {
    let mut path: ModulePath = Vec::new();
    let mut colons = 0;
    for token in tokens {
        match &token {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let continues = !path.is_empty() && colons == 2;
                if !continues {
                    finish_path(&mut path, paths);
                }
                if continues || matches!(name.as_str(), "crate" | "self" | "super") {
                    path.push(name);
                }
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            _ => {
                finish_path(&mut path, paths);
                colons = 0;
            }
        }
        if let TokenTree::Group(group) = token {
            collect_paths(group.stream(), paths);
        }
    }
    finish_path(&mut path, paths);
}

/// Keeps a path of two or more parts; a lone `self` is a value.
fn finish_path(path: &mut ModulePath, paths: &mut Vec<ModulePath>) {
    let path = std::mem::take(path);
    if path.len() > 1 {
        paths.push(path);
    }
}

/// Uses among the modules of one parent.
#[derive(Default)]
struct SiblingGraph {
    uses: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl SiblingGraph {
    fn add_use(&mut self, from: &str, to: &str, file: &str) {
        let targets = self.uses.entry(from.to_owned()).or_default();
        targets
            .entry(to.to_owned())
            .or_default()
            .insert(file.to_owned());
    }

    /// Returns the modules that a module reaches in one or more steps.
    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![from];
        while let Some(module) = waiting.pop() {
            for target in self.uses.get(module).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(target.as_str()) {
                    waiting.push(target);
                }
            }
        }
        reached
    }

    /// Returns the strongly connected components of two or more modules.
    fn find_cycles(&self, crate_directory: &str, parent: &[String]) -> Vec<ImportCycle> {
        let reachable: BTreeMap<&str, BTreeSet<&str>> = self
            .uses
            .keys()
            .map(|module| (module.as_str(), self.reachable(module)))
            .collect();
        let mut cycles: BTreeSet<ImportCycle> = BTreeSet::new();
        for (module, reached) in &reachable {
            if !reached.contains(module) {
                continue;
            }
            let circle: BTreeSet<&str> = reached
                .iter()
                .filter(|other| {
                    reachable
                        .get(*other)
                        .is_some_and(|back| back.contains(module))
                })
                .copied()
                .collect();
            cycles.insert(ImportCycle {
                crate_directory: crate_directory.to_owned(),
                parent: parent.to_vec(),
                modules: circle.iter().map(|&name| name.to_owned()).collect(),
                uses: self.uses_within(&circle),
            });
        }
        cycles.into_iter().collect()
    }

    fn uses_within(&self, circle: &BTreeSet<&str>) -> Vec<ImportUse> {
        let mut uses = Vec::new();
        for (from, targets) in &self.uses {
            for (to, files) in targets {
                if circle.contains(from.as_str()) && circle.contains(to.as_str()) {
                    uses.extend(files.iter().map(|file| ImportUse {
                        file: file.clone(),
                        sibling: to.clone(),
                    }));
                }
            }
        }
        uses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile::parse(path, text).expect("parses"))
            .collect();
        find_cycles(&files).iter().map(ImportCycle::title).collect()
    }

    #[test]
    fn two_modules_that_use_one_another_are_a_circle() {
        let found = cycles(&[
            ("src/lib.rs", "pub mod a; pub mod b;"),
            ("src/a.rs", "use crate::b::B;"),
            ("src/b/mod.rs", "fn f() { crate::a::make(); }"),
        ]);
        assert_eq!(found, ["siteplan: a b"]);
    }

    #[test]
    fn a_re_export_is_followed_to_the_module_behind_it() {
        let found = cycles(&[
            (
                "crates/x/src/lib.rs",
                "mod a; mod b; pub use a::A; pub use b::B;",
            ),
            ("crates/x/src/a.rs", "use crate::B;"),
            ("crates/x/src/b.rs", "use crate::{A};"),
        ]);
        assert_eq!(found, ["crates/x: a b"]);
    }

    #[test]
    fn a_child_may_use_its_parent_and_one_way_is_no_circle() {
        let found = cycles(&[
            ("src/lib.rs", "pub mod a; pub mod b;"),
            (
                "src/a/mod.rs",
                "mod c; use c::C; pub struct A; use crate::b::B;",
            ),
            ("src/a/c.rs", "use super::A;"),
            ("src/b.rs", ""),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn paths_inside_macros_count() {
        let found = cycles(&[
            ("src/a.rs", "fn f() { println!(\"{}\", crate::b::name()); }"),
            ("src/b.rs", "use super::a;"),
        ]);
        assert_eq!(found, ["siteplan: a b"]);
    }
}
