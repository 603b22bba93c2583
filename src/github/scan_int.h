/*
 * Steps over JSON text without building anything: the walking half of payload_project().
 *
 * A cursor stands in front of a value; each function moves it behind what it read. The text
 * need not be NUL-terminated. What is stepped over is checked for strings and brackets, not
 * for grammar in every detail: nobody will look at it.
 * Errors: ERR_PARSE with the byte offset; ERR_LIMIT for nesting.
 */
#ifndef GITHUB_SCAN_INT_H
#define GITHUB_SCAN_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct scan {
    const char *start, *at, *end;
};

void scan_space(struct scan *scan);
/* True and past it when the next byte, after white space, is this one. */
MUST_CHECK bool scan_take(struct scan *scan, char byte);
bool scan_fail(const struct scan *scan, struct err *err, const char *expected);

/* Past a string; *ret_text is its raw content between the quotes, borrowed. */
MUST_CHECK bool scan_string(struct scan *scan, const char **ret_text, size_t *ret_len,
                            bool *ret_escaped, struct err *err);
/* Past any value. depth: how many levels it may still nest. */
MUST_CHECK bool scan_value(struct scan *scan, unsigned depth, struct err *err);

#endif
