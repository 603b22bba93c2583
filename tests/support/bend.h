/* Payloads with a value of another type at every place, for what must be refused without harm. */
#ifndef TESTS_BEND_H
#define TESTS_BEND_H

#include <jansson.h>
#include <stdbool.h>

#include "github/handler.h"

typedef void bend_fn(const json_t *bent, void *arg);

/* Call fn with the payload once for every value in it, at any depth, and every stranger put in that
 * value's place, and once with the value taken away. The payload is as before afterwards. */
void bend(json_t *payload, bend_fn *fn, void *arg);

/* gh_read of the payload's text, which lies in memory without a byte to spare: a read beyond its
 * end does not go unnoticed under ASan. Fails the test unless the outcome is one that gh_read may
 * have. */
bool bend_read(const struct gh_handler *handler, const json_t *payload, struct gh_facts *ret_facts,
               struct err *err);

#endif
