/*
 * One promotion: a request to put a release on an environment, from asking to its end.
 *
 * Promotions, rollbacks and deployments by hand are the same thing with different gates.
 * The caller gathers what the rules look at (struct promotion_facts) from store,
 * configuration and clock; this module decides, by one table of rules in promotion.c.
 * test_promotion.c pins every (state, event) pair. An event without a rule is ignored:
 * deliveries come late, twice and out of order. Terminal states never change.
 *
 * Pure: values in, values out; no clock, no I/O, no allocation.
 * Source: docs/adr/0006-promotion-rules.md.
 */
#ifndef FLOW_PROMOTION_H
#define FLOW_PROMOTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "flow/graph.h"
#include "flow/reason.h"

enum promotion_kind {
    PROMOTION_PROMOTE,
    PROMOTION_ROLLBACK,
    PROMOTION_DEPLOY,
    PROMOTION_KIND_COUNT
};

enum promotion_state {
    PROMOTION_REQUESTED,
    PROMOTION_AWAITING_APPROVAL,
    PROMOTION_WAITING,  /* quorum is there; a timer, a window or the soak is not over */
    PROMOTION_CHECKING, /* checks before the deployment run */
    PROMOTION_QUEUED,   /* wants the lane */
    PROMOTION_DEPLOYING,
    PROMOTION_VERIFYING,
    PROMOTION_SUCCEEDED, /* from here on: ends */
    PROMOTION_REFUSED,
    PROMOTION_REJECTED,
    PROMOTION_EXPIRED,
    PROMOTION_CANCELLED,
    PROMOTION_SUPERSEDED,
    PROMOTION_FAILED,
    PROMOTION_ROLLED_BACK,
    PROMOTION_STATE_COUNT
};

enum promotion_event {
    PROMOTION_EVALUATE, /* a vote, a switch, the clock: look again */
    PROMOTION_CHECKS_PASSED,
    PROMOTION_CHECKS_FAILED,
    PROMOTION_LANE_FREE, /* its turn in the lane: may it start, now? */
    PROMOTION_OVERTAKEN, /* a newer one took its place */
    PROMOTION_DEPLOYED,  /* the deployment ended well */
    PROMOTION_DEPLOY_FAILED,
    PROMOTION_VERIFIED,
    PROMOTION_UNVERIFIED,
    PROMOTION_CANCEL, /* somebody who may asked */
    PROMOTION_EVENT_COUNT
};

/* What the rules look at, as it is at now_ms. */
struct promotion_facts {
    int64_t now_ms;
    bool is_legal;    /* promotion_judge_request() found nothing; looked at when requested */
    bool is_approved; /* quorum_judge() */
    bool is_rejected;
    bool is_frozen;       /* a stop switch or a window, for this kind */
    bool is_source_ready; /* healthy there, and soaked; true where there is no source */
    bool has_checks;      /* before the deployment */
    bool has_verification;
    bool rolls_back;       /* when verification fails; false for rollbacks: no loops */
    int64_t wait_ms;       /* of the gate */
    int64_t expires_at_ms; /* 0: never */
};

struct promotion_status {
    enum promotion_state state;
    int64_t approved_ms; /* since when the quorum holds without a gap; 0: it does not */
};

enum promotion_effect {
    PROMOTION_DO_CHECK,       /* start the checks before the deployment */
    PROMOTION_DO_STOP_CHECKS, /* their results no longer matter */
    PROMOTION_DO_QUEUE,       /* become a candidate of the lane */
    PROMOTION_DO_UNQUEUE,     /* stop being one, unless the lane has let it go by itself */
    PROMOTION_DO_ROLL_BACK,   /* ask for the last verified release */
    PROMOTION_EFFECT_COUNT
};

#define PROMOTION_EFFECTS_MAX 2

struct promotion_result {
    struct promotion_status next;
    enum promotion_effect effects[PROMOTION_EFFECTS_MAX];
    size_t effects_count;
    bool ignored; /* no rule matched; next equals the old status */
    /* Of the move; the caller words the sentence. REASON_NONE for PROMOTION_REFUSED: what
     * promotion_judge_request() found says it. */
    enum reason_code reason;
};

/* One move. After PROMOTION_EVALUATE call again until it is ignored: one fact may allow several
 * moves in a row (approved, no wait, no checks: queued). */
struct promotion_result promotion_step(const struct promotion_status *status,
                                       const struct promotion_facts *facts,
                                       enum promotion_event event);

/* When time alone could next change the answer of PROMOTION_EVALUATE: end of the wait, expiry;
 * 0: never. Windows, soak and votes have times of their own, known to the caller. */
int64_t promotion_due_ms(const struct promotion_status *status,
                         const struct promotion_facts *facts);

const char *promotion_state_name(enum promotion_state state); /* static storage */
const char *promotion_kind_name(enum promotion_kind kind);
bool promotion_is_final(enum promotion_state state);
/* True before the deployment began: it may be cancelled, overtaken, frozen. */
bool promotion_is_open(enum promotion_state state);

/* ---- may this be asked for at all? ---- */

/* What somebody asks for, and what is known about it. Text is borrowed. */
struct promotion_request {
    enum promotion_kind kind;
    const struct flow *flow;               /* never NULL */
    const struct flow_environment *target; /* never NULL */
    const struct flow_path *path;          /* PROMOTE: NULL when the configuration has none */
    const char *from;                      /* PROMOTE: name of the source */
    const char *release;                   /* name, for sentences */
    const char *branch;                    /* where the release comes from; "" unknown */
    const char *requester;                 /* login, for sentences */
    uint64_t requester_memberships;        /* of target->requesters */
    bool is_reason_given;
    bool is_on_target;           /* the target holds this release already */
    bool was_on_source;          /* PROMOTE: it was deployed there successfully */
    bool is_source_unhealthy;    /* PROMOTE: there now, but unverified or unhealthy */
    bool was_verified_on_target; /* ROLLBACK: it was once, and nothing said otherwise since */
    bool is_same_open;           /* the same release is on its way there already */
    bool is_pinned;              /* the target is pinned to what it holds */
    const char *pin_reason;
};

/* REASON_NONE when it may be asked for; else code and sentence that says what would make it
 * legal. A pin refuses deployments by hand and pushes, never promotions or rollbacks. A rollback
 * is not held to the target's branches: what it brings was verified there before. */
struct reason promotion_judge_request(const struct promotion_request *request);

#endif
