#!/usr/bin/env bash
# Installs what is needed, builds and runs every test: what CI runs, and what a laptop runs.
#
#   tests/run.sh              analysers, then all tests with GCC and again with ASan + UBSan, then
#                             those where threads meet with ThreadSanitizer
#   tests/run.sh PRESET...    only these: analyze ci asan tsan
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/packages.sh test
if [[ ! -d tests/node_modules || tests/package-lock.json -nt tests/node_modules ]]; then
  echo "== published payloads (npm)"
  npm ci --prefix tests --no-audit --no-fund --loglevel=error && touch tests/node_modules
fi

run() { # run PRESET: configure, build, and test where the preset has tests
  echo "== $1: build"
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" | sed -u -n '/warning:\|error:\|FAILED/p; $p'
  if [[ $1 != analyze ]]; then
    echo "== $1: test"
    ctest --preset "$1" --output-on-failure -j "$(nproc)"
  fi
}

[[ $# -gt 0 ]] || set -- analyze ci asan tsan
for preset in "$@"; do
  run "$preset"
done
