/*
 * Which delivery is being handled, kept where a crash cannot erase it: a mapped file
 * beside the store. A delivery that kills the process twice is recognised at the next
 * start and set aside, so that the rest goes on.
 *
 * A crash (a fatal signal) and an interruption (kill -9, power) look alike from the
 * next start, but the first is the delivery's fault and the second hardly ever: a
 * signal handler tells them apart. Two crashes quarantine, or five interruptions,
 * which is what a delivery does that makes the kernel's memory killer strike.
 *
 * Only process death is covered, so nothing is synced: the kernel keeps the page.
 */
#ifndef ENGINE_MARK_INT_H
#define ENGINE_MARK_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define MARK_CRASHES_MAX       2
#define MARK_INTERRUPTIONS_MAX 5

struct mark;

/* One per process: it installs handlers for fatal signals.
 * Errors: ERR_IO, ERR_NO_SPACE. */
MUST_CHECK bool mark_open(const char *path, struct mark **ret_mark, struct err *err);
void mark_close(struct mark *mark);

void mark_begin(struct mark *mark, uint64_t sequence);
void mark_end(struct mark *mark);

/* True when handling this delivery ended the process too often. */
bool mark_is_deadly(const struct mark *mark, uint64_t sequence);

#endif
