"""Plays the GitOps operator: takes health checks and extraConfig of the ArgoCD resource to argocd-cm. operator.py NAMESPACE"""
import json, subprocess, sys
ns = sys.argv[1]
spec = json.loads(subprocess.check_output(["kubectl", "-n", ns, "get", "argocds.argoproj.io", ns, "-o", "json"]))["spec"]
data = {}
for c in spec.get("resourceHealthChecks", []):
    data[f"resource.customizations.health.{c['group']}_{c['kind']}" if c.get("group") else f"resource.customizations.health.{c['kind']}"] = c["check"]
if spec.get("resourceExclusions"):
    data["resource.exclusions"] = spec["resourceExclusions"]
# argocd-operator, controllers/argocd/configmap.go: extraConfig is written last, as it is.
data.update(spec.get("extraConfig", {}))
subprocess.check_call(["kubectl", "-n", ns, "patch", "cm", "argocd-cm", "--type", "merge", "-p", json.dumps({"data": data})], stdout=subprocess.DEVNULL)
print("argocd-cm has", sorted(data))
