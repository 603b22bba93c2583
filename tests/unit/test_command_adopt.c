/* An envflow that ended, and the one after it: what it finds in a run directory. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "support/command_rig.h"
#include "support/test.h"

static void make_gate(const struct command_rig *rig)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/gate", rig->dir.path);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void open_gate(const struct command_rig *rig)
{
    char path[400];
    struct err err;

    snprintf(path, sizeof(path), "%s/gate", rig->dir.path);
    AUTO(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && file_write_all(fd, "go\n", 3, &err));
}

static pid_t keeper_of(const struct command_rig *rig)
{
    char name[400];

    snprintf(name, sizeof(name), "%s/keeper", rig->run_dir + strlen(rig->dir.path) + 1);
    return run_read_pid(rig, name);
}

static void test_a_command_that_still_runs_is_taken_up(void **state)
{
    struct command_rig *rig = *state;

    make_gate(rig);
    struct command *command = run_start(rig, "echo up >ready; read -r word <gate; exit 4");
    run_wait_file(rig, "ready");
    command_forget(command);
    run_adopt(rig);
    open_gate(rig);
    run_wait_ends(rig, 1);
    assert_int_equal(rig->result.end, COMMAND_EXITED);
    assert_int_equal(rig->result.code, 4);
}

static void test_a_command_that_ended_meanwhile_tells_how(void **state)
{
    struct command_rig *rig = *state;

    make_gate(rig);
    struct command *command = run_start(rig, "echo up >ready; read -r word <gate; exit 6");
    run_wait_file(rig, "ready");
    pid_t keeper = keeper_of(rig);
    command_forget(command);
    open_gate(rig);
    run_wait_gone(keeper);
    run_adopt(rig);
    run_wait_ends(rig, 1);
    assert_int_equal(rig->result.end, COMMAND_EXITED);
    assert_int_equal(rig->result.code, 6);
}

static void test_a_run_that_was_never_started_is_not_found(void **state)
{
    struct command_rig *rig = *state;
    struct command *command = NULL;
    struct err err = {0};

    assert_false(command_adopt(rig->loop, rig->run_dir, NULL, NULL, &command, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    /* Only the directory and its lock: the keeper died before it could say who it is. */
    assert_true(file_make_dirs(rig->run_dir, 0700, &err));
    assert_false(command_adopt(rig->loop, rig->run_dir, NULL, NULL, &command, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_null(command);
}

/* A child of the command in its session with an empty environment, and a daemon in another session
 * that keeps the environment: neither dies with the command. */
static const char hardy_tree[] = "env -i sh -c 'echo $$ >child; exec sleep 1000' &\n"
                                 "setsid sh -c 'echo $$ >daemon; exec sleep 1000' &\n"
                                 "echo $$ >main; exec sleep 1000";

static void kill_the_keeper(struct command_rig *rig)
{
    run_wait_file(rig, "main");
    run_wait_file(rig, "child");
    run_wait_file(rig, "daemon");
    kill(keeper_of(rig), SIGKILL);
}

static void expect_lost_without_survivors(struct command_rig *rig)
{
    run_wait_ends(rig, 1);
    assert_int_equal(rig->result.end, COMMAND_LOST);
    assert_true(run_is_gone(run_read_pid(rig, "main")));
    assert_true(run_is_gone(run_read_pid(rig, "child")));
    assert_true(run_is_gone(run_read_pid(rig, "daemon")));
}

static void test_a_killed_keeper_leaves_no_survivors(void **state)
{
    struct command_rig *rig = *state;

    run_start(rig, hardy_tree);
    kill_the_keeper(rig);
    expect_lost_without_survivors(rig);
}

static void test_a_keeper_killed_between_two_envflows_leaves_none_either(void **state)
{
    struct command_rig *rig = *state;
    struct command *command = run_start(rig, hardy_tree);

    kill_the_keeper(rig);
    command_forget(command);
    run_adopt(rig);
    expect_lost_without_survivors(rig);
}

static void test_starting_again_after_a_killed_keeper_runs_nothing(void **state)
{
    AUTO(buf) struct buf runs = BUF_INIT(1024);
    struct command_rig *rig = *state;
    struct command *command = run_start(rig, "echo run >>runs; exec sleep 1000");

    run_wait_file(rig, "runs");
    kill(keeper_of(rig), SIGKILL);
    command_forget(command);
    run_start(rig, NULL);
    run_wait_ends(rig, 1);
    assert_int_equal(rig->result.end, COMMAND_LOST);
    run_read_file(rig, "runs", &runs);
    assert_string_equal(buf_text(&runs), "run\n");
}

static void test_a_run_directory_is_removed_from_any_point_of_its_removal(void **state)
{
    struct command_rig *rig = *state;
    char gone[400];

    run_and_read(rig, "exit 0");
    snprintf(gone, sizeof(gone), "%s" COMMAND_GONE_SUFFIX, rig->run_dir);
    assert_int_equal(rename(rig->run_dir, gone), 0);
    command_remove(rig->run_dir);
    assert_int_equal(access(gone, F_OK), -1);
    command_remove(rig->run_dir); /* nothing there: nothing happens */
}

int main(int argc, char **argv)
{
    int code = 0;

    if (command_rig_keep(argc, argv, &code))
        return code;
#define CASE(name) cmocka_unit_test_setup_teardown(name, command_rig_set_up, command_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_command_that_still_runs_is_taken_up),
        CASE(test_a_command_that_ended_meanwhile_tells_how),
        CASE(test_a_run_that_was_never_started_is_not_found),
        CASE(test_a_killed_keeper_leaves_no_survivors),
        CASE(test_a_keeper_killed_between_two_envflows_leaves_none_either),
        CASE(test_starting_again_after_a_killed_keeper_runs_nothing),
        CASE(test_a_run_directory_is_removed_from_any_point_of_its_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
