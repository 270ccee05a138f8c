//! Paths of bases and overlays differ in more than the case of their letters.

use std::collections::BTreeMap;

use crate::validate::CheckedRule;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Origin, Rule, Severity};

pub(in crate::validate) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "path-not-portable",
        severity: Severity::Error,
        summary: "a generated path cannot be used on every file system",
        explain: include_str!("../../../docs/rules/path-not-portable.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in view.files {
        let Some(other) = seen.insert(file.to_lowercase(), file) else {
            continue;
        };
        let report = RULE.rule.report(format!(
            "the paths `{other}` and `{file}` differ only in case"
        ));
        found.push(
            report
                .primary(Origin::file(file), "")
                .help("rename one of them: they are one file on some file systems"),
        );
    }
}
