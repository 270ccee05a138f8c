//! Clusters whose control planes run as pods of another site's cluster.
//!
//! The hosting site's instance of the same name makes a `HostedCluster` and a `NodePool` for each pool. Facts: openshift/hypershift
//! hypershift-operator/controllers/nodepool (`isArchAndPlatformSupported`, kubevirt), read 2026-11.

use serde_json::{Value, json};

use crate::load::{Repository, Site};
use crate::model::{Arch, Cluster, NodePlatform, Platform, Pool, Role};
use crate::nearest::nearest;
use crate::rules;
use crate::wording::join_words;
use kubernetes_vocabulary::Quantity;
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Pointer};

/// The repository of release images.
const RELEASES: &str = "quay.io/openshift-release-dev/ocp-release";
/// The tag's ending of a release image that has all architectures.
const MULTI: &str = "multi";
/// The minor versions that nodes may be behind their control plane.
const MOST_SKEW: u64 = 2;

/// Reports what keeps a hosted cluster from being as its site describes it: its host, its platform, its pools, its versions.
pub(super) fn check_hosted_cluster(site: &Site, repository: &Repository, found: &mut Diagnostics) {
    let cluster = &site.spec.cluster;
    let Some(host) = &cluster.hosted_on else {
        check_not_hosted(site, found);
        return;
    };
    let host = check_host(site, host, repository, found);
    if cluster.platform == Platform::Kubernetes {
        let at = Pointer::parse("/cluster/platform");
        found.push(
            impossible(
                "only OpenShift has hosted control planes".to_owned(),
                site.origin(&at),
            )
            .help("write `platform: openshift`, or take `hostedOn` out"),
        );
    }
    if cluster.version.is_none() && cluster.release_image.is_none() {
        let at = Pointer::parse("/cluster/version");
        found.push(
            impossible(
                "a hosted cluster needs a version".to_owned(),
                site.origin(&at),
            )
            .help("write `version:` under `cluster:`; its release image follows from it"),
        );
    }
    let Some(platform) = cluster.node_platform else {
        let at = Pointer::parse("/cluster/hostedOn");
        found.push(
            impossible(
                "nothing says where the nodes of the cluster come from".to_owned(),
                site.origin(&at),
            )
            .help("write `nodePlatform:` beside `hostedOn`: `kubevirt`, `agent` or `none`"),
        );
        return;
    };
    check_release_image(site, found);
    for (name, pool) in &site.spec.pools {
        let check = PoolCheck {
            site,
            name,
            pool,
            platform,
        };
        check.check_architecture(found);
        check.check_roles(found);
        check.check_version(found);
        check.check_autoscaling(found);
        if let Some(host) = host.as_ref().filter(|_| platform == NodePlatform::Kubevirt) {
            check.check_machine_size(host, found);
        }
    }
}

/// Reports fields that mean something for clusters with `hostedOn` only.
fn check_not_hosted(site: &Site, found: &mut Diagnostics) {
    let cluster = &site.spec.cluster;
    let fields = [
        ("nodePlatform", cluster.node_platform.is_some()),
        ("releaseImage", cluster.release_image.is_some()),
    ];
    for (field, _) in fields.into_iter().filter(|(_, is_written)| *is_written) {
        let at = Pointer::parse("/cluster").at(field);
        found.push(
            impossible(
                format!("`{field}` is about a cluster that another site hosts, and no site does"),
                site.origin(&at),
            )
            .help("write `hostedOn:` with the name of the site, or take it out"),
        );
    }
}

/// Returns the hosting site, where it hosts the cluster. Reports where it does not.
fn check_host(
    site: &Site,
    name: &str,
    repository: &Repository,
    found: &mut Diagnostics,
) -> Option<Site> {
    let origin = site.origin(&Pointer::parse("/cluster/hostedOn"));
    if !repository.sites.contains_key(name) || name == site.name {
        let others = repository.sites.keys().map(String::as_str);
        let help = match nearest(name, others.filter(|other| *other != site.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a site of this fleet".to_owned(),
        };
        let message = match name == site.name {
            true => "a site cannot host its own control plane".to_owned(),
            false => format!("there is no site `{name}` to host the control plane"),
        };
        found.push(
            rules::UNKNOWN_HOSTING_SITE
                .report(message)
                .primary(origin, "")
                .help(help),
        );
        return None;
    }
    // A host with errors tells them when it is compiled itself.
    let host = repository.load_site(name, &mut Diagnostics::new())?;
    if host.spec.cluster.is_hosted() {
        found.push(
            rules::UNKNOWN_HOSTING_SITE
                .report(format!(
                    "`{name}` is a hosted cluster itself, and cannot host another"
                ))
                .primary(origin, "")
                .context(host.origin(&Pointer::parse("/cluster")), "hosted here")
                .help("name the site whose cluster has its own control plane nodes"),
        );
        return None;
    }
    if !host
        .spec
        .apps
        .get(&site.name)
        .is_some_and(|instance| instance.enabled)
    {
        found.push(
            rules::UNKNOWN_HOSTING_SITE
                .report(format!(
                    "`{name}` has no instance `{}` that makes the hosted cluster",
                    site.name
                ))
                .primary(origin, "")
                .context_key(
                    host.origin(&Pointer::parse("/apps")),
                    "expected among these",
                )
                .help(format!(
                    "add `{}: {{use: hosted-cluster}}` to the `apps` of `{name}`",
                    site.name
                )),
        );
    }
    Some(host)
}

/// Reports a release image that lacks an architecture of the pools.
fn check_release_image(site: &Site, found: &mut Diagnostics) {
    let Some(image) = &site.spec.cluster.release_image else {
        return;
    };
    let pools = site.spec.pools.iter();
    let lacking = pools
        .filter(|(_, pool)| !release_has(image, pool.arch))
        .map(|(name, pool)| format!("`{name}` ({})", pool.arch));
    let lacking: Vec<String> = lacking.collect();
    if let Some(lacking) = join_words(&lacking, "and") {
        let at = Pointer::parse("/cluster/releaseImage");
        found.push(
            impossible(
                format!("the release image is of one architecture, which is not that of {lacking}"),
                site.origin(&at),
            )
            .help("use the image whose tag ends with `-multi`, or leave it out: it follows from the version and the pools"),
        );
    }
}

/// Checks that a release image has an architecture. One whose tag does not say it is taken to have all.
fn release_has(image: &str, arch: Arch) -> bool {
    let known = Arch::ALL.into_iter().find(|arch| {
        let ending = image.rsplit('-').next().unwrap_or_default();
        ending == release_suffix(*arch)
    });
    known.is_none_or(|only| only == arch)
}

/// Returns the ending of the tag of a release image of one architecture.
fn release_suffix(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
        Arch::Ppc64le => "ppc64le",
        Arch::S390x => "s390x",
    }
}

/// Returns the published release image of a version: of one architecture for `amd64` alone, else of all, because the control plane runs on
/// another architecture than the nodes.
fn release_image(cluster: &Cluster, version: &str, site: &Site) -> String {
    let mut pools = site.spec.pools.values();
    let suffix = match pools.all(|pool| pool.arch == Arch::Amd64) {
        true => release_suffix(Arch::Amd64),
        false => MULTI,
    };
    let own = cluster.version.as_deref() == Some(version);
    match &cluster.release_image {
        Some(image) if own => image.clone(),
        _ => format!("{RELEASES}:{version}-{suffix}"),
    }
}

fn impossible(message: String, origin: Origin) -> Diagnostic {
    rules::HOSTED_CLUSTER_IMPOSSIBLE
        .report(message)
        .primary(origin, "")
}

/// A pool of a hosted cluster.
struct PoolCheck<'a> {
    site: &'a Site,
    name: &'a str,
    pool: &'a Pool,
    platform: NodePlatform,
}

impl PoolCheck<'_> {
    fn origin(&self, field: &str) -> Origin {
        self.site
            .origin(&Pointer::parse("/pools").at(self.name).at(field))
    }

    fn check_architecture(&self, found: &mut Diagnostics) {
        let possible = supported_architectures(self.platform);
        if possible.contains(&self.pool.arch) {
            return;
        }
        let names: Vec<&str> = possible.iter().map(|arch| arch.label()).collect();
        let names = join_words(&names, "and").unwrap_or_default();
        let (kind, arch) = (platform_kind(self.platform), self.pool.arch);
        let message = format!("the platform {kind} has no nodes of {arch}: it gives {names}");
        found.push(
            impossible(message, self.origin("arch"))
                .context(self.site.origin(&Pointer::parse("/cluster/nodePlatform")), "the platform")
                .help("choose another `nodePlatform`, or take the pool to a cluster with its own control plane"),
        );
    }

    fn check_roles(&self, found: &mut Diagnostics) {
        if self.pool.roles.contains(&Role::ControlPlane) {
            let message = format!(
                "the pool `{}` has control plane nodes, but the control plane is hosted",
                self.name
            );
            found.push(
                impossible(message, self.origin("roles"))
                    .help("leave `control-plane` out: a hosted cluster has workers only"),
            );
        }
    }

    fn check_version(&self, found: &mut Diagnostics) {
        let Some(version) = &self.pool.version else {
            return;
        };
        let cluster = self
            .site
            .spec
            .cluster
            .version
            .as_deref()
            .unwrap_or_default();
        let why = match (parse_version(version), parse_version(cluster)) {
            (None, _) => format!("`{version}` is not a version of the form 4.18.22"),
            (Some(own), Some(of_cluster)) if own > of_cluster => {
                format!(
                    "the nodes are to have {version}, and the control plane {cluster}: nodes are never ahead"
                )
            }
            (Some(own), Some(of_cluster))
                if own[0] != of_cluster[0] || own[1] + MOST_SKEW < of_cluster[1] =>
            {
                format!(
                    "nodes of {version} are more than {MOST_SKEW} minor versions behind the control plane of {cluster}"
                )
            }
            _ => return,
        };
        found.push(
            impossible(why, self.origin("version"))
                .context(
                    self.site.origin(&Pointer::parse("/cluster/version")),
                    "the control plane",
                )
                .help("upgrade in steps: the control plane first, then the pools"),
        );
    }

    fn check_autoscaling(&self, found: &mut Diagnostics) {
        let Some(bounds) = self.pool.autoscaling else {
            return;
        };
        if bounds.min == 0 || bounds.min > bounds.max {
            let message = format!(
                "the pool `{}` cannot have between {} and {} nodes",
                self.name, bounds.min, bounds.max
            );
            found.push(
                impossible(message, self.origin("autoscaling"))
                    .help("write a `min` of at least 1, and a `max` that is not below it"),
            );
        }
        if self.platform == NodePlatform::None {
            let message =
                "nobody makes nodes of the platform None, so their number cannot follow the load"
                    .to_owned();
            found.push(
                impossible(message, self.origin("autoscaling"))
                    .help("write `replicas:` in its place"),
            );
        }
    }

    /// Reports virtual machines that no node of the hosting site has room for, or that have no size.
    fn check_machine_size(&self, host: &Site, found: &mut Diagnostics) {
        for (resource, unit) in [("cpu", "CPUs"), ("memory", "of memory")] {
            let Some(wanted) = self.pool.capacity.get(resource) else {
                let message = format!(
                    "the virtual machines of the pool `{}` have no size: `{resource}` is missing",
                    self.name
                );
                found.push(
                    impossible(message, self.origin("capacity"))
                        .help(format!("write `{resource}` under the pool's `capacity:`")),
                );
                continue;
            };
            let Some(most) = largest_node(host, resource).filter(|most| most < wanted) else {
                continue;
            };
            let message = format!(
                "no node of `{}` has room for a virtual machine with {wanted} {unit}: the largest has {most}",
                host.name
            );
            found.push(
                impossible(message, self.origin("capacity").at(resource))
                    .context_key(
                        host.origin(&Pointer::parse("/pools")),
                        "the nodes that it would run on",
                    )
                    .help(
                        "describe more and smaller nodes, or add larger ones to the hosting site",
                    ),
            );
        }
    }
}

/// Returns the architectures of which a platform gives nodes.
fn supported_architectures(platform: NodePlatform) -> &'static [Arch] {
    match platform {
        NodePlatform::Kubevirt => &[Arch::Amd64],
        NodePlatform::Agent => &[Arch::Amd64, Arch::Arm64, Arch::Ppc64le],
        NodePlatform::None => &[Arch::Amd64, Arch::Arm64],
    }
}

/// Returns the name of a platform in `spec.platform.type`.
fn platform_kind(platform: NodePlatform) -> &'static str {
    match platform {
        NodePlatform::Kubevirt => "KubeVirt",
        NodePlatform::Agent => "Agent",
        NodePlatform::None => "None",
    }
}

/// Returns the most that one worker of a site offers of a resource. `None` where a pool does not say it.
fn largest_node(host: &Site, resource: &str) -> Option<Quantity> {
    let mut most = None;
    let pools = host.spec.pools.values();
    for pool in pools.filter(|pool| pool.roles.contains(&Role::Worker)) {
        let taken = pool.reserved.get(resource).copied().unwrap_or_default();
        let of_nodes = pool
            .nodes
            .values()
            .filter_map(|node| node.capacity.get(resource));
        let all = of_nodes.chain(pool.capacity.get(resource)).max()?;
        most = most.max(Some(all.minus(taken)));
    }
    most
}

fn parse_version(text: &str) -> Option<[u64; 3]> {
    let numbers = text.split(['-', '+']).next()?.split('.');
    let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Returns a hosted cluster as the expressions of its instance on the hosting site see it.
pub(super) fn describe_hosted_cluster(site: &Site) -> Value {
    let cluster = &site.spec.cluster;
    let version = cluster.version.as_deref().unwrap_or_default();
    let pools = site.spec.pools.iter().map(|(name, pool)| {
        let own = pool.version.as_deref().unwrap_or(version);
        json!({
            "name": name,
            "arch": pool.arch,
            "replicas": pool.count_unnamed().or_else(|| u32::try_from(pool.nodes.len()).ok()),
            "autoscaling": pool.autoscaling,
            "labels": pool.labels,
            "taints": pool.taints,
            "cores": pool.capacity.get("cpu").map(|cpu| i64::try_from(cpu.as_units()).unwrap_or(i64::MAX)),
            "memory": pool.capacity.get("memory"),
            "releaseImage": release_image(cluster, own, site),
        })
    });
    json!({
        "name": site.name,
        "labels": site.labels,
        "baseDomain": cluster.base_domain,
        "platform": cluster.node_platform.map(platform_kind),
        "releaseImage": release_image(cluster, version, site),
        "survive": site.spec.ha.survive,
        "pools": pools.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_release_image_says_its_architecture() {
        let image = "quay.io/openshift-release-dev/ocp-release:4.18.22";
        assert!(release_has(&format!("{image}-x86_64"), Arch::Amd64));
        assert!(!release_has(&format!("{image}-x86_64"), Arch::Ppc64le));
        assert!(release_has(&format!("{image}-multi"), Arch::Ppc64le));
        assert!(release_has(
            "registry.example.com/release@sha256:00",
            Arch::S390x
        ));
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(parse_version("4.9.1") < parse_version("4.10.0"));
        assert_eq!(parse_version("4.20.0-rc.1"), Some([4, 20, 0]));
        assert_eq!(parse_version("4.18"), None);
    }
}
