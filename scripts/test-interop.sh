#!/bin/sh
# Runs the interoperability tests: services and clients of Kratos and of gRPC for Go against ours, and of
# gRPC for Python where its packages can be had. Needs Go and its module proxy. What it generates and builds is
# kept in .cache/interop. Arguments go to vitest.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

if ! command -v go >/dev/null; then
  echo "error: the interoperability tests need Go (https://go.dev/dl), and there is none on the PATH" >&2
  exit 1
fi

cache=$root/.cache/interop
mkdir -p "$cache/bin"
buf=$(node -p 'require("node:module").createRequire(require.resolve("@bufbuild/buf/package.json"))
  .resolve(`@bufbuild/buf-${process.platform}-${process.arch}/bin/buf`)')

scripts/build-h2spec.sh
scripts/build-grpcurl.sh
cd test/interop/go
echo "building the peers in Go"
go build -o "$cache/bin/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
rm -rf gen
PATH="$cache/bin:$PATH" "$buf" generate "$root" --template "$root/test/interop/buf.gen.yaml" \
  --config '{"version":"v2","modules":[{"path":"test/interop/proto"},{"path":"third_party"}]}' \
  --path "$root/test/interop/proto/interop" -o "$root/test/interop/go"
go vet ./...
go build -o "$cache/bin/interop" .
go build -o "$cache/bin/grpc-go-client" google.golang.org/grpc/interop/client
go build -o "$cache/bin/grpc-go-server" google.golang.org/grpc/interop/server

cd "$root"
scripts/prepare-python-peer.sh "$buf"
npx vitest run --config vitest.interop.config.ts "$@"
