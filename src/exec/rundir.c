#include "rundir_int.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

#define FILE_BYTES_MAX 4096

static bool join(char path[PATH_MAX], const char *run_dir, const char *name, struct err *err)
{
    if (snprintf(path, PATH_MAX, "%s/%s", run_dir, name) < PATH_MAX)
        return true;
    return err_set(err, ERR_LIMIT, "path too long: %s", run_dir);
}

static bool read_small(const char *run_dir, const char *name, struct buf *out, struct err *err)
{
    char path[PATH_MAX];

    return join(path, run_dir, name, err) && file_read(path, out, err);
}

static bool write_small(const char *run_dir, const char *name, const char *text, struct err *err)
{
    char path[PATH_MAX];

    return join(path, run_dir, name, err) && file_write_atomic(path, 0600, text, strlen(text), err);
}

/* ---- processes ---- */

/* The 22nd field; the second one, the name, may hold anything but a last ')'. */
static bool parse_start(const char *stat, uint64_t *ret_ticks)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL && sscanf(at, "%" SCNu64, ret_ticks) == 1; /* NOLINT(cert-err34-c) */
}

static bool is_zombie(const char *stat)
{
    const char *at = strrchr(stat, ')');

    return at != NULL && (at[2] == 'Z' || at[2] == 'X');
}

static bool read_boot_id(char boot_id[40], struct err *err)
{
    AUTO(buf) struct buf text = BUF_INIT(FILE_BYTES_MAX);

    if (!file_read("/proc/sys/kernel/random/boot_id", &text, err))
        return false;
    snprintf(boot_id, 40, "%.*s", (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
    return true;
}

bool process_identify(pid_t pid, struct process *ret_process, struct err *err)
{
    AUTO(buf) struct buf stat = BUF_INIT(FILE_BYTES_MAX);
    struct process process = {.pid = pid};
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!file_read(path, &stat, err) || !read_boot_id(process.boot_id, err))
        return false;
    if (is_zombie(buf_text(&stat)) || !parse_start(buf_text(&stat), &process.start_ticks))
        return err_set(err, ERR_NOT_FOUND, "process %d has ended", (int)pid);
    *ret_process = process;
    return true;
}

bool process_is_alive(const struct process *process)
{
    struct process now = {0};
    struct err err;

    return process_identify(process->pid, &now, &err) && now.start_ticks == process->start_ticks &&
           strcmp(now.boot_id, process->boot_id) == 0;
}

bool process_is_of_this_boot(const struct process *process)
{
    char boot_id[40];
    struct err err;

    return read_boot_id(boot_id, &err) && strcmp(process->boot_id, boot_id) == 0;
}

bool rundir_write_process(const char *run_dir, const char *name, const struct process *process,
                          struct err *err)
{
    char text[128];

    snprintf(text, sizeof(text), "%d %" PRIu64 " %s\n", (int)process->pid, process->start_ticks,
             process->boot_id);
    return write_small(run_dir, name, text, err);
}

bool rundir_read_process(const char *run_dir, const char *name, struct process *ret_process,
                         struct err *err)
{
    AUTO(buf) struct buf text = BUF_INIT(FILE_BYTES_MAX);
    struct process process = {0};
    int pid = 0;

    if (!read_small(run_dir, name, &text, err))
        return false;
    /* NOLINTNEXTLINE(cert-err34-c): three fields or none */
    if (sscanf(buf_text(&text), "%d %" SCNu64 " %39s", &pid, &process.start_ticks,
               process.boot_id) != 3 ||
        pid <= 1)
        return err_set(err, ERR_CORRUPT, "%s/%s is not readable", run_dir, name);
    process.pid = pid;
    *ret_process = process;
    return true;
}

/* ---- result ---- */

bool rundir_write_result(const char *run_dir, const struct command_result *result, struct err *err)
{
    char text[128];

    snprintf(text, sizeof(text), "%d %d %" PRId64 " %" PRId64 " %d\n", (int)result->end,
             result->code, result->started_ms, result->ended_ms, result->output_cut ? 1 : 0);
    return write_small(run_dir, "result", text, err);
}

bool rundir_read_result(const char *run_dir, struct command_result *ret_result, struct err *err)
{
    AUTO(buf) struct buf text = BUF_INIT(FILE_BYTES_MAX);
    struct command_result result = {0};
    int end = 0;
    int cut = 0;

    if (!read_small(run_dir, "result", &text, err))
        return false;
    /* NOLINTNEXTLINE(cert-err34-c): five fields or none */
    if (sscanf(buf_text(&text), "%d %d %" SCNd64 " %" SCNd64 " %d", &end, &result.code,
               &result.started_ms, &result.ended_ms, &cut) != 5 ||
        end < 0 || end >= COMMAND_END_COUNT)
        return err_set(err, ERR_CORRUPT, "%s/result is not readable", run_dir);
    result.end = (enum command_end)end;
    result.output_cut = cut != 0;
    *ret_result = result;
    return true;
}

/* ---- lock ---- */

bool rundir_lock(const char *run_dir, int *ret_fd, struct err *err)
{
    char path[PATH_MAX];

    return join(path, run_dir, "lock", err) && file_lock(path, 0, ret_fd, err);
}
