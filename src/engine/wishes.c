/* What somebody asks for becomes a promotion, or a refusal that says what would make it legal. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "engine/gate.h"
#include "promotions_int.h"
#include "store/people.h"
#include "trail_int.h"

/* One wish on its way to a promotion. */
struct asking {
    struct lanes *lanes;
    const struct promotions_wish *wish;
    const struct flow *flow;
    const struct flow_environment *target;
    const struct flow_path *path;
    struct store_lane lane; /* of the target */
    struct id failed;       /* the deployment there, when the last one that ended did so badly */
    struct store_promotion promotion;
    struct reason refusal; /* REASON_NONE so far */
};

static bool is_said(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Always true, so that a refusal ends the asking without an error. */
static bool refuse(struct asking *asking, struct reason reason)
{
    asking->refusal = reason;
    return true;
}

/* ---- where ---- */

/* Newest first: the last one that ran to its end. */
static bool take_last_end(const struct store_deployment *deployment, void *arg)
{
    bool ended_badly =
        deployment->state == DEPLOYMENT_FAILED || deployment->state == DEPLOYMENT_UNKNOWN;

    if (ended_badly)
        *(struct id *)arg = deployment->id;
    return !ended_badly && deployment->state != DEPLOYMENT_SUCCEEDED;
}

/* A deployment that broke off half way leaves nobody knows what: then the environment no longer
 * counts as holding what it held, so that the same may be brought there again. */
static bool find_failed(struct asking *asking, struct err *err)
{
    struct store_deployment_filter filter = {
        .repository_id = asking->promotion.repository_id,
        .environment = asking->promotion.to,
        .state = -1,
        .limit = UINT32_MAX,
    };

    return store_deployments(asking->lanes->store, &filter, take_last_end, &asking->failed, err);
}

static bool find_target(struct asking *asking, struct err *err)
{
    const struct promotions_wish *wish = asking->wish;
    struct store_promotion *promotion = &asking->promotion;
    const struct repository_rule *rule =
        graph_find_repository(asking->lanes->graph, wish->repository);

    if (rule == NULL)
        return refuse(asking,
                      reason_make(REASON_REPOSITORY_UNKNOWN,
                                  "%.200s is not under `repositories:` in the configuration",
                                  wish->repository));
    asking->flow = rule->flow;
    asking->target = graph_find_environment(rule->flow, wish->to);
    if (asking->target == NULL)
        return refuse(asking,
                      reason_make(REASON_ENVIRONMENT_UNKNOWN, "flow %s has no environment '%.100s'",
                                  rule->flow->name, wish->to));
    if (asking->target->deploy.argv == NULL)
        return refuse(asking, reason_make(REASON_NO_DEPLOY,
                                          "nothing says how to deploy %s: give "
                                          "flows.%s.environments.%s.deploy.command",
                                          wish->to, rule->flow->name, wish->to));
    if (!store_repository_find(asking->lanes->store, wish->repository, &promotion->repository_id,
                               promotion->repository, err))
        return err->code == ERR_NOT_FOUND &&
               refuse(asking, reason_make(REASON_REPOSITORY_UNKNOWN,
                                          "nothing was ever received from %.200s; push to it first",
                                          wish->repository));
    snprintf(promotion->to, sizeof(promotion->to), "%s", asking->target->name);
    return store_lane_get(asking->lanes->store, promotion->repository_id, promotion->to,
                          &asking->lane, err) &&
           find_failed(asking, err);
}

/* Without a source: the only path that leads there. */
static bool find_path(struct asking *asking, struct err *err)
{
    const struct flow *flow = asking->flow;
    const char *from = asking->wish->from;
    size_t found = 0;

    (void)err;
    if (asking->wish->kind != PROMOTION_PROMOTE)
        return true;
    for (size_t i = 0; i < flow->paths_count; i++) {
        const struct flow_path *path = &flow->paths[i];
        if (strcmp(path->to, asking->promotion.to) != 0 ||
            (is_said(from) && strcmp(path->from, from) != 0))
            continue;
        asking->path = path;
        found++;
    }
    if (found > 1)
        return refuse(asking, reason_make(REASON_NO_PATH,
                                          "several environments lead to %s; say which one with "
                                          "--from",
                                          asking->promotion.to));
    if (found == 1)
        from = asking->path->from;
    snprintf(asking->promotion.from, sizeof(asking->promotion.from), "%s",
             is_said(from) ? from : "");
    return true;
}

/* ---- what ---- */

static void take_release(struct asking *asking, const struct store_release *release)
{
    struct store_promotion *promotion = &asking->promotion;

    promotion->sha = release->sha;
    memcpy(promotion->release, release->name, sizeof(promotion->release));
    memcpy(promotion->branch, release->branch, sizeof(promotion->branch));
    memcpy(promotion->title, release->title, sizeof(promotion->title));
}

static bool find_named(struct asking *asking, const char *name, struct err *err)
{
    struct store_release release;

    if (store_release_find(asking->lanes->store, asking->promotion.repository_id, name, &release,
                           err)) {
        take_release(asking, &release);
        return true;
    }
    if (err->code == ERR_NOT_FOUND)
        return refuse(asking, reason_make(REASON_RELEASE_UNKNOWN,
                                          "%.60s has no release '%.100s'; `envflow releases` lists "
                                          "them",
                                          asking->promotion.repository, name));
    return err->code == ERR_CONFLICT &&
           refuse(asking, reason_make(REASON_RELEASE_AMBIGUOUS, "%.300s", err->text));
}

static bool find_by_sha(struct asking *asking, const struct git_sha *sha, struct err *err)
{
    struct store_release release = {.sha = *sha};

    if (!store_release_of_sha(asking->lanes->store, asking->promotion.repository_id, sha, &release,
                              err)) {
        if (err->code != ERR_NOT_FOUND)
            return false;
        snprintf(release.name, sizeof(release.name), "%.7s", sha->hex);
    }
    take_release(asking, &release);
    return true;
}

/* What the source holds now. */
static bool find_on_source(struct asking *asking, struct err *err)
{
    struct store_lane source;

    if (asking->promotion.from[0] == '\0')
        return refuse(
            asking, reason_make(REASON_NO_PATH, "no promotion leads to %s", asking->promotion.to));
    if (!store_lane_get(asking->lanes->store, asking->promotion.repository_id,
                        asking->promotion.from, &source, err))
        return false;
    if (source.holds.hex[0] == '\0')
        return refuse(asking, reason_make(REASON_NOT_ON_SOURCE, "%s holds nothing yet",
                                          asking->promotion.from));
    return find_by_sha(asking, &source.holds, err);
}

static bool find_head(struct asking *asking, struct err *err)
{
    const char *branch = is_said(asking->wish->branch) ? asking->wish->branch : "main";
    struct branch_state state;

    if (!store_branch_get(asking->lanes->store, asking->promotion.repository_id, branch, &state,
                          err))
        return false;
    if (state.head.hex[0] == '\0')
        return refuse(asking, reason_make(REASON_RELEASE_UNKNOWN,
                                          "nothing is known of branch %.100s; push to it, or name "
                                          "a release",
                                          branch));
    return find_by_sha(asking, &state.head, err);
}

/* The newest verified release that is not the one there now. */
struct earlier {
    const struct git_sha *now; /* NULL: nobody knows what is there */
    struct git_sha sha;        /* "" for none */
};

static bool take_earlier(const struct store_holding *holding, void *arg)
{
    struct earlier *earlier = arg;

    if (!holding->is_verified || holding->is_unhealthy ||
        (earlier->now != NULL && git_sha_equal(&holding->sha, earlier->now)))
        return true;
    earlier->sha = holding->sha;
    return false;
}

static bool find_earlier(struct asking *asking, struct err *err)
{
    bool broke_off = asking->failed.text[0] != '\0' &&
                     strcmp(asking->failed.text, asking->lane.holds_deployment.text) != 0;
    struct earlier earlier = {.now = broke_off ? NULL : &asking->lane.holds};
    struct store_holding_filter filter = {
        .repository_id = asking->promotion.repository_id,
        .environment = asking->promotion.to,
        .limit = UINT32_MAX,
    };

    if (!store_holdings(asking->lanes->store, &filter, take_earlier, &earlier, err))
        return false;
    if (earlier.sha.hex[0] == '\0')
        return refuse(asking,
                      reason_make(REASON_NOTHING_TO_ROLL_BACK,
                                  "%s never held another verified release", asking->promotion.to));
    return find_by_sha(asking, &earlier.sha, err);
}

static bool find_release(struct asking *asking, struct err *err)
{
    static bool (*const unnamed[PROMOTION_KIND_COUNT])(struct asking *, struct err *) = {
        [PROMOTION_PROMOTE] = find_on_source,
        [PROMOTION_DEPLOY] = find_head,
        [PROMOTION_ROLLBACK] = find_earlier,
    };

    return is_said(asking->wish->release) ? find_named(asking, asking->wish->release, err)
                                          : unnamed[asking->wish->kind](asking, err);
}

/* ---- may it be asked for ---- */

struct history {
    bool was_verified;
};

static bool take_verified(const struct store_holding *holding, void *arg)
{
    struct history *history = arg;

    history->was_verified = holding->is_verified && !holding->is_unhealthy;
    return !history->was_verified;
}

/* Is the same already on its way? */
struct likeness {
    const struct store_promotion *asked;
    bool found;
};

static bool take_same(const struct store_promotion *promotion, void *arg)
{
    struct likeness *likeness = arg;

    likeness->found = git_sha_equal(&promotion->sha, &likeness->asked->sha) &&
                      promotion->kind == likeness->asked->kind;
    return !likeness->found;
}

static bool is_open_already(struct asking *asking, bool *ret_open, struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = asking->promotion.repository_id,
        .environment = asking->promotion.to,
        .state = STORE_PROMOTIONS_OPEN,
        .limit = UINT32_MAX,
    };
    struct likeness likeness = {.asked = &asking->promotion};

    if (!store_promotions(asking->lanes->store, &filter, take_same, &likeness, err))
        return false;
    *ret_open = likeness.found;
    return true;
}

bool promotions_memberships(struct lanes *lanes, const struct flow_parties *parties,
                            const struct store_actor *actor, uint64_t *ret_memberships,
                            struct err *err)
{
    struct store_person person = {.id = actor->id, .seen_ms = lanes->now_ms};
    bool is_tied = true;

    memcpy(person.login, actor->login, sizeof(person.login));
    if (!store_person_see(lanes->store, &person, &is_tied, err))
        return false;
    struct flow_person known = {.login = is_tied ? actor->login : "", .id = actor->id};
    *ret_memberships = graph_memberships(parties, &known);
    return true;
}

static bool find_requester(struct asking *asking, uint64_t *ret_memberships, struct err *err)
{
    const struct store_actor *actor = asking->wish->actor;

    *ret_memberships = UINT64_MAX;
    return actor->id == 0 || /* envflow itself */
           promotions_memberships(asking->lanes, &asking->target->requesters, actor,
                                  ret_memberships, err);
}

static bool look_back(struct asking *asking, struct promotion_request *request, struct err *err)
{
    struct store *store = asking->lanes->store;
    const struct store_promotion *promotion = &asking->promotion;
    struct history history = {0};
    struct source_view source = {0};

    struct store_holding_filter filter = {
        .repository_id = promotion->repository_id,
        .environment = promotion->to,
        .sha = &promotion->sha,
        .limit = UINT32_MAX,
    };

    if (!store_holdings(store, &filter, take_verified, &history, err) ||
        !is_open_already(asking, &request->is_same_open, err) ||
        !find_requester(asking, &request->requester_memberships, err))
        return false;
    if (promotion->from[0] != '\0' &&
        !gate_look_at_source(store, promotion, 0, asking->lanes->now_ms, &source, err))
        return false;
    /* One that people have yet to approve does not keep the one that needs nobody from starting. */
    if (asking->wish->caused_by.text[0] != '\0')
        request->is_same_open = false;
    request->was_verified_on_target = history.was_verified;
    request->was_on_source = source.was_there || source.is_there;
    request->is_source_unhealthy = source.is_unhealthy;
    return true;
}

static bool judge(struct asking *asking, struct reason *ret_reason, struct err *err)
{
    const struct store_promotion *promotion = &asking->promotion;
    struct promotion_request request = {
        .kind = promotion->kind,
        .flow = asking->flow,
        .target = asking->target,
        .path = asking->path,
        .from = promotion->from,
        .release = promotion->release,
        .branch = promotion->branch,
        .requester = promotion->requester.login,
        .is_reason_given = promotion->reason_given[0] != '\0',
        .is_on_target =
            asking->failed.text[0] == '\0' && git_sha_equal(&asking->lane.holds, &promotion->sha),
        .is_pinned = asking->lane.pinned_ms != 0,
        .pin_reason = asking->lane.pin_reason,
    };

    if (!look_back(asking, &request, err))
        return false;
    *ret_reason = promotion_judge_request(&request);
    return true;
}

/* ---- the promotion ---- */

static void describe(struct asking *asking)
{
    const struct promotions_wish *wish = asking->wish;
    struct store_promotion *promotion = &asking->promotion;

    promotion->id = lanes_new_id(asking->lanes, asking->lanes->now_ms);
    promotion->requester = *wish->actor;
    promotion->caused_by = wish->caused_by;
    promotion->created_ms = asking->lanes->now_ms;
    promotion->changed_ms = asking->lanes->now_ms;
    snprintf(promotion->reason_given, sizeof(promotion->reason_given), "%s",
             wish->reason != NULL ? wish->reason : "");
    memcpy(promotion->policy, gate_of(promotion, asking->target, asking->path)->policy,
           sizeof(promotion->policy));
    promotion->reason = reason_make(REASON_REQUESTED, "%.60s asks for %.100s on %.60s",
                                    wish->actor->login[0] != '\0' ? wish->actor->login : "envflow",
                                    promotion->release, promotion->to);
}

static bool write_promotion(struct asking *asking, struct err *err)
{
    struct store_promotion *promotion = &asking->promotion;

    describe(asking);
    if (!judge(asking, &asking->refusal, err))
        return false;
    if (asking->refusal.code != REASON_NONE) {
        promotion->status.state = PROMOTION_REFUSED;
        promotion->reason = asking->refusal;
        promotion->ended_ms = asking->lanes->now_ms;
    }
    if (!store_promotion_put(asking->lanes->store, promotion, err) ||
        !trail_add_promotion(asking->lanes,
                             asking->refusal.code == REASON_NONE ? "promotion.requested"
                                                                 : "promotion.refused",
                             &promotion->requester, promotion, &promotion->reason, err))
        return false;
    return asking->refusal.code != REASON_NONE ||
           (promotions_evaluate(asking->lanes, promotion->id.text, err) &&
            store_promotion_get(asking->lanes->store, promotion->id.text, promotion, err));
}

bool promotions_ask(struct lanes *lanes, const struct promotions_wish *wish,
                    struct store_promotion *ret_promotion, struct reason *ret_refusal,
                    struct err *err)
{
    static bool (*const steps[])(struct asking *, struct err *) = {find_target, find_path,
                                                                   find_release, write_promotion};
    struct asking asking = {.lanes = lanes, .wish = wish, .promotion = {.kind = wish->kind}};

    for (size_t i = 0; i < ARRAY_LEN(steps) && asking.refusal.code == REASON_NONE; i++) {
        if (!steps[i](&asking, err))
            return err_wrap(err, "%s to %.60s", promotion_kind_name(wish->kind), wish->to);
    }
    *ret_promotion = asking.promotion;
    *ret_refusal = asking.refusal;
    return true;
}

bool promotions_roll_back(struct lanes *lanes, const char *repository, const char *environment,
                          const struct reason *why, const struct id *cause, struct err *err)
{
    static const struct store_actor itself = {.via = "verification"};
    struct promotions_wish wish = {
        .kind = PROMOTION_ROLLBACK,
        .repository = repository,
        .to = environment,
        .reason = why->text,
        .actor = &itself,
        .caused_by = *cause,
    };
    struct store_promotion rollback = {.kind = PROMOTION_ROLLBACK};
    struct reason refusal = {.code = REASON_NONE};

    if (!promotions_ask(lanes, &wish, &rollback, &refusal, err))
        return false;
    if (refusal.code == REASON_NONE || rollback.id.text[0] != '\0')
        return true;
    struct trail_note note = {
        .event = "rollback.refused",
        .repository = repository,
        .environment = environment,
        .subject = cause->text,
        .reason = &refusal,
    };
    return trail_add(lanes, &note, err);
}
