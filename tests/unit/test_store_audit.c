/* The audit trail in the store: only ever added to, without gaps, and an export of it checks. */
#include <stdio.h>
#include <string.h>

#include "../../src/store/store_int.h"
#include "store/audit.h"
#include "support/store_rig.h"
#include "support/test.h"
#include "support/tmpdir.h"

static void add_record(struct store *store, const struct audit_record *made)
{
    struct audit_record record = *made;

    DO(store_audit_add(store, &record, &rig_err));
}

static void add(struct store *store, const char *subject)
{
    struct audit_record record = {.time_ms = 1, .event = "vote.approved"};

    snprintf(record.subject, sizeof(record.subject), "%s", subject);
    add_record(store, &record);
}

static bool on_record(const struct audit_record *record, void *arg)
{
    return rig_word(arg, record->subject);
}

static void assert_listed(struct store *store, const struct store_audit_filter *filter,
                          const char *subjects)
{
    struct rig_words words = {0};

    DO(store_audit(store, filter, on_record, &words, &rig_err));
    assert_string_equal(words.text, subjects);
}

static bool on_export(const struct audit_record *record, void *arg)
{
    audit_export_line(record, arg);
    return true;
}

/* Export everything and check it; the number of records. */
static uint64_t check_export(struct store *store)
{
    const struct store_audit_filter all = {.limit = 1000};
    AUTO(buf) struct buf text = BUF_INIT(MIB);
    struct audit_check check = {0};
    struct audit_head head;

    DO(store_audit(store, &all, on_export, &text, &rig_err));
    DO(store_audit_head(store, &head, &rig_err));
    audit_export_end(&head, &text);
    for (const char *line = text.data; *line != '\0';) {
        size_t len = strcspn(line, "\n") + 1;
        DO(audit_check_line(&check, line, len, &rig_err));
        line += len;
    }
    DO(audit_check_end(&check, &rig_err));
    return check.head.sequence;
}

static bool keep_record(const struct audit_record *record, void *arg)
{
    memcpy(arg, record, sizeof(*record));
    return false;
}

static void test_a_record_comes_back_as_it_was_added(void **state)
{
    const struct store_audit_filter all = {.limit = 1};
    struct audit_record added = {
        .time_ms = 12,
        .event = "vote.approved",
        .actor = "octocat",
        .actor_id = 583231,
        .via = "token ci",
        .repository = "acme/shop",
        .environment = "prod",
        .subject = "01ABC",
        .reason = "vote_recorded",
        .text = "octocat approved \xFF",
        .details = "{\"seat\":1}",
    };
    struct audit_record got;

    add(*state, "first");
    DO(store_audit_add(*state, &added, &rig_err));
    assert_int_equal(added.sequence, 2);
    const struct store_audit_filter newest = {.before = UINT64_MAX, .limit = 1};
    DO(store_audit(*state, &newest, keep_record, &got, &rig_err));
    SAME_INT(got, added, sequence);
    SAME_INT(got, added, time_ms);
    SAME_TEXT(got, added, event);
    SAME_TEXT(got, added, actor);
    SAME_INT(got, added, actor_id);
    SAME_TEXT(got, added, via);
    SAME_TEXT(got, added, repository);
    SAME_TEXT(got, added, environment);
    SAME_TEXT(got, added, subject);
    SAME_TEXT(got, added, reason);
    SAME_TEXT(got, added, text);
    SAME_TEXT(got, added, details);
    assert_memory_equal(got.previous, added.previous, SHA256_BYTES);
    assert_memory_equal(got.hash, added.hash, SHA256_BYTES);
    DO(store_audit(*state, &all, keep_record, &got, &rig_err));
    assert_memory_equal(got.hash, added.previous, SHA256_BYTES);
}

static void test_an_empty_trail_has_an_empty_head_and_a_valid_export(void **state)
{
    const uint8_t zeros[SHA256_BYTES] = {0};
    struct audit_head head = {.sequence = 5};

    DO(store_audit_head(*state, &head, &rig_err));
    assert_int_equal(head.sequence, 0);
    assert_memory_equal(head.hash, zeros, SHA256_BYTES);
    assert_int_equal(check_export(*state), 0);
}

static void test_sequences_have_no_gap_within_and_across_transactions(void **state)
{
    DO(store_begin(*state, &rig_err));
    add(*state, "a");
    add(*state, "b");
    DO(store_commit(*state, &rig_err));
    DO(store_begin(*state, &rig_err));
    add(*state, "gone");
    add(*state, "gone");
    store_rollback(*state);
    add(*state, "c");
    DO(store_begin(*state, &rig_err));
    add(*state, "d");
    DO(store_commit(*state, &rig_err));
    assert_int_equal(check_export(*state), 4);
    assert_listed(*state, &(struct store_audit_filter){.limit = 9}, "a b c d ");
}

static void test_records_are_listed_by_what_is_asked(void **state)
{
    const struct audit_record records[] = {
        {.subject = "1", .repository = "acme/shop", .actor = "octocat", .time_ms = 100},
        {.subject = "2", .repository = "acme/shop", .environment = "prod", .time_ms = 200},
        {.subject = "3", .repository = "acme/other", .environment = "prod", .time_ms = 300},
        {.subject = "2",
         .repository = "acme/shop",
         .event = "x",
         .time_ms = 50}, /* clock set back */
        {.subject = "5", .event = "x", .actor = "Octocat", .time_ms = 250},
    };
    const struct {
        struct store_audit_filter filter;
        const char *subjects;
    } cases[] = {
        {{0}, "1 2 3 2 5 "},
        {{.before = UINT64_MAX}, "5 2 3 2 1 "},
        {{.after = 2}, "3 2 5 "},
        {{.before = 3}, "2 1 "},
        {{.after = 2, .limit = 1}, "3 "},
        {{.before = 4, .limit = 2}, "3 2 "},
        {{.repository = "ACME/Shop"}, "1 2 2 "},
        {{.repository = "acme/shop", .before = 4}, "2 1 "},
        {{.repository = "acme/shop", .after = 1, .environment = "prod"}, "2 "},
        {{.subject = "2"}, "2 2 "},
        {{.subject = "2", .before = UINT64_MAX, .limit = 1}, "2 "},
        {{.subject = "2", .event = "x"}, "2 "},
        {{.subject = "2", .repository = "acme/other"}, ""},
        {{.environment = "prod"}, "2 3 "},
        {{.actor = "OCTOCAT"}, "1 5 "},
        {{.event = "x"}, "2 5 "},
        {{.since_ms = 200}, "2 3 5 "},
        {{.since_ms = 200, .before = UINT64_MAX}, "5 3 2 "},
        {{.since_ms = 200, .after = 2}, "3 5 "},
        {{.since_ms = 301}, ""},
        {{.since_ms = 301, .before = UINT64_MAX}, ""},
        {{.since_ms = 1, .subject = "2"}, "2 2 "},
    };

    for (size_t i = 0; i < ARRAY_LEN(records); i++)
        add_record(*state, &records[i]);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store_audit_filter filter = cases[i].filter;
        if (filter.limit == 0)
            filter.limit = 100;
        assert_listed(*state, &filter, cases[i].subjects);
    }
}

static void test_the_database_refuses_all_but_the_next_record(void **state)
{
    static const char *const attempts[] = {
        "UPDATE audit SET actor = 'somebody' WHERE sequence = 2",
        "UPDATE audit SET sequence = 9 WHERE sequence = 3",
        "DELETE FROM audit WHERE sequence = 3",
        "DELETE FROM audit",
        ("INSERT OR REPLACE INTO audit SELECT 2, time_ms, event, 'somebody', actor_id, via,"
         " repository, environment, subject, reason, sentence, details, previous, hash"
         " FROM audit WHERE sequence = 2"),
        ("INSERT INTO audit SELECT 5, time_ms, event, actor, actor_id, via, repository, "
         "environment,"
         " subject, reason, sentence, details, previous, hash FROM audit WHERE sequence = 2"),
    };
    struct store *store = *state;

    add(store, "a");
    add(store, "b");
    add(store, "c");
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        REFUSED(ERR_IO, "records of the audit trail are",
                store_execute(store, attempts[i], &rig_err));
    assert_int_equal(check_export(store), 3);
}

static void test_no_statement_of_ours_changes_or_removes_a_record(void **state)
{
    (void)state;
    for (enum statement each = 0; each < ST_COUNT; each++) {
        const char *sql = store_statements[each];
        bool writes = strstr(sql, "UPDATE") != NULL || strstr(sql, "DELETE") != NULL ||
                      strstr(sql, "REPLACE") != NULL;
        assert_false(writes && strstr(sql, "audit") != NULL);
    }
}

/* Somebody with the file and an editor, who knows the triggers. */
static void test_a_record_changed_in_the_file_shows_in_the_export(void **state)
{
    const struct store_audit_filter all = {.limit = 1000};
    AUTO(buf) struct buf text = BUF_INIT(MIB);
    struct audit_check check = {0};

    add(*state, "a");
    add(*state, "b");
    DO(store_execute(*state, "DROP TRIGGER audit_update", &rig_err));
    DO(store_execute(*state, "UPDATE audit SET actor = 'somebody' WHERE sequence = 1", &rig_err));
    DO(store_audit(*state, &all, on_export, &text, &rig_err));
    REFUSED(ERR_CORRUPT, "line 1: record 1 was changed",
            audit_check_line(&check, text.data, strcspn(text.data, "\n") + 1, &rig_err));
}

static void test_a_damaged_hash_is_an_error_not_a_record(void **state)
{
    struct audit_record record = {0};
    struct audit_head head;

    add(*state, "a");
    DO(store_execute(*state, "DROP TRIGGER audit_update", &rig_err));
    DO(store_execute(*state, "UPDATE audit SET hash = x'00'", &rig_err));
    REFUSED(ERR_CORRUPT, "", store_audit_head(*state, &head, &rig_err));
    REFUSED(ERR_CORRUPT, "", store_audit_add(*state, &record, &rig_err));
}

static void test_a_reader_sees_committed_records_only(void **state)
{
    const struct store_audit_filter all = {.limit = 9};
    struct store *writer = NULL;
    struct store *reader = NULL;
    struct tmpdir dir;
    char path[300];

    (void)state;
    tmpdir_make(&dir);
    snprintf(path, sizeof(path), "%s/envflow.db", dir.path);
    DO(store_open(path, &writer, &rig_err));
    DO(store_open_reader(path, &reader, &rig_err));
    DO(store_begin(writer, &rig_err));
    add(writer, "a");
    assert_listed(writer, &all, "a ");
    assert_listed(reader, &all, "");
    DO(store_commit(writer, &rig_err));
    assert_listed(reader, &all, "a ");
    DO(store_begin(writer, &rig_err));
    add(writer, "gone");
    store_rollback(writer);
    assert_listed(reader, &all, "a ");
    assert_int_equal(check_export(reader), 1);
    store_close(reader);
    store_close(writer);
    tmpdir_remove(&dir);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, store_rig_set_up, store_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_record_comes_back_as_it_was_added),
        CASE(test_an_empty_trail_has_an_empty_head_and_a_valid_export),
        CASE(test_sequences_have_no_gap_within_and_across_transactions),
        CASE(test_records_are_listed_by_what_is_asked),
        CASE(test_the_database_refuses_all_but_the_next_record),
        CASE(test_no_statement_of_ours_changes_or_removes_a_record),
        CASE(test_a_record_changed_in_the_file_shows_in_the_export),
        CASE(test_a_damaged_hash_is_an_error_not_a_record),
        CASE(test_a_reader_sees_committed_records_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
