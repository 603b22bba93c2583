/* Bringing an older database up to date, killed anywhere; and that what is asked often has an
 * index. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/store/store_int.h"
#include "store/audit.h"
#include "support/store_rig.h"
#include "support/test.h"
#include "support/tmpdir.h"

#define WRITES_MAX 1000 /* of one migration; it needs about a tenth */

struct place {
    struct tmpdir dir;
    char path[300];
};

static void place_make(struct place *place)
{
    tmpdir_make(&place->dir);
    snprintf(place->path, sizeof(place->path), "%s/envflow.db", place->dir.path);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *words = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
}

/* As the first version of the schema left it. */
static void make_version_1(const char *path)
{
    static const char *const rows[] = {
        "INSERT INTO meta VALUES ('cursor', 7)",
        "INSERT INTO seen VALUES (x'000102030405060708090A0B0C0D0E0F', 7)",
        "INSERT INTO repositories VALUES (4711, 'acme/shop')",
        "INSERT INTO branches VALUES (4711, 'main', 'abc', 5, '', '')",
        ("INSERT INTO deliveries VALUES (7, 1, 2, 'guid', 'push', '', '1', 'repository', '4711',"
         " 4711, 'acme/shop', 'octocat', 'refs/heads/main', 'abc', 100, 'acted', 'deploying',"
         " 'a sentence', '01D', 0, 0)"),
        ("INSERT INTO deployments VALUES ('01D', 4711, 'acme/shop', 'dev-int', 'abc', 'main',"
         " 'a title', 'running', 'deploying', 'a sentence', 1, 1, '', '', 7, 'guid', 1, 2, 0, 0)"),
        "INSERT INTO outputs VALUES ('01D', x'7072696E746564')",
        "INSERT INTO lanes VALUES (4711, 'dev-int', 'deploying', '01D', 1, 0, 'abb', '01C', 9)",
        "PRAGMA user_version = 1",
    };
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "PRAGMA page_size = 8192");
    run_sql(db, "PRAGMA journal_mode = WAL");
    run_sql(db, "PRAGMA synchronous = OFF");
    run_sql(db, "BEGIN");
    for (const char *const *sql = store_migrations[0]; *sql != NULL; sql++)
        run_sql(db, *sql);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        run_sql(db, rows[i]);
    run_sql(db, "COMMIT");
    sqlite3_close(db);
}

static void check_rows(struct store *store)
{
    AUTO(buf) struct buf output = BUF_INIT(100);
    struct store_delivery delivery;
    struct store_deployment deployment;
    struct store_lane lane;
    struct branch_state branch;
    uint64_t cursor = 0;
    uint64_t first = 0;
    const uint8_t key[STORE_KEY_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    DO(store_cursor(store, &cursor, &rig_err));
    assert_int_equal(cursor, 7);
    DO(store_see(store, key, 8, &first, &rig_err));
    assert_int_equal(first, 7);
    DO(store_branch_get(store, 4711, "main", &branch, &rig_err));
    assert_string_equal(branch.head.hex, "abc");
    DO(store_delivery_get(store, 7, &delivery, &rig_err));
    assert_string_equal(delivery.deployment.text, "01D");
    assert_int_equal(delivery.reason.code, REASON_DEPLOYING);
    DO(store_deployment_get(store, "01D", &deployment, &rig_err));
    assert_int_equal(deployment.state, DEPLOYMENT_RUNNING);
    assert_string_equal(deployment.release, "");
    assert_string_equal(deployment.promotion.text, "");
    DO(store_output_get(store, "01D", &output, &rig_err));
    assert_string_equal(buf_text(&output), "printed");
    DO(store_lane_get(store, 4711, "dev-int", &lane, &rig_err));
    assert_string_equal(lane.repository, "acme/shop");
    assert_string_equal(lane.state.running.text, "01D");
    assert_string_equal(lane.holds.hex, "abb");
    assert_int_equal(lane.holds_since_ms, 9);
    assert_int_equal(lane.pinned_ms, 0);
    assert_string_equal(lane.pin_reason, "");
}

static void check_new_tables(struct store *store)
{
    struct audit_record record = {.event = "envflow.migrated"};
    struct store_release release = {.repository_id = 4711, .name = "1.4.0"};
    struct store_release bound;

    DO(store_release_bind(store, &release, &bound, &rig_err));
    DO(store_audit_add(store, &record, &rig_err));
    assert_int_equal(record.sequence, 1);
}

static void test_a_database_of_version_1_keeps_its_rows(void **state)
{
    struct place place;
    struct store *store = NULL;

    (void)state;
    place_make(&place);
    make_version_1(place.path);
    DO(store_open(place.path, &store, &rig_err));
    check_rows(store);
    check_new_tables(store);
    store_close(store);
    DO(store_open(place.path, &store, &rig_err)); /* nothing is left to do */
    check_rows(store);
    store_close(store);
    tmpdir_remove(&place.dir);
}

/* ---- killed at the n-th write ---- */

static long writes_left; /* of the child, until it is killed */

static void count_write(void)
{
    if (writes_left-- == 0)
        raise(SIGKILL);
}

static ssize_t counted_write(int fd, const void *bytes, size_t len)
{
    count_write();
    return write(fd, bytes, len);
}

static ssize_t counted_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    count_write();
    return pwrite(fd, bytes, len, offset);
}

static void migrate_and_exit(const char *path, long writes)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct store *store = NULL;
    struct err err;

    writes_left = writes;
    vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)counted_write);
    vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)counted_pwrite);
    vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)counted_pwrite);
    _exit(store_open(path, &store, &err) ? 0 : 1);
}

/* True: it was killed; false: it came to its end. */
static bool migrate_killed_at(const char *path, long writes)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        migrate_and_exit(path, writes);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void test_a_migration_killed_at_any_write_is_repeated(void **state)
{
    long writes = 0;
    bool killed = true;

    (void)state;
    for (; killed; writes++) {
        struct place place;
        struct store *store = NULL;
        assert_true(writes < WRITES_MAX);
        place_make(&place);
        make_version_1(place.path);
        killed = migrate_killed_at(place.path, writes);
        DO(store_open(place.path, &store, &rig_err));
        check_rows(store);
        check_new_tables(store);
        store_close(store);
        tmpdir_remove(&place.dir);
    }
    assert_true(writes > 10);
}

/* A step that fails half way: a table of the new version is there already. */
static void test_a_step_that_fails_leaves_the_version_before_it(void **state)
{
    struct place place;
    struct store *store = NULL;
    sqlite3 *db = NULL;

    (void)state;
    place_make(&place);
    make_version_1(place.path);
    assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
    run_sql(db, "CREATE TABLE votes (x)");
    REFUSED(ERR_IO, "bring the database to version 2", store_open(place.path, &store, &rig_err));
    run_sql(db, "DROP TABLE votes");
    run_sql(db, "INSERT INTO meta VALUES ('another', 1)"); /* nobody holds it */
    sqlite3_close(db);
    DO(store_open(place.path, &store, &rig_err));
    check_rows(store);
    check_new_tables(store);
    store_close(store);
    tmpdir_remove(&place.dir);
}

static void test_a_database_of_a_newer_envflow_is_left_alone(void **state)
{
    struct place place;
    struct store *store = NULL;
    char sql[64];

    (void)state;
    place_make(&place);
    DO(store_open(place.path, &store, &rig_err));
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_VERSION + 1);
    DO(store_execute(store, sql, &rig_err));
    store_close(store);
    REFUSED(ERR_CONFLICT, "a newer envflow", store_open(place.path, &store, &rig_err));
    REFUSED(ERR_CONFLICT, "a newer envflow", store_open_reader(place.path, &store, &rig_err));
    tmpdir_remove(&place.dir);
}

/* ---- the columns the second step added ---- */

static struct store_deployment make_deployment(unsigned number, enum deployment_state state)
{
    return (struct store_deployment){
        .id = rig_id(number),
        .repository_id = 4711,
        .environment = "prod",
        .release = "1.4.0",
        .promotion = rig_id(1000),
        .state = state,
        .attempt = 1,
    };
}

static bool on_deployment(const struct store_deployment *deployment, void *arg)
{
    return rig_word(arg, deployment->id.text);
}

static void test_a_deployment_knows_its_release_and_promotion(void **state)
{
    struct store_deployment got;

    for (enum deployment_state each = 0; each < DEPLOYMENT_STATE_COUNT; each++) {
        struct store_deployment put = make_deployment(1, each);
        DO(store_deployment_put(*state, &put, &rig_err));
        DO(store_deployment_get(*state, put.id.text, &got, &rig_err));
        SAME_INT(got, put, state);
        SAME_TEXT(got, put, release);
        SAME_TEXT(got, put, promotion.text);
    }
}

static void test_deployments_being_verified_are_listed(void **state)
{
    struct store_deployment_filter filter = {.state = DEPLOYMENT_VERIFYING, .limit = 9};
    struct store_deployment running = make_deployment(1, DEPLOYMENT_RUNNING);
    struct store_deployment verifying = make_deployment(2, DEPLOYMENT_VERIFYING);
    struct rig_words words = {0};
    char expected[64];

    DO(store_deployment_put(*state, &running, &rig_err));
    DO(store_deployment_put(*state, &verifying, &rig_err));
    DO(store_deployments(*state, &filter, on_deployment, &words, &rig_err));
    snprintf(expected, sizeof(expected), "%s ", verifying.id.text);
    assert_string_equal(words.text, expected);
}

static void test_a_lane_keeps_its_pin(void **state)
{
    struct store_lane put = {
        .repository_id = 4711,
        .environment = "prod",
        .state = {.stage = LANE_DEPLOYING, .running = rig_id(1), .attempt = 2, .queued_count = 3},
        .holds = rig_sha('a'),
        .holds_deployment = rig_id(2),
        .holds_since_ms = 4,
        .pinned_ms = 5,
        .pin_reason = "rolled back",
        .pin_by = "octocat",
    };
    struct store_lane got;

    DO(store_lane_put(*state, &put, &rig_err));
    DO(store_lane_get(*state, 4711, "prod", &got, &rig_err));
    SAME_INT(got, put, state.stage);
    SAME_TEXT(got, put, state.running.text);
    SAME_INT(got, put, state.attempt);
    SAME_INT(got, put, state.queued_count);
    SAME_TEXT(got, put, holds.hex);
    SAME_TEXT(got, put, holds_deployment.text);
    SAME_INT(got, put, holds_since_ms);
    SAME_INT(got, put, pinned_ms);
    SAME_TEXT(got, put, pin_reason);
    SAME_TEXT(got, put, pin_by);
}

/* ---- indexes ---- */

/* What SQLite would do for a statement: its lines, each ended by a line feed. */
static void explain(struct store *store, enum statement which, struct buf *plan)
{
    AUTO(buf) struct buf sql = BUF_INIT(16 * KIB);
    sqlite3_stmt *statement = NULL;

    buf_printf(&sql, "EXPLAIN QUERY PLAN %s", store_statements[which]);
    if (sqlite3_prepare_v2(store->db, sql.data, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", store_statements[which], sqlite3_errmsg(store->db));
    while (sqlite3_step(statement) == SQLITE_ROW)
        buf_printf(plan, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
}

static void test_what_is_asked_often_has_an_index(void **state)
{
    static const struct {
        enum statement which;
        const char *plan;
    } cases[] = {
        {ST_DEPLOYMENTS_RUNNING, "USING INDEX deployments_running"},
        {ST_DEPLOYMENTS_VERIFYING, "USING INDEX deployments_verifying"},
        {ST_RELEASE_BY_NAME, "PRIMARY KEY (repository_id=? AND name=?)"},
        {ST_RELEASES_BY_SHA, "releases_by_sha (repository_id=? AND sha>? AND sha<?)"},
        {ST_RELEASES,
         "SEARCH releases USING INDEX releases_by_time ((created_ms,repository_id,name)<(?,?,?))"},
        {ST_RELEASES_OF_REPOSITORY, "SEARCH repositories USING COVERING INDEX"},
        {ST_PROMOTIONS_BY_PREFIX, "PRIMARY KEY (id>? AND id<?)"},
        {ST_PROMOTIONS, "PRIMARY KEY (id<?)"},
        {ST_PROMOTIONS_OF_LANE,
         "promotions_of_lane (repository_id=? AND to_environment=? AND id<?)"},
        {ST_PROMOTIONS_OF_REPOSITORY, "promotions_of_repository (repository=? AND id<?)"},
        {ST_PROMOTIONS_OPEN, "USING INDEX promotions_open"},
        {ST_PROMOTIONS_OPEN_OF_LANE,
         "promotions_open (repository_id=? AND to_environment=? AND id<?)"},
        {ST_PROMOTIONS_DUE, "promotions_due (due_ms>? AND due_ms<?)"},
        {ST_PROMOTION_DUE_FIRST, "COVERING INDEX promotions_due"},
        {ST_VOTES, "PRIMARY KEY (promotion=?)"},
        {ST_CHECK_GET, "PRIMARY KEY (id=?)"},
        {ST_CHECKS_BY_SUBJECT, "checks_by_subject (subject=?)"},
        {ST_CHECKS_RUNNING, "USING INDEX checks_running"},
        {ST_OUTPUT_DELETE, "(deployment=?)"},
        {ST_RUN_GET, "PRIMARY KEY (rowid=?)"},
        {ST_GITHUB_DEPLOYMENT_GET, "PRIMARY KEY (rowid=?)"},
        {ST_PULL_BY_SHA, "pulls_by_sha (repository_id=? AND merge_sha=?)"},
        {ST_HOLDINGS, "holdings_of_lane (repository_id=? AND environment=?)"},
        {ST_HOLDINGS_BY_SHA, "holdings_by_sha (repository_id=? AND environment=? AND sha=?)"},
        {ST_LOGIN_GET, "PRIMARY KEY (login=?)"},
        {ST_PERSON_BY_LOGIN, "SEARCH p USING INTEGER PRIMARY KEY"},
        {ST_TOKEN_BY_HASH, "(hash=?)"},
        {ST_AUDIT_OLDEST, "SEARCH audit USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
        {ST_AUDIT_NEWEST, "SEARCH audit USING COVERING INDEX audit_by_time (time_ms>?)"},
        {ST_AUDIT_BY_SUBJECT_OLDEST, "audit_by_subject (subject=? AND rowid>? AND rowid<?)"},
        {ST_AUDIT_BY_SUBJECT_NEWEST, "audit_by_subject (subject=? AND rowid>? AND rowid<?)"},
        {ST_AUDIT_OF_REPOSITORY_OLDEST, "audit_of_repository (repository=? AND rowid>? AND"},
        {ST_AUDIT_OF_REPOSITORY_NEWEST, "audit_of_repository (repository=? AND rowid>? AND"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(buf) struct buf plan = BUF_INIT(16 * KIB);
        explain(*state, cases[i].which, &plan);
        if (strstr(buf_text(&plan), cases[i].plan) == NULL)
            fail_msg("%s\nis done so:\n%s", store_statements[cases[i].which], buf_text(&plan));
    }
}

/* Sorting is for what is small: the votes of a promotion, what is open or due. */
static void test_long_listings_are_read_in_their_order_without_sorting(void **state)
{
    static const enum statement listings[] = {
        ST_RELEASES,
        ST_PROMOTIONS,
        ST_PROMOTIONS_OF_LANE,
        ST_PROMOTIONS_OF_REPOSITORY,
        ST_HOLDINGS,
        ST_HOLDINGS_BY_SHA,
        ST_AUDIT_OLDEST,
        ST_AUDIT_NEWEST,
        ST_AUDIT_BY_SUBJECT_OLDEST,
        ST_AUDIT_BY_SUBJECT_NEWEST,
        ST_AUDIT_OF_REPOSITORY_OLDEST,
        ST_AUDIT_OF_REPOSITORY_NEWEST,
    };

    for (size_t i = 0; i < ARRAY_LEN(listings); i++) {
        AUTO(buf) struct buf plan = BUF_INIT(16 * KIB);
        explain(*state, listings[i], &plan);
        if (strstr(buf_text(&plan), "TEMP B-TREE") != NULL)
            fail_msg("%s\nis done so:\n%s", store_statements[listings[i]], buf_text(&plan));
    }
}

static void test_every_statement_can_be_prepared(void **state)
{
    for (enum statement each = 0; each < ST_COUNT; each++) {
        AUTO(buf) struct buf plan = BUF_INIT(16 * KIB);
        assert_non_null(store_statements[each]);
        explain(*state, each, &plan);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, store_rig_set_up, store_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_database_of_version_1_keeps_its_rows),
        CASE(test_a_migration_killed_at_any_write_is_repeated),
        CASE(test_a_step_that_fails_leaves_the_version_before_it),
        CASE(test_a_database_of_a_newer_envflow_is_left_alone),
        CASE(test_a_deployment_knows_its_release_and_promotion),
        CASE(test_deployments_being_verified_are_listed),
        CASE(test_a_lane_keeps_its_pin),
        CASE(test_what_is_asked_often_has_an_index),
        CASE(test_long_listings_are_read_in_their_order_without_sorting),
        CASE(test_every_statement_can_be_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
