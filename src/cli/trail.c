/* audit list|export|verify, prove: what happened, that nobody changed it, and what is guaranteed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/chain.h"
#include "base/jsonw.h"
#include "commands_int.h"
#include "flow/prove.h"
#include "text_int.h"
#include "view_int.h"

#define LIST_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* ---- audit list ---- */

static const struct table_column columns[] = {
    {"SEQUENCE", 0, false},  {"TIME", 0, false},       {"EVENT", 0, false}, {"ACTOR", 0, false},
    {"REPOSITORY", 8, true}, {"ENVIRONMENT", 7, true}, {"TEXT", 20, true},
};

static void add_record(const struct view *view, struct table *table, const json_t *item)
{
    char space[API_NUMBER_SIZE];

    table_cell(table, STYLE_PLAIN, api_text(item, "sequence", space));
    view_time_cell(view, table, payload_str_or(item, "time", ""));
    view_text_cell(view, table, payload_str_or(item, "event", ""));
    view_text_cell(view, table, payload_str_or(item, "actor", ""));
    view_text_cell(view, table, payload_str_or(item, "repository", ""));
    view_text_cell(view, table, payload_str_or(item, "environment", ""));
    view_text_cell(view, table, payload_str_or(item, "text", ""));
}

int audit_list_run(const struct cli_args *args)
{
    static const char *const filters[] = {"limit", "before", "repository", "environment", "subject",
                                          "actor", "event",  "since",      NULL};
    static const struct view_list list = {
        .path = "/api/v1/audit",
        .filters = filters,
        .columns = columns,
        .columns_count = ARRAY_LEN(columns),
        .add = add_record,
        .command = "audit list",
        .nothing = "no record matches",
    };

    return view_list_run(&list, args);
}

/* ---- audit export ---- */

/* The sequence of the last record of a page, and whether the closing line came. */
static bool read_page_end(const struct buf *page, json_int_t *ret_last, bool *ret_closed)
{
    const char *text = buf_text(page);
    size_t end = page->len;

    *ret_closed = false;
    while (end > 0) {
        size_t begin = end - 1;
        while (begin > 0 && text[begin - 1] != '\n')
            begin--;
        AUTO(json) json_t *line = json_loadb(text + begin, end - begin, 0, NULL);
        const json_t *sequence = json_object_get(line, "sequence");
        if (json_is_integer(sequence)) {
            *ret_last = json_integer_value(sequence);
            return true;
        }
        *ret_closed = json_is_object(line);
        end = begin;
    }
    return *ret_closed;
}

int audit_export_run(const struct cli_args *args)
{
    json_int_t last = 0;
    bool closed = false;

    while (!closed) {
        AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
        AUTO(buf) struct buf page = BUF_INIT(ANSWER_BYTES_MAX);
        buf_printf(&path, "/api/v1/audit/export?after=%lld", (long long)last);
        int code = api_get_text(args, &path, &page);
        if (code != CLI_DONE)
            return code;
        if (!read_page_end(&page, &last, &closed))
            return cli_fail(CLI_FAILED, "the export ended without its closing line\nask again");
        code = term_print(&page);
        if (code != CLI_DONE)
            return code;
    }
    return CLI_DONE;
}

/* ---- audit verify ---- */

static int tell_unbroken(const struct cli_args *args, const char *name, uint64_t records)
{
    AUTO(buf) struct buf out = BUF_INIT(API_PATH_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&out);

    if (cli_option(args, "json") != NULL) {
        jsonw_open_object(&w, NULL);
        jsonw_text(&w, "file", name);
        jsonw_bool(&w, "unbroken", true);
        jsonw_int(&w, "records", (int64_t)records);
        jsonw_close_object(&w);
    } else {
        text_clean(&out, name);
        buf_printf(&out, ": %" PRIu64 " records, unbroken", records);
    }
    buf_putc(&out, '\n');
    return term_print(&out);
}

static int verify(const struct cli_args *args, FILE *file, const char *name)
{
    struct audit_check check = {.lines = 0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    struct err err;
    bool ok = true;

    while (ok && (len = getline(&line, &room, file)) >= 0)
        ok = audit_check_line(&check, line, (size_t)len, &err);
    free(line);
    if (ferror(file))
        return cli_fail(CLI_FAILED, "%s cannot be read\nnothing is known of the trail", name);
    if (!ok || !audit_check_end(&check, &err))
        return cli_fail(CLI_FAILED, "%s: %s\nthe trail was changed, or the file is not whole", name,
                        err.text);
    return tell_unbroken(args, name, check.head.sequence);
}

int audit_verify_run(const struct cli_args *args)
{
    const char *name = cli_operand(args, 0);

    if (strcmp(name, "-") == 0)
        return verify(args, stdin, "standard input");
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return cli_fail(CLI_NOT_FOUND, "%s: %s\n'envflow audit export > FILE' writes one", name,
                        strerrordesc_np(errno));
    int code = verify(args, file, name);
    fclose(file);
    return code;
}

/* ---- prove ---- */

struct proof {
    struct view view;
    struct buf *out;
};

static void put_finding(const struct prove_finding *finding, void *arg)
{
    const struct proof *proof = arg;

    view_line(&proof->view, proof->out, finding->holds ? "holds" : "BROKEN",
              finding->holds ? STYLE_GREEN : STYLE_RED, finding->claim);
    view_line(&proof->view, proof->out, "", STYLE_PLAIN, finding->counterexample);
}

static bool prove_as_text(const struct flow_graph *graph, struct buf *out)
{
    struct proof proof = {.view = view_of_stdout(), .out = out};
    bool holds = true;

    for (size_t i = 0; i < graph->flows_count; i++) {
        buf_printf(out, "%sflow %s\n", i > 0 ? "\n" : "", graph->flows[i].name);
        holds = prove_flow(&graph->flows[i], put_finding, &proof) && holds;
    }
    return holds;
}

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

/* The shape of GET /api/v1/prove. */
static bool prove_as_json(const struct flow_graph *graph, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
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
    buf_putc(out, '\n');
    return holds;
}

int prove_run(const struct cli_args *args)
{
    AUTO(buf) struct buf out = BUF_INIT(LIST_BYTES_MAX);
    int code = CLI_DONE;
    AUTO(cfg) struct cfg *cfg = api_load_cfg(args, false, &code);

    if (cfg == NULL)
        return code;
    bool holds = cli_option(args, "json") != NULL ? prove_as_json(&cfg->graph, &out)
                                                  : prove_as_text(&cfg->graph, &out);
    code = term_print(&out);
    return code != CLI_DONE ? code : holds ? CLI_DONE : CLI_GATE_SHUT;
}
