#!/usr/bin/env bash
# Installs what is needed, builds and runs every test: what CI runs, and what a laptop runs.
#
#   tests/run.sh              analysers, then all tests with GCC and again with ASan + UBSan, then
#                             those where threads meet with ThreadSanitizer
#   tests/run.sh PRESET...    only these: analyze ci asan tsan
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/packages.sh test
# npm writes its own copy of the lock file last: an installation that was cut short has none.
if [[ ! tests/node_modules/.package-lock.json -nt tests/package-lock.json ]]; then
  echo "== published payloads (npm)"
  npm ci --prefix tests --loglevel=error
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
