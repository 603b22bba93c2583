/*
 * envflow's deciding part in a glass: the real intake, orders, lanes, promotions and checks on
 * a store in memory, under a clock that the test moves. Nothing is run: commands "run" until
 * somebody says how they ended. Each step is the transaction that the engine's thread makes of
 * it (src/engine/engine.c), followed by the same look at what became due.
 *
 * Ownership: world_done frees everything. Errors: whatever must not fail ends the program with
 * where and why: a scenario has one reader.
 */
#ifndef TESTS_FLOWS_WORLD_H
#define TESTS_FLOWS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "cfg/cfg.h"
#include "engine/engine.h"
#include "intake_int.h"
#include "support/fake_clock.h"

struct world {
    struct fake_clock fake;
    struct store *store;
    struct cfg *cfg;
    struct intake intake;
    uint64_t sequence;     /* of the last delivery */
    int64_t next_sweep_ms; /* what nobody tells of is looked at every half minute */
};

/* Says why and ends the program. */
_Noreturn void world_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

void world_init(struct world *world, const char *config_path, int64_t now_ms);
void world_done(struct world *world);

/* As after a restart with this configuration. */
void world_restart(struct world *world, const char *config_path);

/* Time passes; whatever becomes due on the way is looked at when it does. */
void world_pass_to(struct world *world, int64_t now_ms);

/* A verified delivery. Text is borrowed for the call. */
struct world_delivery {
    const char *event, *guid, *hook;
    const char *body;
};
struct store_delivery world_deliver(struct world *world, const struct world_delivery *delivery);

/* Somebody asks over the admin port. False: an error, which is in request->err. */
bool world_order(struct world *world, struct engine_request *request);

/* What runs in a lane ended. */
void world_end_deployment(struct world *world, const char *repository, const char *environment,
                          enum lane_event_kind how);
/* The check of this name that runs for an environment ended. */
void world_end_check(struct world *world, const char *environment, const char *name,
                     enum lane_event_kind how);

/* Of a repository that pushed before. */
struct store_lane world_lane(const struct world *world, const char *repository,
                             const char *environment);

/* What must be true after every step: lanes agree with their deployments, nothing waits without
 * a word, what has ended stays. */
void world_check_invariants(struct world *world);

#endif
