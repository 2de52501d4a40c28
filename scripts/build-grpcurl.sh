#!/bin/sh
# Builds grpcurl, which calls gRPC servers by what their reflection tells, into .cache/interop/bin. Needs Go and its
# module proxy.
set -eu
cd "$(dirname "$0")/.."

if ! command -v go >/dev/null; then
  echo "error: grpcurl needs Go (https://go.dev/dl), and there is none on the PATH" >&2
  exit 1
fi

bin=$PWD/.cache/interop/bin
mkdir -p "$bin"
cd test/interop/grpcurl
go build -o "$bin/" github.com/fullstorydev/grpcurl/cmd/grpcurl
