/*
 * Files that wait to become segments: filled with zeros by a thread of their own, or left
 * over by retention. Rewriting blocks that exist makes a flush about half as dear as growing
 * a file does, and the filling happens where nobody waits for it.
 */
#ifndef JOURNAL_SPARE_INT_H
#define JOURNAL_SPARE_INT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io_int.h"
#include "segment_int.h"

#define SPARES_MAX 2

struct spare {
    int fd;
    int64_t bytes;
    char name[SEGMENT_NAME_SIZE];
};

struct spare_pool {
    const struct journal_io *io; /* borrowed */
    int dir_fd;                  /* borrowed */
    int64_t file_bytes;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    struct spare ready[SPARES_MAX];
    int ready_count;
    uint64_t next_number;
    bool is_wanted; /* a spare is to be made */
    bool is_closing;
    bool has_thread;
    pthread_t thread;
};

/* The files a former run left are offered with spare_pool_adopt before spare_pool_start. */
void spare_pool_init(struct spare_pool *pool, const struct journal_io *io, int dir_fd,
                     int64_t file_bytes);
void spare_pool_adopt(struct spare_pool *pool, const char *name);
MUST_CHECK bool spare_pool_start(struct spare_pool *pool, struct err *err);
void spare_pool_done(struct spare_pool *pool); /* ends the thread, closes, keeps the files */

bool spare_name_is(const char *name);

bool spare_is_ready(struct spare_pool *pool);
int64_t spare_disk_bytes(struct spare_pool *pool);

/* A filled file if there is one, else a new empty one; a next one is made in the background.
 * Ownership: fd and file are the caller's.
 * Errors: ERR_IO, ERR_NO_SPACE, ERR_LIMIT (out of file descriptors). */
MUST_CHECK bool spare_take(struct spare_pool *pool, struct spare *ret_spare, struct err *err);

/* Close and delete one that was taken and came to nothing. */
void spare_discard(struct spare_pool *pool, struct spare *spare);

/* Retention is done with this file: keep it as a spare or delete it.
 * Errors: ERR_CONFLICT (the file cannot be removed and stays), ERR_IO. */
MUST_CHECK bool spare_recycle(struct spare_pool *pool, const char *name, struct err *err);

#endif
