/* Machines that deploy and look: they succeed, fail, hang, are late, and repeat themselves. */
#include <stdlib.h>
#include <string.h>

#include "sim/world.h"

#define HANGS_MS (2 * HOUR_MS) /* then it counts as lost */

static struct run *run_at(const struct world *world, size_t at)
{
    return list_at(&world->runs, at);
}

static size_t find(const struct world *world, const char *id)
{
    for (size_t at = world->runs.count; at > 0; at--) {
        if (strcmp(run_at(world, at - 1)->what.id.text, id) == 0)
            return at - 1;
    }
    return SIZE_MAX;
}

/* What it will come to. */
static void plan(struct world *world, struct run *run)
{
    int64_t roll = world->is_calm ? 0 : prng_below(&world->prng, 1000);
    int64_t span_ms = run->what.job == LANES_CHECK ? 2 * MINUTE_MS : 25 * MINUTE_MS;

    run->outcome = LANE_SUCCEEDED;
    run->ends_ms = world->true_ms + prng_below(&world->prng, span_ms);
    if (roll >= 960) {
        run->outcome = LANE_OUTCOME_LOST;
        run->ends_ms = world->true_ms + HANGS_MS;
        count_fault(world, FAULT_RUN_HUNG);
    } else if (roll >= 900) {
        run->outcome = LANE_FAILED;
        count_fault(world, FAULT_RUN_FAILED);
    }
}

static bool describe_check(struct world *world, struct run *run)
{
    struct store_check check;
    struct err err;

    if (!store_check_get(world->intake.lanes.store, run->what.id.text, &check, &err))
        return false;
    run->phase = check.phase;
    run->deployment = deployment_find(world, check.subject.text);
    run->promotion = promotion_find(world, check.subject.text);
    memcpy(run->name, check.name, sizeof(run->name) - 1);
    return true;
}

/* Under an id that is known it is the same run: what happened once does not happen again. */
void executor_start(struct world *world, const struct lanes_start *start)
{
    size_t known = find(world, start->id.text);
    struct run run = {.what = *start, .promotion = SIZE_MAX};

    if (known != SIZE_MAX) {
        run_at(world, known)->is_announced = false;
        return;
    }
    if (start->job == LANES_CHECK) {
        if (!describe_check(world, &run)) {
            blame(world, BLAME_LIVENESS, "check %s was started but is not there", start->id.text);
            return;
        }
    } else {
        run.deployment = deployment_find(world, start->id.text);
        world->tally->starts++;
    }
    plan(world, &run);
    list_add(&world->runs, &run);
}

void executor_stop(struct world *world, const struct id *id)
{
    size_t at = find(world, id->text);

    if (at == SIZE_MAX)
        return;
    run_at(world, at)->is_stopped = true;
    run_at(world, at)->outcome = LANE_FAILED;
    run_at(world, at)->ends_ms = world->true_ms;
}

static void announce(struct world *world, size_t at, bool is_stale)
{
    struct end end = {at, run_at(world, at)->outcome, is_stale};

    /* Given up, and there it is after all. */
    if (is_stale && end.outcome == LANE_OUTCOME_LOST)
        end.outcome = LANE_SUCCEEDED;

    list_add(&world->ends, &end);
    run_at(world, at)->is_announced = true;
}

/* A machine that was given up, or did not hear that it was heard, tells again. */
static void repeat_some(struct world *world)
{
    if (world->is_calm || world->runs.count == 0 || !prng_chance(&world->prng, 40))
        return;
    size_t at =
        world->runs.count - 1 -
        (size_t)prng_below(&world->prng, world->runs.count < 40 ? (int64_t)world->runs.count : 40);
    if (run_at(world, at)->is_settled && run_at(world, at)->phase != CHECK_HEALTH) {
        count_fault(world, FAULT_RUN_REPEATED);
        announce(world, at, true);
    }
}

void executor_pass(struct world *world)
{
    for (size_t at = 0; at < world->runs.count; at++) {
        struct run *run = run_at(world, at);
        if (run->is_settled || (run->ends_ms > world->true_ms && !run->has_ended))
            continue;
        run->has_ended = true;
        if (!run->is_announced)
            announce(world, at, run->is_stopped);
    }
    repeat_some(world);
}

bool executor_is_busy(const struct world *world)
{
    for (size_t at = world->runs.count; at > 0; at--) {
        const struct run *run = run_at(world, at - 1);
        if (!run->is_settled && run->phase != CHECK_HEALTH)
            return true;
    }
    return world->ends.count > 0;
}

struct lanes_outcome executor_outcome(enum lane_event_kind kind)
{
    static const struct {
        enum reason_code code;
        const char *words;
    } wordings[LANE_EVENT_COUNT] = {
        [LANE_SUCCEEDED] = {REASON_SUCCEEDED, "it ended well"},
        [LANE_FAILED] = {REASON_COMMAND_FAILED, "it ended badly"},
        [LANE_OUTCOME_LOST] = {REASON_OUTCOME_UNKNOWN, "nobody saw it end"},
    };

    return (struct lanes_outcome){
        .kind = kind,
        .reason = reason_make(wordings[kind].code, "%s", wordings[kind].words),
    };
}
