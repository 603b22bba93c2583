/* Full disks, broken disks, short writes: what the journal promises when a system call fails. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static int64_t segment_size(const struct journal_rig *rig, uint64_t first)
{
    char path[512];
    struct stat file_stat;

    assert_int_equal(stat(rig_segment_path(rig, first, path), &file_stat), 0);
    return file_stat.st_size;
}

/* One group of `count`; all must end with the code. */
static void group_ends_with(struct journal_rig *rig, uint64_t first_key, size_t count,
                            size_t body_bytes, enum err_code code)
{
    struct rig_entry *entries[16];

    for (size_t i = 0; i < count; i++)
        entries[i] = rig_entry_new(first_key + i, body_bytes);
    rig_append_group(rig, entries, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i]->entry.durable, code == ERR_OK);
        assert_int_equal(entries[i]->entry.err.code, code);
        rig_entry_free(entries[i]);
    }
}

static void test_short_writes_are_continued(void **state)
{
    struct journal_rig *rig = *state;

    rig->faulty.write_max = 100;
    rig_open(rig);
    rig_append(rig, 1, 10, 1000);
    rig_append(rig, 11, 2, 40000);
    assert_int_equal(rig_read_all(rig, 1), 13);
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 13);
}

static void test_a_full_disk_refuses_and_the_journal_recovers_by_itself(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 1000);
    for (int64_t space = 0; space < 7000; space += 256) {
        uint64_t next = journal_durable_sequence(rig->journal) + 1;
        rig->faulty.space_left = space;
        group_ends_with(rig, 900, 7, 1000, ERR_NO_SPACE);
        assert_true(stats_of(rig).out_of_space);
        rig->faulty.space_left = -1;
        group_ends_with(rig, next, 2, 300, ERR_OK);
        assert_false(stats_of(rig).out_of_space);
        assert_int_equal(rig_read_all(rig, 1), next + 2);
    }
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 60);
}

static void wait_for_writes(struct journal_rig *rig, int writes)
{
    int now = 0;

    for (int64_t left_ms = 30000; now < writes; left_ms -= 5) {
        assert_true(left_ms > 0);
        poll(NULL, 0, 5);
        pthread_mutex_lock(&rig->faulty.lock);
        now = rig->faulty.writes;
        pthread_mutex_unlock(&rig->faulty.lock);
    }
}

/* Who waits for readiness before sending would otherwise wait for ever. */
static void test_room_on_the_disk_is_noticed_without_a_delivery(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 1000);
    pthread_mutex_lock(&rig->faulty.lock);
    rig->faulty.space_left = 100;
    pthread_mutex_unlock(&rig->faulty.lock);
    group_ends_with(rig, 900, 2, 1000, ERR_NO_SPACE);
    pthread_mutex_lock(&rig->faulty.lock);
    int writes = rig->faulty.writes;
    pthread_mutex_unlock(&rig->faulty.lock);
    wait_for_writes(rig, writes + 2);
    assert_true(stats_of(rig).out_of_space);
    pthread_mutex_lock(&rig->faulty.lock);
    rig->faulty.space_left = -1;
    pthread_mutex_unlock(&rig->faulty.lock);
    for (int64_t left_ms = 30000; stats_of(rig).out_of_space; left_ms -= 5) {
        assert_true(left_ms > 0);
        poll(NULL, 0, 5);
    }
    rig_append(rig, 4, 2, 1000);
    rig_close(rig);
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 6);
}

static void test_a_refused_group_leaves_nothing_that_a_later_start_could_read(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 1000);
    int64_t size = segment_size(rig, 1);
    rig->faulty.space_left = 5000;
    group_ends_with(rig, 900, 7, 1000, ERR_NO_SPACE);
    assert_int_equal(segment_size(rig, 1), size);
    rig->faulty.space_left = 0;
    rig_close(rig);
    rig->faulty.space_left = -1;
    rig_open(rig);
    assert_int_equal(stats_of(rig).tail_cut_bytes, 0);
    assert_int_equal(rig_read_all(rig, 1), 4);
    rig_append(rig, 4, 1, 10);
    assert_int_equal(rig_read_all(rig, 1), 5);
}

static void test_no_space_for_a_new_segment_is_no_end(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    for (int64_t space = 0; space <= 4096; space += 2048) {
        rig->faulty.space_left = space;
        group_ends_with(rig, 1, 3, 100, ERR_NO_SPACE);
    }
    rig->faulty.space_left = -1;
    rig->faulty.create_errno = ENOSPC;
    rig_append(rig, 1, 6, 10000); /* the last segment was begun; only the next one fails */
    group_ends_with(rig, 7, 3, 10000, ERR_NO_SPACE);
    rig->faulty.create_errno = EMFILE;
    group_ends_with(rig, 7, 3, 10000, ERR_LIMIT);
    assert_false(stats_of(rig).out_of_space);
    rig->faulty.create_errno = 0;
    rig_append(rig, 7, 3, 10000);
    assert_int_equal(rig_read_all(rig, 1), 10);
    assert_int_equal(atomic_load(&rig->fatals), 0);
}

/* What was set must have ended the journal: told once, nothing written behind it. */
static void expect_the_end(struct journal_rig *rig)
{
    uint64_t durable = journal_durable_sequence(rig->journal);

    group_ends_with(rig, 900, 3, 100, ERR_IO);
    int writes = rig->faulty.writes;
    int flushes = rig->faulty.flushes;
    rig->faulty.write_errno = 0;
    rig->faulty.fdatasync_errno = 0;
    rig->faulty.fsync_errno = 0;
    group_ends_with(rig, 903, 3, 100, ERR_IO);
    group_ends_with(rig, 906, 1, 100, ERR_IO);
    rig_close(rig);
    assert_int_equal(atomic_load(&rig->fatals), 1);
    assert_int_equal(rig->faulty.writes, writes);
    assert_int_equal(rig->faulty.flushes, flushes);
    rig_open(rig);
    assert_in_range(journal_durable_sequence(rig->journal), durable, durable + 3);
}

static void test_a_failed_flush_is_final(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    rig->faulty.fdatasync_errno = EIO;
    expect_the_end(rig);
}

static void test_a_failed_flush_is_final_even_if_it_speaks_of_space(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig->faulty.fdatasync_errno = ENOSPC;
    expect_the_end(rig);
}

static void test_a_device_error_of_a_write_is_final(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    rig->faulty.write_errno = EIO;
    expect_the_end(rig);
}

static void test_a_cut_that_cannot_be_made_durable_is_final(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    rig->faulty.write_errno = ENOSPC;
    rig->faulty.fsync_errno = EIO;
    expect_the_end(rig);
}

static void test_a_folder_that_cannot_be_flushed_is_final(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig->faulty.fsync_errno = EIO;
    expect_the_end(rig);
}

static void test_the_start_writes_the_last_group_once_more_and_seals_it(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    rig->faulty.fdatasync_errno = EIO;
    group_ends_with(rig, 4, 2, 100, ERR_IO);
    rig_close(rig);
    rig->faulty.fdatasync_errno = 0;
    int writes = rig->faulty.writes;
    int flushes = rig->faulty.flushes;
    rig_open(rig);
    assert_int_equal(rig->faulty.writes, writes + 2);
    assert_int_equal(rig->faulty.flushes, flushes + 2);
    assert_int_equal(rig_read_all(rig, 1), 6);
}

static void test_a_start_on_a_full_disk_reads_and_refuses(void **state)
{
    struct journal_rig *rig = *state;

    rig_open(rig);
    rig_append(rig, 1, 1, 100);
    int64_t size = segment_size(rig, 1);
    rig->faulty.space_left = 0; /* no seal at the close */
    rig_close(rig);
    rig->faulty.space_left = size - SEGMENT_DATA_OFFSET; /* the last group, again no seal */
    rig_open(rig);
    assert_int_equal(rig_read_all(rig, 1), 2);
    group_ends_with(rig, 2, 2, 100, ERR_NO_SPACE);
    rig->faulty.space_left = -1;
    rig_append(rig, 2, 2, 100);
    assert_int_equal(rig_read_all(rig, 1), 4);
}

static void test_a_start_that_cannot_flush_fails(void **state)
{
    struct journal_rig *rig = *state;
    struct journal *journal;
    struct err err;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    rig_close(rig);
    rig->faulty.fdatasync_errno = EIO;
    assert_false(journal_open_with(&rig->options, &rig->setup, &journal, &err));
    assert_int_equal(err.code, ERR_IO);
    rig->faulty.fdatasync_errno = 0;
    rig->faulty.read_errno = EIO;
    assert_false(journal_open_with(&rig->options, &rig->setup, &journal, &err));
    assert_int_equal(err.code, ERR_IO);
    rig->faulty.read_errno = 0;
}

static void test_a_read_error_is_no_damage(void **state)
{
    struct journal_rig *rig = *state;
    struct journal_record record;
    struct journal_lost lost;
    struct err err;

    rig_open(rig);
    rig_append(rig, 1, 3, 100);
    struct journal_reader *reader = journal_reader_new(rig->journal);
    rig->faulty.read_errno = EIO;
    assert_int_equal(journal_reader_next(reader, &record, &lost, &err), JOURNAL_READ_ERROR);
    assert_int_equal(err.code, ERR_IO);
    rig->faulty.read_errno = 0;
    assert_int_equal(journal_reader_next(reader, &record, &lost, &err), JOURNAL_READ_RECORD);
    assert_int_equal(rig_key(&record), 1);
    journal_reader_free(reader);
}

static void test_no_space_to_fill_ahead_leaves_the_running_segment_alone(void **state)
{
    struct journal_rig *rig = *state;

    rig->options.segment_bytes = 4 << 20;
    rig->setup.fills_ahead = true;
    rig->faulty.write_errno = ENOSPC;
    rig->faulty.write_errno_bytes = 1 << 20; /* slices of zeros, no group */
    rig_open(rig);
    for (uint64_t key = 1; key < 20000; key += 40)
        rig_append(rig, key, 40, 500);
    assert_int_equal(rig_read_all(rig, 1), 20001);
    assert_false(stats_of(rig).out_of_space);
    assert_int_equal(atomic_load(&rig->fatals), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(test_short_writes_are_continued),
        CASE(test_a_full_disk_refuses_and_the_journal_recovers_by_itself),
        CASE(test_room_on_the_disk_is_noticed_without_a_delivery),
        CASE(test_a_refused_group_leaves_nothing_that_a_later_start_could_read),
        CASE(test_no_space_for_a_new_segment_is_no_end),
        CASE(test_a_failed_flush_is_final),
        CASE(test_a_failed_flush_is_final_even_if_it_speaks_of_space),
        CASE(test_a_device_error_of_a_write_is_final),
        CASE(test_a_cut_that_cannot_be_made_durable_is_final),
        CASE(test_a_folder_that_cannot_be_flushed_is_final),
        CASE(test_the_start_writes_the_last_group_once_more_and_seals_it),
        CASE(test_a_start_on_a_full_disk_reads_and_refuses),
        CASE(test_a_start_that_cannot_flush_fails),
        CASE(test_a_read_error_is_no_damage),
        CASE(test_no_space_to_fill_ahead_leaves_the_running_segment_alone),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
