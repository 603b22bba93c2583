#include "world.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/sha256.h"
#include "checks_int.h"
#include "orders_int.h"
#include "promotions_int.h"

#define DUE_MAX  64 /* promotions looked at in one transaction, as in the engine */
#define SWEEP_MS 30000

_Noreturn void world_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void must(bool done, const struct err *err)
{
    if (!done)
        world_fail("error: %s", err->text);
}

/* ---- life ---- */

/* Grows, so that ids of one millisecond keep their order. */
static void next_random(void *bytes, size_t len)
{
    static uint32_t count;
    unsigned char *out = bytes;

    count++;
    memset(out, 0, len);
    for (size_t i = 0; i < sizeof(count); i++)
        out[i] = (unsigned char)(count >> (8 * (sizeof(count) - 1 - i)));
}

static struct cfg *load(const char *path)
{
    struct cfg_problems problems = {.count = 0};
    AUTO(buf) struct buf text = BUF_INIT(64 * KIB);
    struct cfg *cfg = NULL;

    if (!cfg_load(path, &cfg, &problems)) {
        cfg_problems_print(&problems, path, &text);
        world_fail("%s", buf_text(&text));
    }
    return cfg;
}

void world_init(struct world *world, const char *config_path, int64_t now_ms)
{
    struct err err;

    *world = (struct world){.cfg = load(config_path)};
    fake_clock_init(&world->fake, now_ms);
    must(store_open(":memory:", &world->store, &err), &err);
    world->intake = (struct intake){
        .lanes = {.store = world->store,
                  .graph = &world->cfg->graph,
                  .clock = &world->fake.clock,
                  .random = next_random},
        .parse_bytes_max = (size_t)world->cfg->parse_bytes_max,
    };
}

void world_done(struct world *world)
{
    store_close(world->store);
    cfg_free(world->cfg);
}

/* ---- transactions ---- */

static struct lanes *begin(struct world *world)
{
    struct lanes *lanes = &world->intake.lanes;
    struct err err;

    lanes_begin(lanes);
    must(store_begin(world->store, &err), &err);
    return lanes;
}

static void commit(struct world *world)
{
    struct err err;

    must(store_commit(world->store, &err), &err);
}

/* What time alone changed, in the transaction that is open. */
static void write_due(struct world *world)
{
    struct lanes *lanes = &world->intake.lanes;
    int64_t next_ms = 0;
    struct err err;

    must(promotions_evaluate_due(lanes, DUE_MAX, &err), &err);
    if (lanes->now_ms < world->next_sweep_ms)
        return;
    must(promotions_evaluate_open(lanes, 0, &err) && lanes_open_all(lanes, &err) &&
             checks_probe_health(lanes, &next_ms, &err),
         &err);
    world->next_sweep_ms = lanes->now_ms + SWEEP_MS;
}

static void turn(struct world *world)
{
    begin(world);
    write_due(world);
    commit(world);
}

void world_pass_to(struct world *world, int64_t now_ms)
{
    int64_t due_ms = 0;
    struct err err;

    for (;;) {
        must(store_promotions_due(world->store, &due_ms, &err), &err);
        if (due_ms == 0 || due_ms > now_ms)
            break;
        if (due_ms > world->fake.wall_ms)
            fake_clock_advance(&world->fake, due_ms - world->fake.wall_ms);
        turn(world);
    }
    if (now_ms < world->fake.wall_ms)
        world_fail("time does not run backwards");
    fake_clock_advance(&world->fake, now_ms - world->fake.wall_ms);
    if (now_ms >= world->next_sweep_ms)
        turn(world);
}

void world_restart(struct world *world, const char *config_path)
{
    struct cfg *before = world->cfg;

    world->cfg = load(config_path);
    world->intake.lanes.graph = &world->cfg->graph;
    cfg_free(before);
    world->next_sweep_ms = 0;
    turn(world);
}

struct store_delivery world_deliver(struct world *world, const struct world_delivery *delivery)
{
    struct journal_record record = {
        .sequence = ++world->sequence,
        .received_ms = world->fake.wall_ms,
        .target_type = "repository",
        .target_id = "42",
        .body = delivery->body,
        .body_bytes = strlen(delivery->body),
        .body_bytes_received = strlen(delivery->body),
    };
    struct store_delivery settled;
    struct err err;

    sha256(delivery->body, record.body_bytes, record.mac);
    snprintf(record.event, sizeof(record.event), "%s", delivery->event);
    snprintf(record.guid, sizeof(record.guid), "%s", delivery->guid);
    snprintf(record.hook_id, sizeof(record.hook_id), "%s", delivery->hook);
    begin(world);
    must(intake_handle(&world->intake, &record, &settled, &err), &err);
    write_due(world);
    commit(world);
    return settled;
}

bool world_order(struct world *world, struct engine_request *request)
{
    struct lanes *lanes = begin(world);

    request->ok = orders_carry_out(lanes, request, &request->err);
    if (request->ok)
        commit(world);
    else
        store_rollback(world->store);
    turn(world);
    return request->ok;
}

/* ---- ends ---- */

static struct lanes_outcome outcome_of(enum lane_event_kind how)
{
    struct lanes_outcome outcome = {.kind = how};

    if (how == LANE_SUCCEEDED)
        outcome.reason = reason_make(REASON_SUCCEEDED, "the command ended with status 0");
    else if (how == LANE_FAILED)
        outcome.reason = reason_make(REASON_COMMAND_FAILED, "the command ended with status 1");
    else
        outcome.reason = reason_make(REASON_OUTCOME_UNKNOWN, "nobody saw how the command ended");
    outcome.exit_code = how == LANE_FAILED ? 1 : 0;
    return outcome;
}

typedef bool end_fn(struct lanes *lanes, const char *id, const struct lanes_outcome *outcome,
                    bool *ret_applied, struct err *err);

/* As in the engine, what became due is looked at in the same transaction, after the end. */
static void end(struct world *world, end_fn *fn, const char *id, enum lane_event_kind how)
{
    struct lanes_outcome outcome = outcome_of(how);
    struct lanes *lanes = begin(world);
    bool applied = false;
    struct err err;

    must(fn(lanes, id, &outcome, &applied, &err), &err);
    write_due(world);
    commit(world);
    if (!applied)
        world_fail("%s had ended before", id);
}

struct store_lane world_lane(const struct world *world, const char *repository,
                             const char *environment)
{
    char name[REPO_NAME_MAX];
    struct store_lane lane;
    int64_t repository_id = 0;
    struct err err;

    must(store_repository_find(world->store, repository, &repository_id, name, &err), &err);
    must(store_lane_get(world->store, repository_id, environment, &lane, &err), &err);
    return lane;
}

void world_end_deployment(struct world *world, const char *repository, const char *environment,
                          enum lane_event_kind how)
{
    struct store_lane lane = world_lane(world, repository, environment);

    if (lane.state.running.text[0] == '\0')
        world_fail("nothing runs on %s", environment);
    end(world, lanes_end, lane.state.running.text, how);
}

struct check_search {
    const char *environment, *name;
    struct id found;
};

static bool take_check(const struct store_check *check, void *arg)
{
    struct check_search *search = arg;

    if (strcmp(check->environment, search->environment) == 0 &&
        strcmp(check->name, search->name) == 0)
        search->found = check->id;
    return true;
}

void world_end_check(struct world *world, const char *environment, const char *name,
                     enum lane_event_kind how)
{
    struct check_search search = {.environment = environment, .name = name};
    struct err err;

    must(store_checks(world->store, NULL, take_check, &search, &err), &err);
    if (search.found.text[0] == '\0')
        world_fail("no check \"%s\" runs for %s", name, environment);
    end(world, checks_end, search.found.text, how);
}

/* ---- invariants ---- */

struct count {
    const struct world *world;
    struct store_lane lane; /* the one that is looked at */
    unsigned queued;
};

static bool count_deployment(const struct store_deployment *deployment, void *arg)
{
    struct count *count = arg;
    bool is_under_way =
        deployment->state == DEPLOYMENT_RUNNING || deployment->state == DEPLOYMENT_VERIFYING;

    if (is_under_way && strcmp(deployment->id.text, count->lane.state.running.text) != 0)
        world_fail("%s: deployment %s runs without the lane", count->lane.environment,
                   deployment->id.text);
    count->queued += deployment->state == DEPLOYMENT_QUEUED ? 1 : 0;
    if (deployment->reason.code == REASON_NONE || deployment->reason.text[0] == '\0')
        world_fail("deployment %s is %s and does not say why", deployment->id.text,
                   deployment_state_name(deployment->state));
    return true;
}

static bool check_lane(const struct store_lane *lane, void *arg)
{
    struct list *lanes = arg;

    list_add(lanes, lane);
    if ((lane->state.stage == LANE_DEPLOYING) != (lane->state.running.text[0] != '\0'))
        world_fail("%s: a lane is busy without a deployment, or the reverse", lane->environment);
    return true;
}

static bool check_promotion(const struct store_promotion *promotion, void *arg)
{
    const struct world *world = arg;
    struct store_deployment deployment;
    struct err err;

    if (promotion->reason.code == REASON_NONE || promotion->reason.text[0] == '\0')
        world_fail("promotion %s is %s and does not say why", promotion->id.text,
                   promotion_state_name(promotion->status.state));
    if (promotion->status.state != PROMOTION_QUEUED && !promotion_is_final(promotion->status.state))
        return true;
    if (promotion->deployment.text[0] == '\0')
        return true;
    must(store_deployment_get(world->store, promotion->deployment.text, &deployment, &err), &err);
    bool waits = deployment.state == DEPLOYMENT_QUEUED;
    if (waits != (promotion->status.state == PROMOTION_QUEUED))
        world_fail("promotion %s is %s, its deployment %s", promotion->id.text,
                   promotion_state_name(promotion->status.state),
                   deployment_state_name(deployment.state));
    return true;
}

void world_check_invariants(struct world *world)
{
    AUTO(list) struct list lanes = LIST_INIT(struct store_lane);
    struct store_promotion_filter any = {.state = -1, .limit = UINT_MAX};
    struct err err;

    must(store_lanes(world->store, check_lane, &lanes, &err), &err);
    for (size_t i = 0; i < lanes.count; i++) {
        struct count count = {.world = world, .lane = *(struct store_lane *)list_at(&lanes, i)};
        struct store_deployment_filter filter = {
            .repository_id = count.lane.repository_id,
            .environment = count.lane.environment,
            .state = -1,
            .limit = UINT_MAX,
        };
        must(store_deployments(world->store, &filter, count_deployment, &count, &err), &err);
        if (count.queued != count.lane.state.queued_count)
            world_fail("%s: %u wait, the lane counts %" PRIu32, count.lane.environment,
                       count.queued, count.lane.state.queued_count);
    }
    must(store_promotions(world->store, &any, check_promotion, world, &err), &err);
}
