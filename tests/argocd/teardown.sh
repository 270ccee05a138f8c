#!/bin/bash
# teardown.sh : a site with its own Argo CD is taken down, by the steps of docs/argo-cd.md. Before: site.sh fusion-hetero. Nothing of the
# site is left afterwards but what its apps keep.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; root=fusion-hetero
kubectl -n "$NS" patch application $root --type merge -p '{"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}}' >/dev/null || fail "the finalizer"
kubectl -n "$NS" delete application $root --wait=false >/dev/null || fail "the deletion"
sleep 20
kubectl -n "$NS" get application $root-flask-appserver >/dev/null 2>&1 || fail "the site goes before somebody confirmed"
ok "nothing goes before somebody confirms"
kubectl -n "$NS" annotate applications -l siteplan.dev/site=$root --overwrite "argocd.argoproj.io/deletion-approved=$(date -u -d '+1 hour' +%FT%TZ)" >/dev/null || fail "the confirmation"
none() { ! kubectl -n "$NS" get applications -l siteplan.dev/site=$root -o name | grep -q .; }
eventually 400 "no Application is left" none
no_project() { ! kubectl -n "$NS" get appproject $root --ignore-not-found -o name | grep -q .; }
eventually 60 "the project of the site is gone" no_project
kubectl -n hetero-demo get deployment,job,service -o name | grep -v kubernetes && fail "objects of an app that is deleted are left"
kubectl -n hetero-demo get postgresclusters.postgres-operator.crunchydata.com -o name | grep -q . || kubectl -n hetero-demo get statefulset postgresql >/dev/null || fail "the database that its app keeps is gone"
ok "apps that are deleted are gone, the database that is kept is there"
kubectl delete -f "$F/out/$root/bootstrap/project.yaml" -f "$F/out/$root/bootstrap/rights.yaml" -f "$F/out/$root/bootstrap/node-policy.yaml" >/dev/null || fail "what was applied by hand"
ok "what was applied by hand is gone"
