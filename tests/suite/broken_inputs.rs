//! Mistakes that people make, each put by hand into a copy of our own fleet: one clear error, at its place, exit code 2, and out/ as it was.

use std::path::Path;

use insta::assert_snapshot;

use crate::repository::{copy_of_fleet, edit, siteplan, snapshot, write};

const PLANT: &str = "sites/acp-plant.yaml";
const HETERO: &str = "sites/fusion-hetero.yaml";

/// Returns what is said about a fleet that was broken. Checks everything that is the same for all mistakes.
fn broken(breaks: impl FnOnce(&Path)) -> String {
    broken_sites(&[], breaks)
}

/// Returns what is said about some sites of a fleet that was broken.
fn broken_sites(sites: &[&str], breaks: impl FnOnce(&Path)) -> String {
    let fleet = copy_of_fleet();
    breaks(fleet.path());
    let before = snapshot(&fleet.path().join("out"));
    let ran = siteplan(fleet.path(), &[&["build"], sites].concat());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr.matches("error[").count(),
        1,
        "one error is expected:\n{}",
        ran.stderr
    );
    assert!(
        snapshot(&fleet.path().join("out")) == before,
        "out/ has changed"
    );
    let checked = siteplan(fleet.path(), &[&["check"], sites].concat());
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(2), ""));
    ran.stderr
}

#[test]
fn a_misspelt_key() {
    assert_snapshot!(broken(|fleet| edit(fleet, PLANT, "  pools:", "  pool:")), @"
    error[unknown-key]: `spec` has no key `pool`
      --> sites/acp-plant.yaml:15:3
       |
    15 |   pool:
       |   ^^^^ unknown key
       |
    help: did you mean `pools`?
       |
    15 |   pools:
       |       +

    1 error in 1 file
    ");
}

#[test]
fn an_architecture_that_does_not_exist() {
    assert_snapshot!(broken(|fleet| edit(fleet, HETERO, "arch: ppc64le", "arch: ppc64")), @"
    error[not-a-choice]: `spec.pools.appserver.arch` is the text `ppc64`, expected `amd64`, `arm64`, `ppc64le` or `s390x`
      --> sites/fusion-hetero.yaml:22:13
       |
    22 |       arch: ppc64
       |             ^^^^^
       |
    help: did you mean `ppc64le`?
       |
    22 |       arch: ppc64le
       |                  ++

    1 error in 1 file
    ");
}

#[test]
fn an_architecture_that_the_images_do_not_exist_for() {
    let swap = |fleet: &Path| {
        edit(fleet, HETERO, "arch: amd64", "arch: other");
        edit(fleet, HETERO, "arch: ppc64le", "arch: amd64");
        edit(fleet, HETERO, "arch: other", "arch: ppc64le");
    };
    assert_snapshot!(broken(swap), @"
    error[no-common-architecture]: `database` has no image for ppc64le, the architecture of the pool `database`: `registry.connect.redhat.com/crunchydata/crunchy-postgres` and 2 more exist for amd64
      --> sites/fusion-hetero.yaml:14:13
       |
    14 |       arch: ppc64le
       |             ^^^^^^^ ppc64le is wanted here
       |
      ::: base/apps/postgres/app.yaml:13:7
       |
    13 |     - amd64
       |       ----- the images exist for amd64
       |
       = help: place `database` in the pool `appserver`, or use an app whose images exist for ppc64le

    1 error in 1 file
    ");
}

#[test]
fn a_pool_that_does_not_exist() {
    assert_snapshot!(broken(|fleet| edit(fleet, HETERO, "database: {use: postgres, pool: database}", "database: {use: postgres, pool: databse}")), @"
    error[unknown-pool]: `database` asks for the pool `databse`, which this site does not have
      --> sites/fusion-hetero.yaml:36:37
       |
    12 |   pools:
       |   ----- the site's pools
    ...
    36 |     database: {use: postgres, pool: databse}
       |                                     ^^^^^^^
       |
       = help: did you mean `database`?

    1 error in 1 file
    ");
}

#[test]
fn a_storage_role_that_does_not_exist() {
    let profile = "base/profiles/heterogeneous.yaml";
    assert_snapshot!(broken(|fleet| {
        edit(fleet, profile, "    block:\n", "    bulk:\n");
        edit(fleet, HETERO, "    image-registry: {}\n", "    image-registry: {storage: {block: bulk}}\n");
    }), @"
    error[unknown-storage-role]: `database` needs the storage role `block`, which this site does not have
      --> sites/fusion-hetero.yaml:36:5
       |
    36 |     database: {use: postgres, pool: database}
       |     ^^^^^^^^
       |
      ::: base/apps/postgres/app.yaml:21:14
       |
    21 |   - storage: block
       |              ----- asked for here
       |
       = help: add `block: {class: …}` under `storage:`, or map the role to another one: `storage: {block: <role>}` (this site has `bulk`)

    1 error in 1 file
    ");
}

#[test]
fn apps_that_require_each_other() {
    let app = "base/apps/nmstate-operator/app.yaml";
    assert_snapshot!(broken(|fleet| edit(fleet, app, "spec:\n", "spec:\n  requires: [{app: vm-networks}]\n")), @"
    error[dependency-cycle]: apps require each other in a circle: `nmstate` → `nmstate-operator` → `vm-networks` → `nmstate`
      --> base/apps/nmstate/app.yaml:17:5
       |
    17 |   - app: nmstate-operator
       |     ^^^^^^^^^^^^^^^^^^^^^ `nmstate` comes after `nmstate-operator`
       |
      ::: base/apps/nmstate-operator/app.yaml:7:14
       |
     7 |   requires: [{app: vm-networks}]
       |              ------------------ `nmstate-operator` comes after `vm-networks`
       |
      ::: base/apps/vm-networks/app.yaml:10:5
       |
    10 |   - app: nmstate
       |     ------------ `vm-networks` comes after `nmstate`
       |
       = note: found for the site `acp-edge` and 3 more sites
       = help: take out one of these requirements: nothing in the circle could ever be synced first

    1 error in 1 file
    ");
}

#[test]
fn a_node_in_two_pools() {
    assert_snapshot!(broken(|fleet| edit(fleet, HETERO, "fusion-worker-1:", "fusion-worker-0:")), @r#"
    error[duplicate-node]: the node `fusion-worker-0` is in two pools, `appserver` and `database`
      --> sites/fusion-hetero.yaml:20:9
       |
    20 |         fusion-worker-0: {labels: {node-role.kubernetes.io/intel-worker: ""}}
       |         ^^^^^^^^^^^^^^^ in `database`
    ...
    28 |         fusion-worker-0: {labels: {node-role.kubernetes.io/power-worker: ""}}
       |         --------------- in `appserver`
       |
       = help: a node belongs to one pool: take it out of the other

    1 error in 1 file
    "#);
}

#[test]
fn a_node_twice_in_one_pool() {
    assert_snapshot!(broken(|fleet| edit(fleet, PLANT, "        acp-1: {", "        acp-0: {")), @r#"
    error[duplicate-key]: the key `acp-0` is written twice in one map
      --> sites/acp-plant.yaml:20:9
       |
    19 |         acp-0: {zone: rack-a, addresses: {machine: 10.20.0.10, storage: 172.16.1.10}, bmc: {address: 10.20.9.10, bootMac: "02:00:00:20:00:10"}}
       |         ----- first here
    20 |         acp-0: {zone: rack-b, addresses: {machine: 10.20.0.11, storage: 172.16.1.11}, bmc: {address: 10.20.9.11, bootMac: "02:00:00:20:00:11"}}
       |         ^^^^^ again here
       |
       = help: merge the two, or remove one

    1 error in 1 file
    "#);
}

#[test]
fn an_image_of_docker_hub() {
    let deployment = "base/apps/plant-web/deployment.yaml";
    assert_snapshot!(broken_sites(&["acp-plant"], |fleet| replace_image(fleet, deployment, "docker.io/library/nginx:1.29")), @"
    error[image-not-allowed]: `Deployment customer-a/plant-web` uses `docker.io/library/nginx:1.29`, and the fleet denies `docker.io/library`
      --> base/apps/plant-web/deployment.yaml:22:16
       |
    22 |         image: docker.io/library/nginx:1.29
       |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
      ::: sites/acp-plant.yaml:41:5
       |
    41 |     web-customer-a: {use: plant-web, namespace: customer-a, values: {title: Customer A}}
       |     -------------- `web-customer-a` on this site
    42 |     web-customer-b: {use: plant-web, namespace: customer-b, values: {title: Customer B, replicas: 3}}
       |     -------------- `web-customer-b` on this site
       |
      ::: siteplan.yaml:35:7
       |
    35 |     - docker.io/library
       |       ----------------- the fleet's image policy
       |
       = help: name an image of an allowed registry in full, registry first, or mirror it there

    1 error in 1 file
    ");
}

#[test]
fn an_image_of_docker_hub_without_saying_so() {
    let deployment = "base/apps/plant-web/deployment.yaml";
    assert_snapshot!(broken_sites(&["acp-plant"], |fleet| replace_image(fleet, deployment, "nginx:1.29")), @"
    error[image-not-allowed]: `Deployment customer-a/plant-web` uses `nginx:1.29`, which is `docker.io/library/nginx:1.29`, and the fleet denies `docker.io/library`
      --> base/apps/plant-web/deployment.yaml:22:16
       |
    22 |         image: nginx:1.29
       |                ^^^^^^^^^^
       |
      ::: sites/acp-plant.yaml:41:5
       |
    41 |     web-customer-a: {use: plant-web, namespace: customer-a, values: {title: Customer A}}
       |     -------------- `web-customer-a` on this site
    42 |     web-customer-b: {use: plant-web, namespace: customer-b, values: {title: Customer B, replicas: 3}}
       |     -------------- `web-customer-b` on this site
       |
      ::: siteplan.yaml:35:7
       |
    35 |     - docker.io/library
       |       ----------------- the fleet's image policy
       |
       = help: name an image of an allowed registry in full, registry first, or mirror it there

    1 error in 1 file
    ");
}

#[test]
fn an_instance_whose_name_has_64_characters() {
    let name = "w".repeat(64);
    assert_snapshot!(broken(|fleet| edit(fleet, PLANT, "web-customer-a:", &format!("{name}:"))), @"
    error[name-not-dns]: the instance name `wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww` has 64 characters
      --> sites/acp-plant.yaml:41:5
       |
    41 |     wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww: {use: plant-web, namespace: customer-a, values: {title: Customer A}}
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends
       |
       = help: choose a shorter or simpler name

    1 error in 1 file
    ");
}

#[test]
fn a_site_whose_name_has_64_characters() {
    let name = "s".repeat(64);
    assert_snapshot!(broken(|fleet| write(fleet, &format!("sites/{name}.yaml"), &site(&name))), @"
    error[out-of-range]: `metadata.name` is 64 characters long, expected at most 63 characters
     --> sites/ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.yaml:4:9
      |
    4 |   name: ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    1 error in 1 file
    ");
}

#[test]
fn a_template_above_its_app() {
    let app = "base/apps/local-storage/app.yaml";
    let from = "templates/localvolumediscovery.yaml";
    assert_snapshot!(broken(|fleet| edit(fleet, app, from, "../odf/storagecluster.yaml")), @"
    error[missing-template]: the template `../odf/storagecluster.yaml` leaves the app's directory
      --> base/apps/local-storage/app.yaml:32:15
       |
    32 |     template: ../odf/storagecluster.yaml
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write a path below `base/apps/local-storage/`, for instance `templates/node.yaml`

    1 error in 1 file
    ");
}

#[test]
fn a_resource_above_its_base() {
    let kustomization = "base/apps/plant-vm/kustomization.yaml";
    let outside = "- ../../../siteplan.yaml\n- virtualmachine.yaml";
    assert_snapshot!(broken(|fleet| edit(fleet, kustomization, "- virtualmachine.yaml", outside)), @"
    error[outside-kustomize-root]: `../../../siteplan.yaml` is not in or below the directory of the kustomization
     --> base/apps/plant-vm/kustomization.yaml:4:3
      |
    4 | - ../../../siteplan.yaml
      |   ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: move the file, or make its directory a kustomization of its own

    1 error in 1 file
    ");
}

#[test]
fn a_site_that_vanishes() {
    assert_snapshot!(broken(|fleet| fs_err::remove_file(fleet.join(PLANT)).unwrap()), @"
    error[removal-not-approved]: site `acp-plant` vanishes from `out/`, and nothing approves that
     --> siteplan.yaml:7:1
      |
    7 | spec:
      | ^^^^ what may vanish is approved here, or in a file of `removals/`
      |
      = help: if it shall go, write `spec: {site: acp-plant, reason: …}` into a new file of `removals/`; or put it back; a rename is a removal

    1 error in 1 file
    ");
}

#[test]
fn an_instance_that_vanishes() {
    let line = "    flask-build: {pool: appserver}\n";
    assert_snapshot!(broken(|fleet| edit(fleet, HETERO, line, "")), @"
    error[missing-requirement]: `flask-appserver` requires `flask-build`, which does not run on this site
      --> sites/fusion-hetero.yaml:38:5
       |
    38 |     flask-appserver: {pool: appserver}
       |     ^^^^^^^^^^^^^^^
       |
      ::: base/apps/flask-appserver/app.yaml:15:10
       |
    15 |   - app: flask-build
       |          ----------- required here
       |
       = help: add `flask-build: {}` under `apps:`

    1 error in 1 file
    ");
}

#[test]
fn a_version_that_is_a_number() {
    assert_snapshot!(broken(|fleet| edit(fleet, PLANT, "\"4.18.22\"", "4.18")), @"
    error[wrong-type]: `spec.cluster.version` is the number `4.18`, expected text
      --> sites/acp-plant.yaml:10:22
       |
    10 |   cluster: {version: 4.18, baseDomain: example.com, install: {platform: agent}, vips: {api: 10.20.0.5, ingress: 10.20.0.6}}
       |                      ^^^^
       |
       = help: put the value as you wrote it in double quotes

    1 error in 1 file
    ");
}

/// Replaces the image of the only container.
fn replace_image(fleet: &Path, path: &str, image: &str) {
    // The clusters' own policy says the same of registries as the fleet.
    fs_err::remove_file(fleet.join("base/policies/registries.yaml")).unwrap();
    let text = fs_err::read_to_string(fleet.join(path)).unwrap();
    let old = text
        .lines()
        .find(|line| line.trim_start().starts_with("image: "))
        .unwrap();
    let indent = &old[..old.len() - old.trim_start().len()];
    write(
        fleet,
        path,
        &text.replace(old, &format!("{indent}image: {image}")),
    );
}

fn site(name: &str) -> String {
    format!(
        "apiVersion: siteplan.dev/v1alpha1\nkind: Site\nmetadata:\n  name: {name}\nspec:\n  pools:\n    main: {{arch: amd64, replicas: 1}}\n"
    )
}
