//! A link in a repository leads nowhere: what is behind it is neither read, nor shown, nor written.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use crate::repository;

const SECRET: &str = "hvs.SUPERSECRET";

/// Runs siteplan in a fleet with a secret in its environment.
fn siteplan(fleet: &Path, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_siteplan"));
    command
        .current_dir(fleet)
        .args(arguments)
        .env("VAULT_TOKEN", SECRET)
        .output()
        .unwrap()
}

fn texts(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A fleet, a directory beside it with a secret file, and what is done to the fleet.
struct Hostile {
    directory: tempfile::TempDir,
}

impl Hostile {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for path in repository::list("tests/suite/small-fleet") {
            let below = path.strip_prefix("tests/suite/small-fleet/").unwrap();
            repository::write(
                &directory.path().join("fleet"),
                below,
                &repository::read(&path),
            );
        }
        let secret = format!("token: {SECRET}\n");
        for file in [
            "outside/environ",
            "outside/plain.yaml",
            "outside/apps/foreign/app.yaml",
            "outside/secret.yaml",
        ] {
            repository::write(directory.path(), file, &secret);
        }
        Self { directory }
    }

    fn fleet(&self) -> std::path::PathBuf {
        self.directory.path().join("fleet")
    }

    /// Replaces a path of the fleet by a link.
    fn link(&self, path: &str, target: &str) {
        let path = self.fleet().join(path);
        if path.is_dir() {
            fs_err::remove_dir_all(&path).unwrap();
        } else if path.exists() {
            fs_err::remove_file(&path).unwrap();
        }
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Checks that every command that reads the fleet refuses it, names the link, and shows nothing that is behind it.
    fn expect_refused(&self, link: &str) {
        let formats =
            ["human", "json", "github", "sarif"].map(|format| ["check", "--format", format]);
        for arguments in formats.iter().chain([&["build", "--format", "human"]]) {
            let output = siteplan(&self.fleet(), arguments);
            let text = texts(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
            assert!(
                !text.contains(SECRET),
                "{arguments:?} shows the secret: {text}"
            );
            assert!(
                text.contains(link),
                "{arguments:?} does not name `{link}`: {text}"
            );
        }
    }
}

#[test]
fn a_template_behind_a_linked_directory_is_neither_read_nor_shown() {
    for (target, template) in [
        ("/proc/self", "environ"),
        ("../../../../outside", "environ"),
        ("../../../../outside", "plain.yaml"),
    ] {
        let hostile = Hostile::new();
        let each = format!("spec:\n  each:\n  - {{template: templates/{template}, over: site}}\n");
        repository::edit(&hostile.fleet(), "base/apps/web/app.yaml", "spec:\n", &each);
        hostile.link("base/apps/web/templates", target);
        hostile.expect_refused("base/apps/web/templates");
    }
}

#[test]
fn no_input_is_a_link() {
    let inputs = [
        ("siteplan.yaml", "../outside/secret.yaml"),
        ("sites/plant.yaml", "../../outside/secret.yaml"),
        ("base/apps/web/app.yaml", "../../../../outside/secret.yaml"),
        (
            "base/apps/web/deployment.yaml",
            "../../../../outside/secret.yaml",
        ),
        (
            "base/apps/web/kustomization.yaml",
            "../../../../outside/secret.yaml",
        ),
        ("base/profiles/x.yaml", "../../../outside/secret.yaml"),
    ];
    for (path, target) in inputs {
        let hostile = Hostile::new();
        hostile.link(path, target);
        hostile.expect_refused(path);
    }
}

#[test]
fn no_directory_of_inputs_is_a_link() {
    for path in [
        "base",
        "base/apps",
        "sites",
        "base/apps/web",
        "base/profiles",
    ] {
        let hostile = Hostile::new();
        let up = "../".repeat(path.matches('/').count() + 1);
        hostile.link(path, &format!("{up}outside"));
        hostile.expect_refused(path);
    }
}

#[test]
fn first_files_are_not_written_through_a_link() {
    let outside =
        |hostile: &Hostile| repository::snapshot(&hostile.directory.path().join("outside"));
    for (link, arguments) in [
        ("sites", &["new", "site", "alpha"][..]),
        ("base", &["new", "app", "alpha"]),
        ("base/apps", &["new", "app", "alpha"]),
        ("base/apps/alpha", &["new", "app", "alpha"]),
    ] {
        let hostile = Hostile::new();
        let up = "../".repeat(link.matches('/').count() + 1);
        hostile.link(link, &format!("{up}outside"));
        let before = outside(&hostile);
        let output = siteplan(&hostile.fleet(), arguments);
        assert_eq!(output.status.code(), Some(2), "{link}: {}", texts(&output));
        assert!(
            texts(&output).contains(&format!("`{link}` is a symbolic link")),
            "{}",
            texts(&output)
        );
        assert_eq!(outside(&hostile), before, "{link}");
    }
    for link in ["schema", "base", ".gitattributes"] {
        let hostile = Hostile::new();
        let empty = hostile.directory.path().join("empty");
        fs_err::create_dir(&empty).unwrap();
        symlink("../outside", empty.join(link)).unwrap();
        let before = outside(&hostile);
        siteplan(&empty, &["init"]);
        assert_eq!(outside(&hostile), before, "{link}");
    }
}

#[test]
fn a_pipe_among_the_inputs_is_told_and_does_not_block() {
    for path in [
        "sites/plant.yaml",
        "base/apps/web/deployment.yaml",
        "base/apps/web/kustomization.yaml",
    ] {
        let hostile = Hostile::new();
        let pipe = hostile.fleet().join(path);
        fs_err::remove_file(&pipe).unwrap();
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        hostile.expect_refused(path);
        let rendered = siteplan(&hostile.fleet(), &["render", "./base/apps/web"]);
        assert!(
            path.starts_with("sites") || rendered.status.code() == Some(2),
            "{}",
            texts(&rendered)
        );
    }
}

#[test]
fn a_directory_that_cannot_be_listed_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let hostile = Hostile::new();
    let shut = hostile.fleet().join("sites/emea");
    repository::write(&hostile.fleet(), "sites/emea/other.yaml", "kind: Site\n");
    fs_err::set_permissions(&shut, std::fs::Permissions::from_mode(0o000)).unwrap();
    if fs_err::read_dir(&shut).is_err() {
        hostile.expect_refused("sites/emea");
    } else {
        // The superuser reads everything: another user has to try.
        let all = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(hostile.directory.path(), all).unwrap();
        let program = hostile.directory.path().join("siteplan");
        fs_err::copy(env!("CARGO_BIN_EXE_siteplan"), &program).unwrap();
        let mut command = std::process::Command::new("setpriv");
        command.args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--no-new-privs",
        ]);
        command
            .arg(program)
            .arg("check")
            .current_dir(hostile.fleet());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", texts(&output));
        assert!(texts(&output).contains("sites/emea"), "{}", texts(&output));
    }
    fs_err::set_permissions(&shut, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a program opens of itself: its libraries, and what the kernel says of the machine.
const OF_THE_SYSTEM: [&str; 7] = [
    "/lib",
    "/usr/lib",
    "/etc/ld.so",
    "/proc/",
    "/sys/",
    "/dev/null",
    "/nix/",
];

/// Runs siteplan in a fleet without git, and returns the paths that were opened, each as often as it was opened.
fn trace_opened(strace: &Path, fleet: &Path, arguments: &[&str]) -> Vec<String> {
    let log = fleet.with_file_name("opened");
    std::process::Command::new(strace)
        .args(["-f", "-y", "-e", "trace=open,openat,openat2", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_siteplan"))
        .args(arguments)
        .current_dir(fleet)
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let log = fs_err::read_to_string(log).unwrap();
    // `openat(…) = 4</path/of/the/descriptor>`
    let opened = log.lines().filter_map(|line| {
        let (_, descriptor) = line.rsplit_once(" = ")?;
        let (_, path) = descriptor.split_once('<')?;
        path.strip_suffix('>').map(str::to_owned)
    });
    opened.collect()
}

#[test]
fn nothing_outside_a_hostile_repository_is_opened() {
    let Some(strace) = crate::interruption::strace() else {
        return;
    };
    let hostile = Hostile::new();
    hostile.link("base/apps/web/templates", "../../../../outside");
    hostile.link("base/apps/web/deployment.yaml", "/etc/passwd");
    hostile.link("sites/other.yaml", "../../outside/plain.yaml");
    let fleet = fs_err::canonicalize(hostile.fleet()).unwrap();
    let opened = trace_opened(&strace, &fleet, &["check"]);
    let is_own = |path: &String| Path::new(path).starts_with(&fleet);
    assert!(opened.iter().any(is_own), "{opened:#?}");
    let outside: Vec<&String> = opened
        .iter()
        .filter(|path| !is_own(path) && !OF_THE_SYSTEM.iter().any(|own| path.starts_with(own)))
        .collect();
    assert!(outside.is_empty(), "{outside:#?}");
}

#[test]
fn inputs_are_opened_once() {
    let Some(strace) = crate::interruption::strace() else {
        return;
    };
    let hostile = Hostile::new();
    let fleet = fs_err::canonicalize(hostile.fleet()).unwrap();
    let built = siteplan(&fleet, &["build"]);
    assert!(built.status.success(), "{}", texts(&built));
    let mut times = std::collections::BTreeMap::new();
    for path in trace_opened(&strace, &fleet, &["check"]) {
        if Path::new(&path).starts_with(&fleet) && Path::new(&path).is_file() {
            *times.entry(path).or_insert(0) += 1;
        }
    }
    for input in [
        "siteplan.yaml",
        "sites/plant.yaml",
        "base/apps/web/app.yaml",
    ] {
        let path = fleet.join(input).display().to_string();
        assert_eq!(times.get(&path), Some(&1), "{input}");
    }
    // The ledger is an input, and a file of out/ that is compared.
    times.retain(|path, times| *times > if path.ends_with("/.siteplan") { 2 } else { 1 });
    assert!(times.is_empty(), "{times:#?}");
}
