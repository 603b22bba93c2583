/*
 * What a run left behind when its keeper was killed: nobody is its parent any more, so it is found
 * by the session that the command led and by the id of the run in its environment.
 */
#ifndef EXEC_SURVIVORS_INT_H
#define EXEC_SURVIVORS_INT_H

#include <stddef.h>

#include "rundir_int.h"

/* Sends KILL to every process of the run; returns how many there were. A process born meanwhile
 * may be missed: repeat until it returns 0. command: the process that was started, or NULL where
 * none was. */
size_t survivors_kill(const char *run_dir, const struct process *command);

#endif
