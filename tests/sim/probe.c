/*
 * Between the engine and what it calls: the linker routes these calls through here
 * (--wrap, see tests/CMakeLists.txt), so that the product carries no hook. Everything
 * written is shown to the oracle, and one planted bug at a time bends an answer.
 *
 * The assembler names are the linker's: __real_f is f, __wrap_f is what callers of f get.
 */
#include <string.h>

#include "flow/window.h"
#include "promotions_int.h"
#include "sim/world.h"
#include "store/audit.h"
#include "store/people.h"

static struct world *watched;
static int planted;

static const char *const plants[PLANTS + 1] = {
    "none",
    "one approval less is enough",
    "requesters and authors count",
    "what is queued is what the source holds now",
    "approvals are not judged again at the start",
    "nobody asks whether the source ever held it",
    "a failed deployment is repeated",
    "a busy lane takes another deployment",
    "a duplicate gets no verdict",
    "a push to a busy lane is forgotten",
    "freezes are not looked at again at the start",
    "a rollback goes anywhere",
    "a start is not on record",
    "the end of an earlier attempt counts for the running one",
    "what has ended can be cancelled",
};

void plant_choose(int invariant)
{
    planted = invariant;
}

bool plant_is(int invariant)
{
    return planted == invariant;
}

const char *plant_name(int invariant)
{
    return plants[invariant];
}

void probe_watch(struct world *world)
{
    watched = world;
}

#define REAL(name)  __asm__("__real_" #name)
#define PROBE(name) __asm__("__wrap_" #name)

/* ---- what is written ---- */

bool real_promotion_put(struct store *store, const struct store_promotion *promotion,
                        struct err *err) REAL(store_promotion_put);
bool probe_promotion_put(struct store *store, const struct store_promotion *promotion,
                         struct err *err) PROBE(store_promotion_put);
bool probe_promotion_put(struct store *store, const struct store_promotion *promotion,
                         struct err *err)
{
    if (!real_promotion_put(store, promotion, err))
        return false;
    oracle_see_promotion(watched, promotion);
    return true;
}

bool real_deployment_put(struct store *store, struct store_deployment *deployment, struct err *err)
    REAL(store_deployment_put);
bool probe_deployment_put(struct store *store, struct store_deployment *deployment, struct err *err)
    PROBE(store_deployment_put);
bool probe_deployment_put(struct store *store, struct store_deployment *deployment, struct err *err)
{
    if (!real_deployment_put(store, deployment, err))
        return false;
    oracle_see_deployment(watched, deployment);
    return true;
}

bool real_lane_put(struct store *store, const struct store_lane *lane, struct err *err)
    REAL(store_lane_put);
bool probe_lane_put(struct store *store, const struct store_lane *lane, struct err *err)
    PROBE(store_lane_put);
bool probe_lane_put(struct store *store, const struct store_lane *lane, struct err *err)
{
    oracle_see_write(watched);
    return real_lane_put(store, lane, err);
}

bool real_person_see(struct store *store, const struct store_person *person, bool *ret_tied,
                     struct err *err) REAL(store_person_see);
bool probe_person_see(struct store *store, const struct store_person *person, bool *ret_tied,
                      struct err *err) PROBE(store_person_see);
bool probe_person_see(struct store *store, const struct store_person *person, bool *ret_tied,
                      struct err *err)
{
    oracle_see_person(watched, person->id, person->login);
    return real_person_see(store, person, ret_tied, err);
}

bool real_audit_add(struct store *store, struct audit_record *record, struct err *err)
    REAL(store_audit_add);
bool probe_audit_add(struct store *store, struct audit_record *record, struct err *err)
    PROBE(store_audit_add);
bool probe_audit_add(struct store *store, struct audit_record *record, struct err *err)
{
    struct id id;

    if (plant_is(12) && strcmp(record->event, "deployment.started") == 0)
        return true;
    oracle_see_write(watched);
    memcpy(id.text, record->subject, sizeof(id.text));
    id.text[sizeof(id.text) - 1] = '\0';
    if (!real_audit_add(store, record, err))
        return false;
    if (strcmp(record->event, "deployment.started") == 0)
        list_add(&watched->audited, &id);
    return true;
}

bool real_delivery_put(struct store *store, const struct store_delivery *delivery, struct err *err)
    REAL(store_delivery_put);
bool probe_delivery_put(struct store *store, const struct store_delivery *delivery, struct err *err)
    PROBE(store_delivery_put);
bool probe_delivery_put(struct store *store, const struct store_delivery *delivery, struct err *err)
{
    return (plant_is(8) && delivery->verdict == VERDICT_DUPLICATE) ||
           real_delivery_put(store, delivery, err);
}

/* ---- what is asked ---- */

void real_quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                       size_t votes_count, int64_t now_ms, struct quorum_result *ret_result)
    REAL(quorum_judge);
void probe_quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                        size_t votes_count, int64_t now_ms, struct quorum_result *ret_result)
    PROBE(quorum_judge);
void probe_quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                        size_t votes_count, int64_t now_ms, struct quorum_result *ret_result)
{
    struct quorum_vote bent[QUORUM_VOTES_MAX];

    memcpy(bent, votes, votes_count * sizeof(*votes));
    for (size_t i = 0; i < votes_count && plant_is(2); i++)
        bent[i].is_requester = bent[i].is_author = false;
    real_quorum_judge(approvals, bent, votes_count, now_ms, ret_result);
    if (plant_is(1) && ret_result->missing_count == 1 && !ret_result->is_rejected)
        ret_result->is_met = true;
}

struct promotion_result real_promotion_step(const struct promotion_status *status,
                                            const struct promotion_facts *facts,
                                            enum promotion_event event) REAL(promotion_step);
struct promotion_result probe_promotion_step(const struct promotion_status *status,
                                             const struct promotion_facts *facts,
                                             enum promotion_event event) PROBE(promotion_step);
struct promotion_result probe_promotion_step(const struct promotion_status *status,
                                             const struct promotion_facts *facts,
                                             enum promotion_event event)
{
    struct promotion_facts bent = *facts;
    bool is_queued = status->state == PROMOTION_QUEUED;

    bent.is_approved = bent.is_approved || (plant_is(4) && is_queued);
    bent.is_frozen = bent.is_frozen && !(plant_is(10) && is_queued);
    bent.is_source_ready = bent.is_source_ready || plant_is(5);
    struct promotion_result result = real_promotion_step(status, &bent, event);
    if (plant_is(14) && event == PROMOTION_CANCEL && status->state == PROMOTION_FAILED)
        result = (struct promotion_result){.next = {.state = PROMOTION_CANCELLED},
                                           .reason = REASON_CANCELLED};
    return result;
}

struct reason real_judge_request(const struct promotion_request *request)
    REAL(promotion_judge_request);
struct reason probe_judge_request(const struct promotion_request *request)
    PROBE(promotion_judge_request);
struct reason probe_judge_request(const struct promotion_request *request)
{
    struct promotion_request bent = *request;

    bent.was_on_source = bent.was_on_source || plant_is(5);
    bent.was_verified_on_target = bent.was_verified_on_target || plant_is(11);
    return real_judge_request(&bent);
}

struct lane_result real_lane_step(const struct lane_state *state, const struct lane_policy *policy,
                                  const struct lane_event *event) REAL(lane_step);
struct lane_result probe_lane_step(const struct lane_state *state, const struct lane_policy *policy,
                                   const struct lane_event *event) PROBE(lane_step);
struct lane_result probe_lane_step(const struct lane_state *state, const struct lane_policy *policy,
                                   const struct lane_event *event)
{
    struct lane_state bent = *state;
    struct lane_policy lenient = *policy;
    struct lane_event heard = *event;
    bool is_end = event->kind == LANE_SUCCEEDED || event->kind == LANE_FAILED;

    if (plant_is(6) && event->kind == LANE_FAILED) {
        heard.kind = LANE_OUTCOME_LOST;
        lenient.repeatable = true;
    }
    if (plant_is(7) && event->kind == LANE_CANDIDATE)
        bent.stage = LANE_IDLE;
    if (plant_is(13) && is_end && watched->stale != NULL)
        heard.deployment = state->running;
    return real_lane_step(&bent, &lenient, &heard);
}

bool real_deployment_get(struct store *store, const char *id,
                         struct store_deployment *ret_deployment, struct err *err)
    REAL(store_deployment_get);
bool probe_deployment_get(struct store *store, const char *id,
                          struct store_deployment *ret_deployment, struct err *err)
    PROBE(store_deployment_get);
bool probe_deployment_get(struct store *store, const char *id,
                          struct store_deployment *ret_deployment, struct err *err)
{
    if (!real_deployment_get(store, id, ret_deployment, err))
        return false;
    if (plant_is(13) && watched->stale != NULL && ret_deployment->state == DEPLOYMENT_UNKNOWN)
        ret_deployment->state = DEPLOYMENT_RUNNING;
    return true;
}

bool real_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                        struct store_deployment *candidate, struct err *err)
    REAL(lanes_add_candidate);
bool probe_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                         struct store_deployment *candidate, struct err *err)
    PROBE(lanes_add_candidate);

/* The commit that the promotion's source holds at this moment. */
static void take_from_source(struct lanes *lanes, struct store_deployment *candidate)
{
    size_t at = promotion_find(watched, candidate->promotion.text);
    struct store_lane lane;
    struct err err;

    if (at == SIZE_MAX || promotion_at(watched, at)->kind != PROMOTION_PROMOTE)
        return;
    if (store_lane_get(lanes->store, candidate->repository_id,
                       environment_names[promotion_at(watched, at)->from], &lane, &err) &&
        lane.holds.hex[0] != '\0')
        candidate->sha = lane.holds;
}

bool probe_add_candidate(struct lanes *lanes, const struct flow_environment *environment,
                         struct store_deployment *candidate, struct err *err)
{
    struct store_lane lane;

    if (plant_is(3))
        take_from_source(lanes, candidate);
    if (plant_is(9) && candidate->promotion.text[0] == '\0' &&
        store_lane_get(lanes->store, candidate->repository_id, environment->name, &lane, err) &&
        lane.state.stage == LANE_DEPLOYING)
        return true;
    return real_add_candidate(lanes, environment, candidate, err);
}
