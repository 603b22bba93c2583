/*
 * What the parts of the journal share: the table of segments, the queues, and the writer.
 *
 * `lock` guards what stands under it and is only ever held for a few instructions, never over a
 * system call. The writer thread alone changes the table of segments; it reads it without lock.
 */
#ifndef JOURNAL_JOURNAL_INT_H
#define JOURNAL_JOURNAL_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "io_int.h"
#include "journal/journal.h"
#include "segment_int.h"
#include "spare_int.h"

/* How tests open a journal; journal_open gives the system's calls and fills ahead. */
struct journal_setup {
    const struct journal_io *io;
    bool fills_ahead;
};

MUST_CHECK bool journal_open_with(const struct journal_options *options,
                                  const struct journal_setup *setup, struct journal **ret_journal,
                                  struct err *err);

struct segment {
    uint64_t first_sequence;
    uint64_t salt;
    int64_t newest_ms;  /* of all records up to its end; of a later one when it is closed */
    int64_t file_bytes; /* on disk */
    int64_t end;        /* behind the last durable record; for older ones the file's end */
    bool is_headless;   /* both copies of the header are damaged: nothing in it can be read */
};

/* Oldest first. The last one is written to; a segment ends where the next begins. */
struct segment_table {
    struct segment *items; /* owned */
    size_t count, cap;
};

void table_push(struct segment_table *table, const struct segment *segment);
void table_drop_first(struct segment_table *table);
void table_put_first(struct segment_table *table, const struct segment *segment);
struct segment *table_last(struct segment_table *table); /* NULL when empty */

/* Index of the segment that holds a sequence which is not older than the oldest kept; the table
 * is not empty. */
size_t table_find_segment(const struct segment_table *table, uint64_t sequence);

/* Last sequence of segment i, where `durable` is that of the journal. */
uint64_t table_last_sequence(const struct segment_table *table, size_t i, uint64_t durable);

/* Bytes appended behind `released`; where that lies inside a segment, in proportion. */
int64_t table_backlog_bytes(const struct segment_table *table, uint64_t released, uint64_t durable);

/* True when the oldest segment is handled and too old, or the handled ones are too large. */
bool table_retention_due(const struct segment_table *table, const struct journal_options *options,
                         uint64_t released, uint64_t durable);

struct entry_list {
    struct journal_entry *first, *last;
};

void entry_list_push(struct entry_list *list, struct journal_entry *entry);
void entry_list_move(struct entry_list *from, struct entry_list *to); /* all, to the end */
struct journal_entry *entry_list_pop(struct entry_list *list);

#define GROUP_IOV_MAX 256

/* What one write and one flush make durable. */
struct group {
    uint8_t *stage; /* owned: headers, texts and small bodies */
    size_t staged;
    struct iovec iov[GROUP_IOV_MAX];
    int iov_count;
    int64_t bytes;
    uint64_t first_sequence;
    uint64_t next_sequence;
    int64_t newest_ms;
    struct entry_list entries; /* the refused ones too */
};

/* The writer thread's own. */
struct writer {
    int fd; /* of the last segment; -1 when the next record needs a new one */
    bool is_filled;
    int64_t end;
    uint64_t next_sequence;
    int64_t newest_ms; /* INT64_MIN before the first record */
    bool is_sealed;    /* nothing was written behind the last seal */
    bool is_failed;    /* for ever */
    struct err failure;
    struct entry_list batch;
    struct group group;
};

struct journal {
    struct journal_options options;
    char *dir; /* owned */
    const struct journal_io *io;
    bool fills_ahead;
    int dir_fd;
    int lock_fd;
    struct spare_pool spares;
    struct writer writer;
    pthread_t thread;
    _Atomic uint64_t durable;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_writer_asleep;
    bool is_closing;
    bool is_retention_due;
    struct entry_list waiting;
    struct entry_list settled;
    struct segment_table segments;
    uint64_t released;
    uint64_t groups_total;
    int64_t tail_cut_bytes;
    bool is_out_of_space;
};

/* Reads the folder, fills table and writer state. Alone, before the threads start. */
MUST_CHECK bool journal_recover(struct journal *journal, struct err *err);

/* Put a seal behind the last record unless there is one: it says that all before it is durable,
 * which the caller knows. Errors: ERR_NO_SPACE, then there is just none; ERR_IO, final as ever. */
MUST_CHECK bool journal_seal(struct journal *journal, struct err *err);

void *journal_writer_main(void *arg); /* the journal */

#endif
