#include "table_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "text_int.h"

#define GAP           2 /* columns between columns */
#define CELL_TEXT_MAX (64 * KIB)

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

/* Take one column at a time from the widest that may still give. */
static void shrink(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t total = GAP * (table->columns_count - 1);

    for (size_t i = 0; i < table->columns_count; i++)
        total += widths[i];
    for (; table->term->width > 0 && total > table->term->width; total--) {
        size_t widest = TABLE_COLUMNS_MAX;
        for (size_t i = 0; i < table->columns_count; i++) {
            size_t min = table->columns[i].width_min;
            bool may_give = min > 0 && widths[i] > min;
            if (may_give && (widest == TABLE_COLUMNS_MAX || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest == TABLE_COLUMNS_MAX)
            return; /* every column is as narrow as it gets: the terminal wraps */
        widths[widest]--;
    }
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
    shrink(table, widths);
}

/* The last column is not padded: no line ends in spaces. */
static void print_cell(const struct table *table, size_t column, const size_t *widths,
                       const struct table_cell *cell, struct buf *out)
{
    struct buf cut = BUF_INIT(CELL_TEXT_MAX);
    size_t width = text_cut(&cut, cell->text, widths[column]);

    term_styled(table->term, out, cell->style, buf_text(&cut));
    buf_done(&cut);
    if (column + 1 < table->columns_count)
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
