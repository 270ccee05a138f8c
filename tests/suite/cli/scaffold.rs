//! First files: `init` and `new`.

use super::*;

#[test]
fn a_new_site_and_a_new_app_pass_their_first_check_in_our_own_fleet() {
    let fleet = copy_of_fleet();
    for command in [
        &["new", "site", "plant-99"][..],
        &["new", "app", "hello"],
        &["build"],
        &["check"],
    ] {
        let ran = siteplan(fleet.path(), command);
        assert_eq!(ran.code, Some(0), "{command:?}: {}", ran.stderr);
    }
    assert!(fleet.path().join("out/plant-99/bootstrap").is_dir());
}

#[test]
fn a_new_app_over_a_base_describes_the_base() {
    let fleet = copy_of_fleet();
    let base = fleet.path().join("base/apps/shop");
    fs_err::create_dir_all(&base).unwrap();
    let web = fleet.path().join("base/apps/plant-web/deployment.yaml");
    fs_err::copy(web, base.join("deployment.yaml")).unwrap();
    let ran = siteplan(fleet.path(), &["new", "app", "shop"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let app = fs_err::read_to_string(base.join("app.yaml")).unwrap();
    assert!(
        app.contains("Deployment of shop") && !app.contains("Route"),
        "{app}"
    );
    let ran = siteplan(fleet.path(), &["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_fleet_from_nothing() {
    let fleet = tempfile::tempdir().unwrap();
    for command in [
        &["init"][..],
        &["new", "site", "plant-01"],
        &["new", "app", "hello-too"],
        &["build"],
        &["check"],
    ] {
        let ran = siteplan(fleet.path(), command);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(0), ""),
            "{command:?}: {}",
            ran.stderr
        );
    }
    assert!(
        fleet
            .path()
            .join("out/plant-01/hello/kustomization.yaml")
            .is_file()
    );
    for command in [
        &["init"][..],
        &["new", "site", "plant-01"],
        &["new", "app", "hello"],
        &["new", "site", "../up"],
    ] {
        let before = snapshot(fleet.path());
        let ran = siteplan(fleet.path(), command);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{command:?}"
        );
        assert!(
            snapshot(fleet.path()) == before,
            "{command:?} has changed something"
        );
    }
}
