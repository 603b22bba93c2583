/* Running statements, and SQLite's result codes in our terms. */
#include "store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

static const struct {
    int rc; /* primary code */
    enum err_code code;
} codes[] = {
    {SQLITE_FULL, ERR_NO_SPACE},  {SQLITE_NOMEM, ERR_NOMEM},   {SQLITE_CORRUPT, ERR_CORRUPT},
    {SQLITE_NOTADB, ERR_CORRUPT}, {SQLITE_BUSY, ERR_CONFLICT}, {SQLITE_LOCKED, ERR_CONFLICT},
    {SQLITE_TOOBIG, ERR_LIMIT},
};

bool store_refuse(struct store *store, int rc, struct err *err)
{
    enum err_code code = ERR_IO;

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].rc == (rc & 0xFF))
            code = codes[i].code;
    }
    /* The connection's words belong to its last call; for a lack of memory it has none. */
    const char *words = store->db != NULL && sqlite3_extended_errcode(store->db) == rc
                            ? sqlite3_errmsg(store->db)
                            : sqlite3_errstr(rc);
    return err_set(err, code, "database: %s", words);
}

struct query query_begin(struct store *store, enum statement which)
{
    struct query query = {.store = store, .rc = SQLITE_OK};

    if (store->statements[which] == NULL)
        query.rc = sqlite3_prepare_v3(store->db, store_statements[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, &store->statements[which], NULL);
    query.statement = store->statements[which];
    return query;
}

static bool is_sound(const struct query *query)
{
    return query->rc == SQLITE_OK || query->rc == SQLITE_ROW;
}

void query_bind_text(struct query *query, const char *text)
{
    if (is_sound(query))
        query->rc =
            sqlite3_bind_text(query->statement, ++query->parameter, text, -1, SQLITE_TRANSIENT);
}

void query_bind_int(struct query *query, int64_t number)
{
    if (is_sound(query))
        query->rc = sqlite3_bind_int64(query->statement, ++query->parameter, number);
}

/* The caller's bytes stay where they are until query_end. No bytes are an empty blob, not NULL. */
void query_bind_blob(struct query *query, const void *bytes, size_t len)
{
    if (is_sound(query))
        query->rc = sqlite3_bind_blob64(query->statement, ++query->parameter,
                                        bytes != NULL ? bytes : "", len, SQLITE_STATIC);
}

bool query_step(struct query *query)
{
    if (!is_sound(query))
        return false;
    query->rc = sqlite3_step(query->statement);
    query->column = 0;
    return query->rc == SQLITE_ROW;
}

void query_take_text(struct query *query, char *to, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(query->statement, query->column++);

    snprintf(to, size, "%s", text != NULL ? text : "");
}

int64_t query_take_int(struct query *query)
{
    return sqlite3_column_int64(query->statement, query->column++);
}

void query_take_blob(struct query *query, struct buf *out)
{
    const void *bytes = sqlite3_column_blob(query->statement, query->column);
    int len = sqlite3_column_bytes(query->statement, query->column++);

    if (bytes != NULL)
        buf_append(out, bytes, (size_t)len);
}

void query_take_bytes(struct query *query, void *to, size_t size)
{
    const void *bytes = sqlite3_column_blob(query->statement, query->column);

    if (sqlite3_column_bytes(query->statement, query->column++) == (int)size) {
        memcpy(to, bytes, size);
    } else {
        memset(to, 0, size);
        query->rc = SQLITE_CORRUPT;
    }
}

bool query_end(struct query *query, struct err *err)
{
    bool sound = is_sound(query) || query->rc == SQLITE_DONE;

    if (!sound)
        store_refuse(query->store, query->rc, err);
    if (query->statement != NULL) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    return sound;
}

bool query_run(struct query *query, struct err *err)
{
    query_step(query);
    return query_end(query, err);
}
