/*
 * The keeper: one process per command, the same binary started as `envflow keep`.
 *
 * It is the command's parent and, as subreaper, the parent of whatever the command leaves
 * behind, so it alone can say how the run ended and that nothing of it survives. Order
 * matters: lock, then `keeper`, then the command stopped in front of execve, then
 * `command`, then go. Whoever finds the directory later knows from what is there how far
 * it came. One thread, one poll loop.
 */
#include "exec/command.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "job_int.h"
#include "mask_int.h"
#include "rundir_int.h"
#include "tree_int.h"

#define JOB_FD         3
#define READ_BYTES     (64 * KIB)
#define KILL_AGAIN_MS  50   /* between passes over a tree that does not end */
#define LEFTOVER_MS    1000 /* what a command left in the background may still do before TERM */
#define WRITE_AGAIN_MS 1000
#define EXIT_NOT_EXEC  127
#define NEVER          INT64_MAX

/* How far ending the tree has come. */
enum phase { PHASE_RUNNING, PHASE_LEFTOVER, PHASE_TERM, PHASE_KILL };

struct keeper {
    struct job job;
    pid_t child;
    bool child_ended;
    int child_status; /* of waitpid */
    int output_pipe;  /* -1 once it is at its end */
    int output_file;
    int64_t output_left;
    int64_t output_cut;
    struct mask mask;
    struct buf pending; /* may begin a secret */
    enum phase phase;
    int64_t due_ms; /* when the phase ends; monotonic */
    struct command_result result;
    bool cause_known; /* time-out or cancellation: the exit status says less */
};

static int64_t mono_ms(void)
{
    return clock_mono_ms(&clock_system);
}

/* ---- output ---- */

static void write_output(struct keeper *keeper, const struct buf *text)
{
    int64_t fits =
        (int64_t)text->len < keeper->output_left ? (int64_t)text->len : keeper->output_left;
    struct err unwritten;

    if (fits > 0 && !file_write_all(keeper->output_file, text->data, (size_t)fits, &unwritten))
        fits = 0; /* a full disk must not stop a deployment */
    keeper->output_left -= fits;
    keeper->output_cut += (int64_t)text->len - fits;
}

/* True while there may be more to read now. */
static bool read_output(struct keeper *keeper)
{
    AUTO(buf) struct buf masked = BUF_INIT(READ_BYTES * 4 + JOB_BYTES_MAX);
    char bytes[READ_BYTES];
    ssize_t got = read(keeper->output_pipe, bytes, sizeof(bytes));

    if (got < 0)
        return errno == EINTR;
    if (got == 0) {
        close(keeper->output_pipe);
        keeper->output_pipe = -1;
        return false;
    }
    mask_feed(&keeper->mask, &keeper->pending, bytes, (size_t)got, &masked);
    write_output(keeper, &masked);
    return true;
}

static void finish_output(struct keeper *keeper)
{
    AUTO(buf) struct buf rest = BUF_INIT(JOB_BYTES_MAX);
    char line[96];
    struct err unwritten;

    while (keeper->output_pipe >= 0 && read_output(keeper))
        continue;
    mask_finish(&keeper->mask, &keeper->pending, &rest);
    write_output(keeper, &rest);
    keeper->result.output_cut = keeper->output_cut > 0;
    if (keeper->output_cut == 0)
        return;
    snprintf(line, sizeof(line), "\n[envflow: %lld more bytes were cut off]\n",
             (long long)keeper->output_cut);
    (void)!file_write_all(keeper->output_file, line, strlen(line), &unwritten);
}

/* ---- the command ---- */

/* Between fork and execve: only what is safe there. Reports errno through `report` and ends. */
static _Noreturn void become_command(const struct job *job, const int go[2], int report, int output)
{
    char byte = 0;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    close(go[1]); /* so that the keeper's end is the last, and its death is seen below */
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL); /* NOLINT(concurrency-mt-unsafe): one thread */
    if (read(go[0], &byte, 1) == 1 && null >= 0 && dup2(null, 0) == 0 && dup2(output, 1) == 1 &&
        dup2(output, 2) == 2 && chdir(job->spec.workdir) == 0) {
        /* The const is the signature's: execve does not write. */
        execvpe(job->argv[0], (char *const *)(uintptr_t)job->argv,
                (char *const *)(uintptr_t)job->environment);
    }
    int number = errno;
    (void)!write(report, &number, sizeof(number));
    _exit(EXIT_NOT_EXEC);
}

/* The search path is the command's, not the keeper's. */
static void adopt_path(const struct job *job)
{
    for (const char **variable = job->environment; *variable != NULL; variable++) {
        if (strncmp(*variable, "PATH=", 5) == 0)
            setenv("PATH", *variable + 5, 1); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
}

static int make_pipe(int ends[2])
{
    return pipe2(ends, O_CLOEXEC);
}

/* Starts the command up to the point of execve, writes down who it is, and lets it go. Returns 0 or
 * the errno of what prevented it. */
static int start_command(struct keeper *keeper)
{
    int go[2];
    int report[2];
    int output[2];
    int number = 0;
    struct process process;
    struct err err;

    if (make_pipe(go) != 0 || make_pipe(report) != 0 || make_pipe(output) != 0)
        return errno;
    adopt_path(&keeper->job);
    keeper->child = fork();
    if (keeper->child < 0)
        return errno;
    if (keeper->child == 0)
        become_command(&keeper->job, go, report[1], output[1]);
    close(go[0]);
    close(report[1]);
    close(output[1]);
    keeper->output_pipe = output[0];
    fcntl(output[0], F_SETFL, O_NONBLOCK);

    if (process_identify(keeper->child, &process, &err) &&
        rundir_write_process(keeper->job.spec.run_dir, "command", &process, &err))
        (void)!write(go[1], "g", 1);
    else
        number = EIO; /* closing `go` ends the child */
    close(go[1]);
    if (number == 0 && read(report[0], &number, sizeof(number)) != sizeof(number))
        number = 0; /* closed by execve */
    close(report[0]);
    return number;
}

/* ---- ending ---- */

static void enter_phase(struct keeper *keeper, enum phase phase)
{
    static const int signals[] = {[PHASE_TERM] = SIGTERM, [PHASE_KILL] = SIGKILL};
    const int64_t durations_ms[] = {
        [PHASE_RUNNING] = keeper->job.spec.timeout_ms,
        [PHASE_LEFTOVER] = LEFTOVER_MS,
        [PHASE_TERM] = keeper->job.spec.kill_grace_ms,
        [PHASE_KILL] = KILL_AGAIN_MS,
    };

    keeper->phase = phase;
    keeper->due_ms = mono_ms() + durations_ms[phase];
    if (phase >= PHASE_TERM)
        tree_signal(getpid(), signals[phase]);
}

static void set_cause(struct keeper *keeper, enum command_end cause)
{
    if (keeper->child_ended || keeper->cause_known)
        return;
    keeper->cause_known = true;
    keeper->result.end = cause;
}

static void on_due(struct keeper *keeper)
{
    static const enum phase next[] = {
        [PHASE_RUNNING] = PHASE_TERM,
        [PHASE_LEFTOVER] = PHASE_TERM,
        [PHASE_TERM] = PHASE_KILL,
        [PHASE_KILL] = PHASE_KILL,
    };

    set_cause(keeper, COMMAND_TIMED_OUT);
    enter_phase(keeper, next[keeper->phase]);
}

/* Collects who ended; true when nobody is left. */
static bool reap(struct keeper *keeper)
{
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid == 0)
            return false;
        if (pid < 0)
            return errno == ECHILD;
        if (pid != keeper->child)
            continue;
        keeper->child_ended = true;
        keeper->child_status = status;
        keeper->result.ended_ms = clock_wall_ms(&clock_system);
        if (keeper->phase == PHASE_RUNNING)
            enter_phase(keeper, PHASE_LEFTOVER);
    }
}

static void on_signal(struct keeper *keeper, int signals)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGTERM || keeper->phase >= PHASE_TERM)
            continue;
        set_cause(keeper, COMMAND_CANCELLED);
        enter_phase(keeper, PHASE_TERM);
    }
}

/* Until the last of the tree has ended. */
static void watch_over(struct keeper *keeper, int signals)
{
    while (!reap(keeper)) {
        struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
                               {.fd = keeper->output_pipe, .events = POLLIN}};
        int64_t left_ms = keeper->due_ms - mono_ms();
        int wait_ms = left_ms < 0 ? 0 : left_ms > 3600000 ? 3600000 : (int)left_ms;

        poll(fds, ARRAY_LEN(fds), wait_ms);
        if (fds[0].revents != 0)
            on_signal(keeper, signals);
        if (keeper->output_pipe >= 0 && fds[1].revents != 0)
            read_output(keeper);
        if (mono_ms() >= keeper->due_ms)
            on_due(keeper);
    }
}

static void conclude(struct keeper *keeper)
{
    int status = keeper->child_status;
    struct command_result *result = &keeper->result;

    if (!keeper->cause_known)
        result->end = WIFSIGNALED(status) ? COMMAND_SIGNALED : COMMAND_EXITED;
    result->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- life ---- */

static bool read_job(struct job *ret_job, struct err *err)
{
    struct stat stat;
    AUTO(buf) struct buf bytes = BUF_INIT(JOB_BYTES_MAX);

    if (fstat(JOB_FD, &stat) != 0 || stat.st_size <= 0 || (size_t)stat.st_size > JOB_BYTES_MAX)
        return err_set(err, ERR_PARSE, "descriptor %d holds no job", JOB_FD);
    char *to = buf_reserve(&bytes, (size_t)stat.st_size);
    if (to == NULL || pread(JOB_FD, to, (size_t)stat.st_size, 0) != stat.st_size)
        return err_set(err, ERR_IO, "cannot read the job");
    buf_commit(&bytes, (size_t)stat.st_size);
    close(JOB_FD);
    return job_decode(&bytes, ret_job, err);
}

/* False when this directory was used before, or is in use: then nothing may be started. */
static bool claim(const char *run_dir, int *ret_lock)
{
    struct process process;
    struct err err;

    if (!rundir_lock(run_dir, ret_lock, &err))
        return false;
    if (rundir_read_process(run_dir, "keeper", &process, &err) || err.code != ERR_NOT_FOUND)
        return false;
    return process_identify(getpid(), &process, &err) &&
           rundir_write_process(run_dir, "keeper", &process, &err);
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int open_output(const char *run_dir)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/output", run_dir);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

/* A full disk must not make a deployment that ended one that nobody saw: the lane waits for room.
 */
static bool write_result(const struct keeper *keeper)
{
    struct err err;

    while (!rundir_write_result(keeper->job.spec.run_dir, &keeper->result, &err)) {
        if (err.code != ERR_NO_SPACE)
            return false;
        poll(NULL, 0, WRITE_AGAIN_MS);
    }
    return true;
}

static int keep(struct keeper *keeper)
{
    int signals = open_signals();

    keeper->output_file = open_output(keeper->job.spec.run_dir);
    keeper->output_left = keeper->output_file >= 0 ? keeper->job.spec.output_bytes_max : 0;
    keeper->pending = BUF_INIT(READ_BYTES + JOB_BYTES_MAX);
    mask_init(&keeper->mask, keeper->job.masks);
    keeper->result.started_ms = clock_wall_ms(&clock_system);

    int number = start_command(keeper);
    enter_phase(keeper, number == 0 ? PHASE_RUNNING : PHASE_KILL);
    watch_over(keeper, signals);
    finish_output(keeper);
    conclude(keeper);
    if (number != 0)
        keeper->result = (struct command_result){
            .end = COMMAND_NOT_STARTED, .code = number, .ended_ms = keeper->result.started_ms};
    bool written = write_result(keeper);
    buf_done(&keeper->pending);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

int keeper_main(void)
{
    struct keeper keeper = {.output_pipe = -1};
    int lock = -1;
    struct err err;

    prctl(PR_SET_DUMPABLE, 0); /* the job names secrets */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "envflow-keep");
    if (!read_job(&keeper.job, &err)) {
        fprintf(stderr, "envflow keep: %s\n", err.text);
        return EXIT_FAILURE;
    }
    int code = claim(keeper.job.spec.run_dir, &lock) ? keep(&keeper) : EXIT_SUCCESS;
    job_done(&keeper.job);
    return code; /* the lock goes with the process */
}
