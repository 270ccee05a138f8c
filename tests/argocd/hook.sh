#!/bin/bash
# hook.sh : a hook that changes, or whose subject does, runs again. Before: site.sh fusion-hetero.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; S=$F/sites/fusion-hetero.yaml; root=fusion-hetero
job() { kubectl -n hetero-demo get job hetero-verify -o 'jsonpath={.metadata.uid}'; }
is_new() { [ -n "$(job)" ] && [ "$(job)" != "$before" ]; }
before=$(job); [ -n "$before" ] || fail "no Job to begin with"
sed -i 's/labels: {workload-type: appserver}/labels: {workload-type: app-tier}/' "$S"; "$H/fleet.sh" push "another label" >"$R/push.log" || fail "push"
refresh $root $root-hetero-verify
eventually 240 "the Job runs again" is_new
eventually 240 "all is healthy" healthy $root
