/*
 * Lanes on the store: loads a lane, takes one step of the pure rules (flow/lane.h), and
 * writes what follows, all inside the caller's transaction. What must run afterwards
 * collects in `starts`; the caller starts it once the transaction is committed.
 *
 * Knows no loop, no thread and no process, so the simulator drives it as the engine does.
 * Errors: those of the store.
 */
#ifndef ENGINE_LANES_INT_H
#define ENGINE_LANES_INT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "flow/graph.h"
#include "store/store.h"

#define LANES_STARTS_MAX 512 /* deployments one transaction may start */

struct lanes {
    struct store *store;            /* borrowed */
    const struct flow_graph *graph; /* borrowed */
    const struct clock *clock;      /* borrowed */
    void (*random)(void *bytes, size_t len);
    struct id starts[LANES_STARTS_MAX];
    size_t starts_count;
};

/* How one deployment ended, in the words of whoever ran it. */
struct lanes_outcome {
    enum lane_event_kind kind; /* LANE_SUCCEEDED, LANE_FAILED or LANE_OUTCOME_LOST */
    struct reason reason;
    int exit_code;
    int64_t started_ms, ended_ms; /* 0: now */
};

/* candidate: everything but id, state, reason, place and times is filled in; completed here. */
MUST_CHECK bool lanes_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                                    struct store_deployment *candidate, struct err *err);

/* *ret_applied is false when the deployment had ended before: repeated news changes nothing. */
MUST_CHECK bool lanes_end(struct lanes *lanes, const char *deployment_id,
                          const struct lanes_outcome *outcome, bool *ret_applied, struct err *err);

/* The environment a deployment belongs to, as configured now; NULL when it is gone. */
const struct flow_environment *lanes_environment(const struct lanes *lanes,
                                                 const struct store_deployment *deployment);

#endif
