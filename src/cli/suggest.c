/*
 * "Did you mean": the name at the smallest edit distance, where two swapped neighbours
 * count as one mistake (Damerau's restricted distance), and near enough to be a slip.
 */
#include <stdint.h>
#include <string.h>

#include "args_int.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Both at most ARGS_SUGGEST_BYTES long. Three rows of the matrix are enough. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][ARGS_SUGGEST_BYTES + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

/* How many slips away name is; a start that was typed right is one. */
static size_t slips_between(const char *text, const char *name)
{
    size_t len = strlen(text);

    if (len >= 2 && strncmp(name, text, len) == 0)
        return 1;
    return strlen(name) > ARGS_SUGGEST_BYTES ? SIZE_MAX : distance(text, name);
}

const char *suggest(const char *text, const char *const *names)
{
    const char *best = NULL;
    size_t len = strlen(text);
    size_t slips_max = len < 4 ? 1 : len < 8 ? 2 : 3;

    if (len == 0 || len > ARGS_SUGGEST_BYTES)
        return NULL;
    for (; *names != NULL; names++) {
        size_t slips = slips_between(text, *names);
        if (slips > slips_max)
            continue;
        best = *names;
        slips_max = slips - 1; /* from now on only a nearer one */
        if (slips == 0)
            break;
    }
    return best;
}
