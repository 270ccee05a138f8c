//! What a real API server said of single changes (`tests/truth/record.py`), asked again of this crate.

use std::collections::BTreeMap;

use apiserver_schema::{Definitions, KubernetesVersion, SchemaSet, Violation};
use serde_json::Value;

use crate::documents::{read_documents, test_path};

/// One recorded line.
struct RecordedCase {
    line: String,
    base: String,
    how: String,
    pointer: String,
    value: Value,
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
    let text = std::fs::read_to_string(test_path(name)).expect("recorded");
    text.lines().map(read_case).collect()
}

fn read_case(line: &str) -> RecordedCase {
    let fields: Vec<&str> = line.split('\t').collect();
    let [base, how, pointer, value, _verdict, class, named] = fields.as_slice() else { panic!("seven fields: {line}") };
    RecordedCase {
        line: line.to_owned(),
        base: (*base).to_owned(),
        how: (*how).to_owned(),
        pointer: (*pointer).to_owned(),
        value: serde_json::from_str(value).expect("a value"),
        class: (*class).to_owned(),
        fields: named.split('|').map(str::to_owned).collect(),
    }
}

fn parent_of<'v>(object: &'v mut Value, pointer: &str) -> (&'v mut Value, String) {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    let last = last.replace("~1", "/").replace("~0", "~");
    (object.pointer_mut(parent).expect("a place of the object"), last)
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
        ("set", Value::Array(items)) => items[last.parse::<usize>().expect("an index")] = case.value.clone(),
        ("repeat", parent) => {
            let index = if parent.is_array() { parent.get_mut(last.parse::<usize>().expect("an index")) } else { parent.get_mut(&last) };
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

fn hits(found: &[Violation], case: &RecordedCase) -> bool {
    let named = case.fields.iter().filter(|field| !field.is_empty());
    found.iter().filter(|violation| violation.is_refusal()).any(|violation| {
        named.clone().any(|field| same_place(&violation.field, field))
            || violation.pointer.starts_with(&case.pointer)
            || case.pointer.starts_with(&violation.pointer)
    })
}

/// Tells whether a change is taken by server-side apply by chance only: its conversion cuts a number off at 32 bits, which
/// every other way of sending the object refuses, and an empty `dataSource` is normalized away.
fn is_taken_by_chance(case: &RecordedCase) -> bool {
    case.value == 3_000_000_000_u64 || case.pointer == "/spec/dataSource" && case.value == serde_json::json!({})
}

fn judge(recorded: &str) -> BTreeMap<String, Tally> {
    let mut bases = read_documents(&test_path("truth/bases.yaml"));
    let crds = read_documents(&test_path("truth/crds.yaml"));
    let mut schemas = SchemaSet::for_version("1.34".parse::<KubernetesVersion>().expect("known"));
    let definitions = Definitions::import_all(&crds);
    assert_eq!(definitions.errors, []);
    schemas.extend(definitions);
    bases.extend(crds.into_iter().filter(|document| document["kind"] != "CustomResourceDefinition"));
    let name = |object: &Value| {
        format!("{}/{}", object["kind"].as_str().unwrap_or_default(), object["metadata"]["name"].as_str().unwrap_or_default())
    };
    let bases: BTreeMap<String, Value> = bases.into_iter().map(|object| (name(&object), object)).collect();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (base, object) in &bases {
        let found = schemas.check(object);
        assert!(!found.iter().any(Violation::is_refusal), "{base}: {found:?}");
    }
    for case in read_cases(recorded) {
        let found = schemas.check(&change(&bases[&case.base], &case));
        let right = if case.class == "-" { is_taken_by_chance(&case) || !found.iter().any(Violation::is_refusal) } else { hits(&found, &case) };
        let tally = tallies.entry(case.class.clone()).or_default();
        if right {
            tally.found += 1;
        } else {
            tally.missed.push(format!("{} => {found:?}", case.line));
        }
    }
    tallies
}

#[test]
fn changes_of_every_field_have_the_verdict_of_an_api_server() {
    let tallies = judge("truth/sweep.tsv");
    let mut report = String::new();
    for (class, tally) in &tallies {
        report += &format!("{class}: {} found, {} missed\n", tally.found, tally.missed.len());
        if class != "code" {
            for line in tally.missed.iter().take(400) {
                report += &format!("   {line}\n");
            }
        }
    }
    println!("{report}");
    for (class, tally) in &tallies {
        let all = tally.found + tally.missed.len();
        match class.as_str() {
            "code" => {}
            "-" => assert_eq!(tally.missed.len(), 0, "refused here only\n{report}"),
            _ => assert!(tally.found * 100 >= all * 95, "{class}\n{report}"),
        }
    }
}
