/* What deliveries and deployments have in common when they are shown. */
#ifndef CLI_VIEW_INT_H
#define CLI_VIEW_INT_H

#include <jansson.h>

#include "api_int.h"
#include "table_int.h"
#include "when_int.h"

/* Where a view is printed, and when. */
struct view {
    struct term term;
    int64_t now_ms;
};

struct view view_of_stdout(void);

/* Colour of a state or verdict word. */
enum style view_style(const char *word);

/* A cell for a time: relative on a terminal, as it came when piped. "" is "-" on a terminal. */
void view_time_cell(const struct view *view, struct table *table, const char *time);
/* A cell for a commit id: 7 digits on a terminal, all when piped. */
void view_sha_cell(const struct view *view, struct table *table, const char *sha);
void view_text_cell(const struct view *view, struct table *table, const char *text);

/* Appends "Name:       value" on one line, cleaned; nothing for "". */
void view_line(const struct view *view, struct buf *out, const char *name, enum style style,
               const char *value);
void view_time_line(const struct view *view, struct buf *out, const char *name, const char *time);

/* Checks --limit: a whole number from 1 to 500. Returns CLI_DONE, or prints and CLI_USAGE. */
int view_check_limit(const struct cli_args *args);

/* Ends a listing: prints the table, and on a terminal how to see more, when `next` says so. */
int view_print_list(const struct view *view, const struct table *table,
                    const struct api_answer *answer, const char *command, const char *nothing);

#endif
