/*
 * Quantities as people write them: durations ("500ms", "10s", "5m", "2h", "7d") and
 * sizes ("4096", "16KiB", "25MiB", "1GiB"). One unit each; "1h30m" is not a duration.
 * Errors: ERR_PARSE saying what was expected.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define UNITS_TEXT_SIZE 32

MUST_CHECK bool units_parse_duration(const char *text, int64_t *ret_ms, struct err *err);
MUST_CHECK bool units_parse_size(const char *text, int64_t *ret_bytes, struct err *err);

/* The shortest exact form in the notation above ("90s", "25MiB"); returns text. */
const char *units_format_duration(int64_t ms, char text[UNITS_TEXT_SIZE]);
const char *units_format_size(int64_t bytes, char text[UNITS_TEXT_SIZE]);

#endif
