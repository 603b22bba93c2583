/*
 * What an append costs, and how long a start takes.
 *
 * bench_journal FOLDER [RECORDS] [WINDOW] [BODY_BYTES]: keeps WINDOW appends waiting until RECORDS
 * are durable, reads them all back, opens the journal again. Prints CPU per record of the writer
 * thread alone and of the process; on a shared machine these hold, rates do not.
 */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../../src/journal/journal_int.h"

#define WINDOW_MAX 4096

struct bench {
    struct journal *journal;
    sem_t settled;
    struct journal_entry entries[WINDOW_MAX];
};

static void on_done(void *arg)
{
    struct bench *bench = arg;
    sem_post(&bench->settled);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double writer_cpu(struct journal *journal)
{
    clockid_t clock;
    return pthread_getcpuclockid(journal->thread, &clock) == 0 ? seconds(clock) : 0;
}

static void must(bool done, const struct err *err)
{
    if (done)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(EXIT_FAILURE);
}

static void append_all(struct bench *bench, uint64_t records, uint64_t window)
{
    uint64_t submitted = 0;
    uint64_t collected = 0;

    for (; submitted < window && submitted < records; submitted++)
        journal_submit(bench->journal, &bench->entries[submitted]);
    while (collected < records) {
        while (sem_wait(&bench->settled) != 0)
            continue;
        struct journal_entry *entry = journal_collect(bench->journal);
        while (entry != NULL) {
            struct journal_entry *next = entry->next;
            must(entry->durable, &entry->err);
            collected++;
            if (submitted++ < records)
                journal_submit(bench->journal, entry);
            entry = next;
        }
    }
}

static uint64_t read_all(struct bench *bench)
{
    struct journal_reader *reader = journal_reader_new(bench->journal);
    struct journal_record record;
    struct journal_lost lost;
    struct err err;
    uint64_t count = 0;

    while (journal_reader_next(reader, &record, &lost, &err) == JOURNAL_READ_RECORD)
        count++;
    journal_reader_free(reader);
    return count;
}

static void fill_entries(struct bench *bench, const void *body, size_t body_bytes)
{
    for (size_t i = 0; i < WINDOW_MAX; i++) {
        struct journal_record *record = &bench->entries[i].record;
        record->received_ms = 1700000000000;
        snprintf(record->event, sizeof(record->event), "push");
        snprintf(record->guid, sizeof(record->guid), "72d3162e-cc78-11e3-81ab-%012zu", i);
        record->body = body;
        record->body_bytes = body_bytes;
        record->body_bytes_received = body_bytes;
    }
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise)
{
    return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    uint64_t records = argument(argc, argv, 2, 100000);
    uint64_t window = argument(argc, argv, 3, 64);
    size_t body_bytes = argument(argc, argv, 4, 7678);
    struct journal_options options = {.dir = argc > 1 ? argv[1] : "bench-journal",
                                      .segment_bytes = 64 << 20,
                                      .on_done = on_done,
                                      .arg = &bench};
    struct err err;
    char *body = malloc(body_bytes + 1);

    if (body == NULL || window > WINDOW_MAX)
        return EXIT_FAILURE;
    memset(body, 'x', body_bytes);
    fill_entries(&bench, body, body_bytes);
    sem_init(&bench.settled, 0, 0);
    must(journal_open(&options, &bench.journal, &err), &err);
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    append_all(&bench, records, window);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    double writer = writer_cpu(bench.journal);
    struct journal_stats stats;
    journal_stats(bench.journal, &stats);
    double count = (double)records;
    printf(
        "append  %.0f/s, %.2f us CPU a record in the writer, %.2f in the process, %.1f a group\n",
        count / wall, writer / count * 1e6, cpu / count * 1e6, count / (double)stats.groups_total);

    double read = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t found = read_all(&bench);
    read = seconds(CLOCK_PROCESS_CPUTIME_ID) - read;
    printf("read    %" PRIu64 " records, %.2f us CPU a record\n", found,
           read / (double)found * 1e6);
    journal_close(bench.journal);
    double start = seconds(CLOCK_MONOTONIC);
    must(journal_open(&options, &bench.journal, &err), &err);
    start = seconds(CLOCK_MONOTONIC) - start;
    printf("start   %.1f ms with %" PRIu64 " records, %" PRId64 " MiB\n", start * 1e3,
           journal_durable_sequence(bench.journal), stats.disk_bytes >> 20);
    journal_close(bench.journal);
    free(body);
    return EXIT_SUCCESS;
}
