#!/usr/bin/env python3
"""record.py KUBECONFIG KUBECTL: asks a real API server what the policies of base/policies say, and writes recorded.json beside itself.

The policies are applied, then every object of cases.yaml is sent as a dry run. An entry of the output holds the object's name, the policies
that refuse it with their messages, and the warnings.
"""
import json, os, re, subprocess, sys, tempfile, time
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
ENV = os.environ | {"KUBECONFIG": sys.argv[1]}


def kubectl(*words, text=None):
    return subprocess.run([sys.argv[2], *words], env=ENV, input=text, capture_output=True, text=True)


applied = kubectl("apply", "--server-side", "--validate=strict", "-k", os.path.join(ROOT, "base", "policies"))
assert applied.returncode == 0, applied.stderr
kubectl("create", "namespace", "shop")
time.sleep(5)
answers = []
for case in yaml.safe_load_all(open(os.path.join(HERE, "cases.yaml"))):
    asked = kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", text=json.dumps(case))
    refusals = re.findall(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)", asked.stderr)
    warnings = re.findall(r"Warning: Validation failed for ValidatingAdmissionPolicy '([^']+)' with binding '[^']+': (.*)", asked.stderr)
    assert asked.returncode == 0 or refusals, asked.stderr
    answers.append({
        "name": case["metadata"]["name"],
        "refused_by": [{"policy": p, "message": m.strip()} for p, m in refusals],
        "warned_by": [{"policy": p, "message": m.strip()} for p, m in warnings],
    })
with open(os.path.join(HERE, "recorded.json"), "w") as file:
    json.dump(answers, file, indent=1, ensure_ascii=False)
    file.write("\n")
print(len(answers), "objects,", sum(bool(a["refused_by"]) for a in answers), "refused")
