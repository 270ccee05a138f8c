#!/bin/bash
# build.sh SRC BIN [ARGOSRC] : a program for each kind whose operator publishes Go types, from the operators' own repositories in SRC, with the
# dependencies that they vendor: kubevirt v1.4.1, node-healthcheck-operator v0.9.0, fence-agents-remediation v0.7.0; and from ARGOSRC (build.sh of
# this directory's parent) one that compares as Argo CD does. About 5 minutes on two idle cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); SRC=$1; BIN=$(mkdir -p "$2" && cd "$2" && pwd)
ARGOSRC=${3:-$HOME/.cache/siteplan-argocd/src}
make() { # REPOSITORY PACKAGE KIND
  mkdir -p "$SRC/$1/cmd/roundtrip"
  sed "s|PACKAGE|$2|; s|api.KIND|api.$3|" "$here/main.go.in" >"$SRC/$1/cmd/roundtrip/main.go"
  (cd "$SRC/$1" && CGO_ENABLED=0 GOFLAGS=-mod=vendor go build -p 2 -o "$BIN/$3" ./cmd/roundtrip)
}
mkdir -p "$ARGOSRC/hack/merge" && cp "$here/merge.go.in" "$ARGOSRC/hack/merge/main.go"
(cd "$ARGOSRC" && CGO_ENABLED=0 go build -p 2 -ldflags "-s -w" -o "$BIN/argocd-merge" ./hack/merge)
make node-healthcheck-operator github.com/medik8s/node-healthcheck-operator/api/v1alpha1 NodeHealthCheck
make fence-agents-remediation github.com/medik8s/fence-agents-remediation/api/v1alpha1 FenceAgentsRemediationTemplate
[ -x "$BIN/VirtualMachine" ] || make kubevirt kubevirt.io/api/core/v1 VirtualMachine
