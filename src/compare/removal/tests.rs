use super::*;

fn site(instances: &[&str], data: &[(&str, &str, &str)]) -> SiteInventory {
    let mut site = SiteInventory::default();
    for name in instances {
        site.instances.insert((*name).to_owned());
    }
    for (instance, claim, size) in data {
        let object = HeldObject {
            group: String::new(),
            kind: "PersistentVolumeClaim".to_owned(),
            namespace: "ns".to_owned(),
            name: (*claim).to_owned(),
        };
        let held = HeldData {
            instance: (*instance).to_owned(),
            sizes: BTreeMap::from([("/size".to_owned(), (*size).to_owned())]),
        };
        site.data.insert(object, held);
    }
    site
}

fn fleet<const N: usize>(sites: [(&str, SiteInventory); N]) -> Inventory {
    sites
        .into_iter()
        .map(|(name, site)| (name.to_owned(), site))
        .collect()
}

/// An approval from `site`, `instance`, `object`; an empty text is left out.
fn approval(site: &str, instance: &str, object: &str) -> ApprovedRemoval {
    let written = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ApprovedRemoval {
        removal: Removal {
            site: written(site),
            instance: written(instance),
            object: written(object),
            reason: "moved".to_owned(),
            profile: None,
        },
        origin: Origin::file("removals/a.yaml"),
    }
}

fn told(old: &Inventory, new: &Inventory, approved: &[ApprovedRemoval]) -> Vec<String> {
    let gone = vanished(old, new);
    let mut found = check_removals(&gone, new, approved);
    found.append(explain_approvals(&gone, new, approved));
    found
        .iter()
        .map(|d| format!("{}: {}", d.code, d.message))
        .collect()
}

fn codes(old: &Inventory, new: &Inventory, approved: &[ApprovedRemoval]) -> Vec<String> {
    let told = told(old, new, approved).into_iter();
    told.map(|text| text.split(':').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn sites_and_instances_are_directories() {
    let paths = [
        "a/.siteplan",
        "a/apps/web.yaml",
        "a/bootstrap/root.yaml",
        "a/web/kustomization.yaml",
    ]
    .map(|path| TreePath::parse(path).unwrap());
    let site = SiteInventory::new(&paths, &Ledger::default());
    assert_eq!(site.instances, BTreeSet::from(["web".to_owned()]));
}

#[test]
fn whatever_vanishes_needs_an_approval() {
    let old = fleet([("a", site(&["web", "db"], &[])), ("b", site(&["web"], &[]))]);
    let new = fleet([("a", site(&["web"], &[]))]);
    assert_eq!(codes(&old, &new, &[]), ["removal-not-approved"; 2]);
    let approved = [approval("b", "", ""), approval("a", "db", "")];
    assert!(codes(&old, &new, &approved).is_empty());
    // A rename is a removal.
    let renamed = fleet([("c", site(&["web"], &[]))]);
    assert_eq!(codes(&new, &renamed, &[]), ["removal-not-approved"]);
}

#[test]
fn an_approval_permits_only_what_it_names() {
    let old = fleet([("a", site(&["web", "db"], &[]))]);
    let new = fleet([("a", site(&["web"], &[]))]);
    assert_eq!(
        codes(&old, &new, &[approval("a", "", "")]),
        ["removal-not-approved", "removal-unused"]
    );
    assert_eq!(
        codes(&old, &Inventory::new(), &[approval("a", "db", "")]),
        ["removal-not-approved", "removal-under-way"]
    );
}

#[test]
fn an_instance_that_many_sites_lose_is_one_message_and_one_approval() {
    let name = |number: usize| format!("site-{number:03}");
    let all = |instances: &[&str]| -> Inventory {
        (0..300).map(|n| (name(n), site(instances, &[]))).collect()
    };
    let (old, new) = (all(&["web", "db"]), all(&["db"]));
    assert_eq!(
        told(&old, &new, &[]),
        [
            "removal-not-approved: instance `web` of 300 sites vanishes from `out/`, and nothing approves that"
        ]
    );
    assert!(told(&old, &new, &[approval("", "web", "")]).is_empty());
}

#[test]
fn a_profile_approves_for_its_sites_alone() {
    let edge = |instances: &[&str]| SiteInventory {
        profiles: vec!["edge".to_owned()],
        ..site(instances, &[])
    };
    let old = fleet([("a", edge(&["web"])), ("b", site(&["web"], &[]))]);
    let new = fleet([("a", edge(&[])), ("b", site(&[], &[]))]);
    let mut approved = approval("", "web", "");
    approved.removal.profile = Some("edge".to_owned());
    assert_eq!(
        told(&old, &new, &[approved]),
        [
            "removal-not-approved: instance `web` of site `b` vanishes from `out/`, and nothing approves that"
        ]
    );
}

#[test]
fn an_object_with_data_that_vanishes_needs_an_approval() {
    let old = fleet([(
        "a",
        site(&["db"], &[("db", "data", "1Gi"), ("db", "log", "1Gi")]),
    )]);
    let new = fleet([("a", site(&["db"], &[("db", "log", "1Gi")]))]);
    assert_eq!(
        told(&old, &new, &[]),
        [
            "removal-not-approved: `PersistentVolumeClaim/data` in `ns` of instance `db` holds data and vanishes from site `a`, and nothing approves that"
        ]
    );
    let claim = "PersistentVolumeClaim/data";
    for approved in [
        approval("a", "db", claim),
        approval("", "db", claim),
        approval("a", "", "PersistentVolumeClaim/*"),
    ] {
        let gone = vanished(&old, &new);
        assert!(check_removals(&gone, &new, &[approved]).is_empty());
    }
    let gone = vanished(&old, &new);
    let others = [
        approval("b", "db", claim),
        approval("a", "web", claim),
        approval("a", "db", ""),
    ];
    assert_eq!(check_removals(&gone, &new, &others).iter().count(), 1);
}

#[test]
fn an_object_that_moves_to_another_instance_stays() {
    let old = fleet([("a", site(&["db", "web"], &[("db", "data", "1Gi")]))]);
    let new = fleet([("a", site(&["db", "web"], &[("web", "data", "1Gi")]))]);
    assert!(told(&old, &new, &[]).is_empty());
}

#[test]
fn a_volume_that_shrinks_needs_an_approval_and_one_that_grows_does_not() {
    let sized = |size: &str| fleet([("a", site(&["db"], &[("db", "data", size)]))]);
    assert_eq!(
        told(&sized("10Gi"), &sized("9000Mi"), &[]),
        [
            "removal-not-approved: a volume of `PersistentVolumeClaim/data` of instance `db` shrinks on site `a`: `/size` from 10Gi to 9000Mi"
        ]
    );
    assert!(told(&sized("10Gi"), &sized("20Gi"), &[]).is_empty());
    assert!(told(&sized("1024Mi"), &sized("1Gi"), &[]).is_empty());
    let approved = approval("a", "db", "PersistentVolumeClaim/data");
    assert!(told(&sized("10Gi"), &sized("1Gi"), &[approved]).is_empty());
}

#[test]
fn an_approval_says_when_it_can_go() {
    let now = fleet([("a", site(&["web"], &[]))]);
    assert_eq!(
        told(
            &now,
            &now,
            &[approval("b", "", ""), approval("a", "db", "")]
        ),
        [
            "removal-under-way: site `b` has left `out/`; its approval can go when Argo CD has removed it",
            "removal-under-way: instance `db` of site `a` has left `out/`; its approval can go when Argo CD has removed it",
        ]
    );
    assert_eq!(
        codes(&now, &now, &[approval("a", "web", "")]),
        ["removal-unused"]
    );
}
