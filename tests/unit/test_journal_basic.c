/* Appending, reading, reopening; retention and limits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/journal_rig.h"
#include "support/test.h"

static int set_up(void **state)
{
    struct journal_rig *rig = malloc(sizeof(*rig));

    rig_init(rig);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_done(*state);
    free(*state);
    return 0;
}

static struct journal_stats stats_of(struct journal_rig *rig)
{
    struct journal_stats stats;

    journal_stats(rig->journal, &stats);
    return stats;
}

static void test_an_empty_journal_reads_to_its_end_at_once(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 1);
    assert_int_equal(journal_durable_sequence(rig->journal), 0);
}

static void test_what_was_appended_is_read_back(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 5, 100);
    rig_append(rig, 6, 1, 0);
    assert_int_equal(rig_read_all(rig, 1), 7);
    assert_int_equal(stats_of(rig).groups_total, 2);
    rig_close(rig);
    assert_int_equal(atomic_load(&rig->durables), 2);
}

static void test_sequences_go_on_after_reopening(void **state)
{
    struct journal_rig *rig = *state;

    for (uint64_t round = 0; round < 5; round++) {
        rig_open(rig);
        assert_int_equal(rig_read_all(rig, 1), 1 + 3 * round);
        rig_append(rig, 1 + 3 * round, 3, 50);
        rig_close(rig);
    }
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 16);
    assert_int_equal(stats_of(rig).tail_cut_bytes, 0);
}

static void test_a_reader_finds_more_after_it_met_the_end(void **state)
{
    struct journal_rig *rig = *state;
    struct journal_record record;
    struct journal_lost lost;
    struct err err;

    rig_open(rig);
    struct journal_reader *reader = journal_reader_new(rig->journal);
    journal_reader_seek(reader, 1);
    for (uint64_t key = 1; key < 200; key++) {
        assert_int_equal(journal_reader_next(reader, &record, &lost, &err), JOURNAL_READ_END);
        rig_append(rig, key, 1, 900);
        assert_int_equal(journal_reader_next(reader, &record, &lost, &err), JOURNAL_READ_RECORD);
        assert_int_equal(rig_key(&record), key);
    }
    journal_reader_free(reader);
}

static void test_many_segments_read_as_one(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    for (uint64_t key = 1; key < 1000; key += 9)
        rig_append(rig, key, 9, 1000);
    assert_int_equal(rig_read_all(rig, 1), 1000);
    assert_true(rig->journal->segments.count > 10);
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 1000);
    assert_int_equal(rig_read_all(rig, 517), 1000);
}

static void test_a_group_larger_than_the_stage_is_split_and_kept_in_order(void **state)
{
    struct journal_rig *rig = *state;

    rig->options.segment_bytes = 16 << 20;
    rig_open(rig);
    rig_append(rig, 1, 700, 8000);
    assert_int_equal(rig_read_all(rig, 1), 701);
    assert_in_range(stats_of(rig).groups_total, 2, 6);
}

static void test_small_and_large_bodies_mix_in_one_group(void **state)
{
    struct journal_rig *rig = *state;
    struct rig_entry *entries[40];

    rig->options.segment_bytes = 16 << 20;
    rig_open(rig);
    for (uint64_t i = 0; i < 40; i++)
        entries[i] = rig_entry_new(i + 1, i % 3 == 0 ? 100000 + i : i * 11);
    rig_append_group(rig, entries, 40);
    for (size_t i = 0; i < 40; i++)
        rig_entry_free(entries[i]);
    assert_int_equal(stats_of(rig).groups_total, 1);
    assert_int_equal(rig_read_all(rig, 1), 41);
}

static void test_a_record_larger_than_a_segment_gets_one_of_its_own_size(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 1, 10);
    rig_append(rig, 2, 1, 25 << 20);
    rig_append(rig, 3, 1, 10);
    assert_int_equal(rig->journal->segments.count, 3);
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 4);
}

static void test_a_body_above_the_maximum_is_refused_alone(void **state)
{
    struct journal_rig *rig = *state;
    struct rig_entry *entries[3] = {rig_entry_new(1, 10), rig_entry_new(9, 10),
                                    rig_entry_new(2, 10)};

    entries[1]->entry.record.body_bytes = RECORD_BODY_MAX + 1;
    rig_open(rig);
    rig_append_group(rig, entries, 3);
    assert_true(entries[0]->entry.durable && entries[2]->entry.durable);
    assert_int_equal(entries[1]->entry.err.code, ERR_LIMIT);
    assert_int_equal(rig_read_all(rig, 1), 3);
    for (size_t i = 0; i < 3; i++)
        rig_entry_free(entries[i]);
}

static void test_a_dropped_body_keeps_its_head_and_its_size(void **state)
{
    struct journal_rig *rig = *state;
    struct rig_entry *entry = rig_entry_new(1, 5000);
    struct journal_record record;
    struct journal_lost lost;
    struct err err;

    entry->entry.record.flags = JOURNAL_BODY_DROPPED | JOURNAL_FORM_BODY;
    rig_open(rig);
    rig_append_group(rig, &entry, 1);
    rig_entry_free(entry);
    struct journal_reader *reader = journal_reader_new(rig->journal);
    assert_int_equal(journal_reader_next(reader, &record, &lost, &err), JOURNAL_READ_RECORD);
    assert_int_equal(rig_key(&record), 1);
    assert_int_equal(record.flags, JOURNAL_BODY_DROPPED | JOURNAL_FORM_BODY);
    assert_int_equal(record.body_bytes_received, 5000);
    journal_reader_free(reader);
    assert_true(stats_of(rig).backlog_bytes < 500);
}

static void test_a_second_opener_is_told_of_the_conflict(void **state)
{
    struct journal_rig *rig = *state;
    struct journal *second;
    struct err err;

    rig_open(rig);
    assert_false(journal_open_with(&rig->options, &rig->setup, &second, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    rig_close(rig);
    rig_open(rig);
}

static void test_a_backlog_above_its_maximum_refuses_until_released(void **state)
{
    struct journal_rig *rig = *state;

    rig->options.backlog_bytes_max = 20000;
    rig_open(rig);
    rig_append(rig, 1, 9, 2000);
    assert_int_equal(rig_try(rig, 10, 2000), ERR_LIMIT);
    assert_int_equal(rig_try(rig, 10, 10), ERR_OK);
    journal_release(rig->journal, 10);
    assert_int_equal(stats_of(rig).backlog_bytes, 0);
    assert_int_equal(rig_try(rig, 11, 2000), ERR_OK);
    rig_close(rig);
    rig_open(rig);
    assert_in_range(stats_of(rig).backlog_bytes, 20000, 22500);
    assert_int_equal(rig_try(rig, 12, 10), ERR_LIMIT);
    assert_int_equal(rig_read_all(rig, 1), 12);
}

/* The writer runs retention behind a group: a further group shows that it has. */
static void append_until(struct journal_rig *rig, uint64_t *key, uint64_t end)
{
    for (; *key < end; *key += 1)
        rig_append(rig, *key, 1, 8000);
}

static void test_retention_by_age_drops_only_what_is_handled(void **state)
{
    struct journal_rig *rig = *state;
    uint64_t key = 1;

    rig->options.keep_ms = 20 * 1000;
    rig_open(rig);
    append_until(rig, &key, 100);
    assert_int_equal(stats_of(rig).first_sequence, 1);
    journal_release(rig->journal, 50);
    append_until(rig, &key, 120);
    assert_in_range(stats_of(rig).first_sequence, 40, 51);
    journal_release(rig->journal, 119);
    append_until(rig, &key, 140);
    assert_in_range(stats_of(rig).first_sequence, 108, 119);
    assert_int_equal(rig_read_all(rig, stats_of(rig).first_sequence), 140);
}

static void test_retention_by_size_keeps_the_handled_ones_within_bounds(void **state)
{
    struct journal_rig *rig = *state;
    uint64_t key = 1;

    rig->options.keep_bytes = 3 * RIG_SEGMENT_BYTES;
    rig_open(rig);
    append_until(rig, &key, 100);
    assert_int_equal(stats_of(rig).first_sequence, 1);
    journal_release(rig->journal, 99);
    append_until(rig, &key, 130);
    assert_in_range(stats_of(rig).first_sequence, 70, 100);
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, stats_of(rig).first_sequence), 130);
    journal_release(rig->journal, 129);
    append_until(rig, &key, 200);
    assert_true(stats_of(rig).first_sequence <= 130);
}

static void test_a_dropped_sequence_is_gone_and_reading_goes_on_behind(void **state)
{
    struct journal_rig *rig = *state;
    struct journal_record record;
    struct journal_lost lost;
    struct err err;
    uint64_t key = 1;

    rig->options.keep_ms = 1000;
    rig_open(rig);
    struct journal_reader *slow = journal_reader_new(rig->journal);
    journal_reader_seek(slow, 0);
    append_until(rig, &key, 3);
    assert_int_equal(journal_reader_next(slow, &record, &lost, &err), JOURNAL_READ_RECORD);
    for (; key < 100; key++) {
        append_until(rig, &key, key + 1);
        key--;
        journal_release(rig->journal, key);
    }
    uint64_t first = stats_of(rig).first_sequence;
    assert_true(first > 80);
    /* The open file was recycled meanwhile: no record, no damage. */
    enum journal_read got = journal_reader_next(slow, &record, &lost, &err);
    while (got == JOURNAL_READ_RECORD) {
        assert_int_equal(rig_key(&record), record.sequence);
        got = journal_reader_next(slow, &record, &lost, &err);
    }
    assert_int_equal(got, JOURNAL_READ_GONE);
    assert_int_equal(lost.last_sequence + 1, first);
    assert_int_equal(journal_reader_next(slow, &record, &lost, &err), JOURNAL_READ_RECORD);
    assert_int_equal(record.sequence, first);
    journal_reader_free(slow);
}

static void test_old_records_of_a_recycled_file_never_appear(void **state)
{
    struct journal_rig *rig = *state;
    uint64_t key = 1;

    rig->options.keep_ms = 1000;
    rig->setup.fills_ahead = true;
    rig_open(rig);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 4; i++) {
            append_until(rig, &key, key + 1);
            journal_release(rig->journal, key - 1);
        }
        rig_close(rig);
        rig_open(rig);
        assert_int_equal(journal_durable_sequence(rig->journal), key - 1);
        assert_int_equal(rig_read_all(rig, stats_of(rig).first_sequence), key);
        journal_release(rig->journal, key - 1);
    }
    assert_true(stats_of(rig).first_sequence > 200);
}

static void test_a_missing_segment_in_the_middle_is_refused_at_the_start(void **state)
{
    struct journal_rig *rig = *state;
    struct journal *journal;
    struct err err;
    char path[512];

    rig_open(rig);
    for (uint64_t key = 1; key < 40; key++)
        rig_append(rig, key, 1, 8000);
    assert_true(rig->journal->segments.count > 3);
    rig_segment_path(rig, rig->journal->segments.items[2].first_sequence, path);
    rig_close(rig);
    unlink(path);
    assert_false(journal_open_with(&rig->options, &rig->setup, &journal, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_files_are_filled_ahead_and_taken(void **state)
{
    struct journal_rig *rig = *state;
    uint64_t key = 1;

    rig->setup.fills_ahead = true;
    rig_open(rig);
    for (int i = 0; i < 200000 && !rig->journal->writer.is_filled; i++)
        append_until(rig, &key, key + 1);
    assert_true(rig->journal->writer.is_filled);
    assert_int_equal(rig_read_all(rig, 1), key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(test_an_empty_journal_reads_to_its_end_at_once),
        CASE(test_what_was_appended_is_read_back),
        CASE(test_sequences_go_on_after_reopening),
        CASE(test_a_reader_finds_more_after_it_met_the_end),
        CASE(test_many_segments_read_as_one),
        CASE(test_a_group_larger_than_the_stage_is_split_and_kept_in_order),
        CASE(test_small_and_large_bodies_mix_in_one_group),
        CASE(test_a_record_larger_than_a_segment_gets_one_of_its_own_size),
        CASE(test_a_body_above_the_maximum_is_refused_alone),
        CASE(test_a_dropped_body_keeps_its_head_and_its_size),
        CASE(test_a_second_opener_is_told_of_the_conflict),
        CASE(test_a_backlog_above_its_maximum_refuses_until_released),
        CASE(test_retention_by_age_drops_only_what_is_handled),
        CASE(test_retention_by_size_keeps_the_handled_ones_within_bounds),
        CASE(test_a_dropped_sequence_is_gone_and_reading_goes_on_behind),
        CASE(test_old_records_of_a_recycled_file_never_appear),
        CASE(test_a_missing_segment_in_the_middle_is_refused_at_the_start),
        CASE(test_files_are_filled_ahead_and_taken),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
