/*
 * A promotion and everything that decides about it, as it is now: gathered from store,
 * configuration and clock for the pure rules (flow/promotion.h), and for whoever asks why.
 *
 * Works on any store handle, so that the admin port explains with the very function that
 * the engine decides by. Ownership: a view borrows from the configuration; nothing to free.
 * Errors: those of the store. What the configuration no longer has is a fact, not an error.
 */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "flow/graph.h"
#include "flow/promotion.h"
#include "flow/quorum.h"
#include "store/promotions.h"

/* What freezes an environment; both parts may. */
struct freeze_view {
    bool is_frozen;
    const struct flow_window *window; /* NULL: none is closed */
    int64_t window_until_ms;
    struct store_freeze stop; /* id "" : no switch is pulled */
};

/* True when the switch is one for this place: what its scope leaves out stands for every one. */
bool freeze_applies(const struct store_freeze *freeze, const char *flow, const char *repository,
                    const char *environment);

/* What a release's source says about it. */
struct source_view {
    bool was_there;    /* it was deployed there, and verified where that is asked */
    bool is_there;     /* it is what the environment holds now */
    bool is_unhealthy; /* there now, but unverified or unhealthy */
    int64_t soaked_ms; /* when it has, or will have, soaked; 0: never by time alone */
    bool is_ready;
};

struct gate_view {
    const struct flow *flow;               /* NULL: the repository is no longer configured */
    const struct flow_environment *target; /* NULL: no longer configured */
    const struct flow_path *path;          /* NULL: no promotion, or no longer configured */
    bool is_configured;                    /* otherwise it may not start */
    const struct flow_gate *gate;          /* never NULL: one that asks nothing stands in */
    struct promotion_facts facts;
    struct freeze_view freeze;
    struct source_view source;
    bool
        has_way_back; /* a failed verification rolls back, and there is something to roll back to */
    struct quorum_vote votes[QUORUM_VOTES_MAX];
    char voters[QUORUM_VOTES_MAX][STORE_LOGIN_MAX];
    size_t votes_count;
    struct quorum_result quorum;
    int64_t recheck_ms; /* when time alone may next change the facts; 0: never */
};

MUST_CHECK bool gate_look(struct store *store, const struct flow_graph *graph,
                          const struct store_promotion *promotion, int64_t now_ms,
                          struct gate_view *ret_view, struct err *err);

/* What the promotion's source says about its release. */
MUST_CHECK bool gate_look_at_source(struct store *store, const struct store_promotion *promotion,
                                    int64_t soak_ms, int64_t now_ms, struct source_view *ret_view,
                                    struct err *err);

/* The gate that a promotion, rollback or deployment by hand has to pass; never NULL. Rollbacks
 * that a failed verification caused were agreed to with what failed. */
const struct flow_gate *gate_of(const struct store_promotion *promotion,
                                const struct flow_environment *target,
                                const struct flow_path *path);

#endif
