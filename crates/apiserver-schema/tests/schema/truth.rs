//! What a real API server said of single changes (`tests/truth/record.py`), asked again of this crate.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use apiserver_schema::{Definitions, SchemaSet, SchemaVersion, SchemaViolation};
use serde_json::Value;

use crate::documents::{read_documents, read_text, test_path};

/// The classes of the written cases.
const CLASSES: [&str; 11] = [
    "cel",
    "control",
    "custom",
    "enum",
    "format",
    "required",
    "type",
    "unknown",
    "update",
    "update-control",
    "version",
];

/// One recorded line.
struct RecordedCase {
    line: String,
    base: String,
    how: String,
    pointer: String,
    value: Value,
    verdict: String,
    class: String,
    fields: Vec<String>,
}

/// The verdicts of one class.
#[derive(Default)]
struct Tally {
    found: usize,
    missed: Vec<String>,
}

fn read_cases(name: &str) -> Vec<RecordedCase> {
    let text = read_text(&test_path(name));
    text.lines().map(read_case).collect()
}

fn read_case(line: &str) -> RecordedCase {
    let fields: Vec<&str> = line.split('\t').collect();
    let [base, how, pointer, value, verdict, class, named] = fields.as_slice() else {
        panic!("seven fields: {line}")
    };
    RecordedCase {
        line: line.to_owned(),
        base: (*base).to_owned(),
        how: (*how).to_owned(),
        pointer: (*pointer).to_owned(),
        value: serde_json::from_str(value).expect("a value"),
        verdict: (*verdict).to_owned(),
        class: (*class).to_owned(),
        fields: named.split('|').map(str::to_owned).collect(),
    }
}

fn parent_of<'v>(object: &'v mut Value, pointer: &str) -> (&'v mut Value, String) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    let last = last.replace("~1", "/").replace("~0", "~");
    (
        object.pointer_mut(parent).expect("a place of the object"),
        last,
    )
}

fn change(object: &Value, case: &RecordedCase) -> Value {
    let mut object = object.clone();
    let (parent, last) = parent_of(&mut object, &case.pointer);
    match (case.how.as_str(), parent) {
        ("remove", Value::Object(map)) => _ = map.remove(&last),
        ("rename", Value::Object(map)) => {
            let value = map.remove(&last).expect("a field");
            map.insert(case.value.as_str().expect("a name").to_owned(), value);
        }
        ("set", Value::Object(map)) => _ = map.insert(last, case.value.clone()),
        ("set", Value::Array(items)) => {
            items[last.parse::<usize>().expect("an index")] = case.value.clone();
        }
        ("repeat", parent) => {
            let index = if parent.is_array() {
                parent.get_mut(last.parse::<usize>().expect("an index"))
            } else {
                parent.get_mut(&last)
            };
            let list = index.and_then(Value::as_array_mut).expect("a list");
            list.push(list[0].clone());
        }
        (how, _) => panic!("{how}"),
    }
    object
}

/// Removes what stands in brackets, and dots, so that paths of servers and ours can be compared.
fn plain(field: &str) -> Vec<String> {
    let mut depth = 0;
    let kept: String = field
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '[') - i32::from(*c == ']');
            depth == 0 && *c != ']'
        })
        .collect();
    kept.split('.').map(str::to_owned).collect()
}

fn same_place(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (plain(ours), plain(theirs));
    ours.starts_with(&theirs) || theirs.starts_with(&ours)
}

fn hits(found: &[SchemaViolation], case: &RecordedCase) -> bool {
    let named = case.fields.iter().filter(|field| !field.is_empty());
    found
        .iter()
        .filter(|violation| violation.is_refusal())
        .any(|violation| {
            named
                .clone()
                .any(|field| same_place(&violation.field, field))
                || violation.pointer.starts_with(&case.pointer)
                || case.pointer.starts_with(&violation.pointer)
        })
}

/// Tells whether a change is taken by server-side apply by chance only: its conversion cuts a number off at 32 bits, which
/// every other way of sending the object refuses, and an empty `dataSource` is normalized away.
fn is_taken_by_chance(case: &RecordedCase) -> bool {
    case.value == 3_000_000_000_u64
        || case.pointer == "/spec/dataSource" && case.value == serde_json::json!({})
}

fn expected_verdict(class: &str) -> &'static str {
    if class == "-" || class.ends_with("control") {
        "accepted"
    } else {
        "refused"
    }
}

fn judge(recorded: &str) -> BTreeMap<String, Tally> {
    let mut bases = read_documents(&test_path("truth/bases.yaml"));
    let crds = read_documents(&test_path("truth/crds.yaml"));
    let mut schemas = SchemaSet::for_version("1.34".parse::<SchemaVersion>().expect("known"));
    let definitions = Definitions::import_all(&crds);
    assert_eq!(definitions.errors, []);
    schemas.extend(definitions);
    bases.extend(
        crds.into_iter()
            .filter(|document| document["kind"] != "CustomResourceDefinition"),
    );
    let name = |object: &Value| {
        format!(
            "{}/{}",
            object["kind"].as_str().unwrap_or_default(),
            object["metadata"]["name"].as_str().unwrap_or_default()
        )
    };
    let bases: BTreeMap<String, Value> = bases
        .into_iter()
        .map(|object| (name(&object), object))
        .collect();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (base, object) in &bases {
        let found = schemas.check(object);
        assert!(
            !found.iter().any(SchemaViolation::is_refusal),
            "{base}: {found:?}"
        );
    }
    for case in read_cases(recorded) {
        assert!(
            case.verdict == expected_verdict(&case.class),
            "{}",
            case.line
        );
        let (base, changed) = (&bases[&case.base], change(&bases[&case.base], &case));
        let found = if case.class.starts_with("update") {
            schemas.check_update(&changed, base)
        } else {
            schemas.check(&changed)
        };
        let right = if case.verdict == "accepted" {
            is_taken_by_chance(&case) || !found.iter().any(SchemaViolation::is_refusal)
        } else {
            hits(&found, &case)
        };
        let tally = tallies.entry(case.class.clone()).or_default();
        if right {
            tally.found += 1;
        } else {
            tally.missed.push(format!("{} => {found:?}", case.line));
        }
    }
    tallies
}

fn describe(tallies: &BTreeMap<String, Tally>) -> String {
    let mut report = String::new();
    for (class, tally) in tallies.iter().filter(|(class, _)| *class != "code") {
        let _ = writeln!(
            report,
            "{class}: {} found, {} missed",
            tally.found,
            tally.missed.len()
        );
        for line in &tally.missed {
            let _ = writeln!(report, "   {line}");
        }
    }
    report
}

/// Every change of every field: what is refused must be found at its place, and nothing else be refused. Mistakes that
/// need a look at several fields (class `code`) are not this crate's.
#[test]
fn changes_of_every_field_have_the_verdict_of_an_api_server() {
    let tallies = judge("truth/sweep.tsv");
    let report = describe(&tallies);
    for (class, tally) in tallies.iter().filter(|(class, _)| *class != "code") {
        let all = tally.found + tally.missed.len();
        let allowed = if class == "-" { 0 } else { all / 20 };
        assert!(
            all >= 30 && tally.missed.len() <= allowed,
            "{class}\n{report}"
        );
    }
}

/// Mistakes that people make, at least ten a class.
#[test]
fn mistakes_are_found_where_an_api_server_finds_them() {
    let tallies = judge("truth/cases.tsv");
    let report = describe(&tallies);
    assert_eq!(
        tallies.keys().map(String::as_str).collect::<Vec<_>>(),
        CLASSES,
        "{report}"
    );
    for (class, tally) in &tallies {
        let all = tally.found + tally.missed.len();
        let allowed = if class.ends_with("control") {
            0
        } else {
            all / 20
        };
        assert!(
            all >= 10 && tally.missed.len() <= allowed,
            "{class}\n{report}"
        );
    }
}
