#!/bin/bash
# make.sh: makes data/kinds.bin from the Go modules in versions.json. Needs Go (for `go mod download`), Python 3 and cargo.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
LINES=$(mktemp)
trap 'rm -f "$LINES"' EXIT
GOTOOLCHAIN=local GOFLAGS=-mod=mod python3 "$HERE/extract.py" "$LINES"
cargo run --quiet --manifest-path "$HERE/../Cargo.toml" --example pack -- "$LINES" "$HERE/../data/kinds.bin"
