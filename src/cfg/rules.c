/* Rules that need more than one key, and defaults that are computed. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "load_int.h"
#include "problems_int.h"
#include "rules_int.h"

void problem_at(struct loader *loader, const void *const *fields, const char *fmt, ...)
{
    const struct place *place = NULL;
    va_list args;

    for (; *fields != NULL && place == NULL; fields++)
        place = memory_find_place(loader->memory, *fields);
    va_start(args, fmt);
    problems_vadd(loader->problems, place != NULL ? place->line : 0,
                  place != NULL ? place->column : 0, fmt, args);
    va_end(args);
}

void *finishable(const void *made)
{
    void *mine;

    memcpy(&mine, &made, sizeof(mine));
    return mine;
}

static const struct flow *find_flow(struct loader *loader, const struct repository_rule *rule)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;
    const void *const places[] = {&rule->flow, rule, NULL};
    struct nearest nearest = {.text = rule->flow->name};

    for (size_t i = 0; i < graph->flows_count; i++) {
        if (strcmp(graph->flows[i].name, rule->flow->name) == 0)
            return &graph->flows[i];
        nearest_offer(&nearest, graph->flows[i].name);
    }
    if (nearest.best != NULL)
        problem_at(loader, places, "there is no flow '%.64s'; did you mean '%s'?", rule->flow->name,
                   nearest.best);
    else
        problem_at(loader, places, "there is no flow '%.64s' under flows:", rule->flow->name);
    return rule->flow;
}

/* Put the flows in the place of their stand-ins. */
static void resolve_flows(struct loader *loader)
{
    struct flow_graph *graph = &loader->memory->cfg.graph;
    size_t count = graph->repositories_count;
    struct repository_rule *rules =
        arena_alloc(&loader->memory->arena, count * sizeof(struct repository_rule));

    for (size_t i = 0; i < count; i++) {
        rules[i] = graph->repositories[i];
        rules[i].flow = find_flow(loader, &graph->repositories[i]);
    }
    graph->repositories = rules;
}

static const struct repository_rule *find_user(const struct flow_graph *graph,
                                               const struct flow *flow)
{
    for (size_t i = 0; i < graph->repositories_count; i++) {
        if (graph->repositories[i].flow == flow)
            return &graph->repositories[i];
    }
    return NULL;
}

static void check_environment(struct loader *loader, const struct flow *flow,
                              const struct flow_environment *environment)
{
    const void *const places[] = {&environment->auto_branches, environment, flow, NULL};

    if (environment->auto_branches == NULL || environment->auto_branches[0] == NULL ||
        environment->deploy.argv != NULL ||
        memory_find_place(loader->memory, &environment->deploy.argv) != NULL)
        return;
    problem_at(loader, places,
               "environment %.64s deploys %.64s by itself but has no deploy.command; give "
               "flows.%.64s.environments.%.64s.deploy.command",
               environment->name, environment->auto_branches[0], flow->name, environment->name);
}

/* A flow that no repository follows may be unfinished. */
static void check_flows(struct loader *loader)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;

    for (size_t i = 0; i < graph->flows_count; i++) {
        const struct flow *flow = &graph->flows[i];
        for (size_t k = 0; k < flow->environments_count && find_user(graph, flow) != NULL; k++)
            check_environment(loader, flow, &flow->environments[k]);
    }
}

static void compute_admin(struct loader *loader)
{
    struct cfg *cfg = &loader->memory->cfg;
    const void *const places[] = {&cfg->store_dir, NULL};
    struct err err;

    if (cfg->admin_listeners != NULL ||
        memory_find_place(loader->memory, &cfg->admin_listeners) != NULL)
        return;
    const char **addresses = arena_alloc(&loader->memory->arena, 3 * sizeof(*addresses));
    addresses[0] = "127.0.0.1:8081";
    addresses[1] = arena_format(&loader->memory->arena, "unix:%s/admin.sock", cfg->store_dir);
    cfg->admin_listeners = addresses;
    if (!syntax_address.check(addresses[1], &err))
        problem_at(loader, places, "server.admin is not given, and its default cannot be: %s",
                   err.text);
}

static void check_budgets(struct loader *loader)
{
    const struct cfg *cfg = &loader->memory->cfg;
    const void *const places[] = {&cfg->bodies_in_flight_max, &cfg->body_bytes_max, NULL};

    if (cfg->bodies_in_flight_max < cfg->body_bytes_max)
        problem_at(loader, places,
                   "limits.bodies_in_flight is less than limits.body: the largest delivery would "
                   "never fit");
}

void rules_apply(struct loader *loader)
{
    resolve_flows(loader);
    check_flows(loader);
    rules_people(loader);
    rules_gates(loader);
    rules_paths(loader);
    compute_admin(loader);
    check_budgets(loader);
}
