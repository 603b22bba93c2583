#include "sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_MS (INT64_C(1770000000) * 1000) /* a Monday in February 2026 */

const char *const environment_names[ENVIRONMENTS] = {"dev-int", "future",  "active",
                                                     "uat",     "staging", "prod"};
const char *const repository_names[REPOSITORIES] = {"acme/shop", "acme/pay"};
const char *const branch_names[BRANCHES] = {"main", "release/v1", "release/v2"};

const char *const fault_names[FAULT_COUNT] = {
    [FAULT_LOST] = "deliveries lost",
    [FAULT_REPEATED] = "deliveries repeated",
    [FAULT_REORDERED] = "deliveries reordered",
    [FAULT_LATE] = "deliveries late",
    [FAULT_CRASH_BEFORE] = "crashes before a commit",
    [FAULT_CRASH_AFTER] = "crashes after a commit",
    [FAULT_CLOCK_FORWARD] = "clock jumps forward",
    [FAULT_CLOCK_BACK] = "clock jumps back",
    [FAULT_RUN_FAILED] = "runs failed",
    [FAULT_RUN_HUNG] = "runs hung",
    [FAULT_RUN_REPEATED] = "ends told again",
    [FAULT_VOTED_TWICE] = "people voting twice",
    [FAULT_WITHDRAWN] = "votes withdrawn",
    [FAULT_RENAMED] = "people renamed",
};

static const char configuration[] =
    "webhook: { secrets: [ { file: ./secret } ] }\n"
    "repositories: { acme/*: standard }\n"
    "teams:\n"
    "  acme/sre: [ ann#1, ben#2, cyd#3, robo#10 ]\n"
    "  acme/qa: [ dan#4, eve ]\n"
    "  acme/ops: [ ann#1, fay#6, gus ]\n"
    "flows:\n"
    "  standard:\n"
    "    freezes:\n"
    "      - { name: weekend, environments: [ prod ], from: Fri 16:00, to: Mon 08:00 }\n"
    "      - { name: night, environments: [ staging, dev-int ], from: Wed 22:00, to: Thu 04:00,\n"
    "          rollbacks: hold }\n"
    "    environments:\n"
    "      dev-int: { deploy: { command: [ ./deploy ] }, verify: [ { command: [ ./look ],\n"
    "        name: smoke } ], on_unverified: rollback }\n"
    "      future: { deploy: { command: [ ./deploy ] }, lane: every }\n"
    "      active: { deploy: { command: [ ./deploy ] }, health: { command: [ ./look ],\n"
    "        every: 2h } }\n"
    "      uat: { deploy: { command: [ ./deploy ] } }\n"
    "      staging: { deploy: { command: [ ./deploy ], repeatable: false },\n"
    "        verify: [ { command: [ ./look ], name: smoke } ] }\n"
    "      prod: { deploy: { command: [ ./deploy ] }, requesters: [ acme/ops, acme/sre ],\n"
    "        verify: [ { command: [ ./look ], name: smoke }, { command: [ ./look ],\n"
    "        name: load } ], on_unverified: rollback }\n"
    "    promotions:\n"
    "      dev-int->active: { soak: 5m }\n"
    "      active->uat: { approvals: { required: 1, reviewers: [ acme/qa ],\n"
    "        pull_request_reviews: true } }\n"
    "      active->staging: { approvals: { required: 1, reviewers: [ acme/sre, acme/qa ],\n"
    "        exclude: [ authors ], valid: 12h }, checks: [ { command: [ ./look ],\n"
    "        name: ready } ] }\n"
    "      uat->staging: { approvals: { required: 1, reviewers: [ acme/sre, acme/qa ],\n"
    "        exclude: [ authors ], valid: 12h }, checks: [ { command: [ ./look ],\n"
    "        name: ready } ] }\n"
    "      staging->prod: { approvals: { required: 2, reviewers: [ acme/sre,\n"
    "        { team: acme/qa, min: 1 } ], exclude: [ authors ], valid: 1d }, wait: 15m,\n"
    "        checks: [ { command: [ ./look ], name: ready } ] }\n";

struct cfg *world_cfg(void)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (!cfg_load_text("/etc/envflow/envflow.yaml", configuration, strlen(configuration), &cfg,
                       &problems)) {
        fprintf(stderr, "%d:%d: %s\n", problems.items[0].line, problems.items[0].column,
                problems.items[0].text);
        abort();
    }
    return cfg;
}

enum environment environment_of(const char *name)
{
    int at = 0;

    while (at < ENVIRONMENTS && strcmp(environment_names[at], name) != 0)
        at++;
    return (enum environment)at;
}

int64_t repository_id(int repository)
{
    return 42 + repository;
}

int repository_of(int64_t id)
{
    return id >= 42 && id < 42 + REPOSITORIES ? (int)(id - 42) : -1;
}

/* ---- commits ---- */

struct commit *commit_at(const struct world *world, size_t at)
{
    return list_at(&world->commits, at);
}

/* The last digits of a commit say which one it is. */
size_t commit_add(struct world *world, int repository, int branch)
{
    struct commit commit = {.repository = repository, .branch = branch};

    snprintf(commit.sha.hex, sizeof(commit.sha.hex), "%016llx%016llx%08zx",
             (unsigned long long)prng_next(&world->prng),
             (unsigned long long)prng_next(&world->prng), world->commits.count);
    commit.author = (int)prng_below(&world->prng, PEOPLE);
    list_add(&world->commits, &commit);
    return world->commits.count - 1;
}

size_t commit_find(const struct world *world, const struct git_sha *sha)
{
    size_t at = strlen(sha->hex) == 40 ? (size_t)strtoul(sha->hex + 32, NULL, 16) : SIZE_MAX;

    return at < world->commits.count && git_sha_equal(&commit_at(world, at)->sha, sha) ? at
                                                                                       : SIZE_MAX;
}

/* ---- what happened ---- */

static void digest(struct world *world, const char *text)
{
    uint64_t *hash = &world->tally->digest;

    for (; *text != '\0'; text++)
        *hash = (*hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
}

void trace(struct world *world, const char *fmt, ...)
{
    char *line = world->trace[world->trace_count++ % TRACE_LINES];
    va_list args;

    int len = snprintf(line, TRACE_LINE, "%lld ", (long long)(world->clock.wall_ms - BEGIN_MS));
    va_start(args, fmt);
    vsnprintf(line + len, (size_t)(TRACE_LINE - len), fmt, args);
    va_end(args);
    if (world->tally->is_traced)
        puts(line);
    digest(world, line);
}

void count_fault(struct world *world, enum fault fault)
{
    world->tally->faults[fault]++;
}

/* ---- life ---- */

static struct world *drawing; /* lanes.random has no argument; one world at a time */

static void draw(void *bytes, size_t len)
{
    prng_fill(&drawing->prng, bytes, len);
}

void world_init(struct world *world, uint64_t seed, struct cfg *cfg, struct tally *tally)
{
    struct store *store = NULL;
    struct err err;

    *world = (struct world){.seed = seed, .cfg = cfg, .tally = tally, .prng = {seed}};
    if (!store_open(":memory:", &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    world->true_ms = BEGIN_MS + prng_below(&world->prng, 7 * DAY_MS);
    fake_clock_init(&world->clock, world->true_ms);
    world->intake = (struct intake){
        .lanes = {.store = store,
                  .graph = &cfg->graph,
                  .clock = &world->clock.clock,
                  .random = draw},
        .parse_bytes_max = (size_t)cfg->parse_bytes_max,
    };
    world->commits = LIST_INIT(struct commit);
    world->deliveries = LIST_INIT(struct delivery);
    world->letters = world->lost = LIST_INIT(struct letter);
    world->journal = world->touched = world->touched_deployments = LIST_INIT(size_t);
    world->promotions = LIST_INIT(struct truth_promotion);
    world->deployments = LIST_INIT(struct truth_deployment);
    world->runs = LIST_INIT(struct run);
    world->ends = LIST_INIT(struct end);
    world->audited = LIST_INIT(struct id);
    memset(world->heads, 0xff, sizeof(world->heads));
    drawing = world;
    people_init(world);
    probe_watch(world);
    tally->worlds++;
}

void world_done(struct world *world)
{
    struct list *const lists[] = {
        &world->commits,     &world->deliveries, &world->letters, &world->lost,
        &world->journal,     &world->promotions, &world->runs,    &world->ends,
        &world->deployments, &world->touched,    &world->audited, &world->touched_deployments,
    };

    for (size_t i = 0; i < world->deliveries.count; i++)
        free(((struct delivery *)list_at(&world->deliveries, i))->body);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        list_done(lists[i]);
    probe_watch(NULL);
    store_close(world->intake.lanes.store);
}

/* ---- its course ---- */

void world_wait(struct world *world, int64_t ms)
{
    fake_clock_advance(&world->clock, ms);
    world->true_ms += ms;
}

static void pass_time(struct world *world)
{
    int64_t roll = prng_below(&world->prng, 1000);
    int64_t ms = 0;

    if (roll < 4) {
        ms = prng_below(&world->prng, 30 * HOUR_MS);
        count_fault(world, FAULT_CLOCK_FORWARD);
        trace(world, "the clock jumps forward %lld ms", (long long)ms);
    } else if (roll < 20) {
        ms = -prng_below(&world->prng, 3 * HOUR_MS);
        count_fault(world, FAULT_CLOCK_BACK);
        trace(world, "the clock jumps back %lld ms", (long long)-ms);
    } else if (roll < 700) { /* otherwise several things happen in one millisecond */
        world_wait(world, prng_below(&world->prng, 5 * MINUTE_MS));
    }
    fake_clock_advance(&world->clock, ms);
}

static bool is_at_rest(const struct world *world)
{
    return world->letters.count == 0 && world->cursor == world->journal.count &&
           !executor_is_busy(world);
}

static size_t count_open(const struct world *world)
{
    size_t open = 0;

    for (size_t i = 0; i < world->promotions.count; i++) {
        const struct truth_promotion *promotion = promotion_at(world, i);
        open += promotion->state != STATE_NONE && promotion->state < PROMOTION_SUCCEEDED ? 1 : 0;
    }
    return open;
}

/* A deployment that waits for the end of a window makes nothing busy meanwhile. */
static bool is_any_waiting(const struct world *world)
{
    for (size_t i = 0; i < world->deployments.count; i++) {
        int state = deployment_at(world, i)->state;
        if (state != STATE_NONE && state < DEPLOYMENT_SUCCEEDED)
            return true;
    }
    return false;
}

/* Turns without faults, until nothing moves or that much time has gone by. */
void world_settle(struct world *world, int64_t at_most_ms)
{
    int64_t until_ms = world->true_ms + at_most_ms;

    while (world->blamed == 0 && world->true_ms < until_ms &&
           (!is_at_rest(world) || count_open(world) > 0 || is_any_waiting(world))) {
        world_wait(world, is_at_rest(world) ? HOUR_MS : MINUTE_MS);
        executor_pass(world);
        hub_arrive(world);
        if (!drive_turn(world))
            return;
    }
}

static void calm_down(struct world *world)
{
    world->is_calm = true;
    people_go_home(world);
    hub_send_again(world);
    world_settle(world, 4 * DAY_MS);
    for (int repository = 0; repository < REPOSITORIES; repository++)
        hub_push(world, repository, 0);
    world_settle(world, 2 * DAY_MS);
    people_go_home(world); /* rollbacks that ended meanwhile left pins */
    world_settle(world, 2 * DAY_MS);
    if (world->blamed == 0)
        oracle_judge_end(world);
    world_settle(world, 8 * DAY_MS); /* past every expiry */
    if (world->blamed == 0 && count_open(world) > 0)
        blame(world, BLAME_LIVENESS, "%zu promotions never end", count_open(world));
}

bool world_run(struct world *world)
{
    while (world->blamed == 0 && world->accepted < WORLD_PROMOTIONS) {
        pass_time(world);
        executor_pass(world);
        people_act(world);
        hub_arrive(world);
        if (world->blamed == 0 && prng_chance(&world->prng, 700) && !drive_turn(world))
            break;
    }
    if (world->blamed == 0)
        calm_down(world);
    return world->blamed == 0;
}
