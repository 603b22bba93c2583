/*
 * Patterns for repository names and branches: `*` any run of bytes but '/', `**` any run,
 * `?` one byte but '/'. Everything else stands for itself.
 * Time is bounded by length of pattern times the square of length of text, and it takes `**`
 * before `*` to come near that; nothing grows exponentially.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

bool glob_match(const char *pattern, const char *text);

/* True when the pattern holds a wildcard. */
bool glob_is_pattern(const char *pattern);

#endif
