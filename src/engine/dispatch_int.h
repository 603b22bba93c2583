/*
 * Carries out what was committed: runs deployments and checks, and collects how they ended
 * until the engine has written that down.
 *
 * The row of a deployment or check is its own outbox: state `running` is committed first,
 * the command is started after, and the run directory named by the row's id makes starting
 * it again harmless. Thread: the engine's.
 */
#ifndef ENGINE_DISPATCH_INT_H
#define ENGINE_DISPATCH_INT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "cfg/cfg.h"
#include "exec/command.h"
#include "lanes_int.h"

struct dispatch;
struct loop;

/* A command that ended and is not yet in the store. */
struct dispatch_end {
    struct lanes_start of;
    struct lanes_outcome outcome;
    struct dispatch_end *next;
};

/* on_end is called on the loop when there is at least one end to take. cfg is borrowed. Commands
 * run with the priority of the thread that calls this. */
struct dispatch *dispatch_new(struct loop *loop, const struct cfg *cfg, struct lanes *lanes,
                              void (*on_end)(void *arg), void *arg);
/* Commands go on under their keepers. */
void dispatch_free(struct dispatch *dispatch);

/* What was committed is carried out: end what `lanes->stops` names, start what `lanes->starts`
 * names, and empty both. What cannot be started ends at once. */
void dispatch_follow(struct dispatch *dispatch);

/* After a restart: take up every deployment and check the store says is running.
 * Errors: those of the store. */
MUST_CHECK bool dispatch_recover(struct dispatch *dispatch, struct err *err);

/* The oldest end, or NULL; it stays until dispatch_drop_end. */
const struct dispatch_end *dispatch_first_end(const struct dispatch *dispatch);
/* The first end is in the store: forget it and remove its run directory. */
void dispatch_drop_end(struct dispatch *dispatch);
/* Save what the command printed; inside the transaction that records the end. */
MUST_CHECK bool dispatch_store_output(struct dispatch *dispatch, const struct dispatch_end *end,
                                      struct err *err);

#endif
