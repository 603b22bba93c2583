/*
 * Blots secrets out of a stream: every occurrence becomes "***", the longest secret first, also
 * when it arrives in pieces. Pure but for its buffers.
 */
#ifndef EXEC_MASK_INT_H
#define EXEC_MASK_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct mask {
    const char **secrets; /* borrowed, NULL-terminated, longest first */
    bool starts[256];     /* first bytes of any secret */
};

/* Sorts the list and drops empty ones; it must outlive the mask. */
void mask_init(struct mask *mask, const char **secrets);

/* pending: what may be the beginning of a secret, kept between calls; it needs room for the longest
 * secret and the largest piece. */
void mask_feed(struct mask *mask, struct buf *pending, const char *bytes, size_t len,
               struct buf *out);
void mask_finish(struct mask *mask, struct buf *pending, struct buf *out);

#endif
