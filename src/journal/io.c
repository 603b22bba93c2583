#include "io_int.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int system_create(void *arg, int dir_fd, const char *name)
{
    (void)arg;
    return openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static ssize_t system_pread(void *arg, int fd, void *bytes, size_t len, off_t offset)
{
    (void)arg;
    return pread(fd, bytes, len, offset);
}

static ssize_t system_pwritev(void *arg, int fd, const struct iovec *iov, int count, off_t offset)
{
    (void)arg;
    return pwritev(fd, iov, count, offset);
}

static int system_ftruncate(void *arg, int fd, off_t size)
{
    (void)arg;
    return ftruncate(fd, size);
}

static int system_fdatasync(void *arg, int fd)
{
    (void)arg;
    return fdatasync(fd);
}

static int system_fsync(void *arg, int fd)
{
    (void)arg;
    return fsync(fd);
}

const struct journal_io journal_io_system = {
    .create = system_create,
    .pread = system_pread,
    .pwritev = system_pwritev,
    .ftruncate = system_ftruncate,
    .fdatasync = system_fdatasync,
    .fsync = system_fsync,
};

/* Drop the first `done` bytes of what is left to write. */
static void advance(struct iovec **iov, int *count, size_t done)
{
    while (*count > 0 && done >= (*iov)->iov_len) {
        done -= (*iov)->iov_len;
        (*iov)++;
        (*count)--;
    }
    if (*count > 0) {
        (*iov)->iov_base = (char *)(*iov)->iov_base + done;
        (*iov)->iov_len -= done;
    }
}

bool io_write_all(const struct journal_io *io, int fd, struct iovec *iov, int count, int64_t offset,
                  struct err *err)
{
    while (count > 0) {
        ssize_t put = io->pwritev(io->arg, fd, iov, count, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_errno(err, put < 0 ? errno : EIO, "write");
        offset += put;
        advance(&iov, &count, (size_t)put);
    }
    return true;
}

bool io_read(const struct journal_io *io, int fd, void *bytes, size_t len, int64_t offset,
             size_t *ret_got, struct err *err)
{
    size_t got = 0;

    while (got < len) {
        ssize_t step = io->pread(io->arg, fd, (char *)bytes + got, len - got, offset + (off_t)got);
        if (step < 0 && errno == EINTR)
            continue;
        if (step < 0)
            return err_errno(err, errno, "read");
        if (step == 0)
            break;
        got += (size_t)step;
    }
    *ret_got = got;
    return true;
}

static bool flush_failed(struct err *err, const char *call)
{
    err_errno(err, errno, "%s", call);
    err->code = ERR_IO;
    return false;
}

bool io_sync_data(const struct journal_io *io, int fd, struct err *err)
{
    return io->fdatasync(io->arg, fd) == 0 || flush_failed(err, "fdatasync");
}

bool io_sync_all(const struct journal_io *io, int fd, struct err *err)
{
    return io->fsync(io->arg, fd) == 0 || flush_failed(err, "fsync");
}

bool io_cut(const struct journal_io *io, int fd, int64_t size, struct err *err)
{
    if (io->ftruncate(io->arg, fd, size) != 0)
        return flush_failed(err, "ftruncate");
    return io_sync_all(io, fd, err);
}
