#!/bin/sh
# Fails where a function is called that we do not use, and says what to use instead.
# Usage: check_banned.sh [ROOT]
set -eu
cd "${1:-.}"

banned() { # banned PATTERN INSTEAD [EXCEPT]: a call to any function of the pattern, outside of EXCEPT
  grep -rnE "(^|[^A-Za-z0-9_>.\"])($1) *\\(" src include handlers --include='*.[ch]' |
    grep -vE "^(${3:-nothing})" | sed "s|\$|    <- use $2|" || true
}

found=$(
  banned 'strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat' 'snprintf or struct buf'
  banned 'strtok'                                    'strcspn and strspn'
  banned 'atoi|atol|atoll|atof'                      'strtol with its checks'
  banned 'gmtime|localtime|ctime|asctime|mktime|strftime' 'base/rfc3339'
  banned 'strerror'                                  'err_errno'
  banned 'alloca'                                    'a fixed array or struct buf'
  banned 'rand|srand|random|srandom|drand48'         'base/random'
  banned 'time|gettimeofday|clock_gettime'           'base/clock'  'src/base/clock\.c'
  banned 'system|popen'                              'exec/command'
  banned 'sleep|usleep|nanosleep'                    'a timer of net/loop'
)
[ -z "$found" ] && exit 0
printf '%s\n' "$found"
exit 1
