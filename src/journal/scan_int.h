/*
 * Reading a segment: a view over its bytes that finds and checks records, used by the
 * recovery of the last segment and by every reader.
 */
#ifndef JOURNAL_SCAN_INT_H
#define JOURNAL_SCAN_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io_int.h"
#include "segment_int.h"

/* Set io, fd, salt and limit; the rest is the view's. Bytes at or behind limit are never read:
 * they may change. To move limit up is always right; after any other change call view_forget. */
struct segment_view {
    const struct journal_io *io; /* borrowed */
    int fd;                      /* borrowed */
    uint64_t salt;
    int64_t limit;

    uint8_t *data; /* owned; the bytes [at, at + len) of the file */
    size_t cap;
    int64_t at;
    size_t len;
};

void view_done(struct segment_view *view);
void view_forget(struct segment_view *view);

/* The record at offset. *ret_found says whether a valid one stands there; only then is
 * ret_record set, its body borrowed until the next call.
 * Errors: ERR_IO, ERR_NOMEM. */
MUST_CHECK bool view_record(struct segment_view *view, int64_t offset,
                            struct stored_record *ret_record, bool *ret_found, struct err *err);

/* The first valid record at or behind `from` whose sequence is at least `sequence`. */
MUST_CHECK bool view_find(struct segment_view *view, int64_t from, uint64_t sequence,
                          struct stored_record *ret_record, int64_t *ret_offset, bool *ret_found,
                          struct err *err);

struct segment_scan {
    uint64_t next_sequence; /* behind the last record */
    int64_t newest_ms;      /* INT64_MIN without records */
    int64_t end;            /* where the next record goes */
    int64_t group_offset;   /* where the last group starts; end without records */
    int64_t cut_bytes;      /* of a torn write behind end that must be truncated away; or 0 */
};

/* Reads all of a segment that starts with sequence `first`, as the format's rules say. */
MUST_CHECK bool segment_scan(struct segment_view *view, uint64_t first,
                             struct segment_scan *ret_scan, struct err *err);

#endif
