#!/bin/sh
# generate.sh PROTOS INTO PYTHON: the Go code of PROTOS/crossbook/v1, into the folder INTO, by the protoc that PYTHON has; run in the
# repository's root. Its plugins are those that clients/go/tools/go.mod names, with their hashes. Ends with 3, and says why, where
# there is no Go or its module proxy cannot be reached: then the code that is there stays.
set -eu
protos=$1 into=$2 python=$3
bin=$PWD/.tools/bin
module=crossbook/clients/go
command -v go >/dev/null || { echo "crossbook: Go code is not generated: Go is missing (https://go.dev/dl)" >&2; exit 3; }
(cd clients/go/tools && GOFLAGS=-mod=readonly go build -o "$bin/" \
    google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc) ||
    { echo "crossbook: Go code is not generated: its plugins cannot be built, see above" >&2; exit 3; }
packages=$(cd "$protos" && for file in crossbook/v1/*.proto; do printf 'M%s=%s/crossbookv1,' "$file" "$module"; done)
raw=.tools/go-raw
rm -rf "$raw" && mkdir -p "$raw"
"$python" -m grpc_tools.protoc -I"$protos" --plugin=protoc-gen-go="$bin/protoc-gen-go" \
    --plugin=protoc-gen-go-grpc="$bin/protoc-gen-go-grpc" --go_out="${packages}module=$module:$raw" \
    --go-grpc_out="${packages}module=$module:$raw" "$protos"/crossbook/v1/*.proto
rm -rf "$into" && mkdir -p "$(dirname "$into")" && mv "$raw/crossbookv1" "$into"
