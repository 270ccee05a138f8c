//! What is written is read back by other people's tools as it was meant.

use std::io::Write as _;
use std::process::{Command, Stdio};

use manifest_yaml::{ReadLimits, read_documents, write_as_kustomize, write_document};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::{oracle, repository};

const WORDS: &str = "yes Yes YES no No NO on On ON off Off OFF y Y n N true True TRUE false False FALSE tRue null Null NULL nUll ~ = << \
    <<< . .. ... .... - -- --- ---- ? ?a -a :a a: :: a:b a#b #a {} [] { } [ ] , *a &a !a !!str |a >a %a @a `a 'a \"a a'b a\"b \\ \\n \\x41 \
    0 1 -1 +1 00 01 07 08 012 0644 0777 0o14 0O14 0o 0x 0x1F 0X1F 0x_1F 0xg 0b 0b1 0b11 0B11 0b_1 0b-1 -0b1 0o-7 1_000 1__000 1_ _1 0_ \
    1_000.5 685.230_15e+03 685_230.15 0.1 1.0 4.20 1.10 .5 5. 1e3 1E3 1e+3 1e-3 .5e3 1e400 -1e400 1e 1.2.3 10.20.0.5 1,000 1,5 .inf -.inf +.inf \
    .Inf .INF .nan .NaN .NAN inf nan Infinity -inf .iNf 12:30:45 190:20:30 190:20:30.15 1:1 01:01 00:11:22:33:44:55 52:54:00:12:34:56 \
    2001-12-14 2001-1-2 2024-02-30 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z 20011-12-14 2001-12 9223372036854775807 \
    9223372036854775808 18446744073709551615 18446744073709551616 -9223372036854775809 123456789012345678901234567890 a b x 1Gi 500m 100k 0x1Fg \
    172.16.1.0/24 ::1 fe80::1 1e3Gi v1 1.27 v1.27 1.27.3 http://a/b?c=d#e sha256:00 {{a}} {{ $a %20 @ ` ! !! & * | > |- >- !tag &anchor *alias \
    %YAML --- ... é ü 日本 \u{a0} \u{feff} \u{feff}a a\u{feff} \u{1F600} a\u{1F600}b \u{200b} \u{fffd} \u{e000}";

/// Strings that writers of YAML get wrong.
#[allow(clippy::too_many_lines, reason = "a list")]
fn awkward() -> Vec<String> {
    let mut strings: Vec<String> = WORDS
        .split(' ')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    let spaced = [
        "",
        " ",
        "  ",
        " a",
        "a ",
        " a ",
        "a b",
        "a  b",
        "a: b",
        "a :b",
        "a : b",
        "a #b",
        "a# b",
        "# a",
        "- a",
        "? a",
        ": a",
        "a:",
        "a: ",
        "\t",
        "\ta",
        "a\t",
        "a\tb",
        "a:\tb",
        "a\t#b",
        "-\ta",
        "\n",
        "\n\n",
        "a\n",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\na",
        "\n a",
        " a\n",
        " a\nb",
        "  a\n b\n",
        "a\n b\n",
        "a \nb",
        "a\n b",
        "a\n\tb",
        "\ta\nb",
        "a\n\n\nb\n\n\n",
        "a\r",
        "a\rb",
        "a\r\nb",
        "\r\n",
        "a\n ",
        "a\n \n",
        "#a\n",
        "---\na",
        "...\na\n",
        "a\n---\n",
        "key: value\nlist:\n- a\n",
        "\u{85}",
        "a\u{85}b",
        "\u{2028}",
        "a\u{2028}b",
        "\u{2029}",
        "\u{7f}",
        "\u{80}",
        "\u{9f}",
        "\u{0}",
        "\u{1}",
        "\u{7}",
        "\u{8}",
        "\u{b}",
        "\u{c}",
        "\u{1b}",
        "\u{1f}",
        "a\u{0}b",
        "\u{fffe}",
        "\u{ffff}",
        "\u{1F600}\n",
        "a\nb\u{1F600}\n",
        "é\nü\n",
        "null ",
        "~ ",
        "yes ",
        "1 ",
        "1 000",
        "2001-12-14 21:59:43",
        "2001-12-15 2:59:43.10",
        "2001-12-14 24:00:00",
        "2001-12-14\n",
        "[a, b]",
        "{a: b}",
        "\"a\"",
        "'a'",
        "''",
        "\"\"",
        "a''b",
        "don't",
        "\\",
        "\\\\",
        "\\\n",
        "a\\",
        "{{ values.a }}",
        "x: |\n  y",
        "a,b",
        "[",
        "a]",
    ];
    strings.extend(spaced.map(str::to_owned));
    let long = "lorem ipsum dolor sit amet ".repeat(12);
    strings.extend([
        long.clone(),
        long.trim_end().to_owned(),
        format!("{long} it's  two  spaces: here"),
        format!("'{long}'"),
        format!("{long}\t{long}x"),
        format!("# {long}  {long}x"),
        format!("{long}\n{long}\n"),
        "x".repeat(200),
        "é ".repeat(90),
        format!("{}  {}  end", "a".repeat(90), "b".repeat(90)),
        format!("{}\u{1} {}", "a".repeat(90), " b".repeat(40)),
    ]);
    strings
}

/// A value of each string, and the strings as keys.
fn document() -> Value {
    let strings = awkward();
    assert!(strings.len() >= 200, "{}", strings.len());
    let values: Map<String, Value> = strings
        .iter()
        .enumerate()
        .map(|(i, s)| (format!("k{i}"), json!(s)))
        .collect();
    // A merge key is a merge key to Go's libraries, even when it is quoted.
    let keys: Map<String, Value> = strings
        .iter()
        .filter(|s| *s != "<<")
        .map(|s| (s.clone(), json!("v")))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "awkward"},
        "values": values, "keys": keys, "list": strings, "nested": [[{"a": [strings]}]]
    })
}

#[test]
fn our_reader_reads_back_what_is_written() {
    // kustomize writes line separators as they are, and no reader of ours takes them so.
    let separated = |s: &String| s.contains(['\u{2028}', '\u{2029}']);
    let without: Vec<String> = awkward().into_iter().filter(|s| !separated(s)).collect();
    for (written, expected) in [
        (write_document(&document()), document()),
        (
            write_as_kustomize(&json!({"list": without})),
            json!({"list": without}),
        ),
    ] {
        let read = read_documents(&written, &ReadLimits::MANIFEST).unwrap();
        assert_eq!(read[0].to_value().unwrap(), expected);
    }
}

#[test]
fn numbers_and_words_are_read_back_by_our_reader() {
    let value = json!({"a": 1, "b": -1, "c": 0.5, "d": 1e21, "e": u64::MAX, "f": i64::MIN, "g": 1e-7, "h": true, "i": null, "j": 1_234_567.5});
    assert_eq!(
        read_documents(&write_document(&value), &ReadLimits::MANIFEST).unwrap()[0]
            .to_value()
            .unwrap(),
        value
    );
}

#[test]
fn kubectl_reads_back_what_is_written() {
    let Some(kubectl) = oracle::find("kubectl") else {
        return;
    };
    let arguments = ["annotate", "--local", "-o", "json", "-f", "-", "read=back"];
    let mut child = Command::new(kubectl)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut expected =
        json!({"apiVersion": "example.com/v1", "kind": "Awkward", "metadata": {"name": "awkward"}});
    for field in ["values", "keys", "list", "nested"] {
        expected[field] = document()[field].clone();
    }
    let written = write_document(&expected);
    let feeder = std::thread::spawn(move || stdin.write_all(written.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    let mut found: Value = serde_json::from_slice(&output.stdout).unwrap();
    found["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("annotations");
    assert_same(&found, &expected, "");
}

#[test]
fn a_yaml_1_1_reader_reads_back_what_is_written() {
    let Some(python) = oracle::python_with_yaml() else {
        return;
    };
    let script = "import sys, yaml, json; json.dump(yaml.safe_load(sys.stdin.buffer.read().decode()), sys.stdout)";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let written = write_document(&document());
    let feeder = std::thread::spawn(move || stdin.write_all(written.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_same(&found, &document(), "");
}

/// Fails at the first field that differs.
fn assert_same(found: &Value, expected: &Value, path: &str) {
    match (found, expected) {
        (Value::Object(f), Value::Object(e)) => {
            for (key, value) in e {
                let found = f
                    .get(key)
                    .unwrap_or_else(|| panic!("{path}/{key:?} was lost"));
                assert_same(found, value, &format!("{path}/{key}"));
            }
            assert_eq!(f.len(), e.len(), "{path}");
        }
        (Value::Array(f), Value::Array(e)) => {
            f.iter()
                .zip(e)
                .enumerate()
                .for_each(|(i, (f, e))| assert_same(f, e, &format!("{path}/{i}")));
            assert_eq!(f.len(), e.len(), "{path}");
        }
        _ => assert_eq!(found, expected, "{path}"),
    }
}

/// Pieces that parsers of YAML stumble over.
const PIECES: [&str; 44] = [
    "a",
    "b: ",
    ":",
    "- ",
    "-",
    "? ",
    "\n",
    "\n  ",
    "\n    ",
    "\n\t",
    " ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "|+2",
    ">-",
    "&x ",
    "*x",
    "!!str ",
    "!t ",
    "<<: ",
    "# c",
    "---",
    "\n---\n",
    "\n...\n",
    "%YAML 1.2\n",
    "\r\n",
    "\r",
    "é",
    "\u{feff}",
    "\u{1F600}",
    "\\",
    "\\u00",
    "0x1",
    "2024-01-01",
    "~",
    "=",
];

#[test]
fn no_text_makes_a_reader_panic() {
    use pointer_diagnostics::{Diagnostics, FieldPart, Pointer};
    let rounds = std::env::var_os("RANDOM_TEXTS")
        .and_then(|n| n.to_str()?.parse().ok())
        .unwrap_or(4000);
    let mut state = 88_172_645_463_325_252_u64;
    let mut roll = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(limit).unwrap()).unwrap()
    };
    for _ in 0..rounds {
        let text: String = (0..=roll(24)).map(|_| PIECES[roll(PIECES.len())]).collect();
        if let Ok(documents) = read_documents(&text, &ReadLimits::MANIFEST) {
            for value in documents.iter().filter_map(|d| d.to_value().ok()) {
                let back = read_documents(&write_document(&value), &ReadLimits::MANIFEST).unwrap();
                assert_eq!(back[0].to_value(), Ok(value), "{text:?}");
            }
        }
        _ = siteplan::load::read_input("a.yaml", &text, &mut Diagnostics::new());
        for part in [
            FieldPart::Key,
            FieldPart::Value,
            FieldPart::Bytes {
                start: roll(30),
                end: roll(60),
            },
        ] {
            let range = manifest_yaml::find_span(&text, &Pointer::parse("/a/0/b"), part);
            assert!(text.get(range).is_some(), "{text:?}");
        }
    }
}

/// serde_yaml shares no code with the reader and the writer of `manifest-yaml`.
#[test]
fn an_independent_reader_sees_the_same_in_every_file_of_out() {
    let mut documents = 0;
    for (path, text) in repository::files("out", "yaml") {
        let expected: Vec<Value> = read_documents(&text, &ReadLimits::MANIFEST)
            .unwrap()
            .iter()
            .map(|document| document.to_value().unwrap())
            .collect();
        let mut seen: Vec<Value> = Vec::new();
        for document in serde_yaml::Deserializer::from_str(&text) {
            seen.push(Value::deserialize(document).unwrap());
        }
        assert_eq!(seen, expected, "{path}");
        documents += seen.len();
    }
    assert!(documents > 150, "out/ has {documents} documents only");
}
