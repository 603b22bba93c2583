#include "support/journal_rig.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

#define WAIT_SECONDS 60

static void on_done(void *arg)
{
    struct journal_rig *rig = arg;
    sem_post(&rig->settled);
}

static void on_durable(void *arg)
{
    struct journal_rig *rig = arg;
    atomic_fetch_add(&rig->durables, 1);
}

static void on_fatal(const struct err *err, void *arg)
{
    struct journal_rig *rig = arg;
    (void)err;
    atomic_fetch_add(&rig->fatals, 1);
}

void rig_init(struct journal_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    tmpdir_make(&rig->dir);
    faulty_io_init(&rig->faulty);
    sem_init(&rig->settled, 0, 0);
    rig->setup = (struct journal_setup){.io = &rig->faulty.io};
    rig->options = (struct journal_options){
        .dir = rig->dir.path,
        .segment_bytes = RIG_SEGMENT_BYTES,
        .on_done = on_done,
        .on_durable = on_durable,
        .on_fatal = on_fatal,
        .arg = rig,
    };
}

void rig_open(struct journal_rig *rig)
{
    struct err err;

    if (!journal_open_with(&rig->options, &rig->setup, &rig->journal, &err))
        fail_msg("%s", err.text);
}

void rig_close(struct journal_rig *rig)
{
    journal_close(rig->journal);
    rig->journal = NULL;
}

void rig_done(struct journal_rig *rig)
{
    journal_close(rig->journal);
    sem_destroy(&rig->settled);
    tmpdir_remove(&rig->dir);
}

/* ---- deliveries ---- */

static unsigned char body_byte(uint64_t key, size_t i)
{
    return (unsigned char)(key * 131 + i * 7 + (i >> 8));
}

struct rig_entry *rig_entry_new(uint64_t key, size_t body_bytes)
{
    struct rig_entry *entry = calloc(1, sizeof(*entry));
    struct journal_record *record = &entry->entry.record;

    entry->key = key;
    entry->body = malloc(body_bytes + 1);
    for (size_t i = 0; i < body_bytes; i++)
        entry->body[i] = body_byte(key, i);
    record->received_ms = (int64_t)key * 1000;
    memset(record->mac, (int)(key & 0xff), sizeof(record->mac));
    snprintf(record->event, sizeof(record->event), "%s", key % 3 == 0 ? "pull_request" : "push");
    snprintf(record->guid, sizeof(record->guid), "%036" PRIu64, key);
    snprintf(record->hook_id, sizeof(record->hook_id), "%" PRIu64, key + 7);
    snprintf(record->target_type, sizeof(record->target_type), "repository");
    snprintf(record->target_id, sizeof(record->target_id), "%" PRIu64, key * 3);
    record->body = entry->body;
    record->body_bytes = body_bytes;
    record->body_bytes_received = body_bytes;
    return entry;
}

void rig_entry_free(struct rig_entry *entry)
{
    free(entry->body);
    free(entry);
}

uint64_t rig_key(const struct journal_record *record)
{
    uint64_t key = strtoull(record->guid, NULL, 10);
    struct rig_entry *wanted = rig_entry_new(key, record->body_bytes_received);
    const struct journal_record *other = &wanted->entry.record;
    bool same = record->received_ms == other->received_ms &&
                memcmp(record->mac, other->mac, sizeof(other->mac)) == 0 &&
                strcmp(record->event, other->event) == 0 &&
                strcmp(record->guid, other->guid) == 0 &&
                strcmp(record->hook_id, other->hook_id) == 0 &&
                strcmp(record->target_type, other->target_type) == 0 &&
                strcmp(record->target_id, other->target_id) == 0;
    if ((record->flags & JOURNAL_BODY_DROPPED) != 0)
        same = same && record->body_bytes == 0;
    else
        same = same && record->body_bytes == other->body_bytes &&
               memcmp(record->body, other->body, other->body_bytes) == 0;
    rig_entry_free(wanted);
    return same ? key : 0;
}

/* ---- appending ---- */

static void wait_settled(struct journal_rig *rig)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_SECONDS;
    while (sem_timedwait(&rig->settled, &deadline) != 0)
        if (errno != EINTR)
            fail_msg("nothing settled in %d seconds", WAIT_SECONDS);
}

void rig_append_group(struct journal_rig *rig, struct rig_entry **entries, size_t count)
{
    struct journal *journal = rig->journal;
    size_t collected = 0;

    /* As journal_submit does, but under one lock: the writer sees all or none. */
    pthread_mutex_lock(&journal->lock);
    for (size_t i = 0; i < count; i++) {
        entries[i]->entry.durable = false;
        entries[i]->entry.err.code = ERR_OK;
        entry_list_push(&journal->waiting, &entries[i]->entry);
    }
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->lock);
    while (collected < count) {
        wait_settled(rig);
        for (struct journal_entry *at = journal_collect(journal); at != NULL; at = at->next)
            assert_ptr_equal(at, &entries[collected++]->entry);
    }
}

void rig_append(struct journal_rig *rig, uint64_t first_key, size_t count, size_t body_bytes)
{
    struct rig_entry **entries = calloc(count, sizeof(struct rig_entry *));

    for (size_t i = 0; i < count; i++)
        entries[i] = rig_entry_new(first_key + i, body_bytes);
    rig_append_group(rig, entries, count);
    for (size_t i = 0; i < count; i++) {
        if (!entries[i]->entry.durable)
            fail_msg("%s", entries[i]->entry.err.text);
        rig_entry_free(entries[i]);
    }
    free(entries);
}

enum err_code rig_try(struct journal_rig *rig, uint64_t key, size_t body_bytes)
{
    struct rig_entry *entry = rig_entry_new(key, body_bytes);

    rig_append_group(rig, &entry, 1);
    enum err_code code = entry->entry.durable ? ERR_OK : entry->entry.err.code;
    rig_entry_free(entry);
    return code;
}

uint64_t rig_read_all(struct journal_rig *rig, uint64_t first)
{
    struct journal_reader *reader = journal_reader_new(rig->journal);
    struct journal_record record;
    struct journal_lost lost;
    struct err err;
    uint64_t next = first;

    journal_reader_seek(reader, first);
    for (;;) {
        enum journal_read got = journal_reader_next(reader, &record, &lost, &err);
        if (got == JOURNAL_READ_END)
            break;
        assert_int_equal(got, JOURNAL_READ_RECORD);
        assert_int_equal(record.sequence, next);
        assert_int_equal(rig_key(&record), next);
        next++;
    }
    journal_reader_free(reader);
    return next;
}

/* ---- files ---- */

const char *rig_segment_path(const struct journal_rig *rig, uint64_t first, char path[512])
{
    char name[SEGMENT_NAME_SIZE];

    snprintf(path, 512, "%s/%s", rig->dir.path, segment_name(first, name));
    return path;
}

unsigned char *rig_file_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    struct stat stat;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &stat), 0);
    unsigned char *bytes = malloc((size_t)stat.st_size + 1);
    *ret_len = fread(bytes, 1, (size_t)stat.st_size, file);
    fclose(file);
    return bytes;
}

void rig_file_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}
