use super::*;

const SITE: &str = "plant";

/// The tree of a site with the files, sealed.
fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.insert(&format!("{SITE}/{path}"), *text).unwrap();
    }
    ledger::seal(&mut tree, SITE, Ledger::default()).unwrap();
    tree
}

/// What out/ holds after the tree was written.
fn present(tree: &Tree) -> Present {
    let record = Record::Known(new_ledger(SITE, tree).unwrap());
    let files = tree
        .iter()
        .map(|(path, bytes)| (path.clone(), file(bytes)))
        .collect();
    Present {
        site: SITE.to_owned(),
        record,
        files,
        foreign: Vec::new(),
    }
}

fn file(bytes: &[u8]) -> PresentFile {
    PresentFile {
        bytes: Some(bytes.to_vec()),
        executable: false,
    }
}

fn path(path: &str) -> TreePath {
    TreePath::parse(&format!("{SITE}/{path}")).unwrap()
}

/// The changes as `kind path`, with a star for edited ones, without the ledger.
fn changes(present: &Present, tree: &Tree) -> Vec<String> {
    let comparison = compare(present, tree);
    let changes = comparison
        .changes
        .iter()
        .filter(|change| change.path.in_site() != ledger::FILE);
    changes
        .map(|c| {
            format!(
                "{:?} {}{}",
                c.kind,
                c.path.in_site(),
                if c.edited { "*" } else { "" }
            )
        })
        .collect()
}

#[test]
fn an_untouched_site_is_the_same() {
    let tree = tree(&[("a.yaml", "a")]);
    assert!(compare(&present(&tree), &tree).is_same());
}

#[test]
fn tells_added_changed_and_stale_files() {
    let old = tree(&[("a.yaml", "a"), ("b.yaml", "b"), ("c.yaml", "c")]);
    let new = tree(&[("b.yaml", "B"), ("c.yaml", "c"), ("d.yaml", "d")]);
    assert_eq!(
        changes(&present(&old), &new),
        ["Stale a.yaml", "Changed b.yaml", "Added d.yaml"]
    );
}

#[test]
fn tells_a_file_edited_by_hand_from_a_stale_one() {
    let old = tree(&[("a.yaml", "a"), ("b.yaml", "b"), ("c.yaml", "c")]);
    let new = tree(&[("a.yaml", "a"), ("b.yaml", "B")]);
    let mut present = present(&old);
    present.files.insert(path("a.yaml"), file(b"edited"));
    present.files.insert(path("c.yaml"), file(b"edited"));
    assert_eq!(
        changes(&present, &new),
        ["Changed a.yaml*", "Changed b.yaml", "Stale c.yaml*"]
    );
    present.files.remove(&path("a.yaml"));
    assert_eq!(
        changes(&present, &new)[0],
        "Added a.yaml*",
        "removed by hand"
    );
}

#[test]
fn an_edit_that_says_the_same_is_no_difference() {
    let old = tree(&[("a.yaml", "a")]);
    let new = tree(&[("a.yaml", "edited")]);
    let mut present = present(&old);
    present.files.insert(path("a.yaml"), file(b"edited"));
    assert!(changes(&present, &new).is_empty());
}

#[test]
fn an_executable_file_differs_and_so_does_one_that_is_too_large() {
    let tree = tree(&[("a.yaml", "a"), ("b.yaml", "b")]);
    let mut present = present(&tree);
    present.files.insert(
        path("a.yaml"),
        PresentFile {
            bytes: Some(b"a".to_vec()),
            executable: true,
        },
    );
    present.files.insert(
        path("b.yaml"),
        PresentFile {
            bytes: None,
            executable: false,
        },
    );
    assert_eq!(
        changes(&present, &tree),
        ["Changed a.yaml", "Changed b.yaml*"]
    );
}

#[test]
fn a_file_that_is_not_in_the_ledger_is_foreign_unless_it_is_replaced() {
    let tree = tree(&[("a.yaml", "a")]);
    let mut present = present(&self::tree(&[]));
    present.files.insert(path("a.yaml"), file(b"theirs"));
    present.files.insert(path("b.yaml"), file(b"theirs"));
    present.foreign = vec!["plant/z.txt".to_owned()];
    assert_eq!(changes(&present, &tree), ["Changed a.yaml*"]);
    assert_eq!(
        compare(&present, &tree).foreign,
        ["plant/b.yaml", "plant/z.txt"]
    );
}

#[test]
fn without_a_ledger_the_first_line_tells_whose_a_file_is() {
    let ours = ledger::header(SITE) + "\nkind: X\n";
    let new = tree(&[("a.yaml", "new")]);
    let mut present = Present {
        site: SITE.to_owned(),
        ..Present::default()
    };
    for record in [
        Record::Missing,
        Record::Unreadable(Ledger::default(), "it has conflict markers".to_owned()),
    ] {
        present.record = record;
        present.files = [
            ("a.yaml", ours.as_str()),
            ("b.yaml", &ours),
            ("c.yaml", "kind: X\n"),
        ]
        .map(|(name, text)| (path(name), file(text.as_bytes())))
        .into();
        assert_eq!(changes(&present, &new), ["Changed a.yaml", "Stale b.yaml"]);
        assert_eq!(compare(&present, &new).foreign, ["plant/c.yaml"]);
    }
}

#[test]
fn a_checkout_with_other_line_ends_is_the_same() {
    let tree = tree(&[("a.yaml", "a: 1\nb: 2\n"), ("c.yaml", "c\n")]);
    let mut present = present(&tree);
    for file in present.files.values_mut() {
        let text = String::from_utf8(file.bytes.take().unwrap()).unwrap();
        file.bytes = Some(text.replace('\n', "\r\n").into_bytes());
    }
    assert!(compare(&present, &tree).is_same());
    let newer = self::tree(&[("a.yaml", "a: 1\nb: 3\n"), ("c.yaml", "c\n")]);
    assert_eq!(changes(&present, &newer), ["Changed a.yaml"], "not edited");
}

#[test]
fn a_file_that_several_instances_decide_has_no_digest() {
    let old = tree(&[("apps/project.yaml", "one"), ("apps/web.yaml", "one")]);
    let new = tree(&[("apps/project.yaml", "two"), ("apps/web.yaml", "two")]);
    let mut present = present(&old);
    let merged = ledger::header(SITE) + "\nmerged\n";
    for name in ["apps/project.yaml", "apps/web.yaml"] {
        present.files.insert(path(name), file(merged.as_bytes()));
    }
    assert_eq!(
        changes(&present, &new),
        ["Changed apps/project.yaml", "Changed apps/web.yaml*"]
    );
}

#[test]
fn reports_edits_foreign_files_and_a_lost_ledger() {
    let comparison = Comparison {
        site: SITE.to_owned(),
        changes: vec![FileChange {
            path: path("a.yaml"),
            kind: ChangeKind::Changed,
            edited: true,
        }],
        foreign: vec!["plant/z.txt".to_owned()],
        unreadable: Some("it is too large".to_owned()),
        ..Comparison::default()
    };
    let codes: Vec<_> = report(&comparison).iter().map(|d| d.code).collect();
    assert_eq!(
        codes,
        ["edited-by-hand", "foreign-file", "ledger-unreadable"]
    );
}
