#!/bin/bash
# hub.sh : two sites on a hub, each with a cluster of its own; one is taken out of the fleet by the steps of docs/argo-cd.md and goes, the other
# stays. Before: fresh.sh. Both clusters are further API servers over the same etcd (kube.sh).
. "$(dirname "$0")/lib.sh"
F=$R/fleet; gone=fusion-hetero; stays=depot; export CONTROLLER=admin
export FLEETSITES="$gone"
"$H/fleet.sh" new 's/topology: per-site/topology: hub/' >"$R/push.log" 2>&1 || { tail -n 20 "$R/push.log" >&2; fail "a fleet with a hub"; }
cat >"$F/sites/$stays.yaml" <<'X2'
apiVersion: siteplan.dev/v1alpha1
kind: Site
metadata:
  name: depot
spec:
  cluster: {version: "4.18.22", baseDomain: example.org}
  pools:
    main: {arch: amd64, capacity: {cpu: "8", memory: 32Gi, pods: "250"}, replicas: 2}
  apps:
    plant-web: {}
X2
"$H/fleet.sh" push "a second site" >"$R/push.log" 2>&1 || { cat "$R/push.log" >&2; fail "push"; }
number=1
for site in $gone $stays; do
  "$H/kube.sh" up "-$site" $((APIPORT + 10 * number)) || fail "the cluster of $site"
  (export KC="$R/admin-$site.kubeconfig" KUBECONFIG="$R/admin-$site.kubeconfig"; "$H/crds.sh" stubs; for f in operators.coreos.com_subscriptions operators.coreos.com_operatorgroups imageregistry.operator.openshift.io_configs; do k apply --server-side -f "$CRDS/$f.yaml"; done) >/dev/null
  "$H/hubsecret.sh" "$site" "-$site" $((APIPORT + 10 * number)) >/dev/null || fail "the Secret of $site"
  (export KUBECONFIG="$R/admin-$site.kubeconfig"; start "faker-$site" python3 "$H/faker.py"; start "olm-$site" python3 "$H/olm.py" 5 10)
  number=$((number + 1))
done
(export KUBECONFIG="$R/admin-$gone.kubeconfig"; "$H/nodes.sh" fusion-worker-0 fusion-worker-1 >/dev/null)
start git python3 "$H/githttp.py" "$GITPORT" "$R/git"; sleep 1
k -n "$NS" get argocds.argoproj.io "$NS" >/dev/null 2>&1 || k create -f "$H/argocd-cr.yaml" >/dev/null
"$H/argo.sh" up; start watch python3 "$H/watch.py" "$NS"
(cd "$F"; "$SITEPLAN" bootstrap "$gone") >"$R/steps.sh" || fail "siteplan bootstrap"
cd "$F" || exit 1
while read -r line; do
  case $line in
  '#'* | *' --check') continue ;;
  *' wait '*) (sleep 3; python3 "$H/operator.py" "$NS" >/dev/null) & ;;
  esac
  bash -c "$line" >/dev/null || fail "$line"
done <"$R/steps.sh"
eventually 400 "all of $gone is healthy" healthy $gone
eventually 200 "all of $stays is healthy" healthy $stays
rm "$F/sites/$gone.yaml"; mkdir -p "$F/removals"
printf 'apiVersion: siteplan.dev/v1alpha1\nkind: Removal\nmetadata: {name: %s}\nspec: {site: %s, reason: a trial}\n' $gone $gone >"$F/removals/$gone.yaml"
"$H/fleet.sh" push "one site less" >"$R/push.log" 2>&1 || { cat "$R/push.log" >&2; fail "push"; }
refresh fleet
deleting() { [ -n "$(app $gone '{.metadata.deletionTimestamp}')" ]; }
eventually 120 "the root of $gone waits to be deleted" deleting
sleep 15
k -n "$NS" get application $gone-flask-appserver >/dev/null 2>&1 || fail "the site goes before somebody confirmed"
ok "nothing of it goes before somebody confirms"
k -n "$NS" annotate applications -l siteplan.dev/site=$gone --overwrite "argocd.argoproj.io/deletion-approved=$(date -u -d '+1 hour' +%FT%TZ)" >/dev/null
none() { ! k -n "$NS" get applications,appprojects -l siteplan.dev/site=$gone -o name | grep -q .; }
eventually 400 "no Application and no project of $gone is left" none
export KUBECONFIG=$R/admin-$gone.kubeconfig
k -n hetero-demo get deployment -o name | grep -q . && fail "objects of an app that is deleted are left"
k -n hetero-demo get postgresclusters.postgres-operator.crunchydata.com -o name | grep -q . || fail "the database that its app keeps is gone"
ok "apps that are deleted are gone from its cluster, the database that is kept is there"
export KUBECONFIG=$R/admin.kubeconfig
eventually 60 "all of $stays is healthy" healthy $stays
