/*
 * A sentence that is put together in the caller's array. What does not fit is cut at a character
 * and ends in "…"; later additions are then dropped.
 */
#ifndef FLOW_SENTENCE_INT_H
#define FLOW_SENTENCE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct sentence {
    char *text; /* the caller's, of `size` bytes, always ended by NUL */
    size_t size, len;
    bool is_full;
};

/* An empty one in a char array. */
#define SENTENCE_IN(array) ((struct sentence){.text = (array), .size = sizeof(array)})

void sentence_add(struct sentence *sentence, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Item `index` of a list of `count`: puts ", " or, before the last, the joint ("and") in front. */
void sentence_add_item(struct sentence *sentence, size_t index, size_t count, const char *joint,
                       const char *item);

/* "1 approval", "3 approvals": the plural takes an s. */
void sentence_add_count(struct sentence *sentence, int64_t count, const char *singular);

#endif
