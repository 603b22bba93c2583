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
    "ended_ms, exit_code"

#define DEPLOYMENT_FILTER                                                                          \
    " (?1 IS NULL OR repository = ?1 COLLATE NOCASE) AND (?2 IS NULL OR environment = ?2)"         \
    " AND (?3 = 0 OR repository_id = ?3) AND (?4 IS NULL OR state = ?4)"                           \
    " AND (?5 IS NULL OR id < ?5)"

#define LANE_COLUMNS                                                                               \
    "l.repository_id, coalesce(r.full_name, ''), l.environment, l.stage, l.running, l.attempt, "   \
    "l.queued_count, l.holds, l.holds_deployment, l.holds_since_ms"

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
        " ?20)",
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
    [ST_OUTPUT_PUT] = "INSERT OR REPLACE INTO outputs (deployment, bytes) VALUES (?1, ?2)",
    [ST_OUTPUT_GET] = "SELECT bytes FROM outputs WHERE deployment = ?1",
    [ST_LANE_GET] = "SELECT " LANE_COLUMNS " FROM lanes l LEFT JOIN repositories r"
        " ON r.id = l.repository_id WHERE l.repository_id = ?1 AND l.environment = ?2",
    [ST_LANE_PUT] = "INSERT OR REPLACE INTO lanes (repository_id, environment, stage, running,"
        " attempt, queued_count, holds, holds_deployment, holds_since_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [ST_LANES] = "SELECT " LANE_COLUMNS " FROM lanes l LEFT JOIN repositories r"
        " ON r.id = l.repository_id ORDER BY 2, 3",
};
/* clang-format on */
