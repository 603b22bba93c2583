/*
 * status: the board. What keeps envflow from working comes first, then every lane, then
 * what failed last and why, then the journal. People read it; programs take --json. So it is
 * aligned when piped too.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "commands_int.h"
#include "text_int.h"
#include "view_int.h"

#define BOARD_BYTES_MAX ((size_t)16 * 1024 * 1024)

static const struct table_column columns[] = {
    {"REPOSITORY", 12, false}, {"ENVIRONMENT", 7, false}, {"STATE", 0, false},
    {"HOLDS", 14, false},      {"RUNNING", 12, false},    {"QUEUED", 0, true},
};

/* "1a2b3c4 2h ago"; "-" when there is none. */
static void sha_and_time(const char *sha, const char *time, int64_t now_ms, char out[128])
{
    char when[WHEN_SIZE];

    if (sha[0] == '\0')
        snprintf(out, 128, "-");
    else if (time[0] == '\0')
        snprintf(out, 128, "%.7s", sha);
    else
        snprintf(out, 128, "%.7s %s", sha, when_relative(time, now_ms, when));
}

static void add_lane(const struct view *view, struct table *table, const json_t *lane)
{
    const char *state = payload_str_or(lane, "state", "");
    char holds[128];
    char running[512];
    char queued[API_NUMBER_SIZE];

    sha_and_time(payload_str_or(lane, "holds.sha", ""), payload_str_or(lane, "holds.since", ""),
                 view->now_ms, holds);
    snprintf(running, sizeof(running), "%.7s %.400s", payload_str_or(lane, "running.sha", "-"),
             payload_str_or(lane, "running.title", ""));
    snprintf(queued, sizeof(queued), "%lld", (long long)payload_int_or(lane, "queued", 0));

    view_text_cell(view, table, payload_str_or(lane, "repository", ""));
    view_text_cell(view, table, payload_str_or(lane, "environment", ""));
    table_cell(table, view_style(state), state);
    table_cell(table, view_style(payload_str_or(lane, "health", "")), holds);
    table_cell(table, STYLE_PLAIN, running);
    table_cell(table, STYLE_PLAIN, queued);
}

static void put_not_ready(const struct view *view, struct buf *out, const json_t *tree)
{
    const json_t *reasons = payload_get(tree, "not_ready");
    const json_t *reason = NULL;
    size_t i = 0;

    if (payload_bool_or(tree, "ready", false))
        return;
    if (json_array_size(reasons) == 0)
        view_line(view, out, "Not ready", STYLE_RED, "envflow gives no reason");
    json_array_foreach(reasons, i, reason)
        view_line(view, out, "Not ready", STYLE_RED, payload_str_or(reason, "sentence", "?"));
    buf_putc(out, '\n');
}

static void put_failure(const struct view *view, struct buf *out, const json_t *lane)
{
    const char *state = payload_str_or(lane, "last.state", "");
    const char *sentence = payload_str_or(lane, "last.sentence", "");
    char when[WHEN_SIZE];
    char line[1024];

    if (strcmp(state, "failed") != 0 && strcmp(state, "unknown") != 0)
        return;
    snprintf(line, sizeof(line), "%.255s on %.64s, %.7s, %s: %.512s",
             payload_str_or(lane, "repository", ""), payload_str_or(lane, "environment", ""),
             payload_str_or(lane, "last.sha", ""),
             when_relative(payload_str_or(lane, "last.ended_at", ""), view->now_ms, when),
             sentence[0] != '\0' ? sentence : payload_str_or(lane, "last.reason", state));
    buf_putc(out, '\n');
    view_line(view, out, "Failed", STYLE_RED, line);
    snprintf(line, sizeof(line), "envflow deployments show %.100s",
             payload_str_or(lane, "last.id", ""));
    view_line(view, out, "", STYLE_PLAIN, line);
}

static void put_lanes(const struct view *view, struct buf *out, const json_t *tree)
{
    const json_t *lanes = payload_get(tree, "lanes");
    const json_t *lane = NULL;
    size_t i = 0;
    AUTO(table) struct table table;

    table_init(&table, &view->term, columns, ARRAY_LEN(columns));
    json_array_foreach(lanes, i, lane) add_lane(view, &table, lane);
    if (table.cells_count == 0)
        buf_puts(out, "Nothing was deployed yet: the first push to a branch that deploys "
                      "opens a lane.\n");
    table_print(&table, true, out);
    json_array_foreach(lanes, i, lane) put_failure(view, out, lane);
}

static void put_frozen(const struct view *view, struct buf *out, const json_t *tree)
{
    static const char *const scopes[] = {"flow", "repository", "environment"};
    const json_t *freeze = NULL;
    size_t i = 0;

    json_array_foreach(payload_get(tree, "frozen"), i, freeze)
    {
        char scope[700] = "";
        char line[1400];

        for (size_t k = 0; k < ARRAY_LEN(scopes); k++) {
            const char *part = payload_str_or(freeze, scopes[k], "");
            size_t used = strlen(scope);
            if (part[0] != '\0')
                snprintf(scope + used, sizeof(scope) - used, "%s%.200s", used > 0 ? ", " : "",
                         part);
        }
        snprintf(line, sizeof(line), "%s, by %.64s: %.512s",
                 scope[0] != '\0' ? scope : "everything", payload_str_or(freeze, "by", "?"),
                 payload_str_or(freeze, "reason", ""));
        buf_puts(out, i == 0 ? "\n" : "");
        view_line(view, out, "Stopped", STYLE_RED, line);
    }
}

static void put_promotions(const struct view *view, struct buf *out, const json_t *tree)
{
    const json_t *promotion = NULL;
    size_t i = 0;

    json_array_foreach(payload_get(tree, "promotions"), i, promotion)
    {
        char line[1400];

        snprintf(line, sizeof(line), "%.26s  %.100s to %.60s of %.200s: %.512s",
                 payload_str_or(promotion, "id", ""), payload_str_or(promotion, "release", ""),
                 payload_str_or(promotion, "to", ""), payload_str_or(promotion, "repository", ""),
                 payload_str_or(promotion, "sentence", ""));
        buf_puts(out, i == 0 ? "\n" : "");
        view_line(view, out, i == 0 ? "On its way" : "", STYLE_YELLOW, line);
    }
}

static void put_journal(const struct view *view, struct buf *out, const json_t *tree)
{
    char backlog[UNITS_TEXT_SIZE];
    char disk[UNITS_TEXT_SIZE];
    char line[256];

    snprintf(line, sizeof(line),
             "accepted %lld, refused %lld unsigned, %lld malformed, deferred %lld",
             (long long)payload_int_or(tree, "deliveries.accepted", 0),
             (long long)payload_int_or(tree, "deliveries.unsigned", 0),
             (long long)payload_int_or(tree, "deliveries.malformed", 0),
             (long long)payload_int_or(tree, "deliveries.deferred", 0));
    buf_putc(out, '\n');
    view_line(view, out, "Deliveries", STYLE_PLAIN, line);
    if (payload_int_or(tree, "quarantined", 0) > 0) {
        snprintf(line, sizeof(line), "%lld: envflow deliveries list --verdict quarantined",
                 (long long)payload_int_or(tree, "quarantined", 0));
        view_line(view, out, "Quarantined", STYLE_RED, line);
    }

    int64_t durable = payload_int_or(tree, "journal.durable_sequence", 0);
    int64_t handled = payload_int_or(tree, "journal.handled_sequence", 0);
    snprintf(line, sizeof(line), "%lld stored, %lld waiting (%s), %s on disk%s", (long long)durable,
             (long long)(durable > handled ? durable - handled : 0),
             units_format_size(payload_int_or(tree, "journal.backlog_bytes", 0), backlog),
             units_format_size(payload_int_or(tree, "journal.disk_bytes", 0), disk),
             payload_bool_or(tree, "journal.out_of_space", false) ? ", out of space" : "");
    view_line(view, out, "Journal", STYLE_PLAIN, line);
}

static void put_server(const struct view *view, struct buf *out, const json_t *tree)
{
    char when[WHEN_SIZE];
    char line[256];

    snprintf(line, sizeof(line), "%.64s, started %s%s", payload_str_or(tree, "version", "?"),
             when_relative(payload_str_or(tree, "started_at", ""), view->now_ms, when),
             payload_bool_or(tree, "ready", false) ? ", ready" : "");
    view_line(view, out, "envflow", STYLE_PLAIN, line);
}

int status_run(const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT((size_t)64);
    AUTO(buf) struct buf out = BUF_INIT(BOARD_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    struct view view = view_of_stdout();

    buf_puts(&path, "/api/v1/status");
    int code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);

    put_not_ready(&view, &out, answer.tree);
    put_lanes(&view, &out, answer.tree);
    put_frozen(&view, &out, answer.tree);
    put_promotions(&view, &out, answer.tree);
    put_journal(&view, &out, answer.tree);
    put_server(&view, &out, answer.tree);
    return term_print(&out);
}
