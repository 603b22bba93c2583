#include "survivors_int.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"

#define ENVIRON_BYTES_MAX (4 * MIB) /* more than the kernel lets execve take */

/* What marks a process as the run's. */
struct mark {
    const char *id;                /* NULL: the run has none */
    const struct process *session; /* its leader; NULL: unknown, or the number is another's now */
};

/* The number of a session is not given away again before its last member has gone; who leads
 * another one by the same number was born later. */
static bool is_session_ours(const struct process *leader)
{
    struct process now;
    struct err err;

    if (process_is_alive(leader))
        return true;
    return !process_identify(leader->pid, &now, &err) && process_is_of_this_boot(leader);
}

/* Some variable has the id of the run as its value. */
static bool environ_holds(const char *pid, const char *id)
{
    AUTO(buf) struct buf text = BUF_INIT(ENVIRON_BYTES_MAX);
    char path[320];
    struct err unread;

    snprintf(path, sizeof(path), "/proc/%s/environ", pid);
    if (!file_read(path, &text, &unread))
        return false; /* it ended meanwhile, or belongs to somebody whom we could not kill either */
    const char *end = buf_text(&text) + text.len;
    for (const char *at = buf_text(&text); at < end; at += strlen(at) + 1) {
        const char *value = strchr(at, '=');
        if (value != NULL && strcmp(value + 1, id) == 0)
            return true;
    }
    return false;
}

static bool is_marked(const char *pid, pid_t number, const struct mark *mark)
{
    struct process process;
    struct err ended;

    if (number <= 1 || number == getpid() || !process_identify(number, &process, &ended))
        return false;
    return (mark->session != NULL && getsid(number) == mark->session->pid) ||
           (mark->id != NULL && environ_holds(pid, mark->id));
}

static size_t kill_marked(DIR *proc, const struct mark *mark)
{
    size_t count = 0;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
    for (const struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);
        if (is_marked(entry->d_name, number, mark) && kill(number, SIGKILL) == 0)
            count++;
    }
    return count;
}

size_t survivors_kill(const char *run_dir, const struct process *command)
{
    const char *slash = strrchr(run_dir, '/');
    const char *name = slash != NULL ? slash + 1 : run_dir;
    struct mark mark = {
        .id = id_is_valid(name) ? name : NULL,
        .session = command != NULL && is_session_ours(command) ? command : NULL,
    };
    DIR *proc = opendir("/proc");

    if (proc == NULL)
        return 0;
    size_t count = kill_marked(proc, &mark);
    closedir(proc);
    return count;
}
