#!/usr/bin/env bash
# Takes prometheus and promtool out of Debian's package into the folder that is named: `deploy/prometheus/fetch.sh .tools/bin`.
# Needs neither root nor an installed package. Without apt nothing is fetched, and what needs them is skipped.
set -euo pipefail
command -v apt-get >/dev/null || { echo "crossbook: apt is missing, so what needs Prometheus is skipped" >&2; exit 0; }
target=$(realpath -m "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download prometheus >/dev/null 2>&1 || { echo "crossbook: Debian's packages cannot be reached, so what needs Prometheus is skipped" >&2; exit 0; }
dpkg -x prometheus_*.deb .
install -D -t "$target" usr/bin/prometheus usr/bin/promtool
