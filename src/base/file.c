#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define READ_STEP     16384
#define LOCK_AGAIN_MS 5

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    for (;;) {
        size_t left = out->max - out->len;
        size_t step = left < READ_STEP ? left + 1 : READ_STEP;
        char chunk[READ_STEP];
        ssize_t got = read(fd, chunk, step);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "read %s", path);
        if (got == 0)
            return true;
        size_t max = out->max;
        buf_append(out, chunk, (size_t)got);
        if (out->failed)
            return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
    }
}

bool file_read(const char *path, struct buf *out, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "no such file: %s", path);
    if (fd < 0)
        return err_errno(err, errno, "open %s", path);
    return read_all(fd, path, out, err);
}

bool file_write_all(int fd, const void *bytes, size_t len, struct err *err)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, errno, "write");
        at += put;
        len -= (size_t)put;
    }
    return true;
}

/* The folder that holds path, "." when it names none. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

    snprintf(folder, PATH_MAX, "%.*s", len == 0 ? 1 : (int)len, len == 0 ? "." : path);
}

static bool write_and_sync(const char *path, mode_t mode, const void *bytes, size_t len,
                           struct err *err)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(err, errno, "create %s", path);
    if (!file_write_all(fd, bytes, len, err))
        return err_wrap(err, "%s", path);
    if (fsync(fd) != 0)
        return err_errno(err, errno, "fsync %s", path);
    return true;
}

bool file_write_atomic(const char *path, mode_t mode, const void *bytes, size_t len,
                       struct err *err)
{
    char draft[PATH_MAX];
    char folder[PATH_MAX];

    if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
        return err_set(err, ERR_LIMIT, "path too long: %s", path);
    if (!write_and_sync(draft, mode, bytes, len, err)) {
        unlink(draft);
        return false;
    }
    if (rename(draft, path) != 0) {
        err_errno(err, errno, "rename %s to %s", draft, path);
        unlink(draft);
        return false;
    }
    folder_of(path, folder);
    return file_sync_dir(folder, err);
}

static bool make_dir(const char *path, mode_t mode, struct err *err)
{
    struct stat found;

    if (mkdir(path, mode) == 0)
        return true;
    int number = errno;
    if (number == EEXIST && stat(path, &found) == 0 && !S_ISDIR(found.st_mode))
        number = ENOTDIR;
    return number == EEXIST || err_errno(err, number, "create folder %s", path);
}

bool file_make_dirs(const char *path, mode_t mode, struct err *err)
{
    char part[PATH_MAX];

    if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
        return err_set(err, ERR_LIMIT, "path too long: %s", path);
    if (path[0] == '\0')
        return err_set(err, ERR_IO, "no folder is named");
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char rest = *at;
        *at = '\0';
        if (!make_dir(part, mode, err))
            return false;
        *at = rest;
        if (rest == '\0')
            return true;
    }
}

bool file_sync_dir(const char *path, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, errno, "open folder %s", path);
    if (fsync(fd) != 0)
        return err_errno(err, errno, "fsync folder %s", path);
    return true;
}

/* flock(2) can wait, but not for a while: ask again and again. */
static bool lock_within(int fd, int64_t wait_ms)
{
    int64_t until_ms = clock_mono_ms(&clock_system) + wait_ms;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (clock_mono_ms(&clock_system) >= until_ms) {
            errno = EWOULDBLOCK;
            return false;
        }
        poll(NULL, 0, LOCK_AGAIN_MS);
    }
    return true;
}

bool file_lock(const char *path, int64_t wait_ms, int *ret_fd, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(err, errno, "open %s", path);
    if (lock_within(fd, wait_ms)) {
        *ret_fd = fd;
        return true;
    }
    int number = errno;
    close(fd);
    if (number == EWOULDBLOCK)
        return err_set(err, ERR_CONFLICT, "%s is held by another process", path);
    return err_errno(err, number, "lock %s", path);
}
