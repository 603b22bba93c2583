/*
 * The search behind prove.h: environments as bits, ways into them, shortest routes.
 *
 * What a branch may do differs by its name, and a pattern stands for endless many. So branches are
 * tried by example: one that each pattern matches, and one that each two of them match.
 */
#ifndef FLOW_PROVE_INT_H
#define FLOW_PROVE_INT_H

#include "flow/prove.h"
#include "flow/quorum.h"
#include "sentence_int.h"

#define PROVE_BRANCHES_MAX 256
#define PROVE_BRANCH_SIZE  128 /* bytes of an example with the NUL */

/* An environment is known by its index in the flow; a set of them is a uint64_t. */
#define PROVE_BIT(index) (UINT64_C(1) << (index))
#define PROVE_ALL        UINT64_MAX

struct prove_branch {
    char name[PROVE_BRANCH_SIZE];
    const char *shown; /* the pattern it stands for, or its own name */
    uint64_t pushes;   /* environments that a push to it deploys */
    uint64_t by_hand;  /* … that people may deploy it to */
    uint64_t admitted; /* … that releases from it may enter */
};

enum way_kind { WAY_PUSH, WAY_HAND, WAY_PATH, WAY_ROLLBACK };

/* A way into an environment. */
struct way {
    enum way_kind kind;
    size_t to;
    size_t from;                  /* WAY_PATH */
    const struct flow_path *path; /* WAY_PATH */
    const struct flow_gate *gate; /* NULL: asks nobody */
};

#define PROVE_STEPS_MAX (FLOW_ENVIRONMENTS_MAX + 2)
#define PROVE_WAYS_MAX  (FLOW_PATHS_MAX + 3)

/* How one release gets somewhere. */
struct route {
    struct way steps[PROVE_STEPS_MAX];
    size_t count;
    const struct prove_branch *branch;
};

/* Where to, and what may be used. */
struct quest {
    size_t target;
    uint64_t entries;   /* environments whose pushes and deployments by hand may be used */
    uint64_t avoided;   /* environments that must not be passed */
    uint64_t admitting; /* environments that must admit the branch besides */
};

struct prover {
    const struct flow *flow;
    struct way paths[FLOW_PATHS_MAX];
    size_t paths_count;
    struct prove_branch branches[PROVE_BRANCHES_MAX];
    size_t branches_count;
    bool is_incomplete; /* there are more kinds of branches than that */
    prove_fn *fn;
    void *arg;
    bool all_hold;
};

/* ---- prove_branches.c ---- */

void prover_find_branches(struct prover *prover);

/* ---- prove_search.c ---- */

void prover_init(struct prover *prover, const struct flow *flow);

/* The shortest route, whatever the branch; false when there is none. */
bool prover_find_route(const struct prover *prover, const struct quest *quest,
                       struct route *ret_route);

/* The shortest route to the target that leaves out one of the passages. */
bool prover_find_skip(const struct prover *prover, size_t target, uint64_t passages,
                      struct route *ret_route);

/* All ways into an environment that the configuration has, possible or not. */
size_t prover_ways_into(const struct prover *prover, size_t to, struct way ways[PROVE_WAYS_MAX]);

/* The shortest route that ends with this way. */
bool prover_find_route_by(const struct prover *prover, const struct way *way,
                          struct route *ret_route);

typedef bool way_test_fn(const struct way *way, const void *arg);

/* Whether every possible way into the environment passes the test; else the shortest route of
 * those that fail. */
bool prover_test_ways(const struct prover *prover, size_t to, way_test_fn *test, const void *arg,
                      struct route *ret_broken);

/* ---- words ---- */

const char *prover_name(const struct prover *prover, size_t environment);
void prover_add_names(const struct prover *prover, uint64_t environments, const char *joint,
                      struct sentence *sentence);
void prover_add_route(const struct prover *prover, const struct route *route,
                      struct sentence *sentence);
int64_t way_seats(const struct way *way);

/* Tells the caller's function, and remembers what does not hold. */
void prover_report(struct prover *prover, const char *code, struct prove_finding *finding);

/* ---- prove_people.c, prove_assert.c: claims of their kind ---- */

void prover_judge_people(struct prover *prover);
void prover_judge_asserts(struct prover *prover);

/* True when `rollback` asks no less than `path`, besides the number of people. */
bool approvals_are_as_strict(const struct flow_approvals *rollback,
                             const struct flow_approvals *path);

#endif
