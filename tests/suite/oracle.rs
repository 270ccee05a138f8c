//! Other people's tools that tests compare with. They may be absent, unless `REQUIRE_ORACLES=1` says that they must be there.

use std::path::PathBuf;
use std::process::Command;

/// The path of a tool, or `None` with a printed notice.
pub(crate) fn find(tool: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join("go/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(home)
        .map(|dir| dir.join(tool))
        .find(|file| file.is_file());
    if found.is_none() {
        absent(tool);
    }
    found
}

/// Python with a YAML 1.1 reader, or `None` with a printed notice.
pub(crate) fn python_with_yaml() -> Option<PathBuf> {
    let python = find("python3")?;
    let works = Command::new(&python)
        .args(["-c", "import yaml"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !works {
        absent("python3 with the module yaml");
    }
    works.then_some(python)
}

/// Says that a tool is not there, or fails if it must be.
pub(crate) fn absent(tool: &str) {
    let required = std::env::var_os("REQUIRE_ORACLES").is_some_and(|value| value == "1");
    assert!(!required, "{tool} is not there, and REQUIRE_ORACLES=1");
    eprintln!("skipped: {tool} is not there");
}
