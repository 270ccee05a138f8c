"""Plays the controllers that are absent: writes the status that a healthy object has. faker.py [--once] [--only KIND/NS/NAME,...] [--skip KIND/NS/NAME,...] [--interval S]
Also plays OLM: a Subscription that becomes AtLatestKnown brings nothing (CRDs are crds.sh's)."""
import argparse, json, subprocess, time
p = argparse.ArgumentParser(); p.add_argument("--once", action="store_true"); p.add_argument("--only", default=""); p.add_argument("--skip", default=""); p.add_argument("--interval", type=float, default=2)
a = p.parse_args()
only, skip = set(filter(None, a.only.split(","))), set(filter(None, a.skip.split(",")))
now = lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
def deployment(o):
    n = o["spec"].get("replicas", 1); g = o["metadata"]["generation"]; s = o.get("status", {})
    if s.get("observedGeneration") == g and s.get("availableReplicas", 0) == n: return None
    t = now()
    return dict(observedGeneration=g, replicas=n, updatedReplicas=n, readyReplicas=n, availableReplicas=n, conditions=[
        dict(type="Available", status="True", reason="MinimumReplicasAvailable", lastTransitionTime=t, lastUpdateTime=t),
        dict(type="Progressing", status="True", reason="NewReplicaSetAvailable", lastTransitionTime=t, lastUpdateTime=t)])
def statefulset(o):
    n = o["spec"].get("replicas", 1); g = o["metadata"]["generation"]; s = o.get("status", {})
    if s.get("observedGeneration") == g and s.get("readyReplicas", 0) == n: return None
    return dict(observedGeneration=g, replicas=n, readyReplicas=n, currentReplicas=n, updatedReplicas=n, availableReplicas=n, currentRevision="a", updateRevision="a")
def job(o):
    if any(c["type"] == "Complete" for c in o.get("status", {}).get("conditions", [])): return None
    t = now()
    return dict(startTime=t, completionTime=t, succeeded=1, conditions=[dict(type="SuccessCriteriaMet", status="True", lastTransitionTime=t), dict(type="Complete", status="True", lastTransitionTime=t, lastProbeTime=t)], uncountedTerminatedPods={})
def subscription(o):
    if o.get("status", {}).get("state") == "AtLatestKnown": return None
    n = o["metadata"]["name"] + ".v1"
    return dict(state="AtLatestKnown", lastUpdated=now(), installedCSV=n, currentCSV=n, conditions=[dict(type="CatalogSourcesUnhealthy", status="False", reason="AllCatalogSourcesHealthy", lastTransitionTime=now())])
def route(o):
    if o.get("status", {}).get("ingress"): return None
    return dict(ingress=[dict(host=o["spec"].get("host", "x"), routerName="default", conditions=[dict(type="Admitted", status="True")])])
def storagecluster(o):
    if o.get("status", {}).get("phase") == "Ready": return None
    return dict(phase="Ready", conditions=[dict(type=x, status=y, reason="ReconcileCompleted", lastHeartbeatTime=now(), lastTransitionTime=now()) for x, y in (("ReconcileComplete", "True"), ("Available", "True"), ("Progressing", "False"), ("Degraded", "False"), ("Upgradeable", "True"))])
def vm(o):
    if o.get("status", {}).get("printableStatus") == "Running": return None
    return dict(printableStatus="Running", ready=True, created=True, conditions=[dict(type="Ready", status="True", lastTransitionTime=now(), lastProbeTime=now())])
def pdb(o):
    g = o["metadata"]["generation"]
    if o.get("status", {}).get("observedGeneration") == g: return None
    return dict(observedGeneration=g, currentHealthy=3, desiredHealthy=1, disruptionsAllowed=1, expectedPods=3, conditions=[dict(type="DisruptionAllowed", status="True", reason="SufficientPods", message="", lastTransitionTime=now(), observedGeneration=g)])
def kafka(o):
    if o.get("status", {}).get("conditions"): return None
    return dict(conditions=[dict(type="Ready", status="True", lastTransitionTime=now())], observedGeneration=o["metadata"]["generation"])
def tenant(o):
    if o.get("status", {}).get("currentState") == "Initialized": return None
    return dict(currentState="Initialized", availableReplicas=4, syncVersion="v6.0.0", revision=0, pools=[], certificates={}, healthStatus="green")
def claim(o):
    if o.get("status", {}).get("phase") == "Bound": return None
    return dict(phase="Bound")
def postgrescluster(o):
    g = o["metadata"]["generation"]; s = o.get("status", {})
    if s.get("observedGeneration") == g and s.get("instances"): return None
    sets = o["spec"].get("instances", [])
    return dict(observedGeneration=g, instances=[dict(name=i.get("name", "00"), replicas=i.get("replicas", 1), readyReplicas=i.get("replicas", 1), updatedReplicas=i.get("replicas", 1)) for i in sets])
def condition(name):
    def make(o):
        if any(c["type"] == name and c["status"] == "True" for c in o.get("status", {}).get("conditions", [])): return None
        t = now()
        return dict(conditions=[dict(type=name, status="True", reason="Reconciled", message="faked", lastTransitionTime=t, lastHeartbeatTime=t)])
    return make
def network_policy(o):
    made = condition("Available")(o)
    if made: made["conditions"][0]["lastHearbeatTime"] = now(); del made["conditions"][0]["lastHeartbeatTime"]
    return made
def health_check(o):
    if o.get("status", {}).get("phase") == "Enabled": return None
    return dict(phase="Enabled", reason="faked", healthyNodes=3, observedNodes=3)
import os
SKIPKINDS = set(filter(None, os.environ.get("SKIPKINDS", "").split(",")))
KINDS = {"persistentvolumeclaims": claim, "deployments.apps": deployment, "statefulsets.apps": statefulset, "jobs.batch": job, "subscriptions.operators.coreos.com": subscription, "routes.route.openshift.io": route,
    "storageclusters.ocs.openshift.io": storagecluster, "virtualmachines.kubevirt.io": vm, "poddisruptionbudgets.policy": pdb, "kafkas.kafka.strimzi.io": kafka, "tenants.minio.min.io": tenant,
    "postgresclusters.postgres-operator.crunchydata.com": postgrescluster, "hyperconvergeds.hco.kubevirt.io": condition("Available"), "localvolumes.local.storage.openshift.io": condition("Available"),
    "localvolumesets.local.storage.openshift.io": condition("DaemonSetsAvailable"), "metallbs.metallb.io": condition("Available"), "configs.imageregistry.operator.openshift.io": condition("Available"), "nodenetworkconfigurationpolicies.nmstate.io": network_policy, "nodehealthchecks.remediation.medik8s.io": health_check}
def wanted(o):
    i = f"{o['kind']}/{o['metadata'].get('namespace', '')}/{o['metadata']['name']}"
    return i not in skip and (not only or i in only)
while True:
    for kind, make in KINDS.items():
        if kind in SKIPKINDS: continue
        r = subprocess.run(["kubectl", "get", kind, "-A", "-o", "json"], capture_output=True, text=True)
        if r.returncode: continue
        for o in json.loads(r.stdout)["items"]:
            if not wanted(o) or o["metadata"].get("deletionTimestamp"): continue
            s = make(o)
            if s is None: continue
            scope = ["-n", o["metadata"]["namespace"]] if "namespace" in o["metadata"] else []
            args = ["kubectl", *scope, "patch", kind, o["metadata"]["name"], "--type=merge", "-p", json.dumps({"status": s})]
            w = subprocess.run(args + ["--subresource=status"], capture_output=True, text=True)
            if w.returncode: w = subprocess.run(args, capture_output=True, text=True)
            print(now(), o["kind"], o["metadata"].get("namespace", "-"), o["metadata"]["name"], "healthy" if w.returncode == 0 else w.stderr.strip(), flush=True)
    if a.once: break
    time.sleep(a.interval)
