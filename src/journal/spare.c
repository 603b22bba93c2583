#include "spare_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_BYTES  (1 * MIB) /* flushed one by one: a group's flush never waits for more */
#define ZEROS_BYTES  (64 * KIB)
#define NAME_PREFIX  "spare-"
#define NUMBER_WIDTH 20

static const uint8_t zeros[ZEROS_BYTES];

bool spare_name_is(const char *name)
{
    uint64_t number;

    return strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0 &&
           segment_name_parse(name + strlen(NAME_PREFIX), &number);
}

/* Call with the lock held. */
static void name_next(struct spare_pool *pool, char name[SEGMENT_NAME_SIZE])
{
    snprintf(name, SEGMENT_NAME_SIZE, NAME_PREFIX "%0*" PRIu64 ".log", NUMBER_WIDTH,
             pool->next_number++);
}

/* ---- filling ---- */

static bool fill_slice(struct spare_pool *pool, int fd, int64_t offset, size_t len, struct err *err)
{
    struct iovec iov[SLICE_BYTES / ZEROS_BYTES];
    int count = 0;

    for (size_t done = 0; done < len; count++) {
        size_t step = len - done < ZEROS_BYTES ? len - done : ZEROS_BYTES;
        iov[count] = io_piece(zeros, step);
        done += step;
    }
    return io_write_all(pool->io, fd, iov, count, offset, err) && io_sync_data(pool->io, fd, err);
}

static bool is_closing(struct spare_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool closing = pool->is_closing;
    pthread_mutex_unlock(&pool->lock);
    return closing;
}

/* False when it was given up, for whatever reason: the running segment does not depend on it. */
static bool fill(struct spare_pool *pool, struct spare *spare)
{
    struct err err;

    while (spare->bytes < pool->file_bytes) {
        int64_t left = pool->file_bytes - spare->bytes;
        size_t step = left < (int64_t)SLICE_BYTES ? (size_t)left : SLICE_BYTES;
        if (is_closing(pool) || !fill_slice(pool, spare->fd, spare->bytes, step, &err))
            return false;
        spare->bytes += (int64_t)step;
    }
    return true;
}

static bool create(struct spare_pool *pool, struct spare *ret_spare, struct err *err)
{
    struct spare spare = {.fd = -1};

    pthread_mutex_lock(&pool->lock);
    name_next(pool, spare.name);
    pthread_mutex_unlock(&pool->lock);
    spare.fd = pool->io->create(pool->io->arg, pool->dir_fd, spare.name);
    if (spare.fd < 0 && (errno == EMFILE || errno == ENFILE))
        return err_set(err, ERR_LIMIT, "no file descriptor left for a new segment");
    if (spare.fd < 0)
        return err_errno(err, errno, "create %s", spare.name);
    *ret_spare = spare;
    return true;
}

void spare_discard(struct spare_pool *pool, struct spare *spare)
{
    unlinkat(pool->dir_fd, spare->name, 0);
    close(spare->fd);
    spare->fd = -1;
}

static void make_one(struct spare_pool *pool)
{
    struct spare spare = {.fd = -1};
    struct err err;

    if (!create(pool, &spare, &err))
        return;
    bool is_filled = fill(pool, &spare);
    pthread_mutex_lock(&pool->lock);
    bool is_kept = is_filled && pool->ready_count < SPARES_MAX;
    if (is_kept)
        pool->ready[pool->ready_count++] = spare;
    pthread_mutex_unlock(&pool->lock);
    if (!is_kept)
        spare_discard(pool, &spare);
}

static void *fill_main(void *arg)
{
    struct spare_pool *pool = arg;

    pthread_setname_np(pthread_self(), "journal-spares");
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_closing) {
        if (!pool->is_wanted) {
            pthread_cond_wait(&pool->wake, &pool->lock);
            continue;
        }
        pool->is_wanted = false;
        pthread_mutex_unlock(&pool->lock);
        make_one(pool);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- the pool ---- */

void spare_pool_init(struct spare_pool *pool, const struct journal_io *io, int dir_fd,
                     int64_t file_bytes)
{
    *pool = (struct spare_pool){.io = io, .dir_fd = dir_fd, .file_bytes = file_bytes};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
}

/* Take a file in if it has the right size and there is room; the caller holds the lock or is alone.
 */
static bool keep(struct spare_pool *pool, const char *name)
{
    struct spare spare = {.fd = -1, .bytes = pool->file_bytes};
    struct stat stat;

    if (pool->ready_count >= SPARES_MAX)
        return false;
    snprintf(spare.name, sizeof(spare.name), "%s", name);
    spare.fd = openat(pool->dir_fd, name, O_RDWR | O_CLOEXEC);
    if (spare.fd < 0)
        return false;
    if (fstat(spare.fd, &stat) != 0 || stat.st_size != pool->file_bytes) {
        close(spare.fd);
        return false;
    }
    /* A group that ends within a block would else have to wait for that block to be read. */
    (void)posix_fadvise(spare.fd, 0, 0, POSIX_FADV_WILLNEED);
    pool->ready[pool->ready_count++] = spare;
    return true;
}

void spare_pool_adopt(struct spare_pool *pool, const char *name)
{
    uint64_t number;

    if (segment_name_parse(name + strlen(NAME_PREFIX), &number) && number >= pool->next_number)
        pool->next_number = number + 1;
    if (!keep(pool, name))
        unlinkat(pool->dir_fd, name, 0);
}

bool spare_pool_start(struct spare_pool *pool, struct err *err)
{
    pool->is_wanted = pool->ready_count == 0;
    int failed = pthread_create(&pool->thread, NULL, fill_main, pool);
    if (failed != 0)
        return err_errno(err, failed, "start the thread that fills segments");
    pool->has_thread = true;
    return true;
}

void spare_pool_done(struct spare_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    if (pool->has_thread)
        pthread_join(pool->thread, NULL);
    for (int i = 0; i < pool->ready_count; i++)
        close(pool->ready[i].fd);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
}

bool spare_is_ready(struct spare_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool ready = pool->ready_count > 0;
    pthread_mutex_unlock(&pool->lock);
    return ready;
}

int64_t spare_disk_bytes(struct spare_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    int64_t bytes = pool->ready_count * pool->file_bytes;
    pthread_mutex_unlock(&pool->lock);
    return bytes;
}

bool spare_take(struct spare_pool *pool, struct spare *ret_spare, struct err *err)
{
    pthread_mutex_lock(&pool->lock);
    bool has_one = pool->ready_count > 0;
    if (has_one)
        *ret_spare = pool->ready[--pool->ready_count];
    if (pool->ready_count == 0)
        pool->is_wanted = true;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    return has_one || create(pool, ret_spare, err);
}

bool spare_recycle(struct spare_pool *pool, const char *name, struct err *err)
{
    char spare_name[SEGMENT_NAME_SIZE];

    pthread_mutex_lock(&pool->lock);
    name_next(pool, spare_name);
    bool is_full = pool->ready_count >= SPARES_MAX;
    pthread_mutex_unlock(&pool->lock);
    if (is_full || renameat(pool->dir_fd, name, pool->dir_fd, spare_name) != 0) {
        if (unlinkat(pool->dir_fd, name, 0) != 0)
            return err_set(err, ERR_CONFLICT, "cannot remove %s", name);
        return io_sync_all(pool->io, pool->dir_fd, err);
    }
    /* Before its content changes it must not come back under its old name after a crash. */
    if (!io_sync_all(pool->io, pool->dir_fd, err))
        return false;
    pthread_mutex_lock(&pool->lock);
    bool is_kept = keep(pool, spare_name);
    pthread_mutex_unlock(&pool->lock);
    if (!is_kept)
        unlinkat(pool->dir_fd, spare_name, 0);
    return true;
}
