#!/bin/bash
# site.sh SITE : brings a site up from nothing, by the commands that `siteplan bootstrap SITE` prints, and waits until all of it is healthy.
# Before: fresh.sh, fleet.sh new. Stubs play the GitOps operator, OLM and the controllers (operator.py, olm.py, faker.py).
. "$(dirname "$0")/lib.sh"
S=${1:?a site}; cd "$R/fleet"
[ -f "$R/pids/git" ] && kill -0 "$(cat "$R/pids/git")" 2>/dev/null || { start git python3 "$H/githttp.py" $GITPORT "$R/git"; sleep 1; }
k -n "$NS" get argocds.argoproj.io "$NS" >/dev/null 2>&1 || k create -f "$H/argocd-cr.yaml"
"$H/argo.sh" up
start watch python3 "$H/watch.py" "$NS"; start faker python3 "$H/faker.py"; start olm python3 "$H/olm.py" 5 10
"$SITEPLAN" bootstrap "$S" >"$R/steps.sh" || fail "siteplan bootstrap $S"
while read -r line; do
  case $line in
  '#'*) echo "$line"; continue ;;
  *' wait '*) (sleep 3; python3 "$H/operator.py" "$NS" >/dev/null) & ;; # an operator that takes its time
  *' --check') continue ;;
  esac
  bash -c "$line" || fail "$line"
done <"$R/steps.sh"
check() { local line; line=$(tail -n 1 "$R/steps.sh"); bash -c "${line/| siteplan/| $SITEPLAN}"; }
check || fail "the cluster lacks what is told above"
ok "siteplan bootstrap $S --check"
eventually "${TIMEOUT:-400}" "all of $S is healthy" healthy "$S"
