#include "flow/promotion.h"

#include <assert.h>

static const struct {
    const char *name;
    bool is_final;
} states[PROMOTION_STATE_COUNT] = {
    [PROMOTION_REQUESTED] = {"requested", false},
    [PROMOTION_AWAITING_APPROVAL] = {"awaiting_approval", false},
    [PROMOTION_WAITING] = {"waiting", false},
    [PROMOTION_CHECKING] = {"checking", false},
    [PROMOTION_QUEUED] = {"queued", false},
    [PROMOTION_DEPLOYING] = {"deploying", false},
    [PROMOTION_VERIFYING] = {"verifying", false},
    [PROMOTION_SUCCEEDED] = {"succeeded", true},
    [PROMOTION_REFUSED] = {"refused", true},
    [PROMOTION_REJECTED] = {"rejected", true},
    [PROMOTION_EXPIRED] = {"expired", true},
    [PROMOTION_CANCELLED] = {"cancelled", true},
    [PROMOTION_SUPERSEDED] = {"superseded", true},
    [PROMOTION_FAILED] = {"failed", true},
    [PROMOTION_ROLLED_BACK] = {"rolled_back", true},
};

const char *promotion_state_name(enum promotion_state state)
{
    assert(state < PROMOTION_STATE_COUNT);
    return states[state].name;
}

bool promotion_is_final(enum promotion_state state)
{
    assert(state < PROMOTION_STATE_COUNT);
    return states[state].is_final;
}

const char *promotion_kind_name(enum promotion_kind kind)
{
    static const char *const names[PROMOTION_KIND_COUNT] = {
        [PROMOTION_PROMOTE] = "promote",
        [PROMOTION_ROLLBACK] = "rollback",
        [PROMOTION_DEPLOY] = "deploy",
    };
    assert(kind < PROMOTION_KIND_COUNT);
    return names[kind];
}
