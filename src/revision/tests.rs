use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A repository with one commit, or why there can be none: no git.
struct Repository(TempDir);

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self(TempDir::new().unwrap());
        repository.git(&["init", "-q", "-b", "main"]);
        repository.commit(files);
        repository
    }

    fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    fn git(&self, arguments: &[&str]) {
        let identity = [
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        let status = Command::new("git")
            .current_dir(self.0.path())
            .args(identity)
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    }

    fn read(&self, revision: &str) -> anyhow::Result<Revision> {
        read(self.0.path(), revision, &["out", "base"])
    }
}

fn texts(revision: &Revision) -> Vec<(&str, &str)> {
    revision
        .files
        .iter()
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).unwrap()))
        .collect()
}

#[test]
fn reads_the_wanted_files_of_any_revision() {
    let repository = Repository::new(&[
        ("out/a", "1"),
        ("base/x/y", "\n\n"),
        ("other", "1"),
        ("out/empty", ""),
    ]);
    repository.commit(&[("out/a", "2")]);
    assert_eq!(
        texts(&repository.read("HEAD~1").unwrap()),
        [("base/x/y", "\n\n"), ("out/a", "1"), ("out/empty", "")]
    );
    let head = repository.read("main").unwrap();
    assert_eq!(texts(&head)[1], ("out/a", "2"));
    assert_eq!(repository.read(&head.commit).unwrap(), head);
}

#[test]
fn reads_from_a_directory_inside_of_the_repository() {
    let repository = Repository::new(&[("fleet/out/a", "1"), ("out/b", "2")]);
    let revision = read(&repository.0.path().join("fleet"), "HEAD", &["out"]).unwrap();
    assert_eq!(texts(&revision), [("out/a", "1")]);
}

#[test]
fn reads_more_than_a_pipe_holds() {
    let files: Vec<(String, String)> = (0..300)
        .map(|n| (format!("out/{n:04}"), format!("{n}").repeat(1000)))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    assert_eq!(texts(&Repository::new(&files).read("HEAD").unwrap()), files);
}

#[test]
fn a_revision_is_never_an_option() {
    let repository = Repository::new(&[("out/a", "1")]);
    for revision in [
        "--output=stolen",
        "-h",
        "--all",
        "",
        "nowhere",
        "HEAD:out",
        "HEAD\n",
        "main..main",
        "a\0b",
        "^main",
    ] {
        assert!(repository.read(revision).is_err(), "{revision:?}");
    }
    assert!(!repository.0.path().join("stolen").exists());
    let error = repository.read("nowhere").unwrap_err();
    assert_eq!(error.to_string(), "git knows no commit `nowhere`");
}

#[test]
fn attributes_hide_and_rewrite_nothing() {
    let repository = Repository::new(&[("out/a", "$Format:%H$\n"), ("out/b", "b"), ("out/c", "c")]);
    let attributes = "out/a export-subst eol=crlf filter=evil\nout/b export-ignore\n";
    repository.commit(&[(".gitattributes", attributes), ("out/c", "c2")]);
    repository.git(&["config", "filter.evil.smudge", "touch stolen"]);
    repository.git(&["config", "core.fsmonitor", "touch stolen"]);
    let revision = repository.read("HEAD").unwrap();
    assert_eq!(
        texts(&revision),
        [("out/a", "$Format:%H$\n"), ("out/b", "b"), ("out/c", "c2")]
    );
    assert!(!repository.0.path().join("stolen").exists());
}

#[test]
fn replacements_of_objects_are_not_seen() {
    let repository = Repository::new(&[("out/a", "1")]);
    repository.commit(&[("out/a", "2")]);
    repository.git(&["replace", "HEAD", "HEAD~1"]);
    assert_eq!(texts(&repository.read("HEAD").unwrap()), [("out/a", "2")]);
}

#[test]
fn refuses_links_and_submodules_where_it_reads() {
    let repository = Repository::new(&[("out/a", "1")]);
    symlink("/etc/passwd", repository.0.path().join("elsewhere")).unwrap();
    repository.commit(&[]);
    assert!(repository.read("HEAD").is_ok(), "outside of what is wanted");
    symlink("/etc/passwd", repository.0.path().join("out/link")).unwrap();
    repository.commit(&[]);
    let error = repository.read("HEAD").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`out/link` in `HEAD` is a symbolic link: links are not followed"
    );
    let commit = repository.read("HEAD~1").unwrap().commit;
    fs::remove_file(repository.0.path().join("out/link")).unwrap();
    repository.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},base/sub"),
    ]);
    repository.git(&["rm", "-q", "--cached", "out/link"]);
    repository.git(&["commit", "-q", "-m", "x"]);
    assert!(
        repository
            .read("HEAD")
            .unwrap_err()
            .to_string()
            .contains("is a submodule")
    );
}

#[test]
fn says_that_a_clone_is_shallow() {
    let repository = Repository::new(&[("out/a", "1")]);
    repository.commit(&[("out/a", "2")]);
    let clone = TempDir::new().unwrap();
    let url = format!("file://{}", repository.0.path().display());
    let target = clone.path().to_str().unwrap().to_owned();
    repository.git(&["clone", "-q", "--depth", "1", &url, &target]);
    assert!(read(clone.path(), "HEAD", &["out"]).is_ok());
    let error = read(clone.path(), "HEAD~1", &["out"]).unwrap_err();
    assert!(error.to_string().contains("fetch-depth: 0"), "{error:#}");
}

#[test]
fn says_that_there_is_no_repository() {
    let directory = TempDir::new().unwrap();
    let error = read(directory.path(), "HEAD", &["out"]).unwrap_err();
    assert!(
        format!("{error:#}").contains("not a git repository"),
        "{error:#}"
    );
}
