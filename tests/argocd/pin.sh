#!/bin/bash
# pin.sh : roots follow the branch, Applications stay at the pin, and a commit that moves it promotes. Before: site.sh fusion-hetero.
. "$(dirname "$0")/lib.sh"
F=$R/fleet; root=fusion-hetero; app=$root-flask-appserver
at() { [ "$(app $app '{.status.sync.revision}')" = "$1" ] && [ "$(app $app '{.spec.source.targetRevision}')" = "$1" ]; }
pin() { sed -i '/^    pin: /d; s|^    revision: .*|&\n    pin: '"$1"'|' "$F/siteplan.yaml"; "$H/fleet.sh" push "pin $1" >"$R/push.log" || fail "push"; refresh $root; }
first=$(git -C "$F" rev-parse HEAD)
pin "$first"
eventually 180 "Applications stay at $first" at "$first"
[ "$(app $root '{.spec.source.targetRevision}')" = refs/heads/main ] || fail "the root is pinned"
k apply --server-side --field-manager siteplan -f "$F/out/$root/bootstrap/root.yaml" >/dev/null || fail "bootstrap again"
[ "$(app $root '{.spec.source.targetRevision}')" = refs/heads/main ] || fail "the root is pinned by a second bootstrap"
ok "the root follows the branch, after a second bootstrap too"
git -C "$F" commit -q --allow-empty -m "something that is not promoted yet" && git -C "$F" push -q origin main; second=$(git -C "$F" rev-parse HEAD)
refresh $root $app; sleep 20
at "$first" || fail "the Application moved without the pin"
ok "a commit on the branch moves nothing"
pin "$second"
eventually 180 "the commit that moves the pin promotes $second" at "$second"
sed -i '/^    pin: /d' "$F/siteplan.yaml"; "$H/fleet.sh" push "no pin" >"$R/push.log" || fail "push"; refresh $root
follows() { [ "$(app $app '{.spec.source.targetRevision}')" = refs/heads/main ]; }
eventually 180 "without a pin Applications follow the branch" follows
eventually 180 "all is healthy" healthy $root
