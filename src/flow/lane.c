#include "flow/lane.h"

#include <assert.h>
#include <string.h>

#include "base/attr.h"

/* What a guard sees and an action fills in. */
struct step {
    const struct lane_policy *policy;
    const struct lane_event *event;
    struct lane_result result; /* next starts as the old state */
};

typedef bool lane_guard_fn(const struct step *step);
typedef void lane_action_fn(struct step *step);

struct lane_rule {
    enum lane_stage from;
    enum lane_event_kind on;
    lane_guard_fn *guard;
    enum lane_stage to;
    lane_action_fn *action;
};

static void emit(struct step *step, enum lane_effect_kind effect)
{
    assert(step->result.effects_count < LANE_EFFECTS_MAX);
    step->result.effects[step->result.effects_count++] = effect;
}

/* ---- guards ---- */

static bool always(const struct step *step)
{
    (void)step;
    return true;
}

static bool may_start(const struct step *step)
{
    return step->policy->candidate_may_start;
}

static bool newest_wins(const struct step *step)
{
    return step->policy->mode == LANE_NEWEST;
}

static bool may_start_alone(const struct step *step)
{
    return may_start(step) && newest_wins(step) && step->result.next.queued_count > 0;
}

static bool queue_is_full(const struct step *step)
{
    return step->result.next.queued_count >= LANE_QUEUE_MAX;
}

/* News of any other deployment is late or repeated. */
static bool is_running(const struct step *step)
{
    return strcmp(step->event->deployment.text, step->result.next.running.text) == 0;
}

static bool waits(const struct step *step)
{
    return !is_running(step) && step->result.next.queued_count > 0;
}

static bool next_may_start(const struct step *step)
{
    return step->result.next.queued_count > 0 && step->policy->next_may_start;
}

static bool is_followed(const struct step *step)
{
    return is_running(step) && next_may_start(step);
}

static bool may_repeat(const struct step *step)
{
    const struct lane_state *state = &step->result.next;

    return step->policy->repeatable && state->attempt < LANE_ATTEMPTS_MAX;
}

/* Under `newest` a lost deployment with a newer one behind it is not worth a repetition. */
static bool is_worth_repeating(const struct step *step)
{
    return is_running(step) && may_repeat(step) &&
           (step->policy->mode == LANE_EVERY || !next_may_start(step));
}

static bool is_overtaken(const struct step *step)
{
    return is_followed(step) && may_repeat(step);
}

/* ---- actions ---- */

static void start(struct step *step)
{
    step->result.next.running = step->event->deployment;
    step->result.next.attempt = 1;
    emit(step, LANE_DO_START);
}

static void queue(struct step *step)
{
    step->result.next.queued_count++;
    emit(step, LANE_DO_QUEUE);
}

static void supersede_all(struct step *step)
{
    emit(step, LANE_DO_SUPERSEDE_ALL);
    step->result.next.queued_count = step->policy->kept_count;
}

static void take_only_place(struct step *step)
{
    supersede_all(step);
    queue(step);
}

static void take_oldest_place(struct step *step)
{
    emit(step, LANE_DO_SUPERSEDE_OLDEST);
    step->result.next.queued_count--;
    queue(step);
}

/* Under `newest` what starts supersedes what still waits for a freeze to end. */
static void start_alone(struct step *step)
{
    supersede_all(step);
    start(step);
}

static void leave(struct step *step)
{
    step->result.next.running.text[0] = '\0';
    step->result.next.attempt = 0;
}

static void next(struct step *step)
{
    leave(step);
    step->result.next.queued_count--;
    step->result.next.attempt = 1;
    emit(step, LANE_DO_START_NEXT);
}

static void unqueue(struct step *step)
{
    step->result.next.queued_count--;
}

static void hold_and_leave(struct step *step)
{
    emit(step, LANE_DO_HOLD);
    leave(step);
}

static void hold_and_next(struct step *step)
{
    emit(step, LANE_DO_HOLD);
    next(step);
}

static void repeat(struct step *step)
{
    step->result.next.running.text[0] = '\0';
    step->result.next.attempt++;
    emit(step, LANE_DO_REPEAT);
}

static void give_up_and_leave(struct step *step)
{
    emit(step, LANE_DO_GIVE_UP);
    leave(step);
}

static void give_up_and_next(struct step *step)
{
    emit(step, LANE_DO_GIVE_UP);
    next(step);
}

/* First match wins; a guard that says no lets the search go on. */
/* clang-format off */
static const struct lane_rule rules[] = {
    /* from           on event           if                  to              then              */
    { LANE_IDLE,      LANE_CANDIDATE,    may_start_alone,    LANE_DEPLOYING, start_alone       },
    { LANE_IDLE,      LANE_CANDIDATE,    may_start,          LANE_DEPLOYING, start             },
    { LANE_IDLE,      LANE_CANDIDATE,    newest_wins,        LANE_IDLE,      take_only_place   },
    { LANE_IDLE,      LANE_CANDIDATE,    queue_is_full,      LANE_IDLE,      take_oldest_place },
    { LANE_IDLE,      LANE_CANDIDATE,    always,             LANE_IDLE,      queue             },
    { LANE_IDLE,      LANE_WITHDRAWN,    waits,              LANE_IDLE,      unqueue           },
    { LANE_IDLE,      LANE_OPENED,       next_may_start,     LANE_DEPLOYING, next              },
    { LANE_DEPLOYING, LANE_CANDIDATE,    newest_wins,        LANE_DEPLOYING, take_only_place   },
    { LANE_DEPLOYING, LANE_CANDIDATE,    queue_is_full,      LANE_DEPLOYING, take_oldest_place },
    { LANE_DEPLOYING, LANE_CANDIDATE,    always,             LANE_DEPLOYING, queue             },
    { LANE_DEPLOYING, LANE_SUCCEEDED,    is_followed,        LANE_DEPLOYING, hold_and_next     },
    { LANE_DEPLOYING, LANE_SUCCEEDED,    is_running,         LANE_IDLE,      hold_and_leave    },
    { LANE_DEPLOYING, LANE_UNVERIFIED,   is_followed,        LANE_DEPLOYING, hold_and_next     },
    { LANE_DEPLOYING, LANE_UNVERIFIED,   is_running,         LANE_IDLE,      hold_and_leave    },
    { LANE_DEPLOYING, LANE_FAILED,       is_followed,        LANE_DEPLOYING, next              },
    { LANE_DEPLOYING, LANE_FAILED,       is_running,         LANE_IDLE,      leave             },
    { LANE_DEPLOYING, LANE_OUTCOME_LOST, is_worth_repeating, LANE_DEPLOYING, repeat            },
    { LANE_DEPLOYING, LANE_OUTCOME_LOST, is_overtaken,       LANE_DEPLOYING, next              },
    { LANE_DEPLOYING, LANE_OUTCOME_LOST, is_followed,        LANE_DEPLOYING, give_up_and_next  },
    { LANE_DEPLOYING, LANE_OUTCOME_LOST, is_running,         LANE_IDLE,      give_up_and_leave },
    { LANE_DEPLOYING, LANE_WITHDRAWN,    waits,              LANE_DEPLOYING, unqueue           },
};
/* clang-format on */

static const struct lane_rule *find_rule(const struct step *step)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct lane_rule *rule = &rules[i];
        if (rule->from == step->result.next.stage && rule->on == step->event->kind &&
            rule->guard(step))
            return rule;
    }
    return NULL;
}

struct lane_result lane_step(const struct lane_state *state, const struct lane_policy *policy,
                             const struct lane_event *event)
{
    assert(state->stage < LANE_STAGE_COUNT);
    assert(event->kind < LANE_EVENT_COUNT);

    struct step step = {.policy = policy, .event = event, .result = {.next = *state}};
    const struct lane_rule *rule = find_rule(&step);

    if (rule == NULL) {
        step.result.ignored = true;
        return step.result;
    }
    step.result.next.stage = rule->to;
    rule->action(&step);
    return step.result;
}

static const struct {
    const char *name;
    bool is_final;
} deployment_states[DEPLOYMENT_STATE_COUNT] = {
    [DEPLOYMENT_QUEUED] = {"queued", false},        [DEPLOYMENT_RUNNING] = {"running", false},
    [DEPLOYMENT_VERIFYING] = {"verifying", false},  [DEPLOYMENT_SUCCEEDED] = {"succeeded", true},
    [DEPLOYMENT_FAILED] = {"failed", true},         [DEPLOYMENT_UNKNOWN] = {"unknown", true},
    [DEPLOYMENT_SUPERSEDED] = {"superseded", true}, [DEPLOYMENT_WITHDRAWN] = {"withdrawn", true},
};

const char *deployment_state_name(enum deployment_state state)
{
    assert(state < DEPLOYMENT_STATE_COUNT);
    return deployment_states[state].name;
}

bool deployment_state_is_final(enum deployment_state state)
{
    assert(state < DEPLOYMENT_STATE_COUNT);
    return deployment_states[state].is_final;
}
