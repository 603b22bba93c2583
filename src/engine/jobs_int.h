/*
 * What commands get: arguments, environment, masks, bounds; for deployments and for checks.
 * Nothing of a payload reaches an argument list, and of our environment only what is named.
 */
#ifndef ENGINE_JOBS_INT_H
#define ENGINE_JOBS_INT_H

#include "base/attr.h"
#include "base/err.h"
#include "cfg/cfg.h"
#include "exec/command.h"
#include "flow/graph.h"
#include "store/promotions.h"
#include "store/store.h"

struct loop;
struct spawner;

/* One command about to be started. Everything is borrowed for the call, but arg, loop and spawner.
 */
struct job {
    struct loop *loop;
    struct spawner *spawner;
    const struct cfg *cfg;
    struct store *store;
    const struct id *id; /* names its run directory */
    command_end_fn *on_end;
    void *arg;
    struct command **ret_command;
};

/* Errors: those of command_start and of the store; nothing runs then. */
MUST_CHECK bool jobs_run_deployment(const struct job *job,
                                    const struct store_deployment *deployment,
                                    const struct deploy_command *deploy, struct err *err);
MUST_CHECK bool jobs_run_check(const struct job *job, const struct store_check *row,
                               const struct flow_check *check, struct err *err);

#endif
