#!/bin/sh
# Walk every point at which the daemon may be killed on a release's way from a push to PROD
# (test_journey_kill.py), or some of them.
# Usage: journey_kill.sh [FROM TO]     with ENVFLOW and PRELOAD_KILL naming what to test
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build/ci}
ENVFLOW=${ENVFLOW:-$build/envflow} PRELOAD_KILL=${PRELOAD_KILL:-$build/tests/libpreload_kill.so} \
  ENVFLOW_POINTS=${1:-1}-${2:-} exec python3 "$here/test_journey_kill.py"
