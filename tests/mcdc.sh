#!/usr/bin/env bash
# MC/DC of the decision core: does every condition, by itself, decide what it is part of?
# Builds src/flow and its unit tests with Clang 19 and prints a line per file, then every condition
# that no pair of test vectors shows. Fails where the core is under 100 %. Not part of CI.
#
#   tests/mcdc.sh             the core, lane and branch
#   tests/mcdc.sh NAME...     src/flow/NAME.c by tests/unit/test_NAME.c
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

deploy/packages.sh mcdc
core='quorum promotion request'
# shellcheck disable=SC2086
[[ $# -gt 0 ]] || set -- $core lane branch
out=build/mcdc
mkdir -p "$out"

build_and_run() { # build_and_run NAME: leaves $out/test_NAME and its profile
  local program=$out/test_$1
  clang-19 -std=c17 -D_GNU_SOURCE -O0 -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc \
    -Iinclude -Itests "tests/unit/test_$1.c" src/{base,flow,audit,store}/*.c \
    -lcmocka -lcrypto -lsqlite3 -o "$program" &&
    { LLVM_PROFILE_FILE=$program.raw "$program" >"$program.log" 2>&1 || { cat "$program.log"; false; }; } &&
    llvm-profdata-19 merge -o "$program.profile" "$program.raw"
}

measure() { # measure NAME: fails where a test does, or the core is under 100 %
  local program=$out/test_$1 source=src/flow/$1.c count missed
  build_and_run "$1" || return 1
  # The last columns of the row: conditions, missed, per cent.
  read -r count missed < <(llvm-cov-19 report --show-mcdc-summary "$program" \
    -instr-profile="$program.profile" "$source" | awk '$1 == "TOTAL" { print $(NF - 2), $(NF - 1) }')
  printf '%-22s %3d of %3d conditions decide by themselves\n' "$source" $((count - missed)) "$count"
  [[ $missed != 0 ]] || return 0
  llvm-cov-19 show --show-mcdc "$program" -instr-profile="$program.profile" "$source" |
    awk -v source="$source" '
      match($0, /Decision Region \([0-9]+/) { line = substr($0, RSTART + 17, RLENGTH - 17) }
      match($0, /C[0-9]+-Pair: not covered/) {
        print "  " source ":" line ": no test shows what condition " substr($0, RSTART + 1) }' |
    sed 's/-Pair: not covered/ decides/'
  [[ " $core " != *" $1 "* ]]
}

failed=0
for name; do
  if [[ -e tests/unit/test_$name.c ]]; then
    measure "$name" || failed=1
  else
    printf '%-22s has no tests/unit/test_%s.c\n' "src/flow/$name.c" "$name"
  fi
done
exit "$failed"
