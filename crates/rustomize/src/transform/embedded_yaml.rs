//! YAML written with the styles of its scalars and collections, as go-yaml writes a tree that it read.

use crate::meaning::{fits_block, write_folded};
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use manifest_yaml::{
    ReadLimits, ScalarStyle, append_styled_text, choose_text_style, parse_documents,
};

/// Returns whether a text holds what a tree does not keep: comments, anchors, aliases or tags.
pub(super) fn has_more_than_values(text: &str) -> bool {
    let has_comment = text.starts_with('#')
        || [" #", "\t#", "\n#"]
            .iter()
            .any(|start| text.contains(start));
    has_comment
        || parse_documents(text, &ReadLimits::MANIFEST).map_or(true, |parsed| {
            !(parsed.anchors.is_empty() && parsed.aliases.is_empty() && parsed.tags.is_empty())
        })
}

/// Prints a tree. `None`: it holds something whose form is not known for certain.
pub(super) fn print_styled(root: &Node) -> Option<String> {
    let mut out = String::new();
    write_block(&mut out, root, 0)?;
    Some(out.trim().to_owned())
}

/// Writes a value where the cursor stands, at the indentation of what is inside it.
fn write_block(out: &mut String, node: &Node, indent: usize) -> Option<()> {
    match node {
        Node::Scalar(scalar) => write_scalar(out, scalar, indent),
        Node::Sequence(sequence) if sequence.flow || sequence.items.is_empty() => {
            write_flow(out, node)
        }
        Node::Mapping(mapping) if mapping.flow || mapping.entries.is_empty() => {
            write_flow(out, node)
        }
        Node::Sequence(sequence) => write_items(out, sequence, indent),
        Node::Mapping(mapping) => write_entries(out, mapping, indent),
    }
}

fn write_items(out: &mut String, sequence: &Sequence, indent: usize) -> Option<()> {
    for (at, item) in sequence.items.iter().enumerate() {
        if at > 0 {
            break_line(out, indent);
        }
        out.push_str("- ");
        write_block(out, item, indent + 2)?;
    }
    Some(())
}

fn write_entries(out: &mut String, mapping: &Mapping, indent: usize) -> Option<()> {
    for (at, (key, value)) in mapping.entries.iter().enumerate() {
        if at > 0 {
            break_line(out, indent);
        }
        if key.text.contains('\n') || key.text.len() > 128 || key.explicit {
            return None;
        }
        write_scalar(out, key, indent)?;
        out.push(':');
        match value {
            Node::Sequence(sequence) if !sequence.flow && !sequence.items.is_empty() => {
                break_line(out, indent);
                write_items(out, sequence, indent)?;
            }
            Node::Mapping(below) if !below.flow && !below.entries.is_empty() => {
                break_line(out, indent + 2);
                write_entries(out, below, indent + 2)?;
            }
            Node::Scalar(scalar) if is_empty_plain(scalar) => {}
            value => {
                out.push(' ');
                write_block(out, value, indent + 2)?;
            }
        }
    }
    Some(())
}

/// Goes to the next line; a block ends with a line break of its own, unless it is stripped.
fn break_line(out: &mut String, indent: usize) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', indent));
}

fn is_empty_plain(scalar: &Scalar) -> bool {
    scalar.text.is_empty() && scalar.style == ScalarStyle::Plain && scalar.tag == Tag::Null
}

fn write_scalar(out: &mut String, scalar: &Scalar, indent: usize) -> Option<()> {
    if scalar.explicit {
        return None;
    }
    let text = &*scalar.text;
    if let Some(tag) = type_name(scalar.tag).filter(|_| implicit(text) != scalar.tag) {
        out.push_str(tag);
        out.push(' ');
    }
    let style = match scalar.style {
        ScalarStyle::Plain => choose_plain_style(scalar),
        ScalarStyle::Literal | ScalarStyle::Folded if !fits_block(text) => ScalarStyle::Double,
        ScalarStyle::Single if text.contains('\n') => return None,
        style => style,
    };
    match style {
        ScalarStyle::Folded => write_folded(out, text, indent),
        style => append_styled_text(out, text, style, indent),
    }
    Some(())
}

/// Returns the tag that is written where a text is not of the type that its place had.
fn type_name(tag: Tag) -> Option<&'static str> {
    Some(match tag {
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Bool => "!!bool",
        Tag::Null => "!!null",
        Tag::Timestamp => "!!timestamp",
        Tag::None | Tag::Text | Tag::Binary | Tag::Other => return None,
    })
}

/// Returns the style of a scalar that has none: quotes where another type would be read, or where a plain scalar cannot be.
fn choose_plain_style(scalar: &Scalar) -> ScalarStyle {
    let text = &*scalar.text;
    if scalar.tag == Tag::Text && implicit(text) != Tag::Text {
        return ScalarStyle::Double;
    }
    // `yes`, `12:30`: Go quotes them in a text that it makes, and leaves them in one that it read.
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '+' | '-');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if scalar.tag != Tag::Text || (begins && text.chars().all(is_word) && !text.ends_with(':')) {
        return if text.contains('\n') {
            choose_text_style(text)
        } else {
            ScalarStyle::Plain
        };
    }
    choose_text_style(text)
}

fn write_flow(out: &mut String, node: &Node) -> Option<()> {
    match node {
        Node::Scalar(scalar) => {
            let is_plain = scalar.style == ScalarStyle::Plain;
            let is_special = |c: char| ",[]{}:?".contains(c);
            if is_plain && (scalar.text.is_empty() || scalar.text.contains(is_special)) {
                return None;
            }
            if !is_plain && scalar.text.contains('\n') && scalar.style != ScalarStyle::Double {
                return None;
            }
            write_scalar(out, scalar, 0)
        }
        Node::Sequence(sequence) => {
            out.push('[');
            for (at, item) in sequence.items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_flow(out, item)?;
            }
            out.push(']');
            Some(())
        }
        Node::Mapping(mapping) => {
            out.push('{');
            for (at, (key, value)) in mapping.entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_flow(out, &Node::Scalar(key.clone()))?;
                out.push_str(": ");
                write_flow(out, value)?;
            }
            out.push('}');
            Some(())
        }
    }
}
