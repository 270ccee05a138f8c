//! `siteplan resolve`.

use clap::Args;

use crate::cli::Outcome;
use crate::cli::args::{Format, Global};
use crate::cli::console::Console;
use crate::cli::session::{Session, sources_of};
use crate::load::Site;
use manifest_yaml as yaml;
use manifest_yaml::{self, NodeData, YamlNode};
use pointer_diagnostics::Sources;
use pointer_diagnostics::report;
use pointer_diagnostics::{Diagnostic, Diagnostics, FieldPart, Label, Origin, Pointer, Severity};

/// Print a site merged with its profiles, with the origin of each line
#[derive(Debug, Args)]
pub(in crate::cli) struct ResolveArgs {
    /// The site
    site: String,
}

pub(in crate::cli) fn run(
    args: &ResolveArgs,
    global: &Global,
    console: &Console,
) -> anyhow::Result<Outcome> {
    let mut session = Session::open(global, console)?;
    let sites = session.load_sites(std::slice::from_ref(&args.site))?;
    let failed = session.found.has_errors();
    session.report()?;
    let Some(site) = sites.first().filter(|_| !failed) else {
        return Ok(Outcome::Errors);
    };
    let text = match console.format() {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&site.merged)?),
        _ => annotated(site, &session),
    };
    console.data(&text)?;
    Ok(Outcome::Good)
}

/// The merged document with a comment on each line: the file and line it comes from.
fn annotated(site: &Site, session: &Session<'_>) -> String {
    let text = yaml::write_document(&site.merged);
    let mut lines = Lines::new(&text);
    if let Some(root) = yaml::read_documents(&text, &yaml::ReadLimits::INPUT)
        .ok()
        .and_then(|d| d.into_iter().next())
    {
        lines.collect(&root, &Pointer::root(), site);
    }
    let sources = sources(&lines.origins, session);
    let width = text
        .lines()
        .map(|l| l.chars().count())
        .filter(|w| *w <= 72)
        .max()
        .unwrap_or(0)
        + 2;
    let line = |(line, origin): (&str, &Option<Origin>)| {
        let Some(origin) = origin else {
            return format!("{}\n", report::escape_text(line));
        };
        let gap = width.saturating_sub(line.chars().count()).max(2);
        format!(
            "{}{:gap$}# {}\n",
            report::escape_text(line),
            "",
            place(origin, &sources)
        )
    };
    text.lines().zip(&lines.origins).map(line).collect()
}

/// The lines of a text, and the origin of the field that begins on each.
struct Lines {
    starts: Vec<usize>,
    origins: Vec<Option<Origin>>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let starts: Vec<usize> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            origins: vec![None; text.lines().count()],
            starts,
        }
    }

    fn collect(&mut self, node: &YamlNode, at: &Pointer, site: &Site) {
        match &node.data {
            NodeData::Mapping { entries, .. } => {
                for (key, value) in entries {
                    let below = at.at(key.text().unwrap_or_default());
                    self.note(key.span.bytes().start, &below, site);
                    self.collect(value, &below, site);
                }
            }
            NodeData::Sequence { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    let below = at.at(index);
                    self.note(item.span.bytes().start, &below, site);
                    self.collect(item, &below, site);
                }
            }
            NodeData::Scalar { .. } => {}
        }
    }

    fn note(&mut self, offset: usize, pointer: &Pointer, site: &Site) {
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        if let Some(slot @ None) = self.origins.get_mut(line) {
            *slot = Some(site.layers.origin(pointer));
        }
    }
}

fn sources(origins: &[Option<Origin>], session: &Session<'_>) -> Sources {
    let labels = origins.iter().flatten().map(|origin| Label {
        origin: origin.clone(),
        part: FieldPart::Key,
        text: String::new(),
    });
    let all = Diagnostic {
        code: "",
        severity: Severity::Note,
        message: String::new(),
        labels: labels.collect(),
        help: None,
    };
    sources_of(&Diagnostics::from_iter([all]), &session.root)
}

fn place(origin: &Origin, sources: &Sources) -> String {
    let position = sources.position(&origin.file, sources.bytes(origin, FieldPart::Key).start);
    format!("{}:{}", origin.file, position.line)
}
