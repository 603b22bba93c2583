/* The journal's system calls, some of which fail when a test says so. */
#ifndef TESTS_FAULTY_IO_H
#define TESTS_FAULTY_IO_H

#include <pthread.h>
#include <stdint.h>

#include "../../src/journal/io_int.h"

/* Set before the journal opens, or while its writer has nothing to do. */
struct faulty_io {
    struct journal_io io; /* hand out &faulty.io */
    int64_t space_left;   /* bytes until ENOSPC, after a short write; -1: no end */
    int64_t write_max;    /* bytes a single write takes; 0: all */
    int write_errno;      /* of the next writes of at least write_errno_bytes; 0: none */
    size_t write_errno_bytes;
    int create_errno;
    int read_errno;
    int fdatasync_errno;
    int fsync_errno;
    int writes, flushes; /* so far */
    /* Before a write and before a flush reach the system; may be NULL. */
    void (*on_write)(void *arg, int fd);
    void (*on_flush)(void *arg, int fd);
    void *arg;
    pthread_mutex_t lock;
};

void faulty_io_init(struct faulty_io *faulty);

#endif
