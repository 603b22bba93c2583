/*
 * The memory of one configuration: taken piece by piece, freed as a whole.
 *
 * What it holds is bounded by the file (CFG_FILE_BYTES_MAX), which is read at the start and
 * when an operator asks; so memory that runs out here aborts, as small allocations do.
 */
#ifndef CFG_ARENA_INT_H
#define CFG_ARENA_INT_H

#include <stddef.h>

#include "base/attr.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

void arena_done(struct arena *arena);

/* Zeroed, aligned for anything; borrowed from the arena. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of len bytes. */
char *arena_text(struct arena *arena, const char *bytes, size_t len);

char *arena_format(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline void arena_cleanup(struct arena *arena)
{
    arena_done(arena);
}

#endif
