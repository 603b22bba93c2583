/* What people do, more often right than wrong: ask, vote, change their minds and their names. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "sim/world.h"

static const struct human everybody[PEOPLE] = {
    {1, "ann", false, TEAM_SRE | TEAM_OPS, NULL},
    {2, "ben", false, TEAM_SRE, NULL},
    {3, "cyd", false, TEAM_SRE, NULL},
    {4, "dan", false, TEAM_QA, NULL},
    {5, "eve", false, TEAM_QA, "eve"},
    {6, "fay", false, TEAM_OPS, NULL},
    {7, "gus", false, TEAM_OPS, "gus"},
    {8, "hal", false, 0, NULL},
    {9, "ivy", false, 0, NULL},
    {10, "robo", true, TEAM_SRE, NULL},
    {11, "mal", false, 0, NULL}, /* takes the names that others leave behind */
    {12, "jon", false, 0, NULL},
};

#define BOT      9
#define IMPOSTOR 10

void people_init(struct world *world)
{
    memcpy(world->people, everybody, sizeof(everybody));
}

static int64_t tied_to(const struct world *world, const char *login)
{
    for (size_t i = 0; i < ARRAY_LEN(world->ties); i++) {
        if (strcmp(world->ties[i].login, login) == 0)
            return world->ties[i].id;
    }
    return 0;
}

/* By id where the configuration ties the login to one; else whoever the engine met first under the
 * login that the configuration names, and only under it. */
unsigned people_teams(const struct world *world, int64_t id, const char *login)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct human *named = &everybody[i];
        if (named->team_login == NULL && named->id == id)
            return named->teams;
        if (named->team_login != NULL && strcmp(named->team_login, login) == 0 &&
            tied_to(world, login) == id)
            return named->teams;
    }
    return 0;
}

/* ---- choices ---- */

static int anybody(struct world *world)
{
    return (int)prng_below(&world->prng, PEOPLE);
}

static int somebody_with_token(struct world *world)
{
    int person = anybody(world);

    return person == BOT ? 0 : person;
}

static int somewhere(struct world *world)
{
    return (int)prng_below(&world->prng, REPOSITORIES);
}

static size_t some_commit(struct world *world, int repository)
{
    size_t at = SIZE_MAX;

    for (int tries = 0; tries < 8 && at == SIZE_MAX && world->commits.count > 0; tries++) {
        at = (size_t)prng_below(&world->prng, (int64_t)world->commits.count);
        if (commit_at(world, at)->repository != repository)
            at = SIZE_MAX;
    }
    return at;
}

/* One of the last promotions. */
static size_t some_promotion(struct world *world, size_t of_the_last)
{
    size_t count = world->promotions.count;
    size_t span = count < of_the_last ? count : of_the_last;

    return count == 0 ? SIZE_MAX : count - 1 - (size_t)prng_below(&world->prng, (int64_t)span);
}

/* Mostly one on which a vote may change something. */
static size_t some_open_promotion(struct world *world)
{
    size_t at = some_promotion(world, 40);

    for (int tries = 0; tries < 40 && at != SIZE_MAX &&
                        (!promotion_may_change(promotion_at(world, at)) ||
                         gate_truth_of(promotion_at(world, at)) == NULL);
         tries++)
        at = some_promotion(world, 40);
    return at;
}

static struct engine_request make_order(struct world *world, enum engine_order order, int person)
{
    struct engine_request request = {.order = order, .actor = {.id = world->people[person].id}};

    snprintf(request.actor.login, sizeof(request.actor.login), "%s", world->people[person].login);
    snprintf(request.actor.via, sizeof(request.actor.via), "socket");
    snprintf(request.text, sizeof(request.text), "it has to");
    return request;
}

static void set_place(struct engine_request *request, int repository, enum environment to)
{
    snprintf(request->repository, sizeof(request->repository), "%s", repository_names[repository]);
    snprintf(request->to, sizeof(request->to), "%s", environment_names[to]);
}

/* ---- requests ---- */

static void ask(struct world *world, enum promotion_kind kind, int repository,
                enum environment from, enum environment to, size_t commit)
{
    static const enum engine_order orders[PROMOTION_KIND_COUNT] = {
        [PROMOTION_PROMOTE] = ENGINE_PROMOTE,
        [PROMOTION_DEPLOY] = ENGINE_DEPLOY,
        [PROMOTION_ROLLBACK] = ENGINE_ROLLBACK,
    };
    int person = somebody_with_token(world);

    if (to == PROD && !prng_chance(&world->prng, 100))
        person = (int)prng_below(&world->prng, 3);
    if (prng_chance(&world->prng, 400)) {
        hub_request(world, person, kind, repository, from, to, commit);
        return;
    }
    struct engine_request request = make_order(world, orders[kind], person);
    set_place(&request, repository, to);
    if (kind == PROMOTION_PROMOTE)
        snprintf(request.from, sizeof(request.from), "%s", environment_names[from]);
    if (commit != SIZE_MAX)
        snprintf(request.release, sizeof(request.release), "%s", commit_at(world, commit)->sha.hex);
    (void)drive_order(world, &request, NULL);
}

static void ask_promotion(struct world *world)
{
    int repository = somewhere(world);
    enum environment from = (enum environment)prng_below(&world->prng, ENVIRONMENTS);
    enum environment to = (enum environment)prng_below(&world->prng, ENVIRONMENTS);
    size_t commit = prng_chance(&world->prng, 100) ? some_commit(world, repository) : SIZE_MAX;

    for (int tries = 0; tries < 30 && !path_truth(from, to); tries++) {
        from = (enum environment)prng_below(&world->prng, ENVIRONMENTS);
        to = (enum environment)prng_below(&world->prng, ENVIRONMENTS);
    }
    if (prng_chance(&world->prng, 30))
        to = PROD; /* whatever the source */
    ask(world, PROMOTION_PROMOTE, repository, from, to, commit);
}

static void ask_deployment(struct world *world)
{
    int repository = somewhere(world);

    ask(world, PROMOTION_DEPLOY, repository, DEV_INT,
        prng_chance(&world->prng, 100) ? UAT : (enum environment)prng_below(&world->prng, 3),
        some_commit(world, repository));
}

static void ask_rollback(struct world *world)
{
    int repository = somewhere(world);

    ask(world, PROMOTION_ROLLBACK, repository, DEV_INT,
        (enum environment)prng_below(&world->prng, ENVIRONMENTS),
        prng_chance(&world->prng, 500) ? some_commit(world, repository) : SIZE_MAX);
}

static void cancel(struct world *world)
{
    size_t at = some_promotion(world, 10);
    struct engine_request request = make_order(world, ENGINE_CANCEL, somebody_with_token(world));

    if (at == SIZE_MAX)
        return;
    memcpy(request.promotion, promotion_at(world, at)->id.text, sizeof(struct id));
    (void)drive_order(world, &request, NULL);
}

/* ---- votes ---- */

static bool has_voted(const struct truth_promotion *promotion, int64_t id)
{
    for (size_t i = 0; i < promotion->ballots_count; i++) {
        if (promotion->ballots[i].person_id == id)
            return true;
    }
    return false;
}

static void vote_by_order(struct world *world, int person, size_t at, enum engine_order order)
{
    struct engine_request request = make_order(world, order, person);
    struct act act = {
        .kind = ACT_REVIEW,
        .person = person,
        .promotion = at,
        .rejects = order == ENGINE_REJECT,
        .withdraws = order == ENGINE_WITHDRAW,
    };

    memcpy(act.login, world->people[person].login, sizeof(act.login));
    memcpy(request.promotion, promotion_at(world, at)->id.text, sizeof(struct id));
    (void)drive_order(world, &request, &act);
}

static void vote(struct world *world)
{
    size_t at = some_open_promotion(world);
    int person = (int)prng_below(&world->prng, prng_chance(&world->prng, 800) ? 5 : PEOPLE);
    bool rejects = prng_chance(&world->prng, 40);

    if (at == SIZE_MAX)
        return;
    if (has_voted(promotion_at(world, at), world->people[person].id))
        count_fault(world, FAULT_VOTED_TWICE);
    if (person == BOT || prng_chance(&world->prng, 600))
        hub_review(world, person, at, rejects);
    else
        vote_by_order(world, person, at, rejects ? ENGINE_REJECT : ENGINE_APPROVE);
}

/* One that waits for its lane: the last moment at which a vote may be taken back. */
static size_t some_queued_promotion(struct world *world)
{
    for (size_t at = world->promotions.count; at > 0; at--) {
        if (promotion_at(world, at - 1)->state == PROMOTION_QUEUED &&
            promotion_at(world, at - 1)->ballots_count > 0)
            return at - 1;
    }
    return some_promotion(world, 12);
}

/* Of somebody who said something. */
static void withdraw(struct world *world)
{
    size_t at = some_queued_promotion(world);

    if (at == SIZE_MAX || promotion_at(world, at)->ballots_count == 0)
        return;
    const struct truth_promotion *promotion = promotion_at(world, at);
    int64_t id =
        promotion->ballots[prng_below(&world->prng, (int64_t)promotion->ballots_count)].person_id;
    count_fault(world, FAULT_WITHDRAWN);
    vote_by_order(world, id - 1 == BOT ? 0 : (int)(id - 1), at, ENGINE_WITHDRAW);
}

static void review_pull(struct world *world)
{
    size_t at = some_promotion(world, 12);
    size_t commit = at == SIZE_MAX || prng_chance(&world->prng, 200)
                        ? some_commit(world, somewhere(world))
                        : promotion_at(world, at)->commit;

    if (commit != SIZE_MAX)
        hub_pull_review(world, anybody(world), commit, prng_chance(&world->prng, 200));
}

/* ---- switches, pins, names ---- */

static void freeze(struct world *world)
{
    struct engine_request request = make_order(world, ENGINE_FREEZE, 0);

    if (prng_chance(&world->prng, 300))
        snprintf(request.flow, sizeof(request.flow), "standard");
    if (prng_chance(&world->prng, 700))
        snprintf(request.to, sizeof(request.to), "%s",
                 environment_names[prng_below(&world->prng, ENVIRONMENTS)]);
    if (prng_chance(&world->prng, 500))
        snprintf(request.repository, sizeof(request.repository), "%s",
                 repository_names[somewhere(world)]);
    request.holds_rollbacks = prng_chance(&world->prng, 300);
    (void)drive_order(world, &request, NULL);
}

static void thaw(struct world *world, size_t at)
{
    const struct stop *stop = &world->stops[at];
    struct engine_request request = make_order(world, ENGINE_THAW, 0);

    snprintf(request.flow, sizeof(request.flow), "%s", stop->flow);
    snprintf(request.repository, sizeof(request.repository), "%s", stop->repository);
    snprintf(request.to, sizeof(request.to), "%s", stop->environment);
    (void)drive_order(world, &request, NULL);
}

static void switch_something(struct world *world)
{
    size_t at = (size_t)prng_below(&world->prng, STOPS_MAX);

    for (size_t i = 0; i < STOPS_MAX && !world->stops[at].is_set; i++)
        at = (at + 1) % STOPS_MAX;
    if (world->stops[at].is_set && prng_chance(&world->prng, 700))
        thaw(world, at);
    else
        freeze(world);
}

static void pin(struct world *world, enum engine_order order, int repository, enum environment to)
{
    struct engine_request request = make_order(world, order, 1);

    set_place(&request, repository, to);
    (void)drive_order(world, &request, NULL);
}

static void pin_something(struct world *world)
{
    int repository = somewhere(world);
    enum environment to = (enum environment)prng_below(&world->prng, ENVIRONMENTS);
    bool unpins = world->pins[repository][to];

    pin(world, unpins ? ENGINE_UNPIN : ENGINE_PIN, repository, to);
}

static bool is_taken(const struct world *world, const char *login)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        if (strcmp(world->people[i].login, login) == 0)
            return true;
    }
    return false;
}

static void rename_somebody(struct world *world)
{
    int person = anybody(world);
    struct human *human = &world->people[person];
    char login[32];

    snprintf(login, sizeof(login), "%s%s", everybody[person].login,
             strcmp(human->login, everybody[person].login) == 0 ? "2" : "");
    if (person == IMPOSTOR)
        snprintf(login, sizeof(login), "%s", everybody[prng_below(&world->prng, 9)].login);
    if (is_taken(world, login))
        return;
    count_fault(world, FAULT_RENAMED);
    trace(world, "%s is now %s", human->login, login);
    memcpy(human->login, login, sizeof(login));
}

static struct stop *find_stop(struct world *world, const struct engine_request *request,
                              bool is_set)
{
    for (size_t i = 0; i < STOPS_MAX; i++) {
        struct stop *stop = &world->stops[i];
        if (stop->is_set == is_set &&
            (!is_set || (strcmp(stop->flow, request->flow) == 0 &&
                         strcmp(stop->repository, request->repository) == 0 &&
                         strcmp(stop->environment, request->to) == 0)))
            return stop;
    }
    return NULL;
}

static void note_freeze(struct world *world, const struct engine_request *request)
{
    struct stop *stop = find_stop(world, request, false);

    if (stop == NULL) {
        blame(world, BLAME_LIVENESS, "the world has room for %d switches only", STOPS_MAX);
        return;
    }
    *stop = (struct stop){.is_set = true, .holds_rollbacks = request->holds_rollbacks};
    snprintf(stop->flow, sizeof(stop->flow), "%.15s", request->flow);
    snprintf(stop->repository, sizeof(stop->repository), "%.31s", request->repository);
    snprintf(stop->environment, sizeof(stop->environment), "%.15s", request->to);
}

void people_note(struct world *world, const struct engine_request *request)
{
    int repository = strcmp(request->repository, repository_names[1]) == 0 ? 1 : 0;

    if (request->is_refused)
        return;
    if (request->order == ENGINE_FREEZE)
        note_freeze(world, request);
    if (request->order == ENGINE_PIN || request->order == ENGINE_UNPIN)
        world->pins[repository][environment_of(request->to)] = request->order == ENGINE_PIN;
    if (request->order != ENGINE_THAW)
        return;
    for (struct stop *stop = find_stop(world, request, true); stop != NULL;
         stop = find_stop(world, request, true))
        stop->is_set = false;
}

/* ---- their day ---- */

static void push_main(struct world *world)
{
    hub_push(world, somewhere(world), 0);
}

static void push_release(struct world *world)
{
    hub_push(world, somewhere(world), 1 + (int)prng_below(&world->prng, BRANCHES - 1));
}

static void deploy_past_us(struct world *world)
{
    int repository = somewhere(world);
    size_t commit = some_commit(world, repository);

    if (commit != SIZE_MAX)
        hub_foreign(world, repository, (enum environment)prng_between(&world->prng, FUTURE, PROD),
                    commit);
}

static const struct {
    int per_mille;
    void (*act)(struct world *world);
} habits[] = {
    {250, vote},         {170, ask_promotion},   {70, push_main},     {20, push_release},
    {25, withdraw},      {25, ask_deployment},   {20, ask_rollback},  {20, cancel},
    {25, review_pull},   {60, switch_something}, {15, pin_something}, {6, rename_somebody},
    {4, deploy_past_us},
};

void people_act(struct world *world)
{
    int64_t roll = prng_below(&world->prng, 1000);

    for (size_t i = 0; i < ARRAY_LEN(habits); i++) {
        if (roll < habits[i].per_mille) {
            habits[i].act(world);
            return;
        }
        roll -= habits[i].per_mille;
    }
}

void people_go_home(struct world *world)
{
    for (size_t i = 0; i < STOPS_MAX; i++) {
        if (world->stops[i].is_set)
            thaw(world, i);
    }
    for (int repository = 0; repository < REPOSITORIES; repository++) {
        for (int to = 0; to < ENVIRONMENTS; to++) {
            if (world->pins[repository][to])
                pin(world, ENGINE_UNPIN, repository, (enum environment)to);
        }
    }
}
