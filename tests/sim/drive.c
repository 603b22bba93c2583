/*
 * Drives the engine's decision part as src/engine/engine.c does: one transaction, then what
 * follows from it. Between any two of them it may crash: before the commit everything of the
 * step is lost, after it only what was not followed yet. A store in memory survives no real
 * restart, so a crash drops everything but the store.
 */
#include <stdio.h>
#include <string.h>

#include "checks_int.h"
#include "engine/engine.h"
#include "orders_int.h"
#include "promotions_int.h"
#include "sim/world.h"

#define ENDS_MAX       3
#define DELIVERIES_MAX 3
#define DUE_MAX        64
#define SWEEP_MS       30000

static struct run *run_of(const struct world *world, const struct end *end)
{
    return list_at(&world->runs, end->run);
}

/* ---- what a step writes ---- */

static bool write_end(struct world *world, const struct end *end, struct err *err)
{
    const struct run *run = run_of(world, end);
    struct lanes *lanes = &world->intake.lanes;
    struct lanes_outcome outcome = executor_outcome(end->outcome);
    bool applied = false;

    trace(world, "%s of %.26s ends: %d%s", run->what.job == LANES_CHECK ? "check" : "deployment",
          run->what.id.text, (int)end->outcome, end->is_stale ? ", once more" : "");
    world->stale = end->is_stale ? &run->what.id : NULL;
    if (!(run->what.job == LANES_CHECK ? checks_end : lanes_end)(lanes, run->what.id.text, &outcome,
                                                                 &applied, err))
        return false;
    if (end->is_stale && applied)
        oracle_see_write(world);
    world->stale = NULL;
    return true;
}

static bool write_ends(struct world *world, size_t *ret_count, struct err *err)
{
    size_t count = 0;

    for (; count < world->ends.count && count < ENDS_MAX; count++) {
        if (!write_end(world, list_at(&world->ends, count), err))
            return false;
    }
    *ret_count = count;
    return true;
}

static bool write_deliveries(struct world *world, uint64_t *ret_cursor, struct err *err)
{
    uint64_t cursor = world->cursor;
    struct store_delivery settled;

    for (int i = 0; i < DELIVERIES_MAX && cursor < world->journal.count; i++) {
        struct journal_record record = hub_record(world, ++cursor);
        const size_t *at = list_at(&world->journal, (size_t)cursor - 1);
        const struct delivery *delivery = list_at(&world->deliveries, *at);
        trace(world, "delivery %llu: %s %s", (unsigned long long)cursor, record.event, record.guid);
        if (!delivery->is_handled)
            oracle_act(world, &delivery->act);
        if (!intake_handle(&world->intake, &record, &settled, err))
            return false;
        trace(world, "  %s: %.140s", verdict_name(settled.verdict), settled.reason.text);
    }
    *ret_cursor = cursor;
    return cursor == world->cursor || store_set_cursor(world->intake.lanes.store, cursor, err);
}

static bool sweep(struct world *world, int64_t *ret_next_ms, struct err *err)
{
    struct lanes *lanes = &world->intake.lanes;
    int64_t next_ms = 0;

    if (lanes->now_ms < *ret_next_ms && *ret_next_ms - lanes->now_ms <= SWEEP_MS)
        return true;
    if (!lanes_open_all(lanes, err) || !checks_probe_health(lanes, &next_ms, err))
        return false;
    *ret_next_ms = lanes->now_ms + SWEEP_MS;
    return true;
}

/* ---- the edges of a step ---- */

static bool begin(struct world *world, struct err *err)
{
    world->tally->steps++;
    lanes_begin(&world->intake.lanes);
    oracle_begin(world);
    return store_begin(world->intake.lanes.store, err);
}

static bool draws_crash(struct world *world, enum fault fault)
{
    if (world->is_calm || !prng_chance(&world->prng, 15))
        return false;
    count_fault(world, fault);
    return true;
}

static void roll_back(struct world *world)
{
    store_rollback(world->intake.lanes.store);
    lanes_begin(&world->intake.lanes);
    oracle_rollback(world);
}

static bool keep_deployment(const struct store_deployment *deployment, void *arg)
{
    struct lanes_start start = {.job = LANES_DEPLOYMENT, .id = deployment->id};

    list_add(arg, &start);
    return true;
}

static bool keep_check(const struct store_check *check, void *arg)
{
    struct lanes_start start = {.job = LANES_CHECK, .id = check->id};

    list_add(arg, &start);
    return true;
}

static void forget_announcements(struct world *world)
{
    for (size_t i = 0; i < world->ends.count; i++) {
        const struct end *end = list_at(&world->ends, i);
        if (!end->is_stale)
            run_of(world, end)->is_announced = false;
    }
    world->ends.count = 0;
    world->next_sweep_ms = 0;
}

/* A new life: only the store is left. Whatever runs is taken up again under its id. */
static bool restart(struct world *world)
{
    struct store *store = world->intake.lanes.store;
    struct store_deployment_filter filter = {.state = DEPLOYMENT_RUNNING, .limit = UINT32_MAX};
    AUTO(list) struct list running = LIST_INIT(struct lanes_start);
    struct err err;

    trace(world, "crash");
    forget_announcements(world);
    if (!store_cursor(store, &world->cursor, &err) ||
        !store_deployments(store, &filter, keep_deployment, &running, &err) ||
        !store_checks(store, NULL, keep_check, &running, &err)) {
        blame(world, BLAME_LIVENESS, "cannot start again: %s", err.text);
        return false;
    }
    for (size_t i = 0; i < running.count; i++)
        executor_start(world, list_at(&running, i));
    return true;
}

static void follow(struct world *world)
{
    const struct lanes *lanes = &world->intake.lanes;

    for (size_t i = 0; i < lanes->stops_count; i++)
        executor_stop(world, &lanes->stops[i]);
    for (size_t i = 0; i < lanes->starts_count; i++)
        executor_start(world, &lanes->starts[i]);
}

static bool fail(struct world *world, const struct err *err)
{
    roll_back(world);
    blame(world, BLAME_LIVENESS, "the engine stops: %s", err->text);
    return false;
}

/* ---- a turn ---- */

/* The engine has it for good. */
static void settle_ends(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct run *run = run_of(world, list_at(&world->ends, i));
        run->is_settled = true;
        oracle_note_good(world, run);
    }
    world->ends.count -= count;
    if (world->ends.count > 0)
        memmove(world->ends.items, list_at(&world->ends, count),
                world->ends.count * world->ends.size);
}

static void settle_deliveries(struct world *world, uint64_t cursor)
{
    for (uint64_t sequence = world->cursor + 1; sequence <= cursor; sequence++) {
        const size_t *at = list_at(&world->journal, (size_t)sequence - 1);
        struct delivery *delivery = list_at(&world->deliveries, *at);
        delivery->is_handled = true;
        oracle_judge_delivery(world, sequence);
    }
    world->cursor = cursor;
}

bool drive_turn(struct world *world)
{
    struct lanes *lanes = &world->intake.lanes;
    int64_t next_sweep_ms = world->next_sweep_ms;
    uint64_t cursor = 0;
    size_t ends = 0;
    struct err err;

    if (!begin(world, &err) || !write_ends(world, &ends, &err) ||
        !write_deliveries(world, &cursor, &err) || !promotions_evaluate_due(lanes, DUE_MAX, &err) ||
        !sweep(world, &next_sweep_ms, &err))
        return fail(world, &err);
    if (draws_crash(world, FAULT_CRASH_BEFORE)) {
        roll_back(world);
        return restart(world);
    }
    if (!store_commit(lanes->store, &err))
        return fail(world, &err);
    oracle_commit(world);
    settle_ends(world, ends);
    settle_deliveries(world, cursor);
    world->next_sweep_ms = next_sweep_ms;
    oracle_judge_starts(world);
    if (draws_crash(world, FAULT_CRASH_AFTER))
        return restart(world);
    follow(world);
    return world->blamed == 0;
}

/* ---- an order ---- */

bool drive_order(struct world *world, struct engine_request *request, const struct act *act)
{
    struct lanes *lanes = &world->intake.lanes;
    struct err err;

    trace(world, "order %d by %s: %s %s %s", (int)request->order, request->actor.login,
          request->repository, request->to, request->promotion);
    if (!begin(world, &err))
        return fail(world, &err);
    world->asking_id = request->actor.id;
    if (act != NULL)
        oracle_act(world, act);
    if (!orders_carry_out(lanes, request, &err)) {
        roll_back(world);
        if (err.code != ERR_NOT_FOUND && err.code != ERR_CONFLICT)
            blame(world, BLAME_LIVENESS, "an order stops the engine: %s", err.text);
        return false;
    }
    trace(world, "  %s%.140s", request->is_refused ? "refused: " : "", request->outcome.text);
    if (draws_crash(world, FAULT_CRASH_BEFORE)) {
        roll_back(world);
        restart(world);
        return false;
    }
    if (!store_commit(lanes->store, &err))
        return fail(world, &err);
    oracle_commit(world);
    people_note(world, request);
    oracle_judge_starts(world);
    if (draws_crash(world, FAULT_CRASH_AFTER))
        restart(world);
    else
        follow(world);
    return true;
}
