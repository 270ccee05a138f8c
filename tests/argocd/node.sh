#!/bin/bash
# node.sh : a node that leaves and returns stops nothing. Before: site.sh fusion-hetero.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; S=$F/sites/fusion-hetero.yaml; root=fusion-hetero; nodes=$root-nodes; away=fusion-worker-1; stays=fusion-worker-0
label() { kubectl get node "$1" -o 'jsonpath={.metadata.labels.workload-type}'; }
has_label() { [ -n "$(label "$1")" ]; }
has_label $away && has_label $stays || fail "no labels to begin with"
k delete node $away >/dev/null
sed -i 's/^    flask-appserver: {pool: appserver}/&\n    plant-web: {pool: database}/' "$S"; "$H/fleet.sh" push "a new app while a node is away" >"$R/push.log" || fail "push"
# Also with all rights: a Node that comes from git is refused by the API server.
kubectl create clusterrolebinding all-rights --clusterrole=cluster-admin --serviceaccount="$NS:openshift-gitops-argocd-application-controller" >/dev/null
kubectl create clusterrole cluster-admin --verb='*' --resource='*.*' >/dev/null 2>&1
k apply --server-side --field-manager siteplan -f "$F/out/$root/bootstrap/rights.yaml" >/dev/null
refresh $root $nodes
eventually 180 "the new app is created and healthy while a node is away" is Healthy $root-plant-web '{.status.health.status}'
eventually 180 "the missing node is told" contains "has not joined" $nodes '{.status.operationState.message}{.status.operationState.syncResult.resources[*].message}'
kubectl get node $away >/dev/null 2>&1 && fail "the node was made"
ok "the node was not made"
eventually 60 "the root is Healthy" is Healthy $root '{.status.health.status}'
k label node $stays workload-type- >/dev/null
refresh $nodes
eventually 330 "a label of another node heals meanwhile" has_label $stays
"$H/nodes.sh" $away >/dev/null
ok "a kubelet's own node is accepted"
eventually 330 "labels come back with the node" has_label $away
eventually 330 "all is healthy" healthy $root
kubectl delete clusterrolebinding all-rights >/dev/null
