#include "orders_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "engine/gate.h"
#include "promotions_int.h"
#include "trail_int.h"

static void refuse(struct engine_request *request, struct reason reason)
{
    request->is_refused = true;
    request->outcome = reason;
}

/* ---- promotions, deployments by hand, rollbacks ---- */

static bool ask(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    static const enum promotion_kind kinds[ENGINE_ORDER_COUNT] = {
        [ENGINE_PROMOTE] = PROMOTION_PROMOTE,
        [ENGINE_DEPLOY] = PROMOTION_DEPLOY,
        [ENGINE_ROLLBACK] = PROMOTION_ROLLBACK,
    };
    struct promotions_wish wish = {
        .kind = kinds[request->order],
        .repository = request->repository,
        .from = request->from,
        .to = request->to,
        .release = request->release,
        .branch = request->branch,
        .reason = request->text,
        .actor = &request->actor,
    };
    struct store_promotion promotion;
    struct reason refusal;

    if (!promotions_ask(lanes, &wish, &promotion, &refusal, err))
        return false;
    request->subject = promotion.id;
    request->outcome = promotion.reason;
    if (refusal.code != REASON_NONE)
        refuse(request, refusal);
    return true;
}

/* ---- votes ---- */

static bool vote(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    struct store_promotion promotion;

    if (!store_promotion_get(lanes->store, request->promotion, &promotion, err))
        return false;
    struct promotions_ballot ballot = {
        .person = &request->actor,
        .verdict = request->order == ENGINE_REJECT ? QUORUM_REJECT : QUORUM_APPROVE,
        .withdraws = request->order == ENGINE_WITHDRAW,
        .comment = request->text,
        .sha = &promotion.sha,
    };
    request->subject = promotion.id;
    if (!promotions_vote(lanes, promotion.id.text, &ballot, &request->outcome, err))
        return false;
    request->is_refused = request->outcome.code != REASON_VOTE &&
                          request->outcome.code != REASON_VOTE_VOID &&
                          request->outcome.code != REASON_VOTE_WITHDRAWN;
    return true;
}

static const struct flow_environment *find_environment(const struct lanes *lanes,
                                                       const char *repository, const char *name)
{
    const struct repository_rule *rule = graph_find_repository(lanes->graph, repository);

    return rule != NULL ? graph_find_environment(rule->flow, name) : NULL;
}

/* Only whoever asked, or may ask for the same, cancels. */
static bool may_cancel(struct lanes *lanes, const struct store_promotion *promotion,
                       const struct store_actor *actor, bool *ret_may, struct err *err)
{
    const struct flow_environment *target =
        find_environment(lanes, promotion->repository, promotion->to);
    uint64_t memberships = 0;

    if (target != NULL &&
        !promotions_memberships(lanes, &target->requesters, actor, &memberships, err))
        return false;
    *ret_may = target == NULL || promotion->requester.id == actor->id || memberships != 0;
    return true;
}

static bool cancel(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    struct store_promotion promotion;
    struct reason refusal;
    bool may = false;

    if (!store_promotion_get(lanes->store, request->promotion, &promotion, err) ||
        !may_cancel(lanes, &promotion, &request->actor, &may, err))
        return false;
    request->subject = promotion.id;
    if (!may) {
        refuse(request,
               reason_make(REASON_REQUESTER_NOT_ALLOWED, "%.60s is not among the requesters of %s",
                           request->actor.login, promotion.to));
        return true;
    }
    if (!promotions_cancel(lanes, promotion.id.text, &request->actor, request->text, &refusal, err))
        return false;
    request->outcome =
        reason_make(REASON_CANCELLED, "promotion %s was cancelled", promotion.id.text);
    if (refusal.code != REASON_NONE)
        refuse(request, refusal);
    return true;
}

/* ---- stop switches ---- */

/* "flow standard, prod"; "everything". */
static void describe_scope(const struct engine_request *request, char *text, size_t size)
{
    const char *const parts[] = {request->flow, request->repository, request->to};
    size_t len = 0;

    snprintf(text, size, "everything");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i][0] != '\0' && len < size)
            len +=
                (size_t)snprintf(text + len, size - len, "%s%.100s", len > 0 ? ", " : "", parts[i]);
    }
}

static const struct flow *find_flow(const struct flow_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->flows_count; i++) {
        if (strcasecmp(graph->flows[i].name, name) == 0)
            return &graph->flows[i];
    }
    return NULL;
}

static bool some_flow_has(const struct flow_graph *graph, const char *environment)
{
    for (size_t i = 0; i < graph->flows_count; i++) {
        if (graph_find_environment(&graph->flows[i], environment) != NULL)
            return true;
    }
    return false;
}

/* A switch that stands for nothing would look like safety. */
static struct reason judge_scope(const struct lanes *lanes, const struct engine_request *request)
{
    const struct flow_graph *graph = lanes->graph;

    if (request->flow[0] != '\0' && find_flow(graph, request->flow) == NULL)
        return reason_make(REASON_SCOPE_UNKNOWN, "there is no flow '%.60s'", request->flow);
    if (request->repository[0] != '\0' && graph_find_repository(graph, request->repository) == NULL)
        return reason_make(REASON_SCOPE_UNKNOWN, "%.100s is not under `repositories:`",
                           request->repository);
    if (request->to[0] != '\0' && !some_flow_has(graph, request->to))
        return reason_make(REASON_SCOPE_UNKNOWN, "no flow has an environment '%.60s'", request->to);
    return (struct reason){.code = REASON_NONE};
}

static bool note_switch(struct lanes *lanes, const struct engine_request *request,
                        const char *event, struct err *err)
{
    struct trail_note note = {
        .event = event,
        .actor = &request->actor,
        .repository = request->repository,
        .environment = request->to,
        .subject = request->subject.text,
        .reason = &request->outcome,
    };

    return trail_add(lanes, &note, err);
}

static bool freeze(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    struct reason refusal = judge_scope(lanes, request);
    struct store_freeze row = {
        .id = lanes_new_id(lanes, lanes->now_ms),
        .holds_rollbacks = request->holds_rollbacks,
        .by = request->actor,
        .since_ms = lanes->now_ms,
    };
    char scope[320];

    if (refusal.code == REASON_NONE && request->text[0] == '\0')
        refusal = reason_make(REASON_REASON_REQUIRED, "say why with --reason: people who wait "
                                                      "will read it");
    if (refusal.code != REASON_NONE) {
        refuse(request, refusal);
        return true;
    }
    memcpy(row.flow, request->flow, sizeof(row.flow));
    memcpy(row.repository, request->repository, sizeof(row.repository));
    memcpy(row.environment, request->to, sizeof(row.environment));
    memcpy(row.reason, request->text, sizeof(row.reason));
    describe_scope(request, scope, sizeof(scope));
    request->subject = row.id;
    request->outcome = reason_make(REASON_STOPPED, "%s is stopped: %.180s", scope, request->text);
    return store_freeze_put(lanes->store, &row, err) &&
           note_switch(lanes, request, "freeze.set", err) &&
           promotions_evaluate_open(lanes, 0, err);
}

struct matching {
    const struct engine_request *request;
    struct list found; /* struct id */
};

static bool keep_matching(const struct store_freeze *freeze, void *arg)
{
    struct matching *matching = arg;
    const struct engine_request *request = matching->request;

    if (strcasecmp(freeze->flow, request->flow) == 0 &&
        strcasecmp(freeze->repository, request->repository) == 0 &&
        strcmp(freeze->environment, request->to) == 0)
        list_add(&matching->found, &freeze->id);
    return true;
}

static bool remove_switches(struct lanes *lanes, struct engine_request *request,
                            const struct list *found, struct err *err)
{
    char scope[320];

    describe_scope(request, scope, sizeof(scope));
    if (found->count == 0) {
        refuse(request, reason_make(REASON_NOT_FROZEN,
                                    "no switch is pulled for exactly %s; `envflow status` lists "
                                    "those that are",
                                    scope));
        return true;
    }
    request->outcome = reason_make(REASON_THAWED, "%s goes on", scope);
    for (size_t i = 0; i < found->count; i++) {
        const struct id *id = list_at(found, i);
        request->subject = *id;
        if (!store_freeze_delete(lanes->store, id->text, err) ||
            !note_switch(lanes, request, "freeze.lifted", err))
            return false;
    }
    return promotions_evaluate_open(lanes, 0, err) && lanes_open_all(lanes, err);
}

static bool thaw(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    struct matching matching = {.request = request, .found = LIST_INIT(struct id)};
    bool ok = store_freezes(lanes->store, keep_matching, &matching, err) &&
              remove_switches(lanes, request, &matching.found, err);

    list_done(&matching.found);
    return ok;
}

/* ---- pins ---- */

static bool set_pin(struct lanes *lanes, struct engine_request *request, struct store_lane *lane,
                    struct err *err)
{
    bool pins = request->order == ENGINE_PIN;

    if (pins && request->text[0] == '\0') {
        refuse(request, reason_make(REASON_REASON_REQUIRED, "say why with --reason"));
        return true;
    }
    if (!pins && lane->pinned_ms == 0) {
        refuse(request, reason_make(REASON_NOT_PINNED, "%s is not pinned", request->to));
        return true;
    }
    lane->pinned_ms = pins ? lanes->now_ms : 0;
    snprintf(lane->pin_reason, sizeof(lane->pin_reason), "%s", pins ? request->text : "");
    snprintf(lane->pin_by, sizeof(lane->pin_by), "%s", pins ? request->actor.login : "");
    request->outcome = pins ? reason_make(REASON_PINNED, "%s stays %s%.7s: %.200s", request->to,
                                          lane->holds.hex[0] != '\0' ? "at " : "empty",
                                          lane->holds.hex, request->text)
                            : reason_make(REASON_UNPINNED, "%s is open again", request->to);
    return store_lane_put(lanes->store, lane, err) &&
           note_switch(lanes, request, pins ? "lane.pinned" : "lane.unpinned", err) &&
           (!pins || promotions_pinned(lanes, lane, err)) &&
           lanes_open(lanes, lane->repository_id, lane->environment, err);
}

/* The lane, or why there is none; REASON_NONE. */
static bool find_lane(struct lanes *lanes, const struct engine_request *request,
                      struct store_lane *ret_lane, struct reason *ret_refusal, struct err *err)
{
    char name[REPO_NAME_MAX];
    int64_t repository_id = 0;

    *ret_refusal = (struct reason){.code = REASON_NONE};
    if (store_repository_find(lanes->store, request->repository, &repository_id, name, err))
        return store_lane_get(lanes->store, repository_id, request->to, ret_lane, err);
    if (err->code != ERR_NOT_FOUND)
        return false;
    *ret_refusal =
        reason_make(REASON_REPOSITORY_UNKNOWN,
                    "nothing was ever received from %.200s; push to it first", request->repository);
    return true;
}

static bool pin(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    const struct flow_environment *target =
        find_environment(lanes, request->repository, request->to);
    struct store_lane lane = {0};
    struct reason refusal = {.code = REASON_NONE};
    uint64_t memberships = 0;

    if (target == NULL) {
        refuse(request, reason_make(REASON_ENVIRONMENT_UNKNOWN, "%.100s has no environment '%.60s'",
                                    request->repository, request->to));
        return true;
    }
    if (!promotions_memberships(lanes, &target->requesters, &request->actor, &memberships, err))
        return false;
    if (memberships == 0) {
        refuse(request, reason_make(REASON_REQUESTER_NOT_ALLOWED,
                                    "%.60s is not among the requesters of %.60s",
                                    request->actor.login, request->to));
        return true;
    }
    if (!find_lane(lanes, request, &lane, &refusal, err))
        return false;
    if (refusal.code == REASON_NONE)
        return set_pin(lanes, request, &lane, err);
    refuse(request, refusal);
    return true;
}

/* ---- tokens ---- */

struct name_search {
    const char *name;
    int64_t now_ms;
    bool found;
};

static bool take_live(const struct store_token *token, void *arg)
{
    struct name_search *search = arg;

    search->found = strcmp(token->name, search->name) == 0 && token->revoked_ms == 0 &&
                    (token->expires_ms == 0 || token->expires_ms > search->now_ms);
    return !search->found;
}

/* One live token of a name: whoever revokes it by name revokes the right one. */
static bool make_token(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    const struct store_token *token = &request->token;
    struct name_search search = {.name = token->name, .now_ms = lanes->now_ms};

    if (!store_tokens(lanes->store, take_live, &search, err))
        return false;
    if (search.found) {
        refuse(request, reason_make(REASON_TOKEN_EXISTS,
                                    "there is a token %s already; revoke it first, or take "
                                    "another name",
                                    token->name));
        return true;
    }
    request->subject = token->id;
    request->outcome =
        reason_make(REASON_TOKEN_MADE, "token %s of %s was made", token->name, token->login);
    return store_token_put(lanes->store, token, err) &&
           note_switch(lanes, request, "token.created", err);
}

static bool revoke_token(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    struct store_token *token = &request->token;

    if (token->revoked_ms != 0) {
        refuse(request,
               reason_make(REASON_ALREADY_ENDED, "token %s was revoked before", token->name));
        return true;
    }
    token->revoked_ms = lanes->now_ms;
    request->subject = token->id;
    request->outcome =
        reason_make(REASON_TOKEN_REVOKED, "token %s of %s was revoked", token->name, token->login);
    return store_token_put(lanes->store, token, err) &&
           note_switch(lanes, request, "token.revoked", err);
}

/* ---- all of them ---- */

typedef bool order_fn(struct lanes *lanes, struct engine_request *request, struct err *err);

static order_fn *const orders[ENGINE_ORDER_COUNT] = {
    [ENGINE_PROMOTE] = ask,
    [ENGINE_DEPLOY] = ask,
    [ENGINE_ROLLBACK] = ask,
    [ENGINE_APPROVE] = vote,
    [ENGINE_REJECT] = vote,
    [ENGINE_WITHDRAW] = vote,
    [ENGINE_CANCEL] = cancel,
    [ENGINE_FREEZE] = freeze,
    [ENGINE_THAW] = thaw,
    [ENGINE_PIN] = pin,
    [ENGINE_UNPIN] = pin,
    [ENGINE_TOKEN] = make_token,
    [ENGINE_TOKEN_REVOKE] = revoke_token,
};

bool orders_carry_out(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    assert(orders[request->order] != NULL);
    return orders[request->order](lanes, request, err);
}
