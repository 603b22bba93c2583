#include "problems_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 40 /* longer ones are not worth guessing about */

/* Bytes of the character at `at`, 1 for what is none. */
static size_t character_len(const unsigned char *at)
{
    size_t len = *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : *at >= 0xC0 ? 2 : 1;

    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 1;
    }
    return len;
}

/* Names and values are cut by byte counts in the texts, and come from outside. */
static void make_printable(char *text)
{
    unsigned char *at = (unsigned char *)text;

    while (*at != '\0') {
        size_t len = character_len(at);
        if (len == 1 && (*at < 0x20 || *at >= 0x7F))
            *at = '?';
        at += len;
    }
}

void problems_vadd(struct cfg_problems *problems, int line, int column, const char *fmt,
                   va_list args)
{
    size_t i = problems->count++;

    if (i >= CFG_PROBLEMS_MAX)
        return;
    struct cfg_problem *problem = &problems->items[i];
    *problem = (struct cfg_problem){.line = line, .column = column};
    vsnprintf(problem->text, sizeof(problem->text), fmt, args);
    make_printable(problem->text);
}

void problems_add(struct cfg_problems *problems, int line, int column, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    problems_vadd(problems, line, column, fmt, args);
    va_end(args);
}

static int compare_places(const void *left, const void *right)
{
    const struct cfg_problem *a = left;
    const struct cfg_problem *b = right;

    if (a->line != b->line)
        return a->line == 0 ? 1 : b->line == 0 ? -1 : a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return strcmp(a->text, b->text);
}

void problems_sort(struct cfg_problems *problems)
{
    size_t kept = problems->count < CFG_PROBLEMS_MAX ? problems->count : CFG_PROBLEMS_MAX;

    qsort(problems->items, kept, sizeof(problems->items[0]), compare_places);
}

void cfg_problems_print(const struct cfg_problems *problems, const char *path, struct buf *out)
{
    size_t kept = problems->count < CFG_PROBLEMS_MAX ? problems->count : CFG_PROBLEMS_MAX;

    for (size_t i = 0; i < kept; i++) {
        const struct cfg_problem *problem = &problems->items[i];
        buf_puts(out, path);
        if (problem->line > 0)
            buf_printf(out, ":%d:%d", problem->line, problem->column);
        buf_printf(out, ": %s\n", problem->text);
    }
    if (problems->count > kept)
        buf_printf(out, "%s: and %zu more\n", path, problems->count - kept);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Letters to insert, drop, change or swap with their neighbour until a is b; both are at most
 * NAME_BYTES_MAX long. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NAME_BYTES_MAX + 1]; /* of this letter of a, of the one before, before that */
    size_t width = strlen(b);

    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= width; j++)
        rows[0][j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            row[j] = min3(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap && above_that[j - 2] + 1 < row[j])
                row[j] = above_that[j - 2] + 1;
        }
    }
    return rows[strlen(a) % 3][width];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t len = strlen(name);

    if (len > NAME_BYTES_MAX || strlen(nearest->text) > NAME_BYTES_MAX)
        return;
    size_t distance = edit_distance(nearest->text, name);
    size_t farthest = 1 + len / 3; /* a third of the letters wrong is still a slip */
    if (distance > farthest || distance >= len)
        return;
    if (nearest->best != NULL && nearest->distance <= distance)
        return;
    nearest->best = name;
    nearest->distance = distance;
}
