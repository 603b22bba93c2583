/*
 * The same deliveries in any order, some of them several times, end in the same state.
 *
 *   sim_shuffle [--seed S] [--shuffles N]
 *
 * Deliveries: pushes with stamps to main of two repositories and to a branch of releases, the
 * merges behind them, reviews of promotions that wait (by reviewers, a bot, a stranger),
 * reviews of pull requests. State: heads of branches, what every environment
 * holds, states of promotions, votes, links of commits to pull requests.
 *
 * What depends on the order, and is left out of the comparison:
 * - which deployments ran and which were superseded on the way to the newest: the first to arrive
 *   starts at once;
 * - which commit got the bare name of a branch of releases, and which late ones made no release:
 *   a name is bound to the first commit that arrives;
 * - what is remembered of gaps between pushes: a gap that fills from its middle stays noted;
 * - votes on a promotion that a rejection ended: those that came later were not taken;
 * - pushes to one branch within one second: GitHub's stamps are whole seconds, and where the push
 *   between two of them comes last, nothing tells which is newer; here a second lies between;
 * - one person contradicting himself: GitHub stamps no review, the last to arrive counts; here
 *   nobody does. Nor does a vote arrive after the start: here the wait timer outlasts them all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "sim/world.h"

#define SHUFFLES    300
#define FIRST_SEED  20260102
#define COPIES_MAX  3
#define STATE_BYTES ((size_t)64 * 1024)

enum { ANN, BEN, CYD, DAN, HAL = 7, ROBO = 9 };

/* The promotions that wait while the deliveries come. */
enum { APPROVED, REJECTED, BY_PULL_REVIEW, PROMOTIONS };
static const enum promotion_state expected[PROMOTIONS] = {
    [APPROVED] = PROMOTION_SUCCEEDED,
    [REJECTED] = PROMOTION_REJECTED,
    [BY_PULL_REVIEW] = PROMOTION_SUCCEEDED,
};

struct scene {
    struct world *world;
    size_t promotions[PROMOTIONS];
};

/* ---- how it begins ---- */

static struct engine_request order(const struct world *world, enum engine_order what, int person)
{
    struct engine_request request = {.order = what, .actor = {.id = world->people[person].id}};

    snprintf(request.actor.login, sizeof(request.actor.login), "%s", world->people[person].login);
    return request;
}

/* Returns the index of the new promotion. */
static size_t promote(struct world *world, int person, int repository, enum environment from,
                      enum environment to)
{
    struct engine_request request = order(world, ENGINE_PROMOTE, person);

    snprintf(request.repository, sizeof(request.repository), "%s", repository_names[repository]);
    snprintf(request.from, sizeof(request.from), "%s", environment_names[from]);
    snprintf(request.to, sizeof(request.to), "%s", environment_names[to]);
    (void)drive_order(world, &request, NULL);
    return promotion_find(world, request.subject.text);
}

static void approve(struct world *world, int person, size_t promotion)
{
    struct engine_request request = order(world, ENGINE_APPROVE, person);
    struct act act = {.kind = ACT_REVIEW, .person = person, .promotion = promotion};

    memcpy(act.login, world->people[person].login, sizeof(act.login));
    memcpy(request.promotion, promotion_at(world, promotion)->id.text, sizeof(struct id));
    (void)drive_order(world, &request, &act);
}

static void take_to_staging(struct world *world, int repository)
{
    hub_push(world, repository, 0);
    world_settle(world, DAY_MS);
    promote(world, HAL, repository, DEV_INT, ACTIVE);
    world_settle(world, DAY_MS);
    approve(world, BEN, promote(world, HAL, repository, ACTIVE, STAGING));
    world_settle(world, DAY_MS);
}

static void set_scene(struct scene *scene)
{
    struct world *world = scene->world;

    world->is_calm = true;
    for (int repository = 0; repository < REPOSITORIES; repository++)
        take_to_staging(world, repository);
    scene->promotions[APPROVED] = promote(world, ANN, 0, STAGING, PROD);
    scene->promotions[REJECTED] = promote(world, ANN, 1, STAGING, PROD);
    scene->promotions[BY_PULL_REVIEW] = promote(world, HAL, 0, ACTIVE, UAT);
}

static void make_deliveries(struct scene *scene)
{
    static const int approvers[] = {BEN, CYD, DAN, HAL, ROBO};
    struct world *world = scene->world;
    size_t looked_at = promotion_at(world, scene->promotions[BY_PULL_REVIEW])->commit;

    for (int i = 0; i < 6; i++)
        hub_push(world, 0, 0);
    for (int i = 0; i < 3; i++)
        hub_push(world, 0, 1);
    for (int i = 0; i < 4; i++)
        hub_push(world, 1, 0);
    for (size_t i = 0; i < ARRAY_LEN(approvers); i++)
        hub_review(world, approvers[i], scene->promotions[APPROVED], false);
    hub_review(world, DAN, scene->promotions[REJECTED], false);
    hub_review(world, BEN, scene->promotions[REJECTED], true);
    hub_pull_review(world, DAN, looked_at, false);
    hub_pull_review(world, DAN, looked_at, false);
}

/* ---- the order in which they arrive ---- */

/* chance NULL: as they were sent, once each. */
static void arrive(struct world *world, struct prng *chance)
{
    AUTO(list) struct list order = LIST_INIT(size_t);

    for (size_t i = 0; i < world->letters.count; i++) {
        const struct letter *letter = list_at(&world->letters, i);
        int64_t copies = chance != NULL ? prng_between(chance, 1, COPIES_MAX) : 1;
        for (int64_t n = 0; n < copies; n++)
            list_add(&order, &letter->delivery);
    }
    for (size_t i = order.count; i > 0; i--) {
        size_t *last = list_at(&order, i - 1);
        size_t *other =
            list_at(&order, chance != NULL ? (size_t)prng_below(chance, (int64_t)i) : i - 1);
        size_t kept = *last;
        *last = *other;
        *other = kept;
    }
    for (size_t i = 0; i < order.count; i++)
        list_add(&world->journal, list_at(&order, i));
    world->letters.count = 0;
}

/* ---- the state ---- */

static void write_branches(const struct world *world, struct buf *state)
{
    for (int repository = 0; repository < REPOSITORIES; repository++) {
        for (int branch = 0; branch < BRANCHES; branch++) {
            struct branch_state row = {0};
            struct err err;
            if (!store_branch_get(world->intake.lanes.store, repository_id(repository),
                                  branch_names[branch], &row, &err))
                buf_puts(state, err.text);
            buf_printf(state, "%s %s is at %.10s since %" PRId64 "\n", repository_names[repository],
                       branch_names[branch], row.head.hex, row.pushed_at_ms);
        }
    }
}

static bool write_lane(const struct store_lane *lane, void *arg)
{
    buf_printf(arg, "%s %s holds %.10s, stage %d, %u wait, %s\n", lane->repository,
               lane->environment, lane->holds.hex, (int)lane->state.stage, lane->state.queued_count,
               lane->pinned_ms != 0 ? "pinned" : "open");
    return true;
}

struct ballots {
    struct store_vote votes[PEOPLE + 1]; /* by the number of the person */
};

static bool take_vote(const struct store_vote *vote, void *arg)
{
    struct ballots *ballots = arg;

    if (vote->person.id > 0 && vote->person.id <= PEOPLE)
        ballots->votes[vote->person.id] = *vote;
    return true;
}

static void write_promotion(const struct scene *scene, int which, struct buf *state)
{
    static struct ballots ballots; /* too large for the stack */
    struct store *store = scene->world->intake.lanes.store;
    const struct truth_promotion *promotion = promotion_at(scene->world, scene->promotions[which]);
    struct store_promotion row = {0};
    struct err err;

    memset(&ballots, 0, sizeof(ballots));
    if (!store_promotion_get(store, promotion->id.text, &row, &err) ||
        !store_votes(store, promotion->id.text, take_vote, &ballots, &err))
        buf_puts(state, err.text);
    buf_printf(state, "promotion %d is %s%s\n", which, promotion_state_name(row.status.state),
               row.status.state == expected[which] ? "" : ", which is wrong");
    for (size_t i = 1; i <= PEOPLE; i++) {
        const struct store_vote *vote = &ballots.votes[i];
        if (vote->person.id != 0 && (which != REJECTED || vote->verdict == QUORUM_REJECT))
            buf_printf(state, "  %s %d%s%s %.10s\n", vote->person.login, (int)vote->verdict,
                       vote->is_withdrawn ? " withdrawn" : "", vote->is_bot ? " bot" : "",
                       vote->sha.hex);
    }
}

static void write_links(const struct world *world, struct buf *state)
{
    for (size_t at = 0; at < world->commits.count; at++) {
        const struct commit *commit = commit_at(world, at);
        struct store_pull pull = {0};
        struct err err;
        if (!store_pull_of_sha(world->intake.lanes.store, repository_id(commit->repository),
                               &commit->sha, &pull, &err))
            buf_puts(state, err.text);
        buf_printf(state, "#%" PRId64 " of %s is %.10s\n", pull.number, pull.author,
                   pull.merge_sha.hex);
    }
}

static void write_state(const struct scene *scene, struct buf *state)
{
    const struct world *world = scene->world;
    struct err err;

    write_branches(world, state);
    if (!store_lanes(world->intake.lanes.store, write_lane, state, &err))
        buf_puts(state, err.text);
    for (int which = 0; which < PROMOTIONS; which++)
        write_promotion(scene, which, state);
    write_links(world, state);
}

/* ---- one course ---- */

static bool run(uint64_t seed, struct cfg *cfg, struct prng *chance, struct buf *state)
{
    static struct world world; /* too large for the stack */
    struct tally tally = {0};
    struct scene scene = {.world = &world};

    world_init(&world, seed, cfg, &tally);
    set_scene(&scene);
    make_deliveries(&scene);
    arrive(&world, chance);
    while (world.blamed == 0 && world.cursor < world.journal.count && drive_turn(&world))
        ;
    world_settle(&world, DAY_MS);
    write_state(&scene, state);
    if (world.blamed != 0)
        printf("I%d: %s\n", world.blamed, world.blame_text);
    bool is_good = world.blamed == 0 && !state->failed;
    world_done(&world);
    return is_good;
}

/* The state that every order must end in: that of the order in which things happened. */
static bool find_reference(uint64_t seed, struct cfg *cfg, struct buf *reference)
{
    if (run(seed, cfg, NULL, reference) && strstr(buf_text(reference), "which is wrong") == NULL)
        return true;
    printf("in the order in which it happened:\n%s", buf_text(reference));
    return false;
}

static bool is_same(uint64_t seed, uint64_t shuffle, struct cfg *cfg, const struct buf *reference)
{
    AUTO(buf) struct buf state = BUF_INIT(STATE_BYTES);
    struct prng chance = {shuffle};

    if (run(seed, cfg, &chance, &state) && strcmp(buf_text(&state), buf_text(reference)) == 0)
        return true;
    printf("seed %" PRIu64 ", shuffle %" PRIu64 " ends otherwise.\nexpected:\n%sbut it is:\n%s",
           seed, shuffle, buf_text(reference), buf_text(&state));
    return false;
}

static int run_all(uint64_t seed, uint64_t shuffles, struct cfg *cfg)
{
    AUTO(buf) struct buf reference = BUF_INIT(STATE_BYTES);

    printf("seed %" PRIu64 ", %" PRIu64 " shuffles\n", seed, shuffles);
    if (!find_reference(seed, cfg, &reference))
        return 1;
    for (uint64_t shuffle = 1; shuffle <= shuffles; shuffle++) {
        if (!is_same(seed, shuffle, cfg, &reference))
            return 1;
    }
    printf("%sthe same after %" PRIu64 " shuffles\n", buf_text(&reference), shuffles);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t shuffles = SHUFFLES;
    uint64_t seed = FIRST_SEED;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--shuffles") == 0)
            shuffles = strtoull(argv[i + 1], NULL, 10);
    }
    struct cfg *cfg = world_cfg();
    int status = run_all(seed, shuffles, cfg);
    cfg_free(cfg);
    return status;
}
