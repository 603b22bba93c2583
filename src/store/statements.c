/* Every SQL statement but those of the schema. Parameters and columns are in the order in which the
 * functions bind and take them. */
#include "store_int.h"

#define DELIVERY_COLUMNS                                                                           \
    "sequence, received_ms, handled_ms, guid, event, action, hook_id, target_type, target_id, "    \
    "repository_id, repository, sender, ref, sha, body_bytes, verdict, reason, sentence, "         \
    "deployment, first_sequence, replays"

#define DELIVERY_FILTER                                                                            \
    " AND (?2 IS NULL OR event = ?2) AND (?3 IS NULL OR verdict = ?3)"                             \
    " AND (?4 IS NULL OR repository = ?4 COLLATE NOCASE) AND (?5 = 0 OR sequence < ?5)"            \
    " ORDER BY sequence DESC LIMIT ?6"

#define DEPLOYMENT_COLUMNS                                                                         \
    "id, repository_id, repository, environment, sha, ref, title, state, reason, sentence, "       \
    "place, "                                                                                      \
    "attempt, repeats, superseded_by, delivery_sequence, delivery_guid, created_ms, started_ms, "  \
    "ended_ms, exit_code, release, promotion"

#define DEPLOYMENT_FILTER                                                                          \
    " (?1 IS NULL OR repository = ?1 COLLATE NOCASE) AND (?2 IS NULL OR environment = ?2)"         \
    " AND (?3 = 0 OR repository_id = ?3) AND (?4 IS NULL OR state = ?4)"                           \
    " AND (?5 IS NULL OR id < ?5)"

#define LANE_COLUMNS                                                                               \
    "l.repository_id, coalesce(r.full_name, ''), l.environment, l.stage, l.running, l.attempt, "   \
    "l.queued_count, l.holds, l.holds_deployment, l.holds_since_ms, l.pinned_ms, l.pin_reason, "   \
    "l.pin_by"

#define RELEASE_COLUMNS "repository_id, name, sha, branch, title, created_ms, delivery_sequence"

#define RELEASE_ROW                                                                                \
    RELEASE_COLUMNS ", coalesce((SELECT full_name FROM repositories WHERE id = repository_id), "   \
                    "'')"

#define RELEASE_PAGE                                                                               \
    " (created_ms, repository_id, name) < (?2, ?3, ?4)"                                            \
    " ORDER BY created_ms DESC, repository_id DESC, name DESC LIMIT ?5"

#define PROMOTION_COLUMNS                                                                          \
    "id, kind, repository_id, repository, from_environment, to_environment, release, sha, "        \
    "branch, title, requester, requester_id, requester_via, reason_given, policy, state, "         \
    "approved_ms, reason, sentence, deployment, caused_by, created_ms, changed_ms, ended_ms, "     \
    "due_ms"

/* No id is above '~'. */
#define PROMOTION_FILTER                                                                           \
    " id < coalesce(?6, '~') AND (?1 IS NULL OR repository = ?1 COLLATE NOCASE)"                   \
    " AND (?2 IS NULL OR to_environment = ?2) AND (?3 = 0 OR repository_id = ?3)"                  \
    " AND (?4 IS NULL OR state = ?4) AND (?5 = 0 OR is_final = 0)"                                 \
    " AND (?7 = 0 OR due_ms BETWEEN 1 AND ?7) ORDER BY id DESC LIMIT ?8"

#define PROMOTIONS(where) "SELECT " PROMOTION_COLUMNS " FROM promotions" where PROMOTION_FILTER

#define VOTE_COLUMNS                                                                               \
    "promotion, login, person_id, via, verdict, is_withdrawn, is_bot, comment, sha, policy, "      \
    "memberships, voted_ms, delivery_sequence"

#define CHECK_COLUMNS                                                                              \
    "id, phase, subject, repository_id, environment, name, state, reason, sentence, exit_code, "   \
    "started_ms, ended_ms"

#define FREEZE_COLUMNS                                                                             \
    "id, flow, repository, environment, holds_rollbacks, reason, login, person_id, via, since_ms"

#define RUN_COLUMNS "run_id, repository_id, promotion, status, conclusion, url, changed_ms"

#define GITHUB_DEPLOYMENT_COLUMNS                                                                  \
    "id, repository_id, environment, sha, deployment, state, status_id, creator, creator_id, "     \
    "is_bypass, created_ms, changed_ms"

#define PULL_COLUMNS                                                                               \
    "repository_id, number, merge_sha, author, author_id, merger, merger_id, merged_ms"

#define HOLDING_COLUMNS "deployment, sha, release, is_verified, is_unhealthy, since_ms, until_ms"

#define PERSON_COLUMNS "p.id, p.login, p.is_bot, p.seen_ms"

#define TOKEN_COLUMNS "id, name, hash, login, person_id, scopes, created_ms, expires_ms, revoked_ms"

#define AUDIT_COLUMNS                                                                              \
    "sequence, time_ms, event, actor, actor_id, via, repository, environment, subject, reason, "   \
    "sentence, details, previous, hash"

/* Clocks are set back, so times do not grow with sequences everywhere; below the first sequence of
 * the time asked for there is nothing to look at. */
#define AUDIT_FILTER                                                                               \
    " sequence > max(?7, CASE WHEN ?6 = 0 THEN 0 ELSE coalesce((SELECT min(sequence) - 1"          \
    " FROM audit INDEXED BY audit_by_time WHERE time_ms >= ?6), ?8) END)"                          \
    " AND (?1 IS NULL OR repository = ?1 COLLATE NOCASE) AND (?2 IS NULL OR environment = ?2)"     \
    " AND (?3 IS NULL OR subject = ?3) AND (?4 IS NULL OR actor = ?4 COLLATE NOCASE)"              \
    " AND (?5 IS NULL OR event = ?5) AND (?6 = 0 OR time_ms >= ?6) AND sequence < ?8"

#define AUDIT_RECORDS(where, order)                                                                \
    "SELECT " AUDIT_COLUMNS " FROM audit WHERE" where AUDIT_FILTER " ORDER BY sequence" order      \
    " LIMIT ?9"

#define AUDIT_BY_SUBJECT    " subject = ?3 AND"
#define AUDIT_OF_REPOSITORY " repository = ?1 COLLATE NOCASE AND"

/* clang-format off */
const char *const store_statements[ST_COUNT] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [ST_META_PUT] = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",
    [ST_SEEN_FIND] = "SELECT sequence FROM seen WHERE key = ?1",
    [ST_SEEN_ADD] = "INSERT OR IGNORE INTO seen (key, sequence) VALUES (?1, ?2)",
    [ST_DELIVERY_PUT] = "INSERT OR REPLACE INTO deliveries (" DELIVERY_COLUMNS ") VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
        " ?20, ?21)",
    [ST_DELIVERY_GET] = "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE sequence = ?1",
    [ST_DELIVERIES] =
        "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE ?1 IS NULL" DELIVERY_FILTER,
    [ST_DELIVERIES_BY_GUID] =
        "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE guid = ?1" DELIVERY_FILTER,
    [ST_DELIVERIES_QUARANTINED] =
        "SELECT " DELIVERY_COLUMNS " FROM deliveries WHERE verdict = 'quarantined'"
        " AND (?1 IS NULL OR guid = ?1)" DELIVERY_FILTER,
    [ST_REPOSITORY_PUT] = "INSERT INTO repositories (id, full_name) VALUES (?1, ?2)"
        " ON CONFLICT (id) DO UPDATE SET full_name = ?2 WHERE full_name <> ?2",
    [ST_REPOSITORY_FIND] = "SELECT id, full_name FROM repositories"
        " WHERE full_name = ?1 COLLATE NOCASE ORDER BY id DESC LIMIT 1",
    [ST_BRANCH_GET] = "SELECT head, pushed_at_ms, gap_start, gap_end FROM branches"
        " WHERE repository_id = ?1 AND branch = ?2",
    [ST_BRANCH_PUT] = "INSERT OR REPLACE INTO branches"
        " (repository_id, branch, head, pushed_at_ms, gap_start, gap_end)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [ST_PUSH_FIND] = "SELECT 1 FROM pushes WHERE repository_id = ?1 AND branch = ?2"
        " AND before_sha = ?3 AND after_sha = ?4 AND pushed_at_ms = ?5",
    [ST_PUSH_PUT] = "INSERT OR IGNORE INTO pushes"
        " (repository_id, branch, before_sha, after_sha, pushed_at_ms, sequence)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    /* UNION drops what was reached before, so that force pushes in a circle end. */
    [ST_CHAIN] = "WITH RECURSIVE chain (sha) AS (SELECT ?3 UNION"
        " SELECT p.after_sha FROM chain c JOIN pushes p ON p.repository_id = ?1 AND p.branch = ?2"
        " AND p.before_sha = c.sha AND p.after_sha <> '' LIMIT 10000)"
        " SELECT 1 FROM chain WHERE sha = ?4 LIMIT 1",
    [ST_PLACE_NEXT] = "SELECT coalesce(max(place), 0) + 1 FROM deployments"
        " WHERE repository_id = ?1 AND environment = ?2",
    [ST_DEPLOYMENT_PUT] = "INSERT OR REPLACE INTO deployments (" DEPLOYMENT_COLUMNS ") VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
        " ?20, ?21, ?22)",
    [ST_DEPLOYMENT_GET] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments WHERE id = ?1",
    [ST_DEPLOYMENTS] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments WHERE" DEPLOYMENT_FILTER
        " ORDER BY id DESC LIMIT ?6",
    [ST_DEPLOYMENTS_OF_LANE] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments"
        " WHERE repository_id = ?3 AND environment = ?2"
        " AND (?1 IS NULL OR repository = ?1 COLLATE NOCASE)"
        " AND (?4 IS NULL OR state = ?4) AND (?5 IS NULL OR"
        " (place, attempt) < (SELECT place, attempt FROM deployments WHERE id = ?5))"
        " ORDER BY place DESC, attempt DESC LIMIT ?6",
    [ST_DEPLOYMENTS_WAITING] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments"
        " WHERE state = 'queued' AND repository_id = ?3 AND environment = ?2"
        " AND ?1 IS NULL AND ?4 = 'queued' AND ?5 IS NULL ORDER BY place, attempt LIMIT ?6",
    [ST_DEPLOYMENTS_RUNNING] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments"
        " WHERE state = 'running' AND" DEPLOYMENT_FILTER " ORDER BY id DESC LIMIT ?6",
    [ST_DEPLOYMENTS_VERIFYING] = "SELECT " DEPLOYMENT_COLUMNS " FROM deployments"
        " WHERE state = 'verifying' AND" DEPLOYMENT_FILTER " ORDER BY id DESC LIMIT ?6",
    [ST_OUTPUT_PUT] = "INSERT OR REPLACE INTO outputs (deployment, bytes) VALUES (?1, ?2)",
    [ST_OUTPUT_GET] = "SELECT bytes FROM outputs WHERE deployment = ?1",
    [ST_OUTPUT_DELETE] = "DELETE FROM outputs WHERE deployment = ?1",
    [ST_LANE_GET] = "SELECT " LANE_COLUMNS " FROM lanes l LEFT JOIN repositories r"
        " ON r.id = l.repository_id WHERE l.repository_id = ?1 AND l.environment = ?2",
    [ST_LANE_PUT] = "INSERT OR REPLACE INTO lanes (repository_id, environment, stage, running,"
        " attempt, queued_count, holds, holds_deployment, holds_since_ms, pinned_ms, pin_reason,"
        " pin_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [ST_LANES] = "SELECT " LANE_COLUMNS " FROM lanes l LEFT JOIN repositories r"
        " ON r.id = l.repository_id ORDER BY 2, 3",
    [ST_RELEASE_ADD] = "INSERT OR IGNORE INTO releases (" RELEASE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ST_RELEASE_BY_NAME] = "SELECT " RELEASE_COLUMNS " FROM releases"
        " WHERE repository_id = ?1 AND name = ?2",
    /* Behind 'f' comes 'g': every commit id that begins so. */
    [ST_RELEASES_BY_SHA] = "SELECT " RELEASE_COLUMNS " FROM releases"
        " WHERE repository_id = ?1 AND sha >= ?2 AND sha < ?2 || 'g'"
        " ORDER BY sha, created_ms, name",
    [ST_RELEASES] = "SELECT " RELEASE_ROW " FROM releases WHERE ?1 IS NULL AND" RELEASE_PAGE,
    [ST_RELEASES_OF_REPOSITORY] = "SELECT " RELEASE_ROW " FROM releases WHERE repository_id IN"
        " (SELECT id FROM repositories WHERE full_name = ?1 COLLATE NOCASE) AND" RELEASE_PAGE,

    [ST_PROMOTION_PUT] = "INSERT OR REPLACE INTO promotions (" PROMOTION_COLUMNS ", is_final)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
    /* Behind 'Z' comes '[': every id that begins so. */
    [ST_PROMOTIONS_BY_PREFIX] = "SELECT " PROMOTION_COLUMNS " FROM promotions"
        " WHERE id >= upper(?1) AND id < upper(?1) || '[' ORDER BY id LIMIT 2",
    [ST_PROMOTIONS] = PROMOTIONS(" WHERE"),
    [ST_PROMOTIONS_OF_LANE] = PROMOTIONS(" WHERE repository_id = ?3 AND to_environment = ?2 AND"),
    [ST_PROMOTIONS_OF_REPOSITORY] = PROMOTIONS(" WHERE repository = ?1 COLLATE NOCASE AND"),
    /* Few are open; left alone, SQLite would rather read all of them in the order of their ids. */
    [ST_PROMOTIONS_OPEN] = PROMOTIONS(" INDEXED BY promotions_open WHERE is_final = 0 AND"),
    [ST_PROMOTIONS_OPEN_OF_LANE] =
        PROMOTIONS(" WHERE is_final = 0 AND repository_id = ?3 AND to_environment = ?2 AND"),
    [ST_PROMOTIONS_DUE] = PROMOTIONS(" WHERE due_ms > 0 AND due_ms <= ?7 AND"),
    [ST_PROMOTION_DUE_FIRST] =
        "SELECT due_ms FROM promotions WHERE due_ms > 0 ORDER BY due_ms LIMIT 1",

    [ST_VOTE_PUT] = "INSERT OR REPLACE INTO votes (" VOTE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [ST_VOTES] = "SELECT " VOTE_COLUMNS " FROM votes WHERE promotion = ?1"
        " ORDER BY voted_ms, delivery_sequence, person_id",

    [ST_CHECK_PUT] = "INSERT OR REPLACE INTO checks (" CHECK_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [ST_CHECK_GET] = "SELECT " CHECK_COLUMNS " FROM checks WHERE id = ?1",
    [ST_CHECK_DELETE] = "DELETE FROM checks WHERE id = ?1",
    [ST_CHECKS_BY_SUBJECT] = "SELECT " CHECK_COLUMNS " FROM checks WHERE subject = ?1 ORDER BY id",
    [ST_CHECKS_RUNNING] = "SELECT " CHECK_COLUMNS " FROM checks WHERE state = 'running'"
        " AND ?1 IS NULL ORDER BY id",

    [ST_FREEZE_PUT] = "INSERT OR REPLACE INTO freezes (" FREEZE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [ST_FREEZE_DELETE] = "DELETE FROM freezes WHERE id = ?1",
    [ST_FREEZES] = "SELECT " FREEZE_COLUMNS " FROM freezes ORDER BY since_ms, id",

    [ST_RUN_PUT] = "INSERT OR REPLACE INTO runs (" RUN_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ST_RUN_GET] = "SELECT " RUN_COLUMNS " FROM runs WHERE run_id = ?1",
    [ST_GITHUB_DEPLOYMENT_PUT] = "INSERT OR REPLACE INTO github_deployments"
        " (" GITHUB_DEPLOYMENT_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [ST_GITHUB_DEPLOYMENT_GET] = "SELECT " GITHUB_DEPLOYMENT_COLUMNS " FROM github_deployments"
        " WHERE id = ?1",
    [ST_PULL_PUT] = "INSERT OR REPLACE INTO pulls (" PULL_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [ST_PULL_BY_SHA] = "SELECT " PULL_COLUMNS " FROM pulls"
        " INDEXED BY pulls_by_sha WHERE repository_id = ?1 AND merge_sha = ?2 AND merge_sha <> ''"
        " ORDER BY number LIMIT 1",

    [ST_HOLDING_PUT] = "INSERT INTO holdings (repository_id, environment, " HOLDING_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (deployment) DO UPDATE SET"
        " sha = ?4, release = ?5, is_verified = ?6, is_unhealthy = ?7, since_ms = ?8,"
        " until_ms = ?9",
    [ST_HOLDING_END] = "UPDATE holdings SET until_ms = ?3 WHERE repository_id = ?1"
        " AND environment = ?2 AND until_ms = 0",
    [ST_HOLDINGS] = "SELECT " HOLDING_COLUMNS " FROM holdings WHERE repository_id = ?1"
        " AND environment = ?2 AND ?3 IS NULL ORDER BY place DESC LIMIT ?4",
    [ST_HOLDINGS_BY_SHA] = "SELECT " HOLDING_COLUMNS " FROM holdings WHERE repository_id = ?1"
        " AND environment = ?2 AND sha = ?3 ORDER BY place DESC LIMIT ?4",

    /* Deliveries come late: an older sight of a person does not undo a newer one. */
    [ST_PERSON_PUT] = "INSERT INTO people (id, login, is_bot, seen_ms) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (id) DO UPDATE SET is_bot = MAX(is_bot, ?3),"
        " login = CASE WHEN seen_ms <= ?4 THEN ?2 ELSE login END, seen_ms = MAX(seen_ms, ?4)"
        " RETURNING is_bot",
    [ST_LOGIN_ADD] = "INSERT OR IGNORE INTO logins (login, person_id) VALUES (?1, ?2)",
    [ST_LOGIN_GET] = "SELECT person_id FROM logins WHERE login = ?1",
    [ST_PERSON_BY_LOGIN] = "SELECT " PERSON_COLUMNS " FROM logins l JOIN people p"
        " ON p.id = l.person_id WHERE l.login = ?1",
    /* No REPLACE: it would remove another token of the same hash. */
    [ST_TOKEN_PUT] = "INSERT INTO tokens (" TOKEN_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET name = ?2,"
        " hash = ?3, login = ?4, person_id = ?5, scopes = ?6, created_ms = ?7, expires_ms = ?8,"
        " revoked_ms = ?9",
    [ST_TOKEN_BY_HASH] = "SELECT " TOKEN_COLUMNS " FROM tokens WHERE hash = ?1",
    [ST_TOKENS] = "SELECT " TOKEN_COLUMNS " FROM tokens ORDER BY id",

    /* The audit trail has these statements alone; the triggers of the schema refuse others. */
    [ST_AUDIT_ADD] = "INSERT INTO audit (" AUDIT_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [ST_AUDIT_HEAD] = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
    [ST_AUDIT_OLDEST] = AUDIT_RECORDS("", ""),
    [ST_AUDIT_NEWEST] = AUDIT_RECORDS("", " DESC"),
    [ST_AUDIT_BY_SUBJECT_OLDEST] = AUDIT_RECORDS(AUDIT_BY_SUBJECT, ""),
    [ST_AUDIT_BY_SUBJECT_NEWEST] = AUDIT_RECORDS(AUDIT_BY_SUBJECT, " DESC"),
    [ST_AUDIT_OF_REPOSITORY_OLDEST] = AUDIT_RECORDS(AUDIT_OF_REPOSITORY, ""),
    [ST_AUDIT_OF_REPOSITORY_NEWEST] = AUDIT_RECORDS(AUDIT_OF_REPOSITORY, " DESC"),
};
/* clang-format on */
