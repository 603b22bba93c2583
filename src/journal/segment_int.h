/*
 * The bytes of a segment file: encoding, checking, decoding. No I/O here; the format is
 * specified in segment.c.
 */
#ifndef JOURNAL_SEGMENT_INT_H
#define JOURNAL_SEGMENT_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "journal/journal.h"

#define SEGMENT_VERSION      1
#define SEGMENT_HEADER_BYTES 48
#define SEGMENT_COPY_OFFSET  2048 /* of the header's second copy */
#define SEGMENT_DATA_OFFSET  4096 /* of the first record */
#define SEGMENT_NAME_SIZE    32   /* "<20 digits>.log" and "spare-<20 digits>.log", with the NUL */

#define RECORD_HEADER_BYTES 96
#define RECORD_HEAD_MAX     (RECORD_HEADER_BYTES + EVENT_NAME_MAX + GUID_MAX + 3 * ID_TEXT_MAX)
#define RECORD_BODY_MAX     (64 * MIB)
#define RECORD_ALIGN        8

struct segment_header {
    uint64_t first_sequence;
    uint64_t salt;
    uint64_t previous_first;    /* first sequence of the segment before, 0 for none */
    int64_t previous_newest_ms; /* newest received_ms of all that came before */
};

enum segment_check { SEGMENT_VALID, SEGMENT_DAMAGED, SEGMENT_OTHER_VERSION };

/* Fills a whole header block, both copies and zeros between. */
void segment_header_encode(const struct segment_header *header, uint8_t block[SEGMENT_DATA_OFFSET]);

/* From a header block of which only `len` bytes could be read. Either copy will do.
 * *ret_header is set when the answer is SEGMENT_VALID. */
MUST_CHECK enum segment_check segment_header_decode(const uint8_t *block, size_t len,
                                                    struct segment_header *ret_header);

/* "<20 digits>.log"; returns name. */
const char *segment_name(uint64_t first_sequence, char name[SEGMENT_NAME_SIZE]);
MUST_CHECK bool segment_name_parse(const char *name, uint64_t *ret_first_sequence);

/* What a record stores, and where it stands among the others. */
struct stored_record {
    struct journal_record record; /* body points into the decoded bytes */
    uint64_t group_first;
    size_t bytes; /* on disk, padding included */
    bool is_seal;
};

/* Bytes of the record on disk, padding included. */
size_t record_bytes(const struct journal_record *record);

/* Write header and texts, in front of the body, which goes to the disk from where it is.
 * Returns their length. */
size_t record_encode_head(const struct journal_record *record, uint64_t group_first, uint64_t salt,
                          uint8_t head[RECORD_HEAD_MAX]);

/* A record of the given sequence that only says that all before it is durable. */
void record_encode_seal(uint64_t sequence, uint64_t salt, uint8_t head[RECORD_HEADER_BYTES]);

/* Length on disk of the record that starts with this header; 0 when it is none of this salt. */
size_t record_length(const uint8_t head[RECORD_HEADER_BYTES], uint64_t salt);

/* Check and decode the `len` bytes that record_length named. False: not what was written.
 * ret_record is only set on success. */
MUST_CHECK bool record_decode(const uint8_t *bytes, size_t len, struct stored_record *ret_record);

#endif
