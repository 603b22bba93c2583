/* POST: what people ask the engine for. Shapes: docs/API.md. */
#include "admin_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/units.h"
#include "net/loop.h"

/* ---- on the way to the engine and back ---- */

struct order {
    struct engine_request request; /* first: the engine hands requests back */
    struct admin *admin;
    struct http_request *http;
    order_answer_fn *answer;
    char secret[ADMIN_TOKEN_SIZE]; /* of a new token: shown once */
};

static void on_done(struct engine_request *request)
{
    struct admin *admin = ((struct order *)request)->admin;

    pthread_mutex_lock(&admin->lock);
    request->next = admin->answered;
    admin->answered = request;
    pthread_mutex_unlock(&admin->lock);
    wakeup_signal(admin->answers);
}

struct engine_request *admin_new_order(struct call *call, enum engine_order kind,
                                       order_answer_fn *answer)
{
    struct order *order = calloc(1, sizeof(*order));
    struct err err;

    if (order == NULL) {
        err_set(&err, ERR_NOMEM, "no memory for the request");
        admin_fail(call, &err);
        return NULL;
    }
    order->request.order = kind;
    order->request.actor = call->actor;
    order->request.on_done = on_done;
    order->admin = call->admin;
    order->http = call->request;
    order->answer = answer;
    return &order->request;
}

void admin_drop_order(struct engine_request *request)
{
    explicit_bzero(request, sizeof(struct order));
    free(request);
}

void admin_submit(struct call *call, struct engine_request *request)
{
    call->admin->waiting++;
    engine_submit(call->admin->options.engine, request);
}

void admin_collect_answers(void *arg)
{
    struct admin *admin = arg;

    pthread_mutex_lock(&admin->lock);
    struct engine_request *request = TAKE(admin->answered);
    pthread_mutex_unlock(&admin->lock);
    while (request != NULL) {
        struct order *order = (struct order *)request;
        struct call call = {
            .admin = admin, .request = order->http, .body = BUF_INIT(ADMIN_ANSWER_BYTES_MAX)};
        request = request->next;
        admin->waiting--;
        if (!order->request.ok)
            admin_fail(&call, &order->request.err);
        else if (order->request.is_refused)
            admin_refuse_order(&call, &order->request);
        else
            order->answer(&call, &order->request);
        buf_done(&call.body);
        admin_drop_order(&order->request);
    }
}

/* ---- refusals ---- */

static const struct {
    enum reason_code code;
    int status;
} statuses[] = {
    {REASON_REQUESTER_NOT_ALLOWED, 403},
    {REASON_VOTER_NOT_ALLOWED, 403},
    {REASON_PERSON_UNKNOWN, 403},
    {REASON_REPOSITORY_UNKNOWN, 404},
    {REASON_ENVIRONMENT_UNKNOWN, 404},
    {REASON_RELEASE_UNKNOWN, 404},
    {REASON_PROMOTION_UNKNOWN, 404},
    {REASON_SCOPE_UNKNOWN, 404},
    {REASON_NOT_FROZEN, 404},
    {REASON_NOT_PINNED, 404},
    {REASON_RELEASE_AMBIGUOUS, 409},
    {REASON_ALREADY_THERE, 409},
    {REASON_ALREADY_OPEN, 409},
    {REASON_ALREADY_ENDED, 409},
    {REASON_IN_DEPLOYMENT, 409},
};

void admin_refuse_order(struct call *call, const struct engine_request *request)
{
    struct jsonw w = JSONW_INIT(&call->body);
    int status = 422;

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].code == request->outcome.code)
            status = statuses[i].status;
    }
    jsonw_open_object(&w, NULL);
    jsonw_open_object(&w, "error");
    jsonw_text(&w, "code", reason_name(request->outcome.code));
    jsonw_text(&w, "sentence", request->outcome.text);
    if (request->subject.text[0] != '\0')
        jsonw_text(&w, "promotion", request->subject.text);
    jsonw_close_object(&w);
    jsonw_close_object(&w);
    admin_answer(call, status);
}

/* ---- answers ---- */

static void answer_outcome(struct call *call, const struct engine_request *request)
{
    struct jsonw w = JSONW_INIT(&call->body);

    jsonw_open_object(&w, NULL);
    admin_write_outcome(&w, &request->outcome);
    jsonw_close_object(&w);
    admin_answer(call, 200);
}

static void answer_promotion(struct call *call, const struct engine_request *request, int status)
{
    struct jsonw w = JSONW_INIT(&call->body);
    struct err err;

    if (admin_write_promotion_of(call, &w, request->subject.text, &request->outcome, &err))
        admin_answer(call, status);
    else
        admin_fail(call, &err);
}

static void answer_new_promotion(struct call *call, const struct engine_request *request)
{
    answer_promotion(call, request, 201);
}

static void answer_voted(struct call *call, const struct engine_request *request)
{
    answer_promotion(call, request, 200);
}

/* ---- what the routes read ---- */

/* Read the body into the order; false: answered. */
static bool read_order(struct call *call, struct engine_request *request,
                       const struct body_field *fields, size_t count)
{
    struct err err;

    if (admin_read_body(call, fields, count, &err))
        return true;
    admin_fail(call, &err);
    admin_drop_order(request);
    return false;
}

/* Somebody has to answer for it. */
static bool has_person(struct call *call, struct engine_request *request)
{
    if (call->actor.id != 0)
        return true;
    admin_refuse(call, 403, reason_name(REASON_PERSON_UNKNOWN),
                 "over the socket say in whose name: --as octocat#583231, or use a token",
                 "this needs a person who answers for it");
    admin_drop_order(request);
    return false;
}

/* The order that a kind stands for; false: answered. */
static bool choose_kind(struct call *call, struct engine_request *request, const char *kind)
{
    static const struct {
        const char *name;
        enum engine_order order;
    } kinds[] = {
        {"promote", ENGINE_PROMOTE}, {"deploy", ENGINE_DEPLOY}, {"rollback", ENGINE_ROLLBACK}};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, kind[0] != '\0' ? kind : "promote") == 0) {
            request->order = kinds[i].order;
            return true;
        }
    }
    admin_refuse(call, 400, "malformed", NULL, "kind must be promote, deploy or rollback");
    admin_drop_order(request);
    return false;
}

void admin_post_promotion(struct call *call)
{
    struct engine_request *request = admin_new_order(call, ENGINE_PROMOTE, answer_new_promotion);
    char kind[32] = "";

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        BODY_FIELD("kind", kind),
        BODY_FIELD("repository", request->repository),
        BODY_FIELD("from", request->from),
        BODY_FIELD("to", request->to),
        BODY_FIELD("release", request->release),
        BODY_FIELD("branch", request->branch),
        BODY_FIELD("reason", request->text),
    };
    if (read_order(call, request, fields, ARRAY_LEN(fields)) && has_person(call, request) &&
        choose_kind(call, request, kind))
        admin_submit(call, request);
}

static void post_about_promotion(struct call *call, enum engine_order order, const char *text_name)
{
    struct engine_request *request = admin_new_order(call, order, answer_voted);

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        {text_name, BODY_TEXT, request->text, sizeof(request->text)}};
    snprintf(request->promotion, sizeof(request->promotion), "%s", call->operand);
    if (read_order(call, request, fields, ARRAY_LEN(fields)) && has_person(call, request))
        admin_submit(call, request);
}

void admin_post_approve(struct call *call)
{
    post_about_promotion(call, ENGINE_APPROVE, "comment");
}

void admin_post_reject(struct call *call)
{
    post_about_promotion(call, ENGINE_REJECT, "comment");
}

void admin_post_withdraw(struct call *call)
{
    post_about_promotion(call, ENGINE_WITHDRAW, "comment");
}

void admin_post_cancel(struct call *call)
{
    post_about_promotion(call, ENGINE_CANCEL, "reason");
}

static void post_scope(struct call *call, enum engine_order order)
{
    struct engine_request *request = admin_new_order(call, order, answer_outcome);

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        BODY_FIELD("flow", request->flow),
        BODY_FIELD("repository", request->repository),
        BODY_FIELD("environment", request->to),
        BODY_FIELD("reason", request->text),
        {"rollbacks", BODY_FLAG, &request->holds_rollbacks, sizeof(bool)},
    };
    if (read_order(call, request, fields, ARRAY_LEN(fields)) && has_person(call, request))
        admin_submit(call, request);
}

void admin_post_freeze(struct call *call)
{
    post_scope(call, ENGINE_FREEZE);
}

void admin_post_thaw(struct call *call)
{
    post_scope(call, ENGINE_THAW);
}

void admin_post_pin(struct call *call)
{
    post_scope(call, ENGINE_PIN);
}

void admin_post_unpin(struct call *call)
{
    post_scope(call, ENGINE_UNPIN);
}

void admin_post_replay(struct call *call, uint64_t sequence, order_answer_fn *answer)
{
    struct engine_request *request = admin_new_order(call, ENGINE_REPLAY, answer);

    if (request == NULL)
        return;
    request->sequence = sequence;
    admin_submit(call, request);
}

/* ---- tokens ---- */

static void answer_token(struct call *call, const struct engine_request *request)
{
    const struct order *order = (const struct order *)request;
    struct jsonw w = JSONW_INIT(&call->body);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "token", order->secret);
    admin_write_token_fields(&w, &request->token);
    jsonw_close_object(&w);
    admin_answer(call, 201);
}

/* 256 random bits behind a prefix by which scanners for leaked secrets know it. */
static void make_secret(struct order *order)
{
    uint8_t bytes[32];
    char digits[2 * sizeof(bytes) + 1];

    random_bytes(bytes, sizeof(bytes));
    snprintf(order->secret, sizeof(order->secret), "envf_%s",
             hex_format(bytes, sizeof(bytes), digits));
    sha256(order->secret, strlen(order->secret), order->request.token.hash);
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(digits, sizeof(digits));
}

static bool fill_token(struct call *call, struct store_token *token, const char *person,
                       const char *scopes, const char *expires, struct err *err)
{
    int64_t now_ms = clock_wall_ms(call->admin->options.clock);
    uint8_t random[ID_RANDOM_BYTES];
    struct store_actor owner;
    int64_t lifetime_ms = 0;

    random_bytes(random, sizeof(random));
    token->id = id_make(now_ms, random);
    token->created_ms = now_ms;
    if (token->name[0] == '\0')
        return err_set(err, ERR_PARSE, "a token needs a name");
    if (!admin_parse_scopes(scopes, &token->scopes, err) ||
        !admin_parse_person(call, person, &owner, err) ||
        (expires[0] != '\0' && !units_parse_duration(expires, &lifetime_ms, err)))
        return false;
    token->expires_ms = lifetime_ms > 0 ? now_ms + lifetime_ms : 0;
    token->person_id = owner.id;
    memcpy(token->login, owner.login, sizeof(token->login));
    return true;
}

void admin_post_token(struct call *call)
{
    struct engine_request *request = admin_new_order(call, ENGINE_TOKEN, answer_token);
    char person[128] = "";
    char scopes[64] = "";
    char expires[32] = "";
    struct err err;

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        BODY_FIELD("name", request->token.name),
        BODY_FIELD("person", person),
        {"scopes", BODY_LIST, scopes, sizeof(scopes)},
        BODY_FIELD("expires", expires),
    };
    if (!read_order(call, request, fields, ARRAY_LEN(fields)))
        return;
    if (!fill_token(call, &request->token, person, scopes, expires, &err)) {
        admin_fail(call, &err);
        admin_drop_order(request);
        return;
    }
    make_secret((struct order *)request);
    admin_submit(call, request);
}

struct token_search {
    const char *id;
    struct store_token found;
};

static bool take_token(const struct store_token *token, void *arg)
{
    struct token_search *search = arg;

    if (strcmp(token->id.text, search->id) != 0 && strcmp(token->name, search->id) != 0)
        return true;
    search->found = *token;
    return token->revoked_ms != 0;
}

void admin_post_revoke(struct call *call)
{
    struct engine_request *request = admin_new_order(call, ENGINE_TOKEN, answer_outcome);
    struct token_search search = {.id = call->operand};
    struct err err = {.code = ERR_OK};

    if (request == NULL)
        return;
    bool read = store_tokens(call->admin->store, take_token, &search, &err);
    if (read && search.found.id.text[0] == '\0')
        read = err_set(&err, ERR_NOT_FOUND, "there is no token '%.60s'", call->operand);
    if (!read) {
        admin_fail(call, &err);
        admin_drop_order(request);
        return;
    }
    request->token = search.found;
    request->token.revoked_ms = clock_wall_ms(call->admin->options.clock);
    admin_submit(call, request);
}
