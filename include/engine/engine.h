/*
 * The engine: takes verified deliveries out of the journal, decides what they mean, and
 * carries out what follows. One thread, one loop, the only writer of envflow.db.
 *
 * intake    journal cursor → deduplication → handler → flow → one transaction
 * dispatch  what was committed → commands; their ends come back as lane events
 *
 * Ownership: options are borrowed until engine_stop. Threads: engine_start and engine_stop from
 * any thread but the engine's; everything else from any.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "cfg/cfg.h"
#include "journal/journal.h"

struct engine;

struct engine_options {
    const struct cfg *cfg;
    struct journal *journal;
    const struct clock *clock;
    void (*on_fatal)(const struct err *err, void *arg); /* engine thread: the store is beyond use */
    void *arg;
};

/* Open the store, take up what an earlier run left (running commands, cursor), start the thread.
 * Errors: what store_open says. */
MUST_CHECK bool engine_start(const struct engine_options *options, struct engine **ret_engine,
                             struct err *err);
/* Ends after the transaction in progress; commands go on under their keepers. */
void engine_stop(struct engine *engine);

/* There may be more in the journal. Cheap; for journal_options.on_durable. */
void engine_wake(struct engine *engine);

/* Something a person asks for. The asker owns it and leaves it alone until on_done. */
struct engine_request {
    uint64_t sequence; /* the delivery to handle again, without deduplication */
    bool ok;           /* the answer: committed, or see err */
    struct err err;    /* ERR_NOT_FOUND (unknown, or its body is no longer kept), the store's */
    void (*on_done)(struct engine_request *request); /* engine thread; must not block */
    struct engine_request *next;                     /* the engine's, then the asker's */
};

void engine_submit(struct engine *engine, struct engine_request *request);

/* Read from any thread. */
struct engine_stats {
    uint64_t handled_sequence;
    uint64_t handled_total;
    int64_t caught_up_ms; /* wall clock when it last had nothing to do; 0 never */
    bool stalled;         /* the store refuses writes at the moment */
    char stall_text[256]; /* why */
};
void engine_stats(struct engine *engine, struct engine_stats *ret_stats);

/* File of the database and folder of runs inside a store directory. Returns text. */
const char *engine_database_path(const char *store_dir, char *text, size_t size);
const char *engine_run_dir(const char *store_dir, const char *deployment_id, char *text,
                           size_t size);

#endif
