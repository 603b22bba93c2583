#include "table_int.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "text_int.h"

#define GAP           2 /* columns between columns */
#define CELL_TEXT_MAX (64 * KIB)
#define HIDDEN        SIZE_MAX /* the width of a column that is left out */

void table_init(struct table *table, const struct term *term, const struct table_column *columns,
                size_t columns_count)
{
    assert(columns_count > 0 && columns_count <= TABLE_COLUMNS_MAX);
    *table = (struct table){.term = term, .columns = columns, .columns_count = columns_count};
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->cells_count; i++)
        free(table->cells[i].text);
    free(table->cells);
    *table = (struct table){0};
}

/* Running out of memory while printing a list ends the command: nothing is half done. */
static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void table_cell(struct table *table, enum style style, const char *text)
{
    if (table->cells_count == table->cells_cap) {
        table->cells_cap = table->cells_cap == 0 ? 64 : table->cells_cap * 2;
        table->cells = must(realloc(table->cells, table->cells_cap * sizeof(*table->cells)));
    }

    struct buf clean = BUF_INIT(CELL_TEXT_MAX);
    text_clean(&clean, text);
    char *kept = must(strdup(buf_text(&clean)));
    buf_done(&clean);
    table->cells[table->cells_count++] =
        (struct table_cell){.text = kept, .width = text_width(kept), .style = style};
}

static void print_tabs(const struct table *table, struct buf *out)
{
    for (size_t i = 0; i < table->cells_count; i++) {
        buf_puts(out, table->cells[i].text);
        buf_putc(out, (i + 1) % table->columns_count == 0 ? '\n' : '\t');
    }
}

static bool is_shown(size_t width)
{
    return width != HIDDEN;
}

static size_t total_of(const struct table *table, const size_t widths[TABLE_COLUMNS_MAX])
{
    size_t total = 0;

    for (size_t i = 0; i < table->columns_count; i++) {
        if (is_shown(widths[i]))
            total += widths[i] + (total > 0 ? GAP : 0);
    }
    return total;
}

/* Take from the widest column that may still give. False: every one is as narrow as it gets. */
static bool narrow(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t widest = TABLE_COLUMNS_MAX;

    for (size_t i = 0; i < table->columns_count; i++) {
        size_t min = table->columns[i].width_min;
        bool may_give = min > 0 && is_shown(widths[i]) && widths[i] > min;
        if (may_give && (widest == TABLE_COLUMNS_MAX || widths[i] > widths[widest]))
            widest = i;
    }
    if (widest == TABLE_COLUMNS_MAX)
        return false;
    widths[widest]--;
    return true;
}

/* Leave out the rightmost column that may go. False: those that are left may not. */
static bool drop(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t i = table->columns_count;

    while (i > 0 && !(table->columns[i - 1].may_go && is_shown(widths[i - 1])))
        i--;
    if (i == 0)
        return false;
    widths[i - 1] = HIDDEN;
    return true;
}

/* Wider than the terminal only when nothing is left to take away: then it wraps. */
static void fit(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t full[TABLE_COLUMNS_MAX];
    size_t max = table->term->width;

    memcpy(full, widths, sizeof(full));
    do {
        memcpy(widths, full, sizeof(full)); /* what a dropped column leaves goes to the others */
        while (max > 0 && total_of(table, widths) > max && narrow(table, widths))
            ;
    } while (max > 0 && total_of(table, widths) > max && drop(table, full));
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    for (size_t i = 0; i < table->columns_count; i++)
        widths[i] = text_width(table->columns[i].title);
    for (size_t i = 0; i < table->cells_count; i++) {
        size_t *width = &widths[i % table->columns_count];
        if (table->cells[i].width > *width)
            *width = table->cells[i].width;
    }
    fit(table, widths);
}

/* The last column that is shown. */
static size_t last_of(const struct table *table, const size_t *widths)
{
    size_t i = table->columns_count - 1;

    while (i > 0 && !is_shown(widths[i]))
        i--;
    return i;
}

/* The last column is not padded: no line ends in spaces. */
static void print_cell(const struct table *table, size_t column, const size_t *widths,
                       const struct table_cell *cell, struct buf *out)
{
    struct buf cut = BUF_INIT(CELL_TEXT_MAX);

    if (!is_shown(widths[column]))
        return;
    size_t width = text_cut(&cut, cell->text, widths[column]);
    term_styled(table->term, out, cell->style, buf_text(&cut));
    buf_done(&cut);
    if (column < last_of(table, widths))
        buf_printf(out, "%*s", (int)(widths[column] - width + GAP), "");
    else
        buf_putc(out, '\n');
}

void table_print(const struct table *table, bool is_aligned, struct buf *out)
{
    size_t widths[TABLE_COLUMNS_MAX];

    assert(table->cells_count % table->columns_count == 0);
    if (!table->term->is_terminal && !is_aligned) {
        print_tabs(table, out);
        return;
    }
    if (table->cells_count == 0)
        return;

    measure(table, widths);
    for (size_t i = 0; i < table->columns_count; i++) {
        char title[64];
        snprintf(title, sizeof(title), "%s", table->columns[i].title);
        print_cell(table, i, widths, &(struct table_cell){.text = title, .style = STYLE_DIM}, out);
    }
    for (size_t i = 0; i < table->cells_count; i++)
        print_cell(table, i % table->columns_count, widths, &table->cells[i], out);
}
