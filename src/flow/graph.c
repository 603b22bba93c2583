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

bool graph_deploys_branch(const struct flow_environment *environment, const char *branch)
{
    const char *const *pattern = environment->auto_branches;

    while (pattern != NULL && *pattern != NULL && !glob_match(*pattern, branch))
        pattern++;
    return pattern != NULL && *pattern != NULL;
}
