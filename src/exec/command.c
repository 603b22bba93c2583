#include "exec/command.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "exec/spawner.h"
#include "job_int.h"
#include "net/loop.h"
#include "rundir_int.h"
#include "survivors_int.h"

#define JOB_FD        3
#define LOOK_AGAIN_MS 10 /* at a lock or a process that must go soon */

/* One run being watched. Either `watch` waits for its keeper to end, or `timer` looks again. */
struct command {
    struct loop *loop;
    struct watch *watch;
    struct timer *timer;
    int keeper_fd; /* pidfd; -1 for none */
    pid_t child;   /* the keeper, where it is our child, to be reaped; else 0 */
    char *run_dir;
    command_end_fn *on_end;
    void *arg;
};

/* ---- ending ---- */

static void stop_watching(struct command *command)
{
    watch_free(command->watch);
    command->watch = NULL;
    if (command->keeper_fd >= 0)
        close(command->keeper_fd);
    command->keeper_fd = -1;
}

static void command_free(struct command *command)
{
    stop_watching(command);
    timer_free(command->timer);
    free(command->run_dir);
    free(command);
}

static void finish(struct command *command, const struct command_result *result)
{
    command_end_fn *on_end = command->on_end;
    void *arg = command->arg;

    command_free(command);
    on_end(result, arg);
}

/* The keeper died without a result. What it had started must be gone before anybody repeats it. */
static bool kill_orphans(const struct command *command)
{
    struct process process;
    struct err err;
    bool known = rundir_read_process(command->run_dir, "command", &process, &err);

    return survivors_kill(command->run_dir, known ? &process : NULL) > 0;
}

static void settle(struct command *command);

static void on_look_again(void *arg)
{
    settle(arg);
}

static void look_again(struct command *command)
{
    timer_set(command->timer, LOOK_AGAIN_MS);
}

static void on_keeper_end(void *arg)
{
    struct command *command = arg;

    stop_watching(command);
    settle(command);
}

static bool watch_keeper(struct command *command, pid_t pid)
{
    command->keeper_fd = pidfd_open(pid, 0);
    if (command->keeper_fd < 0)
        return false;
    command->watch = watch_new(command->loop, command->keeper_fd, on_keeper_end, command);
    return true;
}

/* No `keeper` file: either another keeper is just about to write it, and holds the lock, or none
 * ever came that far, and nothing was started. */
static void settle_unclaimed(struct command *command)
{
    AUTO(fd) int lock = -1;
    struct process keeper;
    struct err err;

    bool locked = rundir_lock(command->run_dir, &lock, &err);
    if (!locked && err.code == ERR_CONFLICT) {
        look_again(command);
        return;
    }
    if (rundir_read_process(command->run_dir, "keeper", &keeper, &err)) {
        look_again(command);
        return;
    }
    finish(command, &(struct command_result){.end = COMMAND_NOT_STARTED, .code = ECHILD});
}

/* No keeper of ours is being watched: find out from the run directory how things stand. */
static void settle(struct command *command)
{
    struct command_result result;
    struct process keeper;
    struct err err;

    if (command->child > 0 && waitpid(command->child, NULL, WNOHANG) == command->child)
        command->child = 0;
    if (rundir_read_result(command->run_dir, &result, &err)) {
        finish(command, &result);
        return;
    }
    if (!rundir_read_process(command->run_dir, "keeper", &keeper, &err)) {
        settle_unclaimed(command);
        return;
    }
    if (process_is_alive(&keeper)) {
        /* Between the two looks its number may have become another's. */
        if (!watch_keeper(command, keeper.pid) || !process_is_alive(&keeper)) {
            stop_watching(command);
            look_again(command);
        }
        return;
    }
    /* It may have written the result between our two looks. */
    if (rundir_read_result(command->run_dir, &result, &err)) {
        finish(command, &result);
        return;
    }
    if (kill_orphans(command)) {
        look_again(command);
        return;
    }
    finish(command, &(struct command_result){.end = COMMAND_LOST});
}

/* ---- starting ---- */

static struct command *command_new(struct loop *loop, const char *run_dir, command_end_fn *on_end,
                                   void *arg)
{
    struct command *command = calloc(1, sizeof(*command));

    assert(command != NULL);
    command->loop = loop;
    command->keeper_fd = -1;
    command->run_dir = strdup(run_dir);
    assert(command->run_dir != NULL);
    command->on_end = on_end;
    command->arg = arg;
    command->timer = timer_new(loop, on_look_again, command);
    return command;
}

/* The job in memory that only the keeper will read. */
static bool write_job(const struct command_spec *spec, int *ret_fd, struct err *err)
{
    AUTO(buf) struct buf job = BUF_INIT(JOB_BYTES_MAX);

    if (!job_encode(spec, &job, err))
        return false;
    int fd = memfd_create("job", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "memory for the job");
    if (!file_write_all(fd, job.data, job.len, err)) {
        close(fd);
        return err_wrap(err, "memory for the job");
    }
    *ret_fd = fd;
    return true;
}

/* Descriptor 3 is the job; 0, 1 and 2 lead nowhere; no other is handed on. */
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int job)
{
    sigset_t all;
    sigset_t none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(actions);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int rc = posix_spawn_file_actions_adddup2(actions, job, JOB_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, 0, 1);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, 0, 2);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, JOB_FD + 1);
    return rc;
}

static bool spawn_keeper(struct spawner *spawner, int job, pid_t *ret_pid, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char name[] = "envflow";
    char word[] = "keep";
    char *argv[] = {name, word, NULL};
    char *environment[] = {NULL};
    /* Our own file, also when an upgrade has replaced it meanwhile. */
    struct spawn_call call = {"/proc/self/exe", &actions, &attributes, argv, environment};
    int rc = prepare(&actions, &attributes, job);

    if (rc == 0)
        rc = spawner_start(spawner, &call, ret_pid);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc == 0 || err_errno(err, rc, "start the keeper");
}

bool command_start(struct loop *loop, struct spawner *spawner, const struct command_spec *spec,
                   command_end_fn *on_end, void *arg, struct command **ret_command, struct err *err)
{
    AUTO(fd) int job = -1;
    pid_t child = 0;

    if (!file_make_dirs(spec->run_dir, 0700, err) || !write_job(spec, &job, err) ||
        !spawn_keeper(spawner, job, &child, err))
        return false;

    struct command *command = command_new(loop, spec->run_dir, on_end, arg);
    command->child = child;
    if (!watch_keeper(command, child))
        look_again(command); /* out of descriptors: look without one */
    *ret_command = command;
    return true;
}

bool command_adopt(struct loop *loop, const char *run_dir, command_end_fn *on_end, void *arg,
                   struct command **ret_command, struct err *err)
{
    struct process keeper;

    if (!rundir_read_process(run_dir, "keeper", &keeper, err) && err->code == ERR_NOT_FOUND)
        return err_wrap(err, "%s was never started", run_dir);

    struct command *command = command_new(loop, run_dir, on_end, arg);
    timer_set(command->timer, 0);
    *ret_command = command;
    return true;
}

void command_cancel(struct command *command)
{
    if (command->keeper_fd >= 0)
        pidfd_send_signal(command->keeper_fd, SIGTERM, NULL, 0);
}

void command_forget(struct command *command)
{
    command_free(command);
}

/* ---- what is left ---- */

bool command_output(const char *run_dir, struct buf *out, struct err *err)
{
    char path[PATH_MAX];
    struct err missing;

    snprintf(path, sizeof(path), "%s/output", run_dir);
    if (file_read(path, out, &missing) || missing.code == ERR_NOT_FOUND)
        return true;
    *err = missing;
    return false;
}

void command_remove(const char *run_dir)
{
    static const char *const names[] = {"output",     "output.new", "result",
                                        "result.new", "command",    "command.new",
                                        "keeper",     "keeper.new", "lock"};
    char gone[PATH_MAX];
    char path[PATH_MAX + 16];

    /* Under another name first: a keeper that an earlier envflow started and that was slow to come
     * finds either all of the directory, which says that it was used, or none. */
    snprintf(gone, sizeof(gone), "%s" COMMAND_GONE_SUFFIX, run_dir);
    (void)!rename(run_dir, gone);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", gone, names[i]);
        unlink(path);
    }
    rmdir(gone);
}
