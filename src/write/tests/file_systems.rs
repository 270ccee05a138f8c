//! File systems that cannot do everything, and stages of others.

use super::*;

#[test]
fn falls_back_to_a_journal_where_nothing_can_be_exchanged() {
    let place = Place::new();
    let limits = Limits {
        no_exchange: true,
        ..Limits::default()
    };
    for tree in [
        tree(&[("a/web/x", "1"), ("b/y", "1")]),
        tree(&[("a/web/x", "2"), ("c/y", "1")]),
    ] {
        assert_eq!(
            limited(&place, &tree, limits.clone()).unwrap().step,
            Some(ReplacementStep::Journal)
        );
        assert_eq!(place.files(), texts(&tree));
        assert!(!interrupted(&place.out()).unwrap());
        assert!(place.strays().is_empty());
    }
    assert!(!place.out().join("b").exists());
}

#[test]
fn stages_inside_of_out_where_only_out_can_be_written() {
    let place = Place::new();
    all(&place, &tree(&[("a/web/x", "1"), ("b/y", "1")]));
    let limits = Limits {
        read_only: Some(place.root()),
        ..Limits::default()
    };
    for (n, step) in [
        ("2", ReplacementStep::Journal),
        ("3", ReplacementStep::Journal),
    ] {
        let tree = tree(&[("a/web/x", n), ("b/y", n)]);
        assert_eq!(
            limited(&place, &tree, limits.clone()).unwrap().step,
            Some(step)
        );
        assert_eq!(place.files(), texts(&tree));
    }
    let one = tree(&[("a/web/x", "4"), ("b/y", "3")]);
    assert_eq!(
        limited(&place, &one, limits).unwrap().step,
        Some(ReplacementStep::Exchange),
        "inside out/ it works"
    );
    assert_eq!(place.files(), texts(&one));
}

#[test]
fn every_thread_is_told_why_there_is_no_stage() {
    let place = Place::new();
    let limits = Limits {
        read_only: Some(place.root()),
        ..Limits::default()
    };
    let fs = FaultFs::new(Fault::None, limits);
    let writer = Writer::begin_on(Box::new(fs), &place.out()).unwrap();
    for site in ["a", "b"] {
        let tree = tree(&[(&format!("{site}/x"), "1")]);
        let why = format!("{:#}", writer.replace(site, &tree).unwrap_err());
        assert!(why.contains("permission denied"), "{why}");
    }
}

#[test]
fn copies_where_there_are_no_hard_links() {
    let place = Place::new();
    all(&place, &tree(&[("a/x", "1"), ("a/y", "1")]));
    place.put("a/run.sh", "mine");
    fs::set_permissions(
        place.out().join("a/run.sh"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let before = place.traces();
    let new = tree(&[("a/x", "2"), ("a/y", "1")]);
    limited(
        &place,
        &new,
        Limits {
            no_links: true,
            ..Limits::default()
        },
    )
    .unwrap();
    let after = place.traces();
    assert_eq!(
        before["a/y"].1, after["a/y"].1,
        "the time of modification stays"
    );
    assert_eq!(
        fs::metadata(place.out().join("a/run.sh"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o755
    );
}

#[test]
fn does_not_remove_a_stage_that_is_not_its_own() {
    let place = Place::new();
    let stage = place.root().join(path::STAGE);
    fs::create_dir(&stage).unwrap();
    fs::write(stage.join("thesis.tex"), "mine").unwrap();
    let error = write(&place.out(), &tree(&[("a/x", "1")]), &Scope::All).unwrap_err();
    assert!(
        error.to_string().contains("was not left by a build"),
        "{error:#}"
    );
    assert!(stage.join("thesis.tex").exists());
    fs::remove_dir_all(&stage).unwrap();
    let elsewhere = TempDir::new().unwrap();
    symlink(elsewhere.path(), &stage).unwrap();
    assert!(write(&place.out(), &tree(&[("a/x", "1")]), &Scope::All).is_err());
}

#[test]
fn a_journal_put_there_by_somebody_else_leads_nowhere() {
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join("x"), "secret").unwrap();
    for (journal, link) in [
        (r#"{"put":["../x/y"],"remove":[]}"#, None),
        (r#"{"put":["a/x"],"remove":[]}"#, Some("out/a")),
        (r#"{"put":[],"remove":["a/x"]}"#, Some("out/a")),
        (
            r#"{"put":["a/x"],"remove":[]}"#,
            Some(".siteplan-stage/tree/a"),
        ),
        (
            r#"{"put":["a/x"],"remove":[]}"#,
            Some(".siteplan-stage/tree"),
        ),
    ] {
        let place = Place::new();
        let stage = place.root().join(path::STAGE);
        fs::create_dir_all(place.out()).unwrap();
        fs::create_dir_all(stage.join("tree")).unwrap();
        let number = fs::metadata(&stage).unwrap().ino();
        fs::write(stage.join("README"), stage::marker_text(number)).unwrap();
        fs::write(stage.join("journal.json"), journal).unwrap();
        if let Some(link) = link {
            let link = place.root().join(link);
            let _ = fs::remove_dir(&link);
            symlink(elsewhere.path(), link).unwrap();
        }
        assert!(
            write(&place.out(), &tree(&[("a/x", "1")]), &Scope::All).is_err(),
            "{journal} {link:?}"
        );
        assert_eq!(
            fs::read_to_string(elsewhere.path().join("x")).unwrap(),
            "secret"
        );
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_stage_that_was_committed_has_no_power() {
    let place = Place::new();
    all(&place, &tree(&[("a/x", "1"), ("a/y", "2")]));
    let stage = place.root().join(path::STAGE);
    fs::create_dir_all(stage.join("tree")).unwrap();
    let elsewhere = fs::metadata(place.root()).unwrap().ino();
    fs::write(stage.join("README"), stage::marker_text(elsewhere)).unwrap();
    fs::write(stage.join("journal.json"), r#"{"put":[],"remove":["a/x"]}"#).unwrap();
    let error = write(&place.out(), &tree(&[("a/x", "1")]), &Scope::All).unwrap_err();
    let message = format!("{error:#}");
    assert!(
        message.contains("was not left by a build in this directory"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(place.out().join("a/x")).unwrap(), "1");
    assert_eq!(fs::read_to_string(place.out().join("a/y")).unwrap(), "2");
    assert!(stage.join("journal.json").exists());
}

#[test]
fn modes_are_the_usual_ones() {
    let place = Place::new();
    all(&place, &tree(&[("a/web/x", "1")]));
    let mode = |path: &str| {
        fs::metadata(place.out().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(
        (mode("a/web/x"), mode("a/web"), mode("a"), mode("")),
        (0o644, 0o755, 0o755, 0o755)
    );
}

#[test]
fn a_site_is_written_once_and_only_with_its_own_files() {
    let place = Place::new();
    let writer = Writer::begin(&place.out()).unwrap();
    assert!(writer.replace("a", &tree(&[("b/x", "1")])).is_err());
    writer.replace("a", &tree(&[("a/x", "1")])).unwrap();
    assert!(writer.replace("a", &tree(&[("a/x", "1")])).is_err());
}
