/*
 * Any bytes at all as the last segment of a journal: the scan ends, stays inside the file, and
 * finds the same again when its end was sealed and what is behind it is gone.
 *
 * A fuzzer guesses neither a salt nor a checksum, so the first byte chooses what is put right
 * before the bytes are looked at: bit 0 gives the segment a valid header, bit 1 every place that
 * has the salt a valid checksum.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "../../src/journal/scan_int.h"
#include "base/crc32c.h"

#define SALT     UINT64_C(0x5341)
#define FILE_MAX 65536

static uint8_t bytes[SEGMENT_DATA_OFFSET + FILE_MAX + RECORD_HEADER_BYTES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair_checksums(size_t len)
{
    for (size_t at = SEGMENT_DATA_OFFSET; at + RECORD_HEADER_BYTES <= len; at += RECORD_ALIGN) {
        size_t record = record_length(bytes + at, SALT);
        if (record == 0 || record > len - at)
            continue;
        uint32_t body;
        memcpy(&body, bytes + at + 40, sizeof(body));
        size_t content = RECORD_HEADER_BYTES + body;
        for (size_t i = 0; i < 5; i++)
            content += bytes[at + 52 + i];
        uint32_t crc = crc32c(crc32c(0, bytes + at, 8), bytes + at + 12, content - 12);
        memcpy(bytes + at + 8, &crc, sizeof(crc));
    }
}

static ssize_t read_memory(void *arg, int fd, void *out, size_t len, off_t offset)
{
    (void)arg;
    (void)fd;
    memcpy(out, bytes + offset, len); /* the view never asks for more than its limit */
    return (ssize_t)len;
}

static void scan(int64_t limit, struct segment_scan *ret_scan)
{
    static const struct journal_io io = {.pread = read_memory};
    static struct segment_view view = {.io = &io, .salt = SALT};
    struct err err;

    view_forget(&view);
    view.limit = limit;
    bool scanned = segment_scan(&view, 1, ret_scan, &err);
    assert(scanned);
    assert(ret_scan->next_sequence >= 1);
    assert(ret_scan->end >= SEGMENT_DATA_OFFSET && ret_scan->end % RECORD_ALIGN == 0);
    assert(ret_scan->end <= limit || ret_scan->end == SEGMENT_DATA_OFFSET);
    assert(ret_scan->group_offset >= SEGMENT_DATA_OFFSET);
    assert(ret_scan->group_offset <= ret_scan->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct segment_header header = {.first_sequence = 1, .salt = SALT};
    struct segment_header found;
    struct segment_scan first;
    struct segment_scan again;

    if (size < 1 || size > FILE_MAX)
        return 0;
    if (segment_header_decode(data + 1, size - 1, &found) == SEGMENT_VALID)
        assert(size > SEGMENT_HEADER_BYTES);
    size_t len = SEGMENT_DATA_OFFSET + size - 1;
    segment_header_encode(&header, bytes);
    if ((data[0] & 1) != 0)
        assert(segment_header_decode(bytes, len, &found) == SEGMENT_VALID);
    memcpy(bytes + SEGMENT_DATA_OFFSET, data + 1, size - 1);
    if ((data[0] & 2) != 0)
        repair_checksums(len);

    scan((int64_t)len, &first);
    if (!first.is_sealed) {
        record_encode_seal(first.next_sequence, SALT, bytes + first.end);
        first.end += RECORD_HEADER_BYTES;
    }
    scan(first.end, &again);
    assert(again.is_sealed && again.cut_bytes == 0);
    assert(again.end == first.end && again.next_sequence == first.next_sequence);
    return 0;
}
