#include "engine/gate.h"

#include <assert.h>
#include <string.h>

#include "freeze_int.h"

/* Deployments by hand ask nobody. */
static const struct flow_gate open_gate;

const struct flow_gate *gate_of(const struct store_promotion *promotion,
                                const struct flow_environment *target, const struct flow_path *path)
{
    if (promotion->kind == PROMOTION_PROMOTE && path != NULL)
        return &path->gate;
    bool is_asked_for = promotion->caused_by.text[0] == '\0';
    return promotion->kind == PROMOTION_ROLLBACK && is_asked_for && target != NULL
               ? &target->rollback
               : &open_gate;
}

/* ---- votes ---- */

struct voting {
    const struct store_promotion *promotion;
    const struct flow_gate *gate;
    struct gate_view *view;
    int64_t author_id; /* of the release's pull request; 0 unknown, or not asked for */
};

static bool take_vote(const struct store_vote *vote, void *arg)
{
    const struct voting *voting = arg;
    const struct store_promotion *promotion = voting->promotion;
    struct gate_view *view = voting->view;

    if (view->votes_count == QUORUM_VOTES_MAX)
        return false;
    memcpy(view->voters[view->votes_count], vote->person.login, sizeof(vote->person.login));
    view->votes[view->votes_count++] = (struct quorum_vote){
        .person_id = vote->person.id,
        .verdict = vote->verdict,
        .memberships = vote->memberships,
        .voted_ms = vote->voted_ms,
        .is_withdrawn = vote->is_withdrawn,
        .is_bot = vote->is_bot,
        .is_requester = vote->person.id == promotion->requester.id,
        .is_author = vote->person.id == voting->author_id,
        .is_for_other_sha = !git_sha_equal(&vote->sha, &promotion->sha),
        .is_for_other_policy = strcmp(vote->policy, voting->gate->policy) != 0,
    };
    return true;
}

/* Who wrote what is promoted, where votes of authors do not count. */
static bool find_author(struct store *store, const struct store_promotion *promotion,
                        const struct flow_gate *gate, int64_t *ret_author_id, struct err *err)
{
    struct store_pull pull;

    if (!gate->approvals.authors_excluded)
        return true;
    if (store_pull_of_sha(store, promotion->repository_id, &promotion->sha, &pull, err)) {
        *ret_author_id = pull.author_id;
        return true;
    }
    return err->code == ERR_NOT_FOUND;
}

/* ---- the source ---- */

struct soaking {
    struct source_view *view;
    int64_t soak_ms;
};

/* Newest first. Time that the release spent there counts as long as nothing spoke against it. */
static bool take_holding(const struct store_holding *holding, void *arg)
{
    const struct soaking *soaking = arg;
    struct source_view *view = soaking->view;
    bool is_good = holding->is_verified && !holding->is_unhealthy;
    int64_t soaked_ms = holding->since_ms + soaking->soak_ms;

    if (holding->until_ms == 0) {
        view->is_there = true;
        view->is_unhealthy = !is_good;
    }
    if (!is_good)
        return true;
    view->was_there = true;
    if (holding->until_ms == 0 || soaked_ms <= holding->until_ms)
        view->soaked_ms = soaked_ms;
    return view->soaked_ms == 0;
}

bool gate_look_at_source(struct store *store, const struct store_promotion *promotion,
                         int64_t soak_ms, int64_t now_ms, struct source_view *ret_view,
                         struct err *err)
{
    struct source_view view = {0};
    struct soaking soaking = {&view, soak_ms};
    struct store_holding_filter filter = {
        .repository_id = promotion->repository_id,
        .environment = promotion->from,
        .sha = &promotion->sha,
        .limit = UINT32_MAX,
    };

    if (!store_holdings(store, &filter, take_holding, &soaking, err))
        return false;
    view.is_ready =
        view.was_there && !view.is_unhealthy && view.soaked_ms != 0 && view.soaked_ms <= now_ms;
    *ret_view = view;
    return true;
}

/* ---- the way back ---- */

struct way_back {
    const struct git_sha *from;
    bool found;
};

static bool take_way_back(const struct store_holding *holding, void *arg)
{
    struct way_back *way = arg;

    way->found =
        holding->is_verified && !holding->is_unhealthy && !git_sha_equal(&holding->sha, way->from);
    return !way->found;
}

/* Where a failed verification rolls back: is there a verified release to roll back to? */
static bool find_way_back(struct store *store, const struct store_promotion *promotion,
                          struct gate_view *view, struct err *err)
{
    struct store_holding_filter filter = {
        .repository_id = promotion->repository_id,
        .environment = promotion->to,
        .limit = UINT32_MAX,
    };
    struct way_back way = {.from = &promotion->sha};

    if (promotion->kind == PROMOTION_ROLLBACK || view->target == NULL ||
        view->target->on_unverified != FLOW_ROLL_BACK)
        return true;
    if (!store_holdings(store, &filter, take_way_back, &way, err))
        return false;
    view->has_way_back = way.found;
    return true;
}

/* ---- all of it ---- */

static void find_policy(const struct flow_graph *graph, const struct store_promotion *promotion,
                        struct gate_view *view)
{
    const struct repository_rule *rule = graph_find_repository(graph, promotion->repository);

    if (rule != NULL) {
        view->flow = rule->flow;
        view->target = graph_find_environment(rule->flow, promotion->to);
        view->path = promotion->from[0] != '\0'
                         ? graph_find_path(rule->flow, promotion->from, promotion->to)
                         : NULL;
    }
    view->is_configured =
        view->target != NULL && (promotion->kind != PROMOTION_PROMOTE || view->path != NULL);
    view->gate = gate_of(promotion, view->target, view->path);
}

/* The earliest of the times that lie ahead. */
static int64_t earliest(const int64_t *times, size_t count, int64_t now_ms)
{
    int64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (times[i] > now_ms && (found == 0 || times[i] < found))
            found = times[i];
    }
    return found;
}

static void note_recheck(const struct store_promotion *promotion, int64_t now_ms,
                         struct gate_view *view)
{
    const int64_t times[] = {
        promotion_due_ms(&promotion->status, &view->facts),
        view->freeze.window_until_ms,
        view->source.soaked_ms,
        view->quorum.changes_ms,
    };

    view->recheck_ms = earliest(times, ARRAY_LEN(times), now_ms);
}

static void state_facts(const struct store_promotion *promotion, int64_t now_ms,
                        struct gate_view *view)
{
    const struct flow_gate *gate = view->gate;

    view->facts = (struct promotion_facts){
        .now_ms = now_ms,
        .is_legal = true,
        .is_approved = view->is_configured && view->quorum.is_met,
        .is_rejected = view->quorum.is_rejected,
        .is_frozen = view->freeze.is_frozen,
        .is_source_ready = promotion->kind != PROMOTION_PROMOTE || view->source.is_ready,
        .has_checks = gate->checks.count > 0,
        .has_verification = view->target != NULL && view->target->verify.count > 0,
        .rolls_back = view->has_way_back,
        .wait_ms = gate->wait_ms,
        .expires_at_ms = gate->expires_ms > 0 ? promotion->created_ms + gate->expires_ms : 0,
    };
}

static bool look_at_freezes(struct store *store, const struct store_promotion *promotion,
                            int64_t now_ms, struct gate_view *view, struct err *err)
{
    struct freeze_scope scope = {
        .flow = view->flow,
        .repository = promotion->repository,
        .environment = promotion->to,
        .is_rollback = promotion->kind == PROMOTION_ROLLBACK,
    };

    return freeze_look(store, &scope, now_ms, &view->freeze, err);
}

bool gate_look(struct store *store, const struct flow_graph *graph,
               const struct store_promotion *promotion, int64_t now_ms, struct gate_view *ret_view,
               struct err *err)
{
    struct gate_view *view = ret_view;

    memset(view, 0, sizeof(*view));
    find_policy(graph, promotion, view);
    struct voting voting = {promotion, view->gate, view, 0};
    if (!find_author(store, promotion, view->gate, &voting.author_id, err) ||
        !store_votes(store, promotion->id.text, take_vote, &voting, err))
        return err_wrap(err, "promotion %s", promotion->id.text);
    quorum_judge(&view->gate->approvals, view->votes, view->votes_count, now_ms, &view->quorum);
    if (view->flow != NULL && !look_at_freezes(store, promotion, now_ms, view, err))
        return err_wrap(err, "promotion %s", promotion->id.text);
    if (promotion->kind == PROMOTION_PROMOTE &&
        !gate_look_at_source(store, promotion, view->gate->soak_ms, now_ms, &view->source, err))
        return err_wrap(err, "promotion %s", promotion->id.text);
    if (!find_way_back(store, promotion, view, err))
        return err_wrap(err, "promotion %s", promotion->id.text);
    state_facts(promotion, now_ms, view);
    note_recheck(promotion, now_ms, view);
    return true;
}
