//! The one door for YAML: one reader for every file, one writer for everything that is written.
//!
//! - [`read`] turns text into [`Node`]s, which remember style, tag and place;
//! - [`Node::to_value`] resolves plain scalars as kustomize does (go-yaml: `0644` is 420, `yes` is text);
//! - [`read_input`] is for siteplan's own inputs: it refuses what readers disagree on;
//! - [`span`] finds the bytes of a field when a message is printed;
//! - [`write`](write()) prints values in kustomize's format.
