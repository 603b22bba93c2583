#include "support/command_rig.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/random.h"
#include "exec/spawner.h"
#include "net/loop.h"
#include "support/test.h"

#define DEADLINE_MS 30000
#define OUTPUT_MAX  (1024 * 1024)

bool command_rig_keep(int argc, char **argv, int *ret_code)
{
    if (argc != 2 || strcmp(argv[1], "keep") != 0)
        return false;
    *ret_code = keeper_main();
    return true;
}

int command_rig_set_up(void **state)
{
    struct command_rig *rig = calloc(1, sizeof(*rig));
    uint8_t random[ID_RANDOM_BYTES];

    assert(rig != NULL);
    tmpdir_make(&rig->dir);
    random_bytes(random, sizeof(random));
    struct id id = id_make(clock_wall_ms(&clock_system), random);
    snprintf(rig->run_dir, sizeof(rig->run_dir), "%s/%s", rig->dir.path, id.text);
    snprintf(rig->variable, sizeof(rig->variable), "ENVFLOW_DEPLOYMENT_ID=%s", id.text);
    rig->environment[0] = "PATH=/usr/bin:/bin";
    rig->environment[1] = rig->variable;
    rig->argv[0] = "/bin/sh";
    rig->argv[1] = "-c";
    rig->output = BUF_INIT(OUTPUT_MAX);
    rig->loop = loop_new();
    rig->spawner = spawner_new();
    rig->spec = (struct command_spec){
        .run_dir = rig->run_dir,
        .argv = rig->argv,
        .workdir = rig->dir.path,
        .environment = rig->environment,
        .timeout_ms = DEADLINE_MS,
        .kill_grace_ms = DEADLINE_MS,
        .output_bytes_max = OUTPUT_MAX,
    };
    *state = rig;
    return 0;
}

int command_rig_tear_down(void **state)
{
    struct command_rig *rig = *state;

    spawner_free(rig->spawner);
    loop_free(rig->loop);
    buf_done(&rig->output);
    tmpdir_remove(&rig->dir);
    free(rig);
    return 0;
}

static void on_end(const struct command_result *result, void *arg)
{
    struct command_rig *rig = arg;

    rig->result = *result;
    rig->ends++;
    loop_stop(rig->loop);
}

struct command *run_start(struct command_rig *rig, const char *script)
{
    struct command *command = NULL;
    struct err err;

    if (script != NULL)
        rig->argv[2] = script;
    if (!command_start(rig->loop, rig->spawner, &rig->spec, on_end, rig, &command, &err))
        fail_msg("%s", err.text);
    return command;
}

struct command *run_adopt(struct command_rig *rig)
{
    struct command *command = NULL;
    struct err err;

    if (!command_adopt(rig->loop, rig->run_dir, on_end, rig, &command, &err))
        fail_msg("%s", err.text);
    return command;
}

static void on_deadline(void *arg)
{
    (void)arg;
    fprintf(stderr, "no command ended in %d ms\n", DEADLINE_MS);
    abort();
}

void run_wait_ends(struct command_rig *rig, int ends)
{
    struct timer *deadline = timer_new(rig->loop, on_deadline, NULL);

    timer_set(deadline, DEADLINE_MS);
    while (rig->ends < ends)
        loop_run(rig->loop);
    timer_free(deadline);
}

void run_and_read(struct command_rig *rig, const char *script)
{
    struct err err;

    run_start(rig, script);
    run_wait_ends(rig, rig->ends + 1);
    if (!command_output(rig->run_dir, &rig->output, &err))
        fail_msg("%s", err.text);
}

/* Asks again and again, up to the deadline. */
static bool comes_true(bool (*condition)(const void *arg), const void *arg)
{
    int64_t until_ms = clock_mono_ms(&clock_system) + DEADLINE_MS;

    while (!condition(arg)) {
        if (clock_mono_ms(&clock_system) > until_ms)
            return false;
        poll(NULL, 0, 2);
    }
    return true;
}

static bool has_content(const void *path)
{
    AUTO(buf) struct buf content = BUF_INIT(OUTPUT_MAX);
    struct err unread;

    return file_read(path, &content, &unread) && content.len > 0;
}

void run_wait_file(const struct command_rig *rig, const char *name)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", rig->dir.path, name);
    if (!comes_true(has_content, path))
        fail_msg("%s did not come", path);
}

void run_read_file(const struct command_rig *rig, const char *name, struct buf *out)
{
    char path[400];
    struct err err;

    snprintf(path, sizeof(path), "%s/%s", rig->dir.path, name);
    if (!file_read(path, out, &err))
        fail_msg("%s", err.text);
}

pid_t run_read_pid(const struct command_rig *rig, const char *name)
{
    AUTO(buf) struct buf text = BUF_INIT(4096);

    run_read_file(rig, name, &text);
    long pid = strtol(buf_text(&text), NULL, 10);
    assert_true(pid > 1);
    return (pid_t)pid;
}

/* A zombie whose parent is slow is gone too. */
bool run_is_gone(pid_t pid)
{
    AUTO(buf) struct buf stat = BUF_INIT(4096);
    char path[64];
    struct err err;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!file_read(path, &stat, &err))
        return true;
    const char *name_end = strrchr(buf_text(&stat), ')');
    return name_end != NULL && (name_end[2] == 'Z' || name_end[2] == 'X');
}

static bool is_gone(const void *pid)
{
    return run_is_gone(*(const pid_t *)pid);
}

void run_wait_gone(pid_t pid)
{
    if (!comes_true(is_gone, &pid))
        fail_msg("process %d is still there", (int)pid);
}
