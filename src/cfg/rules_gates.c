/* Gates: whether people who exist can open them, what a rollback takes, and the digest that ties an
 * approval to the policy under which it was given. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "people_int.h"
#include "rules_int.h"
#include "show_int.h"

#define CANONICAL_BYTES_MAX ((size_t)4 * CFG_FILE_BYTES_MAX)

/* Where a problem with a gate is shown, and what the gate is called. */
struct gate_at {
    const char *name; /* "staging→prod", "a rollback of prod" */
    const void *element;
    const struct flow *flow;
};

/* ---- can it be met? ---- */

static int64_t seats_of(const struct flow_parties *reviewers)
{
    int64_t seats = 0;

    for (size_t i = 0; i < reviewers->count; i++)
        seats += reviewers->items[i].seats_min;
    return seats;
}

/* Different people, as far as somebody asks for more than there are. */
struct crowd {
    const struct flow_person *people[FLOW_SEATS_MAX + 1];
    size_t count;
};

static bool crowd_holds(const struct crowd *crowd, const struct flow_person *person)
{
    for (size_t i = 0; i < crowd->count; i++) {
        if (strcasecmp(crowd->people[i]->login, person->login) == 0)
            return true;
    }
    return false;
}

static void crowd_add(struct crowd *crowd, const struct flow_person *person)
{
    if (crowd->count < ARRAY_LEN(crowd->people) && !crowd_holds(crowd, person))
        crowd->people[crowd->count++] = person;
}

static void crowd_add_parties(struct crowd *crowd, const struct flow_parties *parties)
{
    for (size_t i = 0; i < parties->count; i++) {
        const struct flow_party *party = &parties->items[i];
        if (party->person.login != NULL)
            crowd_add(crowd, &party->person);
        for (size_t k = 0; party->team != NULL && k < party->team->members_count; k++)
            crowd_add(crowd, &party->team->members[k]);
    }
}

/* False when all who may ask are among so few reviewers that each of them is needed. */
static bool may_outsider_ask(const struct flow_parties *requesters, const struct crowd *reviewers)
{
    if (requesters->count == 0)
        return true;
    for (size_t i = 0; i < requesters->count; i++) {
        const struct flow_party *party = &requesters->items[i];
        if (party->person.login != NULL && !crowd_holds(reviewers, &party->person))
            return true;
        for (size_t k = 0; party->team != NULL && k < party->team->members_count; k++) {
            if (!crowd_holds(reviewers, &party->team->members[k]))
                return true;
        }
    }
    return false;
}

/* Teams without members were reported: who is in them is not known. */
static bool is_all_known(const struct flow_parties *parties)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (parties->items[i].person.login == NULL && parties->items[i].team == NULL)
            return false;
    }
    return true;
}

static void check_teams(struct loader *loader, const struct flow_parties *reviewers)
{
    for (size_t i = 0; i < reviewers->count; i++) {
        const struct flow_party *party = &reviewers->items[i];
        const void *const places[] = {party, NULL};
        if (party->team != NULL && (int64_t)party->team->members_count < party->seats_min)
            problem_at(loader, places, "%.64s must fill %d seats and has %zu members", party->name,
                       (int)party->seats_min, party->team->members_count);
    }
}

static void check_crowd(struct loader *loader, const struct gate_at *at,
                        const struct flow_approvals *approvals,
                        const struct flow_parties *requesters)
{
    const void *const places[] = {&approvals->required, &approvals->reviewers, at->element,
                                  at->flow, NULL};
    struct crowd crowd = {.count = 0};
    int required = (int)approvals->required;

    crowd_add_parties(&crowd, &approvals->reviewers);
    if (crowd.count < (size_t)required)
        problem_at(loader, places,
                   "%.128s asks for %d people, and its reviewers are %zu: name more, or require "
                   "fewer",
                   at->name, required, crowd.count);
    else if (crowd.count == (size_t)required && required > 0 && !approvals->self_approval &&
             is_all_known(requesters) && !may_outsider_ask(requesters, &crowd))
        problem_at(loader, places,
                   "%.128s asks for %d people besides the one who asked, and all who may ask are "
                   "among its %zu reviewers: name more, require fewer, or let others ask",
                   at->name, required, crowd.count);
}

/* A gate that promises what nothing enforces is worse than none: nothing collects yet who committed
 * what lies between two releases. */
static void check_exclusions(struct loader *loader, const struct flow_approvals *approvals)
{
    const void *const places[] = {&approvals->authors_excluded, NULL};

    if (approvals->committers_excluded && memory_find_place(loader->memory, places[0]) != NULL)
        problem_at(loader, places,
                   "committers cannot be excluded: envflow does not know yet who committed what "
                   "lies between two releases; leave committers out, and require one person more");
}

static void check_gate(struct loader *loader, const struct gate_at *at,
                       const struct flow_gate *gate, const struct flow_parties *requesters)
{
    const struct flow_approvals *approvals = &gate->approvals;
    const void *const places[] = {&approvals->reviewers, &approvals->required, at->element,
                                  at->flow, NULL};
    int64_t seats = seats_of(&approvals->reviewers);

    if (seats > approvals->required)
        problem_at(loader, places,
                   "the teams of %.128s must fill %lld seats, and only %d approvals are required",
                   at->name, (long long)seats, (int)approvals->required);
    check_exclusions(loader, approvals);
    check_teams(loader, &approvals->reviewers);
    if (approvals->reviewers.count > 0 && is_all_known(&approvals->reviewers))
        check_crowd(loader, at, approvals, requesters);
}

/* ---- rollbacks ---- */

/* Each is a step of the comparison: the first that differs decides. */
static int compare_strictness(const struct flow_gate *a, const struct flow_gate *b)
{
    const struct flow_approvals *left = &a->approvals;
    const struct flow_approvals *right = &b->approvals;
    const int64_t steps[][2] = {
        {left->required, right->required},
        {left->reviewers.count > 0, right->reviewers.count > 0},
        {!left->self_approval, !right->self_approval},
        {left->authors_excluded + left->committers_excluded,
         right->authors_excluded + right->committers_excluded},
        {!left->pull_request_reviews, !right->pull_request_reviews},
        {seats_of(&left->reviewers), seats_of(&right->reviewers)},
        {a->wait_ms, b->wait_ms},
    };

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i][0] != steps[i][1])
            return steps[i][0] < steps[i][1] ? -1 : 1;
    }
    return 0;
}

/* The first of the strictest promotions into the environment; NULL when none leads there. */
static const struct flow_path *find_strictest(const struct flow *flow, const char *environment)
{
    const struct flow_path *strictest = NULL;

    for (size_t i = 0; i < flow->paths_count; i++) {
        const struct flow_path *path = &flow->paths[i];
        if (strcmp(path->to, environment) == 0 &&
            (strictest == NULL || compare_strictness(&path->gate, &strictest->gate) > 0))
            strictest = path;
    }
    return strictest;
}

/* What the file does not say about a rollback is as in the promotion. */
static void inherit(const struct loader *loader, void *to, const void *from, size_t size)
{
    if (memory_find_place(loader->memory, to) == NULL)
        memcpy(to, from, size);
}

static void inherit_gate(const struct loader *loader, struct flow_gate *to,
                         const struct flow_gate *from)
{
    struct flow_approvals *approvals = &to->approvals;
    const struct flow_approvals *model = &from->approvals;

    inherit(loader, &approvals->required, &model->required, sizeof(model->required));
    inherit(loader, &approvals->reviewers, &model->reviewers, sizeof(model->reviewers));
    inherit(loader, &approvals->self_approval, &model->self_approval, sizeof(model->self_approval));
    inherit(loader, &approvals->authors_excluded, &model->authors_excluded, 2 * sizeof(bool));
    inherit(loader, &approvals->pull_request_reviews, &model->pull_request_reviews,
            sizeof(model->pull_request_reviews));
    inherit(loader, &approvals->valid_ms, &model->valid_ms, sizeof(model->valid_ms));
    inherit(loader, &to->wait_ms, &from->wait_ms, sizeof(from->wait_ms));
    inherit(loader, &to->expires_ms, &from->expires_ms, sizeof(from->expires_ms));
}

static bool names_party(const struct flow_parties *parties, const struct flow_party *party)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (strcasecmp(parties->items[i].name, party->name) == 0)
            return true;
    }
    return false;
}

static bool is_wider(const struct flow_parties *rollback, const struct flow_parties *promotion)
{
    if (promotion->count == 0 || rollback->count == 0)
        return promotion->count > 0;
    for (size_t i = 0; i < rollback->count; i++) {
        if (!names_party(promotion, &rollback->items[i]))
            return true;
    }
    return seats_of(rollback) < seats_of(promotion);
}

struct weakness {
    bool is_there;
    const void *field;
    const char *what;
};

/* Else a rollback to a release of one's choice would be the way around a promotion. */
static void check_strength(struct loader *loader, const struct flow_environment *environment,
                           const struct flow_path *path)
{
    const struct flow_approvals *rollback = &environment->rollback.approvals;
    const struct flow_approvals *promotion = &path->gate.approvals;
    const struct weakness weaknesses[] = {
        {rollback->required < promotion->required, &rollback->required, "required: fewer people"},
        {is_wider(&rollback->reviewers, &promotion->reviewers), &rollback->reviewers,
         "reviewers: people who may not approve that"},
        {rollback->self_approval && !promotion->self_approval, &rollback->self_approval,
         "self_approval: who asked"},
        {(promotion->authors_excluded && !rollback->authors_excluded) ||
             (promotion->committers_excluded && !rollback->committers_excluded),
         &rollback->authors_excluded, "exclude: who is excluded there"},
        {rollback->pull_request_reviews && !promotion->pull_request_reviews,
         &rollback->pull_request_reviews, "pull_request_reviews: reviews that do not count there"},
    };

    for (size_t i = 0; promotion->required > 0 && i < ARRAY_LEN(weaknesses); i++) {
        const void *const places[] = {weaknesses[i].field, environment, NULL};
        if (weaknesses[i].is_there)
            problem_at(
                loader, places,
                "a rollback of %.64s would be weaker than %.128s and a way around it, by %s; "
                "drop the key, or ask for no less",
                environment->name, path->name, weaknesses[i].what);
    }
}

/* ---- digests ---- */

static int compare_names(const void *left, const void *right)
{
    const struct flow_person *a = *(const struct flow_person *const *)left;
    const struct flow_person *b = *(const struct flow_person *const *)right;

    return strcasecmp(a->login, b->login);
}

static void put_lower(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_putc(out, (char)tolower((unsigned char)*text));
}

static void put_identity(struct buf *out, const struct flow_person *person)
{
    put_lower(out, person->login);
    buf_printf(out, "#%lld\n", (long long)person->id);
}

/* In the order of their logins: it makes no difference to anybody. */
static void put_members(struct arena *arena, const struct flow_team *team, struct buf *out)
{
    size_t count = team->members_count;
    const struct flow_person **members = arena_alloc(arena, count * sizeof(struct flow_person *));

    for (size_t i = 0; i < count; i++)
        members[i] = &team->members[i];
    qsort(members, count, sizeof(struct flow_person *), compare_names);
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, "  ");
        put_identity(out, members[i]);
    }
}

/* In the order of the file: a stored vote says by number which of them its voter was. */
static void put_reviewers(struct arena *arena, const struct flow_parties *reviewers,
                          struct buf *out)
{
    for (size_t i = 0; i < reviewers->count; i++) {
        const struct flow_party *party = &reviewers->items[i];
        if (party->person.login != NULL) {
            put_identity(out, &party->person);
            continue;
        }
        put_lower(out, party->name);
        buf_printf(out, " %d\n", (int)party->seats_min);
        if (party->team != NULL)
            put_members(arena, party->team, out);
    }
}

/* Over what config show prints of the gate, with people by identity and teams by member. */
static void seal(struct flow_gate *gate)
{
    AUTO(arena) struct arena arena = {NULL};
    AUTO(buf) struct buf text = BUF_INIT(CANONICAL_BYTES_MAX);
    struct flow_path shown = {.gate = *gate};
    uint8_t digest[SHA256_BYTES];

    shown.gate.approvals.reviewers = (struct flow_parties){.count = 0};
    show_table(&cfg_promotion, &shown, 0, &text);
    put_reviewers(&arena, &gate->approvals.reviewers, &text);
    assert(!text.failed);
    sha256(buf_text(&text), text.len, digest);
    hex_format(digest, sizeof(digest), gate->policy);
}

/* ---- the environments of a flow ---- */

static void name_approval_environment(struct loader *loader, const struct flow *flow,
                                      struct flow_environment *environment)
{
    const void *const places[] = {environment, flow, NULL};

    if (environment->approval_environment != NULL || !graph_is_gated(flow, environment))
        return;
    environment->approval_environment =
        arena_format(&loader->memory->arena, "promotion-approval-%s", environment->name);
    if (strlen(environment->approval_environment) >= ENV_NAME_MAX)
        problem_at(loader, places,
                   "the name is too long for promotion-approval-NAME on GitHub: give "
                   "approval_environment");
}

/* A review says in which environment it was given, and nothing else. */
static void check_approval_environment(struct loader *loader, const struct flow *flow, size_t i)
{
    const struct flow_environment *environment = &flow->environments[i];
    const char *name = environment->approval_environment;
    const void *const places[] = {&environment->approval_environment, environment, flow, NULL};

    for (size_t k = 0; k < i && name != NULL; k++) {
        const char *other = flow->environments[k].approval_environment;
        if (other != NULL && strcasecmp(other, name) == 0)
            problem_at(loader, places,
                       "%.64s and %.64s share the approval environment '%.64s': a review could not "
                       "be told from the other's",
                       flow->environments[k].name, environment->name, name);
    }
}

static bool says_who(const struct loader *loader, const struct flow_approvals *approvals)
{
    return memory_find_place(loader->memory, &approvals->required) != NULL ||
           memory_find_place(loader->memory, &approvals->reviewers) != NULL ||
           memory_find_place(loader->memory, &approvals->self_approval) != NULL;
}

static void finish_environment(struct loader *loader, const struct flow *flow,
                               struct flow_environment *environment)
{
    const struct flow_path *strictest = find_strictest(flow, environment->name);
    const struct gate_at at = {
        .name = arena_format(&loader->memory->arena, "a rollback of %s", environment->name),
        .element = environment,
        .flow = flow,
    };

    if (strictest != NULL) {
        inherit_gate(loader, &environment->rollback, &strictest->gate);
        check_strength(loader, environment, strictest);
    }
    if (strictest == NULL || says_who(loader, &environment->rollback.approvals))
        check_gate(loader, &at, &environment->rollback, &environment->requesters);
    seal(&environment->rollback);
    name_approval_environment(loader, flow, environment);
}

static void finish_flow(struct loader *loader, const struct flow *flow)
{
    struct flow_environment *environments = finishable(flow->environments);
    struct flow_path *paths = finishable(flow->paths);
    const struct flow_parties anybody = {.count = 0};

    for (size_t i = 0; i < flow->paths_count; i++) {
        const struct flow_environment *target = graph_find_environment(flow, paths[i].to);
        const struct gate_at at = {paths[i].name, &paths[i], flow};
        check_gate(loader, &at, &paths[i].gate, target != NULL ? &target->requesters : &anybody);
        seal(&paths[i].gate);
    }
    for (size_t i = 0; i < flow->environments_count; i++)
        finish_environment(loader, flow, &environments[i]);
    for (size_t i = 0; i < flow->environments_count; i++)
        check_approval_environment(loader, flow, i);
}

void rules_gates(struct loader *loader)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;

    for (size_t i = 0; i < graph->flows_count; i++)
        finish_flow(loader, &graph->flows[i]);
}
