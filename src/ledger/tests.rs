use std::collections::BTreeMap;

use kubernetes_vocabulary::ResourceScope;

use super::*;

fn contents() -> Ledger {
    let kind = |group: &str, kind: &str, resource: &str| HeldKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
        resource: resource.to_owned(),
        scope: ResourceScope::Namespaced,
    };
    let claim = HeldObject {
        group: String::new(),
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: "db".to_owned(),
        name: "data".to_owned(),
    };
    let sizes = BTreeMap::from([(
        "/spec/resources/requests/storage".to_owned(),
        "10Gi".to_owned(),
    )]);
    let holding = Holding {
        kinds: [
            kind("apps", "Deployment", "deployments"),
            kind("", "Service", "services"),
        ]
        .into(),
        namespaces: ["db".to_owned()].into(),
        data: BTreeMap::from([(claim, sizes)]),
    };
    let leftover = Leftover {
        holding: holding.without(&Holding::default()),
        approved: true,
    };
    Ledger {
        files: BTreeMap::new(),
        instances: BTreeMap::from([("db".to_owned(), holding)]),
        removing: BTreeMap::from([("web".to_owned(), leftover)]),
    }
}

fn sealed() -> Tree {
    let mut tree = Tree::new();
    tree.insert("plant/apps/web.yaml", "kind: Application\n")
        .unwrap();
    tree.insert("plant/apps/project.yaml", "kind: AppProject\n")
        .unwrap();
    tree.insert("other/x.yaml", "").unwrap();
    seal(&mut tree, "plant", contents()).unwrap();
    tree
}

fn text() -> String {
    let tree = sealed();
    let path = TreePath::parse("plant/.siteplan").unwrap();
    String::from_utf8(tree.get(&path).unwrap().to_vec()).unwrap()
}

#[test]
fn lists_the_files_of_its_site_and_what_its_instances_hold() {
    insta::assert_snapshot!(text(), @r"
    # What siteplan generated for site plant. After a merge conflict here: `siteplan build plant`.
    version 2

    file apps/project.yaml
      -

    file apps/web.yaml
      0a33b717ff9b1bec18bbbfc64b3aef106ce939b1ede55e3cab23954a6fd7a3e9

    # What Argo CD holds, or is removing

    instance db
      kind /Service services namespaced
      kind apps/Deployment deployments namespaced
      namespace db
      data /PersistentVolumeClaim db/data
        /spec/resources/requests/storage 10Gi

    removing web
      approved
      kind /Service services namespaced
      kind apps/Deployment deployments namespaced
      namespace db
    ");
}

#[test]
fn is_read_as_it_was_written_also_with_other_line_ends() {
    let read = Ledger::parse(text().as_bytes(), "plant").unwrap();
    assert_eq!(read.files.len(), 2);
    assert_eq!(read.instances, contents().instances);
    assert_eq!(read.removing, contents().removing);
    let windows = text().replace('\n', "\r\n");
    assert_eq!(Ledger::parse(windows.as_bytes(), "plant"), Ok(read));
}

#[test]
fn refuses_paths_that_leave_the_site() {
    for path in ["../other/x.yaml", "/etc/passwd", "a/../../b", "", "a\\b"] {
        let text = format!("version 2\nfile {path}\n  -\n");
        let read = Ledger::parse(text.as_bytes(), "plant");
        assert!(matches!(read, Err(LedgerError::Path(_))), "{path:?}");
    }
}

#[test]
fn refuses_what_it_did_not_write() {
    let refused = |text: &str| Ledger::parse(text.as_bytes(), "plant").unwrap_err();
    assert_eq!(refused("version 3\n"), LedgerError::Version(3));
    assert_eq!(refused("{\n"), LedgerError::Line(1));
    assert_eq!(refused(""), LedgerError::Line(1));
    assert_eq!(refused("version 2\n  stray\n"), LedgerError::Line(2));
    assert_eq!(
        refused("version 2\ninstance a\n  kind Pod\n"),
        LedgerError::Line(3)
    );
    let digest = refused("version 2\nfile x\n  ABC\n");
    assert!(matches!(digest, LedgerError::Digest(_)));
    assert_eq!(Ledger::parse(&[0xff], "plant"), Err(LedgerError::NotText));
}

#[test]
fn both_sides_of_a_conflict_are_recovered() {
    let text = "version 2\n<<<<<<< ours\nremoving a\n  namespace a\n=======\nremoving b\n  namespace b\n>>>>>>> theirs\n";
    assert_eq!(
        Ledger::parse(text.as_bytes(), "plant"),
        Err(LedgerError::Conflict)
    );
    let recovered = Ledger::recover(text.as_bytes(), "plant");
    assert_eq!(recovered.removing.len(), 2);
}

#[test]
fn knows_generated_files_by_their_first_line() {
    let text = header("plant") + "\nkind: X\n";
    let text = text.as_bytes();
    assert!(is_generated(text, "plant"));
    assert!(!is_generated(text, "plan"));
    assert!(!is_generated(text, "plant-2"));
    assert!(!is_generated(b"kind: X\n", "plant"));
}
