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
#include "store/people.h"
#include "store/promotions.h"

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

enum engine_order {
    ENGINE_REPLAY,   /* sequence: handle a delivery again, without deduplication */
    ENGINE_PROMOTE,  /* repository, from, to, release */
    ENGINE_DEPLOY,   /* repository, to, release or branch */
    ENGINE_ROLLBACK, /* repository, to, release, text: why */
    ENGINE_APPROVE,  /* promotion, text: comment */
    ENGINE_REJECT,   /* promotion, text: comment */
    ENGINE_WITHDRAW, /* promotion: takes the actor's vote back */
    ENGINE_CANCEL,   /* promotion, text: why */
    ENGINE_FREEZE,   /* flow, repository, to (each "" for every one), text: why, holds_rollbacks */
    ENGINE_THAW,     /* the same scope */
    ENGINE_PIN,      /* repository, to, text: why */
    ENGINE_UNPIN,    /* repository, to */
    ENGINE_TOKEN,    /* token: store it */
    ENGINE_TOKEN_REVOKE, /* token: as it was found */
    ENGINE_ORDER_COUNT
};

/* Something a person asks for. The asker owns it and leaves it alone until on_done. */
struct engine_request {
    enum engine_order order;
    struct store_actor actor;
    uint64_t sequence;
    char flow[ENV_NAME_MAX];
    char repository[REPO_NAME_MAX];
    char from[ENV_NAME_MAX], to[ENV_NAME_MAX];
    char release[STORE_RELEASE_MAX];
    char branch[REF_NAME_MAX];
    char promotion[32];
    char text[STORE_TEXT_MAX];
    bool holds_rollbacks;
    struct store_token token;

    bool ok;        /* the answer: committed, or see err */
    struct err err; /* ERR_NOT_FOUND (unknown, or no longer kept), the store's */
    struct reason
        outcome; /* ok: what came of it; is_refused: why not, and what would make it legal */
    bool is_refused;
    struct id subject; /* the promotion or freeze it is about; "" for none */
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
