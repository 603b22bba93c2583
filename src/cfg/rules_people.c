/* Who is who: teams are looked up, a login has one id wherever it stands, and an id one login. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "people_int.h"
#include "problems_int.h"
#include "rules_int.h"

/* Everybody that the configuration names, in the order of the file. */
struct everybody {
    struct flow_person **people; /* NULL while they are being counted */
    size_t count;
};

static void add_person(struct everybody *all, const struct flow_person *person)
{
    if (all->people != NULL)
        all->people[all->count] = finishable(person);
    all->count++;
}

static void add_parties(struct everybody *all, const struct flow_parties *parties)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (parties->items[i].person.login != NULL)
            add_person(all, &parties->items[i].person);
    }
}

static void add_everybody(struct everybody *all, const struct flow_graph *graph)
{
    all->count = 0;
    for (size_t i = 0; i < graph->teams_count; i++) {
        for (size_t k = 0; k < graph->teams[i].members_count; k++)
            add_person(all, &graph->teams[i].members[k]);
    }
    for (size_t i = 0; i < graph->flows_count; i++) {
        const struct flow *flow = &graph->flows[i];
        for (size_t k = 0; k < flow->environments_count; k++) {
            add_parties(all, &flow->environments[k].requesters);
            add_parties(all, &flow->environments[k].rollback.approvals.reviewers);
        }
        for (size_t k = 0; k < flow->paths_count; k++)
            add_parties(all, &flow->paths[k].gate.approvals.reviewers);
    }
}

/* ---- logins and ids ---- */

/* The same login side by side, with its id before those that lack one. */
static int compare_logins(const void *left, const void *right)
{
    const struct flow_person *a = *(struct flow_person *const *)left;
    const struct flow_person *b = *(struct flow_person *const *)right;
    int order = strcasecmp(a->login, b->login);

    if (order != 0)
        return order;
    return a->id > b->id ? -1 : a->id < b->id;
}

static int compare_ids(const void *left, const void *right)
{
    const struct flow_person *a = *(struct flow_person *const *)left;
    const struct flow_person *b = *(struct flow_person *const *)right;

    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return strcasecmp(a->login, b->login);
}

/* A login with an id somewhere has it everywhere: whoever takes the login later does not count. */
static void tie_logins(struct loader *loader, const struct everybody *all)
{
    for (size_t i = 1; i < all->count; i++) {
        const struct flow_person *before = all->people[i - 1];
        struct flow_person *person = all->people[i];
        const void *const places[] = {person, before, NULL};
        if (strcasecmp(before->login, person->login) != 0)
            continue;
        if (person->id != 0 && person->id != before->id)
            problem_at(loader, places, "'%.64s' has the id %lld here and %lld elsewhere",
                       person->login, (long long)person->id, (long long)before->id);
        person->id = before->id;
    }
}

static void check_ids(struct loader *loader, const struct everybody *all)
{
    for (size_t i = 1; i < all->count; i++) {
        const struct flow_person *before = all->people[i - 1];
        const struct flow_person *person = all->people[i];
        const void *const places[] = {person, before, NULL};
        if (person->id != 0 && person->id == before->id &&
            strcasecmp(before->login, person->login) != 0)
            problem_at(loader, places,
                       "the id %lld is that of '%.64s' elsewhere and of '%.64s' here: it is one "
                       "account; write its present login in both places",
                       (long long)person->id, before->login, person->login);
    }
}

/* ---- teams ---- */

static const struct flow_team *find_team(const struct flow_graph *graph, const char *name,
                                         struct nearest *nearest)
{
    for (size_t i = 0; i < graph->teams_count; i++) {
        if (strcasecmp(graph->teams[i].name, name) == 0)
            return &graph->teams[i];
        nearest_offer(nearest, graph->teams[i].name);
    }
    return NULL;
}

static void resolve_team(struct loader *loader, struct flow_party *party)
{
    const void *const places[] = {party, NULL};
    struct nearest nearest = {.text = party->name};

    party->team = find_team(&loader->memory->cfg.graph, party->name, &nearest);
    if (party->team != NULL)
        return;
    if (nearest.best != NULL)
        problem_at(loader, places, "nobody says who is in %.64s; did you mean %.64s?", party->name,
                   nearest.best);
    else
        problem_at(loader, places,
                   "nobody says who is in %.64s; write teams: { %.64s: [ octocat, hubot ] } at the "
                   "top level",
                   party->name, party->name);
}

static bool is_same_party(const struct flow_party *a, const struct flow_party *b)
{
    const char *left = a->person.login != NULL ? a->person.login : a->name;
    const char *right = b->person.login != NULL ? b->person.login : b->name;

    return strcasecmp(left, right) == 0;
}

static void resolve_parties(struct loader *loader, const struct flow_parties *parties)
{
    struct flow_party *items = finishable(parties->items);

    for (size_t i = 0; i < parties->count; i++) {
        const void *const places[] = {&items[i], NULL};
        if (items[i].person.login == NULL)
            resolve_team(loader, &items[i]);
        for (size_t k = 0; k < i; k++) {
            if (is_same_party(&items[k], &items[i]))
                problem_at(loader, places, "%.64s stands in this list twice", items[i].name);
        }
    }
}

static void resolve_flow(struct loader *loader, const struct flow *flow)
{
    for (size_t i = 0; i < flow->environments_count; i++) {
        resolve_parties(loader, &flow->environments[i].requesters);
        resolve_parties(loader, &flow->environments[i].rollback.approvals.reviewers);
    }
    for (size_t i = 0; i < flow->paths_count; i++)
        resolve_parties(loader, &flow->paths[i].gate.approvals.reviewers);
}

/* Named twice: harmless, and still a slip. The array of everybody serves once more: no team is
 * larger. */
static void check_members(struct loader *loader, const struct flow_team *team,
                          const struct everybody *all)
{
    for (size_t i = 0; i < team->members_count; i++)
        all->people[i] = finishable(&team->members[i]);
    qsort(all->people, team->members_count, sizeof(struct flow_person *), compare_logins);
    for (size_t i = 1; i < team->members_count; i++) {
        const void *const places[] = {all->people[i], NULL};
        if (strcasecmp(all->people[i - 1]->login, all->people[i]->login) == 0)
            problem_at(loader, places, "%.64s is in %.64s twice", all->people[i]->login,
                       team->name);
    }
}

void rules_people(struct loader *loader)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;
    struct everybody all = {.people = NULL};

    add_everybody(&all, graph);
    all.people = arena_alloc(&loader->memory->arena, all.count * sizeof(struct flow_person *));
    add_everybody(&all, graph);
    qsort(all.people, all.count, sizeof(struct flow_person *), compare_logins);
    tie_logins(loader, &all);
    qsort(all.people, all.count, sizeof(struct flow_person *), compare_ids);
    check_ids(loader, &all);
    for (size_t i = 0; i < graph->teams_count; i++)
        check_members(loader, &graph->teams[i], &all);
    for (size_t i = 0; i < graph->flows_count; i++)
        resolve_flow(loader, &graph->flows[i]);
}
