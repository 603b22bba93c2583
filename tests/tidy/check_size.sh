#!/bin/sh
# Fails on C files over 800 lines and lines over 100 columns; clang-tidy judges functions.
# Usage: check_size.sh [ROOT]
set -eu
cd "${1:-.}"

found=$(find src include handlers tests -name '*.[ch]' -not -path '*/node_modules/*' | sort | while read -r file; do
  LC_ALL=C.UTF-8 grep -nE '^.{101,}' "$file" | sed "s|^\([0-9]*\):.*|$file:\1: over 100 columns|" || true
  [ "$(wc -l <"$file")" -le 800 ] || echo "$file: over 800 lines: split it by role"
done)
[ -z "$found" ] && exit 0
printf '%s\n' "$found"
exit 1
