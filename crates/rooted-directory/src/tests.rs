use std::os::unix::fs::symlink;

use super::*;

/// Makes a tree with a file, a secret beside it, and links to it.
fn tree() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs_err::create_dir_all(root.join("a/b")).unwrap();
    fs_err::write(root.join("a/b/file"), "text").unwrap();
    fs_err::create_dir(directory.path().join("outside")).unwrap();
    fs_err::write(directory.path().join("outside/secret"), "token").unwrap();
    symlink("../../outside", root.join("a/directory")).unwrap();
    symlink("../../outside/secret", root.join("a/secret")).unwrap();
    symlink("b", root.join("a/alias")).unwrap();
    (directory, root)
}

/// Opens the tree with the kernel's resolution and with our own.
fn both(root: &Path) -> Vec<RootedDirectory> {
    let by_kernel = RootedDirectory::open(root).unwrap();
    let by_hand = RootedDirectory {
        resolver: Resolver::Components,
        ..RootedDirectory::open(root).unwrap()
    };
    vec![by_kernel, by_hand]
}

#[test]
fn a_regular_file_is_read() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        assert_eq!(tree.read("a/b/file", 4).unwrap(), b"text");
    }
}

#[test]
fn no_component_of_a_path_may_be_a_link() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        for (path, link) in [
            ("a/directory/secret", "a/directory"),
            ("a/secret", "a/secret"),
            ("a/alias/file", "a/alias"),
        ] {
            match tree.read(path, 99) {
                Err(OpenError::Link(at)) => assert_eq!(at, link),
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_path_that_climbs_is_outside() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        for path in [
            "../outside/secret",
            "a/../../outside/secret",
            "/etc/passwd",
            "a//b/file",
            "a/./b/file",
        ] {
            assert!(
                matches!(tree.read(path, 99), Err(OpenError::Outside)),
                "{path}"
            );
        }
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let (_keep, root) = tree();
    File::create(root.join("sparse"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    for tree in both(&root) {
        let error = tree.read("sparse", 1 << 20).unwrap_err();
        assert!(
            matches!(error, OpenError::TooLarge { size, limit } if size == 1 << 40 && limit == 1 << 20)
        );
    }
}

#[test]
fn pipes_and_directories_are_not_read_and_do_not_block() {
    let (_keep, root) = tree();
    let made = std::process::Command::new("mkfifo")
        .arg(root.join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    for tree in both(&root) {
        for path in ["pipe", "a"] {
            assert!(
                matches!(tree.read(path, 99), Err(OpenError::NotRegular)),
                "{path}"
            );
        }
        assert_eq!(tree.kind("pipe").unwrap(), EntryKind::Special);
    }
}

#[test]
fn a_missing_path_and_a_path_through_a_file_are_missing() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        for path in ["gone", "gone/file", "a/b/file/x"] {
            assert!(
                matches!(tree.read(path, 99), Err(OpenError::Missing)),
                "{path}"
            );
        }
    }
}

#[test]
fn a_listing_names_files_and_links_and_enters_no_link() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        let listed: Vec<String> = tree
            .list("a")
            .unwrap()
            .iter()
            .map(|entry| format!("{entry:?}"))
            .collect();
        let expected = [
            r#"Odd("a/alias")"#,
            r#"File("a/b/file")"#,
            r#"Odd("a/directory")"#,
            r#"Odd("a/secret")"#,
        ];
        assert_eq!(listed, expected);
        assert!(
            matches!(tree.list("a/directory"), Err(OpenError::Link(link)) if link == "a/directory")
        );
        assert!(tree.list("gone").unwrap().is_empty());
    }
}

#[test]
fn a_new_file_is_not_written_through_a_link() {
    let (_keep, root) = tree();
    for (index, tree) in both(&root).iter().enumerate() {
        assert!(matches!(
            tree.create("a/directory/new", b"x"),
            Err(OpenError::Link(_))
        ));
        assert!(matches!(
            tree.create("a/directory/deep/new", b"x"),
            Err(OpenError::Link(_))
        ));
        assert!(!root.join("../outside/new").exists());
        assert!(!root.join("../outside/deep").exists());
        let path = format!("new/directory/{index}");
        tree.create(&path, b"x").unwrap();
        assert_eq!(tree.read(&path, 1).unwrap(), b"x");
        assert!(
            matches!(tree.create(&path, b"y"), Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists)
        );
    }
}

#[test]
fn a_link_shows_its_target() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        assert_eq!(tree.kind("a/alias").unwrap(), EntryKind::Link);
        assert_eq!(tree.read_link("a/alias").unwrap(), "b");
    }
}

#[test]
fn directories_are_listed_without_links_and_files() {
    let (_keep, root) = tree();
    for tree in both(&root) {
        assert_eq!(tree.list_directories("").unwrap(), ["a"]);
        assert_eq!(tree.list_directories("a").unwrap(), ["b"]);
        assert!(tree.list_directories("a/alias").is_err());
        assert!(tree.list_directories("../outside").is_err());
    }
}

#[test]
fn a_file_is_read_once_and_its_limit_holds_for_all() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join("a"), "before").unwrap();
    let tree = ReadOnceDirectory::open(dir.path()).unwrap();
    assert_eq!(&*tree.read_once("a", 100).unwrap(), b"before");
    fs_err::write(dir.path().join("a"), "after").unwrap();
    assert_eq!(&*tree.read_once("a", 100).unwrap(), b"before");
    assert!(matches!(
        tree.read_once("a", 3),
        Err(OpenError::TooLarge { size: 6, limit: 3 })
    ));
}
