#!/usr/bin/env bash
# Builds Alertmanager from its Go module into the file that is named. Go checks the module's hash with its own database.
# Exit code 3 where there is no Go.
set -euo pipefail
version=v0.28.1 # a module that has the built pages in it: later ones need Node to build
command -v go >/dev/null || { echo "crossbook: Go is missing (https://go.dev/dl), so Alertmanager is skipped" >&2; exit 3; }
target=$(realpath -m "$1")
mkdir -p "$(dirname "$target")"
cd "$(dirname "$target")"
GOBIN=$PWD GOFLAGS=-mod=mod CGO_ENABLED=0 go install -p 1 -trimpath "github.com/prometheus/alertmanager/cmd/alertmanager@$version"
[ "$PWD/alertmanager" = "$target" ] || mv alertmanager "$target"
