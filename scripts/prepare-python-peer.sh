#!/bin/sh
# Prepares what the interoperability tests need to run against grpcio, in .cache/interop/python; without Python or its
# packages it says so, and the tests leave that out. The argument is the path of buf.
set -eu
cd "$(dirname "$0")/.."
cache=$PWD/.cache/interop/python
mkdir -p "$cache"

"$1" build test/interop -o "$cache/echo.binpb" --as-file-descriptor-set --path test/interop/proto/interop \
  --config '{"version":"v2","modules":[{"path":"test/interop/proto"},{"path":"third_party"}]}'

if [ -e "$cache/ready" ] && cmp -s "$cache/ready" test/interop/python/requirements.txt; then exit 0; fi
rm -rf "$cache/ready" "$cache/venv"
install() {
  python3 -m venv "$cache/venv" &&
    timeout 60 "$cache/venv/bin/pip" install --quiet --only-binary :all: --disable-pip-version-check \
      -r test/interop/python/requirements.txt
}
if command -v python3 >/dev/null && install >"$cache/install.log" 2>&1; then
  cp test/interop/python/requirements.txt "$cache/ready"
else
  echo "leaving out grpcio: there is no Python here that can have it"
fi
