#!/bin/bash
# revert.sh : a commit whose sync fails holds up nothing for good; a revert alone heals. Before: site.sh fusion-hetero.
# The commit uses kinds for the first time, and bootstrap/rights.yaml is not applied: Forbidden.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; S=$F/sites/fusion-hetero.yaml; root=fusion-hetero; child=$root-database
swap() { sed -i 's/database: {use: postgres, pool: database}/database: {use: postgresql, pool: database}/' "$S"; "$H/fleet.sh" push "$1" >"$R/push.log" || fail "push"; }
grep -q "siteplan bootstrap" <(cd "$F"; sed -i 's/database: {use: postgres, pool: database}/database: {use: postgresql, pool: database}/' "$S"; "$SITEPLAN" build 2>&1) || fail "build does not say that bootstrap/ changes"
ok "build says that bootstrap/ changes"
swap "the database becomes another app"
refresh $root
eventually 120 "the child's sync fails" contains "forbidden" $child '{.status.operationState.message}{.status.operationState.syncResult.resources[*].message}'
eventually 120 "the root's operation ends and is tried again" contains "Retrying" $root '{.status.operationState.message}'
eventually 60 "the root says which child it waits for" contains "$child" $root '{.status.operationState.syncResult.resources[?(@.hookPhase=="Failed")].name}'
git -C "$F" revert --no-edit HEAD >/dev/null && git -C "$F" push -q origin main
echo "reverted at $(date -u +%T)"
refresh $root
eventually 420 "the revert alone heals" healthy $root
swap "the database becomes another app, again"; refresh $root
eventually 120 "the child's sync fails again" contains "forbidden" $child '{.status.operationState.message}{.status.operationState.syncResult.resources[*].message}'
k apply --server-side --field-manager siteplan -f "$F/out/$root/bootstrap/rights.yaml" >/dev/null
echo "rights at $(date -u +%T)"
eventually 420 "rights alone heal" healthy $root
