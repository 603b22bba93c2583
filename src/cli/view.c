#include "view_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "text_int.h"

#define LIMIT_MAX        500
#define LIST_BYTES_MAX   ((size_t)64 * 1024 * 1024)
#define SHORT_SHA_LENGTH 7

struct view view_of_stdout(void)
{
    return (struct view){.term = term_of(STDOUT_FILENO), .now_ms = clock_wall_ms(&clock_system)};
}

enum style view_style(const char *word)
{
    static const struct {
        const char *word;
        enum style style;
    } styles[] = {
        {"succeeded", STYLE_GREEN},
        {"acted", STYLE_GREEN},
        {"failed", STYLE_RED},
        {"unknown", STYLE_RED},
        {"quarantined", STYLE_RED},
        {"running", STYLE_YELLOW},
        {"deploying", STYLE_YELLOW},
        {"queued", STYLE_YELLOW},
        {"superseded", STYLE_DIM},
        {"verifying", STYLE_YELLOW},
        {"awaiting_approval", STYLE_YELLOW},
        {"waiting", STYLE_YELLOW},
        {"checking", STYLE_YELLOW},
        {"unverified", STYLE_RED},
        {"unhealthy", STYLE_RED},
        {"refused", STYLE_RED},
        {"rejected", STYLE_RED},
        {"expired", STYLE_RED},
        {"rolled_back", STYLE_RED},
        {"passed", STYLE_GREEN},
        {"cancelled", STYLE_DIM},
        {"withdrawn", STYLE_DIM},
        {"ignored", STYLE_DIM},
        {"duplicate", STYLE_DIM},
        {"idle", STYLE_DIM},
    };

    for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
        if (strcmp(styles[i].word, word) == 0)
            return styles[i].style;
    }
    return STYLE_PLAIN;
}

void view_text_cell(const struct view *view, struct table *table, const char *text)
{
    table_cell(table, STYLE_PLAIN, text[0] == '\0' && view->term.is_terminal ? "-" : text);
}

void view_time_cell(const struct view *view, struct table *table, const char *time)
{
    char text[WHEN_SIZE];

    if (view->term.is_terminal)
        table_cell(table, STYLE_PLAIN, when_relative(time, view->now_ms, text));
    else
        table_cell(table, STYLE_PLAIN, time);
}

void view_sha_cell(const struct view *view, struct table *table, const char *sha)
{
    char text[SHORT_SHA_LENGTH + 1];

    if (!view->term.is_terminal) {
        table_cell(table, STYLE_PLAIN, sha);
        return;
    }
    snprintf(text, sizeof(text), "%s", sha);
    view_text_cell(view, table, text);
}

void view_line(const struct view *view, struct buf *out, const char *name, enum style style,
               const char *value)
{
    struct buf clean = BUF_INIT(LIST_BYTES_MAX);

    if (value[0] == '\0')
        return;
    char label[32];
    snprintf(label, sizeof(label), "%-13s", name);
    term_styled(&view->term, out, STYLE_DIM, label);
    text_clean(&clean, value);
    term_styled(&view->term, out, style, buf_text(&clean));
    buf_putc(out, '\n');
    buf_done(&clean);
}

void view_time_line(const struct view *view, struct buf *out, const char *name, const char *time)
{
    char text[WHEN_SIZE];

    if (time[0] != '\0')
        view_line(view, out, name, STYLE_PLAIN, when_absolute(time, view->now_ms, text));
}

/* CLI_DONE, or prints and CLI_USAGE. */
static int check_limit(const struct cli_args *args)
{
    const char *text = cli_option_or_none(args, "limit");

    if (text == NULL)
        return CLI_DONE;
    char *end = NULL;
    long limit = strtol(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || *end != '\0' || limit < 1 ||
        limit > LIMIT_MAX)
        return cli_fail(CLI_USAGE,
                        "--limit %s: expected a whole number from 1 to %d\n"
                        "older entries: --before",
                        text, LIMIT_MAX);
    return CLI_DONE;
}

/* On a terminal with how to see more, when `next` says so. */
static int print_list(const struct view_list *list, const struct view *view,
                      const struct table *table, const struct api_answer *answer)
{
    struct buf out = BUF_INIT(LIST_BYTES_MAX);
    char space[API_NUMBER_SIZE];
    const char *next = api_text(answer->tree, "next", space);

    if (table->cells_count == 0 && view->term.is_terminal)
        buf_printf(&out, "%s\n", list->nothing);
    table_print(table, false, &out);
    if (next[0] != '\0' && view->term.is_terminal) {
        struct buf more = BUF_INIT((size_t)1024);
        buf_printf(&more, "older ones: envflow %s --before ", list->command);
        text_clean(&more, next);
        term_styled(&view->term, &out, STYLE_DIM, buf_text(&more));
        buf_putc(&out, '\n');
        buf_done(&more);
    }
    int code = term_print(&out);
    buf_done(&out);
    return code;
}

static void put_parameters(const struct view_list *list, const struct cli_args *args,
                           struct buf *path)
{
    for (const char *const *at = list->filters; *at != NULL; at++)
        api_query(path, args, *at);
    if (list->operand != NULL && cli_operand(args, 0) != NULL) {
        char start = strchr(buf_text(path), '?') == NULL ? '?' : '&';
        buf_printf(path, "%c%s=", start, list->operand);
        text_url(path, cli_operand(args, 0));
    }
}

int view_list_run(const struct view_list *list, const struct cli_args *args)
{
    AUTO(buf) struct buf path = BUF_INIT(API_PATH_BYTES_MAX);
    AUTO(api_answer) struct api_answer answer = {.tree = NULL};
    AUTO(table) struct table table;
    struct view view = view_of_stdout();
    const json_t *item = NULL;
    size_t i = 0;

    table_init(&table, &view.term, list->columns, list->columns_count);
    int code = check_limit(args);
    if (code != CLI_DONE)
        return code;
    buf_puts(&path, list->path);
    put_parameters(list, args, &path);
    code = api_get(args, &path, &answer);
    if (code != CLI_DONE)
        return code;
    if (cli_option(args, "json") != NULL)
        return api_print_json(&answer);
    json_array_foreach(api_items(&answer), i, item) list->add(&view, &table, item);
    return print_list(list, &view, &table, &answer);
}
