/*
 * Every truncation and every flipped bit of a small segment: cut, reported in the right place,
 * or without effect. Never wrong data, never a silent loss.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "support/journal_rig.h"
#include "support/test.h"

#define RECORDS    9
#define LAST_GROUP 8 /* its first sequence */

/* Groups 1-3, 4, 5-7, 8-9, as a crash and as a clean close leave them. */
struct fixture {
    struct journal_rig rig;
    char path[512];
    unsigned char *crashed, *sealed;
    size_t crashed_len, sealed_len;
    int64_t offset[RECORDS + 2]; /* of each record, and behind the last */
    int64_t content_end[RECORDS + 1];
};

static void append_one(struct fixture *fixture, uint64_t first, size_t count)
{
    struct rig_entry *entries[4];

    for (uint64_t i = 0; i < count; i++) {
        uint64_t key = first + i;
        entries[i] = rig_entry_new(key, key * 5 % 23);
        const struct journal_record *record = &entries[i]->entry.record;
        size_t content = RECORD_HEADER_BYTES + strlen(record->event) + strlen(record->guid) +
                         strlen(record->hook_id) + strlen(record->target_type) +
                         strlen(record->target_id) + record->body_bytes;
        fixture->content_end[key] = fixture->offset[key] + (int64_t)content;
        fixture->offset[key + 1] = fixture->offset[key] + (int64_t)record_bytes(record);
    }
    rig_append_group(&fixture->rig, entries, count);
    for (size_t i = 0; i < count; i++)
        rig_entry_free(entries[i]);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    rig_init(&fixture->rig);
    rig_open(&fixture->rig);
    fixture->offset[1] = SEGMENT_DATA_OFFSET;
    append_one(fixture, 1, 3);
    append_one(fixture, 4, 1);
    append_one(fixture, 5, 3);
    append_one(fixture, 8, 2);
    rig_segment_path(&fixture->rig, 1, fixture->path);
    fixture->crashed = rig_file_read(fixture->path, &fixture->crashed_len);
    rig_close(&fixture->rig);
    fixture->sealed = rig_file_read(fixture->path, &fixture->sealed_len);
    assert_int_equal(fixture->crashed_len, fixture->offset[RECORDS + 1]);
    assert_int_equal(fixture->sealed_len, fixture->crashed_len + RECORD_HEADER_BYTES);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    rig_done(&fixture->rig);
    free(fixture->crashed);
    free(fixture->sealed);
    free(fixture);
    return 0;
}

/* What reading from the start found. */
struct found {
    uint64_t durable;
    uint64_t read_mask; /* bit n: sequence n was read */
    uint64_t lost_first, lost_last;
    int lost_count;
    struct err err;
    struct journal_stats stats;
};

static void read_everything(struct journal_rig *rig, struct found *found)
{
    struct journal_reader *reader = journal_reader_new(rig->journal);
    struct journal_record record;
    struct journal_lost lost;
    uint64_t next = 1;

    memset(found, 0, sizeof(*found));
    journal_stats(rig->journal, &found->stats);
    found->durable = journal_durable_sequence(rig->journal);
    for (;;) {
        enum journal_read got = journal_reader_next(reader, &record, &lost, &found->err);
        if (got == JOURNAL_READ_END)
            break;
        if (got == JOURNAL_READ_DAMAGED) {
            assert_int_equal(lost.first_sequence, next);
            found->lost_first = lost.first_sequence;
            found->lost_last = lost.last_sequence;
            found->lost_count++;
            next = lost.last_sequence + 1;
            continue;
        }
        assert_int_equal(got, JOURNAL_READ_RECORD);
        assert_int_equal(record.sequence, next);
        assert_int_equal(rig_key(&record), next);
        if (next < 64)
            found->read_mask |= UINT64_C(1) << next;
        next++;
    }
    assert_int_equal(next, found->durable + 1); /* each is read or reported */
    journal_reader_free(reader);
}

static uint64_t mask(uint64_t first, uint64_t last)
{
    uint64_t bits = 0;

    for (uint64_t i = first; i <= last; i++)
        bits |= UINT64_C(1) << i;
    return bits;
}

static void open_image(struct fixture *fixture, const unsigned char *bytes, size_t len,
                       struct found *found)
{
    rig_file_write(fixture->path, bytes, len);
    rig_open(&fixture->rig);
    read_everything(&fixture->rig, found);
}

/* Whatever the start made of it, the next record is stored and found, now and after a restart. */
static void go_on(struct fixture *fixture, const struct found *found)
{
    struct found again;
    uint64_t next = found->durable + 1;

    rig_append(&fixture->rig, next, 1, 20);
    rig_close(&fixture->rig);
    rig_open(&fixture->rig);
    read_everything(&fixture->rig, &again);
    assert_int_equal(again.durable, next);
    assert_int_equal(again.lost_count, found->lost_count);
    if (next < 64)
        assert_int_equal(again.read_mask, found->read_mask | mask(next, next));
    for (size_t i = 1; i < fixture->rig.journal->segments.count; i++) {
        char path[512];
        unlink(rig_segment_path(&fixture->rig,
                                fixture->rig.journal->segments.items[i].first_sequence, path));
    }
}

static void test_every_truncation_keeps_the_whole_records_before_it(void **state)
{
    struct fixture *fixture = *state;
    struct found found;

    for (size_t len = 0; len <= fixture->sealed_len; len++) {
        if (len > SEGMENT_HEADER_BYTES + 8 && len < SEGMENT_DATA_OFFSET - 8 && len % 97 != 0)
            continue;
        open_image(fixture, fixture->sealed, len, &found);
        if (len < SEGMENT_HEADER_BYTES) {
            assert_int_equal(found.lost_first, 1);
            assert_int_equal(found.lost_last, found.durable);
        } else {
            uint64_t whole = 0;
            while (whole < RECORDS && fixture->offset[whole + 2] <= (int64_t)len)
                whole++;
            /* Padding is not missed, but a record is only whole with it. */
            assert_int_equal(found.durable, whole);
            assert_int_equal(found.read_mask, mask(1, whole));
            assert_int_equal(found.lost_count, 0);
        }
        go_on(fixture, &found);
        rig_close(&fixture->rig);
    }
}

static uint64_t record_at(const struct fixture *fixture, size_t byte)
{
    uint64_t sequence = 1;

    while (sequence < RECORDS && (int64_t)byte >= fixture->offset[sequence + 1])
        sequence++;
    return sequence;
}

static void expect_reported(const struct fixture *fixture, const struct found *found,
                            uint64_t sequence)
{
    char place[600];

    assert_int_equal(found->durable, RECORDS);
    assert_int_equal(found->lost_count, 1);
    assert_int_equal(found->lost_first, sequence);
    assert_int_equal(found->lost_last, sequence);
    assert_int_equal(found->read_mask, mask(1, RECORDS) & ~mask(sequence, sequence));
    assert_int_equal(found->err.code, ERR_CORRUPT);
    snprintf(place, sizeof(place), "%s, offset %" PRId64 ":", fixture->path,
             fixture->offset[sequence]);
    assert_non_null(strstr(found->err.text, place));
}

static void expect_harmless(const struct found *found)
{
    assert_int_equal(found->durable, RECORDS);
    assert_int_equal(found->read_mask, mask(1, RECORDS));
    assert_int_equal(found->lost_count, 0);
}

static void flip_every_bit(struct fixture *fixture, const unsigned char *image, size_t len,
                           bool is_sealed)
{
    unsigned char *bytes = malloc(len);
    struct found found;

    for (size_t bit = SEGMENT_DATA_OFFSET * 8; bit < len * 8; bit++) {
        size_t byte = bit / 8;
        memcpy(bytes, image, len);
        bytes[byte] ^= (unsigned char)(1U << bit % 8);
        open_image(fixture, bytes, len, &found);
        uint64_t sequence = record_at(fixture, byte);
        if (byte >= fixture->crashed_len || (int64_t)byte >= fixture->content_end[sequence]) {
            expect_harmless(&found); /* the seal, padding */
        } else if (sequence < LAST_GROUP || is_sealed) {
            expect_reported(fixture, &found, sequence);
        } else {
            assert_int_equal(found.durable, sequence - 1);
            assert_int_equal(found.read_mask, mask(1, sequence - 1));
            assert_int_equal(found.lost_count, 0);
        }
        if (bit % 61 == 0)
            go_on(fixture, &found);
        rig_close(&fixture->rig);
    }
    free(bytes);
}

static void test_every_flipped_bit_after_a_crash_is_cut_or_reported(void **state)
{
    struct fixture *fixture = *state;

    flip_every_bit(fixture, fixture->crashed, fixture->crashed_len, false);
}

static void test_every_flipped_bit_after_a_clean_close_is_reported(void **state)
{
    struct fixture *fixture = *state;

    flip_every_bit(fixture, fixture->sealed, fixture->sealed_len, true);
}

static void test_a_flipped_bit_of_the_header_has_no_effect(void **state)
{
    struct fixture *fixture = *state;
    struct found found;

    for (size_t bit = 0; bit < SEGMENT_HEADER_BYTES * 16; bit++) {
        size_t byte = bit / 8 < SEGMENT_HEADER_BYTES
                          ? bit / 8
                          : SEGMENT_COPY_OFFSET + bit / 8 - SEGMENT_HEADER_BYTES;
        fixture->crashed[byte] ^= (unsigned char)(1U << bit % 8);
        open_image(fixture, fixture->crashed, fixture->crashed_len, &found);
        expect_harmless(&found);
        rig_close(&fixture->rig);
        fixture->crashed[byte] ^= (unsigned char)(1U << bit % 8);
    }
}

static void test_a_lost_header_is_reported_and_no_sequence_is_used_again(void **state)
{
    struct fixture *fixture = *state;
    struct found found;

    fixture->crashed[20] ^= 1;
    fixture->crashed[SEGMENT_COPY_OFFSET + 30] ^= 1;
    open_image(fixture, fixture->crashed, fixture->crashed_len, &found);
    assert_int_equal(found.lost_count, 1);
    assert_int_equal(found.lost_first, 1);
    assert_true(found.lost_last >= RECORDS);
    go_on(fixture, &found);
}

static void test_another_version_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct segment_header header;
    struct journal *journal;
    struct err err;
    unsigned char block[SEGMENT_DATA_OFFSET];

    /* A header of version 2 with the right checksum: only the version may decide. */
    assert_int_equal(segment_header_decode(fixture->crashed, fixture->crashed_len, &header),
                     SEGMENT_VALID);
    segment_header_encode(&header, block);
    block[8] = SEGMENT_VERSION + 1;
    uint32_t crc = crc32c(crc32c(0, block, 12), block + 16, SEGMENT_HEADER_BYTES - 16);
    for (size_t i = 0; i < 4; i++)
        block[12 + i] = (unsigned char)(crc >> 8 * i);
    rig_file_write(fixture->path, block, sizeof(block));
    assert_false(journal_open_with(&fixture->rig.options, &fixture->rig.setup, &journal, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_a_hole_of_zeros_is_reported_as_one_range(void **state)
{
    struct fixture *fixture = *state;
    struct found found;

    memset(fixture->crashed + fixture->offset[2], 0,
           (size_t)(fixture->offset[7] - fixture->offset[2]));
    open_image(fixture, fixture->crashed, fixture->crashed_len, &found);
    assert_int_equal(found.lost_count, 1);
    assert_int_equal(found.lost_first, 2);
    assert_int_equal(found.lost_last, 6);
    assert_int_equal(found.read_mask, mask(1, RECORDS) & ~mask(2, 6));
}

static void test_a_damaged_seal_costs_no_record_behind_it(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    size_t len;

    rig_open(&fixture->rig);
    rig_append(&fixture->rig, RECORDS + 1, 1, 20);
    unsigned char *bytes = rig_file_read(fixture->path, &len);
    rig_close(&fixture->rig);
    bytes[fixture->crashed_len + 30] ^= 4;
    open_image(fixture, bytes, len, &found);
    free(bytes);
    assert_int_equal(found.durable, RECORDS + 1);
    assert_int_equal(found.read_mask, mask(1, RECORDS + 1));
    assert_int_equal(found.lost_count, 0);
}

static void test_damage_in_an_older_segment_is_reported_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    struct found found;
    struct journal_rig *rig = &fixture->rig;

    rig_open(rig);
    rig_append(rig, RECORDS + 1, 1, RIG_SEGMENT_BYTES); /* begins another segment */
    rig_close(rig);
    memset(fixture->sealed + fixture->offset[8], 0xff,
           fixture->sealed_len - (size_t)fixture->offset[8]);
    open_image(fixture, fixture->sealed, fixture->sealed_len, &found);
    assert_int_equal(found.lost_count, 1);
    assert_int_equal(found.lost_first, 8);
    assert_int_equal(found.lost_last, RECORDS);
    assert_int_equal(found.read_mask, mask(1, 7) | mask(RECORDS + 1, RECORDS + 1));
    rig_close(rig);
    unlink(fixture->path); /* the oldest may be missing; a running reader is told */
    rig_file_write(fixture->path, fixture->sealed, fixture->sealed_len);
    rig_open(rig);
    unlink(fixture->path);
    read_everything(rig, &found);
    assert_int_equal(found.lost_first, 1);
    assert_int_equal(found.lost_last, RECORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(test_every_truncation_keeps_the_whole_records_before_it),
        CASE(test_every_flipped_bit_after_a_crash_is_cut_or_reported),
        CASE(test_every_flipped_bit_after_a_clean_close_is_reported),
        CASE(test_a_flipped_bit_of_the_header_has_no_effect),
        CASE(test_a_lost_header_is_reported_and_no_sequence_is_used_again),
        CASE(test_another_version_is_refused),
        CASE(test_a_hole_of_zeros_is_reported_as_one_range),
        CASE(test_a_damaged_seal_costs_no_record_behind_it),
        CASE(test_damage_in_an_older_segment_is_reported_to_its_end),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
