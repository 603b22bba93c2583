#!/bin/sh
# Fails on C files over 800 lines and lines over 100 columns; clang-tidy judges functions.
# Usage: check_size.sh [ROOT]
set -eu
cd "${1:-.}"

found=$(find src include handlers tests -name '*.[ch]' -not -path '*/node_modules/*' | sort | while read -r file; do
  awk -v file="$file" '
    length($0) > 100 { print file ":" NR ": " length($0) " columns, 100 at most" }
    END { if (NR > 800) print file ": " NR " lines, 800 at most: split it by role" }' "$file"
done)
[ -z "$found" ] && exit 0
printf '%s\n' "$found"
exit 1
