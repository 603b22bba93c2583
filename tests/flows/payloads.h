/* GitHub's payloads from the shorthands of events.jsonl; tests/flows/README.md lists them. */
#ifndef TESTS_FLOWS_PAYLOADS_H
#define TESTS_FLOWS_PAYLOADS_H

#include <jansson.h>
#include <stdint.h>

/* What shorthands refer to. */
struct payload_names {
    json_t *promotions; /* name → id; borrowed */
    json_t *heads;      /* "acme/shop main" → commit; borrowed, kept up to date */
    int64_t now_ms;
};

/* A commit by its first digits, filled up with zeros. Static storage, until the next call but one.
 */
const char *payload_sha(const char *digits);

/* NULL: there is no such shorthand. *ret_event: the value of X-GitHub-Event; static storage. The
 * caller owns the result. */
json_t *payload_make(const char *shorthand, json_t *arguments, const struct payload_names *names,
                     const char **ret_event);

#endif
