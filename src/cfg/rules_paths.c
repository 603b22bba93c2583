/* Where promotions and freezes lead: to environments that exist, forward, from something. */
#include <assert.h>
#include <string.h>

#include "problems_int.h"
#include "rules_int.h"

#define CIRCLE_BYTES_MAX 512

/* The name that is nearest to one that no environment has; NULL: none is near. */
static const char *find_nearest(const struct flow *flow, const char *name)
{
    struct nearest nearest = {.text = name};

    for (size_t i = 0; i < flow->environments_count; i++)
        nearest_offer(&nearest, flow->environments[i].name);
    return nearest.best;
}

/* Reports and returns false when the flow has no such environment. */
static bool check_name(struct loader *loader, const struct flow *flow, const char *name,
                       const char *where, const void *field)
{
    const void *const places[] = {field, flow, NULL};

    if (graph_find_environment(flow, name) != NULL)
        return true;
    const char *nearest = find_nearest(flow, name);
    if (nearest != NULL)
        problem_at(loader, places, "%.128s: there is no environment '%.64s'; did you mean '%s'?",
                   where, name, nearest);
    else
        problem_at(loader, places,
                   "%.128s: there is no environment '%.64s' under flows.%.64s.environments", where,
                   name, flow->name);
    return false;
}

/* ---- sources ---- */

static bool has_branches(const char *const *branches)
{
    return branches != NULL && branches[0] != NULL;
}

static bool is_fed(const struct flow *flow, const struct flow_environment *environment)
{
    bool is_target =
        has_branches(environment->auto_branches) || has_branches(environment->manual_branches);

    for (size_t i = 0; i < flow->paths_count && !is_target; i++)
        is_target = strcmp(flow->paths[i].to, environment->name) == 0;
    return is_target;
}

static void check_path(struct loader *loader, const struct flow *flow, const struct flow_path *path)
{
    const void *const places[] = {path, flow, NULL};
    bool is_known = check_name(loader, flow, path->from, path->name, path);

    is_known = check_name(loader, flow, path->to, path->name, path) && is_known;
    if (strcmp(path->from, path->to) == 0)
        problem_at(loader, places, "%.128s: a promotion leads to another environment", path->name);
    else if (is_known && !is_fed(flow, graph_find_environment(flow, path->from)))
        problem_at(loader, places,
                   "%.128s: nothing ever gets to %.64s; give it auto: or manual: branches, or a "
                   "promotion that leads there",
                   path->name, path->from);
}

/* ---- circles ---- */

/* A walk along the paths: where it is on, and where it has been. */
struct walk {
    struct loader *loader;
    const struct flow *flow;
    const struct flow_path *steps[FLOW_ENVIRONMENTS_MAX + 1];
    size_t steps_count;
    const char *done[FLOW_ENVIRONMENTS_MAX]; /* environments from which no circle is left to find */
    size_t done_count;
};

static bool is_done(const struct walk *walk, const char *environment)
{
    for (size_t i = 0; i < walk->done_count; i++) {
        if (strcmp(walk->done[i], environment) == 0)
            return true;
    }
    return false;
}

/* Reports when the last step leads to where an earlier one began. */
static bool closes_circle(const struct walk *walk)
{
    const struct flow_path *last = walk->steps[walk->steps_count - 1];
    const void *const places[] = {last, walk->flow, NULL};
    AUTO(buf) struct buf circle = BUF_INIT(CIRCLE_BYTES_MAX);
    size_t first = 0;

    while (first < walk->steps_count && strcmp(walk->steps[first]->from, last->to) != 0)
        first++;
    if (first == walk->steps_count)
        return false;
    for (size_t i = first; i < walk->steps_count; i++)
        buf_printf(&circle, "%.64s→", walk->steps[i]->from);
    problem_at(walk->loader, places,
               "%.128s closes a circle: %.256s%.64s; a release only moves forward", last->name,
               buf_text(&circle), last->to);
    return true;
}

/* Depth is bounded by the number of environments, hence the recursion. */
static void walk_from(struct walk *walk, const char *environment)
{
    const struct flow *flow = walk->flow;

    for (size_t i = 0; i < flow->paths_count && !is_done(walk, environment); i++) {
        const struct flow_path *path = &flow->paths[i];
        bool leads_on = strcmp(path->from, environment) == 0 && strcmp(path->from, path->to) != 0 &&
                        graph_find_environment(flow, path->to) != NULL;
        if (!leads_on)
            continue;
        assert(walk->steps_count < ARRAY_LEN(walk->steps));
        walk->steps[walk->steps_count++] = path;
        if (!closes_circle(walk))
            walk_from(walk, path->to);
        walk->steps_count--;
    }
    if (!is_done(walk, environment))
        walk->done[walk->done_count++] = environment;
}

/* ---- freezes ---- */

static void check_window(struct loader *loader, const struct flow *flow,
                         const struct flow_window *window)
{
    const char *const *name = window->environments;

    for (; name != NULL && *name != NULL; name++)
        check_name(loader, flow, *name, window->name, &window->environments);
}

void rules_paths(struct loader *loader)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;

    for (size_t i = 0; i < graph->flows_count; i++) {
        const struct flow *flow = &graph->flows[i];
        struct walk walk = {.loader = loader, .flow = flow};
        for (size_t k = 0; k < flow->paths_count; k++)
            check_path(loader, flow, &flow->paths[k]);
        for (size_t k = 0; k < flow->environments_count; k++)
            walk_from(&walk, flow->environments[k].name);
        for (size_t k = 0; k < flow->windows_count; k++)
            check_window(loader, flow, &flow->windows[k]);
    }
}
