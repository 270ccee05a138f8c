#!/bin/bash
# remove.sh [app] [swap] [operator] : what is removed goes, what is asked about waits without holding up the site, and what is taken back stays.
# The steps are those of docs/argo-cd.md. Before: site.sh fusion-hetero.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; S=$F/sites/fusion-hetero.yaml; root=fusion-hetero
push() { "$H/fleet.sh" push "$1" >"$R/push.log" || { cat "$R/push.log" >&2; fail "push: $1"; }; refresh $root; }
approve() { # FILE SPEC : an approval of a removal, in git
  mkdir -p "$F/removals"
  printf 'apiVersion: siteplan.dev/v1alpha1\nkind: Removal\nmetadata: {name: %s}\nspec: {site: %s, %s, reason: a trial}\n' "$1" "$root" "$2" >"$F/removals/$1.yaml"
}
confirm() { kubectl -n "$NS" annotate application "$1" --overwrite "argocd.argoproj.io/deletion-approved=$(date -u +%FT%TZ)" >/dev/null || fail "confirmation of $1"; }
gone() { ! kubectl "$@" 2>/dev/null | grep -q .; }
permits() { kubectl -n "$NS" get appproject $root -o 'jsonpath={.spec.destinations[*].namespace}' | grep -qw "$1"; }
narrow() { ! permits "$1"; }
rights() { kubectl apply --server-side --field-manager siteplan -f "$F/out/$root/bootstrap/rights.yaml" >/dev/null || fail "rights"; }

remove_app() {
echo "== an app, the last one of its namespace, that is deleted without a question"
sed -i 's/^    flask-appserver: {pool: appserver}/&\n    plant-web: {pool: database}/' "$S"; push "a web server"; rights
eventually 240 "plant-web is healthy" is Healthy $root-plant-web '{.status.health.status}'
eventually 240 "all is healthy" healthy $root
sed -i '/^    plant-web: /d' "$S"; sed -i '/^    plant-web: /d' "$S"
(cd "$F"; "$SITEPLAN" build >"$R/push.log" 2>&1) && fail "a removal that nobody approved is built"
grep -q "removal-not-approved" "$R/push.log" || fail "the removal is refused for another reason: $(cat "$R/push.log")"
ok "a removal that nobody approved is refused"
approve web "instance: plant-web"; push "no web server"
eventually 180 "its Application is gone" gone -n "$NS" get application $root-plant-web --ignore-not-found
eventually 60 "its objects are gone" gone -n plant-web get deployment,service,route,networkpolicy -l app.kubernetes.io/name=plant-web --ignore-not-found
gone -n plant-web get deployment plant-web --ignore-not-found || fail "the Deployment is left"
permits plant-web || fail "the project is narrow before the approval is taken away"
rm "$F/removals/web.yaml"; push "the web server is gone"
eventually 120 "the project is narrow again" narrow plant-web
eventually 240 "all is healthy" healthy $root
}

swap_app() {
echo "== another app under the same name: the old database is asked about, and nothing else waits"
sed -i 's/database: {use: postgres, pool: database}/database: {use: postgresql, pool: database}/' "$S"
approve database 'instance: database, object: "PostgresCluster/*"'; push "another database"; rights
new_database() { kubectl -n hetero-demo get statefulset postgresql; }
asked() { contains "Waiting for pruning confirmation" $root-database '{.status.operationState.message}'; }
eventually 240 "the new database is there" new_database
eventually 240 "the old one is asked about" asked
kubectl -n hetero-demo get postgresclusters.postgres-operator.crunchydata.com hetero -o name >/dev/null 2>&1 || kubectl -n hetero-demo get postgresclusters.postgres-operator.crunchydata.com -o name | grep -q . || fail "the old database is gone without an answer"
eventually 60 "the Application is no reason to wait" is Healthy $root '{.status.health.status}'
sed -i 's/^    flask-appserver: {pool: appserver}/&\n    plant-web: {pool: database}/' "$S"; push "a web server meanwhile"
eventually 240 "a new app comes meanwhile" is Healthy $root-plant-web '{.status.health.status}'
asked || fail "nobody is asked any more"
confirm $root-database
eventually 120 "the old database goes with the answer" gone -n hetero-demo get postgresclusters.postgres-operator.crunchydata.com
rm "$F/removals/database.yaml"; push "the old database is gone"
eventually 300 "all is healthy" healthy $root
}

remove_operator() {
echo "== an operator, the last app of its namespace: asked about, taken back, asked about again"
sed -i 's/^    crunchy-operator: .*/    # no operator/' "$S"; approve operator "instance: crunchy-operator"; push "no operator"
deleting() { [ -n "$(app $root-crunchy-operator '{.metadata.deletionTimestamp}')" ]; }
eventually 120 "its Application waits to be deleted" deleting
ended() { is Succeeded $root '{.status.operationState.phase}'; }
eventually 120 "the root does not wait for it" ended
sed -i 's/    plant-web: {pool: database}/    plant-web: {pool: database, values: {title: Meanwhile}}/' "$S"; push "a title meanwhile"
title() { kubectl -n plant-web get configmap -o yaml | grep -q Meanwhile; }
refresh $root-plant-web
eventually 120 "other apps go on" title
kubectl -n postgres-operator get subscriptions.operators.coreos.com -o name | grep -q . || fail "the Subscription is gone without an answer"
ok "nothing of it is deleted"
sed -i 's/    # no operator/    crunchy-operator: {values: {watch: [hetero-demo]}}/' "$S"; rm "$F/removals/operator.yaml"; push "the operator stays"
kubectl -n "$NS" patch application $root-crunchy-operator --type json -p '[{"op": "remove", "path": "/metadata/finalizers"}]' >/dev/null || fail "taking back"
back() { [ -z "$(app $root-crunchy-operator '{.metadata.deletionTimestamp}')" ] && is Healthy $root-crunchy-operator '{.status.health.status}'; }
eventually 240 "it is taken back" back
eventually 240 "all is healthy" healthy $root
sed -i 's/^    crunchy-operator: .*/    # no operator/' "$S"; approve operator "instance: crunchy-operator"; push "no operator, again"
eventually 120 "its Application waits to be deleted" deleting
confirm $root-crunchy-operator
eventually 120 "its Application is gone" gone -n "$NS" get application $root-crunchy-operator --ignore-not-found
gone -n postgres-operator get subscriptions.operators.coreos.com,operatorgroups.operators.coreos.com -o name || fail "objects of the operator are left"
ok "its objects are gone"
rm "$F/removals/operator.yaml"; push "the operator is gone"
eventually 120 "the project is narrow again" narrow postgres-operator
eventually 300 "all is healthy" healthy $root
}

for part in ${@:-app swap operator}; do case $part in
  app) remove_app ;;
  swap) swap_app ;;
  operator) remove_operator ;;
  *) fail "no part $part" ;;
esac; done
