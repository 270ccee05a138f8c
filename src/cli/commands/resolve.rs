//! `siteplan resolve`.

use clap::Args;

use crate::cli::answer::{Answer, CommandData};
use crate::cli::arguments::OutputArgs;
use crate::cli::session::Session;
use crate::fleet::{load_sites, read_sources};
use crate::load::Site;
use manifest_yaml as yaml;
use manifest_yaml::{NodeData, YamlNode};
use pointer_diagnostics::report::escape_text;
use pointer_diagnostics::{FieldPart, Origin, Pointer, Sources};

/// Print a site merged with its profiles, with the origin of each line
#[derive(Debug, Args)]
pub(in crate::cli) struct ResolveArgs {
    /// The site
    site: String,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// Longer lines do not move the column of the origins to the right.
const WIDEST_LINE: usize = 72;

pub(in crate::cli) fn run(args: &ResolveArgs, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    let format = args.output.resolve(session.global.format)?;
    let Some(selected) = session.select(std::slice::from_ref(&args.site))? else {
        return Ok(Answer::errors());
    };
    let names = selected.selection.names();
    let sites = load_sites(&selected.repository, names, &mut session.found);
    let Some(site) = sites.first().filter(|_| !session.found.has_errors()) else {
        return Ok(Answer::errors());
    };
    let text = || {
        let files = site.layers.files().map(AsRef::as_ref);
        annotate_lines(site, &read_sources(&selected.repository.files, files))
    };
    Ok(Answer::from(CommandData::new(format, text, || {
        &site.merged
    })?))
}

/// Returns the merged document with a comment on each line: the file and line it comes from.
fn annotate_lines(site: &Site, sources: &Sources) -> String {
    let text = yaml::write_document(&site.merged);
    let mut lines = DocumentLines::new(&text);
    let documents = yaml::read_documents(&text, &yaml::ReadLimits::INPUT).unwrap_or_default();
    if let Some(root) = documents.first() {
        lines.collect(root, &Pointer::root(), site);
    }
    let widths = text.lines().map(|line| line.chars().count());
    let widest = widths.filter(|width| *width <= WIDEST_LINE).max();
    let column = widest.unwrap_or(0) + 2;
    let mut annotated = String::new();
    for (line, origin) in text.lines().zip(&lines.origins) {
        annotated.push_str(&escape_text(line));
        if let Some(origin) = origin {
            let gap = column.saturating_sub(line.chars().count()).max(2);
            let place = locate_line(origin, sources);
            annotated.push_str(&format!("{:gap$}# {place}", ""));
        }
        annotated.push('\n');
    }
    annotated
}

/// The lines of a text, and the origin of the field that begins on each.
struct DocumentLines {
    starts: Vec<usize>,
    origins: Vec<Option<Origin>>,
}

impl DocumentLines {
    fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
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

/// Returns `file:line` of an origin.
fn locate_line(origin: &Origin, sources: &Sources) -> String {
    let position = sources.position(&origin.file, sources.bytes(origin, FieldPart::Key).start);
    format!("{}:{}", origin.file, position.line)
}
