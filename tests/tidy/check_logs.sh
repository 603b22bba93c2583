#!/bin/sh
# Fails where the events that the code logs and the table of docs/LOGS.md differ, and where an
# event's name is not "area.what_happened".
# Usage: check_logs.sh [ROOT]
set -eu
cd "${1:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Calls may go over several lines; the first text in one is the event.
find src handlers -name '*.c' ! -path src/base/log.c -exec cat {} + | tr '\n' ' ' |
  grep -oE 'log_(debug|info|warn|error|at)\([^";]*"[^"]*"' | sed 's/.*"\(.*\)"/\1/' | sort -u >"$work/code"
sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/LOGS.md | sort >"$work/docs"

status=0
complain() { # complain SENTENCE: says it of each event it reads
  while read -r event; do
    [ -z "$event" ] || { echo "$event: $1"; status=1; }
  done
}
complain "logged, but not in docs/LOGS.md" <<LIST
$(comm -23 "$work/code" "$work/docs")
LIST
complain "in docs/LOGS.md, but not logged (or there twice)" <<LIST
$(comm -13 "$work/code" "$work/docs")
LIST
complain "no name of an event: area.what_happened" <<LIST
$(grep -vE '^[a-z]+\.[a-z]+(_[a-z]+)*$' "$work/code")
LIST
[ -s "$work/code" ] || { echo "no event was found in the code"; status=1; }
exit $status
