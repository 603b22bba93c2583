/* The journal as its users see it: opening, queues, what can be asked of it. */
#include "journal/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "group_int.h"
#include "journal_int.h"

#define LOCK_NAME "lock"

static bool open_dir(struct journal *journal, struct err *err)
{
    char parent[PATH_MAX];

    if (snprintf(parent, sizeof(parent), "%s/..", journal->dir) >= (int)sizeof(parent))
        return err_set(err, ERR_LIMIT, "path too long: %s", journal->dir);
    if (!file_make_dirs(journal->dir, 0700, err) || !file_sync_dir(parent, err))
        return false;
    journal->dir_fd = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->dir_fd < 0)
        return err_errno(err, errno, "open folder %s", journal->dir);
    return true;
}

static bool lock_dir(struct journal *journal, struct err *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/" LOCK_NAME, journal->dir) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, "path too long: %s", journal->dir);
    if (file_lock(path, STATE_LOCK_WAIT_MS, &journal->lock_fd, err))
        return true;
    if (err->code == ERR_CONFLICT)
        return err_set(err, ERR_CONFLICT, "another envflow works on %s", journal->dir);
    return false;
}

static bool start_threads(struct journal *journal, struct err *err)
{
    if (journal->fills_ahead && !spare_pool_start(&journal->spares, err))
        return false;
    int failed = pthread_create(&journal->thread, NULL, journal_writer_main, journal);
    if (failed != 0)
        return err_errno(err, failed, "start the thread that writes the journal");
    return true;
}

static bool open_all(struct journal *journal, struct err *err)
{
    if (!open_dir(journal, err) || !lock_dir(journal, err))
        return false;
    journal->spares.dir_fd = journal->dir_fd;
    if (!journal_recover(journal, err))
        return false;
    atomic_store(&journal->durable, journal->writer.next_sequence - 1);
    return start_threads(journal, err);
}

static struct journal *journal_new(const struct journal_options *options,
                                   const struct journal_setup *setup)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    assert(journal != NULL);
    journal->options = *options;
    journal->dir = strdup(options->dir);
    assert(journal->dir != NULL);
    journal->options.dir = journal->dir;
    journal->io = setup->io;
    journal->fills_ahead = setup->fills_ahead;
    journal->dir_fd = -1;
    journal->lock_fd = -1;
    journal->writer.fd = -1;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->wake, NULL);
    spare_pool_init(&journal->spares, setup->io, -1, options->segment_bytes);
    group_init(&journal->writer.group);
    return journal;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void journal_destroy(struct journal *journal)
{
    spare_pool_done(&journal->spares);
    group_done(&journal->writer.group);
    free(journal->segments.items);
    close_fd(journal->writer.fd);
    close_fd(journal->lock_fd);
    close_fd(journal->dir_fd);
    pthread_cond_destroy(&journal->wake);
    pthread_mutex_destroy(&journal->lock);
    free(journal->dir);
    free(journal);
}

bool journal_open_with(const struct journal_options *options, const struct journal_setup *setup,
                       struct journal **ret_journal, struct err *err)
{
    struct journal *journal = journal_new(options, setup);

    assert(options->segment_bytes > SEGMENT_DATA_OFFSET);
    if (!open_all(journal, err)) {
        err_wrap(err, "open journal");
        journal_destroy(journal);
        return false;
    }
    *ret_journal = journal;
    return true;
}

bool journal_open(const struct journal_options *options, struct journal **ret_journal,
                  struct err *err)
{
    static const struct journal_setup setup = {.io = &journal_io_system, .fills_ahead = true};

    return journal_open_with(options, &setup, ret_journal, err);
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    pthread_mutex_lock(&journal->lock);
    journal->is_closing = true;
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    journal_destroy(journal);
}

void journal_submit(struct journal *journal, struct journal_entry *entry)
{
    entry->durable = false;
    entry->err.code = ERR_OK;
    pthread_mutex_lock(&journal->lock);
    entry_list_push(&journal->waiting, entry);
    bool is_asleep = journal->is_writer_asleep;
    pthread_mutex_unlock(&journal->lock);
    if (is_asleep)
        pthread_cond_signal(&journal->wake);
}

struct journal_entry *journal_collect(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    struct journal_entry *first = journal->settled.first;
    journal->settled = (struct entry_list){0};
    pthread_mutex_unlock(&journal->lock);
    return first;
}

void journal_release(struct journal *journal, uint64_t sequence)
{
    pthread_mutex_lock(&journal->lock);
    if (sequence > journal->released)
        journal->released = sequence;
    journal->is_retention_due = table_retention_due(
        &journal->segments, &journal->options, journal->released, atomic_load(&journal->durable));
    bool must_wake = journal->is_retention_due && journal->is_writer_asleep;
    pthread_mutex_unlock(&journal->lock);
    if (must_wake)
        pthread_cond_signal(&journal->wake);
}

uint64_t journal_durable_sequence(const struct journal *journal)
{
    return atomic_load_explicit(&journal->durable, memory_order_acquire);
}

void journal_stats(struct journal *journal, struct journal_stats *ret_stats)
{
    const struct segment_table *table = &journal->segments;
    struct journal_stats stats = {.disk_bytes = spare_disk_bytes(&journal->spares)};

    pthread_mutex_lock(&journal->lock);
    stats.durable_sequence = atomic_load(&journal->durable);
    stats.first_sequence = table->count > 0 ? table->items[0].first_sequence : 1;
    stats.released_sequence = journal->released;
    stats.groups_total = journal->groups_total;
    for (size_t i = 0; i < table->count; i++)
        stats.disk_bytes += table->items[i].file_bytes;
    stats.backlog_bytes = table_backlog_bytes(table, journal->released, stats.durable_sequence);
    stats.out_of_space = journal->is_out_of_space;
    stats.tail_cut_bytes = journal->tail_cut_bytes;
    pthread_mutex_unlock(&journal->lock);
    *ret_stats = stats;
}
