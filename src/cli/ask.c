/*
 * promote, deploy, rollback, approve, reject, withdraw, cancel: what people ask for about a
 * promotion, and --wait, which follows it to its end.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/units.h"
#include "commands_int.h"
#include "flow/reason.h"
#include "promotion_int.h"
#include "text_int.h"

#define BODY_BYTES_MAX ((size_t)16 * 1024)
#define LOOK_AGAIN_MS  500

/* ---- following one to its end ---- */

/* The exit code of a promotion that ended. */
static int code_of(const char *state)
{
    static const struct {
        const char *state;
        int code;
    } ends[] = {
        {"succeeded", CLI_DONE},     {"failed", CLI_FAILED},       {"rolled_back", CLI_FAILED},
        {"refused", CLI_GATE_SHUT},  {"rejected", CLI_GATE_SHUT},  {"expired", CLI_GATE_SHUT},
        {"cancelled", CLI_CONFLICT}, {"superseded", CLI_CONFLICT},
    };

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (strcmp(ends[i].state, state) == 0)
            return ends[i].code;
    }
    return -1; /* it goes on */
}

/* One line for every change, on standard error: standard output is for the result. */
static void print_progress(const json_t *promotion, char last[1024])
{
    struct buf clean = BUF_INIT((size_t)2048);
    char line[1024];

    snprintf(line, sizeof(line), "%.100s: %.800s", payload_str_or(promotion, "state", "?"),
             payload_str_or(promotion, "sentence", ""));
    if (strcmp(line, last) == 0)
        return;
    memcpy(last, line, sizeof(line));
    text_clean(&clean, line);
    fprintf(stderr, "%s\n", buf_text(&clean));
    buf_done(&clean);
}

/* Before anything is asked for: what was asked cannot be taken back by a usage error. */
static int read_timeout(const struct cli_args *args, int64_t *ret_timeout_ms)
{
    const char *text = cli_option(args, "timeout");
    struct err err;

    *ret_timeout_ms = INT64_MAX / 2;
    if (text != NULL && cli_option(args, "wait") == NULL)
        return cli_fail(CLI_USAGE, "--timeout says how long --wait may take\nadd --wait");
    if (text != NULL && !units_parse_duration(text, ret_timeout_ms, &err))
        return cli_fail(CLI_USAGE, "--timeout: %s\nas --timeout 30m", err.text);
    return CLI_DONE;
}

/* Follows the promotion of *answer, which becomes its last state. */
static int follow(const struct cli_args *args, int64_t timeout_ms, struct api_answer *answer)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    int64_t begin_ms = clock_mono_ms(&clock_system);
    char last[1024] = "";

    buf_puts(&path, "/api/v1/promotions/");
    text_url(&path, payload_str_or(answer->tree, "id", ""));
    for (;;) {
        const char *state = payload_str_or(answer->tree, "state", "");
        print_progress(answer->tree, last);
        if (code_of(state) >= 0)
            return code_of(state);
        if (clock_mono_ms(&clock_system) - begin_ms >= timeout_ms)
            return cli_fail(CLI_TIMED_OUT,
                            "the promotion is still %s\n'envflow why %s' says what "
                            "it waits for",
                            state, payload_str_or(answer->tree, "id", ""));
        poll(NULL, 0, LOOK_AGAIN_MS);
        api_answer_cleanup(answer);
        *answer = (struct api_answer){.tree = NULL};
        int code = api_get(args, &path, answer);
        if (code != CLI_DONE)
            return code;
    }
}

/* ---- asking ---- */

static int show(const struct cli_args *args, const struct api_answer *answer)
{
    AUTO(buf) struct buf out = BUF_INIT(PROMOTION_BYTES_MAX);
    struct view view = view_of_stdout();

    if (cli_option(args, "json") != NULL)
        return api_print_json(answer);
    promotion_print(&view, &out, answer->tree);
    return term_print(&out);
}

static int finish(const struct cli_args *args, int64_t timeout_ms, struct api_answer *answer)
{
    int code = cli_option(args, "wait") != NULL ? follow(args, timeout_ms, answer) : CLI_DONE;
    int shown = answer->tree != NULL ? show(args, answer) : CLI_DONE;

    return code != CLI_DONE ? code : shown;
}

static void put_option(struct jsonw *w, const struct cli_args *args, const char *option)
{
    const char *value = cli_option_or_none(args, option);

    if (value != NULL)
        jsonw_text(w, option, value);
}

static int ask(const struct cli_args *args, const char *kind)
{
    static const char *const options[] = {"from", "release", "branch", "reason"};
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf body = BUF_INIT(BODY_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct jsonw w = JSONW_INIT(&body);
    int64_t timeout_ms = 0;

    int code = read_timeout(args, &timeout_ms);
    if (code != CLI_DONE)
        return code;
    buf_puts(&path, "/api/v1/promotions");
    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "kind", kind);
    jsonw_text(&w, "repository", cli_operand(args, 0));
    jsonw_text(&w, "to", cli_operand(args, 1));
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        put_option(&w, args, options[i]);
    jsonw_close_object(&w);
    code = api_post(args, &path, &body, &answer);
    return code != CLI_DONE ? code : finish(args, timeout_ms, &answer);
}

int promote_run(const struct cli_args *args)
{
    return ask(args, "promote");
}

int deploy_run(const struct cli_args *args)
{
    return ask(args, "deploy");
}

int rollback_run(const struct cli_args *args)
{
    return ask(args, "rollback");
}

/* ---- saying ---- */

/* A vote that does not count was heard, and yet its giver was not let in: the exit status says so.
 */
static int say(const struct cli_args *args, const char *verb, const char *text_option)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf body = BUF_INIT(BODY_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct jsonw w = JSONW_INIT(&body);
    int64_t timeout_ms = 0;

    int code = read_timeout(args, &timeout_ms);
    if (code != CLI_DONE)
        return code;
    buf_puts(&path, "/api/v1/promotions/");
    text_url(&path, cli_operand(args, 0));
    buf_printf(&path, "/%s", verb);
    jsonw_open_object(&w, NULL);
    put_option(&w, args, text_option);
    jsonw_close_object(&w);
    code = api_post(args, &path, &body, &answer);
    if (code != CLI_DONE)
        return code;
    bool is_void =
        strcmp(payload_str_or(answer.tree, "outcome.code", ""), reason_name(REASON_VOTE_VOID)) == 0;
    code = finish(args, timeout_ms, &answer);
    return code == CLI_DONE && is_void ? CLI_NOT_ALLOWED : code;
}

int approve_run(const struct cli_args *args)
{
    return say(args, "approve", "comment");
}

int reject_run(const struct cli_args *args)
{
    return say(args, "reject", "comment");
}

int withdraw_run(const struct cli_args *args)
{
    return say(args, "withdraw", "comment");
}

int cancel_run(const struct cli_args *args)
{
    return say(args, "cancel", "reason");
}
