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
    request->is_refused =
        request->outcome.code != REASON_VOTE && request->outcome.code != REASON_VOTE_WITHDRAWN;
    return true;
}

/* Only whoever asked, or may ask for the same, cancels. Who took over a login is somebody else. */
static bool may_cancel(const struct lanes *lanes, const struct store_promotion *promotion,
                       const struct store_actor *actor, bool *ret_may, struct err *err)
{
    const struct repository_rule *rule = graph_find_repository(lanes->graph, promotion->repository);
    const struct flow_environment *target =
        rule != NULL ? graph_find_environment(rule->flow, promotion->to) : NULL;
    uint64_t memberships = 0;

    *ret_may = target == NULL || promotion->requester.id == actor->id;
    if (*ret_may)
        return true;
    if (!promotions_memberships(lanes, &target->requesters, actor, &memberships, err))
        return false;
    *ret_may = memberships != 0;
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
        .id = lanes_new_id(lanes),
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
    request->outcome = reason_make(REASON_CANCELLED, "%s goes on", scope);
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
    request->outcome = pins ? reason_make(REASON_PINNED, "%s stays at %.7s: %.200s", request->to,
                                          lane->holds.hex, request->text)
                            : reason_make(REASON_NOT_PINNED, "%s is open again", request->to);
    return store_lane_put(lanes->store, lane, err) &&
           note_switch(lanes, request, pins ? "lane.pinned" : "lane.unpinned", err) &&
           (!pins || promotions_pinned(lanes, lane, err)) &&
           lanes_open(lanes, lane->repository_id, lane->environment, err);
}

static bool pin(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    const struct repository_rule *rule = graph_find_repository(lanes->graph, request->repository);
    const struct flow_environment *target =
        rule != NULL ? graph_find_environment(rule->flow, request->to) : NULL;
    struct store_lane lane;
    int64_t repository_id = 0;

    if (target == NULL || !store_repository_find(lanes->store, request->repository, &repository_id,
                                                 request->repository, err)) {
        refuse(request, reason_make(REASON_ENVIRONMENT_UNKNOWN,
                                    "%.100s has no environment '%.60s', or was never pushed to",
                                    request->repository, request->to));
        return true;
    }
    return store_lane_get(lanes->store, repository_id, request->to, &lane, err) &&
           set_pin(lanes, request, &lane, err);
}

/* ---- tokens ---- */

static bool put_token(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    const struct store_token *token = &request->token;
    bool is_revoked = token->revoked_ms != 0;

    request->subject = token->id;
    request->outcome = reason_make(REASON_REQUESTED, "token %s of %s was %s", token->name,
                                   token->login, is_revoked ? "revoked" : "made");
    return store_token_put(lanes->store, token, err) &&
           note_switch(lanes, request, is_revoked ? "token.revoked" : "token.created", err);
}

/* ---- all of them ---- */

typedef bool order_fn(struct lanes *lanes, struct engine_request *request, struct err *err);

static order_fn *const orders[ENGINE_ORDER_COUNT] = {
    [ENGINE_PROMOTE] = ask,   [ENGINE_DEPLOY] = ask,    [ENGINE_ROLLBACK] = ask,
    [ENGINE_APPROVE] = vote,  [ENGINE_REJECT] = vote,   [ENGINE_WITHDRAW] = vote,
    [ENGINE_CANCEL] = cancel, [ENGINE_FREEZE] = freeze, [ENGINE_THAW] = thaw,
    [ENGINE_PIN] = pin,       [ENGINE_UNPIN] = pin,     [ENGINE_TOKEN] = put_token,
};

bool orders_carry_out(struct lanes *lanes, struct engine_request *request, struct err *err)
{
    assert(orders[request->order] != NULL);
    return orders[request->order](lanes, request, err);
}
