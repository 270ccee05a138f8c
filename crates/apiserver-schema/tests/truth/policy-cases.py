#!/usr/bin/env python3
"""policy-cases.py URL: asks a real API server what the policies of policies.yaml say, and writes policies.json.

The policies are created, every object is sent as a dry run, and the policies are deleted. An entry of the output holds the
object, the policy that refuses it with its message (the policies' own words), and the policies that warn.
"""
import json, re, sys, time
sys.argv = [sys.argv[0], sys.argv[1], "--library"]
from record import HERE, SESSION, URL, documents, resource

IMAGE = "registry.example.com/web:1"


def workload(kind, name, space, images=(IMAGE,), labels=None, annotations=None, init=(), limits=None, privileged=None, replicas=1):
    containers = [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]
    for c in containers:
        if limits:
            c["resources"] = {"limits": limits}
        if privileged is not None:
            c["securityContext"] = {"privileged": privileged}
    meta = {"name": name, "namespace": space} | ({"labels": labels} if labels else {}) | ({"annotations": annotations} if annotations else {})
    pod = {"containers": containers} | ({"initContainers": [{"name": f"i{i}", "image": image} for i, image in enumerate(init)]} if init else {})
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": meta, "spec": {"template": {"spec": pod | {"restartPolicy": "Never"}}}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}}
    if kind == "StatefulSet":
        spec["serviceName"] = "s"
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec}


def plain(kind, name, space, labels=None, **more):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": space} | ({"labels": labels} if labels else {})} | more


def service(name, space, labels=None, **spec):
    return plain("Service", name, space, labels, spec={"ports": [{"port": 80}], "selector": {"a": "b"}} | spec)


MEMORY = {"memory": "512Mi"}
CASES = [
    workload("Deployment", "good", "policy-a"),
    workload("Deployment", "foreign", "policy-a", ["docker.io/web:1"]),
    workload("Deployment", "foreign-init", "policy-a", init=["docker.io/init:1", IMAGE]),
    workload("Deployment", "two-foreign", "policy-a", ["docker.io/web:1", IMAGE, "quay.io/x:2"]),
    workload("StatefulSet", "foreign", "policy-a", ["docker.io/web:1"]),
    workload("Deployment", "foreign-there", "policy-b", ["docker.io/web:1"], limits=MEMORY),
    workload("Deployment", "elsewhere", "default", ["docker.io/web:latest"]),
    workload("Deployment", "floating", "policy-a", ["registry.example.com/web:latest"]),
    workload("Deployment", "untagged", "policy-a", ["registry.example.com/web"]),
    workload("Deployment", "digest", "policy-a", ["registry.example.com/web@sha256:" + "a" * 64]),
    workload("Deployment", "waived", "policy-a", ["registry.example.com/web:latest"], annotations={"waived": "yes"}),
    workload("Deployment", "annotated", "policy-a", ["registry.example.com/web:latest"], annotations={"other": "yes"}),
    workload("Deployment", "excluded", "policy-a", ["registry.example.com/web:latest"]),
    workload("Deployment", "canary", "policy-a", ["registry.example.com/web:latest"], labels={"canary": "yes"}),
    workload("Job", "floating", "policy-b", ["web:latest"]),
    workload("Job", "good", "policy-b", ["web:1.2"]),
    workload("Deployment", "unlimited", "policy-b"),
    workload("Deployment", "limited", "policy-b", limits=MEMORY),
    workload("Deployment", "cpu-limited", "policy-b", limits={"cpu": "1"}),
    workload("Deployment", "large", "policy-b", limits={"memory": "2Gi"}),
    workload("Deployment", "exact", "policy-b", limits={"memory": "1024Mi"}),
    workload("Deployment", "privileged", "policy-b", limits=MEMORY, privileged=True),
    workload("Deployment", "unprivileged", "policy-b", limits=MEMORY, privileged=False),
    plain("ConfigMap", "no-level", "policy-a", {"judge": "failing"}, data={"a": "b"}),
    plain("ConfigMap", "no-data", "policy-a", {"judge": "failing"}),
    plain("ConfigMap", "low-level", "policy-a", {"judge": "failing"}, data={"level": "2", "other": "y"}),
    plain("ConfigMap", "high-level", "policy-a", {"judge": "failing"}, data={"level": "4"}),
    plain("ConfigMap", "no-number", "policy-a", {"judge": "failing"}, data={"level": "four", "other": "y"}),
    plain("ConfigMap", "rescued", "policy-a", {"judge": "failing"}, data={"level": "four", "other": "x"}),
    plain("ConfigMap", "ignored", "policy-a", {"judge": "ignoring"}, data={"a": "b"}),
    plain("ConfigMap", "ignored-no", "policy-a", {"judge": "ignoring"}, data={"level": "b"}),
    plain("ConfigMap", "ignored-yes", "policy-a", {"judge": "ignoring"}, data={"level": "x"}),
    service("plain", "policy-a", {"app.kubernetes.io/name": "x"}),
    service("node-port", "policy-a", {"app.kubernetes.io/name": "x"}, type="NodePort"),
    service("node-port", "policy-b", {"app.kubernetes.io/name": "x"}, type="NodePort"),
    service("unlabelled", "policy-b"),
    service("empty-label", "policy-b", {"app.kubernetes.io/name": ""}),
    workload("StatefulSet", "few", "policy-a", ["registry.example.com/team/db:1"], replicas=3),
    workload("StatefulSet", "many", "policy-a", ["registry.example.com/team/db:1"], replicas=4),
    workload("StatefulSet", "many-there", "policy-b", ["db:1"], replicas=9),
    plain("Secret", "missing", "policy-b", {"judge": "missing"}),
    plain("Secret", "no-params", "policy-b", {"judge": "no-params"}, type="Opaque"),
    plain("Secret", "typed", "policy-b", {"judge": "no-params"}, type="example.com/x"),
]


def send(obj, method="post", dry=True):
    prefix, row = resource(obj["apiVersion"], obj["kind"])
    meta = obj["metadata"]
    url = URL + prefix + (f"/namespaces/{meta.get('namespace', 'default')}" if row["namespaced"] else "") + "/" + row["name"]
    if method == "delete":
        return SESSION.delete(f"{url}/{meta['name']}")
    return SESSION.post(url + "?fieldValidation=Strict" + ("&dryRun=All" if dry else ""), json=obj)


def main():
    created = documents("policies.yaml")
    for obj in created:
        answer = send(obj, dry=False)
        if not answer.ok and answer.status_code != 409:
            raise SystemExit(f"{obj['kind']} {obj['metadata']['name']}: {answer.json().get('message')}")
    time.sleep(12)
    rows = []
    for obj in CASES:
        answer = send(obj)
        refusal = re.match(r".*ValidatingAdmissionPolicy '([^']+)' with binding '([^']+)' denied request: (.*)", answer.json().get("message", ""), re.S)
        if not answer.ok and not refusal:
            raise SystemExit(f"{obj['metadata']['name']}: {answer.json().get('message')}")
        warnings = re.findall(r"Validation failed for ValidatingAdmissionPolicy '([^']+)'", answer.headers.get("Warning", ""))
        rows.append({"object": obj, "refused_by": refusal[1] if refusal else None, "message": refusal[3] if refusal else None, "warned_by": warnings})
    for obj in reversed(created):
        if obj["kind"] != "Namespace":
            send(obj, "delete")
    with open(f"{HERE}/policies.json", "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
