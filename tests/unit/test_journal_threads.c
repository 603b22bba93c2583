/* All threads at once: one submits and collects, one handles and releases, others read along. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "support/journal_rig.h"
#include "support/test.h"

#define RECORDS     12000
#define WINDOW      64
#define SEGMENT     (256 * 1024)
#define WAIT_SECOND 60

struct shared {
    struct journal_rig rig;
    sem_t durable;
    atomic_bool is_over;
};

static void on_durable(void *arg)
{
    struct shared *shared = arg;
    sem_post(&shared->durable);
}

static void on_done(void *arg)
{
    struct shared *shared = arg;
    sem_post(&shared->rig.settled);
}

static void wait_for(sem_t *semaphore)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_SECOND;
    while (sem_timedwait(semaphore, &deadline) != 0)
        if (errno != EINTR)
            abort();
}

/* As the engine does: everything once, in order, and never told that something is gone. */
static void *handle(void *arg)
{
    struct shared *shared = arg;
    struct journal_reader *reader = journal_reader_new(shared->rig.journal);
    struct journal_record record;
    struct journal_lost lost;
    struct err err;

    journal_reader_seek(reader, 1);
    for (uint64_t next = 1; next <= RECORDS;) {
        enum journal_read got = journal_reader_next(reader, &record, &lost, &err);
        if (got == JOURNAL_READ_END) {
            wait_for(&shared->durable);
            continue;
        }
        if (got != JOURNAL_READ_RECORD || rig_key(&record) != next)
            abort();
        journal_release(shared->rig.journal, next++);
    }
    journal_reader_free(reader);
    return NULL;
}

/* Anywhere, at any time: gone is an answer, damage is not. */
static void *browse(void *arg)
{
    struct shared *shared = arg;
    struct journal_reader *reader = journal_reader_new(shared->rig.journal);
    struct journal_record record;
    struct journal_lost lost;
    struct err err;

    for (uint64_t round = 1; !atomic_load(&shared->is_over); round++) {
        uint64_t durable = journal_durable_sequence(shared->rig.journal);
        journal_reader_seek(reader, round * 7919 % (durable + 1));
        for (int i = 0; i < 40; i++) {
            enum journal_read got = journal_reader_next(reader, &record, &lost, &err);
            if (got == JOURNAL_READ_DAMAGED || got == JOURNAL_READ_ERROR)
                abort();
            if (got == JOURNAL_READ_RECORD && rig_key(&record) != record.sequence)
                abort();
        }
        struct journal_stats stats;
        journal_stats(shared->rig.journal, &stats);
    }
    journal_reader_free(reader);
    return NULL;
}

static uint64_t collect(struct shared *shared)
{
    uint64_t collected = 0;
    struct journal_entry *entry = journal_collect(shared->rig.journal);

    while (entry != NULL) {
        struct journal_entry *next = entry->next;
        assert_true(entry->durable);
        assert_true(entry->record.sequence <= journal_durable_sequence(shared->rig.journal));
        rig_entry_free((struct rig_entry *)entry);
        entry = next;
        collected++;
    }
    return collected;
}

static void submit_all(struct shared *shared)
{
    uint64_t submitted = 0;
    uint64_t collected = 0;

    while (collected < RECORDS) {
        while (submitted < RECORDS && submitted - collected < WINDOW) {
            submitted++;
            size_t body_bytes = submitted % 500 == 0 ? 70000 : submitted * 37 % 3000;
            journal_submit(shared->rig.journal, &rig_entry_new(submitted, body_bytes)->entry);
        }
        wait_for(&shared->rig.settled);
        collected += collect(shared);
    }
}

static void test_submitting_reading_and_retention_go_on_at_once(void **state)
{
    struct shared shared = {.is_over = false};
    struct journal_stats stats;
    pthread_t handler;
    pthread_t browsers[2];

    (void)state;
    rig_init(&shared.rig);
    sem_init(&shared.durable, 0, 0);
    shared.rig.options.segment_bytes = SEGMENT;
    shared.rig.options.keep_bytes = (int64_t)4 * SEGMENT;
    shared.rig.options.on_durable = on_durable;
    shared.rig.options.on_done = on_done;
    shared.rig.options.arg = &shared;
    shared.rig.setup.fills_ahead = true;
    rig_open(&shared.rig);
    assert_int_equal(pthread_create(&handler, NULL, handle, &shared), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&browsers[i], NULL, browse, &shared), 0);
    submit_all(&shared);
    pthread_join(handler, NULL);
    atomic_store(&shared.is_over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(browsers[i], NULL);
    journal_stats(shared.rig.journal, &stats);
    assert_int_equal(stats.durable_sequence, RECORDS);
    assert_int_equal(stats.backlog_bytes, 0);
    assert_true(stats.first_sequence > RECORDS / 2);
    assert_true(stats.disk_bytes < (int64_t)12 * SEGMENT);
    rig_done(&shared.rig);
    sem_destroy(&shared.durable);
}

static void test_closing_settles_what_was_submitted(void **state)
{
    struct journal_rig rig;
    struct rig_entry *entries[100];

    (void)state;
    rig_init(&rig);
    rig_open(&rig);
    for (uint64_t i = 0; i < 100; i++) {
        entries[i] = rig_entry_new(i + 1, 300);
        journal_submit(rig.journal, &entries[i]->entry);
    }
    rig_close(&rig);
    for (size_t i = 0; i < 100; i++) {
        assert_true(entries[i]->entry.durable);
        rig_entry_free(entries[i]);
    }
    rig_open(&rig);
    assert_int_equal(rig_read_all(&rig, 1), 101);
    rig_done(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submitting_reading_and_retention_go_on_at_once),
        cmocka_unit_test(test_closing_settles_what_was_submitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
