//! Forms of texts that reach other programs: they are refused at the line that wrote them, and not by git in the cluster.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A URL with a scheme that Argo CD clones by, or `user@host:path`. Neither the host nor the path of the latter begins with a dash: git
/// and ssh would read an option (CVE-2017-1000117).
const REPOSITORY: &str = r"^((https?|ssh|git)://([^@/\s\p{C}]*@)?[^-@/\s\p{C}][^@/\s\p{C}]*(/[^\s\p{C}]*)?|file:///[^\s\p{C}]*|[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-\s\p{C}][^\s\p{C}]*)$";
/// A revision that git never takes for an option.
const REVISION: &str = r"^[^-\s\p{C}][^\s\p{C}]*$";
/// A relative path of a directory, or nothing.
const DIRECTORY: &str = r"^([^-/\\\s\p{C}][^\\\p{C}]*)?$";

/// Returns the schema of the URL of a git repository.
pub(super) fn repository(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": REPOSITORY,
        "x-expects": "the URL of a git repository: `https://…`, `ssh://…` or `user@host:path`",
    })
}

/// Returns the schema of a revision of a git repository.
pub(super) fn revision(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": REVISION,
        "x-expects": "the branch that roots follow, `refs/heads/<branch>`; a commit goes into `pin`",
    })
}

/// Returns the schema of a directory inside of a repository.
pub(super) fn directory(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": DIRECTORY,
        "x-expects": "a path from the root of the repository, without a slash at its beginning",
    })
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// Splits texts into those that a pattern accepts and those that it refuses.
    fn refused<'t>(pattern: &str, texts: &[&'t str]) -> Vec<&'t str> {
        let pattern = Regex::new(pattern).unwrap();
        let mut refused = Vec::new();
        for text in texts {
            if !pattern.is_match(text) {
                refused.push(*text);
            }
        }
        refused
    }

    #[test]
    fn repositories_are_urls_and_never_options() {
        let good = [
            "https://git.example.com/platform/fleet.git",
            "http://127.0.0.1:3000/fleet.git",
            "ssh://git@git.example.com:2222/a/b.git",
            "git@github.com:a/b.git",
            "git://git.example.com/a",
            "file:///srv/git/a.git",
        ];
        assert_eq!(refused(REPOSITORY, &good), Vec::<&str>::new());
        let bad = [
            "--upload-pack=x",
            "-x",
            "https://x\ny",
            "ext::sh -c x",
            "ssh://-oProxyCommand=x/y",
            "ssh://git@-oProxyCommand=x/y",
            "git@host:-x",
            "-git@host:x",
            "https://a b",
            "https://a\u{202e}b",
            "",
        ];
        assert_eq!(refused(REPOSITORY, &bad), bad);
    }

    #[test]
    fn revisions_and_directories_are_never_options() {
        assert_eq!(
            refused(REVISION, &["main", "refs/heads/main", "v1.*", "HEAD"]),
            Vec::<&str>::new()
        );
        let bad = ["--upload-pack=x", "-x", "a b", "a\nb", ""];
        assert_eq!(refused(REVISION, &bad), bad);
        assert_eq!(
            refused(DIRECTORY, &["", "fleet", "a/b c", "."]),
            Vec::<&str>::new()
        );
        let bad = ["/x", "-x", "a\nb", "a\\b"];
        assert_eq!(refused(DIRECTORY, &bad), bad);
    }
}
