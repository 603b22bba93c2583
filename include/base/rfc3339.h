/*
 * Time stamps as text: RFC 3339 in UTC with milliseconds, "2026-03-01T12:00:00.000Z".
 * Units: milliseconds of Unix time. No locale and no time zone database is involved.
 */
#ifndef BASE_RFC3339_H
#define BASE_RFC3339_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define RFC3339_SIZE 48 /* bytes with the NUL */

/* Writes into text and returns it. Years outside 0000..9999 are clamped to that range. */
const char *rfc3339_format(int64_t time_ms, char text[RFC3339_SIZE]);

/* Accepts any offset and any number of fraction digits (beyond milliseconds cut off).
 * Errors: ERR_PARSE. */
MUST_CHECK bool rfc3339_parse(const char *text, int64_t *ret_time_ms, struct err *err);

#endif
