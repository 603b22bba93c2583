/* The audit chain: what an export looks like, and that nothing done to one goes unseen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/chain.h"
#include "base/hex.h"
#include "support/test.h"

#define RECORDS    24
#define LINES      (RECORDS + 1)
#define FLIPS      10000
#define INSERTIONS 2000
#define EXPORT_MAX MIB

struct export
{
    struct buf text;
    size_t starts[LINES + 1]; /* of each line; the last is the end */
};

/* xorshift64: the same numbers every time. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t random_below(uint64_t *seed, size_t bound)
{
    return (size_t)(next_random(seed) % bound);
}

static struct audit_record make_record(size_t i)
{
    struct audit_record record = {
        .time_ms = INT64_C(1700000000000) + (int64_t)i * 977,
        .event = "vote.approved",
        .actor = "octocat",
        .actor_id = 583231,
        .via = "delivery 72d3162e",
        .repository = "acme/shop",
        .environment = "prod",
        .reason = "vote_recorded",
        .text = "octocat approved \"1.4\" \xE2\x86\x92 prod\n\x01",
        .details = "{\"sha\":\"8c1f\",\"seat\":\"acme/sre\"}",
    };

    snprintf(record.subject, sizeof(record.subject), "promotion-%zu", i);
    if (i % 3 == 0)
        record.details[0] = '\0';
    return record;
}

static void make_export(struct export *export)
{
    struct audit_head head = {0};

    *export = (struct export){.text = BUF_INIT(EXPORT_MAX)};
    for (size_t i = 0; i < RECORDS; i++) {
        struct audit_record record = make_record(i);
        audit_link(&record, &head);
        head.sequence = record.sequence;
        memcpy(head.hash, record.hash, SHA256_BYTES);
        export->starts[i] = export->text.len;
        audit_export_line(&record, &export->text);
    }
    export->starts[RECORDS] = export->text.len;
    audit_export_end(&head, &export->text);
    export->starts[LINES] = export->text.len;
    assert_false(export->text.failed);
}

static int set_up(void **state)
{
    struct export *export = malloc(sizeof(*export));

    assert_non_null(export);
    make_export(export);
    *state = export;
    return 0;
}

static int tear_down(void **state)
{
    struct export *export = *state;

    buf_done(&export->text);
    free(export);
    return 0;
}

/* As a reader of a file does: every line with its line end, the last one as it is. */
static bool check_text(const char *text, size_t len, struct err *err)
{
    struct audit_check check = {0};

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line_len = end != NULL ? (size_t)(end - text) + 1 : len;
        if (!audit_check_line(&check, text, line_len, err))
            return false;
        text += line_len;
        len -= line_len;
    }
    return audit_check_end(&check, err);
}

static void append_line(struct buf *to, const struct export *from, size_t line)
{
    buf_append(to, from->text.data + from->starts[line],
               from->starts[line + 1] - from->starts[line]);
}

/* The export's lines in another order, with some left out or repeated. */
static bool check_lines(const struct export *export, const size_t *lines, size_t count,
                        struct err *err)
{
    AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);

    for (size_t i = 0; i < count; i++)
        append_line(&text, export, lines[i]);
    return check_text(buf_text(&text), text.len, err);
}

static void assert_refused(const struct export *export, const size_t *lines, size_t count,
                           const char *words)
{
    struct err err;

    assert_false(check_lines(export, lines, count, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_non_null(strstr(err.text, words));
}

static void test_the_canonical_line_has_every_field_in_one_order(void **state)
{
    AUTO(buf) struct buf line = BUF_INIT(AUDIT_LINE_MAX);
    struct audit_record record = make_record(1);

    (void)state;
    record.sequence = 7;
    audit_write(&record, &line);
    assert_string_equal(
        buf_text(&line),
        "{\"sequence\":7,\"time_ms\":1700000000977,\"event\":\"vote.approved\",\"actor\":"
        "\"octocat\","
        "\"actor_id\":583231,\"via\":\"delivery 72d3162e\",\"repository\":\"acme/shop\","
        "\"environment\":\"prod\",\"subject\":\"promotion-1\",\"reason\":\"vote_recorded\","
        "\"text\":\"octocat approved \\\"1.4\\\" \xE2\x86\x92 prod\\n\\u0001\","
        "\"details\":\"{\\\"sha\\\":\\\"8c1f\\\",\\\"seat\\\":\\\"acme/sre\\\"}\"}");
}

static void test_a_hash_is_that_of_previous_hash_and_line(void **state)
{
    AUTO(buf) struct buf bytes = BUF_INIT(AUDIT_LINE_MAX);
    struct audit_record record = make_record(0);
    struct audit_head head = {.sequence = 41};
    uint8_t hash[SHA256_BYTES];

    (void)state;
    memset(head.hash, 0xA5, sizeof(head.hash));
    audit_link(&record, &head);
    assert_int_equal(record.sequence, 42);
    assert_memory_equal(record.previous, head.hash, SHA256_BYTES);

    buf_append(&bytes, head.hash, SHA256_BYTES);
    audit_write(&record, &bytes);
    sha256(bytes.data, bytes.len, hash);
    assert_memory_equal(record.hash, hash, SHA256_BYTES);
}

/* By other hands: printf '%064d' 0 | xxd -r -p | cat - line | sha256sum. */
static void test_the_first_hash_never_changes_between_versions(void **state)
{
    struct audit_record record = {.time_ms = 1, .event = "envflow.started"};
    struct audit_head head = {0};
    char text[2 * SHA256_BYTES + 1];

    (void)state;
    audit_link(&record, &head);
    assert_string_equal(hex_format(record.hash, SHA256_BYTES, text),
                        "3864acb89b7b149eecfd923379ad2a0dda2042983d81b953f5552a1de4bff17e");
}

static void test_an_untouched_export_is_accepted(void **state)
{
    struct export *export = *state;
    struct err err = {0};

    assert_true(check_text(export->text.data, export->text.len, &err));
}

static void test_an_export_without_records_is_its_closing_line(void **state)
{
    AUTO(buf) struct buf text = BUF_INIT(AUDIT_LINE_MAX);
    struct audit_head head = {0};
    struct err err = {0};

    (void)state;
    audit_export_end(&head, &text);
    assert_true(check_text(text.data, text.len, &err));
    assert_false(check_text("", 0, &err));
}

static void test_the_largest_record_fits_a_line(void **state)
{
    AUTO(buf) struct buf text = BUF_INIT(2 * AUDIT_LINE_MAX);
    struct audit_record record = {.time_ms = INT64_MIN, .actor_id = INT64_MIN};
    struct audit_head head = {.sequence = INT64_MAX - 1};
    struct audit_check check = {.head = head};
    struct err err = {0};

    (void)state;
    memset(record.event, 1, sizeof(record.event) - 1);
    memset(record.actor, 1, sizeof(record.actor) - 1);
    memset(record.via, 1, sizeof(record.via) - 1);
    memset(record.repository, 1, sizeof(record.repository) - 1);
    memset(record.environment, 1, sizeof(record.environment) - 1);
    memset(record.subject, 1, sizeof(record.subject) - 1);
    memset(record.reason, 1, sizeof(record.reason) - 1);
    memset(record.text, 1, sizeof(record.text) - 1);
    memset(record.details, 1, sizeof(record.details) - 1);
    audit_link(&record, &head);
    audit_export_line(&record, &text);
    assert_in_range(text.len, AUDIT_LINE_MAX / 2, AUDIT_LINE_MAX);
    assert_true(audit_check_line(&check, text.data, text.len, &err));
}

static void flip(struct export *export, size_t at, unsigned char mask)
{
    export->text.data[at] = (char)((unsigned char)export->text.data[at] ^ mask);
}

static void test_every_flipped_bit_is_found(void **state)
{
    struct export *export = *state;
    uint64_t seed = UINT64_C(0x3A11D17);

    for (size_t i = 0; i < FLIPS; i++) {
        struct err err = {0};
        size_t at = random_below(&seed, export->text.len);
        unsigned char mask = (unsigned char)(1U << random_below(&seed, 8));
        flip(export, at, mask);
        if (check_text(export->text.data, export->text.len, &err))
            fail_msg("flip %zu: byte %zu, mask %02x", i, at, mask);
        assert_int_equal(err.code, ERR_CORRUPT);
        flip(export, at, mask);
    }
}

static void test_every_truncation_is_found(void **state)
{
    struct export *export = *state;
    struct err err;

    for (size_t len = 0; len < export->text.len; len++) {
        if (check_text(export->text.data, len, &err))
            fail_msg("cut at byte %zu", len);
    }
}

/* White space that JSON allows anywhere, and any other byte more. */
static void test_every_inserted_byte_is_found(void **state)
{
    struct export *export = *state;
    uint64_t seed = UINT64_C(0x1257E27);

    for (size_t i = 0; i < INSERTIONS; i++) {
        AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);
        struct err err;
        size_t at = random_below(&seed, export->text.len + 1);
        const char *byte = &" \t\r\n,0}\""[i % 8];
        buf_append(&text, export->text.data, at);
        buf_append(&text, byte, 1);
        buf_append(&text, export->text.data + at, export->text.len - at);
        if (check_text(text.data, text.len, &err))
            fail_msg("insertion %zu: byte %02x at %zu", i, (unsigned char)*byte, at);
    }
}

static void test_every_removed_row_is_found(void **state)
{
    struct export *export = *state;

    for (size_t gone = 0; gone < LINES; gone++) {
        size_t lines[LINES];
        size_t count = 0;
        for (size_t line = 0; line < LINES; line++) {
            if (line != gone)
                lines[count++] = line;
        }
        assert_refused(export, lines, count, gone == RECORDS ? "closing line is missing" : "line");
    }
}

/* Take the line at `from` to where `to` is; or a copy of it. */
static size_t move_line(size_t lines[LINES + 1], size_t from, size_t to, bool is_repeated)
{
    size_t count = 0;

    for (size_t line = 0; line < LINES; line++) {
        if (line == to && to <= from)
            lines[count++] = from;
        if (line != from || is_repeated)
            lines[count++] = line;
        if (line == to && to > from)
            lines[count++] = from;
    }
    return count;
}

static void test_every_repeated_or_moved_row_is_found(void **state)
{
    struct export *export = *state;

    for (size_t from = 0; from < LINES; from++) {
        for (size_t to = 0; to < LINES; to++) {
            size_t lines[LINES + 1];
            size_t count = move_line(lines, from, to, true);
            assert_refused(export, lines, count, "line");
            count = move_line(lines, from, to, false);
            if (from != to)
                assert_refused(export, lines, count, "line");
        }
    }
}

static void test_a_cut_tail_with_another_closing_line_is_found_by_its_count(void **state)
{
    struct export *export = *state;
    size_t lines[] = {0, 1, 2, RECORDS};

    assert_refused(export, lines, ARRAY_LEN(lines), "line 4: it does not close what came before");
}

static void test_a_record_of_another_trail_does_not_fit(void **state)
{
    struct export *export = *state;
    AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);
    struct audit_record record = make_record(5);
    struct audit_head head = {.sequence = 2};
    struct err err;

    audit_link(&record, &head);
    append_line(&text, export, 0);
    append_line(&text, export, 1);
    audit_export_line(&record, &text);
    assert_false(check_text(text.data, text.len, &err));
    assert_string_equal(err.text, "line 3: record 3 does not follow the one before it");
}

/* As a writer would leave it that counts wrong. */
static void test_a_gap_in_the_sequence_is_found_though_the_hashes_fit(void **state)
{
    AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);
    struct audit_record record = make_record(0);
    struct audit_head head = {.sequence = 1};
    struct err err;

    (void)state;
    audit_link(&record, &head);
    audit_export_line(&record, &text);
    assert_false(check_text(text.data, text.len, &err));
    assert_non_null(strstr(err.text, "line 1: it is not record 1:"));
}

/* The hash put right behind a change breaks the link to the record after it. */
static void test_a_rewritten_record_breaks_the_next_one(void **state)
{
    struct export *export = *state;
    AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);
    struct audit_record record = make_record(0);
    struct audit_head head = {0};
    struct err err;

    snprintf(record.actor, sizeof(record.actor), "somebody");
    audit_link(&record, &head);
    audit_export_line(&record, &text);
    append_line(&text, export, 1);
    assert_false(check_text(text.data, text.len, &err));
    assert_string_equal(err.text, "line 2: record 2 does not follow the one before it");
}

static void test_a_complaint_names_line_and_record(void **state)
{
    struct export *export = *state;
    struct err err;

    char *name = strstr(export->text.data + export->starts[3], "octocat");
    *name = 'O';
    assert_false(check_text(export->text.data, export->text.len, &err));
    assert_string_equal(err.text, "line 4: record 4 was changed");
    assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_a_line_longer_than_any_record_is_not_read(void **state)
{
    static char line[AUDIT_LINE_MAX + 1];
    struct audit_check check = {0};
    struct err err;

    (void)state;
    assert_false(audit_check_line(&check, line, sizeof(line), &err));
    assert_string_equal(err.text, "line 1: it is longer than any record");
}

static void test_nothing_may_follow_the_closing_line(void **state)
{
    struct export *export = *state;
    AUTO(buf) struct buf text = BUF_INIT(EXPORT_MAX);
    struct err err;

    buf_append(&text, export->text.data, export->text.len);
    append_line(&text, export, RECORDS);
    assert_false(check_text(text.data, text.len, &err));
    assert_non_null(strstr(err.text, "behind the closing line"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_canonical_line_has_every_field_in_one_order),
        cmocka_unit_test(test_a_hash_is_that_of_previous_hash_and_line),
        cmocka_unit_test(test_the_first_hash_never_changes_between_versions),
        cmocka_unit_test(test_an_export_without_records_is_its_closing_line),
        cmocka_unit_test(test_a_gap_in_the_sequence_is_found_though_the_hashes_fit),
        cmocka_unit_test(test_the_largest_record_fits_a_line),
        cmocka_unit_test(test_a_line_longer_than_any_record_is_not_read),
#define WITH_EXPORT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_EXPORT(test_an_untouched_export_is_accepted),
        WITH_EXPORT(test_every_flipped_bit_is_found),
        WITH_EXPORT(test_every_truncation_is_found),
        WITH_EXPORT(test_every_inserted_byte_is_found),
        WITH_EXPORT(test_every_removed_row_is_found),
        WITH_EXPORT(test_every_repeated_or_moved_row_is_found),
        WITH_EXPORT(test_a_cut_tail_with_another_closing_line_is_found_by_its_count),
        WITH_EXPORT(test_a_record_of_another_trail_does_not_fit),
        WITH_EXPORT(test_a_rewritten_record_breaks_the_next_one),
        WITH_EXPORT(test_a_complaint_names_line_and_record),
        WITH_EXPORT(test_nothing_may_follow_the_closing_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
