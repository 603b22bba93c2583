#!/bin/sh
# Fails where clang-format (14, Debian 12) would change something.
# Usage: check_format.sh [ROOT]
set -eu
cd "${1:-.}"

find src include handlers tests -name '*.[ch]' -not -path '*/node_modules/*' -print0 |
  xargs -0 clang-format --dry-run --Werror
