#!/bin/sh
# The long campaign: so many simulated promotions, spread over both cores, in worlds that no other
# campaign shares; then 20,000 shuffles of one set of deliveries, and every planted bug.
# Usage: run.sh [PROMOTIONS] [BUILD]; prints seeds, counts and speed; fails on the first violation.
set -eu
promotions=${1:-1000000}
build=${2:-$(dirname "$0")/../../build/ci}
workers=2
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

worker() { # worker N: its worlds begin at N * 10,000,000
  "$build/tests/sim_engine" --seed "$(($1 * 10000000))" --promotions "$((promotions / workers))"
}

started=$(date +%s)
pids=
for n in $(seq "$workers"); do
  worker "$n" >"$logs/$n" 2>&1 &
  pids="$pids $!"
done
status=0
for pid in $pids; do
  wait "$pid" || status=1
done
cat "$logs"/*
echo "$promotions promotions in $(($(date +%s) - started)) s"
[ "$status" -eq 0 ]
"$build/tests/sim_shuffle" --shuffles 20000
"$build/tests/sim_engine" --planted
