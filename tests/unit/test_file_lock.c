/* The lock on a file: refused while held, taken when the holder lets go in time. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "support/test.h"
#include "support/tmpdir.h"

struct rig {
    struct tmpdir dir;
    char path[300];
};

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    tmpdir_make(&rig->dir);
    snprintf(rig->path, sizeof(rig->path), "%s/lock", rig->dir.path);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    tmpdir_remove(&rig->dir);
    free(rig);
    return 0;
}

static int take(const struct rig *rig)
{
    struct err err;
    int fd = -1;

    if (!file_lock(rig->path, 0, &fd, &err))
        fail_msg("%s", err.text);
    return fd;
}

/* A child that holds the descriptor on, as one between fork and exec does, until it ends. */
static pid_t leave_to_child(int fd, int held_ms)
{
    pid_t child = fork();

    if (child == 0) {
        poll(NULL, 0, held_ms);
        _exit(0);
    }
    close(fd);
    return child;
}

static void test_a_held_lock_is_refused_at_once_when_nobody_waits(void **state)
{
    const struct rig *rig = *state;
    int held = take(rig);
    struct err err = {0};
    int fd = -7;

    assert_false(file_lock(rig->path, 0, &fd, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(fd, -7);
    assert_non_null(strstr(err.text, rig->path));
    close(held);
}

static void test_a_held_lock_is_refused_after_the_wait(void **state)
{
    const struct rig *rig = *state;
    int held = take(rig);
    struct err err = {0};
    int fd = -1;
    int64_t begin_ms = clock_mono_ms(&clock_system);

    assert_false(file_lock(rig->path, 50, &fd, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_true(clock_mono_ms(&clock_system) - begin_ms >= 50);
    close(held);
}

static void test_a_lock_that_a_child_still_holds_for_a_moment_is_taken(void **state)
{
    const struct rig *rig = *state;
    pid_t child = leave_to_child(take(rig), 50);
    struct err err = {0};
    AUTO(fd) int fd = -1;

    if (!file_lock(rig->path, 10000, &fd, &err))
        fail_msg("%s", err.text);
    assert_true(fd >= 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_a_closed_lock_is_free_again(void **state)
{
    const struct rig *rig = *state;

    close(take(rig));
    close(take(rig));
}

static void test_a_lock_in_a_missing_folder_says_where(void **state)
{
    struct err err = {0};
    int fd = -1;

    (void)state;
    assert_false(file_lock("/nowhere/at/all/lock", 0, &fd, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "/nowhere/at/all/lock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_held_lock_is_refused_at_once_when_nobody_waits,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_held_lock_is_refused_after_the_wait, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_lock_that_a_child_still_holds_for_a_moment_is_taken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_closed_lock_is_free_again, set_up, tear_down),
        cmocka_unit_test(test_a_lock_in_a_missing_folder_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
