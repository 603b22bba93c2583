/* Entries of the audit trail, in the transaction of what they record. */
#ifndef ENGINE_TRAIL_INT_H
#define ENGINE_TRAIL_INT_H

#include "base/attr.h"
#include "base/err.h"
#include "lanes_int.h"

/* What an entry says; text is borrowed, NULL where there is nothing to say. */
struct trail_note {
    const char *event;               /* stable: "promotion.requested" */
    const struct store_actor *actor; /* NULL: envflow itself */
    const char *repository, *environment;
    const char *subject; /* id */
    const struct reason *reason;
    const char *details; /* a JSON object */
};

MUST_CHECK bool trail_add(struct lanes *lanes, const struct trail_note *note, struct err *err);

/* A promotion moved, was asked for, or was voted on. */
MUST_CHECK bool trail_add_promotion(struct lanes *lanes, const char *event,
                                    const struct store_actor *actor,
                                    const struct store_promotion *promotion,
                                    const struct reason *reason, struct err *err);
MUST_CHECK bool trail_add_deployment(struct lanes *lanes, const char *event,
                                     const struct store_deployment *deployment, struct err *err);

#endif
