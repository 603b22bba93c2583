/* Times of the API as people read them. */
#ifndef CLI_WHEN_INT_H
#define CLI_WHEN_INT_H

#include <stdint.h>

#define WHEN_SIZE 80

/* "just now", "3m ago", "in 2h"; "-" for "", "?" for what is no RFC 3339 time. Returns out. */
const char *when_relative(const char *time, int64_t now_ms, char out[WHEN_SIZE]);
/* "2026-03-01 12:00:00 UTC (3m ago)"; "-" and "?" as above. */
const char *when_absolute(const char *time, int64_t now_ms, char out[WHEN_SIZE]);
/* "1m 20s" from one time to another, or to now_ms where the second is ""; "-" without the first. */
const char *when_took(const char *start, const char *end, int64_t now_ms, char out[WHEN_SIZE]);

#endif
