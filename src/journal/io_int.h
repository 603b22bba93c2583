/*
 * The few system calls that write and read the journal's files, behind a table, so that a
 * test can refuse space, tear a write, fail a flush, or remember what was not yet durable.
 */
#ifndef JOURNAL_IO_INT_H
#define JOURNAL_IO_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/attr.h"
#include "base/err.h"

/* Each member does what the system call of its name does, errno and short counts included. */
struct journal_io {
    int (*create)(void *arg, int dir_fd, const char *name); /* read and write, must not exist */
    ssize_t (*pread)(void *arg, int fd, void *bytes, size_t len, off_t offset);
    ssize_t (*pwritev)(void *arg, int fd, const struct iovec *iov, int count, off_t offset);
    int (*ftruncate)(void *arg, int fd, off_t size);
    int (*fdatasync)(void *arg, int fd);
    int (*fsync)(void *arg, int fd); /* of folders, and after ftruncate */
    void *arg;                       /* borrowed */
};

extern const struct journal_io journal_io_system;

/* Write all of iov at offset, going on after short writes. Uses iov up.
 * Errors: as err_errno says of the cause; ERR_IO is final, anything else may pass. */
MUST_CHECK bool io_write_all(const struct journal_io *io, int fd, struct iovec *iov, int count,
                             int64_t offset, struct err *err);

/* Read up to len bytes at offset; fewer only at the end of the file. */
MUST_CHECK bool io_read(const struct journal_io *io, int fd, void *bytes, size_t len,
                        int64_t offset, size_t *ret_got, struct err *err);

/* Flushes. Whatever the errno, failure is ERR_IO: what reached the disk is unknown from then on. */
MUST_CHECK bool io_sync_data(const struct journal_io *io, int fd, struct err *err);
MUST_CHECK bool io_sync_all(const struct journal_io *io, int fd, struct err *err);

/* ftruncate and the flush that makes it last. */
MUST_CHECK bool io_cut(const struct journal_io *io, int fd, int64_t size, struct err *err);

#endif
