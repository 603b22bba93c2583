/*
 * Lanes on the store: loads a lane, takes one step of the pure rules (flow/lane.h), and
 * writes what follows, all inside the caller's transaction. What must run afterwards
 * collects in `starts` and `stops`; the caller sees to it once the transaction is committed.
 *
 * `struct lanes` is what every module that writes inside a transaction works with: it knows
 * no loop, no thread and no process, so the simulator drives it as the engine does.
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
#include "store/promotions.h"
#include "store/store.h"

#define LANES_STARTS_MAX 2048 /* deployments and checks one transaction may start */
#define LANES_ROOM       64   /* of them one step may need: a flow has no more environments */

enum lanes_job { LANES_DEPLOYMENT, LANES_CHECK };

/* Something to run. */
struct lanes_start {
    enum lanes_job job;
    struct id id; /* of the deployment or check; also names its run directory */
};

struct lanes {
    struct store *store;            /* borrowed */
    const struct flow_graph *graph; /* borrowed */
    const struct clock *clock;      /* borrowed */
    void (*random)(void *bytes, size_t len);
    int64_t now_ms; /* of the transaction: one moment for everything that it decides */
    struct lanes_start starts[LANES_STARTS_MAX];
    size_t starts_count;
    struct id stops[LANES_STARTS_MAX]; /* checks whose outcome no longer matters */
    size_t stops_count;
};

/* How one deployment or check ended, in the words of whoever ran it. */
struct lanes_outcome {
    enum lane_event_kind kind; /* LANE_SUCCEEDED, LANE_FAILED or LANE_OUTCOME_LOST */
    struct reason reason;
    int exit_code;
    int64_t started_ms, ended_ms; /* 0: now */
};

/* A transaction begins: reads the clock and forgets what an earlier one collected. */
void lanes_begin(struct lanes *lanes);

/* May this transaction take up one more lane, promotion or delivery? What goes through all of them
 * stops where not, and the next sweep goes on. */
bool lanes_have_room(const struct lanes *lanes);

struct id lanes_new_id(const struct lanes *lanes, int64_t born_ms);
void lanes_start(struct lanes *lanes, enum lanes_job job, const struct id *id);

/* candidate: everything but state, reason, place and times is filled in, and the id where the
 * caller wants to know it before; completed here. */
MUST_CHECK bool lanes_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                                    struct store_deployment *candidate, struct err *err);

/* A deployment that waits no longer wants the lane. One that waits no more is left alone. */
MUST_CHECK bool lanes_withdraw(struct lanes *lanes, const char *deployment_id,
                               const struct reason *reason, struct err *err);

/* The command of a deployment ended. *ret_applied is false when the deployment had ended before:
 * repeated news changes nothing. Where the environment verifies, that begins now. */
MUST_CHECK bool lanes_end(struct lanes *lanes, const char *deployment_id,
                          const struct lanes_outcome *outcome, bool *ret_applied, struct err *err);

/* Its verification ended. */
MUST_CHECK bool lanes_verified(struct lanes *lanes, const char *deployment_id, bool is_good,
                               const struct reason *reason, struct err *err);

/* Somebody else deployed: the deployment becomes a row, and what the lane holds. One that runs here
 * decides by itself what the lane holds next. */
MUST_CHECK bool lanes_note_foreign(struct lanes *lanes, struct store_deployment *deployment,
                                   bool is_good, struct err *err);

/* A freeze or pin may have ended: start what waits and may. */
MUST_CHECK bool lanes_open(struct lanes *lanes, int64_t repository_id, const char *environment,
                           struct err *err);
/* The same for every idle lane on which something waits. */
MUST_CHECK bool lanes_open_all(struct lanes *lanes, struct err *err);

/* The environment a deployment belongs to, as configured now; NULL when it is gone. */
const struct flow_environment *lanes_environment(const struct lanes *lanes,
                                                 const struct store_deployment *deployment);

#endif
