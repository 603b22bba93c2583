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

/* One "list" command. */
struct view_list {
    const char *path;           /* "/api/v1/releases" */
    const char *const *filters; /* options that become parameters; ends with NULL */
    const char *operand;        /* the parameter that the first operand becomes; or NULL */
    const struct table_column *columns;
    size_t columns_count;
    void (*add)(const struct view *view, struct table *table, const json_t *item);
    const char *command; /* "deliveries list": where older ones are to be had */
    const char *nothing; /* said on a terminal when the list is empty */
};

/* Asks for the list and prints it as a table, or with --json as it came; --limit is a whole number
 * from 1 to 500. Returns the exit code. */
int view_list_run(const struct view_list *list, const struct cli_args *args);

#endif
