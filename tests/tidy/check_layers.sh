#!/bin/sh
# Fails when a file includes a project header or a library that its layer may not see.
# Usage: check_layers.sh [ROOT]; prints FILE:LINE: INCLUDE for every violation.
set -eu
cd "${1:-.}"

libraries='event2|openssl|jansson|curl|sqlite3|yaml'

allowed() { # allowed FOLDER HEADERS LIBRARIES: what may follow #include, besides C and POSIX headers
  folder=$1 headers=$2 permitted=$3
  [ -e "$folder" ] || return 0
  grep -rnE '^ *# *include "' "$folder" --include='*.[ch]' | grep -vE "include \"($headers)" || true
  grep -rnE "^ *# *include <($libraries)" "$folder" --include='*.[ch]' |
    grep -vE "include <($permitted)" || true
}

# The table of docs/ARCHITECTURE.md. "[a-z_]*_int.h" is a folder's own private header.
layer() { # layer NAME HEADERS LIBRARIES
  allowed "include/$1" "$1/|$2" "$3"
  allowed "src/$1" "$1/|[a-z_]*_int\\.h\"|$2" "$3"
}

violations=$(
  layer base     'base/'                                                          'openssl/sha\.h'
  layer flow     'base/'                                                          'none'
  layer cfg      'base/|flow/'                                                    'yaml'
  layer journal  'base/|flow/'                                                    'none'
  layer audit    'base/'                                                          'none'
  layer store    'base/|flow/|audit/'                                                'sqlite3'
  layer net      'base/'                                                          'event2|openssl'
  layer exec     'base/|net/'                                                     'none'
  layer http     'base/|net/'                                                     'event2'
  layer github   'base/|flow/|net/'                                               'jansson|openssl|curl'
  layer engine   'base/|flow/|cfg/|journal/|store/|net/|http/|github/|exec/|handlers\.h"|audit/' 'jansson'
  layer admin    'base/|flow/|cfg/|journal/|store/|net/|http/|engine/|audit/|github/payload\.h"' 'jansson'
  layer cli      'base/|flow/|cfg/|github/|audit/'                                'curl|jansson'
  allowed handlers 'handlers\.h"|base/|flow/|github/'                             'jansson'
)
[ -z "$violations" ] && exit 0
printf '%s\n' "$violations"
exit 1
