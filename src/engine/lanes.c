#include "lanes_int.h"

#include <assert.h>
#include <string.h>

/* One step of one lane, on its way into the store. */
struct move {
    struct lanes *lanes;
    struct store_lane lane;
    struct store_deployment subject; /* the deployment that the event is about */
    bool subject_changed;
    int64_t now_ms;
};

static const char *short_sha(const struct git_sha *sha, char text[8])
{
    memcpy(text, sha->hex, 7);
    text[7] = '\0';
    return text;
}

static struct id new_id(const struct lanes *lanes, int64_t now_ms)
{
    uint8_t random[ID_RANDOM_BYTES];

    lanes->random(random, sizeof(random));
    return id_make(now_ms, random);
}

static void note_start(struct lanes *lanes, const struct id *id)
{
    assert(lanes->starts_count < LANES_STARTS_MAX);
    lanes->starts[lanes->starts_count++] = *id;
}

/* The deployment takes the lane: it runs as soon as the transaction is committed. */
static void give_lane(struct move *move, struct store_deployment *deployment)
{
    deployment->state = DEPLOYMENT_RUNNING;
    deployment->reason = reason_make(REASON_DEPLOYING, "its deployment is running");
    deployment->started_ms = move->now_ms;
    move->lane.state.running = deployment->id;
    move->lane.state.attempt = deployment->attempt;
    note_start(move->lanes, &deployment->id);
}

/* Reads one row into arg. */
static bool take_row(const struct store_deployment *deployment, void *arg)
{
    *(struct store_deployment *)arg = *deployment;
    return false;
}

/* The oldest waiting deployment of the lane; id "" when there is none. */
static bool oldest_waiting(struct move *move, struct store_deployment *ret_deployment,
                           struct err *err)
{
    struct store_deployment_filter filter = {
        .repository_id = move->lane.repository_id,
        .environment = move->lane.environment,
        .state = DEPLOYMENT_QUEUED,
        .oldest_first = true,
        .limit = 1,
    };

    ret_deployment->id.text[0] = '\0';
    return store_deployments(move->lanes->store, &filter, take_row, ret_deployment, err);
}

static bool supersede(struct move *move, struct store_deployment *waiting, struct err *err)
{
    char sha[8];

    waiting->state = DEPLOYMENT_SUPERSEDED;
    waiting->superseded_by = move->subject.id;
    waiting->ended_ms = move->now_ms;
    waiting->reason = reason_make(REASON_SUPERSEDED, "superseded by %s before it could start",
                                  short_sha(&move->subject.sha, sha));
    return store_deployment_put(move->lanes->store, waiting, err);
}

static bool supersede_oldest(struct move *move, struct err *err)
{
    struct store_deployment waiting;

    return oldest_waiting(move, &waiting, err) && supersede(move, &waiting, err);
}

static bool supersede_all(struct move *move, struct err *err)
{
    struct store_deployment waiting;

    for (;;) {
        if (!oldest_waiting(move, &waiting, err))
            return false;
        if (waiting.id.text[0] == '\0')
            return true;
        if (!supersede(move, &waiting, err))
            return false;
    }
}

static bool start(struct move *move, struct err *err)
{
    (void)err;
    give_lane(move, &move->subject);
    move->subject_changed = true;
    return true;
}

static bool queue(struct move *move, struct err *err)
{
    (void)err;
    move->subject.state = DEPLOYMENT_QUEUED;
    move->subject.reason = reason_make(
        REASON_QUEUED, "waits for the deployment that is running on %s", move->lane.environment);
    move->subject_changed = true;
    return true;
}

static bool hold(struct move *move, struct err *err)
{
    (void)err;
    move->lane.holds = move->subject.sha;
    move->lane.holds_deployment = move->subject.id;
    move->lane.holds_since_ms = move->now_ms;
    return true;
}

/* A further attempt is a deployment of its own, with the place of the first. */
static bool repeat(struct move *move, struct err *err)
{
    struct store_deployment again = move->subject;

    again.id = new_id(move->lanes, move->now_ms);
    again.repeats = move->subject.id;
    again.attempt++;
    again.created_ms = move->now_ms;
    again.ended_ms = 0;
    again.exit_code = 0;
    give_lane(move, &again);
    again.reason = reason_make(REASON_REPEATED,
                               "attempt %u: nobody saw how the one before it ended", again.attempt);
    return store_deployment_put(move->lanes->store, &again, err);
}

static bool start_next(struct move *move, struct err *err)
{
    struct store_deployment next;

    if (!oldest_waiting(move, &next, err))
        return false;
    assert(next.id.text[0] != '\0');
    give_lane(move, &next);
    return store_deployment_put(move->lanes->store, &next, err);
}

static bool give_up(struct move *move, struct err *err)
{
    (void)err;
    move->subject.state = DEPLOYMENT_FAILED;
    move->subject.reason =
        reason_make(REASON_OUTCOME_UNKNOWN,
                    "nobody saw how it ended, and it may not be repeated (attempt %u); check %s "
                    "and replay the delivery",
                    move->subject.attempt, move->lane.environment);
    move->subject_changed = true;
    return true;
}

typedef bool effect_fn(struct move *move, struct err *err);

static effect_fn *const effects[LANE_EFFECT_COUNT] = {
    [LANE_DO_START] = start,
    [LANE_DO_QUEUE] = queue,
    [LANE_DO_SUPERSEDE_ALL] = supersede_all,
    [LANE_DO_SUPERSEDE_OLDEST] = supersede_oldest,
    [LANE_DO_HOLD] = hold,
    [LANE_DO_REPEAT] = repeat,
    [LANE_DO_START_NEXT] = start_next,
    [LANE_DO_GIVE_UP] = give_up,
};

/* Take the step and write everything down. */
static bool carry_out(struct move *move, const struct flow_environment *environment,
                      enum lane_event_kind kind, struct err *err)
{
    struct lane_policy policy = {
        .mode = environment != NULL ? environment->lane : LANE_NEWEST,
        .repeatable = environment != NULL && environment->deploy.repeatable,
    };
    struct lane_event event = {.kind = kind, .deployment = move->subject.id};
    struct lane_result result = lane_step(&move->lane.state, &policy, &event);

    move->lane.state = result.next;
    for (size_t i = 0; i < result.effects_count; i++) {
        if (!effects[result.effects[i]](move, err))
            return false;
    }
    if (move->subject_changed && !store_deployment_put(move->lanes->store, &move->subject, err))
        return false;
    return store_lane_put(move->lanes->store, &move->lane, err);
}

bool lanes_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                         struct store_deployment *candidate, struct err *err)
{
    struct move move = {.lanes = lanes, .now_ms = clock_wall_ms(lanes->clock)};

    if (!store_lane_get(lanes->store, candidate->repository_id, environment->name, &move.lane, err))
        return err_wrap(err, "lane %s %s", candidate->repository, environment->name);
    candidate->id = new_id(lanes, move.now_ms);
    candidate->created_ms = move.now_ms;
    candidate->attempt = 1;
    move.subject = *candidate;
    if (!carry_out(&move, environment, LANE_CANDIDATE, err))
        return err_wrap(err, "lane %s %s", candidate->repository, environment->name);
    *candidate = move.subject;
    return true;
}

static void settle_subject(struct move *move, const struct lanes_outcome *outcome)
{
    static const enum deployment_state states[LANE_EVENT_COUNT] = {
        [LANE_SUCCEEDED] = DEPLOYMENT_SUCCEEDED,
        [LANE_FAILED] = DEPLOYMENT_FAILED,
        [LANE_OUTCOME_LOST] = DEPLOYMENT_UNKNOWN,
    };
    struct store_deployment *subject = &move->subject;

    subject->state = states[outcome->kind];
    subject->reason = outcome->reason;
    subject->exit_code = outcome->exit_code;
    if (outcome->started_ms != 0)
        subject->started_ms = outcome->started_ms;
    subject->ended_ms = outcome->ended_ms != 0 ? outcome->ended_ms : move->now_ms;
    move->subject_changed = true;
}

bool lanes_end(struct lanes *lanes, const char *deployment_id, const struct lanes_outcome *outcome,
               bool *ret_applied, struct err *err)
{
    struct move move = {.lanes = lanes, .now_ms = clock_wall_ms(lanes->clock)};

    assert(outcome->kind != LANE_CANDIDATE);
    if (!store_deployment_get(lanes->store, deployment_id, &move.subject, err))
        return err_wrap(err, "end of deployment %s", deployment_id);
    if (move.subject.state != DEPLOYMENT_RUNNING) {
        *ret_applied = false;
        return true;
    }
    if (!store_lane_get(lanes->store, move.subject.repository_id, move.subject.environment,
                        &move.lane, err))
        return err_wrap(err, "end of deployment %s", deployment_id);
    settle_subject(&move, outcome);
    if (!carry_out(&move, lanes_environment(lanes, &move.subject), outcome->kind, err))
        return err_wrap(err, "end of deployment %s", deployment_id);
    *ret_applied = true;
    return true;
}

const struct flow_environment *lanes_environment(const struct lanes *lanes,
                                                 const struct store_deployment *deployment)
{
    const struct repository_rule *rule =
        graph_find_repository(lanes->graph, deployment->repository);

    return rule != NULL ? graph_find_environment(rule->flow, deployment->environment) : NULL;
}
