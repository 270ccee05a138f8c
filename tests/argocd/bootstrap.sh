#!/bin/bash
# bootstrap.sh : what the bootstrap leaves of settings that were there before, by how they were installed, and what an upgrade of
# Argo CD leaves of the bootstrap. Needs only etcd and the API server (fresh.sh).
. "$(dirname "$0")/lib.sh"
kubectl create ns argocd-up >/dev/null 2>&1
cat >"$R/cm.yaml" <<'X'
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd-up, labels: {app.kubernetes.io/name: argocd-cm, app.kubernetes.io/part-of: argocd}}
data: {url: "https://argocd.example.com", dex.config: "connectors: []", resource.customizations.health.v1_PersistentVolumeClaim: "return {status='Healthy'}"}
X
cat >"$R/cr.yaml" <<'X'
apiVersion: argoproj.io/v1beta1
kind: ArgoCD
metadata: {name: argocd-up, namespace: argocd-up}
spec:
  rbac: {policy: "g, admins, role:admin"}
  server: {route: {enabled: true}}
  resourceHealthChecks: [{group: "", kind: PersistentVolumeClaim, check: "return {status='Healthy'}"}]
  extraConfig: {accounts.ci: apiKey}
X
made() { # FLAVOUR : a fleet of the flavour
  rm -rf "$R/up-$1"; git clone -q "$SOURCE" "$R/up-$1"
  sed -i "s/flavour: .*/flavour: $1/; s/namespace: openshift-gitops/namespace: argocd-up/" "$R/up-$1/siteplan.yaml"
  "$SITEPLAN" -C "$R/up-$1" build fusion-hetero >/dev/null 2>&1 || fail "build of $1"
}
count() { case $1 in
  upstream) kubectl -n argocd-up get cm argocd-cm -o json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["data"]))';;
  *) kubectl -n argocd-up get argocds.argoproj.io argocd-up -o json | python3 -c 'import json,sys; s=json.load(sys.stdin)["spec"]; print(len([k for k in ("rbac","server","resourceHealthChecks") if k in s]) + len(s["extraConfig"]))';;
  esac; }
try() { # FLAVOUR FILE RESOURCE NAME WANTED HOW
  local flavour=$1 file=$2 resource=$3 name=$4 wanted=$5 how=$6 patch
  patch=$(ls "$R/up-$flavour"/out/fusion-hetero/bootstrap/*.patch.yaml) || fail "no patch"
  kubectl -n argocd-up delete "$resource" "$name" >/dev/null 2>&1
  kubectl $how -f "$file" >/dev/null || fail "$how"
  kubectl -n argocd-up patch "$resource" "$name" --type merge --patch-file "$patch" >/dev/null || fail "patch"
  [ "$(count "$flavour")" = "$wanted" ] || fail "$flavour, $how, then the patch: $(count "$flavour") of $wanted settings left"
  [ "$how" = create ] || kubectl $how -f "$file" >/dev/null || fail "upgrade with $how"
  kubectl apply --server-side --force-conflicts -f "$file" >/dev/null || fail "upgrade with server-side apply"
  [ "$(count "$flavour")" = "$wanted" ] || fail "$flavour, $how, patch, then an upgrade: $(count "$flavour") of $wanted settings left"
  ok "$flavour, $how: $wanted of $wanted settings after the patch and after an upgrade"
}
made upstream; made openshift-gitops
for how in create apply "apply --server-side --force-conflicts"; do
  try upstream "$R/cm.yaml" configmap argocd-cm 4 "$how"
  try openshift-gitops "$R/cr.yaml" argocds.argoproj.io argocd-up 5 "$how"
done
