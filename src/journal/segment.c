/*
 * The format of the journal, version 1.
 *
 * A journal is a folder of segments named by the first sequence they may hold, 20 digits,
 * ".log", and of spare files "spare-<number>.log" whose content means nothing. Integers are
 * little-endian. Offsets in brackets.
 *
 * Segment: one block of 4096 bytes, then records without space between them, then bytes that
 * mean nothing: zeros, or what the file held in a former life.
 *
 *   The block has the same header at [0] and [2048], so that one bad sector does not take the
 *   segment along; every other byte is 0. Records never share the header's block, hence
 *   appending never rewrites it. The header is durable before the file gets its name.
 *     [0]  8  "EFJRNL\r\n"
 *     [8]  4  version, 1
 *     [12] 4  CRC-32C of the header without this field
 *     [16] 8  first sequence
 *     [24] 8  salt: random, new each time a file becomes a segment
 *     [32] 8  first sequence of the segment before this one, 0 for none: a missing file shows
 *     [40] 8  newest received_ms of all records before this segment: retention by age needs no scan
 *
 * Record: starts at a multiple of 8, is padded with zeros to a multiple of 8.
 *     [0]  8  salt of its segment
 *     [8]  4  CRC-32C of [0,8) and of everything from [12] to the end of the body
 *     [12] 4  length of the record, padding included
 *     [16] 8  sequence: one more than the record before
 *     [24] 8  group_first: first sequence of the group it was written in
 *     [32] 8  received_ms, milliseconds of Unix time
 *     [40] 4  bytes of the body
 *     [44] 4  bytes of the body as received, also when it was dropped
 *     [48] 4  flags: enum journal_flag; bit 31 marks a seal
 *     [52] 5  lengths of event, guid, hook id, target type, target id, one byte each
 *     [57] 7  0
 *     [64] 32 HMAC-SHA256 that matched
 *     [96]    the five texts, then the body
 *
 * The salt is the record's magic number. Nobody outside knows it, so neither a recycled file's
 * old records nor a body made to look like a record is ever taken for one; and since it is
 * aligned to 8 it is never torn between sectors: a stretch without it holds no record.
 *
 * A group is what one write and one flush made durable together, and the next group is written
 * only after that flush. So a record of a later group proves that all earlier groups were
 * durable, and so does a later segment, and so does a seal, a record without content that a
 * clean close leaves (it has the sequence of the record that will follow, and takes none).
 *
 * Reading what a crash left, at a place where record e is expected and no valid one stands:
 *   - behind it a valid record with group_first > e: e was durable and is damaged; reading goes on
 *     at the next valid record, and the sequences between are reported as lost;
 *   - behind it, first of all, a valid record e itself: what is damaged is a seal, nothing is lost;
 *   - else: the torn end of a write nobody was told of. It is cut off: where the salt occurs
 *     behind that place the file is truncated there, otherwise there is nothing to be taken
 *     for a record later, and writing goes on over it.
 */
#include "segment_int.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

#define HEADER_CRC_OFFSET 12
#define RECORD_CRC_OFFSET 8
#define RECORD_SEAL       UINT32_C(0x80000000)
#define TEXTS_COUNT       5
#define NAME_DIGITS       20

static const char segment_magic[8] = {'E', 'F', 'J', 'R', 'N', 'L', '\r', '\n'};

static void put_u32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof(value));
}

static void put_u64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof(value));
}

static uint32_t get_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

/* ---- segment header ---- */

static uint32_t header_crc(const uint8_t *header)
{
    uint32_t crc = crc32c(0, header, HEADER_CRC_OFFSET);
    return crc32c(crc, header + HEADER_CRC_OFFSET + 4,
                  SEGMENT_HEADER_BYTES - HEADER_CRC_OFFSET - 4);
}

void segment_header_encode(const struct segment_header *header, uint8_t block[SEGMENT_DATA_OFFSET])
{
    memset(block, 0, SEGMENT_DATA_OFFSET);
    memcpy(block, segment_magic, sizeof(segment_magic));
    put_u32(block + 8, SEGMENT_VERSION);
    put_u64(block + 16, header->first_sequence);
    put_u64(block + 24, header->salt);
    put_u64(block + 32, header->previous_first);
    put_u64(block + 40, (uint64_t)header->previous_newest_ms);
    put_u32(block + HEADER_CRC_OFFSET, header_crc(block));
    memcpy(block + SEGMENT_COPY_OFFSET, block, SEGMENT_HEADER_BYTES);
}

static enum segment_check decode_copy(const uint8_t *copy, struct segment_header *ret_header)
{
    if (memcmp(copy, segment_magic, sizeof(segment_magic)) != 0 ||
        get_u32(copy + HEADER_CRC_OFFSET) != header_crc(copy))
        return SEGMENT_DAMAGED;
    if (get_u32(copy + 8) != SEGMENT_VERSION)
        return SEGMENT_OTHER_VERSION;
    *ret_header = (struct segment_header){
        .first_sequence = get_u64(copy + 16),
        .salt = get_u64(copy + 24),
        .previous_first = get_u64(copy + 32),
        .previous_newest_ms = (int64_t)get_u64(copy + 40),
    };
    return SEGMENT_VALID;
}

enum segment_check segment_header_decode(const uint8_t *block, size_t len,
                                         struct segment_header *ret_header)
{
    enum segment_check check = SEGMENT_DAMAGED;

    if (len >= SEGMENT_HEADER_BYTES)
        check = decode_copy(block, ret_header);
    if (check == SEGMENT_DAMAGED && len >= SEGMENT_COPY_OFFSET + SEGMENT_HEADER_BYTES)
        check = decode_copy(block + SEGMENT_COPY_OFFSET, ret_header);
    return check;
}

const char *segment_name(uint64_t first_sequence, char name[SEGMENT_NAME_SIZE])
{
    snprintf(name, SEGMENT_NAME_SIZE, "%0*" PRIu64 ".log", NAME_DIGITS, first_sequence);
    return name;
}

bool segment_name_parse(const char *name, uint64_t *ret_first_sequence)
{
    char again[SEGMENT_NAME_SIZE];

    if (!isdigit((unsigned char)name[0]))
        return false;
    uint64_t first = strtoull(name, NULL, 10);
    if (strcmp(segment_name(first, again), name) != 0)
        return false;
    *ret_first_sequence = first;
    return true;
}

/* ---- records ---- */

/* The texts of a record in the order they are stored. */
struct text {
    char *text;
    size_t size; /* with the NUL */
};

static void texts_of(struct journal_record *record, struct text texts[TEXTS_COUNT])
{
    texts[0] = (struct text){record->event, sizeof(record->event)};
    texts[1] = (struct text){record->guid, sizeof(record->guid)};
    texts[2] = (struct text){record->hook_id, sizeof(record->hook_id)};
    texts[3] = (struct text){record->target_type, sizeof(record->target_type)};
    texts[4] = (struct text){record->target_id, sizeof(record->target_id)};
}

static size_t stored_body_bytes(const struct journal_record *record)
{
    return (record->flags & JOURNAL_BODY_DROPPED) != 0 ? 0 : record->body_bytes;
}

static size_t padded(size_t bytes)
{
    return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

size_t record_bytes(const struct journal_record *record)
{
    size_t bytes = RECORD_HEADER_BYTES + stored_body_bytes(record);

    bytes += strlen(record->event) + strlen(record->guid) + strlen(record->hook_id);
    bytes += strlen(record->target_type) + strlen(record->target_id);
    return padded(bytes);
}

static void put_crc(uint8_t *head, size_t head_len, const void *body, size_t body_len)
{
    uint32_t crc = crc32c(0, head, RECORD_CRC_OFFSET);

    crc = crc32c(crc, head + RECORD_CRC_OFFSET + 4, head_len - RECORD_CRC_OFFSET - 4);
    put_u32(head + RECORD_CRC_OFFSET, crc32c(crc, body, body_len));
}

size_t record_encode_head(const struct journal_record *record, uint64_t group_first, uint64_t salt,
                          uint8_t head[RECORD_HEAD_MAX])
{
    size_t body_bytes = stored_body_bytes(record);
    const char *texts[TEXTS_COUNT] = {record->event, record->guid, record->hook_id,
                                      record->target_type, record->target_id};
    size_t len = RECORD_HEADER_BYTES;

    assert(body_bytes <= RECORD_BODY_MAX && record->body_bytes_received <= UINT32_MAX);
    memset(head, 0, RECORD_HEADER_BYTES);
    put_u64(head, salt);
    put_u64(head + 16, record->sequence);
    put_u64(head + 24, group_first);
    put_u64(head + 32, (uint64_t)record->received_ms);
    put_u32(head + 40, (uint32_t)body_bytes);
    put_u32(head + 44, (uint32_t)record->body_bytes_received);
    put_u32(head + 48, record->flags & ~RECORD_SEAL);
    memcpy(head + 64, record->mac, JOURNAL_MAC_BYTES);
    for (size_t i = 0; i < TEXTS_COUNT; i++) {
        size_t text_len = strlen(texts[i]);
        head[52 + i] = (uint8_t)text_len;
        memcpy(head + len, texts[i], text_len);
        len += text_len;
    }
    put_u32(head + 12, (uint32_t)padded(len + body_bytes));
    put_crc(head, len, record->body, body_bytes);
    return len;
}

void record_encode_seal(uint64_t sequence, uint64_t salt, uint8_t head[RECORD_HEADER_BYTES])
{
    memset(head, 0, RECORD_HEADER_BYTES);
    put_u64(head, salt);
    put_u32(head + 12, RECORD_HEADER_BYTES);
    put_u64(head + 16, sequence);
    put_u64(head + 24, sequence);
    put_u32(head + 48, RECORD_SEAL);
    put_crc(head, RECORD_HEADER_BYTES, NULL, 0);
}

/* Header, texts and body without the padding. */
static size_t content_bytes(const uint8_t *head)
{
    size_t bytes = RECORD_HEADER_BYTES + get_u32(head + 40);

    for (size_t i = 0; i < TEXTS_COUNT; i++)
        bytes += head[52 + i];
    return bytes;
}

size_t record_length(const uint8_t head[RECORD_HEADER_BYTES], uint64_t salt)
{
    size_t length = get_u32(head + 12);

    if (get_u64(head) != salt || get_u32(head + 40) > RECORD_BODY_MAX)
        return 0;
    return length == padded(content_bytes(head)) ? length : 0;
}

static bool crc_matches(const uint8_t *bytes, size_t content)
{
    uint32_t crc = crc32c(0, bytes, RECORD_CRC_OFFSET);

    crc = crc32c(crc, bytes + RECORD_CRC_OFFSET + 4, content - RECORD_CRC_OFFSET - 4);
    return crc == get_u32(bytes + RECORD_CRC_OFFSET);
}

/* False for a text longer than its place: no version of ours wrote it. */
static bool decode_texts(const uint8_t *bytes, struct journal_record *record)
{
    struct text texts[TEXTS_COUNT];
    const uint8_t *at = bytes + RECORD_HEADER_BYTES;

    texts_of(record, texts);
    for (size_t i = 0; i < TEXTS_COUNT; i++) {
        size_t len = bytes[52 + i];
        if (len >= texts[i].size)
            return false;
        memcpy(texts[i].text, at, len);
        texts[i].text[len] = '\0';
        at += len;
    }
    record->body = at;
    return true;
}

bool record_decode(const uint8_t *bytes, size_t len, struct stored_record *ret_record)
{
    size_t content = content_bytes(bytes);
    struct stored_record stored = {.bytes = len};

    if (padded(content) != len || !crc_matches(bytes, content) ||
        !decode_texts(bytes, &stored.record))
        return false;
    stored.record.sequence = get_u64(bytes + 16);
    stored.group_first = get_u64(bytes + 24);
    stored.record.received_ms = (int64_t)get_u64(bytes + 32);
    stored.record.body_bytes = get_u32(bytes + 40);
    stored.record.body_bytes_received = get_u32(bytes + 44);
    stored.record.flags = get_u32(bytes + 48) & ~RECORD_SEAL;
    stored.is_seal = (get_u32(bytes + 48) & RECORD_SEAL) != 0;
    memcpy(stored.record.mac, bytes + 64, JOURNAL_MAC_BYTES);
    if (stored.group_first == 0 || stored.group_first > stored.record.sequence)
        return false;
    *ret_record = stored;
    return true;
}
