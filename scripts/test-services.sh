#!/bin/sh
# Runs the tests that need servers, against servers of their own: a PostgreSQL in a temporary folder, on a
# port of its own, gone afterwards. Installs Debian's package when there is none (as root).
# Arguments go to vitest.
set -eu
cd "$(dirname "$0")/.."

find_postgres() {
  # Debian keeps the server's programs outside the PATH, a folder per version.
  for bin in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v initdb || echo /)")"; do
    if [ -x "$bin/initdb" ] && [ -x "$bin/pg_ctl" ]; then echo "$bin"; return; fi
  done
}

bin=$(find_postgres)
if [ -z "$bin" ]; then
  echo "installing PostgreSQL"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
  bin=$(find_postgres)
fi

folder=$(mktemp -d)
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as_owner() { su postgres -s /bin/sh -c "$*"; }
else
  as_owner() { sh -c "$*"; }
fi
stop() {
  as_owner "'$bin/pg_ctl' -D '$folder/data' -m immediate stop >'$folder/stop.log' 2>&1" || true
  rm -rf "$folder"
}
trap stop EXIT INT TERM

port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
as_owner "'$bin/initdb' -D '$folder/data' -U postgres -A trust -E UTF8 --locale=C >'$folder/init.log' 2>&1"
as_owner "'$bin/pg_ctl' -D '$folder/data' -w -l '$folder/server.log' \
  -o '-c listen_addresses=127.0.0.1 -p $port -k $folder -c fsync=off' start >'$folder/start.log' 2>&1" ||
  { cat "$folder/start.log" "$folder/server.log"; exit 1; }

TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres" \
  npx vitest run --config vitest.services.config.ts "$@"
