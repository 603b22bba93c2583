/*
 * The run directory: how envflow, the keeper and a later envflow know of each other.
 *
 *   lock     held by the keeper for as long as it lives (flock)
 *   keeper   who keeps the run: written once, before anything is started; its presence means
 *            that this directory was used
 *   command  the process that was started
 *   output   what it printed, masked and cut
 *   result   how it ended; written atomically, last
 */
#ifndef EXEC_RUNDIR_INT_H
#define EXEC_RUNDIR_INT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "exec/command.h"

/* A process, told apart from any later one with the same number. */
struct process {
    pid_t pid;
    uint64_t start_ticks; /* field 22 of /proc/PID/stat */
    char boot_id[40];
};

/* Errors: ERR_NOT_FOUND when there is no such process. */
MUST_CHECK bool process_identify(pid_t pid, struct process *ret_process, struct err *err);
bool process_is_alive(const struct process *process);
bool process_is_of_this_boot(const struct process *process);

/* name: "keeper" or "command". Errors of reading: ERR_NOT_FOUND, ERR_CORRUPT, ERR_IO. */
MUST_CHECK bool rundir_write_process(const char *run_dir, const char *name,
                                     const struct process *process, struct err *err);
MUST_CHECK bool rundir_read_process(const char *run_dir, const char *name,
                                    struct process *ret_process, struct err *err);
MUST_CHECK bool rundir_write_result(const char *run_dir, const struct command_result *result,
                                    struct err *err);
MUST_CHECK bool rundir_read_result(const char *run_dir, struct command_result *ret_result,
                                   struct err *err);

/* The lock, held until the descriptor is closed. Errors: ERR_CONFLICT, ERR_IO. */
MUST_CHECK bool rundir_lock(const char *run_dir, int *ret_fd, struct err *err);

#endif
