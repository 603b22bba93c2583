/* The audit trail in the store: rows are only ever added. Hashing is audit/chain.h's. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/chain.h"
#include "store/store.h"

/* Append: gives the next sequence, links it to the last record and writes it, in the caller's
 * transaction. record->sequence and the hashes are filled in. */
MUST_CHECK bool store_audit_add(struct store *store, struct audit_record *record, struct err *err);

/* Sequence and hash of the last record; 0 and zeros when there is none. */
MUST_CHECK bool store_audit_head(struct store *store, struct audit_head *ret_head, struct err *err);

struct store_audit_filter {
    const char *repository;  /* NULL for any */
    const char *environment; /* NULL for any */
    const char *subject;     /* id of a promotion, deployment …; NULL for any */
    const char *actor;       /* login; NULL for any */
    const char *event;       /* NULL for any */
    int64_t since_ms;        /* 0 for no bound */
    uint64_t after;          /* only sequences above, oldest first … */
    uint64_t before;         /* … or, when not 0, only below, newest first */
    unsigned limit;
};
typedef bool store_audit_fn(const struct audit_record *record, void *arg);
MUST_CHECK bool store_audit(struct store *store, const struct store_audit_filter *filter,
                            store_audit_fn *fn, void *arg, struct err *err);

#endif
