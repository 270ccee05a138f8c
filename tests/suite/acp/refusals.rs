//! What a plant cannot be, each with its message.

use super::{FILE, SITE, VM};
use crate::repository::{copy_of_fleet, edit, siteplan};

const PROFILE: &str = "base/profiles/acp-ha.yaml";
const EDGE: &str = "sites/acp-edge.yaml";

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn what_a_plant_cannot_be_is_refused() {
    let acp_2 = "        acp-2: {zone: rack-c, addresses: {machine: 10.20.0.12, storage: 172.16.1.12}, bmc: {address: 10.20.9.12, bootMac: \"02:00:00:20:00:12\"}}\n";
    for (file, from, to, expected) in [
        (
            FILE,
            acp_2,
            "",
            "`three-node` asserts three nodes, but there are 2",
        ),
        (
            FILE,
            "      arch: amd64\n",
            "      arch: ppc64le\n",
            "error[no-eligible-node]",
        ),
        (
            PROFILE,
            "        - eno2\n        - eno5\n",
            "        - eno2\n",
            "the bond of `storage` has one port: one cable carries the network",
        ),
        (
            FILE,
            VM,
            "    vm: {vlans: {ot: 301, dmz: 302}}\n    vm2: {interface: eno8, bridge: br-vm}\n",
            "the networks `vm` and `vm2` are both on `br-vm`",
        ),
        (
            FILE,
            "addresses: {machine: 10.20.0.12, storage: 172.16.1.12}",
            "addresses: {machine: 10.20.0.12}",
            "`acp-2` has no address on `storage`",
        ),
        (
            FILE,
            "addresses: {machine: 10.20.0.12, storage: 172.16.1.12}",
            "addresses: {machine: 10.21.0.12, storage: 172.16.1.12}",
            "`10.21.0.12` is outside of the network `machine`",
        ),
        (
            FILE,
            ", bmc: {address: 10.20.9.12, bootMac: \"02:00:00:20:00:12\"}",
            "",
            "nothing tells which machine `acp-2` is",
        ),
        (
            FILE,
            "install: {platform: agent}, vips: {api: 10.20.0.5, ingress: 10.20.0.6}",
            "install: {platform: agent}",
            "needs a virtual address for its API and one for ingress",
        ),
        (
            FILE,
            "    machine: {cidr: 10.20.0.0/24, gateway",
            "    machine: {machine: false, cidr: 10.20.0.0/24, gateway",
            "an installation has one machine network, and the site has 0",
        ),
        (
            FILE,
            "    plant-vm:",
            "    lvm-storage-operator: {}\n    lvm-storage: {}\n    plant-vm:",
            "error[conflicting-apps]",
        ),
        (
            FILE,
            "    plant-vm:",
            "    odf: {values: {copies: 4}}\n    plant-vm:",
            "error[not-a-choice]",
        ),
        (
            FILE,
            "values: {vlan: ot,",
            "values: {vlan: paint,",
            "error[template-error]",
        ),
        (
            FILE,
            "  apps:\n",
            "  teams: {customer-c: {groups: [c], apps: [web-customer-c]}}\n  apps:\n",
            "the team `customer-c` looks after `web-customer-c`, which is not on this site",
        ),
        (
            EDGE,
            "    postgresql: {}\n",
            "    postgresql: {}\n    odf-operator: {}\n    odf: {}\n",
            "error[conflicting-apps]",
        ),
        (
            EDGE,
            "  apps:\n",
            "  ha: {survive: {nodes: 1}}\n  apps:\n",
            "a site of 1 nodes cannot survive the loss of 1",
        ),
    ] {
        let fleet = copy_of_fleet();
        edit(fleet.path(), file, from, to);
        let site = if file == EDGE { "acp-edge" } else { SITE };
        let ran = siteplan(fleet.path(), &["check", "--list", site]);
        assert!(ran.stderr.contains(expected), "{to}: {}", ran.stderr);
    }
}

#[test]
fn a_node_without_a_controller_is_told() {
    let fleet = copy_of_fleet();
    let controller = ", bmc: {address: 10.20.9.12, bootMac: \"02:00:00:20:00:12\"}";
    edit(fleet.path(), FILE, controller, "");
    edit(fleet.path(), FILE, "install: {platform: agent}, ", "");
    let ran = siteplan(fleet.path(), &["check", "--list", SITE]);
    assert!(ran.stderr.contains("`acp-2` has no BMC"), "{}", ran.stderr);
}
