//! What a document that does not look as it should is told.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;
use pointer_diagnostics::FieldPart;

/// One line a diagnostic: place, code, message, help, edit.
fn lines(diagnostics: &Diagnostics) -> String {
    let line = |d: &pointer_diagnostics::Diagnostic| {
        let label = &d.labels[0];
        let part = if label.part == FieldPart::Key {
            "key of "
        } else {
            ""
        };
        let help = d.help.as_ref();
        let text = help.map_or("", |h| h.text.as_str());
        let edit = help
            .and_then(|h| h.edit.as_ref())
            .map_or(String::new(), |e| format!(" [{}]", e.replacement));
        format!(
            "{part}{}: {}: {}; {text}{edit}",
            label.origin.pointer, d.code, d.message
        )
        .trim_end()
        .to_owned()
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn site(spec: &Value) -> String {
    let document = json!({
        "apiVersion": "siteplan.dev/v1alpha1", "kind": "Site", "metadata": {"name": "a"}, "spec": spec,
    });
    lines(&validate_input(InputKind::Site, "sites/a.yaml", &document))
}

fn merged(spec: &Value) -> String {
    let document = json!({
        "apiVersion": "siteplan.dev/v1alpha1", "kind": "Site", "metadata": {"name": "a"}, "spec": spec,
    });
    lines(&validate_merged_site(&document, &|p| {
        Origin::new(&Arc::from("a"), p.clone())
    }))
}

fn values(schema: &Value, values: &Value) -> String {
    let mut found = Diagnostics::new();
    let place = Origin::file("app.yaml").at("values");
    let Ok(schema) = ValuesSchema::compile(schema, &place, &mut found) else {
        return lines(&found);
    };
    let mut found = Diagnostics::new();
    let origin = |p: &Pointer| Origin {
        pointer: Pointer::root().at("v").join(p),
        ..Origin::file("site.yaml")
    };
    schema.complete(values, &origin, &mut found);
    lines(&found)
}

#[test]
fn the_heading_is_checked() {
    let found = lines(&validate_input(
        InputKind::Site,
        "a",
        &json!({"apiVersion": "v1", "kind": "Stie", "metadata": {"name": "A_b"}}),
    ));
    assert_snapshot!(found, @r"
    /apiVersion: not-a-choice: `apiVersion` is the text `v1`, expected `siteplan.dev/v1alpha1`; did you mean `siteplan.dev/v1alpha1`? [siteplan.dev/v1alpha1]
    /kind: not-a-choice: `kind` is the text `Stie`, expected `Site`; did you mean `Site`? [Site]
    /metadata/name: malformed-value: `metadata.name` is the text `A_b`, expected lower-case letters, digits and `-`, with a letter or digit at both ends;
    ");
    assert_snapshot!(lines(&validate_input(InputKind::App, "a", &Value::Null)), @": wrong-type: the document is empty, expected a map; write a map here");
    assert_snapshot!(lines(&validate_input(InputKind::Fleet, "a", &json!({"kind": "Fleet"}))), @r"
    : missing-key: the document lacks the key `apiVersion`; add `apiVersion`: the version of the input language
    : missing-key: the document lacks the key `metadata`; add `metadata`: how it is called
    : missing-key: the document lacks the key `spec`; add `spec`: the fleet: where Argo CD finds the output, which Argo CD it is, and the rules that hold for every site
    ");
}

#[test]
fn an_unknown_key_gets_the_nearest_known_one() {
    assert_snapshot!(site(&json!({"pools": {"acp": {"arhc": "amd64", "colour": 1, "nodes": {"a": {"zoen": "x"}}}}})), @r"
    key of /spec/pools/acp/nodes/a/zoen: unknown-key: `spec.pools.acp.nodes.a` has no key `zoen`; did you mean `zone`? [zone]
    key of /spec/pools/acp/arhc: unknown-key: `spec.pools.acp` has no key `arhc`; did you mean `arch`? [arch]
    key of /spec/pools/acp/colour: unknown-key: `spec.pools.acp` has no key `colour`; the keys here are `allocatable`, `arch`, `autoscaling`, `capacity`, `disks`, `labels`, `machine`, `manageLabels`, `nodes`, `replicas`, `reserved`, `roles`, `taints` and `version`
    ");
}

#[test]
fn values_of_a_wrong_type_say_what_they_are() {
    let spec = json!({
        "cluster": {"version": 4.18, "hosted": "true"},
        "pools": {"acp": {"roles": "worker", "replicas": 2.0, "taints": {"key": "a"}}},
        "networks": {"vm": {"vlans": {"ot": 70000, "dmz": "302"}}},
    });
    assert_snapshot!(site(&spec), @r"
    /spec/cluster/hosted: wrong-type: `spec.cluster.hosted` is the text `true`, expected a boolean; write true without quotes
    /spec/cluster/version: wrong-type: `spec.cluster.version` is the number `4.18`, expected text; put the value as you wrote it in double quotes
    /spec/networks/vm/vlans/dmz: wrong-type: `spec.networks.vm.vlans.dmz` is the text `302`, expected an integer; write 302 without quotes
    /spec/networks/vm/vlans/ot: out-of-range: `spec.networks.vm.vlans.ot` is the number `70000`, expected at most 4094;
    /spec/pools/acp/replicas: wrong-type: `spec.pools.acp.replicas` is the number `2.0`, expected an integer; write it without a fraction, for instance 2
    /spec/pools/acp/roles: wrong-type: `spec.pools.acp.roles` is the text `worker`, expected a list; write a list of one item [[worker]]
    /spec/pools/acp/taints: wrong-type: `spec.pools.acp.taints` is a map, expected a list; write each item on a line of its own behind `- `
    ");
}

#[test]
fn a_value_that_is_no_choice_gets_the_choices() {
    let spec = json!({"pools": {"a": {"arch": "AMD64"}, "b": {"arch": "power"}, "c": {"arch": "x86_64"}, "d": {"arch": "aarch64"}}});
    assert_snapshot!(site(&spec), @r"
    /spec/pools/a/arch: not-a-choice: `spec.pools.a.arch` is the text `AMD64`, expected `amd64`, `arm64`, `ppc64le` or `s390x`; did you mean `amd64`? [amd64]
    /spec/pools/b/arch: not-a-choice: `spec.pools.b.arch` is the text `power`, expected `amd64`, `arm64`, `ppc64le` or `s390x`; write one of these
    ");
}

#[test]
fn a_quantity_has_a_form() {
    assert_snapshot!(site(&json!({"pools": {"a": {"capacity": {"memory": "256 GB", "cpu": 1.5, "pods": 250}}}})), @r"
    /spec/pools/a/capacity/cpu: wrong-type: `spec.pools.a.capacity.cpu` is the number `1.5`, expected an integer or text; put the value as you wrote it in double quotes
    /spec/pools/a/capacity/memory: malformed-value: `spec.pools.a.capacity.memory` is the text `256 GB`, expected a number with an optional unit: 500m, 2, 256Gi;
    ");
}

#[test]
fn a_layer_may_leave_out_and_remove_what_a_merged_site_must_have() {
    let spec = json!({"pools": {"a": {"labels": null, "nodes": {"n": null}}, "b": null}, "ha": null, "storage": {"block": {"class": null}}});
    assert_eq!(site(&spec), "");
    assert_snapshot!(merged(&json!({"pools": {"a": {}}, "storage": {"block": {}}})), @r"
    key of /spec/pools/a: missing-key: `spec.pools.a` lacks the key `arch`; add `arch`: the CPU architecture of its nodes
    key of /spec/storage/block: missing-key: `spec.storage.block` lacks the key `class`; add `class`: the name of the StorageClass
    ");
}

#[test]
fn what_is_in_a_list_is_complete_in_a_layer_too() {
    assert_snapshot!(site(&json!({"pools": {"a": {"taints": [{"key": "a"}]}}})), @"/spec/pools/a/taints/0: missing-key: `spec.pools.a.taints[0]` lacks the key `effect`; add `effect`: effect on pods that do not tolerate it");
}

#[test]
fn of_alternatives_the_one_that_was_meant_is_reported() {
    let app = |requires: Value| {
        let document = json!({
            "apiVersion": "siteplan.dev/v1alpha1", "kind": "App", "metadata": {"name": "a"}, "spec": {"requires": requires},
        });
        lines(&validate_input(InputKind::App, "a", &document))
    };
    assert_eq!(app(json!([{"app": "x"}, {"storage": "block"}])), "");
    assert_snapshot!(app(json!([{"storag": "block"}, {"app": 1}, "odf", {"app": "a", "storage": "b"}])), @r"
    key of /spec/requires/0/storag: unknown-key: `spec.requires[0]` has no key `storag`; did you mean `storage`? [storage]
    /spec/requires/1/app: wrong-type: `spec.requires[1].app` is the number `1`, expected text; put the value as you wrote it in double quotes
    /spec/requires/2: wrong-type: `spec.requires[2]` is the text `odf`, expected a map; write a map here
    key of /spec/requires/3/storage: unknown-key: `spec.requires[3]` has no key `storage`; the only key here is `app`
    ");
}

#[test]
fn an_app_takes_values_by_its_own_schema() {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["host"],
        "properties": {
            "host": {"type": "string", "format": "hostname", "description": "The host that clients use. More."},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            "mode": {"enum": ["yes", "fast"]},
            "size": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+Gi$"}]},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true, "maxItems": 2},
        },
    });
    assert_eq!(values(&schema, &json!({"host": "a.example.com"})), "");
    assert_snapshot!(values(&schema, &json!({"host": "a", "replica": 2})), @"key of /v/replica: unknown-key: `v` has no key `replica`; did you mean `replicas`? [replicas]");
    let wrong = json!({"replica": 2, "replicas": 12, "mode": "yess", "size": true, "tags": ["a", "a", "b"]});
    assert_snapshot!(values(&schema, &wrong), @r#"
    /v/mode: not-a-choice: `v.mode` is the text `yess`, expected `yes` or `fast`; did you mean `yes`? ["yes"]
    /v/replicas: out-of-range: `v.replicas` is the number `12`, expected at most 9;
    /v/size: wrong-type: `v.size` is `true`, expected an integer or text; put the value as you wrote it in double quotes
    /v/tags: out-of-range: `v.tags` is a list of 3, expected at most 2 items;
    /v/tags: malformed-value: `v.tags` is a list, expected items that differ from each other;
    key of /v/replica: unknown-key: `v` has no key `replica`; the keys here are `host`, `mode`, `replicas`, `size` and `tags`
    /v: missing-key: `v` lacks the key `host`; add `host`: the host that clients use
    "#);
    assert_snapshot!(values(&schema, &json!({"host": "-", "size": "10G", "replicas": 2.0})), @r"
    /v/host: malformed-value: `v.host` is the text `-`, expected a host name, without protocol, port and path;
    /v/replicas: wrong-type: `v.replicas` is the number `2.0`, expected an integer; write it without a fraction, for instance 2
    /v/size: malformed-value: `v.size` is the text `10G`, expected text that matches `^[0-9]+Gi$`;
    ");
    assert_snapshot!(values(&json!({"type": "object", "additionalProperties": false}), &json!({"a": 1})), @"");
}

#[test]
fn a_schema_that_cannot_be_used_is_reported_at_its_place() {
    assert_snapshot!(values(&json!({"type": "object", "additionalPropertes": false, "properties": {"a": {"requird": []}}}), &json!({})), @r"
    key of /values/additionalPropertes: unknown-schema-keyword: `additionalPropertes` is not a keyword of JSON Schema; did you mean `additionalProperties`? [additionalProperties]
    key of /values/properties/a/requird: unknown-schema-keyword: `requird` is not a keyword of JSON Schema; did you mean `required`? [required]
    ");
    assert_snapshot!(values(&json!({"properties": {"a": {"$ref": "https://example.com/x"}, "b": {"$ref": "other.json#/x"}}}), &json!({})), @r"
    /values/properties/b/$ref: unusable-schema: the schema refers to `other.json#/x`, which is outside of it; copy what it names below `$defs`, and refer to `#/$defs/<name>`
    /values/properties/a/$ref: unusable-schema: the schema refers to `https://example.com/x`, which is outside of it; copy what it names below `$defs`, and refer to `#/$defs/<name>`
    ");
    assert_snapshot!(values(&json!({"properties": {"a": {"$ref": "#/$defs/none"}}}), &json!({})), @"/values/properties/a/$ref: unusable-schema: the schema refers to `#/$defs/none`, which is not in it; refer to a name below `$defs`");
    assert_snapshot!(values(&json!({"properties": {"a": {"type": "strin"}}}), &json!({})), @"/values/properties/a/type: unusable-schema: `values.properties.a.type` is the text `strin`, expected `array`, `boolean`, `integer`, `null`, `number`, `object` or `string`; did you mean `string`? [string]");
    assert_snapshot!(values(&json!({"properties": {"a": {"pattern": "(?=x)"}}}), &json!({})), @"/values/properties/a/pattern: unusable-schema: the schema has a `pattern` that is not a regular expression; write it without look-around and back-references");
    assert_snapshot!(values(&json!({"properties": {"a": {"format": "no-such"}}}), &json!({})), @"/values/properties/a/format: unusable-schema: the format `no-such` is not known; use a `pattern`, a format of JSON Schema 2020-12, or one of `ip`, `ipv4`, `ipv6`, `cidr`, `ip-range`, `mac`, `host`, `hostname`, `host-port`, `disk-path`, `version`, `quantity`, `dns-label`, `dns-subdomain`, `vlan`, `mtu` and `port`");
    assert_snapshot!(values(&json!({"$schema": "http://json-schema.org/draft-07/schema#"}), &json!({})), @"/values/$schema: unusable-schema: the schema is written for `http://json-schema.org/draft-07/schema#`; remove it: schemas are 2020-12 here");
    let mut deep = json!({"type": "string"});
    for _ in 0..100 {
        deep = json!({"items": deep});
    }
    assert!(values(&deep, &json!({})).contains("deeper than 64 levels"));
}

#[test]
fn a_default_that_its_schema_refuses_is_reported_in_the_schema() {
    let schema = json!({"properties": {"n": {"$ref": "#/$defs/n", "default": 0}}, "$defs": {"n": {"type": "integer", "minimum": 1}}});
    let mut problems = Diagnostics::new();
    let place = Origin::file("app.yaml").at("values");
    assert!(ValuesSchema::compile(&schema, &place, &mut problems).is_err());
    assert_snapshot!(lines(&problems), @"/values/properties/n/default: out-of-range: `values.properties.n.default` is the number `0`, expected at least 1;");
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    let schema = json!({
        "type": "object",
        "properties": {
            "replicas": {"default": 3},
            "backup": {"type": "object", "properties": {"keep": {"default": 7}, "to": {"type": "object", "properties": {"x": {"default": 1}}}}},
            "named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "size": {"default": "1Gi"}}},
            "list": {"type": "array", "items": {"$ref": "#/$defs/named"}},
            "whole": {"default": {}, "properties": {"y": {"default": 2}}},
        },
        "additionalProperties": {"properties": {"z": {"default": true}}},
        "$defs": {"named": {"type": "object", "properties": {"size": {"default": "2Gi"}}}, "loop": {"$ref": "#/$defs/loop"}},
    });
    let mut problems = Diagnostics::new();
    let schema = ValuesSchema::compile(&schema, &Origin::file("app.yaml"), &mut problems);
    assert_eq!(lines(&problems), "");
    let values = json!({"replicas": 5, "list": [{"name": "a"}, {"size": "9Gi"}], "other": {}});
    let origin = |_: &Pointer| Origin::file("site.yaml");
    let values = schema
        .expect("it compiles")
        .complete(&values, &origin, &mut problems);
    assert_eq!(
        values,
        json!({
            "replicas": 5, "backup": {"keep": 7, "to": {"x": 1}}, "list": [{"name": "a", "size": "2Gi"}, {"size": "9Gi"}],
            "whole": {"y": 2}, "other": {"z": true},
        })
    );
}

#[test]
fn a_value_that_is_shown_is_short() {
    let found = site(&json!({"pools": {"a": {"arch": "x".repeat(5000)}}}));
    assert!(found.len() < 400, "{found}");
}

#[test]
fn the_types_accept_what_the_merged_schema_accepts() {
    let spec = json!({
        "pools": {"acp": {"arch": "x86_64", "roles": ["control-plane", "worker"], "capacity": {"cpu": 32, "memory": "256Gi"}}},
        "ha": {"mode": "three-node", "survive": {"nodes": 1}},
        "apps": {"web": {"use": "plant-web", "values": {"replicas": 3}}},
    });
    assert_eq!(merged(&spec), "");
    let typed: crate::model::SiteSpec = serde_json::from_value(spec).expect("the types accept it");
    assert_eq!(typed.pools["acp"].arch, crate::model::Arch::Amd64);
}
