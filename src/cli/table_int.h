/*
 * Listings. On a terminal: a header and columns that fit its width, the widest column
 * giving way first. Piped: one line a row, values parted by tabs, no header, nothing cut,
 * so that cut and awk get what was stored.
 *
 * Ownership: columns are borrowed; cells are copied. Ends with table_done.
 */
#ifndef CLI_TABLE_INT_H
#define CLI_TABLE_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "term_int.h"

#define TABLE_COLUMNS_MAX 12

struct table_column {
    const char *title;
    size_t width_min; /* never narrower on a terminal; 0: never shrinks */
    bool may_go;      /* left out where all do not fit, rightmost first */
};

struct table_cell {
    char *text; /* owned; clean */
    size_t width;
    enum style style;
};

struct table {
    const struct term *term; /* borrowed */
    const struct table_column *columns;
    size_t columns_count;
    struct table_cell *cells; /* row after row */
    size_t cells_count;
    size_t cells_cap;
};

void table_init(struct table *table, const struct term *term, const struct table_column *columns,
                size_t columns_count);
void table_done(struct table *table);

/* The next cell, row by row. Text may come from the network: it is cleaned here. */
void table_cell(struct table *table, enum style style, const char *text);

/* Appends the table. `is_aligned`: columns also where no terminal is, never cut there. */
void table_print(const struct table *table, bool is_aligned, struct buf *out);

static inline void table_cleanup(struct table *table)
{
    table_done(table);
}

#endif
