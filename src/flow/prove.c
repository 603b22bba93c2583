/* The claims that are always decided. */
#include "flow/prove.h"

#include <string.h>

#include "prove_int.h"

/* ---- strength of gates ---- */

/* A person whom the path accepts, or a team all of whose people it accepts. */
static bool accepts(const struct flow_parties *parties, const struct flow_party *party)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (strcmp(parties->items[i].name, party->name) == 0)
            return true;
    }
    if (party->person.login != NULL)
        return graph_memberships(parties, &party->person) != 0;
    for (size_t i = 0; party->team != NULL && i < party->team->members_count; i++) {
        if (graph_memberships(parties, &party->team->members[i]) == 0)
            return false;
    }
    return party->team != NULL && party->team->members_count > 0;
}

static bool has_minimum(const struct flow_parties *parties, const struct flow_party *party)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (strcmp(parties->items[i].name, party->name) == 0)
            return parties->items[i].seats_min >= party->seats_min;
    }
    return party->seats_min == 0;
}

bool approvals_are_as_strict(const struct flow_approvals *rollback,
                             const struct flow_approvals *path)
{
    bool is_strict = path->self_approval || !rollback->self_approval;

    if (path->reviewers.count > 0 && rollback->reviewers.count == 0)
        return false;
    for (size_t i = 0; i < rollback->reviewers.count && path->reviewers.count > 0; i++)
        is_strict = is_strict && accepts(&path->reviewers, &rollback->reviewers.items[i]);
    for (size_t i = 0; i < path->reviewers.count; i++)
        is_strict = is_strict && has_minimum(&rollback->reviewers, &path->reviewers.items[i]);
    return is_strict;
}

/* ---- nothing without its quorum ---- */

static int64_t strictest_seats(const struct prover *prover, size_t to)
{
    int64_t seats = 0;

    for (size_t i = 0; i < prover->paths_count; i++) {
        if (prover->paths[i].to == to && way_seats(&prover->paths[i]) > seats)
            seats = way_seats(&prover->paths[i]);
    }
    return seats;
}

struct quorum_claim {
    const struct prover *prover;
    int64_t seats;
};

/* A rollback may be like any of the strictest paths: each is a lawful way in. */
static bool is_like_strictest(const struct way *way, const struct quorum_claim *claim)
{
    for (size_t i = 0; i < claim->prover->paths_count; i++) {
        const struct way *path = &claim->prover->paths[i];
        if (path->to == way->to && way_seats(path) == claim->seats &&
            approvals_are_as_strict(&way->gate->approvals, &path->gate->approvals))
            return true;
    }
    return false;
}

static bool keeps_quorum(const struct way *way, const void *arg)
{
    const struct quorum_claim *claim = arg;

    return way_seats(way) >= claim->seats &&
           (way->kind != WAY_ROLLBACK || is_like_strictest(way, claim));
}

static void judge_quorum(struct prover *prover, size_t to)
{
    struct quorum_claim claim = {prover, strictest_seats(prover, to)};
    struct prove_finding finding = {.holds = true};
    struct sentence words = SENTENCE_IN(finding.claim);
    struct sentence steps = SENTENCE_IN(finding.counterexample);
    struct route route;

    if (claim.seats == 0)
        return;
    sentence_add(&words, "nothing reaches %s without ", prover_name(prover, to));
    sentence_add_count(&words, claim.seats, "approval");
    finding.holds = prover_test_ways(prover, to, keeps_quorum, &claim, &route);
    if (!finding.holds) {
        prover_add_route(prover, &route, &steps);
        if (way_seats(&route.steps[route.count - 1]) >= claim.seats)
            sentence_add(&steps, " that a promotion to %s would not accept",
                         prover_name(prover, to));
    }
    prover_report(prover, "quorum", &finding);
}

/* ---- nothing skips ---- */

/* Where a flow begins: environments that no path gates. A push or a deployment by hand into a
 * gated one is no beginning, but a way around. */
static uint64_t beginnings(const struct prover *prover)
{
    uint64_t environments = PROVE_ALL;

    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        if (strictest_seats(prover, i) > 0)
            environments &= ~PROVE_BIT(i);
    }
    return environments;
}

/* What every route from the beginnings to the target passes; none when there is no such route. */
static uint64_t find_passages(const struct prover *prover, size_t target)
{
    struct quest quest = {.target = target, .entries = beginnings(prover)};
    uint64_t passages = 0;
    struct route route;

    if (!prover_find_route(prover, &quest, &route))
        return 0;
    for (size_t i = 0; i + 1 < route.count; i++) {
        quest.avoided = PROVE_BIT(route.steps[i].to);
        struct route around;
        if (!prover_find_route(prover, &quest, &around))
            passages |= quest.avoided;
    }
    return passages;
}

static void judge_skips(struct prover *prover, size_t to)
{
    uint64_t passages = find_passages(prover, to);
    struct prove_finding finding = {.holds = true};
    struct sentence words = SENTENCE_IN(finding.claim);
    struct sentence steps = SENTENCE_IN(finding.counterexample);
    struct route route;

    if (passages == 0)
        return;
    sentence_add(&words, "nothing reaches %s without passing ", prover_name(prover, to));
    prover_add_names(prover, passages, " and ", &words);
    finding.holds = !prover_find_skip(prover, to, passages, &route);
    if (!finding.holds)
        prover_add_route(prover, &route, &steps);
    prover_report(prover, "no_skip", &finding);
}

/* ---- everything is reachable, nothing goes in circles ---- */

static uint64_t sources_of(const struct prover *prover, size_t to)
{
    uint64_t sources = 0;

    for (size_t i = 0; i < prover->paths_count; i++)
        sources |= prover->paths[i].to == to ? PROVE_BIT(prover->paths[i].from) : 0;
    return sources;
}

static void judge_reach(struct prover *prover, size_t to)
{
    struct quest quest = {.target = to, .entries = PROVE_ALL};
    uint64_t sources = sources_of(prover, to);
    struct prove_finding finding = {.holds = true};
    struct sentence words = SENTENCE_IN(finding.claim);
    struct sentence steps = SENTENCE_IN(finding.counterexample);
    struct route route;

    if (sources == 0)
        return;
    sentence_add(&words, "a release can reach %s", prover_name(prover, to));
    finding.holds = prover_find_route(prover, &quest, &route);
    if (!finding.holds) {
        sentence_add(&steps, "it is promoted from ");
        prover_add_names(prover, sources, " or ", &steps);
        sentence_add(&steps, ", where nothing that %s takes ever arrives", prover_name(prover, to));
    }
    prover_report(prover, "reachable", &finding);
}

/* The shortest walk along paths from the environment back to it. */
static bool find_circle(const struct prover *prover, size_t start, struct route *ret_route)
{
    size_t came_by[FLOW_ENVIRONMENTS_MAX] = {0}; /* index of a path */
    size_t order[FLOW_ENVIRONMENTS_MAX + 1] = {start};
    uint64_t reached = 0;
    size_t count = 1;

    for (size_t i = 0; i < count && (reached & PROVE_BIT(start)) == 0; i++) {
        for (size_t k = 0; k < prover->paths_count; k++) {
            const struct way *way = &prover->paths[k];
            if (way->from != order[i] || (reached & PROVE_BIT(way->to)) != 0)
                continue;
            reached |= PROVE_BIT(way->to);
            came_by[way->to] = k;
            order[count++] = way->to;
        }
    }
    if ((reached & PROVE_BIT(start)) == 0)
        return false;

    struct route backwards = {0};
    size_t at = start;
    do {
        backwards.steps[backwards.count++] = prover->paths[came_by[at]];
        at = prover->paths[came_by[at]].from;
    } while (at != start);
    ret_route->count = backwards.count;
    for (size_t i = 0; i < backwards.count; i++)
        ret_route->steps[i] = backwards.steps[backwards.count - 1 - i];
    return true;
}

static void judge_circles(struct prover *prover)
{
    struct prove_finding finding = {.holds = true, .claim = "no release goes in circles"};
    struct sentence steps = SENTENCE_IN(finding.counterexample);
    struct route best = {0};

    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        struct route route = {0};
        if (find_circle(prover, i, &route) && (best.count == 0 || route.count < best.count))
            best = route;
    }
    finding.holds = best.count == 0;
    for (size_t i = 0; i < best.count; i++)
        sentence_add(&steps, "%spromote %s → %s", i > 0 ? "; " : "",
                     prover_name(prover, best.steps[i].from),
                     prover_name(prover, best.steps[i].to));
    prover_report(prover, "acyclic", &finding);
}

/* ---- all of it ---- */

void prover_report(struct prover *prover, const char *code, struct prove_finding *finding)
{
    finding->code = code;
    prover->all_hold = prover->all_hold && finding->holds;
    prover->fn(finding, prover->arg);
}

static void judge_size(struct prover *prover)
{
    struct prove_finding finding = {
        .claim = "every kind of branch was tried",
        .counterexample = "the environments name more, or longer, branch patterns than are tried",
    };

    if (prover->is_incomplete)
        prover_report(prover, "complete", &finding);
}

bool prove_flow(const struct flow *flow, prove_fn *fn, void *arg)
{
    struct prover prover;

    prover_init(&prover, flow);
    prover.fn = fn;
    prover.arg = arg;
    for (size_t i = 0; i < flow->environments_count; i++)
        judge_quorum(&prover, i);
    for (size_t i = 0; i < flow->environments_count; i++)
        judge_skips(&prover, i);
    for (size_t i = 0; i < flow->environments_count; i++)
        judge_reach(&prover, i);
    judge_circles(&prover);
    prover_judge_people(&prover);
    prover_judge_asserts(&prover);
    judge_size(&prover);
    return prover.all_hold;
}
