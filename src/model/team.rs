//! The people beside the platform's own who may look after single instances.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A team with rights of its own in the site's Argo CD: a role of the AppProject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Team {
    /// The groups of the identity provider whose members it has.
    pub groups: Vec<String>,
    /// The instances that it looks after.
    pub apps: Vec<String>,
    /// Its rights over them.
    #[serde(default)]
    pub rights: TeamRights,
}

/// The rights of a team over its instances. Nobody changes what is synced but through git.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TeamRights {
    /// Look at them, and at the logs of their pods.
    #[default]
    Read,
    /// Sync them again, too.
    Sync,
}

impl TeamRights {
    /// Returns the actions in the spelling of Argo CD's policies, each with its resource.
    pub fn actions(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Read => &[("applications", "get"), ("logs", "get")],
            Self::Sync => &[
                ("applications", "get"),
                ("applications", "sync"),
                ("logs", "get"),
            ],
        }
    }
}
