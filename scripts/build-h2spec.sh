#!/bin/sh
# Builds h2spec, which checks HTTP/2 servers, into .cache/interop/bin. Needs Go and its module proxy.
set -eu
cd "$(dirname "$0")/.."

if ! command -v go >/dev/null; then
  echo "error: h2spec needs Go (https://go.dev/dl), and there is none on the PATH" >&2
  exit 1
fi

bin=$PWD/.cache/interop/bin
mkdir -p "$bin"
cd runtime/test/http2/h2spec
go build -o "$bin/" github.com/summerwind/h2spec/cmd/h2spec
