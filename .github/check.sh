#!/usr/bin/env bash
# Checks the workflows: their syntax and expressions by actionlint (built from its Go module), what they may do by zizmor.
# What a machine lacks is skipped with the reason.
set -euo pipefail
cd "$(dirname "$0")/.."
actionlint=.tools/bin/actionlint
if [ -x "$actionlint" ] || ! command -v go >/dev/null; then :; else
  GOBIN="$PWD/.tools/bin" CGO_ENABLED=0 go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
fi
if [ -x "$actionlint" ]; then "$actionlint"; else echo "crossbook: Go is missing: actionlint is left out" >&2; fi
.tools/bin/uv tool run --quiet zizmor@1.32.0 --offline --quiet .github
