/*
 * Whole small files: read with a bound, write so that a crash leaves the old or the new one.
 * And the lock that says who works on what it names.
 * Errors: ERR_IO, ERR_NO_SPACE, ERR_NOT_FOUND (no such file), ERR_LIMIT (larger than the bound).
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends the file's bytes to out, whose maximum is the bound. */
MUST_CHECK bool file_read(const char *path, struct buf *out, struct err *err);

/* Temporary file beside it, fsync, rename, fsync of the folder. */
MUST_CHECK bool file_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len,
                                  struct err *err);

/* Create a folder and its parents where missing. */
MUST_CHECK bool file_make_dirs(const char *path, mode_t mode, struct err *err);

/* Make renames and creations inside the folder durable. */
MUST_CHECK bool file_sync_dir(const char *path, struct err *err);

/* write(2) until all is written or it fails. */
MUST_CHECK bool file_write_all(int fd, const void *bytes, size_t len, struct err *err);

/* Lock a file, created where missing, for as long as *ret_fd stays open. A holder that is about to
 * let go gets up to wait_ms; 0 asks once.
 * Errors: ERR_CONFLICT when it is held to the end; what open says. */
MUST_CHECK bool file_lock(const char *path, int64_t wait_ms, int *ret_fd, struct err *err);

/* A local declared AUTO(fd) int closes its descriptor; -1 holds none. */
static inline void fd_cleanup(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#endif
