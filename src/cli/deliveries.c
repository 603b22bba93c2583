/* deliveries list, show, replay: what GitHub sent, and what became of it. */
#include <stdio.h>
#include <string.h>

#include "commands_int.h"
#include "text_int.h"
#include "view_int.h"

#define SHOW_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const struct table_column columns[] = {
    {"SEQUENCE", 0, false}, {"RECEIVED", 0, false}, {"EVENT", 8, false},  {"REPOSITORY", 12, false},
    {"COMMIT", 0, false},   {"VERDICT", 0, false},  {"REASON", 10, true}, {"DELIVERY", 8, true},
};

static void event_name(const json_t *item, char name[160])
{
    const char *action = payload_str_or(item, "action", "");

    snprintf(name, 160, "%s%s%s", payload_str_or(item, "event", ""), action[0] != '\0' ? "." : "",
             action);
}

static void add_row(const struct view *view, struct table *table, const json_t *item)
{
    char space[API_NUMBER_SIZE];
    char event[160];
    const char *verdict = payload_str_or(item, "verdict", "");

    event_name(item, event);
    table_cell(table, STYLE_PLAIN, api_text(item, "sequence", space));
    view_time_cell(view, table, payload_str_or(item, "received_at", ""));
    view_text_cell(view, table, event);
    view_text_cell(view, table, payload_str_or(item, "repository", ""));
    view_sha_cell(view, table, payload_str_or(item, "sha", ""));
    table_cell(table, view_style(verdict), verdict);
    view_text_cell(view, table, payload_str_or(item, "reason", ""));
    table_cell(table, STYLE_DIM, payload_str_or(item, "guid", ""));
}

int deliveries_list_run(const struct cli_args *args)
{
    static const char *const filters[] = {"limit",      "before", "event", "verdict",
                                          "repository", "guid",   NULL};
    static const struct view_list list = {
        .path = "/api/v1/deliveries",
        .filters = filters,
        .columns = columns,
        .columns_count = ARRAY_LEN(columns),
        .add = add_row,
        .command = "deliveries list",
        .nothing = "no delivery matches; 'envflow send push' makes one up",
    };

    return view_list_run(&list, args);
}

/* "/api/v1/deliveries/<what>", escaped. */
static void path_of(struct buf *path, const char *what)
{
    buf_puts(path, "/api/v1/deliveries/");
    text_url(path, what);
}

static void put_verdict(const struct view *view, struct buf *out, const json_t *item)
{
    const char *verdict = payload_str_or(item, "verdict", "not handled yet");
    const char *reason = payload_str_or(item, "reason", "");
    char space[API_NUMBER_SIZE];

    view_line(view, out, "Verdict", view_style(verdict), verdict);
    view_line(view, out, "Reason", STYLE_PLAIN, reason);
    view_line(view, out, "", STYLE_PLAIN, payload_str_or(item, "sentence", ""));
    if (payload_int_or(item, "first_sequence", 0) > 0)
        view_line(view, out, "Repeats", STYLE_PLAIN, api_text(item, "first_sequence", space));
    if (payload_int_or(item, "replays", 0) > 0)
        view_line(view, out, "Replayed", STYLE_PLAIN, api_text(item, "replays", space));
}

static void put_origin(const struct view *view, struct buf *out, const json_t *item)
{
    char space[API_NUMBER_SIZE];
    char event[160];
    char body[64];
    char target[160];

    event_name(item, event);
    view_line(view, out, "Event", STYLE_PLAIN, event);
    view_line(view, out, "Repository", STYLE_PLAIN, payload_str_or(item, "repository", ""));
    view_line(view, out, "Ref", STYLE_PLAIN, payload_str_or(item, "ref", ""));
    view_line(view, out, "Commit", STYLE_PLAIN, payload_str_or(item, "sha", ""));
    view_line(view, out, "Sender", STYLE_PLAIN, payload_str_or(item, "sender", ""));
    view_line(view, out, "Hook", STYLE_PLAIN, api_text(item, "hook_id", space));
    snprintf(target, sizeof(target), "%.100s %.40s", payload_str_or(item, "target_type", ""),
             api_text(item, "target_id", space));
    view_line(view, out, "Hook target", STYLE_PLAIN, target[0] != ' ' ? target : "");
    snprintf(body, sizeof(body), "%lld bytes%s", (long long)payload_int_or(item, "body_bytes", 0),
             payload_bool_or(item, "body_kept", true) ? "" : ", no longer kept");
    view_line(view, out, "Body", STYLE_PLAIN, body);
    view_time_line(view, out, "Received", payload_str_or(item, "received_at", ""));
    view_time_line(view, out, "Handled", payload_str_or(item, "handled_at", ""));
}

static void put_next_steps(const struct view *view, struct buf *out, const json_t *item)
{
    const char *deployment = payload_str_or(item, "deployment", "");
    const char *verdict = payload_str_or(item, "verdict", "");
    char space[API_NUMBER_SIZE];
    char command[160];

    if (deployment[0] != '\0') {
        view_line(view, out, "Deployment", STYLE_BOLD, deployment);
        snprintf(command, sizeof(command), "envflow deployments show %.100s", deployment);
        view_line(view, out, "Look further", STYLE_PLAIN, command);
    }
    if (strcmp(verdict, "quarantined") == 0) {
        snprintf(command, sizeof(command), "envflow deliveries replay %s",
                 api_text(item, "sequence", space));
        view_line(view, out, "Try again", STYLE_PLAIN, command);
    }
}

static void put_delivery(const struct view *view, struct buf *out, const json_t *item)
{
    char space[API_NUMBER_SIZE];

    view_line(view, out, "Delivery", STYLE_BOLD, payload_str_or(item, "guid", ""));
    view_line(view, out, "Sequence", STYLE_PLAIN, api_text(item, "sequence", space));
    put_verdict(view, out, item);
    put_origin(view, out, item);
    put_next_steps(view, out, item);
}

int deliveries_show_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(SHOW_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();
    const json_t *item = NULL;
    size_t i = 0;

    path_of(&path, cli_operand(args, 0));
    int code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);

    const json_t *items = api_items(&answer);
    if (json_array_size(items) > 1)
        buf_printf(
            &out, "It came %zu times: sent again, or by several hooks. The oldest comes first.\n\n",
            json_array_size(items));
    json_array_foreach(items, i, item)
    {
        buf_puts(&out, i > 0 ? "\n" : "");
        put_delivery(&view, &out, item);
    }
    return term_print(&out);
}

int deliveries_replay_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(buf) struct buf out = BUF_INIT(SHOW_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();

    path_of(&path, cli_operand(args, 0));
    buf_puts(&path, "/replay");
    int code = api_post(args, &path, NULL, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);
    buf_puts(&out, "Handled again.\n\n");
    put_delivery(&view, &out, answer.tree);
    return term_print(&out);
}
