use super::{DefinitionImport, DefinitionSource, find_set_of_file, is_set_name, plan_import};

fn source(name: &str, text: &str) -> DefinitionSource {
    DefinitionSource {
        name: name.to_owned(),
        set: find_set_of_file(name).map(str::to_owned),
        text: text.to_owned(),
    }
}

fn import(texts: &[(&str, &str)]) -> DefinitionImport {
    let sources: Vec<DefinitionSource> = texts
        .iter()
        .map(|(name, text)| source(name, text))
        .collect();
    plan_import(&sources)
}

fn paths(import: &DefinitionImport) -> Vec<&str> {
    import.files.keys().map(String::as_str).collect()
}

const WIDGETS: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    schema: &schema
      openAPIV3Schema:
        type: object
        description: a widget
        properties: {spec: {type: object, properties: {size: {type: integer, description: how large}}}}
  - {name: v2, served: true, schema: *schema}
  - {name: v0, served: false, schema: *schema}
";

#[test]
fn a_definition_becomes_a_file_for_each_served_version_without_descriptions() {
    let import = import(&[("crd.yaml", WIDGETS)]);
    assert_eq!(import.problems, [""; 0]);
    assert_eq!(
        paths(&import),
        [
            "schema/crds/widgets.example.com_v1.json",
            "schema/crds/widgets.example.com_v2.json"
        ]
    );
    assert!(
        import
            .files
            .values()
            .all(|text| !text.contains("description") && text.contains("size"))
    );
}

#[test]
fn lists_json_and_bundles_are_read() {
    let definition = serde_json::to_string(
        &manifest_yaml::read_documents(WIDGETS, &manifest_yaml::ReadLimits::MANIFEST).unwrap()[0]
            .to_value()
            .unwrap(),
    )
    .unwrap();
    let list = format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{definition}]}}"#);
    let bundle =
        format!("---\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {{name: a}}\n---\n{WIDGETS}");
    let of_list = import(&[("list.json", &list)]);
    let of_bundle = import(&[("bundle.yaml", &bundle)]);
    assert_eq!(of_list.files, of_bundle.files);
    assert_eq!(of_list.files.len(), 2);
    assert_eq!(of_bundle.other_objects, 1);
}

#[test]
fn versions_of_an_operator_stand_side_by_side_under_a_name() {
    let older = WIDGETS.replace("size", "width");
    let both = import(&[("widgets.yaml", WIDGETS), ("widgets@0.45.2.yaml", &older)]);
    assert_eq!(both.problems, [""; 0]);
    assert_eq!(
        paths(&both)[0],
        "schema/crds/0.45.2/widgets.example.com_v1.json"
    );
    assert_eq!(both.files.len(), 4);
    let mixed = import(&[("one.yaml", WIDGETS), ("other.yaml", &older)]);
    assert_eq!(mixed.problems.len(), 2);
    assert!(
        mixed.problems[0].contains("is defined otherwise in one.yaml"),
        "{:?}",
        mixed.problems
    );
    assert!(
        import(&[("one.yaml", WIDGETS), ("same.yaml", WIDGETS)])
            .problems
            .is_empty()
    );
}

#[test]
fn what_cannot_be_imported_is_told() {
    let told = |text: &str, expected: &str| {
        let problems = import(&[("file.yaml", text)]).problems;
        assert!(
            problems.len() == 1 && problems[0].contains(expected),
            "{expected}: {problems:?}"
        );
    };
    told(
        "kind: Kafka\napiVersion: kafka.strimzi.io/v1\n",
        "file.yaml holds no CustomResourceDefinition, but one object",
    );
    told(
        "",
        "file.yaml holds no CustomResourceDefinition: export them",
    );
    told(
        &WIDGETS.replace("k8s.io/v1", "k8s.io/v1beta1"),
        "`apiVersion: apiextensions.k8s.io/v1beta1` is not read",
    );
    told(
        &WIDGETS.replace("scope: Namespaced", "scope: Everywhere"),
        "`spec.scope` is neither",
    );
    told("a: b: c\n", "line 1 cannot be read");
    told(
        &WIDGETS.replacen(
            "- name: v1\n    served: true\n    schema: &schema",
            "- name: v1\n    served: true\n    other: &schema",
            1,
        ),
        "`schema.openAPIV3Schema` is missing",
    );
}

#[test]
fn names_of_sets_are_plain() {
    assert!(is_set_name("strimzi-0.45.2"));
    for name in ["", "..", ".a", "a/b", "a b", "-a"] {
        assert!(!is_set_name(name), "{name}");
    }
    assert_eq!(find_set_of_file("kafkas@0.45.2.yaml"), Some("0.45.2"));
    assert_eq!(find_set_of_file("kafkas.yaml"), None);
}
