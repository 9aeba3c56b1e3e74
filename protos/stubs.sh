#!/bin/sh
# stubs.sh FROM INTO PACKAGE: puts generated stubs of the wire package crossbook.v1 under a Python package of another name.
set -eu
mkdir -p "$2" && rm -rf "$2/v1" && mkdir "$2/v1"
for file in "$1"/*; do
    sed -e "s/crossbook\\.v1 import/$3.v1 import/" -e "s/^import crossbook\\.v1/import $3.v1/" \
        -e "s/\\([^\"a-z._/]\\)crossbook\\.v1\\.\\([a-z]*_pb2\\)/\\1$3.v1.\\2/g" "$file" > "$2/v1/$(basename "$file")"
done
printf '"""Generated from protos/ by `make proto`; never edited."""\n' | tee "$2/__init__.py" > "$2/v1/__init__.py"
