#!/bin/bash
# hub.sh : two sites on a hub; one is taken out of the fleet and goes, the other stays. Before: fresh.sh. Two more API servers play the sites'
# clusters.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; removed=fusion-hetero; stays=hcp-none
export CONTROLLER=admin
"$H/fleet.sh" new 's/topology: per-site/topology: hub/' >"$R/push.log" 2>&1 || { tail -30 "$R/push.log" >&2; fail "a fleet of a hub"; }
