/*
 * Starts processes with the priority of whoever made the spawner.
 *
 * A process begins with the priority of the thread that starts it, and may not raise it.
 * The engine's thread runs at a lower one than the loop's; what it deploys must not.
 *
 * Threads: spawner_new in the one whose priority is meant; the rest from anywhere.
 */
#ifndef EXEC_SPAWNER_H
#define EXEC_SPAWNER_H

#include <spawn.h>
#include <sys/types.h>

struct spawner;

/* Arguments of posix_spawn. */
struct spawn_call {
    const char *path;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *argv;
    char *const *environment;
};

struct spawner *spawner_new(void);
void spawner_free(struct spawner *spawner);

/* posix_spawn; returns its error number, or 0. Waits until the process has been started. */
int spawner_start(struct spawner *spawner, const struct spawn_call *call, pid_t *ret_pid);

#endif
