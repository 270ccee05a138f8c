//! Finds what belongs to one thing only and is given to two: addresses, names, VLANs, and values that an app calls unique.

use std::collections::BTreeMap;

use crate::addresses::IpNetwork;
use crate::load::Site;
use crate::model::{HaMode, NodeSpec, SharedScope};
use crate::schema::{UniqueScope, UniqueValue};
use pointer_diagnostics::{Diagnostic, Diagnostics, Pointer};

use super::claim::{Claim, ClaimedValue};
use super::site_plan::Instance;

/// Collects what a site claims in its own fields.
pub(super) fn collect_site_claims(site: &Site) -> Vec<Claim> {
    let mut claims = Claims {
        site,
        found: Vec::new(),
    };
    claims.add_vips();
    claims.add_networks();
    for (pool_name, pool) in &site.spec.pools {
        for (name, node) in &pool.nodes {
            let pointer = Pointer::parse("/pools").at(pool_name).at("nodes").at(name);
            claims.add_node(name, node, &pointer);
        }
    }
    claims.found
}

/// Returns the claim of a value that an app's schema calls unique.
pub(super) fn claim_value(site: &Site, instance: &Instance, unique: UniqueValue) -> Option<Claim> {
    let app = instance.app()?;
    let tokens: Vec<String> = unique.at.tokens().collect();
    let field = tokens.join(".");
    let other = || ClaimedValue::Other {
        sort: format!("{} {field}", app.name),
        value: unique.text.clone(),
    };
    let given = Pointer::parse("/apps").at(&instance.name).at("values");
    let given = given.join(&unique.at);
    let is_written = site
        .merged
        .pointer(&format!("/spec{}", given.as_str()))
        .is_some();
    Some(Claim {
        site: site.name.clone(),
        value: ClaimedValue::read(&unique.text, &unique.format).unwrap_or_else(other),
        part: None,
        scope: unique.scope,
        owner: format!("`{field}` of `{}`", instance.name),
        origin: match is_written {
            true => site.origin(&given),
            false => instance.origin.clone(),
        },
        text: unique.text,
    })
}

struct Claims<'a> {
    site: &'a Site,
    found: Vec<Claim>,
}

/// A claim without what is the same for all of a site's.
struct NewClaim<'a> {
    value: Option<ClaimedValue>,
    text: &'a str,
    owner: String,
    scope: UniqueScope,
    part: Option<String>,
}

impl Claims<'_> {
    /// Adds a claim; a text of the wrong form has been reported, and claims nothing.
    fn add(&mut self, claim: NewClaim<'_>, pointer: &Pointer) {
        let Some(value) = claim.value else { return };
        self.found.push(Claim {
            site: self.site.name.clone(),
            value,
            part: claim.part,
            scope: claim.scope,
            text: claim.text.to_owned(),
            owner: claim.owner,
            origin: self.site.origin(pointer),
        });
    }

    /// Adds the virtual addresses. A site of one node has its node's own.
    fn add_vips(&mut self) {
        let spec = &self.site.spec;
        let Some(vips) = &spec.cluster.vips else {
            return;
        };
        if spec.ha.mode == Some(HaMode::SingleNode) {
            return;
        }
        let both = [
            ("api", &vips.api, "the API"),
            ("ingress", &vips.ingress, "ingress"),
        ];
        for (key, text, what) in both {
            let claim = NewClaim {
                value: ClaimedValue::read(text, "ip"),
                text,
                owner: format!("the virtual address of {what}"),
                scope: UniqueScope::Fleet,
                part: None,
            };
            self.add(claim, &Pointer::parse("/cluster/vips").at(key));
        }
    }

    fn add_networks(&mut self) {
        for (name, network) in &self.site.spec.networks {
            let pointer = Pointer::parse("/networks").at(name);
            if let Some(gateway) = &network.gateway {
                let claim = NewClaim {
                    value: ClaimedValue::read(gateway, "ip"),
                    text: gateway,
                    owner: "a gateway".to_owned(),
                    scope: UniqueScope::Site,
                    part: None,
                };
                self.add(claim, &pointer.at("gateway"));
            }
            for (vlan, id) in &network.vlans {
                let claim = NewClaim {
                    value: Some(ClaimedValue::Other {
                        sort: format!("VLAN of {name}"),
                        value: id.to_string(),
                    }),
                    text: &id.to_string(),
                    owner: format!("the VLAN `{vlan}` of the network `{name}`"),
                    scope: UniqueScope::Site,
                    part: None,
                };
                self.add(claim, &pointer.at("vlans").at(vlan));
            }
        }
    }

    fn add_node(&mut self, name: &str, node: &NodeSpec, pointer: &Pointer) {
        for (network, address) in &node.addresses {
            let claim = NewClaim {
                value: ClaimedValue::read(address, "ip"),
                text: address,
                owner: format!("the node `{name}` in `{network}`"),
                scope: UniqueScope::Site,
                part: None,
            };
            self.add(claim, &pointer.at("addresses").at(network));
        }
        let Some(bmc) = &node.bmc else { return };
        let pointer = pointer.at("bmc");
        let address = NewClaim {
            value: Some(ClaimedValue::of_host(&bmc.address)),
            text: &bmc.address,
            owner: format!("the BMC of `{name}`"),
            scope: UniqueScope::Fleet,
            part: bmc.systems_uri.clone(),
        };
        self.add(address, &pointer.at("address"));
        if let Some(mac) = &bmc.boot_mac {
            let claim = NewClaim {
                value: ClaimedValue::read(mac, "mac"),
                text: mac,
                owner: format!("the boot interface of `{name}`"),
                scope: UniqueScope::Fleet,
                part: None,
            };
            self.add(claim, &pointer.at("bootMac"));
        }
    }
}

/// Reports what is claimed twice on one site.
pub fn check_site_claims(claims: &[Claim], found: &mut Diagnostics) {
    let claims: Vec<&Claim> = claims.iter().collect();
    for conflict in find_conflicts(claims, SiteRelation::Same) {
        found.push(conflict.report());
    }
}

/// Reports what is claimed on two sites, but for what the fleet says that each site has for itself.
pub fn check_fleet_claims(claims: &[Claim], shared: &[SharedScope], found: &mut Diagnostics) {
    let over_fleet = claims.iter().filter(|claim| {
        claim.scope == UniqueScope::Fleet && !shared.iter().any(|scope| is_in(&claim.value, scope))
    });
    for conflict in find_conflicts(over_fleet.collect(), SiteRelation::Different) {
        found.push(conflict.report());
    }
}

fn is_in(value: &ClaimedValue, scope: &SharedScope) -> bool {
    match (value, scope) {
        (ClaimedValue::Addresses(range), SharedScope::Network { network, .. }) => {
            IpNetwork::parse(network).is_some_and(|network| range.is_within(network))
        }
        (ClaimedValue::Mac(mac), SharedScope::Mac { mac: first, .. }) => {
            mac.starts_with(&format!("{}:", first.to_lowercase()))
        }
        (ClaimedValue::Host(host), SharedScope::Domain { domain, .. }) => {
            let domain = domain.trim_end_matches('.').to_lowercase();
            let above = host.strip_suffix(&domain);
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        }
        _ => false,
    }
}

/// The relation of the sites of two claims that may conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SiteRelation {
    Same,
    Different,
}

/// Two claims of one thing.
struct ClaimConflict<'a> {
    first: &'a Claim,
    second: &'a Claim,
    relation: SiteRelation,
}

/// Finds, for each claim, the first one before it that it conflicts with.
fn find_conflicts(claims: Vec<&Claim>, relation: SiteRelation) -> Vec<ClaimConflict<'_>> {
    let (mut of_addresses, others): (Vec<&Claim>, Vec<&Claim>) = claims
        .into_iter()
        .partition(|claim| matches!(claim.value, ClaimedValue::Addresses(_)));
    let mut groups: BTreeMap<&ClaimedValue, Vec<&Claim>> = BTreeMap::new();
    for claim in others {
        groups.entry(&claim.value).or_default().push(claim);
    }
    // Sorted by first address: what begins behind the end of another cannot meet it.
    of_addresses.sort_by_key(|claim| &claim.value);
    let mut found = Vec::new();
    for group in groups.into_values().chain([of_addresses]) {
        let mut open: Vec<&Claim> = Vec::new();
        for second in group {
            open.retain(|first| first.value.conflicts(&second.value));
            let fits = |first: &&&Claim| {
                let is_same = first.site == second.site;
                is_same == (relation == SiteRelation::Same) && first.conflicts(second)
            };
            if let Some(first) = open.iter().find(fits) {
                found.push(ClaimConflict {
                    first,
                    second,
                    relation,
                });
            }
            open.push(second);
        }
    }
    found
}

impl ClaimConflict<'_> {
    fn report(&self) -> Diagnostic {
        let Self { first, second, .. } = *self;
        let owner = |claim: &Claim| match self.relation {
            SiteRelation::Same => claim.owner.clone(),
            SiteRelation::Different => format!("{} on `{}`", claim.owner, claim.site),
        };
        let (one, two) = (owner(first), owner(second));
        let message = match first.text == second.text {
            true => format!("`{}` is given to {one} and to {two}", first.text),
            false => format!(
                "`{}` of {one} and `{}` of {two} are the same, or have addresses in common",
                first.text, second.text
            ),
        };
        let report = second.value.rule().report(message);
        let report = report.primary(second.origin.clone(), two);
        let report = match first.origin == second.origin {
            true => report,
            false => report.context(first.origin.clone(), one),
        };
        let help = match (&second.value, self.relation) {
            (ClaimedValue::Other { .. }, _) => "give each of them its own",
            (_, SiteRelation::Same) => "correct one of them",
            (_, SiteRelation::Different) => {
                "correct one of them; where nothing reaches both, say so under `sharedScopes` of the fleet"
            }
        };
        report.help(help)
    }
}

#[cfg(test)]
mod tests {
    use pointer_diagnostics::Origin;

    use super::*;

    fn claim(site: &str, owner: &str, text: &str) -> Claim {
        Claim {
            site: site.to_owned(),
            value: ClaimedValue::read(text, "ip-range")
                .unwrap_or_else(|| ClaimedValue::of_host(text)),
            part: None,
            scope: UniqueScope::Fleet,
            text: text.to_owned(),
            owner: owner.to_owned(),
            origin: Origin::file("sites/a.yaml"),
        }
    }

    fn conflicts(claims: &[Claim], relation: SiteRelation) -> usize {
        find_conflicts(claims.iter().collect(), relation).len()
    }

    #[test]
    fn an_address_in_a_range_is_a_conflict() {
        let claims = [
            claim("a", "pool", "10.0.0.4-10.0.0.9"),
            claim("a", "vip", "10.0.0.5"),
            claim("a", "other", "10.0.0.10"),
        ];
        assert_eq!(conflicts(&claims, SiteRelation::Same), 1);
        assert_eq!(conflicts(&claims, SiteRelation::Different), 0);
    }

    #[test]
    fn a_range_stays_open_until_its_end() {
        let claims = [
            claim("a", "pool", "10.0.0.0/16"),
            claim("b", "one", "10.0.1.1"),
            claim("b", "two", "10.0.200.1"),
        ];
        assert_eq!(conflicts(&claims, SiteRelation::Different), 2);
    }

    #[test]
    fn systems_behind_one_controller_are_told_apart_by_their_path() {
        let system = |owner, path: &str| Claim {
            part: Some(path.to_owned()),
            ..claim("a", owner, "10.0.0.1")
        };
        let claims = [
            system("n0", "/redfish/v1/Systems/1"),
            system("n1", "/redfish/v1/Systems/2"),
        ];
        assert_eq!(conflicts(&claims, SiteRelation::Same), 0);
        let claims = [
            system("n0", "/redfish/v1/Systems/1"),
            claim("a", "n1", "10.0.0.1"),
        ];
        assert_eq!(conflicts(&claims, SiteRelation::Same), 1);
    }

    #[test]
    fn what_the_fleet_shares_is_unique_on_a_site_only() {
        let claims = [
            claim("a", "bmc", "10.20.9.1"),
            claim("b", "bmc", "10.20.9.1"),
        ];
        let network = |network: &str| SharedScope::Network {
            network: network.to_owned(),
            reason: "no route between plants".to_owned(),
        };
        let count = |shared: &[SharedScope]| {
            let mut found = Diagnostics::new();
            check_fleet_claims(&claims, shared, &mut found);
            found.iter().count()
        };
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&[network("10.20.9.0/24")]), 0);
        assert_eq!(count(&[network("10.30.0.0/16")]), 1);
    }
}
