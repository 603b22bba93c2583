#include "flow/graph.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/glob.h"
#include "base/limits.h"

/* GitHub's names are ASCII and compare without regard to case. */
static void lower(const char *text, char lowered[REPO_NAME_MAX])
{
    size_t len = strnlen(text, REPO_NAME_MAX - 1);

    for (size_t i = 0; i < len; i++)
        lowered[i] = (char)tolower((unsigned char)text[i]);
    lowered[len] = '\0';
}

static const struct repository_rule *find_exact(const struct flow_graph *graph,
                                                const char *full_name)
{
    for (size_t i = 0; i < graph->repositories_count; i++) {
        if (strcasecmp(graph->repositories[i].pattern, full_name) == 0)
            return &graph->repositories[i];
    }
    return NULL;
}

const struct repository_rule *graph_find_repository(const struct flow_graph *graph,
                                                    const char *full_name)
{
    const struct repository_rule *rule = find_exact(graph, full_name);
    char name[REPO_NAME_MAX];
    char pattern[REPO_NAME_MAX];

    lower(full_name, name);
    for (size_t i = 0; i < graph->repositories_count && rule == NULL; i++) {
        lower(graph->repositories[i].pattern, pattern);
        if (glob_match(pattern, name))
            rule = &graph->repositories[i];
    }
    return rule;
}

const struct flow_environment *graph_find_environment(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < flow->environments_count; i++) {
        if (strcmp(flow->environments[i].name, name) == 0)
            return &flow->environments[i];
    }
    return NULL;
}

const struct flow_path *graph_find_path(const struct flow *flow, const char *from, const char *to)
{
    for (size_t i = 0; i < flow->paths_count; i++) {
        const struct flow_path *path = &flow->paths[i];
        if (strcmp(path->from, from) == 0 && strcmp(path->to, to) == 0)
            return path;
    }
    return NULL;
}

bool graph_matches_branch(const char *const *patterns, const char *branch)
{
    while (patterns != NULL && *patterns != NULL && !glob_match(*patterns, branch))
        patterns++;
    return patterns != NULL && *patterns != NULL;
}

bool graph_is_gated(const struct flow *flow, const struct flow_environment *environment)
{
    bool is_gated = environment->rollback.approvals.required > 0;

    for (size_t i = 0; i < flow->paths_count && !is_gated; i++)
        is_gated = strcmp(flow->paths[i].to, environment->name) == 0 &&
                   flow->paths[i].gate.approvals.required > 0;
    return is_gated;
}

static bool is_same_person(const struct flow_person *configured, const struct flow_person *person)
{
    if (configured->id != 0)
        return configured->id == person->id;
    return strcasecmp(configured->login, person->login) == 0;
}

static bool is_party(const struct flow_party *party, const struct flow_person *person)
{
    if (party->person.login != NULL)
        return is_same_person(&party->person, person);
    for (size_t i = 0; party->team != NULL && i < party->team->members_count; i++) {
        if (is_same_person(&party->team->members[i], person))
            return true;
    }
    return false;
}

uint64_t graph_memberships(const struct flow_parties *parties, const struct flow_person *person)
{
    uint64_t memberships = parties->count == 0 ? 1 : 0;

    for (size_t i = 0; i < parties->count; i++) {
        if (is_party(&parties->items[i], person))
            memberships |= UINT64_C(1) << i;
    }
    return memberships;
}
