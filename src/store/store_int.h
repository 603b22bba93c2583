/* What the files of src/store share: the handle, its statements, and how they are run. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <sqlite3.h>

#include "store/store.h"

enum statement {
    ST_BEGIN,
    ST_COMMIT,
    ST_ROLLBACK,
    ST_META_GET,
    ST_META_PUT,
    ST_SEEN_FIND,
    ST_SEEN_ADD,
    ST_DELIVERY_PUT,
    ST_DELIVERY_GET,
    ST_DELIVERIES,
    ST_DELIVERIES_BY_GUID,
    ST_DELIVERIES_QUARANTINED,
    ST_REPOSITORY_PUT,
    ST_BRANCH_GET,
    ST_BRANCH_PUT,
    ST_PUSH_FIND,
    ST_PUSH_PUT,
    ST_CHAIN,
    ST_PLACE_NEXT,
    ST_DEPLOYMENT_PUT,
    ST_DEPLOYMENT_GET,
    ST_DEPLOYMENTS,
    ST_DEPLOYMENTS_OF_LANE,
    ST_DEPLOYMENTS_WAITING,
    ST_DEPLOYMENTS_RUNNING,
    ST_OUTPUT_PUT,
    ST_OUTPUT_GET,
    ST_LANE_GET,
    ST_LANE_PUT,
    ST_LANES,
    ST_COUNT
};

struct store {
    sqlite3 *db;
    int lock_fd;                        /* of the writer; -1 for readers and in memory */
    sqlite3_stmt *statements[ST_COUNT]; /* prepared at first use */
};

/* One run of a statement: bind in order, step, take columns in order, end. The first error sticks;
 * later calls do nothing, so it is checked once. */
struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int rc; /* SQLITE_OK, SQLITE_ROW, SQLITE_DONE, or what went wrong */
    int parameter, column;
};

struct query query_begin(struct store *store, enum statement which);
void query_bind_text(struct query *query, const char *text); /* NULL binds NULL */
void query_bind_int(struct query *query, int64_t number);
void query_bind_blob(struct query *query, const void *bytes, size_t len);
bool query_step(struct query *query); /* true: a row */
void query_take_text(struct query *query, char *to, size_t size);
int64_t query_take_int(struct query *query);
void query_take_blob(struct query *query, struct buf *out);
/* Reset; false and *err when anything failed since query_begin. */
MUST_CHECK bool query_end(struct query *query, struct err *err);
/* For statements without rows: step once and end. */
MUST_CHECK bool query_run(struct query *query, struct err *err);

/* Fill *err from SQLite's code; returns false. */
bool store_refuse(struct store *store, int rc, struct err *err);

extern const char *const store_statements[ST_COUNT];

/* Names in the database back to values; an unknown one (of a newer envflow) is the fallback. */
enum reason_code store_reason_of(const char *name);

#endif
