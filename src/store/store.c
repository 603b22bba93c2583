/* Opening, transactions, and what is only a few rows: cursor and seen keys. */
#include "store/store.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store_int.h"

#define BUSY_MS 2000 /* a reader that is just opening holds the lock for moments */

static const char writer_pragmas[] = "PRAGMA page_size = 8192;"
                                     "PRAGMA journal_mode = WAL;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA wal_autocheckpoint = 512;" /* 4 MB */
                                     "PRAGMA cache_size = -4096;"
                                     "PRAGMA temp_store = MEMORY;";

/* A reader must never checkpoint: two that do can lose a reset of the log (SQLite of Debian 12). */
static const char reader_pragmas[] = "PRAGMA query_only = 1;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA cache_size = -512;"
                                     "PRAGMA temp_store = MEMORY;";

/* ---- opening ---- */

/* SQLite lets several processes write in turn; we want exactly one. */
static bool lock_writer(struct store *store, const char *path, struct err *err)
{
    char lock[PATH_MAX];

    if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
        return err_set(err, ERR_LIMIT, "path too long: %s", path);
    if (file_lock(lock, STATE_LOCK_WAIT_MS, &store->lock_fd, err))
        return true;
    if (err->code == ERR_CONFLICT)
        return err_set(err, ERR_CONFLICT, "another envflow works on %s", path);
    return false;
}

static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
}

static struct store *store_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct store *store = calloc(1, sizeof(*store));

    pthread_once(&once, configure_library);
    assert(store != NULL);
    store->lock_fd = -1;
    return store;
}

static bool open_database(struct store *store, const char *path, int flags, const char *pragmas,
                          struct err *err)
{
    int rc = sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return store_refuse(store, rc, err);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return store_execute(store, pragmas, err);
}

bool store_open(const char *path, struct store **ret_store, struct err *err)
{
    struct store *store = store_new();
    bool in_memory = strcmp(path, ":memory:") == 0;

    if ((in_memory || lock_writer(store, path, err)) &&
        open_database(store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, writer_pragmas,
                      err) &&
        store_migrate(store, err)) {
        *ret_store = store;
        return true;
    }
    store_close(store);
    return err_wrap(err, "open %s", path);
}

bool store_open_reader(const char *path, struct store **ret_store, struct err *err)
{
    struct store *store = store_new();

    if (open_database(store, path, SQLITE_OPEN_READONLY, reader_pragmas, err) &&
        store_check_version(store, err)) {
        *ret_store = store;
        return true;
    }
    store_close(store);
    return err_wrap(err, "open %s for reading", path);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < ST_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

/* ---- transactions ---- */

static bool run_plain(struct store *store, enum statement which, struct err *err)
{
    struct query query = query_begin(store, which);

    return query_run(&query, err);
}

bool store_begin(struct store *store, struct err *err)
{
    return run_plain(store, ST_BEGIN, err);
}

bool store_commit(struct store *store, struct err *err)
{
    return run_plain(store, ST_COMMIT, err);
}

/* Some errors roll back by themselves; then there is nothing left to do. */
void store_rollback(struct store *store)
{
    struct err unused;

    if (sqlite3_get_autocommit(store->db) == 0)
        (void)!run_plain(store, ST_ROLLBACK, &unused);
}

/* ---- cursor ---- */

bool store_cursor(struct store *store, uint64_t *ret_sequence, struct err *err)
{
    struct query query = query_begin(store, ST_META_GET);
    uint64_t sequence = 0;

    query_bind_text(&query, "cursor");
    if (query_step(&query))
        sequence = (uint64_t)query_take_int(&query);
    if (!query_end(&query, err))
        return false;
    *ret_sequence = sequence;
    return true;
}

bool store_set_cursor(struct store *store, uint64_t sequence, struct err *err)
{
    struct query query = query_begin(store, ST_META_PUT);

    query_bind_text(&query, "cursor");
    query_bind_int(&query, (int64_t)sequence);
    return query_run(&query, err);
}

/* ---- deduplication ---- */

static bool find_seen(struct store *store, const uint8_t key[STORE_KEY_BYTES],
                      uint64_t *ret_sequence, struct err *err)
{
    struct query query = query_begin(store, ST_SEEN_FIND);

    query_bind_blob(&query, key, STORE_KEY_BYTES);
    if (query_step(&query))
        *ret_sequence = (uint64_t)query_take_int(&query);
    return query_end(&query, err);
}

bool store_see(struct store *store, const uint8_t key[STORE_KEY_BYTES], uint64_t sequence,
               uint64_t *ret_first, struct err *err)
{
    struct query query = query_begin(store, ST_SEEN_ADD);
    uint64_t first = sequence;

    query_bind_blob(&query, key, STORE_KEY_BYTES);
    query_bind_int(&query, (int64_t)sequence);
    if (!query_run(&query, err))
        return false;
    if (sqlite3_changes(store->db) == 0 && !find_seen(store, key, &first, err))
        return false;
    *ret_first = first;
    return true;
}
