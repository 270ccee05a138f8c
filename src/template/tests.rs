//! What expressions give, and what they are refused.

use insta::assert_snapshot;
use serde_json::json;

use super::*;

fn context() -> TemplateContext {
    TemplateContext::new(&json!({
        "values": {"replicas": 3, "ratio": 0.5, "title": "a: {{ 1 }}", "on": true, "none": null, "list": ["a", "b"], "map": {"k": [1]}},
        "site": {"name": "plant"},
        "disks": [{"path": "/dev/a"}, {"path": "/dev/b"}],
        "nodes": [
            {"name": "n-0", "bmc": {"address": "10.0.0.1"}, "addresses": {"storage": "172.16.1.10"}},
            {"name": "n-1", "bmc": null, "addresses": {"storage": "172.16.1.11"}},
        ],
        "huge": u64::MAX,
    }))
}

fn value(scalar: &str) -> Value {
    evaluate(scalar, &context()).unwrap_or_else(|why| panic!("{scalar}: {why}"))
}

fn error(scalar: &str) -> String {
    match evaluate(scalar, &context()) {
        Ok(value) => panic!("{scalar} gives {value}"),
        Err(why) => format!("{:?} {}", why.range, why.message),
    }
}

#[test]
fn one_expression_keeps_its_type() {
    assert_eq!(value("{{ values.replicas }}"), json!(3));
    assert_eq!(value("{{ (disks | length) * 2 }}"), json!(4));
    assert_eq!(value("{{ (disks | length) // 2 }}"), json!(1));
    assert_eq!(value("{{ values.ratio }}"), json!(0.5));
    assert_eq!(value("{{ values.on }}"), json!(true));
    assert_eq!(value("{{ values.none }}"), json!(null));
    assert_eq!(value("{{ values.list }}"), json!(["a", "b"]));
    assert_eq!(value("{{ values.map }}"), json!({"k": [1]}));
    assert_eq!(value("{{ huge }}"), json!(u64::MAX));
    assert_eq!(value("{{ -1 }}"), json!(-1));
    assert_eq!(value("{{ 'x' ~ site.name }}"), json!("xplant"));
    assert_eq!(value("{{ '3' }}"), json!("3"));
    assert_eq!(value("{{ {'a': {'b': 1}} }}"), json!({"a": {"b": 1}}));
    assert_eq!(value("{{ '}}' }}"), json!("}}"));
}

#[test]
fn text_around_expressions_makes_a_string() {
    assert_eq!(value("r-{{ values.replicas }}"), json!("r-3"));
    assert_eq!(
        value("{{ site.name }}{{ values.replicas }}"),
        json!("plant3")
    );
    assert_eq!(value(" {{ values.replicas }}"), json!(" 3"));
    assert_eq!(
        value("no expression }} {# ${#x}"),
        json!("no expression }} {# ${#x}")
    );
    assert_eq!(value("{{ '{{' }} $labels.x }}"), json!("{{ $labels.x }}"));
}

#[test]
fn a_value_is_never_evaluated_again_and_never_becomes_structure() {
    assert_eq!(value("{{ values.title }}"), json!("a: {{ 1 }}"));
    assert_eq!(value("x {{ values.title }}"), json!("x a: {{ 1 }}"));
}

#[test]
fn lists_become_maps_and_text() {
    assert_eq!(
        value("{{ nodes | keyed('name', 'bmc.address') }}"),
        json!({"n-0": "10.0.0.1"})
    );
    assert_eq!(
        value("{{ nodes | map(attribute='addresses.' ~ 'storage') | join(',') }}"),
        json!("172.16.1.10,172.16.1.11")
    );
    assert_eq!(
        value("{{ nodes | map(attribute='name') }}"),
        json!(["n-0", "n-1"])
    );
    assert_eq!(
        value("{{ nodes | map(attribute='bmc.address', default='none') | list }}"),
        json!(["10.0.0.1", "none"])
    );
    assert_eq!(
        value("{{ nodes | selectattr('bmc') | list | length }}"),
        json!(1)
    );
    assert_eq!(
        value("{{ disks[0] | tojson }}"),
        json!("{\"path\":\"/dev/a\"}")
    );
    assert_eq!(
        value("{{ ('4.18.22' | split('.') | list)[:2] | join('.') }}"),
        json!("4.18")
    );
    assert_eq!(value("{{ range(3) }}"), json!([0, 1, 2]));
    assert_eq!(value("{{ values.nope | default(7) }}"), json!(7));
    assert_eq!(value("{{ values.none | default(7, true) }}"), json!(7));
    assert_eq!(
        value("{{ 'a' if values.replicas is defined and values.nope is undefined else 'b' }}"),
        json!("a")
    );
}

#[test]
fn what_is_undefined_is_an_error_wherever_it_is_used() {
    assert_snapshot!(error("{{ valeus.replicas }}"), @"0..21 `valeus` is not defined: did you mean `values`?");
    assert_snapshot!(error("x {{ values.replcas }}"), @"2..22 `values.replcas` is not defined: did you mean `values.replicas`?");
    assert_snapshot!(error("{{ values.replcas + 1 }}"), @"0..24 `values.replcas` is not defined: did you mean `values.replicas`?");
    assert_snapshot!(error("{{ [values.nope] }}"), @"0..19 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ {'a': values.nope} }}"), @"0..24 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ [values.nope] | join(',') }}"), @"0..31 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ [values.nope] | tojson }}"), @"0..28 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ values.nope | list }}"), @"0..24 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ values.nope | string }}"), @"0..26 `values.nope` is not defined: did you mean `values.none`?");
    assert_snapshot!(error("{{ nodes | map(attribute='nme') }}"), @"0..34 `nodes | map(attribute='nme')` cannot be evaluated: an item has no `nme`");
    assert_snapshot!(error("{{ values.list[7] }}"), @"0..20 `values.list[7]` has no value here");
    assert_snapshot!(error("{{ 'x' if values.replicas > 9 }}"), @"0..32 `'x' if values.replicas > 9` has no value here");
    assert_snapshot!(error("{{ nodes | keyed('nme', 'name') }}"), @"0..34 `nodes | keyed('nme', 'name')` cannot be evaluated: an item has no `nme`");
    assert_snapshot!(error("{{ values.list | first | first | nope }}"), @"0..40 `values.list | first | first | nope` cannot be evaluated: filter nope is unknown");
}

#[test]
fn what_has_no_form_in_a_document_is_refused() {
    assert_snapshot!(error("{{ 1e308 * 10 }}"), @"0..16 `1e308 * 10` is not a finite number");
    assert_snapshot!(error("x {{ values.list }}"), @"2..19 `values.list` is a list: use `join(', ')` inside of text");
    assert_snapshot!(error("x {{ values.map }}"), @"2..18 `values.map` is a map, and cannot stand inside of text: use `tojson`");
    assert_snapshot!(error("x {{ values.none }}"), @"2..19 `values.none` is empty, and cannot stand inside of text");
    assert_snapshot!(error("{{ {1: 2} }}"), @"0..12 `{1: 2}` is a map with the key 1, which is not text");
    assert_snapshot!(error("{{ range }}"), @"0..11 `range` is neither text, number, boolean, list nor map");
    assert_snapshot!(error("{{ 1 / 0 }}"), @"0..11 `1 / 0` cannot be evaluated: unable to calculate 1 / 0");
}

#[test]
fn what_is_not_an_expression_is_refused() {
    assert_snapshot!(error("{{ values.replicas"), @"0..18 an expression begins with `{{` but does not end with `}}`");
    assert_snapshot!(error("a {{ }}"), @"2..7 an expression is empty: `{{ }}`");
    assert_snapshot!(error("{{- values.replicas -}}"), @"0..23 whitespace is not trimmed here: write `{{ x }}`, not `{{- x -}}`");
    assert_snapshot!(error("{% if x %}{{ x }}{% endif %}"), @"0..2 there are no statements (`{%`) in templates: only `{{ expressions }}`");
    assert_snapshot!(error("{{ values. }}"), @"0..13 `values.` cannot be evaluated: unexpected end of input, expected identifier or integer");
    assert_snapshot!(error("{{ 1 | safe }}"), @"0..14 `1 | safe` cannot be evaluated: filter safe is unknown");
    assert_snapshot!(error("{{ debug() }}"), @"0..13 `debug()` cannot be evaluated: debug is unknown");
    assert_snapshot!(error("{{ 'a' | map('upper') }}"), @"0..24 `'a' | map('upper')` cannot be evaluated: `map` takes an attribute: map(attribute='name')");
}

#[test]
fn steps_text_and_memory_are_bounded() {
    for scalar in [
        "{{ range(100000) }}".to_owned(),
        "{{ 'x' * 90000000 }}".to_owned(),
        "{{ ['x' * 1000000] * 5 | join('') }}".to_owned(),
        "{{ ('x' * 1000) | replace('x', 'x' * 1000) | replace('x', 'x' * 1000) | replace('x', 'x' * 1000) }}"
            .to_owned(),
        format!("{{{{ {}1{} }}}}", "(".repeat(2000), ")".repeat(2000)),
        format!("{{{{ {} }}}}", "1+".repeat(5000)),
        format!("{{{{ {}1 }}}}", "2 * ".repeat(20)),
        format!("{{{{ {}1{} }}}}", "[".repeat(200), "]".repeat(200)),
    ] {
        let shown: String = scalar.chars().take(60).collect();
        assert!(evaluate(&scalar, &context()).is_err(), "{shown}");
    }
}

#[test]
fn a_document_is_expanded_in_its_scalars_only() {
    let tree = json!({"{{ key }}": ["{{ values.replicas }}", {"a": "x{{ site.name }}", "b": 1, "c": null}]});
    assert_eq!(
        expand(&tree, &context()),
        Ok(json!({"{{ key }}": [3, {"a": "xplant", "b": 1, "c": null}]}))
    );
}

#[test]
fn all_errors_of_a_document_are_reported_with_their_places() {
    let tree = json!({"a": ["{{ nope }}", "{{ values.replicas }}"], "b/c": "x {{ }}"});
    let found = expand(&tree, &context()).expect_err("two scalars are wrong");
    let places: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/a/0", "/b~1c"]);
    let places: Vec<String> = check(&tree)
        .iter()
        .map(|(at, _)| at.as_str().to_owned())
        .collect();
    assert_eq!(places, ["/b~1c"]);
}

#[test]
fn what_is_added_to_a_context_counts_and_the_rest_is_shared() {
    let more = context().with([
        ("site", SharedNames::new(&json!({"name": "other"}))),
        ("key", SharedNames::new(&json!("k"))),
    ]);
    assert_eq!(
        evaluate("{{ site.name }} {{ key }} {{ values.replicas }}", &more),
        Ok(json!("other k 3"))
    );
    assert_eq!(value("{{ site.name }}"), json!("plant"));
    assert_eq!(context().items("disks").len(), 2);
    assert_eq!(
        context().items("site").len() + context().items("nope").len(),
        0
    );
}

#[test]
fn no_text_panics() {
    arbtest::arbtest(|u| {
        let parts = [
            "{{", "}}", " ", "'", "\"", "values", ".", "a", "|", "join", "(", ")", "[", "]", "{",
            "}", "1", "~", "\\", "ä", "%",
        ];
        let count = u.int_in_range(0..=12)?;
        let text = (0..count)
            .map(|_| u.choose(&parts).copied())
            .collect::<Result<String, _>>()?;
        let _ = evaluate(&text, &TemplateContext::new(&json!({"values": {"a": 1}})));
        Ok(())
    });
}
