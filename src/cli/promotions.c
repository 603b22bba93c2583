/* promotions list, promotions show, why, releases: what is on its way where, and what it waits for.
 */
#include <stdio.h>
#include <string.h>

#include "commands_int.h"
#include "promotion_int.h"
#include "text_int.h"

/* ---- one ---- */

/* The sentences name their people themselves. */
static void put_why(const struct view *view, struct buf *out, const json_t *why, bool needed)
{
    const json_t *item = NULL;
    const char *label = needed ? "Waits for" : "Note";
    size_t i = 0;

    json_array_foreach(why, i, item)
    {
        if (payload_bool_or(item, "needed", false) != needed)
            continue;
        view_line(view, out, label, needed ? STYLE_YELLOW : STYLE_PLAIN,
                  payload_str_or(item, "sentence", ""));
        label = "";
    }
}

static void put_votes(const struct view *view, struct buf *out, const json_t *votes)
{
    const json_t *vote = NULL;
    size_t i = 0;

    json_array_foreach(votes, i, vote)
    {
        const char *comment = payload_str_or(vote, "comment", "");
        char when[WHEN_SIZE];
        char line[1024];

        snprintf(line, sizeof(line), "%.64s %s (%s) %s%s%.500s", payload_str_or(vote, "login", "?"),
                 strcmp(payload_str_or(vote, "verdict", ""), "approve") == 0 ? "approves"
                                                                             : "rejects",
                 payload_str_or(vote, "standing", ""),
                 when_relative(payload_str_or(vote, "voted_at", ""), view->now_ms, when),
                 comment[0] != '\0' ? ": " : "", comment);
        view_line(view, out, i == 0 ? "Votes" : "", STYLE_PLAIN, line);
    }
}

static void put_checks(const struct view *view, struct buf *out, const json_t *checks)
{
    const json_t *check = NULL;
    size_t i = 0;

    json_array_foreach(checks, i, check)
    {
        const char *state = payload_str_or(check, "state", "");
        char line[1024];

        snprintf(line, sizeof(line), "%s %.100s: %s, %.500s", payload_str_or(check, "phase", ""),
                 payload_str_or(check, "name", ""), state, payload_str_or(check, "sentence", ""));
        view_line(view, out, i == 0 ? "Checks" : "", view_style(state), line);
    }
}

static void put_what(const struct view *view, struct buf *out, const json_t *promotion)
{
    const char *from = payload_str_or(promotion, "from", "");
    char line[1024];

    snprintf(line, sizeof(line), "%s %.200s%s%.200s of %.200s",
             payload_str_or(promotion, "kind", ""), from, from[0] != '\0' ? " → " : "to ",
             payload_str_or(promotion, "to", ""), payload_str_or(promotion, "repository", ""));
    view_line(view, out, "Promotion", STYLE_BOLD, payload_str_or(promotion, "id", ""));
    view_line(view, out, "What", STYLE_PLAIN, line);
    snprintf(line, sizeof(line), "%.250s (%.7s) %.200s", payload_str_or(promotion, "release", ""),
             payload_str_or(promotion, "sha", ""), payload_str_or(promotion, "title", ""));
    view_line(view, out, "Release", STYLE_PLAIN, line);
    snprintf(line, sizeof(line), "%.64s, %.64s", payload_str_or(promotion, "requester.login", "?"),
             payload_str_or(promotion, "requester.via", ""));
    view_line(view, out, "Asked by", STYLE_PLAIN, line[0] == ',' ? "envflow" : line);
    view_line(view, out, "Because", STYLE_PLAIN, payload_str_or(promotion, "reason_given", ""));
}

void promotion_print(const struct view *view, struct buf *out, const json_t *promotion)
{
    const char *state = payload_str_or(promotion, "state", "");
    const char *deployment = payload_str_or(promotion, "deployment", "");
    char command[160];

    put_what(view, out, promotion);
    view_line(view, out, "State", view_style(state), state);
    view_line(view, out, "", STYLE_PLAIN, payload_str_or(promotion, "sentence", ""));
    view_line(view, out, "Vote", STYLE_PLAIN, payload_str_or(promotion, "outcome.sentence", ""));
    put_why(view, out, payload_get(promotion, "why"), true);
    put_votes(view, out, payload_get(promotion, "votes"));
    put_checks(view, out, payload_get(promotion, "checks"));
    put_why(view, out, payload_get(promotion, "why"), false);
    view_time_line(view, out, "Asked at", payload_str_or(promotion, "created_at", ""));
    view_time_line(view, out, "Ended at", payload_str_or(promotion, "ended_at", ""));
    if (deployment[0] == '\0')
        return;
    snprintf(command, sizeof(command), "envflow deployments show %.100s", deployment);
    view_line(view, out, "Look further", STYLE_PLAIN, command);
}

static int show_promotion(const struct cli_args *args, const char *id)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(PROMOTION_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();

    buf_puts(&path, "/api/v1/promotions/");
    text_url(&path, id);
    int code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);
    promotion_print(&view, &out, answer.tree);
    return term_print(&out);
}

int promotions_show_run(const struct cli_args *args)
{
    return show_promotion(args, cli_operand(args, 0));
}

/* ---- why ---- */

static void put_window(const struct view *view, struct buf *out, const json_t *window)
{
    char line[1024];

    if (!json_is_object(window))
        return;
    snprintf(line, sizeof(line), "the window %.200s, until %.40s",
             payload_str_or(window, "name", ""), payload_str_or(window, "until", ""));
    view_line(view, out, "Frozen by", STYLE_YELLOW, line);
}

static void put_environment(const struct view *view, struct buf *out, const json_t *tree)
{
    const json_t *lane = payload_get(tree, "lane");
    const json_t *freeze = NULL;
    size_t i = 0;
    char line[1024];

    snprintf(line, sizeof(line), "%.200s of %.200s", payload_str_or(tree, "environment", ""),
             payload_str_or(tree, "repository", ""));
    view_line(view, out, "Environment", STYLE_BOLD, line);
    snprintf(line, sizeof(line), "%.7s%s%s", payload_str_or(lane, "holds.sha", "nothing"),
             payload_str_or(lane, "health", "")[0] != '\0' ? ", " : "",
             payload_str_or(lane, "health", ""));
    view_line(view, out, "Holds", STYLE_PLAIN, line);
    view_line(view, out, "Lane", view_style(payload_str_or(lane, "state", "")),
              payload_str_or(lane, "state", ""));
    view_line(view, out, "Pinned", STYLE_YELLOW, payload_str_or(lane, "pinned.reason", ""));
    put_window(view, out, payload_get(tree, "window"));
    json_array_foreach(payload_get(tree, "frozen"), i, freeze)
    {
        snprintf(line, sizeof(line), "%.64s: %.500s", payload_str_or(freeze, "by", ""),
                 payload_str_or(freeze, "reason", ""));
        view_line(view, out, "Stopped by", STYLE_YELLOW, line);
    }
}

int why_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(PROMOTION_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();
    const json_t *promotion = NULL;
    size_t i = 0;

    if (cli_operand(args, 1) == NULL && strchr(cli_operand(args, 0), '/') != NULL)
        return cli_fail(CLI_USAGE, "why of which environment of %s?\nenvflow why %s prod",
                        cli_operand(args, 0), cli_operand(args, 0));
    if (cli_operand(args, 1) == NULL)
        return show_promotion(args, cli_operand(args, 0));
    buf_puts(&path, "/api/v1/why?repository=");
    text_url(&path, cli_operand(args, 0));
    buf_puts(&path, "&environment=");
    text_url(&path, cli_operand(args, 1));
    int code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);
    put_environment(&view, &out, answer.tree);
    json_array_foreach(payload_get(answer.tree, "promotions"), i, promotion)
    {
        buf_putc(&out, '\n');
        promotion_print(&view, &out, promotion);
    }
    if (i == 0)
        buf_puts(&out, "Nothing is on its way there.\n");
    return term_print(&out);
}

/* ---- lists ---- */

static const struct table_column promotion_columns[] = {
    {"PROMOTION", 0, false}, {"STATE", 9, false}, {"REPOSITORY", 8, true},
    {"FROM", 0, true},       {"TO", 0, false},    {"RELEASE", 8, false},
    {"ASKED BY", 0, true},   {"ASKED", 0, true},  {"WHY", 10, true},
};

static void add_promotion(const struct view *view, struct table *table, const json_t *item)
{
    const char *state = payload_str_or(item, "state", "");

    table_cell(table, STYLE_PLAIN, payload_str_or(item, "id", ""));
    table_cell(table, view_style(state), state);
    view_text_cell(view, table, payload_str_or(item, "repository", ""));
    view_text_cell(view, table, payload_str_or(item, "from", ""));
    view_text_cell(view, table, payload_str_or(item, "to", ""));
    view_text_cell(view, table, payload_str_or(item, "release", ""));
    view_text_cell(view, table, payload_str_or(item, "requester.login", ""));
    view_time_cell(view, table, payload_str_or(item, "created_at", ""));
    view_text_cell(view, table, payload_str_or(item, "sentence", ""));
}

int promotions_list_run(const struct cli_args *args)
{
    static const char *const filters[] = {"limit", "before",      "repository",
                                          "state", "environment", NULL};
    static const struct view_list list = {
        .path = "/api/v1/promotions",
        .filters = filters,
        .columns = promotion_columns,
        .columns_count = ARRAY_LEN(promotion_columns),
        .add = add_promotion,
        .command = "promotions list",
        .nothing = "no promotion matches; 'envflow promote' asks for one",
    };

    return view_list_run(&list, args);
}

static const struct table_column release_columns[] = {
    {"REPOSITORY", 8, true}, {"RELEASE", 12, false}, {"COMMIT", 0, false},
    {"BRANCH", 8, true},     {"MADE", 0, true},      {"TITLE", 10, true},
};

static void add_release(const struct view *view, struct table *table, const json_t *item)
{
    view_text_cell(view, table, payload_str_or(item, "repository", ""));
    view_text_cell(view, table, payload_str_or(item, "name", ""));
    view_sha_cell(view, table, payload_str_or(item, "sha", ""));
    view_text_cell(view, table, payload_str_or(item, "branch", ""));
    view_time_cell(view, table, payload_str_or(item, "created_at", ""));
    view_text_cell(view, table, payload_str_or(item, "title", ""));
}

int releases_run(const struct cli_args *args)
{
    static const char *const filters[] = {"limit", "before", NULL};
    static const struct view_list list = {
        .path = "/api/v1/releases",
        .filters = filters,
        .operand = "repository",
        .columns = release_columns,
        .columns_count = ARRAY_LEN(release_columns),
        .add = add_release,
        .command = "releases",
        .nothing = "no release yet: a push to main or to a release branch makes one",
    };

    return view_list_run(&list, args);
}
