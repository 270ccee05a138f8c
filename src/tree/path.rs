//! A path below out/ that cannot leave it.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The longest name of a file or directory, in bytes (NAME_MAX of Linux and macOS).
const MAX_NAME: usize = 255;
/// The longest path, in bytes; leaves room for the repository's own path below PATH_MAX (4096 on Linux, 1024 on macOS).
const MAX_PATH: usize = 768;

/// The path of a generated file, relative to out/: `site/…/file`, each name of `[A-Za-z0-9._-]` and none `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TreePath(Arc<str>);

impl TreePath {
    /// Checks a path.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let because = |why: &'static str| {
            Err(PathError {
                path: path.to_owned(),
                why,
            })
        };
        if path.len() > MAX_PATH {
            return because("is longer than 768 bytes");
        }
        if path.starts_with('/') {
            return because("is absolute");
        }
        if let Some(why) = path.split('/').find_map(trouble) {
            return because(why);
        }
        if !path.contains('/') {
            return because("has no site directory");
        }
        Ok(Self(Arc::from(path)))
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first component.
    pub fn site(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(site, _)| site)
    }

    /// The path below the site's directory.
    pub fn in_site(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, rest)| rest)
    }

    /// The directories above the file, from the outside in.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(end, _)| &self.0[..end])
    }

    /// The directory that holds the file.
    pub fn directory(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory)
    }
}

impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The error for a path that cannot be one of out/.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// The path as it was asked for.
    pub path: String,
    why: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the path `{}` {}", self.path.escape_debug(), self.why)
    }
}

impl std::error::Error for PathError {}

fn trouble(name: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match name {
        "" => Some("has an empty name"),
        "." | ".." => Some("has `.` or `..` for a name"),
        _ if name.len() > MAX_NAME => Some("has a name longer than 255 bytes"),
        _ if !name.bytes().all(allowed) => Some("has characters other than `A-Z a-z 0-9 . _ -`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_paths_below_a_site() {
        let path = TreePath::parse("acp-plant/web/patch.deployment.web.yaml").unwrap();
        assert_eq!(
            (path.site(), path.in_site()),
            ("acp-plant", "web/patch.deployment.web.yaml")
        );
        assert_eq!(
            path.directories().collect::<Vec<_>>(),
            ["acp-plant", "acp-plant/web"]
        );
        assert_eq!(path.directory(), "acp-plant/web");
    }

    #[test]
    fn refuses_what_could_leave_out() {
        let long = format!("a/{}", "x".repeat(256));
        let deep = "a/".repeat(500) + "x";
        let bad = [
            "", "a", "/a/b", "a//b", "a/", "a/../b", "../a/b", "./a", "a/.", "a\\b/c", "a/b c",
            "a/é", "a/b\0", "a/b\n", "C:/x", &long, &deep,
        ];
        for path in bad {
            assert!(TreePath::parse(path).is_err(), "{path:?}");
        }
    }
}
