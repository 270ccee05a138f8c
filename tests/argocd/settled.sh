#!/bin/bash
# settled.sh SITE [SECONDS] : a site that is healthy stays Synced, and nothing is synced again. Before: site.sh SITE.
. "$(dirname "$0")/lib.sh"
S=${1:?a site}; seconds=${2:-120}
state() { k -n "$NS" get applications -l siteplan.dev/site="$S" -o 'jsonpath={range .items[*]}{.metadata.name} {.status.sync.status} {.status.operationState.finishedAt}{"\n"}{end}' | sort; }
eventually 300 "all of $S is healthy" healthy "$S"
before=$(state); [ -n "$before" ] || fail "no Application"
echo "$before" | grep -v " Synced " && fail "not Synced"
sleep "$seconds"
diff <(echo "$before") <(state) || fail "something was synced again within $seconds s"
ok "$(echo "$before" | wc -l) Applications of $S stay Synced for $seconds s without another sync"
