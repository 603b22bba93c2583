/* Rules that need more than one key, and defaults that are computed. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "load_int.h"
#include "problems_int.h"
#include "rules_int.h"
#include "show_int.h"

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
        problem_at(loader, places,
                   "there is no flow '%.64s'; write it under flows:, or use standard, which is "
                   "built in",
                   rule->flow->name);
    return rule->flow;
}

/* Put the flows in the place of their stand-ins. Returns the rules as they were written, which are
 * the ones that have a place in the file. */
static const struct repository_rule *resolve_flows(struct loader *loader)
{
    struct flow_graph *graph = &loader->memory->cfg.graph;
    const struct repository_rule *written = graph->repositories;
    size_t count = graph->repositories_count;
    struct repository_rule *rules =
        arena_alloc(&loader->memory->arena, count * sizeof(struct repository_rule));

    for (size_t i = 0; i < count; i++) {
        rules[i] = written[i];
        rules[i].flow = find_flow(loader, &written[i]);
    }
    graph->repositories = rules;
    return written;
}

/* The first repository that follows the flow, as it was written; NULL: none does. */
static const struct repository_rule *find_user(const struct flow_graph *graph,
                                               const struct repository_rule *written,
                                               const struct flow *flow)
{
    for (size_t i = 0; i < graph->repositories_count; i++) {
        if (graph->repositories[i].flow == flow)
            return &written[i];
    }
    return NULL;
}

/* The YAML that gives the environment a command, less what the file has already: as a line of its
 * own it is right in a block, and between braces. */
static void put_command_to_add(const struct loader *loader, const struct flow *flow,
                               const struct flow_environment *environment, struct buf *out)
{
    const struct {
        const void *field;
        const char *name;
    } levels[] = {
        {&loader->memory->cfg.graph.flows, "flows"},
        {flow, flow->name},
        {&flow->environments, "environments"},
        {environment, environment->name},
        {NULL, "deploy"},
    };
    size_t given = 0;

    while (levels[given].field != NULL &&
           memory_find_place(loader->memory, levels[given].field) != NULL)
        given++;
    for (size_t i = 0; i < given; i++)
        buf_printf(out, "%s%.64s", i == 0 ? "under " : ".", levels[i].name);
    buf_puts(out, given > 0 ? ": " : "");
    for (size_t i = given; i < ARRAY_LEN(levels); i++) {
        show_text(out, levels[i].name);
        buf_puts(out, ": { ");
    }
    buf_puts(out, "command: [ ./deploy.sh, ");
    show_text(out, environment->name);
    buf_puts(out, " ]");
    for (size_t i = given; i < ARRAY_LEN(levels); i++)
        buf_puts(out, " }");
}

static void check_environment(struct loader *loader, const struct flow *flow,
                              const struct flow_environment *environment,
                              const struct repository_rule *user)
{
    const void *const places[] = {&environment->auto_branches, environment, flow, user, NULL};
    AUTO(buf) struct buf yaml = BUF_INIT(4096);

    if (environment->auto_branches == NULL || environment->auto_branches[0] == NULL ||
        environment->deploy.argv != NULL ||
        memory_find_place(loader->memory, &environment->deploy.argv) != NULL)
        return;
    put_command_to_add(loader, flow, environment, &yaml);
    problem_at(loader, places,
               "pushes to %.64s deploy %.64s (flow %.64s), and nothing says how; add %s",
               environment->auto_branches[0], environment->name, flow->name, buf_text(&yaml));
}

/* A flow that no repository follows may be unfinished. */
static void check_flows(struct loader *loader, const struct repository_rule *written)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;

    for (size_t i = 0; i < graph->flows_count; i++) {
        const struct flow *flow = &graph->flows[i];
        const struct repository_rule *user = find_user(graph, written, flow);
        for (size_t k = 0; k < flow->environments_count && user != NULL; k++)
            check_environment(loader, flow, &flow->environments[k], user);
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
                   "never fit; raise the one or lower the other");
}

void rules_apply(struct loader *loader)
{
    check_flows(loader, resolve_flows(loader));
    rules_people(loader);
    rules_gates(loader);
    rules_paths(loader);
    compute_admin(loader);
    check_budgets(loader);
    rules_asserts(loader);
}
