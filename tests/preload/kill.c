/*
 * Loaded into a real envflow by tests/integration/test_journey_kill.py: counts the system calls by
 * which the daemon changes anything outside itself, and ends it with SIGKILL in front of one.
 *
 * ENVFLOW_KILL_COUNTER is a file of 8 bytes that holds the count, mapped, so that it outlives the
 * process; ENVFLOW_KILL_AT is the number of the call that is not made (0: none). Only `envflow
 * serve` is counted: keepers and commands go on, as they do when the daemon is killed for real.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_uint_fast64_t *counter; /* NULL: this process is not counted */
static uint64_t kill_at;

static bool is_daemon(void)
{
    char arguments[4096] = {0};
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, arguments, sizeof(arguments) - 1) : 0;

    if (fd >= 0)
        close(fd);
    size_t program_len = strlen(arguments) + 1;
    return len > (ssize_t)program_len && strcmp(arguments + program_len, "serve") == 0;
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("ENVFLOW_KILL_COUNTER");
    const char *at = getenv("ENVFLOW_KILL_AT");

    if (path == NULL || !is_daemon())
        return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        abort();
    void *memory = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        abort();
    close(fd);
    kill_at = at != NULL ? strtoull(at, NULL, 10) : 0;
    counter = memory;
}

static void step(void)
{
    if (counter == NULL || atomic_fetch_add(counter, 1) + 1 != kill_at)
        return;
    kill(getpid(), SIGKILL);
    for (;;)
        pause(); /* the call is never made */
}

static void find(const char *name, void *function, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    memcpy(function, &found, size);
}

/* A function of libc with a step in front of it. */
#define STEPS(type, name, parameters, arguments)                                                   \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            find(#name, &real, sizeof(real));                                                      \
        step();                                                                                    \
        return real arguments;                                                                     \
    }

STEPS(ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
STEPS(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
STEPS(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at))
STEPS(ssize_t, pwrite64, (int fd, const void *bytes, size_t len, off64_t at), (fd, bytes, len, at))
STEPS(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at),
      (fd, parts, count, at))
STEPS(ssize_t, send, (int fd, const void *bytes, size_t len, int flags), (fd, bytes, len, flags))
STEPS(ssize_t, sendto,
      (int fd, const void *bytes, size_t len, int flags, __CONST_SOCKADDR_ARG to, socklen_t size),
      (fd, bytes, len, flags, to, size))
STEPS(int, fdatasync, (int fd), (fd))
STEPS(int, fsync, (int fd), (fd))
STEPS(int, ftruncate, (int fd, off_t len), (fd, len))
STEPS(int, ftruncate64, (int fd, off64_t len), (fd, len))
STEPS(int, rename, (const char *from, const char *to), (from, to))
STEPS(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
      (from_dir, from, to_dir, to))
STEPS(int, unlink, (const char *path), (path))
STEPS(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
STEPS(int, mkdir, (const char *path, mode_t mode), (path, mode))
STEPS(int, rmdir, (const char *path), (path))
STEPS(int, chmod, (const char *path, mode_t mode), (path, mode))
STEPS(int, fchmod, (int fd, mode_t mode), (fd, mode))
STEPS(int, posix_spawn,
      (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
       const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]),
      (pid, path, actions, attributes, argv, envp))

/* Opening counts where it may make or empty a file. */
#define STEPS_OPEN(name, parameters, arguments)                                                    \
    int name parameters                                                                            \
    {                                                                                              \
        static int(*real) parameters;                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;                           \
        va_end(rest);                                                                              \
        if (real == NULL)                                                                          \
            find(#name, &real, sizeof(real));                                                      \
        if ((flags & (O_CREAT | O_TRUNC)) != 0)                                                    \
            step();                                                                                \
        return real arguments;                                                                     \
    }

STEPS_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
STEPS_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
STEPS_OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
