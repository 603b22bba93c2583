/* Collecting what is wrong with a configuration, and guessing what was meant. */
#ifndef CFG_PROBLEMS_INT_H
#define CFG_PROBLEMS_INT_H

#include <stdarg.h>

#include "cfg/cfg.h"

/* Line and column count from 1; 0 when the whole file is meant. What the file contributes to the
 * text is made fit for a terminal: control bytes and cut characters become '?'. */
void problems_add(struct cfg_problems *problems, int line, int column, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void problems_vadd(struct cfg_problems *problems, int line, int column, const char *fmt,
                   va_list args) PRINTF_LIKE(4, 0);

/* In the order of the file; what concerns all of it comes last. */
void problems_sort(struct cfg_problems *problems);

/* The name that was probably meant: offer every valid one, then look at `best`. */
struct nearest {
    const char *text; /* what was written; borrowed */
    const char *best; /* borrowed from the offers; NULL while none is near */
    size_t distance;  /* of best */
};

void nearest_offer(struct nearest *nearest, const char *name);

#endif
