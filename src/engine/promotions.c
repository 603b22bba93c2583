#include "promotions_int.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/rfc3339.h"
#include "checks_int.h"
#include "freeze_int.h"
#include "store/audit.h"
#include "trail_int.h"

#define STEPS_MAX                                                                                  \
    16 /* moves in a row that one change of facts can cause; there are fewer states                \
        */

/* One promotion on its way through a step. */
struct step {
    struct lanes *lanes;
    struct store_promotion promotion;
    struct gate_view view;
};

/* ---- sentences ---- */

static struct reason word_waiting(const struct step *step)
{
    const struct gate_view *view = &step->view;
    char until[RFC3339_SIZE];

    if (view->freeze.is_frozen)
        return freeze_reason(&view->freeze, step->promotion.to);
    if (!view->facts.is_source_ready && view->source.soaked_ms > view->facts.now_ms)
        return reason_make(REASON_SOAK, "approved; %.60s must have held the release until %s",
                           step->promotion.from, rfc3339_format(view->source.soaked_ms, until));
    if (!view->facts.is_source_ready && view->source.was_there && !view->source.is_unhealthy)
        return reason_make(REASON_SOAK, "approved; %.60s held the release too short a time",
                           step->promotion.from);
    if (!view->facts.is_source_ready)
        return reason_make(REASON_SOURCE_UNHEALTHY, "approved; %.60s is not healthy",
                           step->promotion.from);
    return reason_make(
        REASON_WAIT_TIMER, "approved; the wait timer ends at %s",
        rfc3339_format(step->promotion.status.approved_ms + view->facts.wait_ms, until));
}

/* Votes cannot help where there is nothing left to vote on. */
static struct reason word_gone(const struct step *step)
{
    const struct store_promotion *promotion = &step->promotion;

    return reason_make(REASON_CONFIG_GONE,
                       "the configuration no longer has %.60s%s%.60s for %.100s; cancel this, or "
                       "bring it back",
                       promotion->from, promotion->from[0] != '\0' ? " to " : "", promotion->to,
                       promotion->repository);
}

static struct reason word_awaiting(const struct step *step)
{
    if (!step->view.is_configured)
        return word_gone(step);
    return reason_make(REASON_AWAITING_APPROVAL,
                       "waits for approval: %" PRId64 " of %" PRId64 " people so far",
                       step->view.quorum.seats_filled, step->view.quorum.seats_total);
}

static const char *rejecter(const struct gate_view *view)
{
    for (size_t i = 0; i < view->votes_count; i++) {
        if (view->quorum.standings[i] == QUORUM_REJECTS)
            return view->voters[i];
    }
    return "somebody";
}

static struct reason word_rejected(const struct step *step)
{
    return reason_make(REASON_REJECTED, "rejected by %s", rejecter(&step->view));
}

static struct reason word_expired(const struct step *step)
{
    char at[RFC3339_SIZE];

    return reason_make(REASON_EXPIRED, "nobody decided before %s; ask again",
                       rfc3339_format(step->view.facts.expires_at_ms, at));
}

static struct reason word_checking(const struct step *step)
{
    return reason_make(REASON_CHECKS_RUNNING, "the checks before the deployment to %s are running",
                       step->promotion.to);
}

static struct reason word_queued(const struct step *step)
{
    return reason_make(REASON_QUEUED, "waits for its turn on %s", step->promotion.to);
}

static struct reason word_deploying(const struct step *step)
{
    return reason_make(REASON_DEPLOYING, "is being deployed to %s", step->promotion.to);
}

typedef struct reason word_fn(const struct step *step);

/* Of moves that facts caused; whoever tells of something else brings the words along. */
static word_fn *const words[PROMOTION_STATE_COUNT] = {
    [PROMOTION_AWAITING_APPROVAL] = word_awaiting,
    [PROMOTION_WAITING] = word_waiting,
    [PROMOTION_CHECKING] = word_checking,
    [PROMOTION_QUEUED] = word_queued,
    [PROMOTION_DEPLOYING] = word_deploying,
    [PROMOTION_REJECTED] = word_rejected,
    [PROMOTION_EXPIRED] = word_expired,
};

static struct reason word_of(const struct step *step, enum reason_code code)
{
    word_fn *word = words[step->promotion.status.state];

    return word != NULL
               ? word(step)
               : reason_make(code, "%s", promotion_state_name(step->promotion.status.state));
}

/* ---- loading and saving ---- */

static bool load(struct lanes *lanes, const char *id, struct step *step, struct err *err)
{
    step->lanes = lanes;
    return store_promotion_get(lanes->store, id, &step->promotion, err) &&
           gate_look(lanes->store, lanes->graph, &step->promotion, lanes->now_ms, &step->view, err);
}

static bool save(struct step *step, struct err *err)
{
    bool is_over = promotion_is_final(step->promotion.status.state);

    step->promotion.due_ms = is_over ? 0 : step->view.recheck_ms;
    return store_promotion_put(step->lanes->store, &step->promotion, err);
}

/* ---- effects ---- */

static bool start_checks(struct step *step, struct err *err)
{
    return checks_start(step->lanes, CHECK_BEFORE, &step->promotion.id,
                        step->promotion.repository_id, step->promotion.to, &step->view.gate->checks,
                        err);
}

static bool stop_checks(struct step *step, struct err *err)
{
    return checks_stop(step->lanes, &step->promotion.id, err);
}

static bool enqueue(struct step *step, struct err *err)
{
    struct store_promotion *promotion = &step->promotion;
    struct store_deployment candidate = {
        .id = lanes_new_id(step->lanes, step->lanes->now_ms),
        .repository_id = promotion->repository_id,
        .sha = promotion->sha,
        .promotion = promotion->id,
    };

    memcpy(candidate.repository, promotion->repository, sizeof(candidate.repository));
    memcpy(candidate.environment, promotion->to, sizeof(candidate.environment));
    memcpy(candidate.ref, promotion->branch, sizeof(candidate.ref));
    memcpy(candidate.title, promotion->title, sizeof(candidate.title));
    memcpy(candidate.release, promotion->release, sizeof(candidate.release));
    promotion->deployment = candidate.id;
    return save(step, err) && lanes_add_candidate(step->lanes, step->view.target, &candidate, err);
}

static bool unqueue(struct step *step, struct err *err)
{
    return lanes_withdraw(step->lanes, step->promotion.deployment.text, &step->promotion.reason,
                          err);
}

static bool roll_back(struct step *step, struct err *err)
{
    return promotions_roll_back(step->lanes, step->promotion.repository, step->promotion.to,
                                &step->promotion.reason, &step->promotion.id, err);
}

typedef bool effect_fn(struct step *step, struct err *err);

static effect_fn *const effects[PROMOTION_EFFECT_COUNT] = {
    [PROMOTION_DO_CHECK] = start_checks,  [PROMOTION_DO_STOP_CHECKS] = stop_checks,
    [PROMOTION_DO_QUEUE] = enqueue,       [PROMOTION_DO_UNQUEUE] = unqueue,
    [PROMOTION_DO_ROLL_BACK] = roll_back,
};

/* ---- what an end brings with it ---- */

static bool keep_id(const struct store_promotion *promotion, void *arg)
{
    list_add(arg, &promotion->id);
    return true;
}

/* What waits in the lane's queue is the lane's business: its mode says who gives way to whom. */
static bool keep_unqueued(const struct store_promotion *promotion, void *arg)
{
    if (promotion->status.state != PROMOTION_QUEUED)
        list_add(arg, &promotion->id);
    return true;
}

/* Older requests into the same environment would take it back in time. */
static bool overtake_older(struct step *step, struct err *err)
{
    const struct store_promotion *promotion = &step->promotion;
    struct store_promotion_filter filter = {
        .repository_id = promotion->repository_id,
        .environment = promotion->to,
        .state = STORE_PROMOTIONS_OPEN,
        .before = promotion->id.text,
        .limit = UINT32_MAX,
    };
    struct reason reason =
        reason_make(REASON_SUPERSEDED, "superseded by %.60s, asked for later", promotion->release);
    AUTO(list) struct list older = LIST_INIT(struct id);

    if (!store_promotions(step->lanes->store, &filter, keep_unqueued, &older, err))
        return false;
    for (size_t i = 0; i < older.count; i++) {
        const struct id *id = list_at(&older, i);
        if (!promotions_tell(step->lanes, id->text, PROMOTION_OVERTAKEN, &reason, err))
            return false;
    }
    return true;
}

/* After a rollback nothing comes by itself; a promotion or deployment by hand ends that. */
static bool set_pin(struct lanes *lanes, const struct store_promotion *promotion, struct err *err)
{
    bool is_rollback = promotion->kind == PROMOTION_ROLLBACK;
    struct store_lane lane;

    if (promotion->requester.id == 0)
        return true; /* envflow rolled back by itself: the next push may be the repair */
    if (!store_lane_get(lanes->store, promotion->repository_id, promotion->to, &lane, err))
        return false;
    if (!is_rollback && lane.pinned_ms == 0)
        return true;
    lane.pinned_ms = is_rollback ? lanes->now_ms : 0;
    snprintf(lane.pin_reason, sizeof(lane.pin_reason), "%s%.400s",
             is_rollback ? "rolled back: " : "", is_rollback ? promotion->reason_given : "");
    snprintf(lane.pin_by, sizeof(lane.pin_by), "%s", is_rollback ? promotion->requester.login : "");
    return store_lane_put(lanes->store, &lane, err) &&
           trail_add_promotion(lanes, is_rollback ? "lane.pinned" : "lane.unpinned", NULL,
                               promotion, &promotion->reason, err) &&
           (!is_rollback || promotions_pinned(lanes, &lane, err));
}

static bool keep_deployment_by_hand(const struct store_promotion *promotion, void *arg)
{
    return promotion->kind != PROMOTION_DEPLOY || keep_id(promotion, arg);
}

bool promotions_pinned(struct lanes *lanes, const struct store_lane *lane, struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = lane->repository_id,
        .environment = lane->environment,
        .state = STORE_PROMOTIONS_OPEN,
        .limit = UINT32_MAX,
    };
    struct reason reason =
        reason_make(REASON_PINNED, "%.60s was pinned by %.60s: %.200s; unpin it and ask again",
                    lane->environment, lane->pin_by, lane->pin_reason);
    AUTO(list) struct list found = LIST_INIT(struct id);

    if (!store_promotions(lanes->store, &filter, keep_deployment_by_hand, &found, err))
        return false;
    for (size_t i = 0; i < found.count; i++) {
        const struct id *id = list_at(&found, i);
        if (!promotions_tell(lanes, id->text, PROMOTION_CANCEL, &reason, err))
            return false;
    }
    return true;
}

static bool follow_up(struct step *step, struct err *err)
{
    if (step->promotion.status.state == PROMOTION_DEPLOYING)
        return overtake_older(step, err);
    return step->promotion.status.state != PROMOTION_SUCCEEDED ||
           set_pin(step->lanes, &step->promotion, err);
}

/* ---- one step ---- */

static bool move(struct step *step, const struct promotion_result *result,
                 const struct reason *told, const struct store_actor *actor, struct err *err)
{
    struct store_promotion *promotion = &step->promotion;
    char event[AUDIT_EVENT_MAX];

    promotion->status = result->next;
    promotion->reason = told != NULL ? *told : word_of(step, result->reason);
    promotion->changed_ms = step->lanes->now_ms;
    if (promotion_is_final(promotion->status.state))
        promotion->ended_ms = step->lanes->now_ms;
    snprintf(event, sizeof(event), "promotion.%s", promotion_state_name(promotion->status.state));
    if (!save(step, err) ||
        !trail_add_promotion(step->lanes, event, actor, promotion, &promotion->reason, err) ||
        !follow_up(step, err))
        return false;
    for (size_t i = 0; i < result->effects_count; i++) {
        if (!effects[result->effects[i]](step, err))
            return false;
    }
    return true;
}

/* *ret_ignored: no rule applied. The promotion is loaded anew: effects of the step before may have
 * moved it. */
static bool take_step(struct lanes *lanes, const char *id, enum promotion_event event,
                      const struct reason *told, const struct store_actor *actor, bool *ret_ignored,
                      struct err *err)
{
    struct step step;

    if (!load(lanes, id, &step, err))
        return false;
    struct promotion_result result =
        promotion_step(&step.promotion.status, &step.view.facts, event);
    *ret_ignored = result.ignored;
    if (!result.ignored)
        return move(&step, &result, told, actor, err);
    /* Nothing moved, but the words and the time to look again may have changed. */
    struct reason reason = step.promotion.reason;
    if (event == PROMOTION_EVALUATE &&
        (step.promotion.status.state == PROMOTION_AWAITING_APPROVAL ||
         step.promotion.status.state == PROMOTION_WAITING))
        reason = word_of(&step, reason.code);
    if (step.promotion.due_ms == step.view.recheck_ms &&
        strcmp(reason.text, step.promotion.reason.text) == 0)
        return true;
    step.promotion.reason = reason;
    return promotion_is_final(step.promotion.status.state) || save(&step, err);
}

bool promotions_evaluate(struct lanes *lanes, const char *promotion_id, struct err *err)
{
    bool ignored = false;

    for (int i = 0; i < STEPS_MAX && !ignored; i++) {
        if (!take_step(lanes, promotion_id, PROMOTION_EVALUATE, NULL, NULL, &ignored, err))
            return err_wrap(err, "promotion %s", promotion_id);
    }
    assert(ignored); /* the rules have no circle */
    return true;
}

bool promotions_tell(struct lanes *lanes, const char *promotion_id, enum promotion_event event,
                     const struct reason *reason, struct err *err)
{
    bool ignored = false;

    /* While checks ran, time alone may have closed the gate. That comes first: what goes into the
     * queue has to stay there for this moment. */
    if ((event == PROMOTION_CHECKS_PASSED && !promotions_evaluate(lanes, promotion_id, err)) ||
        !take_step(lanes, promotion_id, event, reason, NULL, &ignored, err))
        return err_wrap(err, "promotion %s", promotion_id);
    return ignored || promotions_evaluate(lanes, promotion_id, err);
}

/* What waits in a lane's queue starts and stops nothing when it is looked at: there, all of them
 * always fit. */
static bool evaluate_all(struct lanes *lanes, const struct store_promotion_filter *filter,
                         struct err *err)
{
    bool fits_always = filter->state == PROMOTION_QUEUED;
    AUTO(list) struct list found = LIST_INIT(struct id);

    if (!store_promotions(lanes->store, filter, keep_id, &found, err))
        return false;
    /* They come newest first; the one asked for first goes first. */
    for (size_t i = found.count; i > 0 && (fits_always || lanes_have_room(lanes)); i--) {
        const struct id *id = list_at(&found, i - 1);
        if (!promotions_evaluate(lanes, id->text, err))
            return false;
    }
    return true;
}

bool promotions_evaluate_due(struct lanes *lanes, unsigned limit, struct err *err)
{
    struct store_promotion_filter filter = {
        .state = STORE_PROMOTIONS_OPEN, .due_until_ms = lanes->now_ms, .limit = limit};

    return evaluate_all(lanes, &filter, err);
}

bool promotions_evaluate_open(struct lanes *lanes, int64_t repository_id, struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = repository_id, .state = STORE_PROMOTIONS_OPEN, .limit = UINT32_MAX};

    return evaluate_all(lanes, &filter, err);
}

bool promotions_reconsider_lane(struct lanes *lanes, int64_t repository_id, const char *environment,
                                struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = repository_id,
        .environment = environment,
        .state = PROMOTION_QUEUED,
        .limit = UINT32_MAX,
    };

    return evaluate_all(lanes, &filter, err);
}

/* ---- the lane ---- */

bool promotions_take_lane(struct lanes *lanes, const char *promotion_id,
                          const struct id *deployment, bool *ret_may_start, struct err *err)
{
    struct step step;
    bool ignored = false;

    if (!load(lanes, promotion_id, &step, err))
        return err_wrap(err, "promotion %s", promotion_id);
    if (step.promotion.status.state != PROMOTION_DEPLOYING) {
        if (!take_step(lanes, promotion_id, PROMOTION_LANE_FREE, NULL, NULL, &ignored, err) ||
            !load(lanes, promotion_id, &step, err))
            return err_wrap(err, "promotion %s", promotion_id);
    }
    *ret_may_start = step.promotion.status.state == PROMOTION_DEPLOYING;
    if (strcmp(step.promotion.deployment.text, deployment->text) == 0)
        return true;
    step.promotion.deployment = *deployment; /* a further attempt */
    return save(&step, err);
}

bool promotions_may_repeat(struct lanes *lanes, const char *promotion_id, bool *ret_may,
                           struct err *err)
{
    struct step step;
    struct store_lane lane;

    if (!load(lanes, promotion_id, &step, err) ||
        !store_lane_get(lanes->store, step.promotion.repository_id, step.promotion.to, &lane, err))
        return err_wrap(err, "promotion %s", promotion_id);
    bool is_pinned = step.promotion.kind == PROMOTION_DEPLOY && lane.pinned_ms != 0;
    *ret_may = step.view.facts.is_approved && !step.view.facts.is_rejected &&
               !step.view.facts.is_frozen && !is_pinned;
    return true;
}

bool promotions_cancel(struct lanes *lanes, const char *promotion_id,
                       const struct store_actor *actor, const char *why, struct reason *ret_refusal,
                       struct err *err)
{
    struct reason reason = reason_make(REASON_CANCELLED, "cancelled by %.60s%s%.300s", actor->login,
                                       why[0] != '\0' ? ": " : "", why);
    struct store_promotion promotion;
    bool ignored = false;

    if (!store_promotion_get(lanes->store, promotion_id, &promotion, err) ||
        !take_step(lanes, promotion.id.text, PROMOTION_CANCEL, &reason, actor, &ignored, err))
        return false;
    *ret_refusal = (struct reason){.code = REASON_NONE};
    if (ignored)
        *ret_refusal = reason_make(
            promotion_is_final(promotion.status.state) ? REASON_ALREADY_ENDED
                                                       : REASON_IN_DEPLOYMENT,
            "it is %s and can no longer be cancelled%s",
            promotion_state_name(promotion.status.state),
            promotion_is_final(promotion.status.state) ? "" : "; let it end, then roll back");
    return true;
}
