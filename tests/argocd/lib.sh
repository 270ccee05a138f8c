# Settings and functions that every script sources. Nothing here touches anything outside $R.
set -u
export H=${H:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}          # this directory
export R=${R:-$HOME/.cache/siteplan-argocd/run}              # everything that is made while running
export B=${B:-$HOME/.cache/siteplan-argocd/bin}              # argocd, argocd-*, kustomize
export KB=${KB:-$HOME/.cache/siteplan-kube/bin}            # etcd, kube-apiserver, kube-controller-manager
export ARGOSRC=${ARGOSRC:-$HOME/.cache/siteplan-argocd/src}
export CRDS=${CRDS:?a directory with CustomResourceDefinitions, GROUP_PLURAL.yaml}
export SITEPLAN=${SITEPLAN:-$H/../../target/debug/siteplan}
export SOURCE=${SOURCE:-$H/../..}
export NS=${NS:-openshift-gitops}           # Argo CD's namespace
export APIPORT=${APIPORT:-16443} ETCDPORT=${ETCDPORT:-12379} REDISPORT=${REDISPORT:-16379} REPOPORT=${REPOPORT:-18081}
export SRVPORT=${SRVPORT:-18080} CTLMETRICS=${CTLMETRICS:-18082} GITPORT=${GITPORT:-18090}
export REPOURL=${REPOURL:-http://127.0.0.1:$GITPORT/platform/fleet.git}
export PATH=$B:$KB:$PATH
export KUBECONFIG=$R/admin.kubeconfig
mkdir -p $R/pids $R/log
k() { kubectl "$@"; }
start() { # name command...
  local n=$1; shift
  if [ -f $R/pids/$n ] && kill -0 $(cat $R/pids/$n) 2>/dev/null; then echo "$n runs already"; return; fi
  setsid "$@" >>$R/log/$n.log 2>&1 </dev/null & echo $! >$R/pids/$n
}
stop() { local n; for n in "$@"; do [ -f $R/pids/$n ] && kill $(cat $R/pids/$n) 2>/dev/null; rm -f $R/pids/$n; done; }
waitfor() { # seconds command...
  local t=$1; shift; local i; for ((i=0;i<t*2;i++)); do "$@" >/dev/null 2>&1 && return 0; sleep .5; done; echo "timed out: $*" >&2; return 1; }
apps() { k -n $NS get applications -o custom-columns='NAME:.metadata.name,WAVE:.metadata.annotations.argocd\.argoproj\.io/sync-wave,SYNC:.status.sync.status,HEALTH:.status.health.status,OP:.status.operationState.phase,REV:.status.sync.revision,CREATED:.metadata.creationTimestamp,SYNCED:.status.operationState.finishedAt' "$@"; }
refresh() { for a in "$@"; do k -n $NS annotate application $a argocd.argoproj.io/refresh=normal --overwrite >/dev/null; done; }
argo() { "$B/argocd" --server 127.0.0.1:$SRVPORT --plaintext "$@"; }
app() { k -n "$NS" get application "$1" -o "jsonpath=$2"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
ok() { echo "ok: $*"; }
# eventually SECONDS WHAT COMMAND... : the command succeeds within the time, or SLOW times as much on a busy machine
eventually() { local t=$(($1 * ${SLOW:-1})) what=$2; shift 2; local i; for ((i = 0; i < t; i++)); do "$@" >/dev/null 2>&1 && { ok "$what (after $i s)"; return 0; }; sleep 1; done; fail "$what: not within $t s"; }
# is VALUE APP JSONPATH : the field has the value
is() { [ "$(app "$2" "$3")" = "$1" ]; }
# contains TEXT APP JSONPATH
contains() { case "$(app "$2" "$3")" in *"$1"*) return 0 ;; *) return 1 ;; esac; }
# healthy SITE : the root and every Application below it are Synced and Healthy, and no sync is under way
healthy() {
  k -n "$NS" get applications -l siteplan.dev/site="$1" -o json | python3 -c '
import json, sys
apps = json.load(sys.stdin)["items"]
def settled(status):
    # One that was Synced when it was made has had no operation.
    return status.get("sync", {}).get("status") == "Synced" and status.get("health", {}).get("status") == "Healthy" and status.get("operationState", {}).get("phase", "Succeeded") == "Succeeded"
bad = [a["metadata"]["name"] for a in apps if not settled(a.get("status", {}))]
sys.exit(bool(bad) or not apps)'
}
