use serde_json::json;

use super::*;

fn objects(values: &[Value]) -> BTreeMap<ObjectId, Object> {
    values
        .iter()
        .map(|value| Object::new(value.clone()))
        .map(|object| (object.id(), object))
        .collect()
}

fn deployment(spec: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "plant"}, "spec": spec})
}

fn pod(containers: &Value) -> Value {
    deployment(&json!({"template": {"spec": {"containers": containers}}}))
}

fn show(old: &[Value], new: &[Value]) -> String {
    differences(&objects(old), &objects(new)).to_string()
}

/// The lines of the fields that differ between two specs.
fn fields(old: &Value, new: &Value) -> Vec<String> {
    let text = show(&[deployment(old)], &[deployment(new)]);
    text.lines()
        .skip(2)
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn equal_sets_do_not_differ() {
    let set = [pod(&json!([{"name": "a"}]))];
    assert!(differences(&objects(&set), &objects(&set)).is_empty());
    assert_eq!(show(&set, &set), "no objects differ\n");
}

#[test]
fn counts_come_first_then_objects_and_their_fields() {
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "verify", "namespace": "plant"}});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}});
    let old = [job, deployment(&json!({"replicas": 2, "paused": true}))];
    let new = [
        map,
        deployment(&json!({"replicas": 3, "template": {"spec": {"nodeSelector": {"a/b": "c"}}}})),
    ];
    insta::assert_snapshot!(show(&old, &new), @r#"
    objects: 1 added, 1 removed, 1 changed in 3 fields
    + ConfigMap/web
    - Job.batch/verify in plant
    ~ Deployment.apps/web in plant
      - spec.paused: true
      ~ spec.replicas: 2 → 3
      + spec.template:
            + spec:
            +   nodeSelector:
            +     a/b: c
    "#);
}

#[test]
fn containers_and_variables_are_matched_by_name() {
    let old = pod(
        &json!([{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}]}, {"name": "b"}]),
    );
    let new = pod(&json!([{"name": "c"}, {"name": "a", "env": [{"name": "Y", "value": "2"}]}]));
    insta::assert_snapshot!(show(&[old], &[new]), @r#"
    objects: 1 changed in 4 fields
    ~ Deployment.apps/web in plant
      + spec.template.spec.containers.[name=c]:
            + name: c
      ~ spec.template.spec.containers.[name=a].env.[name=Y].value: "1" → "2"
      - spec.template.spec.containers.[name=a].env.[name=X]:
            - name: X
            - value: "1"
      - spec.template.spec.containers.[name=b]:
            - name: b
    "#);
}

#[test]
fn ports_are_matched_by_number_and_protocol() {
    let old = json!({"ports": [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]});
    let new = json!({"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53}]});
    let lines = fields(&old, &new);
    assert_eq!(
        lines[0],
        r#"+ spec.ports.[containerPort=53,protocol=UDP].name: "dns""#
    );
    assert!(
        lines[1].starts_with("spec.ports: in another order:"),
        "{lines:?}"
    );
}

#[test]
fn elements_of_custom_resources_are_matched_by_what_is_unique() {
    let old =
        json!({"rules": [{"id": 1, "x": 1}, {"id": 2, "x": 1}], "tolerations": [{"key": "a"}]});
    let new = json!({"rules": [{"id": 2, "x": 5}, {"id": 1, "x": 1}], "tolerations": [{"key": "b"}, {"key": "a"}]});
    let lines = fields(&old, &new);
    assert_eq!(lines[0], "~ spec.rules.[id=2].x: 1 → 5");
    assert!(lines[1].starts_with("spec.rules: in another order"));
    assert_eq!(lines[2..], ["+ spec.tolerations.[key=b]:", "+ key: b"]);
}

#[test]
fn other_lists_are_compared_by_place_between_their_equal_ends() {
    let old = json!({"args": ["a", "b", "d"], "terms": [{"x": 1}, {"x": 2}]});
    let new = json!({"args": ["a", "b", "c", "d"], "terms": [{"x": 1}, {"x": 3}]});
    assert_eq!(
        fields(&old, &new),
        [r#"+ spec.args.2: "c""#, "~ spec.terms.1.x: 2 → 3"]
    );
    assert_eq!(
        fields(&new, &old),
        [r#"- spec.args.2: "c""#, "~ spec.terms.1.x: 3 → 2"]
    );
    let (twice, once) = (json!({"args": ["a", "a"]}), json!({"args": ["a"]}));
    assert_eq!(fields(&twice, &once), [r#"- spec.args.1: "a""#]);
}

#[test]
fn lists_that_are_only_reordered_are_counted_apart() {
    let (old, new) = (
        pod(&json!([{"name": "a"}, {"name": "b"}])),
        pod(&json!([{"name": "b"}, {"name": "a"}])),
    );
    let difference = differences(&objects(&[old]), &objects(&[new]));
    assert_eq!(
        difference.counts(),
        Counts {
            reordered: 1,
            ..Counts::default()
        }
    );
    assert!(
        difference
            .to_string()
            .contains("containers: in another order: name=a name=b → name=b name=a")
    );
    assert_eq!(
        fields(&json!({"args": [1, 2]}), &json!({"args": [2, 1]})),
        ["spec.args: in another order: 1 2 → 2 1"]
    );
}

#[test]
fn values_of_secrets_are_hidden() {
    let secret = |value: &Value| {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"});
        secret
            .as_object_mut()
            .unwrap()
            .extend(value.as_object().unwrap().clone());
        [secret]
    };
    let last = json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "c3dvcmRmaXNo"}, "name": "s"});
    let steps = [
        secret(&json!({})),
        secret(&json!({"data": {"password": "c3dvcmRmaXNo"}, "metadata": last})),
        secret(
            &json!({"data": {"password": "c3dvcmRmaXNoMQ=="}, "stringData": {"a": "c3dvcmRmaXNo"}}),
        ),
        secret(&json!({"data": "c3dvcmRmaXNo", "type": "kubernetes.io/tls"})),
        secret(&json!({"data": ["c3dvcmRmaXNo", "c3dvcmRmaXNoMQ=="]})),
        secret(&json!({"data": ["c3dvcmRmaXNoMQ==", "c3dvcmRmaXNo"]})),
    ];
    for pair in steps.windows(2) {
        for (old, new) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            let difference = differences(&objects(old), &objects(new));
            let text = format!("{difference}{}", to_json(&difference));
            assert!(text.contains("(hidden)"), "{text}");
            assert!(!text.contains("c3dvcmRmaXNo"), "{text}");
        }
    }
    assert!(show(&steps[1], &steps[2]).contains(r#"~ data.password: "(hidden)" → "(hidden)""#));
}

#[test]
fn another_version_of_the_api_is_a_change_of_a_field() {
    let object = |version: &str| json!({"apiVersion": format!("x.io/{version}"), "kind": "X", "metadata": {"name": "x"}});
    let text = show(&[object("v1beta1")], &[object("v1")]);
    assert!(
        text.contains(r#"~ apiVersion: "x.io/v1beta1" → "x.io/v1""#),
        "{text}"
    );
    let both = show(&[object("v1beta1")], &[object("v1"), object("v1beta1")]);
    assert!(both.starts_with("objects: 1 added\n"), "{both}");
}

#[test]
fn texts_of_several_lines_are_compared_line_by_line() {
    let old = json!({"script": "a\nb\nc\n"});
    let new = json!({"script": "a\nB\nc\n"});
    assert_eq!(
        fields(&old, &new),
        ["~ spec.script:", "@@ -1,3 +1,3 @@", "a", "-b", "+B", "c"]
    );
}

#[test]
fn nothing_of_a_manifest_reaches_the_terminal_unescaped() {
    let evil = "\u{1b}[31m\u{202e}";
    let old = json!({evil: 1, "list": [{"name": evil, "x": 1}], "text": "a"});
    let new = json!({evil: 2, "list": [{"name": evil, "x": evil}], "text": format!("{evil}\nx")});
    let text = show(&[deployment(&old)], &[deployment(&new)]);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}

#[test]
fn json_has_counts_and_both_values() {
    let difference = differences(
        &objects(&[deployment(&json!({"replicas": 2}))]),
        &objects(&[deployment(&json!({"replicas": 3}))]),
    );
    insta::assert_snapshot!(to_json(&difference)["changed"][0]["fields"][0], @r#"{"kind":"changed","new":3,"old":2,"path":"spec.replicas","pointer":"/spec/replicas"}"#);
    assert_eq!(to_json(&difference)["counts"]["fields"], 1);
}

#[test]
fn applying_nothing_is_found_wherever_a_value_changes() {
    arbtest::arbtest(|u| {
        let (old, new) = (any_value(u, 4)?, any_value(u, 4)?);
        let changes = fields::changes(&old, &new);
        assert_eq!(changes.is_empty(), old == new, "{old} {new}");
        Ok(())
    })
    .budget_ms(200);
}

fn any_value(
    u: &mut arbtest::arbitrary::Unstructured<'_>,
    depth: u32,
) -> arbtest::arbitrary::Result<Value> {
    let kind = if depth == 0 {
        u.int_in_range(0..=2)?
    } else {
        u.int_in_range(0..=4)?
    };
    Ok(match kind {
        0 => Value::Null,
        1 => json!(u.int_in_range(0..=2)?),
        2 => json!(u.choose(&["a", "b"])?),
        3 => (0..u.int_in_range(0..=3)?)
            .map(|_| any_value(u, depth - 1))
            .collect::<Result<_, _>>()?,
        _ => {
            let keys = ["name", "key", "ports", "x"];
            let entries = (0..u.int_in_range(0..=3)?)
                .map(|_| Ok((u.choose(&keys)?.to_string(), any_value(u, depth - 1)?)));
            Value::Object(entries.collect::<arbtest::arbitrary::Result<_>>()?)
        }
    })
}
