/* What the files of src/store share: the handle, its statements, and how they are run. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <sqlite3.h>

#include "store/promotions.h"
#include "store/store.h"

/* ---- schema ---- */

#define STORE_VERSION 2 /* of the schema this code works with */
/* Step i leads from version i to i + 1: statements, then NULL. */
extern const char *const *const store_migrations[STORE_VERSION];

/* ---- statements ---- */

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
    ST_REPOSITORY_FIND,
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
    ST_DEPLOYMENTS_VERIFYING,
    ST_OUTPUT_PUT,
    ST_OUTPUT_GET,
    ST_OUTPUT_DELETE,
    ST_LANE_GET,
    ST_LANE_PUT,
    ST_LANES,
    ST_RELEASE_ADD,
    ST_RELEASE_BY_NAME,
    ST_RELEASES_BY_SHA,
    ST_RELEASES,
    ST_RELEASES_OF_REPOSITORY,
    ST_PROMOTION_PUT,
    ST_PROMOTIONS_BY_PREFIX,
    ST_PROMOTIONS,
    ST_PROMOTIONS_OF_LANE,
    ST_PROMOTIONS_OF_REPOSITORY,
    ST_PROMOTIONS_OPEN,
    ST_PROMOTIONS_OPEN_OF_LANE,
    ST_PROMOTIONS_DUE,
    ST_PROMOTION_DUE_FIRST,
    ST_VOTE_PUT,
    ST_VOTES,
    ST_CHECK_PUT,
    ST_CHECK_GET,
    ST_CHECK_DELETE,
    ST_CHECKS_BY_SUBJECT,
    ST_CHECKS_RUNNING,
    ST_FREEZE_PUT,
    ST_FREEZE_DELETE,
    ST_FREEZES,
    ST_RUN_PUT,
    ST_RUN_GET,
    ST_GITHUB_DEPLOYMENT_PUT,
    ST_GITHUB_DEPLOYMENT_GET,
    ST_PULL_PUT,
    ST_PULL_BY_SHA,
    ST_HOLDING_PUT,
    ST_HOLDING_END,
    ST_HOLDINGS,
    ST_HOLDINGS_BY_SHA,
    ST_PERSON_PUT,
    ST_LOGIN_ADD,
    ST_LOGIN_GET,
    ST_PERSON_BY_LOGIN,
    ST_TOKEN_PUT,
    ST_TOKEN_BY_HASH,
    ST_TOKENS,
    ST_AUDIT_ADD,
    ST_AUDIT_HEAD,
    ST_AUDIT_OLDEST,
    ST_AUDIT_NEWEST,
    ST_AUDIT_BY_SUBJECT_OLDEST,
    ST_AUDIT_BY_SUBJECT_NEWEST,
    ST_AUDIT_OF_REPOSITORY_OLDEST,
    ST_AUDIT_OF_REPOSITORY_NEWEST,
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
void query_take_bytes(struct query *query, void *to, size_t size); /* ERR_CORRUPT: other length */
/* Reset; false and *err when anything failed since query_begin. */
MUST_CHECK bool query_end(struct query *query, struct err *err);
/* For statements without rows: step once and end. */
MUST_CHECK bool query_run(struct query *query, struct err *err);

/* Fill *err from SQLite's code; returns false. */
bool store_refuse(struct store *store, int rc, struct err *err);

extern const char *const store_statements[ST_COUNT];

/* ---- values of several columns ---- */

void query_bind_reason(struct query *query, const struct reason *reason);
void query_take_reason(struct query *query, struct reason *reason);
void query_bind_actor(struct query *query, const struct store_actor *actor);
void query_take_actor(struct query *query, struct store_actor *actor);
/* The index of the column's text in names; the last one where it is none of them. */
unsigned query_take_name(struct query *query, const char *const names[], size_t count);

/* ---- opening ---- */

bool store_execute(struct store *store, const char *sql, struct err *err);
/* Errors: ERR_CONFLICT when a newer envflow made the database. */
bool store_check_version(struct store *store, struct err *err);
/* As store_check_version, then every step that is missing, each a transaction of its own. */
bool store_migrate(struct store *store, struct err *err);

#endif
