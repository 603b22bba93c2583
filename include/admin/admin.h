/*
 * The admin port: /livez, /readyz, /api/v1. Runs on a loop and thread of its own with a
 * read-only connection to the store, so that no listing ever delays an acknowledgement.
 *
 * Who may: health is open to all; the API to unix-socket peers of the same user (or root).
 * Ownership: options are borrowed until admin_stop. Threads: start and stop from one thread.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "cfg/cfg.h"
#include "engine/engine.h"
#include "engine/ingest.h"
#include "journal/journal.h"

struct admin;

struct admin_options {
    const struct cfg *cfg;
    struct journal *journal;
    struct engine *engine;
    const struct ingest *ingest;
    const struct clock *clock;
    int64_t started_ms;
};

MUST_CHECK bool admin_start(const struct admin_options *options, struct admin **ret_admin,
                            struct err *err);
void admin_stop(struct admin *admin);

/* /readyz says 503 from now on: the process is going away. Any thread. */
void admin_set_stopping(struct admin *admin);

#endif
