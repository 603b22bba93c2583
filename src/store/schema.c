/* The schema, and the steps that lead to it from any older version. */
#include <stdio.h>

#include "store_int.h"

/* Steps are never changed once released. */

static const char *const deliveries_and_lanes[] = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE seen (key BLOB PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE deliveries (sequence INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,"
    " handled_ms INTEGER NOT NULL, guid TEXT NOT NULL, event TEXT NOT NULL, action TEXT NOT NULL,"
    " hook_id TEXT NOT NULL, target_type TEXT NOT NULL, target_id TEXT NOT NULL,"
    " repository_id INTEGER NOT NULL, repository TEXT NOT NULL, sender TEXT NOT NULL,"
    " ref TEXT NOT NULL, sha TEXT NOT NULL, body_bytes INTEGER NOT NULL, verdict TEXT NOT NULL,"
    " reason TEXT NOT NULL, sentence TEXT NOT NULL, deployment TEXT NOT NULL,"
    " first_sequence INTEGER NOT NULL, replays INTEGER NOT NULL) STRICT",
    "CREATE INDEX deliveries_by_guid ON deliveries (guid)",
    "CREATE INDEX deliveries_quarantined ON deliveries (sequence) WHERE verdict = 'quarantined'",
    "CREATE TABLE repositories (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL) STRICT",
    "CREATE TABLE branches (repository_id INTEGER NOT NULL, branch TEXT NOT NULL,"
    " head TEXT NOT NULL, pushed_at_ms INTEGER NOT NULL, gap_start TEXT NOT NULL,"
    " gap_end TEXT NOT NULL, PRIMARY KEY (repository_id, branch)) STRICT, WITHOUT ROWID",
    "CREATE TABLE pushes (repository_id INTEGER NOT NULL, branch TEXT NOT NULL,"
    " before_sha TEXT NOT NULL, after_sha TEXT NOT NULL, pushed_at_ms INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " PRIMARY KEY (repository_id, branch, before_sha, after_sha, pushed_at_ms))"
    " STRICT, WITHOUT ROWID",
    "CREATE TABLE deployments (id TEXT PRIMARY KEY, repository_id INTEGER NOT NULL,"
    " repository TEXT NOT NULL, environment TEXT NOT NULL, sha TEXT NOT NULL, ref TEXT NOT NULL,"
    " title TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, sentence TEXT NOT NULL,"
    " place INTEGER NOT NULL, attempt INTEGER NOT NULL, repeats TEXT NOT NULL,"
    " superseded_by TEXT NOT NULL, delivery_sequence INTEGER NOT NULL, delivery_guid TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " exit_code INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX deployments_by_lane ON deployments (repository_id, environment, place, attempt)",
    "CREATE INDEX deployments_waiting ON deployments (repository_id, environment, place, attempt)"
    " WHERE state = 'queued'",
    "CREATE INDEX deployments_running ON deployments (id) WHERE state = 'running'",
    "CREATE TABLE outputs (deployment TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE lanes (repository_id INTEGER NOT NULL, environment TEXT NOT NULL,"
    " stage TEXT NOT NULL, running TEXT NOT NULL, attempt INTEGER NOT NULL,"
    " queued_count INTEGER NOT NULL, holds TEXT NOT NULL, holds_deployment TEXT NOT NULL,"
    " holds_since_ms INTEGER NOT NULL, PRIMARY KEY (repository_id, environment))"
    " STRICT, WITHOUT ROWID",
    NULL,
};

static const char *const promotions_and_people[] = {
    "ALTER TABLE deployments ADD COLUMN release TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE deployments ADD COLUMN promotion TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX deployments_verifying ON deployments (id) WHERE state = 'verifying'",
    "ALTER TABLE lanes ADD COLUMN pinned_ms INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE lanes ADD COLUMN pin_reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE lanes ADD COLUMN pin_by TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX repositories_by_name ON repositories (full_name COLLATE NOCASE)",

    "CREATE TABLE releases (repository_id INTEGER NOT NULL, name TEXT NOT NULL, sha TEXT NOT NULL,"
    " branch TEXT NOT NULL, title TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " delivery_sequence INTEGER NOT NULL, PRIMARY KEY (repository_id, name))"
    " STRICT, WITHOUT ROWID",
    "CREATE INDEX releases_by_sha ON releases (repository_id, sha, created_ms)",
    "CREATE INDEX releases_by_time ON releases (created_ms)",

    "CREATE TABLE promotions (id TEXT PRIMARY KEY, kind TEXT NOT NULL,"
    " repository_id INTEGER NOT NULL, repository TEXT NOT NULL, from_environment TEXT NOT NULL,"
    " to_environment TEXT NOT NULL, release TEXT NOT NULL, sha TEXT NOT NULL,"
    " branch TEXT NOT NULL, title TEXT NOT NULL, requester TEXT NOT NULL,"
    " requester_id INTEGER NOT NULL, requester_via TEXT NOT NULL, reason_given TEXT NOT NULL,"
    " policy TEXT NOT NULL, state TEXT NOT NULL, approved_ms INTEGER NOT NULL,"
    " reason TEXT NOT NULL, sentence TEXT NOT NULL, deployment TEXT NOT NULL,"
    " caused_by TEXT NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    " ended_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, is_final INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE INDEX promotions_of_lane ON promotions (repository_id, to_environment, id)",
    "CREATE INDEX promotions_of_repository ON promotions (repository COLLATE NOCASE, id)",
    "CREATE INDEX promotions_open ON promotions (repository_id, to_environment, id)"
    " WHERE is_final = 0",
    "CREATE INDEX promotions_due ON promotions (due_ms) WHERE due_ms > 0",

    "CREATE TABLE votes (promotion TEXT NOT NULL, person_id INTEGER NOT NULL, login TEXT NOT NULL,"
    " via TEXT NOT NULL, verdict TEXT NOT NULL, is_withdrawn INTEGER NOT NULL,"
    " is_bot INTEGER NOT NULL, comment TEXT NOT NULL, sha TEXT NOT NULL, policy TEXT NOT NULL,"
    " memberships INTEGER NOT NULL, voted_ms INTEGER NOT NULL, delivery_sequence INTEGER NOT NULL,"
    " PRIMARY KEY (promotion, person_id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE checks (id TEXT PRIMARY KEY, phase TEXT NOT NULL, subject TEXT NOT NULL,"
    " repository_id INTEGER NOT NULL, environment TEXT NOT NULL, name TEXT NOT NULL,"
    " state TEXT NOT NULL, reason TEXT NOT NULL, sentence TEXT NOT NULL,"
    " exit_code INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE INDEX checks_by_subject ON checks (subject, id)",
    "CREATE INDEX checks_running ON checks (id) WHERE state = 'running'",

    "CREATE TABLE freezes (id TEXT PRIMARY KEY, flow TEXT NOT NULL, repository TEXT NOT NULL,"
    " environment TEXT NOT NULL, holds_rollbacks INTEGER NOT NULL, reason TEXT NOT NULL,"
    " login TEXT NOT NULL, person_id INTEGER NOT NULL, via TEXT NOT NULL,"
    " since_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",

    "CREATE TABLE runs (run_id INTEGER PRIMARY KEY, repository_id INTEGER NOT NULL,"
    " promotion TEXT NOT NULL, status TEXT NOT NULL, conclusion TEXT NOT NULL, url TEXT NOT NULL,"
    " changed_ms INTEGER NOT NULL) STRICT",
    "CREATE TABLE github_deployments (id INTEGER PRIMARY KEY, repository_id INTEGER NOT NULL,"
    " environment TEXT NOT NULL, sha TEXT NOT NULL, deployment TEXT NOT NULL, state TEXT NOT NULL,"
    " status_id INTEGER NOT NULL, creator TEXT NOT NULL, creator_id INTEGER NOT NULL,"
    " is_bypass INTEGER NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL) STRICT",
    "CREATE TABLE pulls (repository_id INTEGER NOT NULL, number INTEGER NOT NULL,"
    " merge_sha TEXT NOT NULL, author TEXT NOT NULL, author_id INTEGER NOT NULL,"
    " merger TEXT NOT NULL, merger_id INTEGER NOT NULL, merged_ms INTEGER NOT NULL,"
    " PRIMARY KEY (repository_id, number)) STRICT, WITHOUT ROWID",
    "CREATE INDEX pulls_by_sha ON pulls (repository_id, merge_sha)",

    /* place: which came first is what rollbacks rest on, so no clock decides it. */
    "CREATE TABLE holdings (place INTEGER PRIMARY KEY, deployment TEXT NOT NULL UNIQUE,"
    " repository_id INTEGER NOT NULL, environment TEXT NOT NULL, sha TEXT NOT NULL,"
    " release TEXT NOT NULL, is_verified INTEGER NOT NULL, is_unhealthy INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT",
    "CREATE INDEX holdings_of_lane ON holdings (repository_id, environment)",
    "CREATE INDEX holdings_by_sha ON holdings (repository_id, environment, sha)",

    "CREATE TABLE people (id INTEGER PRIMARY KEY, login TEXT NOT NULL, is_bot INTEGER NOT NULL,"
    " seen_ms INTEGER NOT NULL) STRICT",
    "CREATE TABLE logins (login TEXT COLLATE NOCASE PRIMARY KEY, person_id INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE TABLE tokens (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,"
    " login TEXT NOT NULL, person_id INTEGER NOT NULL, scopes INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",

    "CREATE TABLE audit (sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,"
    " event TEXT NOT NULL, actor TEXT NOT NULL, actor_id INTEGER NOT NULL, via TEXT NOT NULL,"
    " repository TEXT NOT NULL, environment TEXT NOT NULL, subject TEXT NOT NULL,"
    " reason TEXT NOT NULL, sentence TEXT NOT NULL, details TEXT NOT NULL,"
    " previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT",
    "CREATE INDEX audit_by_subject ON audit (subject)",
    "CREATE INDEX audit_of_repository ON audit (repository COLLATE NOCASE)",
    "CREATE INDEX audit_by_time ON audit (time_ms)",
    "CREATE TRIGGER audit_update BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'records of the audit trail are never changed'); END",
    "CREATE TRIGGER audit_delete BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'records of the audit trail are never removed'); END",
    /* INSERT OR REPLACE fires no trigger for what it deletes: hence this one. */
    "CREATE TRIGGER audit_insert BEFORE INSERT ON audit"
    " WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit)"
    " BEGIN SELECT RAISE(ABORT, 'records of the audit trail are only added, in order'); END",
    NULL,
};

const char *const *const store_migrations[STORE_VERSION] = {
    deliveries_and_lanes,
    promotions_and_people,
};

bool store_execute(struct store *store, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK || store_refuse(store, rc, err);
}

static bool read_version(struct store *store, int *ret_version, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret_version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || store_refuse(store, rc, err);
}

static bool read_known_version(struct store *store, int *ret_version, struct err *err)
{
    int version = 0;

    if (!read_version(store, &version, err))
        return false;
    if (version > STORE_VERSION)
        return err_set(err, ERR_CONFLICT,
                       "the database has version %d, this envflow knows up to %d: it was written "
                       "by a newer envflow; run that one, or restore a backup",
                       version, STORE_VERSION);
    *ret_version = version;
    return true;
}

bool store_check_version(struct store *store, struct err *err)
{
    int version = 0;

    return read_known_version(store, &version, err);
}

static bool take_step(struct store *store, int version, struct err *err)
{
    char set_version[48];

    snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version + 1);
    for (const char *const *sql = store_migrations[version]; *sql != NULL; sql++) {
        if (!store_execute(store, *sql, err))
            return false;
    }
    return store_execute(store, set_version, err) && store_execute(store, "COMMIT", err);
}

bool store_migrate(struct store *store, struct err *err)
{
    int version = 0;

    if (!read_known_version(store, &version, err))
        return false;
    for (; version < STORE_VERSION; version++) {
        if (!store_execute(store, "BEGIN IMMEDIATE", err))
            return false;
        if (!take_step(store, version, err)) {
            store_rollback(store);
            return err_wrap(err, "bring the database to version %d", version + 1);
        }
    }
    return true;
}
