#!/usr/bin/env bash
# Mutation test of the decision core: changes one thing at a time in src/flow/NAME.c (see
# mutants.py), runs tests/unit/test_NAME.c, and lists the mutants that no test notices. Those that
# mean the same as the original stand in mutants.equivalent with the reason. Not part of CI.
#
#   tests/mutate.sh             the core, lane and branch
#   tests/mutate.sh NAME...     src/flow/NAME.c
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

[[ $# -gt 0 ]] || set -- quorum promotion request lane branch
flags='-std=c17 -D_GNU_SOURCE -w -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
  -Iinclude -Itests -Isrc/flow'
export flags
export ASAN_OPTIONS=detect_leaks=0

compile() { # compile SOURCE OBJECT
  # shellcheck disable=SC2086
  gcc $flags -c "$1" -o "$2"
}

# Prints the mutant's line of the list unless the test fails, crashes or hangs, or it is no C.
try() { # try FOLDER NUMBER
  local mutant=$1/$2
  if compile "$mutant.c" "$mutant.o" 2>/dev/null; then
    # shellcheck disable=SC2086
    gcc $flags "$mutant.o" "$1"/rest/*.o -lcmocka -lcrypto -lsqlite3 -o "$mutant"
    timeout 20 "$mutant" >/dev/null 2>&1 && grep -P "^$2\t" "$1/list"
    rm -f "$mutant" "$mutant.o"
  else
    echo "$2" >>"$1/no_c"
  fi
  return 0
}
export -f compile try

judge() { # judge NAME: fails where a mutant survives that is not known to be equivalent
  local name=$1 folder=build/mutants/$1 source line text old new reason count lived=0 same=0
  rm -rf "$folder"
  mkdir -p "$folder/rest"
  python3 tests/mutants.py "src/flow/$name.c" "$folder" >"$folder/list"
  : >"$folder/no_c"
  for source in src/{base,flow,audit,store}/*.c "tests/unit/test_$name.c"; do
    [[ $source == "src/flow/$name.c" ]] || compile "$source" "$folder/rest/${source//\//_}.o"
  done
  cp "src/flow/$name.c" "$folder/original.c"
  printf 'original\t0\tnothing\tnothing\n' >>"$folder/list"
  [[ -n $(try "$folder" original) ]] || { echo "tests/unit/test_$name.c fails by itself"; return 1; }

  cut -f 1 "$folder/list" | grep -v original |
    xargs -P "$(nproc)" -I{} bash -c "try $folder {}" >"$folder/lived" 2>/dev/null
  while IFS=$'\t' read -r _ line old new; do
    text=$(sed -n "${line}{s/^ *//;s/ *\$//;p}" "src/flow/$name.c")
    if reason=$(grep -F "$name.c | $text | $old -> $new | " tests/mutants.equivalent); then
      same=$((same + 1))
      echo "  src/flow/$name.c:$line: equivalent: $old -> $new: ${reason##* | }"
    else
      lived=$((lived + 1))
      echo "  src/flow/$name.c:$line: LIVES: $old -> $new"
    fi
  done < <(sort -n "$folder/lived")
  count=$(($(wc -l <"$folder/list") - 1 - $(wc -l <"$folder/no_c")))
  printf '%-22s %3d mutants: %d noticed, %d equivalent, %d alive\n' "src/flow/$name.c" "$count" \
    $((count - same - lived)) "$same" "$lived"
  [[ $lived == 0 ]]
}

failed=0
for name; do
  if [[ -e tests/unit/test_$name.c ]]; then
    judge "$name" || failed=1
  else
    printf '%-22s has no tests/unit/test_%s.c\n' "src/flow/$name.c" "$name"
  fi
done
exit "$failed"
