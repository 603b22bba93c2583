/*
 * From the wire to the journal: verify, append, acknowledge.
 *
 * The service of the webhook port. Refuses at the head what can be refused there,
 * hashes the body while it arrives, compares, and answers 202 once the journal says
 * durable. Nothing is parsed here and nothing is looked up: duplicates are the engine's.
 * Ownership: everything given is borrowed until ingest_free. Thread: the webhook loop's.
 */
#ifndef ENGINE_INGEST_H
#define ENGINE_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "github/signature.h"
#include "http/server.h"
#include "journal/journal.h"

struct ingest;

struct ingest_stats {
    uint64_t accepted_total;  /* 202 and 200: durable */
    uint64_t unsigned_total;  /* 401 */
    uint64_t malformed_total; /* 400, 404, 405, 413, 415 */
    uint64_t deferred_total;  /* 503 */
    uint64_t secret_used_total[SIGNATURE_SECRETS_MAX];
};

struct ingest *ingest_new(struct journal *journal, struct signature_keys *keys,
                          const char *webhook_path, const struct clock *clock);
/* Every request must have ended (server freed). */
void ingest_free(struct ingest *ingest);

/* To be handed to http_server_new. */
const struct http_service *ingest_service(struct ingest *ingest);

/* The journal has settled entries: answer them. On the webhook loop. */
void ingest_collect(struct ingest *ingest);

/* True while answers wait for the journal: a drain must go on. */
bool ingest_is_busy(const struct ingest *ingest);

void ingest_stats(const struct ingest *ingest, struct ingest_stats *ret_stats); /* any thread */

#endif
