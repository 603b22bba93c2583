/* deployments list, show: what was put where, and what the command printed. */
#include <stdio.h>
#include <string.h>

#include "commands_int.h"
#include "text_int.h"
#include "view_int.h"

#define SHOW_BYTES_MAX ((size_t)128 * 1024 * 1024)

static const struct table_column columns[] = {
    {"DEPLOYMENT", 0, false},  {"STATE", 0, false},  {"REPOSITORY", 12, false},
    {"ENVIRONMENT", 7, false}, {"COMMIT", 0, false}, {"CREATED", 0, true},
    {"TOOK", 0, true},         {"TITLE", 10, true},
};

static void add_row(const struct view *view, struct table *table, const json_t *item)
{
    char took[WHEN_SIZE];
    const char *state = payload_str_or(item, "state", "");

    table_cell(table, STYLE_PLAIN, payload_str_or(item, "id", ""));
    table_cell(table, view_style(state), state);
    view_text_cell(view, table, payload_str_or(item, "repository", ""));
    view_text_cell(view, table, payload_str_or(item, "environment", ""));
    view_sha_cell(view, table, payload_str_or(item, "sha", ""));
    view_time_cell(view, table, payload_str_or(item, "created_at", ""));
    table_cell(table, STYLE_PLAIN,
               when_took(payload_str_or(item, "started_at", ""),
                         payload_str_or(item, "ended_at", ""), view->now_ms, took));
    view_text_cell(view, table, payload_str_or(item, "title", ""));
}

int deployments_list_run(const struct cli_args *args)
{
    static const char *const filters[] = {"limit", "before",      "repository",
                                          "state", "environment", NULL};
    static const struct view_list list = {
        .path = "/api/v1/deployments",
        .filters = filters,
        .columns = columns,
        .columns_count = ARRAY_LEN(columns),
        .add = add_row,
        .command = "deployments list",
        .nothing = "no deployment matches; a push to a branch that deploys makes one",
    };

    return view_list_run(&list, args);
}

/* Otherwise exit_code is 0, a signal or an error number: the sentence says it better. */
static bool has_exit_status(const char *reason)
{
    return strcmp(reason, "succeeded") == 0 || strcmp(reason, "command_failed") == 0;
}

static void put_state(const struct view *view, struct buf *out, const json_t *item)
{
    const char *state = payload_str_or(item, "state", "");
    const char *reason = payload_str_or(item, "reason", "");
    char space[API_NUMBER_SIZE];
    char took[WHEN_SIZE];
    const char *started = payload_str_or(item, "started_at", "");

    view_line(view, out, "State", view_style(state), state);
    view_line(view, out, "Reason", STYLE_PLAIN, strcmp(reason, "none") == 0 ? "" : reason);
    view_line(view, out, "", STYLE_PLAIN, payload_str_or(item, "sentence", ""));
    if (has_exit_status(reason))
        view_line(view, out, "Exit status", STYLE_PLAIN, api_text(item, "exit_code", space));
    if (payload_int_or(item, "attempt", 1) > 1)
        view_line(view, out, "Attempt", STYLE_PLAIN, api_text(item, "attempt", space));
    view_line(view, out, "Repeats", STYLE_PLAIN, payload_str_or(item, "repeats", ""));
    view_line(view, out, "Superseded by", STYLE_PLAIN, payload_str_or(item, "superseded_by", ""));
    view_time_line(view, out, "Created", payload_str_or(item, "created_at", ""));
    view_time_line(view, out, "Started", started);
    view_time_line(view, out, "Ended", payload_str_or(item, "ended_at", ""));
    if (started[0] != '\0')
        view_line(view, out, "Took", STYLE_PLAIN,
                  when_took(started, payload_str_or(item, "ended_at", ""), view->now_ms, took));
}

static void put_deployment(const struct view *view, struct buf *out, const json_t *item)
{
    char space[API_NUMBER_SIZE];
    char command[160];

    view_line(view, out, "Deployment", STYLE_BOLD, payload_str_or(item, "id", ""));
    view_line(view, out, "Repository", STYLE_PLAIN, payload_str_or(item, "repository", ""));
    view_line(view, out, "Environment", STYLE_PLAIN, payload_str_or(item, "environment", ""));
    view_line(view, out, "Commit", STYLE_PLAIN, payload_str_or(item, "sha", ""));
    view_line(view, out, "Title", STYLE_PLAIN, payload_str_or(item, "title", ""));
    view_line(view, out, "Ref", STYLE_PLAIN, payload_str_or(item, "ref", ""));
    put_state(view, out, item);

    const char *delivery = api_text(item, "delivery", space);
    if (delivery[0] != '\0') {
        snprintf(command, sizeof(command), "envflow deliveries show %.100s", delivery);
        view_line(view, out, "Caused by", STYLE_PLAIN, command);
    }
}

static void put_output(struct buf *out, const json_t *item)
{
    const json_t *output = payload_get(item, "output");

    if (!json_is_string(output))
        return;
    text_clean_lines(out, json_string_value(output), json_string_length(output));
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        buf_putc(out, '\n');
}

int deployments_show_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(SHOW_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();

    buf_puts(&path, "/api/v1/deployments/");
    text_url(&path, cli_operand(args, 0));
    int code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);

    bool is_output_alone = cli_option(args, "output") != NULL;
    if (!is_output_alone) {
        put_deployment(&view, &out, answer.tree);
        if (payload_str_or(answer.tree, "output", "")[0] != '\0')
            buf_puts(&out, "\n");
    }
    put_output(&out, answer.tree);
    return term_print(&out);
}
