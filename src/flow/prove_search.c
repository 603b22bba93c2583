#include "prove_int.h"

#include <assert.h>
#include <string.h>

/* ---- the flow as numbers ---- */

/* The index of the environment, or the count when there is none of that name. */
static size_t find_index(const struct flow *flow, const char *name)
{
    size_t i = 0;

    while (i < flow->environments_count && strcmp(flow->environments[i].name, name) != 0)
        i++;
    return i;
}

void prover_init(struct prover *prover, const struct flow *flow)
{
    assert(flow->environments_count <= FLOW_ENVIRONMENTS_MAX);
    assert(flow->paths_count <= FLOW_PATHS_MAX);

    *prover = (struct prover){.flow = flow, .all_hold = true};
    for (size_t i = 0; i < flow->paths_count; i++) {
        const struct flow_path *path = &flow->paths[i];
        struct way way = {.kind = WAY_PATH,
                          .from = find_index(flow, path->from),
                          .to = find_index(flow, path->to),
                          .path = path,
                          .gate = &path->gate};
        if (way.from < flow->environments_count && way.to < flow->environments_count)
            prover->paths[prover->paths_count++] = way;
    }
    prover_find_branches(prover);
}

/* ---- breadth first ---- */

/* One release's possibilities: where it gets, and by which step it came there first. */
struct walk {
    uint64_t reached;
    size_t order[FLOW_ENVIRONMENTS_MAX];
    size_t count;
    struct way came_by[FLOW_ENVIRONMENTS_MAX];
};

static void reach(struct walk *walk, const struct way *way)
{
    if ((walk->reached & PROVE_BIT(way->to)) != 0)
        return;
    walk->reached |= PROVE_BIT(way->to);
    walk->order[walk->count++] = way->to;
    walk->came_by[way->to] = *way;
}

static void enter(struct walk *walk, uint64_t environments, enum way_kind kind)
{
    for (size_t i = 0; i < FLOW_ENVIRONMENTS_MAX; i++) {
        if ((environments & PROVE_BIT(i)) != 0)
            reach(walk, &(struct way){.kind = kind, .to = i});
    }
}

/* A push is taken to enter whatever the environment admits: it deploys what its pattern says. */
static void walk_from_entries(const struct prover *prover, const struct prove_branch *branch,
                              const struct quest *quest, struct walk *walk)
{
    uint64_t open = quest->entries & ~quest->avoided;

    walk->reached = 0;
    walk->count = 0;
    enter(walk, branch->pushes & open, WAY_PUSH);
    enter(walk, branch->by_hand & branch->admitted & open, WAY_HAND);
    for (size_t i = 0; i < walk->count; i++) {
        for (size_t k = 0; k < prover->paths_count; k++) {
            const struct way *way = &prover->paths[k];
            if (way->from == walk->order[i] &&
                (PROVE_BIT(way->to) & branch->admitted & ~quest->avoided) != 0)
                reach(walk, way);
        }
    }
}

static void trace_back(const struct walk *walk, size_t target, struct route *route)
{
    struct way reversed[PROVE_STEPS_MAX];
    size_t count = 0;

    reversed[count++] = walk->came_by[target];
    while (reversed[count - 1].kind == WAY_PATH) {
        reversed[count] = walk->came_by[reversed[count - 1].from];
        count++;
    }
    route->count = count;
    for (size_t i = 0; i < count; i++)
        route->steps[i] = reversed[count - 1 - i];
}

bool prover_find_route(const struct prover *prover, const struct quest *quest,
                       struct route *ret_route)
{
    struct route best = {0};
    struct walk walk;

    for (size_t i = 0; i < prover->branches_count; i++) {
        const struct prove_branch *branch = &prover->branches[i];
        struct route route = {.branch = branch};
        if ((quest->admitting & ~branch->admitted) != 0)
            continue;
        walk_from_entries(prover, branch, quest, &walk);
        if ((walk.reached & PROVE_BIT(quest->target)) == 0)
            continue;
        trace_back(&walk, quest->target, &route);
        if (best.count == 0 || route.count < best.count)
            best = route;
    }
    if (best.count == 0)
        return false;
    *ret_route = best;
    return true;
}

bool prover_find_skip(const struct prover *prover, size_t target, uint64_t passages,
                      struct route *ret_route)
{
    bool is_found = false;

    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        struct quest quest = {
            .target = target, .entries = PROVE_ALL, .avoided = passages & PROVE_BIT(i)};
        struct route route;
        if (quest.avoided == 0 || !prover_find_route(prover, &quest, &route))
            continue;
        if (!is_found || route.count < ret_route->count)
            *ret_route = route;
        is_found = true;
    }
    return is_found;
}

/* ---- ways into one environment ---- */

size_t prover_ways_into(const struct prover *prover, size_t to, struct way ways[PROVE_WAYS_MAX])
{
    const struct flow_environment *environment = &prover->flow->environments[to];
    size_t count = 0;

    if (environment->auto_branches != NULL)
        ways[count++] = (struct way){.kind = WAY_PUSH, .to = to};
    if (environment->manual_branches != NULL)
        ways[count++] = (struct way){.kind = WAY_HAND, .to = to};
    for (size_t i = 0; i < prover->paths_count; i++) {
        if (prover->paths[i].to == to)
            ways[count++] = prover->paths[i];
    }
    ways[count++] = (struct way){.kind = WAY_ROLLBACK, .to = to, .gate = &environment->rollback};
    return count;
}

/* Straight in, by a push or by hand. */
static bool find_entry(const struct prover *prover, const struct way *way, struct route *ret_route)
{
    for (size_t i = 0; i < prover->branches_count; i++) {
        const struct prove_branch *branch = &prover->branches[i];
        uint64_t open = way->kind == WAY_PUSH ? branch->pushes : branch->by_hand & branch->admitted;
        if ((open & PROVE_BIT(way->to)) == 0)
            continue;
        ret_route->steps[0] = *way;
        ret_route->count = 1;
        ret_route->branch = branch;
        return true;
    }
    return false;
}

bool prover_find_route_by(const struct prover *prover, const struct way *way,
                          struct route *ret_route)
{
    struct quest quest = {.target = way->to, .entries = PROVE_ALL};

    if (way->kind == WAY_PUSH || way->kind == WAY_HAND)
        return find_entry(prover, way, ret_route);
    if (way->kind == WAY_PATH)
        quest = (struct quest){
            .target = way->from, .entries = PROVE_ALL, .admitting = PROVE_BIT(way->to)};
    if (!prover_find_route(prover, &quest, ret_route))
        return false;
    ret_route->steps[ret_route->count++] = *way;
    return true;
}

bool prover_test_ways(const struct prover *prover, size_t to, way_test_fn *test, const void *arg,
                      struct route *ret_broken)
{
    struct way ways[PROVE_WAYS_MAX];
    size_t count = prover_ways_into(prover, to, ways);
    struct route best = {0};

    for (size_t i = 0; i < count; i++) {
        struct route route;
        if (test(&ways[i], arg) || !prover_find_route_by(prover, &ways[i], &route))
            continue;
        if (best.count == 0 || route.count < best.count)
            best = route;
    }
    if (best.count == 0)
        return true;
    *ret_broken = best;
    return false;
}

/* ---- words ---- */

int64_t way_seats(const struct way *way)
{
    return way->gate != NULL ? quorum_seats(&way->gate->approvals) : 0;
}

const char *prover_name(const struct prover *prover, size_t environment)
{
    return prover->flow->environments[environment].name;
}

void prover_add_names(const struct prover *prover, uint64_t environments, const char *joint,
                      struct sentence *sentence)
{
    const char *separator = "";

    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        if ((environments & PROVE_BIT(i)) == 0)
            continue;
        sentence_add(sentence, "%s%s", separator, prover_name(prover, i));
        separator = joint;
    }
}

/* How many people a step asks is said where it asks somebody, and of the last one in any case. */
static void add_step(const struct prover *prover, const struct route *route, size_t index,
                     struct sentence *sentence)
{
    const struct way *way = &route->steps[index];
    const char *to = prover_name(prover, way->to);

    if (index > 0)
        sentence_add(sentence, "; ");
    switch (way->kind) {
    case WAY_PUSH:
        sentence_add(sentence, "push to %s → %s", route->branch->shown, to);
        break;
    case WAY_HAND:
        sentence_add(sentence, "deploy by hand %s → %s", route->branch->shown, to);
        break;
    case WAY_PATH:
        sentence_add(sentence, "promote %s → %s", prover_name(prover, way->from), to);
        break;
    case WAY_ROLLBACK:
        sentence_add(sentence, "roll back %s to it later", to);
        break;
    }
    if (way_seats(way) > 0 || index + 1 == route->count) {
        sentence_add(sentence, " with ");
        sentence_add_count(sentence, way_seats(way), "approval");
    }
}

void prover_add_route(const struct prover *prover, const struct route *route,
                      struct sentence *sentence)
{
    for (size_t i = 0; i < route->count; i++)
        add_step(prover, route, i, sentence);
}
