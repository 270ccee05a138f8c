//! The commit that a change is made against.

use std::path::Path;

use super::git::Git;

/// The commit that a change is made against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseCommit {
    /// There it is; its hash.
    Known(String),
    /// There is no earlier commit here: the clone is shallow.
    Shallow,
    /// There is no git repository with a commit, or no git.
    NoHistory,
}

/// Returns the commit that the working tree is a change of: the one at which `HEAD` left the branch, as the remote `origin` has it; on that
/// branch itself the commit before `HEAD`, or `HEAD` where `is_changed` finds that something is not committed yet.
pub fn find_base(directory: &Path, branch: &str, is_changed: &dyn Fn(&str) -> bool) -> BaseCommit {
    let git = Git::new(directory);
    let commit = |name: &str| super::resolve(&git, name).ok();
    let Some(head) = commit("HEAD") else {
        return BaseCommit::NoHistory;
    };
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let remote = commit(&format!("refs/remotes/origin/{branch}"));
    let left = remote.and_then(|remote| find_merge_base(&git, &head, &remote));
    match left {
        Some(left) if left != head => return BaseCommit::Known(left),
        _ if is_changed(&head) => return BaseCommit::Known(head),
        _ => {}
    }
    match commit("HEAD^1") {
        Some(parent) => BaseCommit::Known(parent),
        None if git.is_shallow() => BaseCommit::Shallow,
        None => BaseCommit::Known(head),
    }
}

fn find_merge_base(git: &Git, one: &str, other: &str) -> Option<String> {
    let output = git.run(&["merge-base", one, other]).ok()?;
    let hash = String::from_utf8(output).ok()?;
    Some(hash.trim_end().to_owned())
}
