/* What expected.jsonl speaks of, as JSON: promotions, lanes, deployments, the audit trail. */
#ifndef TESTS_FLOWS_STATE_H
#define TESTS_FLOWS_STATE_H

#include <jansson.h>

#include "world.h"

/* Each belongs to the caller. */
json_t *state_of_promotion(const struct world *world, const char *id);
json_t *state_of_lane(const struct world *world, const char *repository, const char *environment);
/* ["a1 succeeded", "b2 superseded"], in the order in which they came. */
json_t *state_of_deployments(const struct world *world, const char *repository,
                             const char *environment);
/* ["promotion.requested", …], oldest first. */
json_t *state_of_trail(const struct world *world);

/* The id of the newest promotion. */
struct id state_newest_promotion(const struct world *world);

#endif
