/*
 * The start: which segments there are, and where the last one ends.
 *
 * Only the last segment is read through, the others by their header alone: that a later segment
 * exists proves that all of them were durable, and damage shows when they are read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "journal_int.h"
#include "scan_int.h"

DEFINE_AUTO(dir_stream, DIR, closedir);

static int by_first_sequence(const void *left, const void *right)
{
    const struct segment *a = left;
    const struct segment *b = right;

    return (a->first_sequence > b->first_sequence) - (a->first_sequence < b->first_sequence);
}

static bool list_files(struct journal *journal, struct err *err)
{
    struct segment segment = {0};
    AUTO(dir_stream) DIR *stream = opendir(journal->dir);

    if (stream == NULL)
        return err_errno(err, errno, "open folder %s", journal->dir);
    for (;;) {
        errno = 0;
        const struct dirent *file = readdir(stream); /* NOLINT(concurrency-mt-unsafe): own stream */
        if (file == NULL)
            break;
        if (segment_name_parse(file->d_name, &segment.first_sequence))
            table_push(&journal->segments, &segment);
        else if (spare_name_is(file->d_name))
            spare_pool_adopt(&journal->spares, file->d_name);
    }
    if (errno != 0)
        return err_errno(err, errno, "list folder %s", journal->dir);
    if (journal->segments.count > 0)
        qsort(journal->segments.items, journal->segments.count, sizeof(struct segment),
              by_first_sequence);
    return true;
}

static bool read_header(struct journal *journal, struct segment *segment,
                        struct segment_header *ret_header, struct err *err)
{
    char name[SEGMENT_NAME_SIZE];
    uint8_t block[SEGMENT_COPY_OFFSET + SEGMENT_HEADER_BYTES];
    struct stat stat;
    size_t got;

    segment_name(segment->first_sequence, name);
    AUTO(fd) int fd = openat(journal->dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0)
        return err_errno(err, errno, "open %s/%s", journal->dir, name);
    if (!io_read(journal->io, fd, block, sizeof(block), 0, &got, err))
        return err_wrap(err, "%s/%s", journal->dir, name);
    enum segment_check check = segment_header_decode(block, got, ret_header);
    if (check == SEGMENT_OTHER_VERSION)
        return err_set(err, ERR_CORRUPT, "%s/%s is of another version", journal->dir, name);
    segment->is_headless = check == SEGMENT_DAMAGED;
    segment->file_bytes = stat.st_size;
    segment->end = stat.st_size > SEGMENT_DATA_OFFSET ? stat.st_size : SEGMENT_DATA_OFFSET;
    if (segment->is_headless)
        return true;
    segment->salt = ret_header->salt;
    if (ret_header->first_sequence != segment->first_sequence)
        return err_set(err, ERR_CORRUPT, "%s/%s holds sequences from %" PRIu64, journal->dir, name,
                       ret_header->first_sequence);
    return true;
}

/* Each header knows the segment before it, and how new that got. */
static bool link_segments(struct journal *journal, int64_t *ret_newest_ms, struct err *err)
{
    struct segment_table *table = &journal->segments;

    *ret_newest_ms = INT64_MIN;
    for (size_t i = 0; i < table->count; i++) {
        struct segment_header header;
        struct segment *segment = &table->items[i];
        if (!read_header(journal, segment, &header, err))
            return false;
        if (!segment->is_headless)
            *ret_newest_ms = header.previous_newest_ms;
        if (i == 0)
            continue;
        segment[-1].newest_ms = *ret_newest_ms;
        if (!segment->is_headless && header.previous_first != segment[-1].first_sequence)
            return err_set(err, ERR_CORRUPT,
                           "%s: the segment that starts with sequence %" PRIu64 " is missing",
                           journal->dir, header.previous_first);
    }
    return true;
}

/* The last run may have died after its last write and before the flush, or because the flush
 * failed; then the kernel may hold these pages for clean although they never reached the disk.
 * So they are written once more. Nothing is promised about them before that. */
static bool rewrite_last_group(struct journal *journal, int fd, const struct segment_scan *scan,
                               struct err *err)
{
    int64_t bytes = scan->end - scan->group_offset;
    size_t got = 0;

    if (bytes > 0) {
        void *copy = malloc((size_t)bytes);
        if (copy == NULL)
            return err_set(err, ERR_NOMEM, "no memory for the last %" PRId64 " bytes", bytes);
        struct iovec iov = {.iov_base = copy};
        bool done = io_read(journal->io, fd, copy, (size_t)bytes, scan->group_offset, &got, err);
        iov.iov_len = got;
        done = done && io_write_all(journal->io, fd, &iov, 1, scan->group_offset, err);
        free(copy);
        if (!done)
            return false;
    }
    return io_sync_data(journal->io, fd, err);
}

/* Make what was found the durable end of the journal. */
static bool settle_end(struct journal *journal, int fd, const struct segment_scan *scan,
                       struct err *err)
{
    struct segment *last = table_last(&journal->segments);

    if (scan->cut_bytes > 0) {
        if (!io_cut(journal->io, fd, scan->end, err))
            return false;
        last->file_bytes = scan->end;
        journal->tail_cut_bytes = scan->cut_bytes;
    }
    if (last->file_bytes < SEGMENT_DATA_OFFSET)
        last->file_bytes = SEGMENT_DATA_OFFSET;
    last->end = scan->end;
    return rewrite_last_group(journal, fd, scan, err);
}

static bool scan_last(struct journal *journal, struct segment_scan *ret_scan, struct err *err)
{
    struct segment *last = table_last(&journal->segments);
    char name[SEGMENT_NAME_SIZE];

    segment_name(last->first_sequence, name);
    AUTO(fd) int fd = openat(journal->dir_fd, name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "open %s/%s", journal->dir, name);
    struct segment_view view = {
        .io = journal->io, .fd = fd, .salt = last->salt, .limit = last->file_bytes};
    bool scanned = segment_scan(&view, last->first_sequence, ret_scan, err);
    view_done(&view);
    if (!scanned || !settle_end(journal, fd, ret_scan, err))
        return err_wrap(err, "%s/%s", journal->dir, name);
    journal->writer.fd = fd;
    fd = -1; /* taken over */
    return true;
}

/* Nothing in it can be read, but its sequences must not be used again: count as many as it could
 * have held. */
static void skip_headless(struct journal *journal)
{
    const struct segment *last = table_last(&journal->segments);
    uint64_t records_max = (uint64_t)last->file_bytes / RECORD_HEADER_BYTES;

    journal->writer.next_sequence = last->first_sequence + records_max + 1;
}

bool journal_recover(struct journal *journal, struct err *err)
{
    struct writer *writer = &journal->writer;
    struct segment_scan scan;

    writer->fd = -1;
    writer->next_sequence = 1;
    writer->newest_ms = INT64_MIN;
    if (!list_files(journal, err) || !link_segments(journal, &writer->newest_ms, err))
        return false;
    struct segment *last = table_last(&journal->segments);
    if (last == NULL)
        return true;
    if (last->is_headless) {
        skip_headless(journal);
    } else {
        if (!scan_last(journal, &scan, err))
            return false;
        writer->end = scan.end;
        writer->next_sequence = scan.next_sequence;
        writer->is_filled = last->file_bytes >= journal->options.segment_bytes;
        if (scan.newest_ms > writer->newest_ms)
            writer->newest_ms = scan.newest_ms;
    }
    last->newest_ms = writer->newest_ms;
    return true;
}
