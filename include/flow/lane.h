/*
 * One (repository, environment): at most one deployment runs, none is forgotten.
 *
 * Pure. No clock, no I/O, no allocation: the same arguments give the same result, which
 * lets tests/sim replay a year in a second and the daemon repeat a step after a crash.
 * The rules are one table in lane.c; test_lane.c pins every (stage, event) pair.
 *
 * Ownership: values in, values out; nothing to free, nothing kept.
 * Errors:    none. An event without a rule is ignored and reported as such.
 */
#ifndef FLOW_LANE_H
#define FLOW_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "flow/graph.h"

#define LANE_QUEUE_MAX    1000 /* candidates waiting under LANE_EVERY; then the oldest gives way */
#define LANE_ATTEMPTS_MAX 5    /* of one candidate, after unknown outcomes */

/* Deployments may wait on an idle lane: for the end of a freeze. */
enum lane_stage { LANE_IDLE, LANE_DEPLOYING, LANE_STAGE_COUNT };

struct lane_state {
    enum lane_stage stage;
    struct id running;     /* the deployment; "" when idle */
    uint32_t attempt;      /* of the running one, from 1 */
    uint32_t queued_count; /* deployments waiting behind it */
};

enum lane_event_kind {
    LANE_CANDIDATE,    /* a new deployment wants the lane */
    LANE_SUCCEEDED,    /* `deployment` ended well */
    LANE_UNVERIFIED,   /* `deployment` is there, but its verification failed */
    LANE_FAILED,       /* `deployment` ended badly */
    LANE_OUTCOME_LOST, /* `deployment` ended or vanished and nobody saw how */
    LANE_WITHDRAWN,    /* `deployment`, which waits, no longer wants the lane */
    LANE_OPENED,       /* a freeze or a pin may have ended: what waits may start now */
    LANE_EVENT_COUNT
};

struct lane_event {
    enum lane_event_kind kind;
    struct id deployment;
};

/* How the lane is configured, and what may start at this moment: freezes, pins and gates are the
 * caller's knowledge. */
struct lane_policy {
    enum lane_mode mode;
    bool repeatable;
    bool candidate_may_start; /* LANE_CANDIDATE: event.deployment */
    bool next_may_start;      /* one of those that wait */
    uint32_t kept_count; /* LANE_CANDIDATE: waiting ones whose place it may not take: what people
                          * asked for, where a push comes */
};

enum lane_effect_kind {
    LANE_DO_START,         /* run event.deployment */
    LANE_DO_QUEUE,         /* keep event.deployment waiting */
    LANE_DO_SUPERSEDE_ALL, /* every waiting one but the kept ends, superseded by event.deployment */
    LANE_DO_SUPERSEDE_OLDEST, /* the oldest waiting one does */
    LANE_DO_HOLD,             /* the environment now holds what event.deployment brought */
    LANE_DO_REPEAT,           /* a new attempt of the running one */
    LANE_DO_START_NEXT,       /* run the oldest waiting one that may start */
    LANE_DO_GIVE_UP,          /* unknown outcome, not to be repeated: it ends as failed */
    LANE_EFFECT_COUNT
};

#define LANE_EFFECTS_MAX 4

struct lane_result {
    /* After LANE_DO_REPEAT and LANE_DO_START_NEXT `next.running` is "": the caller, who makes the
     * ids and reads the queue, fills it in before it stores the state. */
    struct lane_state next;
    enum lane_effect_kind effects[LANE_EFFECTS_MAX]; /* in the order to carry out */
    size_t effects_count;
    bool ignored; /* no rule matched; next equals the old state */
};

/* Take one step. The caller stores next and effects in one transaction. */
struct lane_result lane_step(const struct lane_state *state, const struct lane_policy *policy,
                             const struct lane_event *event);

enum deployment_state {
    DEPLOYMENT_QUEUED,
    DEPLOYMENT_RUNNING,
    DEPLOYMENT_VERIFYING, /* the command ended well; what is there is being looked at */
    DEPLOYMENT_SUCCEEDED,
    DEPLOYMENT_FAILED,
    DEPLOYMENT_UNKNOWN,    /* nobody saw it end; repeated by a later attempt where allowed */
    DEPLOYMENT_SUPERSEDED, /* never ran: a newer commit took its place */
    DEPLOYMENT_WITHDRAWN,  /* never ran: its promotion was cancelled, or its gate closed */
    DEPLOYMENT_STATE_COUNT
};

/* Names used in the database, the log and the API; static storage. */
const char *deployment_state_name(enum deployment_state state);
bool deployment_state_is_final(enum deployment_state state);

#endif
