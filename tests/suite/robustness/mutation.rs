//! One way of breaking a file, and the way back.

use std::path::Path;

use arbtest::arbitrary::{Result, Unstructured};
use manifest_yaml as yaml;
use pointer_diagnostics::Diagnostics;
use serde_json::{Value, json};
use siteplan::load::FleetFiles;

/// Scalars that some reader, type or limit may not like.
const SCALARS: [&str; 48] = [
    "4000000000",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-1",
    "0",
    "1e308",
    "1e999",
    "-0.0",
    ".nan",
    ".inf",
    "0o17",
    "0x1F",
    "1_000",
    "yes",
    "on",
    "~",
    "null",
    "''",
    "\"\"",
    "{}",
    "[]",
    "[null]",
    "{a: 1}",
    "[[[[]]]]",
    "*a",
    "&a b",
    "!!binary aGk=",
    "!x y",
    "|",
    ">-",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "ü€😀",
    "\u{feff}",
    "\u{202e}",
    "\"\\e[31m\"",
    "{{ values }}",
    "\"{{ 'a' * 100000000 }}\"",
    "\"{{ range(1000000000) }}\"",
    "\"{{ nope.x }}\"",
    "\"{{\"",
    "\"}}\"",
    "99999999999999Ei",
    "1e40",
    "../../../../etc",
];

/// Whole pieces of YAML.
const PIECES: [&str; 12] = [
    "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c]\n",
    "<<: {a: 1}\n",
    "? {a: b}\n: c\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n---\n",
    "\t\n",
    "  - x\n",
    "- x\n",
    "\u{85}\n",
    "key without value\n",
    "a: b: c\n",
];

/// Names that files could have.
const NAMES: [&str; 10] = [
    "a b.yaml",
    "ü.yaml",
    "-.yaml",
    "A.YAML",
    ".yaml",
    "fleet.yaml",
    "a\nb.yaml",
    "x.yml",
    "app.yaml",
    "kustomization.yml",
];

/// What a file was before it was broken; `None`: it was not there.
#[derive(Debug)]
pub(super) struct Mutation {
    path: String,
    before: Option<Vec<u8>>,
}

impl Mutation {
    /// Breaks some file below the directory.
    pub(super) fn random(directory: &Path, u: &mut Unstructured<'_>) -> Result<Self> {
        let path = any_file(directory, u)?;
        let full = directory.join(&path);
        let Ok(before) = fs_err::read(&full) else {
            return Ok(Self { path, before: None });
        };
        match u.int_in_range(0..=19)? {
            0 => fs_err::remove_file(&full).unwrap(),
            1 => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let path = format!("{folder}/{}", u.choose(&NAMES)?);
                if !directory.join(&path).exists() {
                    fs_err::write(directory.join(&path), &before).unwrap();
                    return Ok(Self { path, before: None });
                }
            }
            2 => fs_err::write(&full, flipped(&before, u)?).unwrap(),
            _ => fs_err::write(&full, broken(&String::from_utf8_lossy(&before), u)?).unwrap(),
        }
        Ok(Self {
            path,
            before: Some(before),
        })
    }

    /// Makes the file what it was.
    pub(super) fn undo(&self, directory: &Path) {
        let full = directory.join(&self.path);
        match &self.before {
            Some(bytes) => fs_err::write(full, bytes).unwrap(),
            // It may be one that could never be written.
            None => _ = fs_err::remove_file(full),
        }
    }
}

/// A file: every other time one of siteplan's own kinds.
fn any_file(directory: &Path, u: &mut Unstructured<'_>) -> Result<String> {
    let files = FleetFiles::open(directory).unwrap();
    let mut all = files.list("base", &mut Diagnostics::new());
    if u.arbitrary()? {
        all.retain(|path| path.starts_with("base/profiles/") || path.ends_with("/app.yaml"));
        all.extend(files.list("sites", &mut Diagnostics::new()));
        all.push("siteplan.yaml".to_owned());
    }
    Ok(if all.is_empty() {
        "siteplan.yaml".to_owned()
    } else {
        u.choose(&all)?.clone()
    })
}

fn flipped(bytes: &[u8], u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    for _ in 0..u.int_in_range(1..=4)? {
        if let Some(last) = bytes.len().checked_sub(1) {
            let at = u.int_in_range(0..=last)?;
            bytes[at] ^= 1 << u.int_in_range(0..=7)?;
        }
    }
    Ok(bytes)
}

/// The text with something wrong in it.
fn broken(text: &str, u: &mut Unstructured<'_>) -> Result<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return Ok((*u.choose(&PIECES)?).to_owned());
    }
    let (at, other) = (
        u.int_in_range(0..=lines.len() - 1)?,
        u.int_in_range(0..=lines.len() - 1)?,
    );
    match u.int_in_range(0..=13)? {
        0 => return Ok(String::new()),
        1 => return Ok(text.replace('\n', "\r\n")),
        2 => _ = lines.remove(at),
        3 => lines.insert(at, lines[at].clone()),
        4 => lines.swap(at, other),
        5 => lines[at] = format!("  {}", lines[at]),
        6 => lines.insert(at, u.choose(&PIECES)?.trim_end_matches('\n').to_owned()),
        7 => lines.truncate(at),
        8 => lines[at] = deep(&lines[at], u)?,
        9 | 10 => lines[at] = with_scalar(&lines[at], u.choose(&SCALARS)?),
        _ => return retyped(text, u),
    }
    Ok(lines.join("\n") + "\n")
}

/// The line with another value.
fn with_scalar(line: &str, scalar: &str) -> String {
    match (line.find(": "), line.find("- ")) {
        (Some(colon), _) => format!("{}: {scalar}", &line[..colon]),
        (None, Some(dash)) => format!("{}- {scalar}", &line[..dash]),
        _ => format!("{line} {scalar}"),
    }
}

/// The line with a value that is nested deep.
fn deep(line: &str, u: &mut Unstructured<'_>) -> Result<String> {
    let depth = *u.choose(&[10_usize, 70, 130, 1_000, 100_000])?;
    let (open, close) = if u.arbitrary()? {
        ("[", "]")
    } else {
        ("{a: ", "}")
    };
    Ok(with_scalar(
        line,
        &format!("{}x{}", open.repeat(depth), close.repeat(depth)),
    ))
}

/// The document with another value, or another key, at a random place: what only the passes behind parsing can find.
fn retyped(text: &str, u: &mut Unstructured<'_>) -> Result<String> {
    let documents = yaml::read_documents(text, &yaml::ReadLimits::MANIFEST).unwrap_or_default();
    let mut values: Vec<Value> = documents.iter().filter_map(|d| d.to_value().ok()).collect();
    if values.is_empty() {
        return Ok((*u.choose(&SCALARS)?).to_owned());
    }
    let index = u.int_in_range(0..=values.len() - 1)?;
    let pointers = pointers(&values[index]);
    let pointer = u.choose(&pointers)?.clone();
    let rename = u.ratio(1, 5)?;
    if let Some(place) = values[index].pointer_mut(&pointer) {
        if rename {
            renamed(place, u)?;
        } else {
            *place = any_value(place, u)?;
        }
    }
    Ok(yaml::write_documents(&values))
}

fn renamed(place: &mut Value, u: &mut Unstructured<'_>) -> Result<()> {
    if let Value::Object(map) = place {
        let keys: Vec<String> = map.keys().cloned().collect();
        if !keys.is_empty() {
            let value = map.remove(u.choose(&keys)?).unwrap_or_default();
            let name = u.choose(&[
                "",
                "a/b",
                "~0",
                "ü",
                "a.b",
                "<<",
                "0",
                "A",
                "metadata",
                "x-x-x-x-x-x-x-x",
            ])?;
            map.insert((*name).to_owned(), value);
        }
    }
    Ok(())
}

fn any_value(old: &Value, u: &mut Unstructured<'_>) -> Result<Value> {
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(4_000_000_000_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("x"),
        json!("x".repeat(300)),
        json!("x\ny: z\n"),
        json!("9999999999999999999999Ei"),
        json!("1n"),
        json!("{{ values }}"),
        json!("{{ nodes }}"),
        json!("{{ nodes | length * 1000000000000000000 }}"),
        json!("{{ values.nope }}"),
        json!([]),
        json!({}),
        json!([old, old]),
        json!([[], {}, null, 1, "x"]),
        json!({"": old}),
        json!({"name": old, "x": [old]}),
    ];
    Ok(u.choose(&values)?.clone())
}

/// All places in a value.
fn pointers(value: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    match value {
        Value::Object(map) => {
            for (key, below) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                all.extend(pointers(below).into_iter().map(|p| format!("/{key}{p}")));
            }
        }
        Value::Array(list) => {
            for (index, below) in list.iter().enumerate() {
                all.extend(pointers(below).into_iter().map(|p| format!("/{index}{p}")));
            }
        }
        _ => {}
    }
    all
}
