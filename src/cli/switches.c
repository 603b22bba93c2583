/* freeze, thaw, pin, unpin, token create|list|revoke: what decides who may, and when. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "commands_int.h"
#include "text_int.h"
#include "view_int.h"

#define BODY_BYTES_MAX ((size_t)16 * 1024)

static int print_outcome(const struct cli_args *args, const struct api_answer *answer)
{
    AUTO(buf) struct buf out = BUF_INIT((size_t)4096);

    if (cli_option(args, "json") != NULL)
        return api_print_json(answer);
    text_clean(&out, payload_str_or(answer->tree, "outcome.sentence", "done"));
    buf_putc(&out, '\n');
    return term_print(&out);
}

static int post_outcome(const struct cli_args *args, const char *where, const struct buf *body)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};

    buf_puts(&path, where);
    int code = api_post(args, &path, body, &answer);
    return code != CLI_DONE ? code : print_outcome(args, &answer);
}

/* ---- stop switches and pins ---- */

static int post_scope(const struct cli_args *args, const char *where, const char *repository,
                      const char *environment)
{
    AUTO(buf) struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);
    const char *flow = cli_option_or_none(args, "flow");
    const char *reason = cli_option_or_none(args, "reason");

    jsonw_open_object(&w, NULL);
    if (flow != NULL)
        jsonw_text(&w, "flow", flow);
    if (repository != NULL)
        jsonw_text(&w, "repository", repository);
    if (environment != NULL)
        jsonw_text(&w, "environment", environment);
    if (reason != NULL)
        jsonw_text(&w, "reason", reason);
    if (cli_option_or_none(args, "rollbacks") != NULL)
        jsonw_bool(&w, "rollbacks", true);
    jsonw_close_object(&w);
    return post_outcome(args, where, &body);
}

int freeze_run(const struct cli_args *args)
{
    return post_scope(args, "/api/v1/freezes", cli_option(args, "repository"),
                      cli_operand(args, 0));
}

int thaw_run(const struct cli_args *args)
{
    return post_scope(args, "/api/v1/freezes/thaw", cli_option(args, "repository"),
                      cli_operand(args, 0));
}

int pin_run(const struct cli_args *args)
{
    return post_scope(args, "/api/v1/pins", cli_operand(args, 0), cli_operand(args, 1));
}

int unpin_run(const struct cli_args *args)
{
    return post_scope(args, "/api/v1/pins/unpin", cli_operand(args, 0), cli_operand(args, 1));
}

/* ---- tokens ---- */

static void put_scopes(struct jsonw *w, const char *scopes)
{
    jsonw_open_array(w, "scopes");
    while (*scopes != '\0') {
        size_t len = strcspn(scopes, ",");
        jsonw_text_n(w, NULL, scopes, len);
        scopes += len;
        scopes += *scopes == ',' ? 1 : 0;
    }
    jsonw_close_array(w);
}

int token_create_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf body = BUF_INIT(BODY_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT((size_t)1024);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct jsonw w = JSONW_INIT(&body);
    const char *scopes = cli_option(args, "scope");
    const char *expires = cli_option(args, "expires");

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "name", cli_operand(args, 0));
    jsonw_text(&w, "person", cli_operand(args, 1));
    put_scopes(&w, scopes != NULL ? scopes : "read");
    if (expires != NULL)
        jsonw_text(&w, "expires", expires);
    jsonw_close_object(&w);
    buf_puts(&path, "/api/v1/tokens");
    int code = api_post(args, &path, &body, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);
    /* Alone on standard output, so that a script can keep it; it is never shown again. */
    text_clean(&out, payload_str_or(answer.tree, "token", ""));
    buf_putc(&out, '\n');
    fputs("This token is shown once. Hand it over as $ENVFLOW_TOKEN.\n", stderr);
    return term_print(&out);
}

static const struct table_column token_columns[] = {
    {"TOKEN", 0, false}, {"NAME", 8, false},   {"PERSON", 8, false}, {"SCOPES", 8, false},
    {"MADE", 0, true},   {"EXPIRES", 0, true}, {"REVOKED", 0, true},
};

static void add_token(const struct view *view, struct table *table, const json_t *item)
{
    const json_t *scopes = payload_get(item, "scopes");
    char joined[128] = "";

    for (size_t i = 0; i < json_array_size(scopes); i++) {
        size_t used = strlen(joined);
        const char *scope = json_string_value(json_array_get(scopes, i));
        snprintf(joined + used, sizeof(joined) - used, "%s%.20s", used > 0 ? "," : "",
                 scope != NULL ? scope : "?");
    }
    table_cell(table, STYLE_PLAIN, payload_str_or(item, "id", ""));
    view_text_cell(view, table, payload_str_or(item, "name", ""));
    view_text_cell(view, table, payload_str_or(item, "login", ""));
    view_text_cell(view, table, joined);
    view_time_cell(view, table, payload_str_or(item, "created_at", ""));
    view_time_cell(view, table, payload_str_or(item, "expires_at", ""));
    view_time_cell(view, table, payload_str_or(item, "revoked_at", ""));
}

int token_list_run(const struct cli_args *args)
{
    static const char *const filters[] = {NULL};
    static const struct view_list list = {
        .path = "/api/v1/tokens",
        .filters = filters,
        .columns = token_columns,
        .columns_count = ARRAY_LEN(token_columns),
        .add = add_token,
        .command = "token list",
        .nothing = "no token yet; 'envflow token create' makes one",
    };

    return view_list_run(&list, args);
}

int token_revoke_run(const struct cli_args *args)
{
    AUTO(buf) struct buf where = BUF_INIT(API_PATH_BYTES_MAX);

    buf_puts(&where, "/api/v1/tokens/");
    text_url(&where, cli_operand(args, 0));
    buf_puts(&where, "/revoke");
    return post_outcome(args, buf_text(&where), NULL);
}
