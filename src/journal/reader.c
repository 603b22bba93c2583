/*
 * Reading what is durable, behind the writer and in front of retention.
 *
 * A reader looks only at bytes that the table of segments calls durable, so nothing it sees can
 * still change, unless retention dropped the file and a new segment overwrites it. Hence a bad
 * record is damage only if the table still has the segment when the record was found bad.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal_int.h"
#include "scan_int.h"

struct journal_reader {
    struct journal *journal; /* borrowed */
    uint64_t next_sequence;
    uint64_t last_sequence; /* the newest known to be in the segment at hand */
    struct segment segment; /* a copy; first_sequence 0 for none */
    int64_t offset;         /* where next_sequence is looked for */
    struct segment_view view;
};

/* What one step of reading came to; anything else is the caller's answer. */
enum step { STEP_AGAIN, STEP_ANSWER };

/* What was read is seldom read again: the kernel may have its memory back, for the segment that is
 * filled next above all. Memory that was not used for long is dear where the machine is a guest. */
static void close_segment(int fd)
{
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static void detach(struct journal_reader *reader)
{
    if (reader->view.fd >= 0)
        close_segment(reader->view.fd);
    reader->view.fd = -1;
    reader->segment = (struct segment){0};
    reader->last_sequence = 0;
    view_forget(&reader->view);
}

struct journal_reader *journal_reader_new(struct journal *journal)
{
    struct journal_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    reader->journal = journal;
    reader->view.io = journal->io;
    reader->view.fd = -1;
    return reader;
}

void journal_reader_free(struct journal_reader *reader)
{
    if (reader == NULL)
        return;
    detach(reader);
    view_done(&reader->view);
    free(reader);
}

void journal_reader_seek(struct journal_reader *reader, uint64_t sequence)
{
    detach(reader);
    reader->next_sequence = sequence;
}

/* What the table says about a sequence at this moment. */
struct lookup {
    bool is_empty;
    uint64_t first_kept;
    uint64_t durable;
    uint64_t last_sequence;
    struct segment segment;
};

static struct lookup look_up(struct journal *journal, uint64_t sequence)
{
    struct lookup found = {.is_empty = true};
    const struct segment_table *table = &journal->segments;

    pthread_mutex_lock(&journal->lock);
    found.durable = atomic_load_explicit(&journal->durable, memory_order_relaxed);
    if (table->count > 0) {
        size_t i = table_find_segment(table, sequence);
        found.is_empty = false;
        found.first_kept = table->items[0].first_sequence;
        found.segment = table->items[i];
        found.last_sequence = table_last_sequence(table, i, found.durable);
    }
    pthread_mutex_unlock(&journal->lock);
    return found;
}

static bool is_still_kept(const struct journal_reader *reader)
{
    struct lookup now = look_up(reader->journal, reader->segment.first_sequence);

    return !now.is_empty && now.segment.first_sequence == reader->segment.first_sequence &&
           now.segment.salt == reader->segment.salt;
}

static enum journal_read lose(struct journal_reader *reader, uint64_t last,
                              struct journal_lost *ret_lost)
{
    *ret_lost = (struct journal_lost){reader->next_sequence, last};
    reader->next_sequence = last + 1;
    return JOURNAL_READ_DAMAGED;
}

static enum journal_read damaged(struct journal_reader *reader, uint64_t last,
                                 struct journal_lost *ret_lost, struct err *err)
{
    char name[SEGMENT_NAME_SIZE];

    segment_name(reader->segment.first_sequence, name);
    err_set(err, ERR_CORRUPT,
            "%s/%s, offset %" PRId64 ": sequences %" PRIu64 " to %" PRIu64 " are lost",
            reader->journal->dir, name, reader->segment.is_headless ? 0 : reader->offset,
            reader->next_sequence, last);
    return lose(reader, last, ret_lost);
}

/* Opens the segment. A file that is not there although the table has it was taken away by someone
 * else: what it held is lost. */
static enum step open_segment(struct journal_reader *reader, enum journal_read *ret_answer,
                              struct journal_lost *ret_lost, struct err *err)
{
    char name[SEGMENT_NAME_SIZE];

    segment_name(reader->segment.first_sequence, name);
    reader->view.fd = openat(reader->journal->dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (reader->view.fd >= 0)
        return STEP_AGAIN;
    int number = errno;
    if (!is_still_kept(reader)) {
        detach(reader);
        return STEP_AGAIN;
    }
    if (number == ENOENT) {
        *ret_answer = damaged(reader, reader->last_sequence, ret_lost, err);
    } else {
        err_errno(err, number, "open %s/%s", reader->journal->dir, name);
        *ret_answer = JOURNAL_READ_ERROR;
    }
    detach(reader);
    return STEP_ANSWER;
}

/* Find the segment of the next sequence, or how much more of it is durable by now. */
static enum step attach(struct journal_reader *reader, enum journal_read *ret_answer,
                        struct journal_lost *ret_lost, struct err *err)
{
    if (reader->next_sequence == 0)
        reader->next_sequence = look_up(reader->journal, 0).first_kept;
    struct lookup now = look_up(reader->journal, reader->next_sequence);

    if (now.is_empty || reader->next_sequence > now.durable) {
        *ret_answer = JOURNAL_READ_END;
        return STEP_ANSWER;
    }
    if (reader->next_sequence < now.first_kept) {
        lose(reader, now.first_kept - 1, ret_lost);
        *ret_answer = JOURNAL_READ_GONE;
        return STEP_ANSWER;
    }
    bool is_other = now.segment.first_sequence != reader->segment.first_sequence ||
                    now.segment.salt != reader->segment.salt;
    if (is_other) {
        detach(reader);
        reader->offset = SEGMENT_DATA_OFFSET;
    }
    reader->segment = now.segment;
    reader->last_sequence = now.last_sequence;
    reader->view.salt = now.segment.salt;
    reader->view.limit = now.segment.end;
    if (now.segment.is_headless) {
        *ret_answer = damaged(reader, now.last_sequence, ret_lost, err);
        return STEP_ANSWER;
    }
    return reader->view.fd < 0 ? open_segment(reader, ret_answer, ret_lost, err) : STEP_AGAIN;
}

/* No valid record of the sequences up to next_sequence stands at the offset. */
static enum step resynchronise(struct journal_reader *reader, enum journal_read *ret_answer,
                               struct journal_lost *ret_lost, struct err *err)
{
    struct view_hit hit;

    if (!view_find(&reader->view, reader->offset, reader->next_sequence, &hit, err)) {
        *ret_answer = JOURNAL_READ_ERROR;
        return STEP_ANSWER;
    }
    if (!is_still_kept(reader)) {
        detach(reader);
        return STEP_AGAIN;
    }
    uint64_t last = hit.found ? hit.stored.record.sequence - 1 : reader->last_sequence;
    if (last > reader->last_sequence)
        last = reader->last_sequence;
    bool is_lost = last >= reader->next_sequence;
    if (is_lost)
        *ret_answer = damaged(reader, last, ret_lost, err);
    if (hit.found)
        reader->offset = hit.offset;
    return is_lost ? STEP_ANSWER : STEP_AGAIN;
}

static enum step read_one(struct journal_reader *reader, struct stored_record *stored,
                          enum journal_read *ret_answer, struct journal_lost *ret_lost,
                          struct err *err)
{
    bool found;

    if (!view_record(&reader->view, reader->offset, stored, &found, err)) {
        *ret_answer = JOURNAL_READ_ERROR;
        return STEP_ANSWER;
    }
    if (!found || stored->record.sequence > reader->next_sequence)
        return resynchronise(reader, ret_answer, ret_lost, err);
    reader->offset += (int64_t)stored->bytes;
    if (stored->is_seal || stored->record.sequence < reader->next_sequence)
        return STEP_AGAIN;
    reader->next_sequence++;
    *ret_answer = JOURNAL_READ_RECORD;
    return STEP_ANSWER;
}

enum journal_read journal_reader_next(struct journal_reader *reader,
                                      struct journal_record *ret_record,
                                      struct journal_lost *ret_lost, struct err *err)
{
    struct stored_record stored;
    enum journal_read answer;
    enum step step;

    do {
        bool is_known = reader->view.fd >= 0 && reader->next_sequence != 0 &&
                        reader->next_sequence <= reader->last_sequence;
        step = is_known ? read_one(reader, &stored, &answer, ret_lost, err)
                        : attach(reader, &answer, ret_lost, err);
    } while (step == STEP_AGAIN);
    if (answer == JOURNAL_READ_RECORD)
        *ret_record = stored.record;
    return answer;
}
