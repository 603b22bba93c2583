#include "support/faulty_io.h"

#include <errno.h>

#define IOV_MAX_HERE 512

static int fail(int number)
{
    errno = number;
    return -1;
}

static int faulty_create(void *arg, int dir_fd, const char *name)
{
    struct faulty_io *faulty = arg;

    if (faulty->create_errno != 0)
        return fail(faulty->create_errno);
    return journal_io_system.create(NULL, dir_fd, name);
}

static ssize_t faulty_pread(void *arg, int fd, void *bytes, size_t len, off_t offset)
{
    struct faulty_io *faulty = arg;

    if (faulty->read_errno != 0)
        return fail(faulty->read_errno);
    return journal_io_system.pread(NULL, fd, bytes, len, offset);
}

static size_t bytes_of(const struct iovec *iov, int count)
{
    size_t bytes = 0;

    for (int i = 0; i < count; i++)
        bytes += iov[i].iov_len;
    return bytes;
}

/* At most `max` bytes of iov. */
static ssize_t write_some(int fd, const struct iovec *iov, int count, off_t offset, int64_t max)
{
    struct iovec part[IOV_MAX_HERE];
    int used = 0;

    for (; used < count && max > 0; used++) {
        part[used] = iov[used];
        if ((int64_t)part[used].iov_len > max)
            part[used].iov_len = (size_t)max;
        max -= (int64_t)part[used].iov_len;
    }
    return journal_io_system.pwritev(NULL, fd, part, used, offset);
}

static ssize_t faulty_pwritev(void *arg, int fd, const struct iovec *iov, int count, off_t offset)
{
    struct faulty_io *faulty = arg;
    int64_t max = faulty->write_max > 0 ? faulty->write_max : INT64_MAX;

    pthread_mutex_lock(&faulty->lock);
    faulty->writes++;
    if (faulty->space_left >= 0 && faulty->space_left < max)
        max = faulty->space_left;
    pthread_mutex_unlock(&faulty->lock);
    if (faulty->write_errno != 0 && bytes_of(iov, count) >= faulty->write_errno_bytes)
        return fail(faulty->write_errno);
    if (max == 0)
        return fail(ENOSPC);
    if (faulty->on_write != NULL)
        faulty->on_write(faulty->arg, fd);
    ssize_t put = write_some(fd, iov, count, offset, max);
    pthread_mutex_lock(&faulty->lock);
    if (faulty->space_left >= 0 && put > 0)
        faulty->space_left -= put;
    pthread_mutex_unlock(&faulty->lock);
    return put;
}

static int faulty_ftruncate(void *arg, int fd, off_t size)
{
    (void)arg;
    return journal_io_system.ftruncate(NULL, fd, size);
}

static int faulty_fdatasync(void *arg, int fd)
{
    struct faulty_io *faulty = arg;

    pthread_mutex_lock(&faulty->lock);
    faulty->flushes++;
    pthread_mutex_unlock(&faulty->lock);
    if (faulty->on_flush != NULL)
        faulty->on_flush(faulty->arg, fd);
    return faulty->fdatasync_errno != 0 ? fail(faulty->fdatasync_errno)
                                        : journal_io_system.fdatasync(NULL, fd);
}

static int faulty_fsync(void *arg, int fd)
{
    struct faulty_io *faulty = arg;

    return faulty->fsync_errno != 0 ? fail(faulty->fsync_errno) : journal_io_system.fsync(NULL, fd);
}

void faulty_io_init(struct faulty_io *faulty)
{
    *faulty = (struct faulty_io){
        .io = {.create = faulty_create,
               .pread = faulty_pread,
               .pwritev = faulty_pwritev,
               .ftruncate = faulty_ftruncate,
               .fdatasync = faulty_fdatasync,
               .fsync = faulty_fsync,
               .arg = faulty},
        .space_left = -1,
    };
    pthread_mutex_init(&faulty->lock, NULL);
}
