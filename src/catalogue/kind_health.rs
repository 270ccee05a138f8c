//! Describes the way to tell the health of an object of a kind.

use serde::Deserialize;

/// The way to tell the health of a kind, for an Argo CD that does not know it by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindHealth {
    /// The first version of Argo CD that knows it, `MAJOR.MINOR`; absent: none does.
    pub in_argo_cd_since: Option<String>,
    /// The conditions of the status that say it.
    pub conditions: Option<StatusWords>,
    /// The words of `status.phase` that say it.
    pub phase: Option<StatusWords>,
    /// A script in the language of Argo CD, Lua without libraries, where neither says it.
    pub script: Option<String>,
    /// The place where it was read.
    pub source: String,
}

/// Words of a status, by the health that they mean. What is none of them is in progress.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusWords {
    /// The object does what it is for.
    pub healthy: Vec<String>,
    /// Something is broken.
    #[serde(default)]
    pub degraded: Vec<String>,
    /// Somebody stopped it.
    #[serde(default)]
    pub suspended: Vec<String>,
}

impl KindHealth {
    /// Tells whether an Argo CD of a version knows the health of the kind by itself.
    pub fn is_known_to(&self, argocd: Option<(u32, u32)>) -> bool {
        let since = self.in_argo_cd_since.as_deref().and_then(|since| {
            let (major, minor) = since.split_once('.')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
        matches!((since, argocd), (Some(since), Some(argocd)) if argocd >= since)
    }

    /// Returns a script that tells the health; `None` where only Argo CD itself knows it.
    pub fn script(&self) -> Option<String> {
        let body = match (&self.script, &self.conditions, &self.phase) {
            (Some(script), _, _) => script.clone(),
            (None, Some(words), _) => format!("{}{CONDITIONS}", words.table()),
            (None, None, Some(words)) => format!("{}{PHASE}", words.table()),
            (None, None, None) => return None,
        };
        Some(format!("{PREAMBLE}{body}"))
    }
}

impl StatusWords {
    /// Returns the words as a table of Lua, what is worst first.
    fn table(&self) -> String {
        let rows = [
            (&self.degraded, "Degraded"),
            (&self.suspended, "Suspended"),
            (&self.healthy, "Healthy"),
        ];
        let rows = rows
            .into_iter()
            .flat_map(|(words, health)| words.iter().map(move |word| (word, health)));
        let rows: String = rows
            .map(|(word, health)| format!("  {{ \"{word}\", \"{health}\" }},\n"))
            .collect();
        format!("local meanings = {{\n{rows}}}\n")
    }
}

/// The beginning of every script.
const PREAMBLE: &str = r#"local status = obj.status or {}
local seen = status.observedGeneration
if seen ~= nil and obj.metadata.generation ~= nil and seen < obj.metadata.generation then
  return { status = "Progressing", message = "its operator has not seen the change yet" }
end
"#;

/// The end of a script about conditions.
const CONDITIONS: &str = r#"local message = "no status yet"
for _, meaning in ipairs(meanings) do
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == meaning[1] then
      message = condition.message or condition.reason or condition.type
      if condition.status == "True" then
        return { status = meaning[2], message = message }
      end
    end
  end
end
return { status = "Progressing", message = message }
"#;

/// The end of a script about a phase.
const PHASE: &str = r#"for _, meaning in ipairs(meanings) do
  if status.phase == meaning[1] then
    return { status = meaning[2], message = status.reason or status.phase }
  end
end
return { status = "Progressing", message = status.phase or "no status yet" }
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_end_with_the_argo_cd_that_knows_the_kind() {
        let health = |since: Option<&str>| KindHealth {
            in_argo_cd_since: since.map(str::to_owned),
            conditions: None,
            phase: None,
            script: None,
            source: String::new(),
        };
        assert!(!health(None).is_known_to(Some((3, 3))));
        assert!(!health(Some("3.4")).is_known_to(Some((3, 3))));
        assert!(health(Some("3.4")).is_known_to(Some((3, 10))));
        assert!(!health(Some("3.4")).is_known_to(None));
    }
}
