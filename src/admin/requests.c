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
    struct err err;

    /* Whoever leaves before the answer makes room on the port, not with the engine. */
    if (call->admin->waiting >= ADMIN_ORDERS_MAX) {
        admin_refuse(call, 503, "busy", "ask again in a while; `envflow status` says what is wrong",
                     "%u requests wait already", call->admin->waiting);
        return NULL;
    }
    struct order *order = calloc(1, sizeof(*order));
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

/* What is not here is 422. Hints say where to look further; the sentence has the rest. */
static const struct {
    enum reason_code code;
    int status;
    const char *hint;
} refusals[] = {
    {REASON_REQUESTER_NOT_ALLOWED, 403, "`requesters:` of the environment says who may"},
    {REASON_VOTER_NOT_ALLOWED, 403, "envflow why PROMOTION says who may vote"},
    {REASON_PERSON_UNKNOWN, 403, NULL},
    {REASON_REPOSITORY_UNKNOWN, 404, "envflow config show lists `repositories:`"},
    {REASON_ENVIRONMENT_UNKNOWN, 404, "envflow config show lists the environments of each flow"},
    {REASON_RELEASE_UNKNOWN, 404, "envflow releases OWNER/NAME lists them"},
    {REASON_PROMOTION_UNKNOWN, 404, "envflow promotions list shows what there is"},
    {REASON_SCOPE_UNKNOWN, 404, "envflow config show lists flows, environments, repositories"},
    {REASON_NOT_FROZEN, 404, "envflow status shows the switches that are pulled"},
    {REASON_NOT_PINNED, 404, "envflow why OWNER/NAME ENVIRONMENT shows a pin"},
    {REASON_RELEASE_AMBIGUOUS, 409, "give more of the commit id, or the release's name"},
    {REASON_ALREADY_THERE, 409, "envflow status shows what every environment holds"},
    {REASON_ALREADY_OPEN, 409, "envflow promotions list --state open shows it"},
    {REASON_ALREADY_ENDED, 409, NULL},
    {REASON_IN_DEPLOYMENT, 409, "envflow deployments list --state running shows it"},
    {REASON_TOKEN_EXISTS, 409, "envflow token list shows it; envflow token revoke ends it"},
    {REASON_NO_PATH, 422, "envflow config show lists the paths under `promotions:`"},
    {REASON_NOT_ON_SOURCE, 422, "envflow status shows what every environment holds"},
    {REASON_REASON_REQUIRED, 422, "--reason TEXT on the command line, `reason` in a body"},
    {REASON_NOTHING_TO_ROLL_BACK, 422, "envflow deployments list shows what was there"},
    {REASON_NEVER_VERIFIED, 422, "envflow deployments list shows what was there"},
    {REASON_PINNED, 422, "envflow unpin OWNER/NAME ENVIRONMENT"},
};

static bool is_about_promotion(enum engine_order order)
{
    return order >= ENGINE_PROMOTE && order <= ENGINE_CANCEL;
}

void admin_refuse_order(struct call *call, const struct engine_request *request)
{
    struct jsonw w = JSONW_INIT(&call->body);
    const char *hint = NULL;
    int status = 422;

    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (refusals[i].code != request->outcome.code)
            continue;
        status = refusals[i].status;
        hint = refusals[i].hint;
    }
    jsonw_open_object(&w, NULL);
    jsonw_open_object(&w, "error");
    jsonw_text(&w, "code", reason_name(request->outcome.code));
    jsonw_text(&w, "sentence", request->outcome.text);
    jsonw_text(&w, "hint", hint);
    if (is_about_promotion(request->order) && request->subject.text[0] != '\0')
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
        BODY_FIELD_NEEDED("repository", request->repository),
        BODY_FIELD("from", request->from),
        BODY_FIELD_NEEDED("to", request->to),
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
        {text_name, BODY_TEXT, false, request->text, sizeof(request->text)}};
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

/* The first three fields are the scope; a switch that is pulled also has the others. */
static void post_scope(struct call *call, enum engine_order order, size_t fields_count)
{
    struct engine_request *request = admin_new_order(call, order, answer_outcome);

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        BODY_FIELD("flow", request->flow),
        BODY_FIELD("repository", request->repository),
        BODY_FIELD("environment", request->to),
        BODY_FIELD("reason", request->text),
        {"rollbacks", BODY_FLAG, false, &request->holds_rollbacks, sizeof(bool)},
    };
    if (read_order(call, request, fields, fields_count) && has_person(call, request))
        admin_submit(call, request);
}

void admin_post_freeze(struct call *call)
{
    post_scope(call, ENGINE_FREEZE, 5);
}

void admin_post_thaw(struct call *call)
{
    post_scope(call, ENGINE_THAW, 3);
}

static void post_pin(struct call *call, enum engine_order order, size_t fields_count)
{
    struct engine_request *request = admin_new_order(call, order, answer_outcome);

    if (request == NULL)
        return;
    const struct body_field fields[] = {
        BODY_FIELD_NEEDED("repository", request->repository),
        BODY_FIELD_NEEDED("environment", request->to),
        BODY_FIELD("reason", request->text),
    };
    if (read_order(call, request, fields, fields_count) && has_person(call, request))
        admin_submit(call, request);
}

void admin_post_pin(struct call *call)
{
    post_pin(call, ENGINE_PIN, 3);
}

void admin_post_unpin(struct call *call)
{
    post_pin(call, ENGINE_UNPIN, 2);
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

#define SECOND_MS       INT64_C(1000)
#define LIFETIME_MAX_MS (INT64_C(36500) * 24 * 3600 * SECOND_MS)

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

/* It is told in the trail, printed, and written into paths. */
static bool check_token_name(const char *name, struct err *err)
{
    for (const char *at = name; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F || *at == '/')
            return err_set(err, ERR_PARSE,
                           "a token's name holds no slash and no control character");
    }
    return true;
}

/* No lifetime at all is what `expires` left out stands for. */
static bool parse_lifetime(const char *text, int64_t *ret_lifetime_ms, struct err *err)
{
    int64_t lifetime_ms = 0;

    if (!units_parse_duration(text, &lifetime_ms, err))
        return err_wrap(err, "expires");
    if (lifetime_ms < SECOND_MS || lifetime_ms > LIFETIME_MAX_MS)
        return err_set(err, ERR_PARSE, "a token lives from 1s to 36500d, not %.40s", text);
    *ret_lifetime_ms = lifetime_ms;
    return true;
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
    if (!check_token_name(token->name, err) || !admin_parse_scopes(scopes, &token->scopes, err) ||
        !admin_parse_person(call, person, &owner, err) ||
        (expires[0] != '\0' && !parse_lifetime(expires, &lifetime_ms, err)))
        return false;
    token->expires_ms = lifetime_ms != 0 ? now_ms + lifetime_ms : 0;
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
        BODY_FIELD_NEEDED("name", request->token.name),
        BODY_FIELD_NEEDED("person", person),
        {"scopes", BODY_LIST, false, scopes, sizeof(scopes)},
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

/* A token by its id, else the live one of that name (names are unique among them), else the last
 * that had it. */
struct token_search {
    const char *name;
    struct store_token found;
};

static bool take_token(const struct store_token *token, void *arg)
{
    struct token_search *search = arg;
    bool is_id = strcmp(token->id.text, search->name) == 0;

    if (!is_id && strcmp(token->name, search->name) != 0)
        return true;
    search->found = *token;
    return !is_id && token->revoked_ms != 0;
}

static bool find_token(struct call *call, struct store_token *ret_token, struct err *err)
{
    struct token_search search = {.name = call->operand};

    if (!store_tokens(call->admin->store, take_token, &search, err))
        return false;
    if (search.found.id.text[0] == '\0')
        return err_set(err, ERR_NOT_FOUND,
                       "there is no token '%.60s'; envflow token list shows them", call->operand);
    *ret_token = search.found;
    return true;
}

void admin_post_revoke(struct call *call)
{
    struct engine_request *request = admin_new_order(call, ENGINE_TOKEN_REVOKE, answer_outcome);
    struct err err;

    if (request == NULL || !read_order(call, request, NULL, 0))
        return;
    if (!find_token(call, &request->token, &err)) {
        admin_fail(call, &err);
        admin_drop_order(request);
        return;
    }
    admin_submit(call, request);
}
