/*
 * A journal in a folder of its own, and deliveries whose content follows from a number, so that
 * what is read back can be judged without keeping what was written.
 */
#ifndef TESTS_JOURNAL_RIG_H
#define TESTS_JOURNAL_RIG_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/journal/journal_int.h"
#include "support/faulty_io.h"
#include "support/tmpdir.h"

#define RIG_SEGMENT_BYTES (INT64_C(64) * 1024)

/* Exhaustive loops take every n-th case where a sanitizer makes each ten times as dear. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RIG_STRIDE 7
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RIG_STRIDE 7
#endif
#endif
#ifndef RIG_STRIDE
#define RIG_STRIDE 1
#endif

struct journal_rig {
    struct tmpdir dir;
    struct faulty_io faulty;
    struct journal_options options;
    struct journal_setup setup;
    struct journal *journal;
    sem_t settled;
    atomic_int fatals;
    atomic_int durables;
};

/* Folder in memory where the system has one: flushes cost nothing there. Nothing is open yet. */
void rig_init(struct journal_rig *rig);
void rig_open(struct journal_rig *rig); /* fails the test when it cannot */
void rig_close(struct journal_rig *rig);
void rig_done(struct journal_rig *rig);

struct rig_entry {
    struct journal_entry entry; /* first: the journal hands it back */
    uint64_t key;
    unsigned char *body; /* owned */
};

/* Delivery number `key` with a body of so many bytes. */
struct rig_entry *rig_entry_new(uint64_t key, size_t body_bytes);
void rig_entry_free(struct rig_entry *entry);

/* Submit entries so that the writer finds all of them at once, and wait until all are settled.
 * Collected, in the order of submission; still the caller's. */
void rig_append_group(struct journal_rig *rig, struct rig_entry **entries, size_t count);

/* One group of `count` deliveries numbered from first_key; fails the test unless durable. */
void rig_append(struct journal_rig *rig, uint64_t first_key, size_t count, size_t body_bytes);

/* One delivery; what became of it. */
enum err_code rig_try(struct journal_rig *rig, uint64_t key, size_t body_bytes);

/* The number a record was made from, checked against all its content; 0 when it is not one. */
uint64_t rig_key(const struct journal_record *record);

/* Read from `first` to the end: fails the test unless these are records whose numbers are their
 * sequences, and nothing is lost. Returns the next sequence. */
uint64_t rig_read_all(struct journal_rig *rig, uint64_t first);

/* Path of the segment that starts with a sequence. */
const char *rig_segment_path(const struct journal_rig *rig, uint64_t first, char path[512]);

/* Whole files. */
unsigned char *rig_file_read(const char *path, size_t *ret_len); /* to be freed */
void rig_file_write(const char *path, const void *bytes, size_t len);

#endif
