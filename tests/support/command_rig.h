/*
 * Real commands under a real keeper. The keeper is the running program started again, so main()
 * of such a test begins with command_rig_keep().
 */
#ifndef TESTS_COMMAND_RIG_H
#define TESTS_COMMAND_RIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "exec/command.h"
#include "support/tmpdir.h"

struct command_rig {
    struct tmpdir dir; /* the working directory of commands */
    char run_dir[320]; /* inside it; its name is an id */
    char variable[64]; /* ENVFLOW_DEPLOYMENT_ID=<that id> */
    const char *environment[8];
    struct loop *loop;
    struct spawner *spawner;
    struct command_spec spec; /* sh -c, time-out and grace long; tests change what they are about */
    const char *argv[4];
    struct command_result result; /* of the last command that ended */
    int ends;
    struct buf output;
};

/* True when this process was started as a keeper; *ret_code is what main has to return. */
bool command_rig_keep(int argc, char **argv, int *ret_code);

int command_rig_set_up(void **state);
int command_rig_tear_down(void **state);

/* Each fails the test when it cannot. */
struct command *run_start(struct command_rig *rig, const char *script);
struct command *run_adopt(struct command_rig *rig);
void run_wait_ends(struct command_rig *rig, int ends); /* runs the loop until there were so many */
void run_and_read(struct command_rig *rig, const char *script); /* start, wait, read the output */

/* Files of the working directory and of the run directory. */
void run_wait_file(const struct command_rig *rig, const char *name);
void run_read_file(const struct command_rig *rig, const char *name, struct buf *out);
pid_t run_read_pid(const struct command_rig *rig, const char *name); /* the first number in it */
bool run_is_gone(pid_t pid);                                         /* ended, or about to */
void run_wait_gone(pid_t pid);

#endif
