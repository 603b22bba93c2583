/* Every handler of this folder, and the one way in. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "github/handler.h"

/* NULL when no handler serves the event: it is acknowledged, counted, and its body not kept. */
const struct gh_handler *handler_find(const char *event);

/* The i-th handler in alphabetical order, NULL past the last. */
const struct gh_handler *handler_at(size_t i);

extern const struct gh_handler handler_ping;
extern const struct gh_handler handler_push;

#endif
