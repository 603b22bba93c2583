#include "lanes_int.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"
#include "checks_int.h"
#include "freeze_int.h"
#include "promotions_int.h"
#include "trail_int.h"

/* One step of one lane, on its way into the store. */
struct move {
    struct lanes *lanes;
    const struct flow *flow;                    /* NULL: no longer configured */
    const struct flow_environment *environment; /* NULL: no longer configured */
    struct store_lane lane;
    struct store_deployment subject; /* the deployment that the event is about */
    bool subject_changed;
    bool is_verified;             /* of what the environment holds from now on */
    struct store_deployment next; /* the oldest that waits and may start; id "" for none */
};

static const char *short_sha(const struct git_sha *sha, char text[8])
{
    memcpy(text, sha->hex, 7);
    text[7] = '\0';
    return text;
}

void lanes_begin(struct lanes *lanes)
{
    lanes->now_ms = clock_wall_ms(lanes->clock);
    lanes->starts_count = 0;
    lanes->stops_count = 0;
}

bool lanes_have_room(const struct lanes *lanes)
{
    return lanes->starts_count + LANES_ROOM <= LANES_STARTS_MAX &&
           lanes->stops_count + LANES_ROOM <= LANES_STARTS_MAX;
}

struct id lanes_new_id(const struct lanes *lanes, int64_t born_ms)
{
    uint8_t random[ID_RANDOM_BYTES];

    lanes->random(random, sizeof(random));
    return id_make(born_ms, random);
}

void lanes_start(struct lanes *lanes, enum lanes_job job, const struct id *id)
{
    assert(lanes->starts_count < LANES_STARTS_MAX);
    lanes->starts[lanes->starts_count++] = (struct lanes_start){.job = job, .id = *id};
}

/* ---- what may start now ---- */

/* A push asks nobody, but a freeze or a pin holds it back. */
static bool may_push_start(const struct move *move, bool *ret_may, struct reason *ret_why,
                           struct err *err)
{
    struct freeze_view freeze = {0};
    struct freeze_scope scope = {
        .flow = move->flow,
        .repository = move->subject.repository,
        .environment = move->lane.environment,
    };

    if (move->flow != NULL &&
        !freeze_look(move->lanes->store, &scope, move->lanes->now_ms, &freeze, err))
        return false;
    if (freeze.is_frozen)
        *ret_why = freeze_reason(&freeze, move->lane.environment);
    else if (move->lane.pinned_ms != 0)
        *ret_why = reason_make(REASON_PINNED, "%.60s is pinned to %.7s by %.60s: %.200s",
                               move->lane.environment, move->lane.holds.hex, move->lane.pin_by,
                               move->lane.pin_reason);
    *ret_may = !freeze.is_frozen && move->lane.pinned_ms == 0;
    return true;
}

struct choice {
    bool pushes_may;
    struct store_deployment *next;
};

static bool take_startable(const struct store_deployment *waiting, void *arg)
{
    const struct choice *choice = arg;

    /* A promotion that still waits here was judged a moment ago, in this transaction. */
    if (waiting->promotion.text[0] == '\0' && !choice->pushes_may)
        return true;
    *choice->next = *waiting;
    return false;
}

static struct store_deployment_filter waiting_filter(const struct move *move, unsigned limit)
{
    return (struct store_deployment_filter){
        .repository_id = move->lane.repository_id,
        .environment = move->lane.environment,
        .state = DEPLOYMENT_QUEUED,
        .oldest_first = true,
        .limit = limit,
    };
}

static bool choose_next(struct move *move, struct err *err)
{
    struct store_deployment_filter filter = waiting_filter(move, LANE_QUEUE_MAX);
    struct choice choice = {.next = &move->next};
    struct reason unused;

    move->next.id.text[0] = '\0';
    return move->lane.state.queued_count == 0 ||
           (may_push_start(move, &choice.pushes_may, &unused, err) &&
            store_deployments(move->lanes->store, &filter, take_startable, &choice, err));
}

/* ---- effects ---- */

/* The deployment takes the lane: it runs as soon as the transaction is committed. */
static bool give_lane(struct move *move, struct store_deployment *deployment, struct err *err)
{
    bool may_start = true;

    if (deployment->promotion.text[0] != '\0' &&
        !promotions_take_lane(move->lanes, deployment->promotion.text, &deployment->id, &may_start,
                              err))
        return false;
    assert(may_start); /* it was judged in this transaction, at this very moment */
    deployment->state = DEPLOYMENT_RUNNING;
    deployment->reason = reason_make(REASON_DEPLOYING, "its deployment is running");
    deployment->started_ms = move->lanes->now_ms;
    move->lane.state.running = deployment->id;
    move->lane.state.attempt = deployment->attempt;
    lanes_start(move->lanes, LANES_DEPLOYMENT, &deployment->id);
    return trail_add_deployment(move->lanes, "deployment.started", deployment, err);
}

/* Reads one row into arg. */
static bool take_row(const struct store_deployment *deployment, void *arg)
{
    *(struct store_deployment *)arg = *deployment;
    return false;
}

/* A push takes no place that somebody asked for: a rollback that waits would be lost. */
static bool yields(const struct store_deployment *waiting, const struct store_deployment *candidate)
{
    return candidate->promotion.text[0] != '\0' || waiting->promotion.text[0] == '\0';
}

struct yielding {
    const struct store_deployment *candidate;
    struct store_deployment *oldest; /* NULL: only count */
    uint32_t kept_count;
};

static bool take_yielding(const struct store_deployment *waiting, void *arg)
{
    struct yielding *yielding = arg;
    bool gives_way = yields(waiting, yielding->candidate);

    if (gives_way && yielding->oldest != NULL)
        *yielding->oldest = *waiting;
    yielding->kept_count += gives_way ? 0 : 1;
    return !gives_way || yielding->oldest == NULL;
}

/* The oldest waiting deployment that gives way to the candidate; id "" when there is none. */
static bool oldest_yielding(struct move *move, struct store_deployment *ret_deployment,
                            struct err *err)
{
    struct store_deployment_filter filter = waiting_filter(move, UINT32_MAX);
    struct yielding yielding = {.candidate = &move->subject, .oldest = ret_deployment};

    ret_deployment->id.text[0] = '\0';
    return store_deployments(move->lanes->store, &filter, take_yielding, &yielding, err);
}

static bool count_kept(struct move *move, uint32_t *ret_count, struct err *err)
{
    struct store_deployment_filter filter = waiting_filter(move, UINT32_MAX);
    struct yielding yielding = {.candidate = &move->subject};

    if (!store_deployments(move->lanes->store, &filter, take_yielding, &yielding, err))
        return false;
    *ret_count = yielding.kept_count;
    return true;
}

/* The oldest waiting deployment of the lane; id "" when there is none. */
static bool oldest_waiting(struct move *move, struct store_deployment *ret_deployment,
                           struct err *err)
{
    struct store_deployment_filter filter = waiting_filter(move, 1);

    ret_deployment->id.text[0] = '\0';
    return store_deployments(move->lanes->store, &filter, take_row, ret_deployment, err);
}

static bool supersede(struct move *move, struct store_deployment *waiting, struct err *err)
{
    char sha[8];

    waiting->state = DEPLOYMENT_SUPERSEDED;
    waiting->superseded_by = move->subject.id;
    waiting->ended_ms = move->lanes->now_ms;
    waiting->reason = reason_make(REASON_SUPERSEDED, "superseded by %s before it could start",
                                  short_sha(&move->subject.sha, sha));
    return store_deployment_put(move->lanes->store, waiting, err) &&
           trail_add_deployment(move->lanes, "deployment.superseded", waiting, err) &&
           (waiting->promotion.text[0] == '\0' ||
            promotions_tell(move->lanes, waiting->promotion.text, PROMOTION_OVERTAKEN,
                            &waiting->reason, err));
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
        if (!oldest_yielding(move, &waiting, err))
            return false;
        if (waiting.id.text[0] == '\0')
            return true;
        if (!supersede(move, &waiting, err))
            return false;
    }
}

static bool start(struct move *move, struct err *err)
{
    move->subject_changed = true;
    return give_lane(move, &move->subject, err);
}

static bool queue(struct move *move, struct err *err)
{
    bool may_start = true;

    move->subject.state = DEPLOYMENT_QUEUED;
    move->subject.reason = reason_make(
        REASON_QUEUED, "waits for the deployment that is running on %s", move->lane.environment);
    move->subject_changed = true;
    return move->subject.promotion.text[0] != '\0' ||
           may_push_start(move, &may_start, &move->subject.reason, err);
}

static bool hold(struct move *move, struct err *err)
{
    struct lanes *lanes = move->lanes;
    struct store_holding holding = {
        .deployment = move->subject.id,
        .sha = move->subject.sha,
        .is_verified = move->is_verified,
        .since_ms = lanes->now_ms,
    };

    memcpy(holding.release, move->subject.release, sizeof(holding.release));
    move->lane.holds = move->subject.sha;
    move->lane.holds_deployment = move->subject.id;
    move->lane.holds_since_ms = lanes->now_ms;
    return store_holding_end(lanes->store, move->lane.repository_id, move->lane.environment,
                             lanes->now_ms, err) &&
           store_holding_put(lanes->store, move->lane.repository_id, move->lane.environment,
                             &holding, err);
}

/* A further attempt is a deployment of its own, with the place of the first. */
static bool repeat(struct move *move, struct err *err)
{
    struct store_deployment again = move->subject;

    again.id = lanes_new_id(move->lanes, move->lanes->now_ms);
    again.repeats = move->subject.id;
    again.attempt++;
    again.created_ms = move->lanes->now_ms;
    again.ended_ms = 0;
    again.exit_code = 0;
    if (!give_lane(move, &again, err))
        return false;
    again.reason = reason_make(REASON_REPEATED,
                               "attempt %u: nobody saw how the one before it ended", again.attempt);
    return store_deployment_put(move->lanes->store, &again, err);
}

static bool start_next(struct move *move, struct err *err)
{
    assert(move->next.id.text[0] != '\0');
    return give_lane(move, &move->next, err) &&
           store_deployment_put(move->lanes->store, &move->next, err);
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

/* ---- one step ---- */

static void find_configured(struct move *move, const char *repository)
{
    const struct repository_rule *rule = graph_find_repository(move->lanes->graph, repository);

    move->flow = rule != NULL ? rule->flow : NULL;
    move->environment =
        rule != NULL ? graph_find_environment(rule->flow, move->lane.environment) : NULL;
}

/* Who may no longer start has left the queue before the lane is read. */
static bool load_lane(struct move *move, int64_t repository_id, const char *environment,
                      struct err *err)
{
    struct store *store = move->lanes->store;

    if (!promotions_reconsider_lane(move->lanes, repository_id, environment, err) ||
        !store_lane_get(store, repository_id, environment, &move->lane, err))
        return false;
    find_configured(move, move->subject.repository);
    return choose_next(move, err);
}

/* A repetition starts like a first attempt: not past a freeze, a pin or a gate that closed. */
static bool is_repeatable(const struct move *move, bool *ret_repeatable, struct err *err)
{
    struct reason unused;

    *ret_repeatable = move->environment != NULL && move->environment->deploy.repeatable;
    if (!*ret_repeatable)
        return true;
    return move->subject.promotion.text[0] == '\0'
               ? may_push_start(move, ret_repeatable, &unused, err)
               : promotions_may_repeat(move->lanes, move->subject.promotion.text, ret_repeatable,
                                       err);
}

/* What the pure rules need to know about this moment. */
static bool find_policy(struct move *move, enum lane_event_kind kind, struct lane_policy *policy,
                        struct err *err)
{
    bool is_push = move->subject.promotion.text[0] == '\0';
    struct reason unused;

    *policy = (struct lane_policy){
        .mode = move->environment != NULL ? move->environment->lane : LANE_NEWEST,
        .candidate_may_start = true,
        .next_may_start = move->next.id.text[0] != '\0',
    };
    if (kind == LANE_CANDIDATE && is_push)
        return may_push_start(move, &policy->candidate_may_start, &unused, err) &&
               count_kept(move, &policy->kept_count, err);
    return kind != LANE_OUTCOME_LOST || is_repeatable(move, &policy->repeatable, err);
}

/* Take the step and write everything down. */
static bool carry_out(struct move *move, enum lane_event_kind kind, struct err *err)
{
    struct lane_event event = {.kind = kind, .deployment = move->subject.id};
    struct lane_policy policy;

    if (!find_policy(move, kind, &policy, err))
        return false;
    struct lane_result result = lane_step(&move->lane.state, &policy, &event);
    if (result.ignored && !move->subject_changed)
        return true;
    move->lane.state = result.next;
    for (size_t i = 0; i < result.effects_count; i++) {
        if (!effects[result.effects[i]](move, err))
            return false;
    }
    if (move->subject_changed && !store_deployment_put(move->lanes->store, &move->subject, err))
        return false;
    return store_lane_put(move->lanes->store, &move->lane, err);
}

/* ---- candidates ---- */

bool lanes_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                         struct store_deployment *candidate, struct err *err)
{
    struct move move = {.lanes = lanes};

    if (candidate->id.text[0] == '\0')
        candidate->id = lanes_new_id(lanes, lanes->now_ms);
    candidate->created_ms = lanes->now_ms;
    candidate->attempt = 1;
    move.subject = *candidate;
    if (!load_lane(&move, candidate->repository_id, environment->name, err) ||
        !carry_out(&move, LANE_CANDIDATE, err))
        return err_wrap(err, "lane %s %s", candidate->repository, environment->name);
    *candidate = move.subject;
    return true;
}

bool lanes_withdraw(struct lanes *lanes, const char *deployment_id, const struct reason *reason,
                    struct err *err)
{
    struct move move = {.lanes = lanes, .subject_changed = true};
    struct store_deployment *subject = &move.subject;

    if (!store_deployment_get(lanes->store, deployment_id, subject, err))
        return err_wrap(err, "withdraw deployment");
    if (subject->state != DEPLOYMENT_QUEUED)
        return true;
    /* Not load_lane(): this is what reconsidering the lane leads to. */
    if (!store_lane_get(lanes->store, subject->repository_id, subject->environment, &move.lane,
                        err))
        return err_wrap(err, "withdraw deployment %s", deployment_id);
    find_configured(&move, subject->repository);
    subject->state = DEPLOYMENT_WITHDRAWN;
    subject->reason = *reason;
    subject->ended_ms = lanes->now_ms;
    return trail_add_deployment(lanes, "deployment.withdrawn", subject, err) &&
           carry_out(&move, LANE_WITHDRAWN, err);
}

bool lanes_open(struct lanes *lanes, int64_t repository_id, const char *environment,
                struct err *err)
{
    struct move move = {.lanes = lanes};

    if (!store_lane_get(lanes->store, repository_id, environment, &move.lane, err))
        return err_wrap(err, "lane %s", environment);
    if (move.lane.state.stage != LANE_IDLE || move.lane.state.queued_count == 0)
        return true;
    memcpy(move.subject.repository, move.lane.repository, sizeof(move.lane.repository));
    return (load_lane(&move, repository_id, environment, err) &&
            carry_out(&move, LANE_OPENED, err)) ||
           err_wrap(err, "lane %s %s", move.lane.repository, environment);
}

/* ---- ends ---- */

static void settle_subject(struct move *move, const struct lanes_outcome *outcome)
{
    static const enum deployment_state states[LANE_EVENT_COUNT] = {
        [LANE_SUCCEEDED] = DEPLOYMENT_SUCCEEDED,
        [LANE_UNVERIFIED] = DEPLOYMENT_FAILED,
        [LANE_FAILED] = DEPLOYMENT_FAILED,
        [LANE_OUTCOME_LOST] = DEPLOYMENT_UNKNOWN,
    };
    struct store_deployment *subject = &move->subject;

    subject->state = states[outcome->kind];
    subject->reason = outcome->reason;
    subject->ended_ms = outcome->ended_ms != 0 ? outcome->ended_ms : move->lanes->now_ms;
    move->subject_changed = true;
}

/* What a push brought did not hold. Promotions see to that themselves. */
static bool replace_unverified(struct move *move, struct err *err)
{
    return move->environment == NULL || move->environment->on_unverified != FLOW_ROLL_BACK ||
           promotions_roll_back(move->lanes, move->subject.repository, move->lane.environment,
                                &move->subject.reason, &move->subject.id, err);
}

static bool tell_promotion(struct move *move, enum promotion_event event, struct err *err)
{
    return move->subject.promotion.text[0] == '\0' ||
           promotions_tell(move->lanes, move->subject.promotion.text, event, &move->subject.reason,
                           err);
}

/* It is there, and good. The promotion hears of it before the lane chooses what goes next: a
 * rollback pins the environment, a promotion unpins it. */
static bool finish_well(struct move *move, const struct lanes_outcome *outcome,
                        enum promotion_event event, struct err *err)
{
    struct store_deployment *subject = &move->subject;

    move->is_verified = true;
    settle_subject(move, outcome);
    return trail_add_deployment(move->lanes, "deployment.ended", subject, err) &&
           tell_promotion(move, event, err) &&
           load_lane(move, subject->repository_id, subject->environment, err) &&
           carry_out(move, outcome->kind, err);
}

/* It is not, or nobody knows: the lane goes on, and the promotion hears of it. */
static bool finish_badly(struct move *move, const struct lanes_outcome *outcome,
                         enum promotion_event event, struct err *err)
{
    struct lanes *lanes = move->lanes;
    struct store_deployment *subject = &move->subject;

    if (!load_lane(move, subject->repository_id, subject->environment, err))
        return false;
    settle_subject(move, outcome);
    if (!carry_out(move, outcome->kind, err) ||
        !trail_add_deployment(lanes, "deployment.ended", subject, err))
        return false;
    /* A repetition goes on for the promotion; giving up ends it. */
    bool goes_on = subject->state == DEPLOYMENT_UNKNOWN &&
                   strcmp(move->lane.state.running.text, "") != 0 && move->lane.state.attempt > 1;
    if (subject->promotion.text[0] == '\0')
        return outcome->kind != LANE_UNVERIFIED || replace_unverified(move, err);
    return goes_on || tell_promotion(move, event, err);
}

/* What the environment holds now may be what promotions out of it waited for. */
static bool tell_followers(struct move *move, struct err *err)
{
    return promotions_evaluate_open(move->lanes, move->subject.repository_id, err);
}

static bool begin_verification(struct move *move, struct err *err)
{
    struct lanes *lanes = move->lanes;
    struct store_deployment *subject = &move->subject;

    subject->state = DEPLOYMENT_VERIFYING;
    subject->reason = reason_make(REASON_VERIFYING, "deployed; its verification is running");
    return store_deployment_put(lanes->store, subject, err) &&
           checks_start(lanes, CHECK_AFTER, &subject->id, subject->repository_id,
                        subject->environment, &move->environment->verify, err) &&
           tell_promotion(move, PROMOTION_DEPLOYED, err);
}

static bool end(struct move *move, const struct lanes_outcome *outcome, struct err *err)
{
    struct store_deployment *subject = &move->subject;

    memcpy(move->lane.environment, subject->environment, sizeof(subject->environment));
    find_configured(move, subject->repository);
    subject->exit_code = outcome->exit_code;
    if (outcome->started_ms != 0)
        subject->started_ms = outcome->started_ms;
    bool has_verification = move->environment != NULL && move->environment->verify.count > 0;
    if (outcome->kind == LANE_SUCCEEDED && has_verification)
        return begin_verification(move, err);
    if (outcome->kind != LANE_SUCCEEDED)
        return finish_badly(move, outcome, PROMOTION_DEPLOY_FAILED, err);
    return finish_well(move, outcome, PROMOTION_DEPLOYED, err) && tell_followers(move, err);
}

bool lanes_end(struct lanes *lanes, const char *deployment_id, const struct lanes_outcome *outcome,
               bool *ret_applied, struct err *err)
{
    struct move move = {.lanes = lanes};

    if (!store_deployment_get(lanes->store, deployment_id, &move.subject, err))
        return err_wrap(err, "end of deployment %s", deployment_id);
    if (move.subject.state != DEPLOYMENT_RUNNING) {
        *ret_applied = false;
        return true;
    }
    if (!end(&move, outcome, err))
        return err_wrap(err, "end of deployment %s", deployment_id);
    *ret_applied = true;
    return true;
}

bool lanes_verified(struct lanes *lanes, const char *deployment_id, bool is_good,
                    const struct reason *reason, struct err *err)
{
    struct move move = {.lanes = lanes};
    struct lanes_outcome outcome = {
        .kind = is_good ? LANE_SUCCEEDED : LANE_UNVERIFIED,
        .reason = *reason,
    };

    if (!store_deployment_get(lanes->store, deployment_id, &move.subject, err))
        return err_wrap(err, "verification of deployment %s", deployment_id);
    if (move.subject.state != DEPLOYMENT_VERIFYING)
        return true;
    bool written = is_good ? finish_well(&move, &outcome, PROMOTION_VERIFIED, err)
                           : finish_badly(&move, &outcome, PROMOTION_UNVERIFIED, err);
    return (written && tell_followers(&move, err)) ||
           err_wrap(err, "verification of deployment %s", deployment_id);
}

bool lanes_note_foreign(struct lanes *lanes, struct store_deployment *deployment, bool is_good,
                        struct err *err)
{
    struct move move = {.lanes = lanes, .is_verified = is_good};

    deployment->id = lanes_new_id(lanes, lanes->now_ms);
    deployment->created_ms = lanes->now_ms;
    deployment->started_ms = lanes->now_ms;
    deployment->ended_ms = lanes->now_ms;
    if (!store_deployment_put(lanes->store, deployment, err) ||
        !store_lane_get(lanes->store, deployment->repository_id, deployment->environment,
                        &move.lane, err))
        return err_wrap(err, "foreign deployment to %s", deployment->environment);
    move.subject = *deployment;
    return (hold(&move, err) && store_lane_put(lanes->store, &move.lane, err) &&
            tell_followers(&move, err)) ||
           err_wrap(err, "foreign deployment to %s", deployment->environment);
}

/* ---- all lanes ---- */

static bool keep_waiting(const struct store_lane *lane, void *arg)
{
    if (lane->state.stage == LANE_IDLE && lane->state.queued_count > 0)
        list_add(arg, lane);
    return true;
}

bool lanes_open_all(struct lanes *lanes, struct err *err)
{
    AUTO(list) struct list waiting = LIST_INIT(struct store_lane);

    if (!store_lanes(lanes->store, keep_waiting, &waiting, err))
        return false;
    for (size_t i = 0; i < waiting.count && lanes_have_room(lanes); i++) {
        const struct store_lane *lane = list_at(&waiting, i);
        if (!lanes_open(lanes, lane->repository_id, lane->environment, err))
            return false;
    }
    return true;
}

const struct flow_environment *lanes_environment(const struct lanes *lanes,
                                                 const struct store_deployment *deployment)
{
    const struct repository_rule *rule =
        graph_find_repository(lanes->graph, deployment->repository);

    return rule != NULL ? graph_find_environment(rule->flow, deployment->environment) : NULL;
}
