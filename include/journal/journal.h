/*
 * The append-only log of verified deliveries: what GitHub was told 202 for is in here.
 *
 * One writer thread takes whatever entries wait, writes them with one pwritev and makes
 * them durable with one fdatasync, so that the flush is shared by all who wait. Files are
 * filled with zeros ahead and recycled, which halves the cost of that flush. The format
 * is specified in the opening comment of src/journal/segment.c.
 *
 * Promises: an entry is reported durable only after fdatasync returned 0. A torn, short
 * or flipped tail of writes that were never reported is recognised at the next start and
 * cut. Damage to what had been durable is reported with its position, never skipped
 * silently. What an earlier run never got to report may still be found, up to any point of
 * its last group, and is then as durable as the rest. An fsync error is final: the journal calls
 * on_fatal and takes nothing more, because after one the kernel may have dropped pages it will not
 * report again.
 *
 * Threads: journal_submit and journal_collect belong to one thread (the ingest loop);
 * journal_release to the engine; readers are one per thread.
 * Units: sequences count from 1 and are never used twice once durable. Gaps are reported as
 * damage: where the last segment's header is lost, as many as the file could have held.
 * Time is the newest received_ms: retention reads no clock.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/limits.h"

#define JOURNAL_MAC_BYTES 32

enum journal_flag {
    JOURNAL_BODY_DROPPED = 1, /* an event nobody acts on: head kept, body not */
    JOURNAL_FORM_BODY = 2     /* body is application/x-www-form-urlencoded */
};

/* One verified delivery. Text is NUL-terminated and "" where GitHub sent none. */
struct journal_record {
    uint64_t sequence;
    int64_t received_ms;
    uint32_t flags;
    uint8_t mac[JOURNAL_MAC_BYTES]; /* HMAC-SHA256 that matched */
    char event[EVENT_NAME_MAX];
    char guid[GUID_MAX];
    char hook_id[ID_TEXT_MAX];
    char target_type[ID_TEXT_MAX];
    char target_id[ID_TEXT_MAX];
    const void *body; /* raw, as signed; borrowed */
    size_t body_bytes;
    size_t body_bytes_received; /* also when the body was dropped */
};

/* One waiting append. Embed it; memory and body stay the caller's, unchanged until collected. */
struct journal_entry {
    struct journal_record record; /* sequence is filled in */
    bool durable;                 /* after collection: true, or see err */
    struct err err; /* ERR_NO_SPACE, ERR_NOMEM (try later); ERR_LIMIT (backlog full, no file
                     * descriptor, body over 64 MiB); ERR_IO (final) */
    struct journal_entry *next; /* the journal's */
};

struct journal_options {
    const char *dir;           /* created when missing, mode 0700 */
    int64_t segment_bytes;     /* a larger record gets a segment of its own size */
    int64_t keep_ms;           /* retention by age of handled segments; 0 keeps */
    int64_t keep_bytes;        /* retention by size of handled segments; 0 keeps */
    int64_t backlog_bytes_max; /* unhandled bytes beyond which appends get ERR_LIMIT; 0: none */
    /* Any of these may be NULL. */
    void (*on_done)(void *arg);    /* writer thread: entries wait to be collected; must not block */
    void (*on_durable)(void *arg); /* writer thread: readers will find more; must not block */
    void (*on_fatal)(const struct err *err, void *arg); /* writer thread: stop the process */
    void *arg;
};

struct journal_stats {
    uint64_t first_sequence;   /* oldest kept */
    uint64_t durable_sequence; /* newest durable; 0 for none */
    uint64_t released_sequence;
    uint64_t groups_total; /* flushes */
    int64_t disk_bytes;
    int64_t backlog_bytes;  /* appended and not yet released; inside a segment in proportion */
    bool out_of_space;      /* the last attempt, looked at again and again, found the disk full */
    int64_t tail_cut_bytes; /* what the start threw away of writes never reported, at least */
};

struct journal;

/* Recover what is there and start the writer thread.
 * Errors: ERR_IO, ERR_CORRUPT (a segment file is missing in the middle, or of another version),
 * ERR_CONFLICT (another process has it open), ERR_NO_SPACE, ERR_NOMEM. Damage inside a segment is
 * no error here: the reader reports it. */
MUST_CHECK bool journal_open(const struct journal_options *options, struct journal **ret_journal,
                             struct err *err);
/* Finishes what was submitted, calling back as ever; then no entry is the journal's any more, and
 * those not collected carry their outcome. Accepts NULL. Readers must be freed before. */
void journal_close(struct journal *journal);

/* Queue for the next group. Never blocks, never fails; the outcome comes with the entry. */
void journal_submit(struct journal *journal, struct journal_entry *entry);

/* All entries settled since the last call, oldest first, linked by next; NULL for none. */
struct journal_entry *journal_collect(struct journal *journal);

/* Everything up to and including sequence is handled and may be dropped by retention. */
void journal_release(struct journal *journal, uint64_t sequence);

uint64_t journal_durable_sequence(const struct journal *journal);             /* any thread */
void journal_stats(struct journal *journal, struct journal_stats *ret_stats); /* any thread */

/* ---- reading ---- */

enum journal_read {
    JOURNAL_READ_RECORD,
    JOURNAL_READ_END,     /* nothing more is durable yet; call again later */
    JOURNAL_READ_DAMAGED, /* *err has file and offset; damaged range is set; reading goes on behind
                             it */
    JOURNAL_READ_GONE,    /* retention dropped it; the range is set, reading goes on behind it */
    JOURNAL_READ_ERROR    /* ERR_IO, ERR_NOMEM */
};

struct journal_reader;

/* Reads of `journal` while it is open; it may be used from a thread of its own. */
struct journal_reader *journal_reader_new(struct journal *journal);
void journal_reader_free(struct journal_reader *reader);

/* The next record is the one with this sequence; 0 for the oldest kept, as a new reader starts. */
void journal_reader_seek(struct journal_reader *reader, uint64_t sequence);

/* ret_record's body is borrowed until the next call. On DAMAGED and GONE the sequences of *ret_lost
 * will not come; on DAMAGED and ERROR *err says where and why. */
struct journal_lost {
    uint64_t first_sequence, last_sequence;
};
enum journal_read journal_reader_next(struct journal_reader *reader,
                                      struct journal_record *ret_record,
                                      struct journal_lost *ret_lost, struct err *err);

#endif
