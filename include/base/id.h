/*
 * Ids of our own things (deployments, promotions): ULIDs, 26 characters of
 * Crockford's base 32, sorting by time of birth. Source: github.com/ulid/spec.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_RANDOM_BYTES 10

struct id {
    char text[27]; /* NUL-terminated; "" means none */
};

/* Deterministic in its arguments; callers take `random` from random_bytes or from a seed. */
struct id id_make(int64_t now_ms, const uint8_t random[ID_RANDOM_BYTES]);

/* True when text has the form of an id. */
bool id_is_valid(const char *text);

#endif
