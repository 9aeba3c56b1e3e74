#!/usr/bin/env bash
# Builds helm from its Go module into the file that is named: `deploy/helm/helm.sh .tools/bin/helm`. Go checks the
# module's hash with its own database. Without Go nothing is built, and tests that need helm are skipped.
set -euo pipefail
version=v4.3.1
command -v go >/dev/null || { echo "crossbook: Go is missing, so what needs helm is skipped" >&2; exit 0; }
target=$(realpath -m "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
go mod init crossbook/tools >/dev/null 2>&1
go get "helm.sh/helm/v4@$version" 2>/dev/null
CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags '-s -w' -o "$target" helm.sh/helm/v4/cmd/helm
