/*
 * What was configured, as the rest of envflow sees it: flows, their environments and the
 * paths between them, who may ask and approve, and which repository follows which flow.
 * Plain data, made by cfg, read by everyone, never changed while in use.
 *
 * Ownership: everything is borrowed from the configuration that was loaded.
 */
#ifndef FLOW_GRAPH_H
#define FLOW_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/window.h"

#define FLOW_ENVIRONMENTS_MAX 64 /* of one flow */
#define FLOW_PATHS_MAX        256
#define FLOW_REVIEWERS_MAX    32 /* parties of one gate: a vote's memberships are a bit set */
#define FLOW_SEATS_MAX        16 /* approvals one gate may ask for */
#define FLOW_CHECKS_MAX       16 /* of one phase */
#define FLOW_DIGEST_SIZE      65 /* SHA-256 in hex, with the NUL */

enum lane_mode {
    LANE_NEWEST, /* a newer candidate takes the place of one that waits */
    LANE_EVERY,  /* every candidate is deployed, in order */
    LANE_MODE_COUNT
};

/* ---- people ---- */

/* Identity is the numeric id. A login without one is tied to the id under which GitHub first
 * shows it, and never counts under another afterwards. */
struct flow_person {
    const char *login;
    int64_t id; /* 0: not tied by the configuration */
};

/* A team and, where no GitHub API is asked, who is in it. */
struct flow_team {
    const char *name; /* "acme/sre" */
    const struct flow_person *members;
    size_t members_count;
};

/* A person or a team, where either may stand. */
struct flow_party {
    const char *name;             /* as written: "octocat", "octocat#583231", "acme/sre" */
    struct flow_person person;    /* login NULL: a team */
    const struct flow_team *team; /* NULL: a person, or a team whose members nobody named */
    int64_t seats_min;            /* reviewers only: seats that this team fills itself */
};

struct flow_parties {
    const struct flow_party *items;
    size_t count; /* 0: anybody */
};

/* ---- gates ---- */

/* Something that must hold before or after a deployment: an HTTP answer or a command. */
struct flow_check {
    const char *name;        /* unique within its list; "http 1" where none is written */
    const char *url;         /* NULL: a command */
    int64_t status;          /* expected of url */
    const char *match;       /* text the body must hold; NULL: any */
    const char *const *argv; /* NULL: url */
    int64_t timeout_ms;      /* of one try */
    int64_t interval_ms;     /* between tries */
    int64_t for_ms;          /* it must hold this long; 0: one good answer is enough */
    int64_t within_ms;       /* and begin to hold within this time; 0: the first try decides */
};

struct flow_checks {
    const struct flow_check *items;
    size_t count;
};

struct flow_approvals {
    int64_t required; /* distinct people */
    struct flow_parties reviewers;
    bool self_approval;    /* the requester counts too */
    bool authors_excluded; /* authors of commits that the promotion brings do not count */
    bool committers_excluded;
    bool pull_request_reviews; /* an approving review of exactly the release's commit counts */
    int64_t valid_ms;          /* a vote counts this long; 0: as long as the promotion is open */
};

struct flow_gate {
    struct flow_approvals approvals;
    int64_t wait_ms;    /* between quorum and deployment */
    int64_t soak_ms;    /* how long the source must have held the release healthily */
    int64_t expires_ms; /* an unanswered promotion ends */
    struct flow_checks checks;
    char policy[FLOW_DIGEST_SIZE]; /* of all of the above: approvals are bound to it */
};

/* The only ways from environment to environment. */
struct flow_path {
    const char *name; /* "staging→prod" */
    const char *from, *to;
    struct flow_gate gate;
};

/* ---- environments ---- */

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

enum flow_on_unverified {
    FLOW_HOLD,      /* what was deployed stays, nothing is promoted from there */
    FLOW_ROLL_BACK, /* the last verified release comes back */
    FLOW_ON_UNVERIFIED_COUNT
};

/* What to do about a deployment into a gated environment that nobody asked envflow for. */
enum flow_bypass {
    FLOW_BYPASS_OBSERVE, /* audited, shown */
    FLOW_BYPASS_FAIL,    /* and answered with a failure status */
    FLOW_BYPASS_COUNT
};

struct flow_environment {
    const char *name;
    const char *const
        *auto_branches; /* patterns; a push to one deploys; NULL-terminated, or NULL */
    const char *const *manual_branches; /* patterns; a person may deploy these by hand; or NULL */
    const char *const *branches; /* patterns; only releases from these may enter; NULL: any */
    enum lane_mode lane;
    struct deploy_command deploy;
    struct flow_parties requesters; /* who may ask for a deployment, promotion or rollback here */
    struct flow_checks verify;      /* after a deployment */
    enum flow_on_unverified on_unverified;
    struct flow_check health; /* url and argv NULL: not probed */
    int64_t health_every_ms;
    struct flow_gate rollback;        /* given, or the strictest gate of the paths that lead here */
    const char *approval_environment; /* on GitHub: "promotion-approval-prod"; NULL: nobody asks */
    enum flow_bypass bypass;
};

/* ---- flows ---- */

struct flow {
    const char *name;
    const struct flow_environment *environments;
    size_t environments_count;
    const struct flow_path *paths;
    size_t paths_count;
    const struct flow_window *windows; /* when environments are frozen */
    size_t windows_count;
    const char *const *release_branches; /* patterns; a push to one makes a release */
    const char *const *asserts;          /* what must hold of this flow; see flow/prove.h */
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
    const struct flow_team *teams;
    size_t teams_count;
};

/* The rule that applies to a repository; NULL when none does. Borrowed from graph. Exact names
 * are looked at before patterns; GitHub's names compare without regard to case. */
const struct repository_rule *graph_find_repository(const struct flow_graph *graph,
                                                    const char *full_name);

const struct flow_environment *graph_find_environment(const struct flow *flow, const char *name);
const struct flow_path *graph_find_path(const struct flow *flow, const char *from, const char *to);

/* True when patterns (NULL: none) match the branch (short name). */
bool graph_matches_branch(const char *const *patterns, const char *branch);

/* True when somebody must approve before a promotion or rollback into this environment. */
bool graph_is_gated(const struct flow *flow, const struct flow_environment *environment);

/* What people know of a person, as bits of parties: bit i is set when items[i] is this person or a
 * team that names the person as member. With parties->count 0, bit 0 stands for everybody. */
uint64_t graph_memberships(const struct flow_parties *parties, const struct flow_person *person);

#endif
