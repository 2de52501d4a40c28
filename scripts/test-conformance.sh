#!/bin/sh
# Runs the conformance tests of the Connect project, for gRPC, gRPC-Web and Connect, and writes their report to
# docs/reports/conformance.md. Needs Go and its module proxy. What it builds is kept in .cache/conformance.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

if ! command -v go >/dev/null; then
  echo "error: the conformance tests need Go (https://go.dev/dl), and there is none on the PATH" >&2
  exit 1
fi

cache=$root/.cache/conformance
mkdir -p "$cache"
echo "building the runner in Go"
cd test/conformance/go
go build -o "$cache/" connectrpc.com/conformance/cmd/connectconformance
version=$(go list -m -f '{{.Version}}' connectrpc.com/conformance)

cd "$root"
node --import ./scripts/register.js --conditions=@kratos-ts/source test/conformance/run.ts \
  "$cache/connectconformance" "$version" >"$cache/report.md"
cp "$cache/report.md" docs/reports/conformance.md
npx prettier --log-level warn --write docs/reports/conformance.md
cat docs/reports/conformance.md
