#include "flow/promotion.h"

#include <assert.h>

#include "base/attr.h"

/* What a guard sees and an action fills in. */
struct step {
    const struct promotion_facts *facts;
    struct promotion_result result; /* next starts as the old status */
};

struct rule {
    enum promotion_state from;
    enum promotion_event on;
    bool (*holds)(const struct step *step);
    enum promotion_state to;
    void (*then)(struct step *step);
    enum reason_code reason;
};

/* ---- guards ---- */

static bool always(const struct step *step)
{
    (void)step;
    return true;
}

static bool legal(const struct step *step)
{
    return step->facts->is_legal;
}

static bool rejected(const struct step *step)
{
    return step->facts->is_rejected;
}

static bool expired(const struct step *step)
{
    return step->facts->expires_at_ms != 0 && step->facts->now_ms >= step->facts->expires_at_ms;
}

static bool approved(const struct step *step)
{
    return step->facts->is_approved;
}

static bool unapproved(const struct step *step)
{
    return !step->facts->is_approved;
}

static bool frozen(const struct step *step)
{
    return step->facts->is_frozen;
}

static bool unready(const struct step *step)
{
    return !step->facts->is_source_ready;
}

static int64_t wait_ends_ms(const struct promotion_status *status,
                            const struct promotion_facts *facts)
{
    return status->approved_ms + facts->wait_ms;
}

/* Nothing is left to wait for. Only asked where the quorum holds. */
static bool may_go(const struct step *step)
{
    return step->facts->now_ms >= wait_ends_ms(&step->result.next, step->facts) &&
           !step->facts->is_frozen && step->facts->is_source_ready;
}

static bool may_check(const struct step *step)
{
    return step->facts->has_checks && may_go(step);
}

static bool verifies(const struct step *step)
{
    return step->facts->has_verification;
}

static bool rolls_back(const struct step *step)
{
    return step->facts->rolls_back;
}

/* ---- actions ---- */

static void emit(struct step *step, enum promotion_effect effect)
{
    assert(step->result.effects_count < PROMOTION_EFFECTS_MAX);
    step->result.effects[step->result.effects_count++] = effect;
}

static void nothing(struct step *step)
{
    (void)step;
}

static void approve(struct step *step)
{
    step->result.next.approved_ms = step->facts->now_ms;
}

static void unapprove(struct step *step)
{
    step->result.next.approved_ms = 0;
}

static void check(struct step *step)
{
    emit(step, PROMOTION_DO_CHECK);
}

static void stop_checks(struct step *step)
{
    emit(step, PROMOTION_DO_STOP_CHECKS);
}

static void lose_checks(struct step *step)
{
    unapprove(step);
    stop_checks(step);
}

static void queue(struct step *step)
{
    emit(step, PROMOTION_DO_QUEUE);
}

static void unqueue(struct step *step)
{
    emit(step, PROMOTION_DO_UNQUEUE);
}

static void lose_place(struct step *step)
{
    unapprove(step);
    unqueue(step);
}

static void roll_back(struct step *step)
{
    emit(step, PROMOTION_DO_ROLL_BACK);
}

/* First match wins; a guard that says no lets the search go on. The gate is looked at before
 * everything that brings a promotion closer to its environment, last of all when the lane is
 * free: the same rules as for a queued one, but the lane has let it go by itself. */
/* clang-format off */
#define RULE(from, on, holds, to, then, reason)                                                    \
    {PROMOTION_##from, PROMOTION_##on, holds, PROMOTION_##to, then, REASON_##reason}
static const struct rule rules[] = {
    /*   from               on event       if          to                 then         because */
    RULE(REQUESTED,         EVALUATE,      legal,      AWAITING_APPROVAL, nothing,     REQUESTED),
    RULE(REQUESTED,         EVALUATE,      always,     REFUSED,           nothing,     NONE),
    RULE(REQUESTED,         OVERTAKEN,     always,     SUPERSEDED,        nothing,     SUPERSEDED),
    RULE(REQUESTED,         CANCEL,        always,     CANCELLED,         nothing,     CANCELLED),

    RULE(AWAITING_APPROVAL, EVALUATE,      rejected,   REJECTED,          nothing,     REJECTED),
    RULE(AWAITING_APPROVAL, EVALUATE,      expired,    EXPIRED,           nothing,     EXPIRED),
    RULE(AWAITING_APPROVAL, EVALUATE,      approved,   WAITING,           approve,     APPROVED),
    RULE(AWAITING_APPROVAL, OVERTAKEN,     always,     SUPERSEDED,        nothing,     SUPERSEDED),
    RULE(AWAITING_APPROVAL, CANCEL,        always,     CANCELLED,         nothing,     CANCELLED),

    RULE(WAITING,   EVALUATE,      rejected,   REJECTED,          nothing,     REJECTED),
    RULE(WAITING,   EVALUATE,      expired,    EXPIRED,           nothing,     EXPIRED),
    RULE(WAITING,   EVALUATE,      unapproved, AWAITING_APPROVAL, unapprove,   APPROVAL_LOST),
    RULE(WAITING,   EVALUATE,      may_check,  CHECKING,          check,       CHECKS_RUNNING),
    RULE(WAITING,   EVALUATE,      may_go,     QUEUED,            queue,       QUEUED),
    RULE(WAITING,   OVERTAKEN,     always,     SUPERSEDED,        nothing,     SUPERSEDED),
    RULE(WAITING,   CANCEL,        always,     CANCELLED,         nothing,     CANCELLED),

    RULE(CHECKING,  EVALUATE,      rejected,   REJECTED,          stop_checks, REJECTED),
    RULE(CHECKING,  EVALUATE,      unapproved, AWAITING_APPROVAL, lose_checks, APPROVAL_LOST),
    RULE(CHECKING,  EVALUATE,      frozen,     WAITING,           stop_checks, FROZEN),
    RULE(CHECKING,  EVALUATE,      unready,    WAITING,           stop_checks, SOURCE_UNHEALTHY),
    RULE(CHECKING,  CHECKS_PASSED, rejected,   REJECTED,          nothing,     REJECTED),
    RULE(CHECKING,  CHECKS_PASSED, unapproved, AWAITING_APPROVAL, unapprove,   APPROVAL_LOST),
    RULE(CHECKING,  CHECKS_PASSED, frozen,     WAITING,           nothing,     FROZEN),
    RULE(CHECKING,  CHECKS_PASSED, unready,    WAITING,           nothing,     SOURCE_UNHEALTHY),
    RULE(CHECKING,  CHECKS_PASSED, always,     QUEUED,            queue,       CHECK_PASSED),
    RULE(CHECKING,  CHECKS_FAILED, always,     FAILED,            nothing,     CHECK_FAILED),
    RULE(CHECKING,  OVERTAKEN,     always,     SUPERSEDED,        stop_checks, SUPERSEDED),
    RULE(CHECKING,  CANCEL,        always,     CANCELLED,         stop_checks, CANCELLED),

    RULE(QUEUED,    EVALUATE,      rejected,   REJECTED,          unqueue,     REJECTED),
    RULE(QUEUED,    EVALUATE,      unapproved, AWAITING_APPROVAL, lose_place,  APPROVAL_LOST),
    RULE(QUEUED,    EVALUATE,      frozen,     WAITING,           unqueue,     FROZEN),
    RULE(QUEUED,    EVALUATE,      unready,    WAITING,           unqueue,     SOURCE_UNHEALTHY),
    RULE(QUEUED,    LANE_FREE,     rejected,   REJECTED,          nothing,     REJECTED),
    RULE(QUEUED,    LANE_FREE,     unapproved, AWAITING_APPROVAL, unapprove,   APPROVAL_LOST),
    RULE(QUEUED,    LANE_FREE,     frozen,     WAITING,           nothing,     FROZEN),
    RULE(QUEUED,    LANE_FREE,     unready,    WAITING,           nothing,     SOURCE_UNHEALTHY),
    RULE(QUEUED,    LANE_FREE,     always,     DEPLOYING,         nothing,     DEPLOYING),
    RULE(QUEUED,    OVERTAKEN,     always,     SUPERSEDED,        unqueue,     SUPERSEDED),
    RULE(QUEUED,    CANCEL,        always,     CANCELLED,         unqueue,     CANCELLED),

    RULE(DEPLOYING, DEPLOYED,      verifies,   VERIFYING,         nothing,     VERIFYING),
    RULE(DEPLOYING, DEPLOYED,      always,     SUCCEEDED,         nothing,     SUCCEEDED),
    RULE(DEPLOYING, DEPLOY_FAILED, always,     FAILED,            nothing,     DEPLOY_FAILED),

    RULE(VERIFYING, VERIFIED,      always,     SUCCEEDED,         nothing,     SUCCEEDED),
    RULE(VERIFYING, UNVERIFIED,    rolls_back, ROLLED_BACK,       roll_back,   ROLLED_BACK),
    RULE(VERIFYING, UNVERIFIED,    always,     FAILED,            nothing,     UNVERIFIED),
    RULE(VERIFYING, DEPLOY_FAILED, always,     FAILED,            nothing,     DEPLOY_FAILED),
};
/* clang-format on */

static const struct rule *find_rule(const struct step *step, enum promotion_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *rule = &rules[i];
        if (rule->from == step->result.next.state && rule->on == event && rule->holds(step))
            return rule;
    }
    return NULL;
}

struct promotion_result promotion_step(const struct promotion_status *status,
                                       const struct promotion_facts *facts,
                                       enum promotion_event event)
{
    assert(status->state < PROMOTION_STATE_COUNT);
    assert(event < PROMOTION_EVENT_COUNT);

    struct step step = {.facts = facts, .result = {.next = *status}};
    const struct rule *rule = find_rule(&step, event);

    if (rule == NULL) {
        step.result.ignored = true;
        return step.result;
    }
    step.result.next.state = rule->to;
    step.result.reason = rule->reason;
    rule->then(&step);
    return step.result;
}

int64_t promotion_due_ms(const struct promotion_status *status, const struct promotion_facts *facts)
{
    bool is_waiting = status->state == PROMOTION_WAITING;
    int64_t due_ms = facts->expires_at_ms;

    if (!is_waiting && status->state != PROMOTION_AWAITING_APPROVAL)
        return 0;
    if (is_waiting && facts->now_ms < wait_ends_ms(status, facts) &&
        (due_ms == 0 || wait_ends_ms(status, facts) < due_ms))
        due_ms = wait_ends_ms(status, facts);
    return due_ms;
}

/* ---- names ---- */

static const struct {
    const char *name;
    enum { IS_OPEN, IS_UNDER_WAY, IS_FINAL } phase;
} states[PROMOTION_STATE_COUNT] = {
    [PROMOTION_REQUESTED] = {"requested", IS_OPEN},
    [PROMOTION_AWAITING_APPROVAL] = {"awaiting_approval", IS_OPEN},
    [PROMOTION_WAITING] = {"waiting", IS_OPEN},
    [PROMOTION_CHECKING] = {"checking", IS_OPEN},
    [PROMOTION_QUEUED] = {"queued", IS_OPEN},
    [PROMOTION_DEPLOYING] = {"deploying", IS_UNDER_WAY},
    [PROMOTION_VERIFYING] = {"verifying", IS_UNDER_WAY},
    [PROMOTION_SUCCEEDED] = {"succeeded", IS_FINAL},
    [PROMOTION_REFUSED] = {"refused", IS_FINAL},
    [PROMOTION_REJECTED] = {"rejected", IS_FINAL},
    [PROMOTION_EXPIRED] = {"expired", IS_FINAL},
    [PROMOTION_CANCELLED] = {"cancelled", IS_FINAL},
    [PROMOTION_SUPERSEDED] = {"superseded", IS_FINAL},
    [PROMOTION_FAILED] = {"failed", IS_FINAL},
    [PROMOTION_ROLLED_BACK] = {"rolled_back", IS_FINAL},
};

const char *promotion_state_name(enum promotion_state state)
{
    assert(state < PROMOTION_STATE_COUNT);
    return states[state].name;
}

bool promotion_is_final(enum promotion_state state)
{
    assert(state < PROMOTION_STATE_COUNT);
    return states[state].phase == IS_FINAL;
}

bool promotion_is_open(enum promotion_state state)
{
    assert(state < PROMOTION_STATE_COUNT);
    return states[state].phase == IS_OPEN;
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
