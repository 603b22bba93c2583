/*
 * Runs a deployment command so that its outcome is known whatever becomes of envflow.
 *
 * Every command has a keeper: this same binary started again as `envflow keep`, which
 * holds the run directory's lock, starts the command in a process group of its own,
 * enforces the time-out (TERM, then KILL, for the whole tree: it is the subreaper),
 * captures output with secrets masked, and writes `result` atomically. envflow may be
 * killed meanwhile; the next one adopts the run by its directory. Because the lock is
 * exclusive, one run directory never holds two runs, however often it is started.
 *
 * Run directory: `keeper` (pid, start time, boot id), `output`, `result`. Job and
 * secrets reach the keeper through memory: never a file on disk, never an argument list.
 *
 * Threads: everything belongs to the loop's thread.
 */
#ifndef EXEC_COMMAND_H
#define EXEC_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

struct loop;
struct spawner;
struct command;

struct command_spec {
    const char *run_dir;            /* created, mode 0700; one per deployment, named by its id */
    const char *const *argv;        /* NULL-terminated; argv[0] with a slash, or found in PATH */
    const char *workdir;            /* NULL: run_dir */
    const char *const *environment; /* "NAME=value", NULL-terminated: all the command gets; one has
                                     * the id as its value: it tells survivors of a killed keeper */
    const char *const *masks; /* secrets to blot out of the output, NULL-terminated; or NULL */
    int64_t timeout_ms;
    int64_t kill_grace_ms;
    int64_t output_bytes_max; /* the first part is kept and a last line says that more was cut */
};

enum command_end {
    COMMAND_EXITED,      /* code: exit status */
    COMMAND_SIGNALED,    /* code: signal number */
    COMMAND_TIMED_OUT,   /* code: signal that ended it */
    COMMAND_CANCELLED,   /* by command_cancel; code: signal that ended it */
    COMMAND_NOT_STARTED, /* code: errno of execve or chdir */
    COMMAND_LOST,        /* the keeper died without a result; nothing of it runs any more */
    COMMAND_END_COUNT
};

struct command_result {
    enum command_end end;
    int code;
    int64_t started_ms; /* wall clock; 0 when never started */
    int64_t ended_ms;
    bool output_cut;
};

/* Called once, from the loop, never from inside command_start or command_adopt. The command is
 * forgotten before the call. */
typedef void command_end_fn(const struct command_result *result, void *arg);

/* Start, or find that this run directory was started before (then as command_adopt).
 * Errors: ERR_IO, ERR_NOMEM: nothing runs. */
MUST_CHECK bool command_start(struct loop *loop, struct spawner *spawner,
                              const struct command_spec *spec, command_end_fn *on_end, void *arg,
                              struct command **ret_command, struct err *err);

/* Take up a run of an earlier envflow: still running (watched from now on) or ended (on_end comes
 * soon). A keeper that died leaves COMMAND_LOST, after whatever survives of the tree was killed:
 * a command never runs beside its own repetition.
 * Errors: ERR_NOT_FOUND when it was never started. */
MUST_CHECK bool command_adopt(struct loop *loop, const char *run_dir, command_end_fn *on_end,
                              void *arg, struct command **ret_command, struct err *err);

/* End the tree as on a time-out; on_end follows. */
void command_cancel(struct command *command);

/* Stop watching; the command goes on under its keeper and can be adopted later. */
void command_forget(struct command *command);

/* What was captured so far, appended to out (bounded by its maximum). "" when none. */
MUST_CHECK bool command_output(const char *run_dir, struct buf *out, struct err *err);

/* Delete a run directory that has ended. A crash may leave it, or it with the suffix: call again
 * with the name without. */
#define COMMAND_GONE_SUFFIX ".gone"
void command_remove(const char *run_dir);

/* Body of the hidden command `envflow keep`: reads its job from descriptor 3. */
int keeper_main(void);

#endif
