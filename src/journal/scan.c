#include "scan_int.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* One read serves many small records; larger ones get a buffer of their size for as long as they
 * are looked at. */
#define VIEW_BYTES (256 * KIB)

void view_done(struct segment_view *view)
{
    free(view->data);
    view->data = NULL;
    view->cap = 0;
    view->len = 0;
}

void view_forget(struct segment_view *view)
{
    view->len = 0;
}

static bool make_room(struct segment_view *view, size_t len, struct err *err)
{
    size_t cap = len > VIEW_BYTES ? len : VIEW_BYTES;

    if (view->data != NULL && view->cap == cap)
        return true;
    view_done(view);
    view->data = malloc(cap);
    if (view->data == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a record of %zu bytes", len);
    view->cap = cap;
    return true;
}

/* Points at the bytes from offset; *ret_len is at least `len` unless the limit comes first. */
static bool load(struct segment_view *view, int64_t offset, size_t len, const uint8_t **ret_bytes,
                 size_t *ret_len, struct err *err)
{
    int64_t left = view->limit - offset;

    if (left < 0)
        left = 0;
    if ((int64_t)len > left)
        len = (size_t)left;
    bool is_inside = offset >= view->at && offset + (int64_t)len <= view->at + (int64_t)view->len;
    if (!is_inside) {
        if (!make_room(view, len, err))
            return false;
        size_t want = (int64_t)view->cap < left ? view->cap : (size_t)left;
        view->len = 0;
        view->at = offset;
        if (!io_read(view->io, view->fd, view->data, want, offset, &view->len, err))
            return false;
    }
    *ret_bytes = view->len == 0 ? NULL : view->data + (offset - view->at);
    *ret_len = view->len - (size_t)(offset - view->at);
    return true;
}

bool view_record(struct segment_view *view, int64_t offset, struct stored_record *ret_record,
                 bool *ret_found, struct err *err)
{
    const uint8_t *bytes;
    size_t got;

    *ret_found = false;
    if (!load(view, offset, RECORD_HEADER_BYTES, &bytes, &got, err))
        return false;
    if (got < RECORD_HEADER_BYTES)
        return true;
    size_t len = record_length(bytes, view->salt);
    if (len == 0 || (int64_t)len > view->limit - offset)
        return true;
    if (!load(view, offset, len, &bytes, &got, err))
        return false;
    *ret_found = got >= len && record_decode(bytes, len, ret_record);
    return true;
}

/* Where the salt stands next, at or behind `from`, which is a multiple of 8. */
static bool find_salt(struct segment_view *view, int64_t from, int64_t *ret_offset, bool *ret_found,
                      struct err *err)
{
    uint64_t salt = htole64(view->salt);

    for (int64_t offset = from;;) {
        const uint8_t *bytes;
        size_t got;
        if (!load(view, offset, RECORD_ALIGN, &bytes, &got, err))
            return false;
        size_t whole = got / RECORD_ALIGN * RECORD_ALIGN;
        for (size_t i = 0; i < whole; i += RECORD_ALIGN) {
            if (memcmp(bytes + i, &salt, sizeof(salt)) != 0)
                continue;
            *ret_offset = offset + (int64_t)i;
            *ret_found = true;
            return true;
        }
        if (whole == 0) {
            *ret_found = false;
            return true;
        }
        offset += (int64_t)whole;
    }
}

bool view_find(struct segment_view *view, int64_t from, uint64_t sequence,
               struct stored_record *ret_record, int64_t *ret_offset, bool *ret_found,
               struct err *err)
{
    for (int64_t offset = from;; offset += RECORD_ALIGN) {
        if (!find_salt(view, offset, &offset, ret_found, err))
            return false;
        if (!*ret_found)
            return true;
        if (!view_record(view, offset, ret_record, ret_found, err))
            return false;
        if (*ret_found && ret_record->record.sequence >= sequence) {
            *ret_offset = offset;
            return true;
        }
    }
}

/* Where to read on when record `expected` does not stand at a place. */
struct resume {
    bool found; /* false: what stands there is a torn end */
    int64_t offset;
    uint64_t sequence;
};

static bool find_resume(struct segment_view *view, int64_t from, uint64_t expected,
                        struct resume *ret_resume, struct err *err)
{
    struct stored_record stored;
    int64_t at;
    bool found;

    if (!view_find(view, from, expected, &stored, &at, &found, err))
        return false;
    *ret_resume = (struct resume){.found = found};
    if (!found)
        return true;
    *ret_resume = (struct resume){.offset = at, .sequence = stored.record.sequence};
    ret_resume->found = stored.record.sequence == expected || stored.group_first > expected;
    while (found && !ret_resume->found) {
        at += (int64_t)stored.bytes;
        if (!view_find(view, at, expected, &stored, &at, &found, err))
            return false;
        ret_resume->found = found && stored.group_first > expected;
    }
    return true;
}

/* How far what a torn write left behind `end` can be seen to reach. */
static bool measure_cut(struct segment_view *view, int64_t end, int64_t *ret_bytes, struct err *err)
{
    int64_t reach = end;

    for (int64_t offset = end;; offset += RECORD_ALIGN) {
        bool found;
        if (!find_salt(view, offset, &offset, &found, err))
            return false;
        if (!found)
            break;
        reach = offset + RECORD_ALIGN;
    }
    *ret_bytes = reach - end;
    return true;
}

static void accept(struct segment_scan *scan, const struct stored_record *stored,
                   uint64_t *group_first)
{
    if (stored->group_first != *group_first || stored->is_seal)
        scan->group_offset = scan->end;
    *group_first = stored->group_first;
    scan->end += (int64_t)stored->bytes;
    if (stored->is_seal)
        return;
    scan->next_sequence++;
    if (stored->record.received_ms > scan->newest_ms)
        scan->newest_ms = stored->record.received_ms;
}

bool segment_scan(struct segment_view *view, uint64_t first, struct segment_scan *ret_scan,
                  struct err *err)
{
    struct segment_scan scan = {.next_sequence = first,
                                .newest_ms = INT64_MIN,
                                .end = SEGMENT_DATA_OFFSET,
                                .group_offset = SEGMENT_DATA_OFFSET};
    uint64_t group_first = 0;

    for (;;) {
        struct stored_record stored;
        bool found;
        if (!view_record(view, scan.end, &stored, &found, err))
            return false;
        if (found && stored.record.sequence == scan.next_sequence) {
            accept(&scan, &stored, &group_first);
            continue;
        }
        struct resume resume;
        if (!find_resume(view, scan.end, scan.next_sequence, &resume, err))
            return false;
        if (!resume.found)
            break;
        scan.end = resume.offset;
        scan.next_sequence = resume.sequence;
    }
    if (!measure_cut(view, scan.end, &scan.cut_bytes, err))
        return false;
    *ret_scan = scan;
    return true;
}
