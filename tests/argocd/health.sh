#!/bin/bash
# health.sh FLEET : the health scripts of the committed fleet in Argo CD's own interpreter. Needs the argocd binary alone.
. "$(dirname "$0")/lib.sh"
F=${1:-$SOURCE}; D=$(mktemp -d); trap 'rm -rf "$D"' EXIT
export KUBECONFIG=/dev/null
try() { # SITE WANTED OBJECT
  python3 - "$F/out/$1/bootstrap/argocd.patch.yaml" >"$D/argocd-cm.yaml" <<'PY'
import sys, yaml
patch = yaml.safe_load(open(sys.argv[1]))
yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}, "data": patch["spec"]["extraConfig"]}, sys.stdout)
PY
  echo "$3" >"$D/object.yaml"
  local said; said=$("$B/argocd" admin settings resource-overrides health "$D/object.yaml" --argocd-cm-path "$D/argocd-cm.yaml" --load-cluster-settings=false 2>&1)
  case $said in *"STATUS: $2"*) ok "$(sed -n 's/.*kind: \([A-Za-z]*\).*/\1/p' "$D/object.yaml" | head -n 1) is $2" ;; *) fail "expected $2: $said" ;; esac
}
conditions() { echo "{apiVersion: $1, kind: $2, metadata: {name: a, namespace: a, generation: 1}, status: {conditions: [{type: $3, status: \"$4\", message: m}]}}"; }
for status in True:Healthy False:Progressing; do
  try acp-plant ${status#*:} "$(conditions hco.kubevirt.io/v1beta1 HyperConverged Available ${status%:*})"
  try acp-plant ${status#*:} "$(conditions local.storage.openshift.io/v1 LocalVolume Available ${status%:*})"
  try acp-plant ${status#*:} "$(conditions nmstate.io/v1 NodeNetworkConfigurationPolicy Available ${status%:*})"
done
try acp-plant Degraded "$(conditions hco.kubevirt.io/v1beta1 HyperConverged Degraded True)"
try acp-plant Healthy "$(conditions nmstate.io/v1 NodeNetworkConfigurationPolicy Ignored True)"
for phase in Enabled:Healthy Remediating:Healthy Paused:Suspended Disabled:Degraded "":Progressing; do
  try acp-plant ${phase#*:} "{apiVersion: remediation.medik8s.io/v1alpha1, kind: NodeHealthCheck, metadata: {name: a}, status: {phase: \"${phase%:*}\"}}"
done
for ready in 2:Healthy 1:Progressing; do
  try fusion-hetero ${ready#*:} "{apiVersion: postgres-operator.crunchydata.com/v1beta1, kind: PostgresCluster, metadata: {name: a, namespace: a, generation: 1}, spec: {instances: [{name: i, replicas: 2}]}, status: {observedGeneration: 1, instances: [{name: i, replicas: 2, readyReplicas: ${ready%:*}}]}}"
done
