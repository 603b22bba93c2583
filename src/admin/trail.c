/* GET: the audit trail, what the flows guarantee, tokens. Shapes: docs/API.md. */
#include "admin_int.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/rfc3339.h"
#include "flow/prove.h"
#include "store/audit.h"

/* ---- audit ---- */

struct page {
    struct jsonw w;
    unsigned room;
    bool more;
    uint64_t last;
};

static void write_details(struct jsonw *w, const char *details)
{
    jsonw_text(w, "details", details[0] != '\0' ? details : NULL);
}

static bool add_record(const struct audit_record *record, void *arg)
{
    struct page *page = arg;
    struct jsonw *w = &page->w;
    char hash[2 * SHA256_BYTES + 1];

    page->more = page->room == 0;
    if (page->more)
        return false;
    page->room--;
    page->last = record->sequence;
    jsonw_open_object(w, NULL);
    jsonw_int(w, "sequence", (int64_t)record->sequence);
    jsonw_time(w, "time", record->time_ms);
    jsonw_text(w, "event", record->event);
    jsonw_text(w, "actor", record->actor);
    jsonw_int(w, "actor_id", record->actor_id);
    jsonw_text(w, "via", record->via);
    jsonw_text(w, "repository", record->repository);
    jsonw_text(w, "environment", record->environment);
    jsonw_text(w, "subject", record->subject);
    jsonw_text(w, "reason", record->reason);
    jsonw_text(w, "text", record->text);
    write_details(w, record->details);
    jsonw_text(w, "hash", hex_format(record->hash, SHA256_BYTES, hash));
    jsonw_close_object(w);
    return true;
}

/* False: refused, the call has ended. */
static bool read_since(struct call *call, int64_t *ret_since_ms)
{
    char text[ADMIN_NAME_SIZE];
    struct err err;

    *ret_since_ms = 0;
    if (!admin_query(call, "since", text, sizeof(text)) || rfc3339_parse(text, ret_since_ms, &err))
        return true;
    admin_fail(call, &err);
    return false;
}

void admin_get_audit(struct call *call)
{
    char repository[ADMIN_NAME_SIZE];
    char environment[ADMIN_NAME_SIZE];
    char subject[ADMIN_NAME_SIZE];
    char actor[ADMIN_NAME_SIZE];
    char event[ADMIN_NAME_SIZE];
    struct store_audit_filter filter = {
        .repository = admin_filter(call, "repository", repository),
        .environment = admin_filter(call, "environment", environment),
        .subject = admin_filter(call, "subject", subject),
        .actor = admin_filter(call, "actor", actor),
        .event = admin_filter(call, "event", event),
    };
    char text[ADMIN_NAME_SIZE];
    bool oldest_first = admin_query(call, "after", text, sizeof(text));
    struct page page = {.w = JSONW_INIT(&call->body)};
    struct err err;

    if (!admin_read_limit(call, &page.room) || !read_since(call, &filter.since_ms) ||
        !admin_read_number(call, "after", &filter.after) ||
        !admin_read_number(call, "before", &filter.before))
        return;
    if (!oldest_first && filter.before == 0)
        filter.before = INT64_MAX;
    filter.limit = page.room + 1;
    jsonw_open_object(&page.w, NULL);
    jsonw_open_array(&page.w, "items");
    if (!store_audit(call->admin->store, &filter, add_record, &page, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&page.w);
    if (page.more)
        jsonw_int(&page.w, "next", (int64_t)page.last);
    else
        jsonw_null(&page.w, "next");
    jsonw_close_object(&page.w);
    admin_answer(call, 200);
}

/* ---- export ---- */

#define EXPORT_LINES_DEFAULT 500

struct export
{
    struct buf *out;
    unsigned room;
    bool more;
    struct audit_head head; /* of the last line written; of the trail when there is none */
};

static bool export_record(const struct audit_record *record, void *arg)
{
    struct export *export = arg;

    export->more = export->room == 0;
    if (export->more)
        return false;
    export->room--;
    export->head.sequence = record->sequence;
    memcpy(export->head.hash, record->hash, SHA256_BYTES);
    audit_export_line(record, export->out);
    return true;
}

void admin_get_export(struct call *call)
{
    struct export export = {.out = &call->body, .room = EXPORT_LINES_DEFAULT};
    struct store_audit_filter filter = {.limit = EXPORT_LINES_DEFAULT + 1};
    char text[ADMIN_NAME_SIZE];
    struct err err;

    if (!admin_read_number(call, "after", &filter.after))
        return;
    if (admin_query(call, "limit", text, sizeof(text)) && !admin_read_limit(call, &export.room))
        return;
    filter.limit = export.room + 1;
    /* The head first: a record that comes between the two is then a line, and the head itself. */
    if (!store_audit_head(call->admin->store, &export.head, &err) ||
        !store_audit(call->admin->store, &filter, export_record, &export, &err)) {
        admin_fail(call, &err);
        return;
    }
    if (!export.more) /* without a further line this is the end of the trail */
        audit_export_end(&export.head, &call->body);
    admin_answer_as(call, 200, "application/x-ndjson");
}

/* ---- prove ---- */

static void write_finding(const struct prove_finding *finding, void *arg)
{
    struct jsonw *w = arg;

    jsonw_open_object(w, NULL);
    jsonw_text(w, "code", finding->code);
    jsonw_text(w, "claim", finding->claim);
    jsonw_bool(w, "holds", finding->holds);
    jsonw_text(w, "counterexample", finding->counterexample);
    jsonw_close_object(w);
}

void admin_get_prove(struct call *call)
{
    const struct flow_graph *graph = &call->admin->options.cfg->graph;
    struct jsonw w = JSONW_INIT(&call->body);
    bool holds = true;

    jsonw_open_object(&w, NULL);
    jsonw_open_array(&w, "flows");
    for (size_t i = 0; i < graph->flows_count; i++) {
        jsonw_open_object(&w, NULL);
        jsonw_text(&w, "flow", graph->flows[i].name);
        jsonw_open_array(&w, "findings");
        holds = prove_flow(&graph->flows[i], write_finding, &w) && holds;
        jsonw_close_array(&w);
        jsonw_close_object(&w);
    }
    jsonw_close_array(&w);
    jsonw_bool(&w, "holds", holds);
    jsonw_close_object(&w);
    admin_answer(call, 200);
}

/* ---- tokens ---- */

static const struct {
    const char *name;
    unsigned scope;
} scopes[] = {
    {"read", TOKEN_READ},
    {"promote", TOKEN_PROMOTE},
    {"approve", TOKEN_APPROVE},
    {"admin", TOKEN_ADMIN},
};

bool admin_parse_scopes(const char *text, unsigned *ret_scopes, struct err *err)
{
    unsigned found = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        unsigned scope = 0;
        for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
            if (strlen(scopes[i].name) == len && strncmp(scopes[i].name, text, len) == 0)
                scope = scopes[i].scope;
        }
        if (scope == 0)
            return err_set(err, ERR_PARSE,
                           "there is no scope '%.*s'; they are read, promote, approve, admin",
                           (int)(len < 40 ? len : 40), text);
        found |= scope;
        text += len;
        text += *text == ',' ? 1 : 0;
    }
    if (found == 0)
        return err_set(err, ERR_PARSE, "a token needs scopes: read, promote, approve, admin");
    *ret_scopes = found;
    return true;
}

void admin_write_token_fields(struct jsonw *w, const struct store_token *token)
{
    jsonw_text(w, "id", token->id.text);
    jsonw_text(w, "name", token->name);
    jsonw_text(w, "login", token->login);
    jsonw_int(w, "person_id", token->person_id);
    jsonw_open_array(w, "scopes");
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if ((token->scopes & scopes[i].scope) != 0)
            jsonw_text(w, NULL, scopes[i].name);
    }
    jsonw_close_array(w);
    jsonw_time(w, "created_at", token->created_ms);
    jsonw_time(w, "expires_at", token->expires_ms);
    jsonw_time(w, "revoked_at", token->revoked_ms);
}

static bool add_token(const struct store_token *token, void *arg)
{
    struct jsonw *w = arg;

    jsonw_open_object(w, NULL);
    admin_write_token_fields(w, token);
    jsonw_close_object(w);
    return true;
}

void admin_get_tokens(struct call *call)
{
    struct jsonw w = JSONW_INIT(&call->body);
    struct err err;

    jsonw_open_object(&w, NULL);
    jsonw_open_array(&w, "items");
    if (!store_tokens(call->admin->store, add_token, &w, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&w);
    jsonw_close_object(&w);
    admin_answer(call, 200);
}
