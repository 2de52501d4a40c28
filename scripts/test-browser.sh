#!/bin/sh
# Runs the tests that need a browser, in the Chromium of CHROMIUM or of the PATH. Installs Debian's package
# when there is none (as root). Arguments go to vitest.
set -eu
cd "$(dirname "$0")/.."

has_browser() {
  for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}

if ! has_browser; then
  echo "installing Chromium"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi

npx vitest run --config vitest.browser.config.ts "$@"
