/*
 * A campaign of simulated worlds (sim/world.h): the real engine against its oracle.
 *
 *   sim_engine [--seed S] [--promotions N] [--trace]
 *                                            worlds S, S + 1, … until N promotions were asked for
 *   sim_engine --planted                     every planted bug must be caught, by its invariant
 *
 * A violation prints the seed of its world and the last steps; `--seed` with it and
 * `--promotions 1` is the same world again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/world.h"

#define PROMOTIONS     3000
#define PLANTED_WITHIN 10000 /* promotions */
#define FIRST_SEED     20260101

static void print_violation(const struct world *world)
{
    size_t first = world->trace_count > TRACE_LINES ? world->trace_count - TRACE_LINES : 0;

    printf("seed %" PRIu64 ": ", world->seed);
    if (world->blamed == BLAME_LIVENESS || world->blamed == BLAME_CHECKS)
        printf("%s: %s\n", world->blamed == BLAME_CHECKS ? "checks" : "liveness",
               world->blame_text);
    else
        printf("I%d: %s\n", world->blamed, world->blame_text);
    for (size_t i = first; i < world->trace_count; i++)
        printf("  %s\n", world->trace[i % TRACE_LINES]);
    printf("again: sim_engine --seed %" PRIu64 " --promotions 1\n", world->seed);
}

/* The invariant that was violated; 0 for none. */
static int run_world(uint64_t seed, struct cfg *cfg, struct tally *tally, bool is_told)
{
    static struct world world; /* too large for the stack */

    world_init(&world, seed, cfg, tally);
    if (!world_run(&world) && is_told)
        print_violation(&world);
    int blamed = world.blamed;
    world_done(&world);
    return blamed;
}

static void print_tally(const struct tally *tally, double seconds)
{
    printf("%" PRIu64 " promotions (and %" PRIu64 " refused), %" PRIu64 " worlds, %" PRIu64
           " steps, %" PRIu64 " deliveries, %" PRIu64 " deployments run\n",
           tally->promotions, tally->refused, tally->worlds, tally->steps, tally->deliveries,
           tally->starts);
    for (int state = PROMOTION_SUCCEEDED; state < PROMOTION_STATE_COUNT; state++)
        printf("  %-24s %" PRIu64 "\n", promotion_state_name((enum promotion_state)state),
               tally->states[state]);
    for (int fault = 0; fault < FAULT_COUNT; fault++)
        printf("  %-24s %" PRIu64 "\n", fault_names[fault], tally->faults[fault]);
    printf("%.0f promotions/s, digest %016" PRIx64 "\n", (double)tally->promotions / seconds,
           tally->digest);
}

static double seconds_now(void)
{
    return (double)clock_mono_ms(&clock_system) / 1000;
}

static int run_campaign(uint64_t seed, uint64_t promotions, bool is_traced, struct cfg *cfg)
{
    struct tally tally = {.is_traced = is_traced};
    double began = seconds_now();

    printf("seed %" PRIu64 ", %" PRIu64 " promotions\n", seed, promotions);
    for (uint64_t i = 0; tally.promotions < promotions; i++) {
        if (run_world(seed + i, cfg, &tally, true) != 0)
            return 1;
    }
    print_tally(&tally, seconds_now() - began + 0.001);
    printf("0 violations\n");
    return 0;
}

/* One seed, one course of things. */
static bool replays(struct cfg *cfg)
{
    struct tally first = {0};
    struct tally second = {0};

    run_world(FIRST_SEED, cfg, &first, false);
    run_world(FIRST_SEED, cfg, &second, false);
    if (first.digest == second.digest)
        return true;
    printf("seed %d ran differently the second time\n", FIRST_SEED);
    return false;
}

static bool is_caught(int invariant, struct cfg *cfg)
{
    struct tally tally = {0};
    int blamed = 0;

    plant_choose(invariant);
    for (uint64_t i = 0; tally.promotions < PLANTED_WITHIN && blamed == 0; i++)
        blamed = run_world(FIRST_SEED + i, cfg, &tally, false);
    plant_choose(0);
    printf("I%-2d %-60s %s by I%d after %" PRIu64 " promotions, seed %" PRIu64 "\n", invariant,
           plant_name(invariant), blamed == invariant ? "caught" : "NOT CAUGHT", blamed,
           tally.promotions, FIRST_SEED + tally.worlds - 1);
    return blamed == invariant;
}

static int run_planted(struct cfg *cfg)
{
    int caught = 0;

    for (int invariant = 1; invariant <= PLANTS; invariant++)
        caught += is_caught(invariant, cfg) ? 1 : 0;
    printf("%d of %d planted bugs caught\n", caught, PLANTS);
    return caught == PLANTS ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t promotions = PROMOTIONS;
    uint64_t seed = FIRST_SEED;
    bool is_planted = false;
    bool is_traced = false;
    int status = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--planted") == 0)
            is_planted = true;
        else if (strcmp(argv[i], "--trace") == 0)
            is_traced = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--promotions") == 0 && i + 1 < argc)
            promotions = strtoull(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: %s [--seed S] [--promotions N] [--trace] | --planted\n",
                    argv[0]);
            return 2;
        }
    }
    struct cfg *cfg = world_cfg();
    if (is_planted)
        status = run_planted(cfg);
    else if (replays(cfg))
        status = run_campaign(seed, promotions, is_traced, cfg);
    cfg_free(cfg);
    return status;
}
