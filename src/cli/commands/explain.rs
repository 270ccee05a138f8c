//! `siteplan explain`.

use anyhow::bail;
use clap::Args;

use crate::cli::Outcome;
use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::session::{Session, sources_of};
use crate::compile::CompiledSite;
use crate::nearest::nearest;
use crate::patch::Operation;
use crate::rulebook;
use pointer_diagnostics::report;
use pointer_diagnostics::{Diagnostics, FieldPart, Origin};

/// Explain a diagnostic, or where the fields of an object come from
///
/// With a code, print the long form of the diagnostic: what it finds, why it matters, an example, how to fix it. With a site and
/// an object, print every field that siteplan wrote into it, with the rule and the lines of the inputs that asked for it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  siteplan explain no-eligible-node\n  siteplan explain acp-plant Deployment/plant-web affinity"
)]
pub(in crate::cli) struct ExplainArgs {
    /// The code of a diagnostic, or the name of a site
    #[arg(value_name = "CODE|SITE")]
    what: String,
    /// The object, where a site was named
    #[arg(value_name = "KIND/NAME")]
    object: Option<String>,
    /// Only fields whose path contains this
    #[arg(requires = "object")]
    field: Option<String>,
}

pub(in crate::cli) fn run(
    args: &ExplainArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let Some(object) = &args.object else {
        return explain_code(&args.what, console);
    };
    let mut session = Session::open(global, console)?;
    let names = session.sites(std::slice::from_ref(&args.what))?;
    let compiled = session.compile(&names);
    let text: String = compiled
        .iter()
        .map(|site| fields(site, object, args.field.as_deref(), &session))
        .collect();
    let failed = session.found.has_errors();
    session.report()?;
    if failed {
        return Ok(Outcome::Errors);
    }
    if text.is_empty() {
        bail!(
            "siteplan writes nothing into `{object}` on this site; `siteplan render {}` shows its objects",
            args.what
        );
    }
    console.data(&text)?;
    Ok(Outcome::Good)
}

fn explain_code(code: &str, console: &Console) -> anyhow::Result<Outcome> {
    let Some(rule) = rulebook::find_rule(code) else {
        match nearest(code, rulebook::all_rules().iter().map(|r| r.code)) {
            Some(near) => bail!("there is no diagnostic `{code}`: did you mean `{near}`?"),
            None => {
                bail!(
                    "there is no diagnostic `{code}`: `siteplan rules` lists all; to explain an object, name it too"
                )
            }
        }
    };
    console.data(&report::print_rule_page(rule, console.look()))?;
    Ok(Outcome::Good)
}

/// Every field that siteplan wrote into the object, with its reasons.
fn fields(site: &CompiledSite, object: &str, field: Option<&str>, session: &Session<'_>) -> String {
    let mut text = String::new();
    for (instance, changes) in &site.changes {
        let of_object = changes.iter().filter(|(id, _)| id.to_string() == object);
        let wanted = of_object
            .filter(|(_, o)| o.asked_by.is_some() && field.is_none_or(|f| o.path.contains(f)));
        for (id, operation) in wanted {
            if text.is_empty() {
                text = format!("{id} ({instance} on {})\n", site.plan.name);
            }
            text.push_str(&one(operation, session));
        }
    }
    text
}

fn one(operation: &Operation, session: &Session<'_>) -> String {
    let Some(reason) = &operation.asked_by else {
        return String::new();
    };
    let value = operation
        .value
        .as_ref()
        .map(manifest_yaml::write_document)
        .unwrap_or_default();
    let indented: String = value
        .lines()
        .map(|line| format!("      {}\n", report::escape_text(line)))
        .collect();
    let places: String = reason
        .origins
        .iter()
        .map(|origin| format!("      from {}\n", place(origin, session)))
        .collect();
    format!(
        "\n  {}   ({})\n{indented}{places}",
        operation.path, reason.rule
    )
}

/// `file:line:col` of an origin.
fn place(origin: &Origin, session: &Session<'_>) -> String {
    let label = pointer_diagnostics::Label {
        origin: origin.clone(),
        part: FieldPart::Key,
        text: String::new(),
    };
    let one: Diagnostics = [pointer_diagnostics::Diagnostic {
        code: "",
        severity: pointer_diagnostics::Severity::Note,
        message: String::new(),
        labels: vec![label.clone()],
        help: None,
    }]
    .into_iter()
    .collect();
    let sources = sources_of(&one, &session.root);
    let position = sources.position(&origin.file, sources.span(&label).start);
    format!("{}:{}:{}", origin.file, position.line, position.column)
}
