/*
 * The writer thread: groups, segments, retention.
 *
 * Errors come in two kinds. After ERR_IO (a device error, a failed flush) nothing about the
 * files is known any more: the journal has failed for ever. Anything else, a full disk
 * above all, came before anything was promised: the segment is cut back to its last durable
 * record, the entries are refused, and the next ones are tried.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "group_int.h"
#include "journal_int.h"

#define LOOK_FOR_ROOM_MS 500
#define PROBE_BYTES      65536

static uint64_t durable_sequence(const struct journal *journal)
{
    return atomic_load_explicit(&journal->durable, memory_order_acquire);
}

static void call(void (*on)(void *arg), void *arg)
{
    if (on != NULL)
        on(arg);
}

static void fail_for_ever(struct journal *journal, const struct err *err)
{
    struct writer *writer = &journal->writer;

    if (writer->is_failed)
        return;
    writer->is_failed = true;
    writer->failure = *err;
    if (journal->options.on_fatal != NULL)
        journal->options.on_fatal(&writer->failure, journal->options.arg);
}

/* ---- segments ---- */

/* Write the header and give the file its name, in this order, each durable before the next. */
static bool name_spare(struct journal *journal, const struct spare *spare,
                       const struct segment_header *header, struct err *err)
{
    uint8_t block[SEGMENT_DATA_OFFSET];
    struct iovec iov = {.iov_base = block, .iov_len = sizeof(block)};
    char name[SEGMENT_NAME_SIZE];

    segment_name(header->first_sequence, name);
    segment_header_encode(header, block);
    if (!io_write_all(journal->io, spare->fd, &iov, 1, 0, err) ||
        !io_sync_data(journal->io, spare->fd, err))
        return err_wrap(err, "begin segment %s", name);
    if (renameat(journal->dir_fd, spare->name, journal->dir_fd, name) != 0)
        return err_errno(err, errno, "begin segment %s", name);
    return io_sync_all(journal->io, journal->dir_fd, err);
}

static void enter_segment(struct journal *journal, const struct spare *spare,
                          const struct segment_header *header)
{
    struct writer *writer = &journal->writer;
    struct segment segment = {
        .first_sequence = header->first_sequence,
        .salt = header->salt,
        .newest_ms = writer->newest_ms,
        .file_bytes = spare->bytes > SEGMENT_DATA_OFFSET ? spare->bytes : SEGMENT_DATA_OFFSET,
        .end = SEGMENT_DATA_OFFSET,
    };

    if (writer->fd >= 0)
        close(writer->fd);
    writer->fd = spare->fd;
    writer->end = SEGMENT_DATA_OFFSET;
    writer->is_sealed = false;
    writer->is_filled = spare->bytes >= journal->options.segment_bytes;
    pthread_mutex_lock(&journal->lock);
    table_push(&journal->segments, &segment);
    pthread_mutex_unlock(&journal->lock);
}

static bool begin_segment(struct journal *journal, struct err *err)
{
    const struct segment *last = table_last(&journal->segments);
    struct spare spare;
    struct segment_header header = {
        .first_sequence = journal->writer.next_sequence,
        .previous_first = last != NULL ? last->first_sequence : 0,
        .previous_newest_ms = journal->writer.newest_ms,
    };

    do
        random_bytes(&header.salt, sizeof(header.salt));
    while (header.salt == 0); /* zeros must not look like a record */
    if (!spare_take(&journal->spares, &spare, err))
        return false;
    if (!name_spare(journal, &spare, &header, err)) {
        spare_discard(&journal->spares, &spare);
        return false;
    }
    enter_segment(journal, &spare, &header);
    return true;
}

/* Does a record of so many bytes have to go to another segment? */
static bool needs_segment(struct journal *journal, size_t bytes)
{
    const struct writer *writer = &journal->writer;

    if (writer->fd < 0)
        return true;
    if (writer->end == SEGMENT_DATA_OFFSET)
        return false;
    /* Growing a file makes every flush dearer: leave it as soon as a filled one is ready. */
    return writer->end + (int64_t)bytes > journal->options.segment_bytes ||
           (!writer->is_filled && spare_is_ready(&journal->spares));
}

/* ---- one group ---- */

/* Set apart: the outcome of these is known before anything is written. */
static bool refuse_oversized(struct journal_entry *entry, size_t bytes, int64_t backlog_left)
{
    if (entry->record.body_bytes > RECORD_BODY_MAX)
        return !err_set(&entry->err, ERR_LIMIT, "a body of %zu bytes is more than a record holds",
                        entry->record.body_bytes);
    if ((int64_t)bytes > backlog_left)
        return !err_set(&entry->err, ERR_LIMIT, "too much waits to be handled");
    return false;
}

static int64_t backlog_left(struct journal *journal)
{
    if (journal->options.backlog_bytes_max <= 0)
        return INT64_MAX;
    pthread_mutex_lock(&journal->lock);
    int64_t backlog =
        table_backlog_bytes(&journal->segments, journal->released, durable_sequence(journal));
    pthread_mutex_unlock(&journal->lock);
    return journal->options.backlog_bytes_max - backlog;
}

/* Moves entries of the batch into the group until it, or the segment, is full. */
static bool build_group(struct journal *journal, struct err *err)
{
    struct writer *writer = &journal->writer;
    struct group *group = &writer->group;
    int64_t left = backlog_left(journal);

    group_begin(group, writer->next_sequence);
    while (writer->batch.first != NULL) {
        struct journal_entry *entry = writer->batch.first;
        size_t bytes = record_bytes(&entry->record);
        if (refuse_oversized(entry, bytes, left - group->bytes)) {
            entry_list_push(&group->entries, entry_list_pop(&writer->batch));
            continue;
        }
        if (group->bytes == 0 && needs_segment(journal, bytes) && !begin_segment(journal, err))
            return false;
        bool fits = writer->end == SEGMENT_DATA_OFFSET && group->bytes == 0;
        fits =
            fits || writer->end + group->bytes + (int64_t)bytes <= journal->options.segment_bytes;
        if (!fits || !group_has_room(group, bytes))
            return true;
        group_add(group, entry_list_pop(&writer->batch), table_last(&journal->segments)->salt);
    }
    return true;
}

static bool write_group(struct journal *journal, struct err *err)
{
    struct writer *writer = &journal->writer;
    struct group *group = &writer->group;

    if (group->bytes == 0)
        return true;
    if (io_write_all(journal->io, writer->fd, group->iov, group->iov_count, writer->end, err))
        return io_sync_data(journal->io, writer->fd, err);
    if (err->code == ERR_IO)
        return false;
    /* What was written of the group must not be found by a later start. */
    struct err cut_err;
    if (!io_cut(journal->io, writer->fd, writer->end, &cut_err))
        *err = cut_err;
    writer->is_filled = false;
    return false;
}

static void publish(struct journal *journal)
{
    struct writer *writer = &journal->writer;
    struct group *group = &writer->group;

    writer->end += group->bytes;
    writer->is_sealed = false;
    writer->next_sequence = group->next_sequence;
    if (group->newest_ms > writer->newest_ms)
        writer->newest_ms = group->newest_ms;
    for (struct journal_entry *entry = group->entries.first; entry != NULL; entry = entry->next)
        entry->durable = entry->err.code == ERR_OK;

    pthread_mutex_lock(&journal->lock);
    struct segment *segment = table_last(&journal->segments);
    segment->end = writer->end;
    segment->newest_ms = writer->newest_ms;
    if (segment->file_bytes < writer->end)
        segment->file_bytes = writer->end;
    journal->groups_total++;
    journal->is_out_of_space = false;
    atomic_store_explicit(&journal->durable, writer->next_sequence - 1, memory_order_release);
    journal->is_retention_due = table_retention_due(&journal->segments, &journal->options,
                                                    journal->released, writer->next_sequence - 1);
    pthread_mutex_unlock(&journal->lock);
}

/* A record that comes alone may have failed for itself; what waits behind it is tried anew. But
 * when not even a segment could be begun, the one that asked for it has not joined the group yet.
 */
static void refuse_group(struct journal *journal, const struct err *err)
{
    struct writer *writer = &journal->writer;
    struct group *group = &writer->group;

    if (group->bytes == 0 && writer->batch.first != NULL)
        entry_list_push(&group->entries, entry_list_pop(&writer->batch));
    if (err->code == ERR_IO)
        entry_list_move(&writer->batch, &group->entries);
    for (struct journal_entry *entry = group->entries.first; entry != NULL; entry = entry->next)
        if (entry->err.code == ERR_OK)
            entry->err = *err;
    pthread_mutex_lock(&journal->lock);
    struct segment *segment = table_last(&journal->segments);
    if (segment != NULL && writer->fd >= 0 && !writer->is_filled)
        segment->file_bytes = writer->end;
    journal->is_out_of_space = err->code == ERR_NO_SPACE;
    pthread_mutex_unlock(&journal->lock);
}

static void settle_group(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    entry_list_move(&journal->writer.group.entries, &journal->settled);
    pthread_mutex_unlock(&journal->lock);
    call(journal->options.on_done, journal->options.arg);
}

static void run_group(struct journal *journal)
{
    struct writer *writer = &journal->writer;
    struct err err;

    if (writer->is_failed) {
        group_begin(&writer->group, writer->next_sequence);
        refuse_group(journal, &writer->failure);
        settle_group(journal);
        return;
    }
    bool done = build_group(journal, &err) && write_group(journal, &err);
    bool has_more = done && writer->group.bytes > 0;
    if (has_more)
        publish(journal);
    if (!done) {
        refuse_group(journal, &err);
        if (err.code == ERR_IO)
            fail_for_ever(journal, &err);
    }
    settle_group(journal);
    if (has_more)
        call(journal->options.on_durable, journal->options.arg);
}

/* ---- retention ---- */

/* One segment at a time, so that no group waits for more than one. It leaves the table first:
 * a reader must not look for a file that is going away. One that cannot be removed stays, and
 * with it all that follow: a gap would look like a loss at the next start. */
static void drop_oldest(struct journal *journal)
{
    char name[SEGMENT_NAME_SIZE];
    struct err err;

    pthread_mutex_lock(&journal->lock);
    journal->is_retention_due = table_retention_due(&journal->segments, &journal->options,
                                                    journal->released, durable_sequence(journal));
    bool is_due = journal->is_retention_due;
    struct segment oldest =
        journal->segments.count > 0 ? journal->segments.items[0] : (struct segment){0};
    if (is_due)
        table_drop_first(&journal->segments);
    pthread_mutex_unlock(&journal->lock);
    if (!is_due)
        return;

    bool dropped = spare_recycle(&journal->spares, segment_name(oldest.first_sequence, name), &err);
    pthread_mutex_lock(&journal->lock);
    if (!dropped)
        table_put_first(&journal->segments, &oldest);
    journal->is_retention_due =
        dropped && table_retention_due(&journal->segments, &journal->options, journal->released,
                                       durable_sequence(journal));
    pthread_mutex_unlock(&journal->lock);
    if (!dropped && err.code == ERR_IO)
        fail_for_ever(journal, &err);
}

/* ---- a full disk ---- */

/* Can as much be written as one delivery may take? What was written is cut off again. */
static bool try_room(struct journal *journal, struct err *err)
{
    static const uint8_t zeros[PROBE_BYTES];
    struct writer *writer = &journal->writer;
    struct iovec iov = io_piece(zeros, sizeof(zeros));
    struct err cut_err;

    if (writer->fd < 0)
        return begin_segment(journal, err);
    bool has_room = io_write_all(journal->io, writer->fd, &iov, 1, writer->end, err);
    if (!has_room && err->code == ERR_IO)
        return false;
    writer->is_filled = false;
    if (io_cut(journal->io, writer->fd, writer->end, &cut_err))
        return has_room;
    *err = cut_err;
    return false;
}

/* Nobody may be sending: whoever decides by our readiness waits for us to say that there is room.
 */
static void look_for_room(struct journal *journal)
{
    struct err err = {0};

    if (!journal->is_out_of_space) /* only this thread changes it */
        return;
    if (try_room(journal, &err)) {
        pthread_mutex_lock(&journal->lock);
        if (!journal->writer.is_filled)
            table_last(&journal->segments)->file_bytes = journal->writer.end;
        journal->is_out_of_space = false;
        pthread_mutex_unlock(&journal->lock);
    } else if (err.code == ERR_IO) {
        fail_for_ever(journal, &err);
    }
}

/* ---- the thread ---- */

bool journal_seal(struct journal *journal, struct err *err)
{
    struct writer *writer = &journal->writer;
    uint8_t seal[RECORD_HEADER_BYTES];
    struct iovec iov = {.iov_base = seal, .iov_len = sizeof(seal)};

    if (writer->is_sealed || writer->fd < 0 || writer->end == SEGMENT_DATA_OFFSET)
        return true;
    record_encode_seal(writer->next_sequence, table_last(&journal->segments)->salt, seal);
    if (!io_write_all(journal->io, writer->fd, &iov, 1, writer->end, err) ||
        !io_sync_data(journal->io, writer->fd, err))
        return false;
    writer->end += RECORD_HEADER_BYTES;
    writer->is_sealed = true;
    return true;
}

/* Holding the lock. False when it is time to look for room on a full disk. */
static bool sleep_until_woken(struct journal *journal)
{
    int64_t until_ms = clock_mono_ms(&clock_system) + LOOK_FOR_ROOM_MS;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    int rc = 0;

    journal->is_writer_asleep = true;
    if (journal->is_out_of_space && !journal->writer.is_failed)
        rc = pthread_cond_clockwait(&journal->wake, &journal->lock, CLOCK_MONOTONIC, &until);
    else
        pthread_cond_wait(&journal->wake, &journal->lock);
    journal->is_writer_asleep = false;
    return rc == 0;
}

/* False when the journal closes and nothing waits any more. */
static bool wait_for_work(struct journal *journal)
{
    bool was_woken = true;

    pthread_mutex_lock(&journal->lock);
    while (was_woken && journal->waiting.first == NULL && !journal->is_closing &&
           (!journal->is_retention_due || journal->writer.is_failed))
        was_woken = sleep_until_woken(journal);
    entry_list_move(&journal->waiting, &journal->writer.batch);
    bool has_work = journal->writer.batch.first != NULL || !journal->is_closing;
    pthread_mutex_unlock(&journal->lock);
    return has_work;
}

void *journal_writer_main(void *arg)
{
    struct journal *journal = arg;

    pthread_setname_np(pthread_self(), "journal");
    while (wait_for_work(journal)) {
        if (journal->writer.batch.first == NULL && !journal->writer.is_failed)
            look_for_room(journal);
        while (journal->writer.batch.first != NULL)
            run_group(journal);
        if (!journal->writer.is_failed)
            drop_oldest(journal);
    }
    struct err err; /* nobody waits for the seal: all entries are settled */
    if (!journal->writer.is_failed && !journal_seal(journal, &err) && err.code == ERR_IO)
        fail_for_ever(journal, &err);
    return NULL;
}
