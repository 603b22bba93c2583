/* Commands under their keeper: how they end, what they get, what is left of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "support/command_rig.h"
#include "support/test.h"

#define CANARY "canary-of-a-secret-0123456789"

/* ---- how it ends ---- */

static void test_how_a_command_ends_is_told(void **state)
{
    static const struct {
        const char *script;
        enum command_end end;
        int code;
        const char *output;
    } cases[] = {
        {"exit 0", COMMAND_EXITED, 0, ""},
        {"echo out; echo err >&2; exit 3", COMMAND_EXITED, 3, "out\nerr\n"},
        {"exit 255", COMMAND_EXITED, 255, ""},
        {"printf half; kill -TERM $$", COMMAND_SIGNALED, SIGTERM, "half"},
        {"kill -KILL $$", COMMAND_SIGNALED, SIGKILL, ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct command_rig *rig = *state;
        run_and_read(rig, cases[i].script);
        assert_int_equal(rig->result.end, cases[i].end);
        assert_int_equal(rig->result.code, cases[i].code);
        assert_string_equal(buf_text(&rig->output), cases[i].output);
        assert_false(rig->result.output_cut);
        assert_true(rig->result.started_ms > 0);
        assert_true(rig->result.ended_ms >= rig->result.started_ms);
        command_remove(rig->run_dir);
        assert_int_equal(access(rig->run_dir, F_OK), -1);
        buf_clear(&rig->output);
    }
}

static void expect_not_started(struct command_rig *rig, int number)
{
    run_and_read(rig, NULL);
    assert_int_equal(rig->result.end, COMMAND_NOT_STARTED);
    assert_int_equal(rig->result.code, number);
    assert_string_equal(buf_text(&rig->output), "");
    command_remove(rig->run_dir);
}

static void test_what_cannot_be_started_says_why(void **state)
{
    struct command_rig *rig = *state;

    rig->argv[1] = NULL;
    rig->argv[0] = "./not-there";
    expect_not_started(rig, ENOENT);
    rig->argv[0] = "found-in-no-path";
    expect_not_started(rig, ENOENT);
    rig->argv[0] = "/etc";
    expect_not_started(rig, EACCES);
    rig->argv[0] = "/bin/true";
    rig->spec.workdir = "/not/there";
    expect_not_started(rig, ENOENT);
}

static void test_a_time_out_asks_first(void **state)
{
    struct command_rig *rig = *state;

    rig->spec.timeout_ms = 200;
    run_and_read(rig, "trap 'echo asked; exit 7' TERM; sleep 60 & wait");
    assert_int_equal(rig->result.end, COMMAND_TIMED_OUT);
    assert_int_equal(rig->result.code, 7);
    assert_string_equal(buf_text(&rig->output), "asked\n");
}

/* Deaf to TERM, with a daemon that left its session and its parent and is deaf as well. */
static const char deaf_tree[] =
    "trap '' TERM\n"
    "setsid sh -c '(trap \"\" TERM; echo $$ >other; sh -c \"echo \\$PPID\" >daemon;"
    " sleep 1000) & exit 0'\n"
    "echo $$ >main\n"
    "while :; do sleep 1000; done";

static void test_a_time_out_ends_the_whole_tree_daemons_too(void **state)
{
    struct command_rig *rig = *state;

    rig->spec.timeout_ms = 500;
    rig->spec.kill_grace_ms = 100;
    run_and_read(rig, deaf_tree);
    assert_int_equal(rig->result.end, COMMAND_TIMED_OUT);
    assert_int_equal(rig->result.code, SIGKILL);
    assert_true(run_is_gone(run_read_pid(rig, "main")));
    assert_true(run_is_gone(run_read_pid(rig, "daemon")));
}

static void test_a_command_can_be_cancelled(void **state)
{
    struct command_rig *rig = *state;
    struct command *command = run_start(rig, "echo up >ready; exec sleep 1000");

    run_wait_file(rig, "ready");
    command_cancel(command);
    run_wait_ends(rig, 1);
    assert_int_equal(rig->result.end, COMMAND_CANCELLED);
    assert_int_equal(rig->result.code, SIGTERM);
}

static void test_what_a_command_leaves_in_the_background_ends_with_it(void **state)
{
    struct command_rig *rig = *state;

    run_and_read(rig, "setsid sleep 1000 & echo $! >daemon; exit 5");
    assert_int_equal(rig->result.end, COMMAND_EXITED);
    assert_int_equal(rig->result.code, 5);
    assert_true(run_is_gone(run_read_pid(rig, "daemon")));
}

/* ---- output ---- */

static void test_output_is_cut_at_its_limit_and_says_so(void **state)
{
    struct command_rig *rig = *state;

    rig->spec.output_bytes_max = 1000;
    run_and_read(rig, "i=0; while [ $i -lt 5000 ]; do echo 123456789; i=$((i+1)); done");
    assert_int_equal(rig->result.end, COMMAND_EXITED);
    assert_true(rig->result.output_cut);
    assert_memory_equal(buf_text(&rig->output) + 990, "123456789\n", 10);
    assert_string_equal(buf_text(&rig->output) + 1000,
                        "\n[envflow: 49000 more bytes were cut off]\n");
}

static void test_secrets_never_reach_the_run_directory(void **state)
{
    struct command_rig *rig = *state;
    const char *masks[] = {CANARY, NULL};

    rig->spec.masks = masks;
    rig->environment[2] = "TOKEN=" CANARY;
    run_and_read(rig, "echo \"<$TOKEN>\"; printf %s \"${TOKEN%0123456789}\"; echo 0123456789;"
                      " grep -rl \"$TOKEN\" . && echo found");
    assert_string_equal(buf_text(&rig->output), "<***>\n***\n");
}

/* ---- what it gets ---- */

static void test_the_environment_is_exactly_the_one_given(void **state)
{
    AUTO(buf) struct buf expected = BUF_INIT(1024);
    struct command_rig *rig = *state;

    rig->environment[2] = "EMPTY=";
    rig->environment[3] = "WORDS=two words, $HOME and `quotes`";
    rig->argv[0] = "env"; /* found in the PATH of the command */
    rig->argv[1] = NULL;
    run_and_read(rig, NULL);
    for (const char **variable = rig->environment; *variable != NULL; variable++)
        buf_printf(&expected, "%s\n", *variable);
    assert_string_equal(buf_text(&rig->output), buf_text(&expected));
}

static void test_arguments_arrive_as_they_are(void **state)
{
    struct command_rig *rig = *state;

    rig->argv[0] = "/usr/bin/printf";
    rig->argv[1] = "<%s>";
    run_and_read(rig, "a b; $(touch x) `y` \"z\" 'q' * \\");
    assert_string_equal(buf_text(&rig->output), "<a b; $(touch x) `y` \"z\" 'q' * \\>");
}

static void test_it_runs_in_the_working_directory_or_else_in_its_own(void **state)
{
    AUTO(buf) struct buf expected = BUF_INIT(1024);
    struct command_rig *rig = *state;

    run_and_read(rig, "/bin/pwd");
    command_remove(rig->run_dir);
    rig->spec.workdir = NULL;
    run_and_read(rig, "/bin/pwd");
    buf_printf(&expected, "%s\n%s\n", rig->dir.path, rig->run_dir);
    assert_string_equal(buf_text(&rig->output), buf_text(&expected));
}

static void test_no_descriptor_of_ours_is_handed_on(void **state)
{
    struct command_rig *rig = *state;
    int extra = open("/dev/zero", O_RDONLY); /* not close-on-exec, as a careless library's */

    assert_true(dup2(extra, 50) == 50 && dup2(extra, 3000 % 1024) >= 0);
    /* The last one is the listing's own. */
    run_and_read(rig, "ls /proc/self/fd; readlink /proc/self/fd/0");
    close(50);
    close(3000 % 1024);
    close(extra);
    assert_string_equal(buf_text(&rig->output), "0\n1\n2\n3\n/dev/null\n");
}

static void test_signals_are_neither_blocked_nor_ignored(void **state)
{
    struct command_rig *rig = *state;
    sigset_t blocked;
    sigset_t before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    /* 32 and 33 are libc's own: posix_spawn makes them ignored. */
    run_and_read(rig, "while read -r name bits; do case $name in Sig[BI]*)"
                      " echo $((0x$bits & ~0x180000000));; esac; done </proc/self/status");
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(buf_text(&rig->output), "0\n0\n");
}

static void test_it_leads_a_session_and_a_group_of_its_own(void **state)
{
    struct command_rig *rig = *state;

    run_and_read(rig, "read -r pid name state parent group session rest </proc/$$/stat;"
                      " [ $$ = $pid ] && [ $group = $pid ] && [ $session = $pid ] && echo own");
    assert_string_equal(buf_text(&rig->output), "own\n");
}

static void test_the_keeper_tells_nothing_in_its_arguments_or_environment(void **state)
{
    struct command_rig *rig = *state;
    const char *masks[] = {CANARY, NULL};

    rig->spec.masks = masks;
    setenv("TOKEN_OF_OURS", CANARY, 1);
    run_and_read(rig, "tr '\\0' ' ' </proc/$PPID/cmdline; wc -c </proc/$PPID/environ");
    unsetenv("TOKEN_OF_OURS");
    assert_string_equal(buf_text(&rig->output), "envflow keep 0\n");
}

/* ---- once ---- */

static void test_a_run_directory_never_holds_two_runs(void **state)
{
    AUTO(buf) struct buf runs = BUF_INIT(1024);
    struct command_rig *rig = *state;

    for (int i = 0; i < 4; i++)
        run_start(rig, "echo run >>runs; sleep 0.1; exit 9");
    run_wait_ends(rig, 4);
    run_start(rig, NULL);
    run_wait_ends(rig, 5);
    assert_int_equal(rig->result.end, COMMAND_EXITED);
    assert_int_equal(rig->result.code, 9);
    run_read_file(rig, "runs", &runs);
    assert_string_equal(buf_text(&runs), "run\n");
}

int main(int argc, char **argv)
{
    int code = 0;

    if (command_rig_keep(argc, argv, &code))
        return code;
#define CASE(name) cmocka_unit_test_setup_teardown(name, command_rig_set_up, command_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_how_a_command_ends_is_told),
        CASE(test_what_cannot_be_started_says_why),
        CASE(test_a_time_out_asks_first),
        CASE(test_a_time_out_ends_the_whole_tree_daemons_too),
        CASE(test_a_command_can_be_cancelled),
        CASE(test_what_a_command_leaves_in_the_background_ends_with_it),
        CASE(test_output_is_cut_at_its_limit_and_says_so),
        CASE(test_secrets_never_reach_the_run_directory),
        CASE(test_the_environment_is_exactly_the_one_given),
        CASE(test_arguments_arrive_as_they_are),
        CASE(test_it_runs_in_the_working_directory_or_else_in_its_own),
        CASE(test_no_descriptor_of_ours_is_handed_on),
        CASE(test_signals_are_neither_blocked_nor_ignored),
        CASE(test_it_leads_a_session_and_a_group_of_its_own),
        CASE(test_the_keeper_tells_nothing_in_its_arguments_or_environment),
        CASE(test_a_run_directory_never_holds_two_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
