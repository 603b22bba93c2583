/*
 * What was configured, as the rest of envflow sees it: flows, their environments, and
 * which repository follows which flow. Plain data, made by cfg, read by everyone, never
 * changed while in use.
 *
 * Ownership: everything is borrowed from the configuration that was loaded.
 */
#ifndef FLOW_GRAPH_H
#define FLOW_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lane_mode {
    LANE_NEWEST, /* a newer candidate takes the place of one that waits */
    LANE_EVERY,  /* every candidate is deployed, in order */
    LANE_MODE_COUNT
};

/* How an environment gets a release. argv NULL: not configured. */
struct deploy_command {
    const char *const *argv;     /* NULL-terminated */
    const char *workdir;         /* NULL: the state folder's run directory */
    const char *const *pass_env; /* names handed through from envflow's own environment; or NULL */
    int64_t timeout_ms;
    int64_t kill_grace_ms; /* between TERM and KILL */
    int64_t output_bytes_max;
    bool repeatable; /* may run again after an unknown outcome */
};

struct flow_environment {
    const char *name;
    const char *const
        *auto_branches; /* patterns; a push to one deploys; NULL-terminated, or NULL */
    enum lane_mode lane;
    struct deploy_command deploy;
};

struct flow {
    const char *name;
    const struct flow_environment *environments;
    size_t environments_count;
};

struct repository_rule {
    const char *pattern; /* owner/name, or with wildcards */
    const struct flow *flow;
    bool forks; /* pushes to forks matched by a wildcard count too */
};

struct flow_graph {
    const struct repository_rule *repositories; /* first match wins */
    size_t repositories_count;
    const struct flow *flows;
    size_t flows_count;
};

/* The rule that applies to a repository; NULL when none does. Borrowed from graph. Exact names
 * are looked at before patterns; GitHub's names compare without regard to case. */
const struct repository_rule *graph_find_repository(const struct flow_graph *graph,
                                                    const char *full_name);

const struct flow_environment *graph_find_environment(const struct flow *flow, const char *name);

/* True when a push to this branch (short name) deploys the environment by itself. */
bool graph_deploys_branch(const struct flow_environment *environment, const char *branch);

#endif
