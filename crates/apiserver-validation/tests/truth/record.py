#!/usr/bin/env python3
"""record.py URL CASES… : sends the cases to a real API server and writes its answers to recorded/.

URL is an API server whose token is "admin", such as https://127.0.0.1:16000; it needs nothing but etcd behind it.
CASES are files of cases/: a base object and changes of it, as JSON pointers. Each object is created with a server-side dry
run and strict field validation, and applied with one. An update is applied for good, then applied with a dry run, and deleted.
"""
import copy, json, os, re, sys, time
import requests, urllib3, yaml

urllib3.disable_warnings()
HERE = os.path.dirname(os.path.abspath(__file__))
URL = sys.argv[1]
session = requests.Session()
session.trust_env = False
session.verify = False
session.headers["Authorization"] = "Bearer admin"
kinds = {}


def collection(obj):
    version, kind = obj["apiVersion"], obj["kind"]
    if version not in kinds:
        answer = session.get(URL + ("/apis/" if "/" in version else "/api/") + version)
        kinds[version] = {r["kind"]: r for r in answer.json().get("resources", []) if "/" not in r["name"]}
    resource = kinds[version][kind]
    path = ("/apis/" if "/" in version else "/api/") + version
    if resource["namespaced"]:
        path += "/namespaces/" + obj["metadata"].get("namespace", "default")
    return path + "/" + resource["name"]


def expand(value):
    """Turns "<repeat x 300>" into 300 times x, wherever it is in a text."""
    if isinstance(value, dict):
        return {expand(k): expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [expand(v) for v in value]
    if isinstance(value, str):
        return re.sub(r"<repeat (.*?) (\d+)>", lambda m: m[1] * int(m[2]), value)
    return value


def change(base, changes):
    """Sets values at JSON pointers; "<delete>" removes one, "-" appends to a list, absent parents are made."""
    out = copy.deepcopy(base)
    for pointer, value in changes.items():
        parts = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
        here = out
        for part in parts[:-1]:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        last = parts[-1]
        if value == "<delete>":
            del here[int(last) if isinstance(here, list) else last]
        elif isinstance(here, list):
            here.append(copy.deepcopy(value)) if last == "-" else here.__setitem__(int(last), copy.deepcopy(value))
        else:
            here[last] = copy.deepcopy(value)
    return expand(out)


def answer(response):
    """Returns whether the object was refused, and the causes: reasons and fields."""
    if response.ok:
        return {"refused": False}
    body = response.json()
    causes = (body.get("details") or {}).get("causes") or []
    out = {"refused": True, "code": response.status_code}
    out["causes"] = sorted({(c.get("reason", ""), c.get("field", "")) for c in causes})
    if not causes:
        out["message"] = body.get("message", "")[:300]
    return out


def create(obj, dry=True):
    query = "?fieldValidation=Strict" + ("&dryRun=All" if dry else "")
    return session.post(URL + collection(obj) + query, json=obj)


def apply(obj):
    name = obj["metadata"].get("name")
    if not isinstance(name, str) or not name or "/" in name or "%" in name:
        return None
    query = "?fieldManager=truth&force=true&fieldValidation=Strict&dryRun=All"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    return session.patch(URL + collection(obj) + "/" + name + query, data=json.dumps(obj), headers=headers)


def record_object(base, changes):
    obj = change(base, changes)
    out = {"set": changes, **answer(create(obj))}
    applied = apply(obj)
    if applied is not None and not applied.ok and not out["refused"]:
        out.update(refused=True, causes=[], message=applied.json().get("message", "")[:300])
    return out


def record_update(base, changes, status=None):
    base = expand(base)
    path = URL + collection(base) + "/" + base["metadata"]["name"]
    query = "?fieldManager=truth&force=true&fieldValidation=Strict"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    made = session.patch(path + query, data=json.dumps(base), headers=headers)
    assert made.ok, made.text
    if base["kind"] == "CustomResourceDefinition":
        time.sleep(2)  # until it is established
    if status:
        merge = {"Content-Type": "application/merge-patch+json"}
        done = session.patch(path + "/status", data=json.dumps({"status": status}), headers=merge)
        assert done.ok, done.text
    new = change(base, changes)
    out = {"set": changes, **answer(session.patch(path + query + "&dryRun=All", data=json.dumps(new), headers=headers))}
    session.delete(path, json={"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
    finalizers = json.dumps({"metadata": {"finalizers": None}})
    session.patch(path, data=finalizers, headers={"Content-Type": "application/merge-patch+json"})
    return out


REASONS = re.compile(r'(?:: |, )(allowPrivilegeEscalation != false|unrestricted capabilities|non-default capabilities|runAsNonRoot != true'
                     r'|runAsUser=0|seccompProfile|host namespaces|hostPath volumes|hostPort|privileged|procMount|seLinuxOptions'
                     r'|restricted volume types|forbidden AppArmor profiles?|forbidden sysctls|hostProcess|probe or lifecycle host) \(')


def record_pod_security(base, changes, policy):
    """Creates a pod in a namespace that enforces the policy, and returns the reasons for which it is refused."""
    level, version = policy.split(":")
    name = "pss-" + policy.replace(":", "-").replace(".", "-")
    labels = {"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version}
    create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}, dry=False)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
    create(account, dry=False)
    pod = change(base, changes)
    pod["metadata"]["namespace"] = name
    response = create(pod)
    if response.ok:
        return {"set": changes, "policy": policy, "refused": False}
    message = response.json()["message"]
    assert "violates PodSecurity" in message, message
    return {"set": changes, "policy": policy, "refused": True, "reasons": sorted(set(REASONS.findall(message))), "message": message[:600]}


def main():
    for file in sys.argv[2:]:
        with open(file) as f:
            case = yaml.safe_load(f)
        if "policies" in case:
            out = [{"base": case["base"]}]
            out += [record_pod_security(case["base"], c, p) for c in case["changes"] for p in case["policies"]]
            with open(os.path.join(HERE, "recorded", os.path.basename(file)[:-5] + ".jsonl"), "w") as f:
                f.writelines(json.dumps(line, sort_keys=True) + "\n" for line in out)
            continue
        for obj in case.get("prepare") or []:
            create(obj, dry=False)
        out = [{"base": case["base"], "update": bool(case.get("update"))}]
        for expected in ("controls", "mistakes", "mistakes_when_created"):
            for changes in case.get(expected) or []:
                if expected == "mistakes_when_created":
                    done = {"set": changes, **answer(create(change(case["base"], changes), dry=False))}
                elif case.get("update"):
                    done = record_update(case["base"], changes, case.get("status"))
                else:
                    done = record_object(case["base"], changes)
                if done["refused"] == (expected == "controls"):
                    print(f"{os.path.basename(file)}: {expected} {json.dumps(changes)[:150]}: {json.dumps(done)[:600]}", file=sys.stderr)
                out.append(done)
        name = os.path.splitext(os.path.basename(file))[0] + ".jsonl"
        with open(os.path.join(HERE, "recorded", name), "w") as f:
            f.writelines(json.dumps(line, sort_keys=True) + "\n" for line in out)


main()
