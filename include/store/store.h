/*
 * envflow's state, in SQLite: which deliveries were seen and what became of them, where
 * branches stand, what runs in each lane, every deployment.
 *
 * Exactly one connection writes and checkpoints, the engine's (store_open); readers
 * (store_open_reader) are read-only. One delivery is one transaction: verdict, new state,
 * effects and the journal cursor are committed together or not at all.
 *
 * All SQL is in src/store. Functions named _put insert or replace by key. Values are
 * copied in and out. No function here logs.
 * Errors: ERR_IO (with SQLite's words), ERR_NO_SPACE, ERR_NOMEM, ERR_CORRUPT, ERR_CONFLICT
 * (another process writes), ERR_NOT_FOUND where said.
 * Threads: a handle belongs to one thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/git_sha.h"
#include "base/id.h"
#include "base/limits.h"
#include "flow/branch.h"
#include "flow/lane.h"
#include "flow/reason.h"

#define STORE_KEY_BYTES   16
#define STORE_TITLE_MAX   160
#define STORE_ACTION_MAX  64
#define STORE_LOGIN_MAX   64
#define STORE_RELEASE_MAX 256 /* bytes of a release's name with the NUL */
#define STORE_TEXT_MAX    512 /* bytes of what a person wrote, with the NUL */

struct store;

/* path is the database file, or ":memory:". Creates or checks the schema (of another, newer
 * envflow: ERR_CONFLICT with a sentence). */
MUST_CHECK bool store_open(const char *path, struct store **ret_store, struct err *err);
MUST_CHECK bool store_open_reader(const char *path, struct store **ret_store, struct err *err);
void store_close(struct store *store); /* NULL is fine */

MUST_CHECK bool store_begin(struct store *store, struct err *err);
MUST_CHECK bool store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
/* The last journal sequence whose consequences are in here. */
MUST_CHECK bool store_cursor(struct store *store, uint64_t *ret_sequence, struct err *err);
MUST_CHECK bool store_set_cursor(struct store *store, uint64_t sequence, struct err *err);

/* ---- deduplication: never forgets ---- */

/* Remember key for this sequence. *ret_first is the sequence that brought it first: the same one
 * when it is new. */
MUST_CHECK bool store_see(struct store *store, const uint8_t key[STORE_KEY_BYTES],
                          uint64_t sequence, uint64_t *ret_first, struct err *err);

/* ---- deliveries ---- */

enum verdict {
    VERDICT_ACTED,    /* something was started or queued because of it */
    VERDICT_RECORDED, /* noted; nothing to do */
    VERDICT_IGNORED,  /* none of our business; the reason says why */
    VERDICT_DUPLICATE,
    VERDICT_QUARANTINED, /* could not be handled; shown until somebody replays it */
    VERDICT_COUNT
};
const char *verdict_name(enum verdict verdict);

struct store_delivery {
    uint64_t sequence; /* in the journal; the key */
    int64_t received_ms;
    int64_t handled_ms;
    char guid[GUID_MAX];
    char event[EVENT_NAME_MAX];
    char action[STORE_ACTION_MAX];
    char hook_id[ID_TEXT_MAX];
    char target_type[ID_TEXT_MAX];
    char target_id[ID_TEXT_MAX];
    int64_t repository_id; /* 0 for none */
    char repository[REPO_NAME_MAX];
    char sender[STORE_LOGIN_MAX];
    char ref[REF_NAME_MAX]; /* push only */
    struct git_sha sha;     /* push only: where the branch went */
    uint64_t body_bytes;    /* as received */
    enum verdict verdict;
    struct reason reason;
    struct id deployment;    /* started or queued because of it; "" for none */
    uint64_t first_sequence; /* duplicates: the delivery it repeats; else 0 */
    uint32_t replays;        /* times an operator had it handled again */
};

MUST_CHECK bool store_delivery_put(struct store *store, const struct store_delivery *delivery,
                                   struct err *err);
/* Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_delivery_get(struct store *store, uint64_t sequence,
                                   struct store_delivery *ret_delivery, struct err *err);

struct store_delivery_filter {
    const char *guid; /* NULL for any, as all text here */
    const char *event;
    const char *verdict;
    const char *repository; /* without regard to case */
    uint64_t before;        /* only sequences below; 0 for no bound */
    unsigned limit;         /* most rows; never 0 */
};
/* Returning false ends the listing without an error. */
typedef bool store_delivery_fn(const struct store_delivery *delivery, void *arg);
/* Newest first. */
MUST_CHECK bool store_deliveries(struct store *store, const struct store_delivery_filter *filter,
                                 store_delivery_fn *fn, void *arg, struct err *err);

/* ---- repositories and branches ---- */

/* A repository is its numeric id; names change. */
MUST_CHECK bool store_repository_put(struct store *store, int64_t repository_id,
                                     const char *full_name, struct err *err);

/* By name, without regard to case: id, and the name as GitHub writes it. Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_repository_find(struct store *store, const char *full_name,
                                      int64_t *ret_repository_id, char ret_name[REPO_NAME_MAX],
                                      struct err *err);

/* A branch never pushed to has the zero state; that is no error. */
MUST_CHECK bool store_branch_get(struct store *store, int64_t repository_id, const char *branch,
                                 struct branch_state *ret_state, struct err *err);
MUST_CHECK bool store_branch_put(struct store *store, int64_t repository_id, const char *branch,
                                 const struct branch_state *state, struct err *err);

/* What branch_step() wants to know about a push, from the pushes recorded so far. The chain is
 * followed over at most 10,000 pushes. */
MUST_CHECK bool store_branch_facts(struct store *store, int64_t repository_id, const char *branch,
                                   const struct branch_push *push, const struct git_sha *head,
                                   struct branch_facts *ret_facts, struct err *err);
MUST_CHECK bool store_push_put(struct store *store, int64_t repository_id, const char *branch,
                               const struct branch_push *push, uint64_t sequence, struct err *err);

/* ---- deployments and lanes ---- */

struct store_deployment {
    struct id id;
    int64_t repository_id;
    char repository[REPO_NAME_MAX]; /* name when it was made */
    char environment[ENV_NAME_MAX];
    struct git_sha sha;
    char ref[REF_NAME_MAX]; /* branch, short name */
    char title[STORE_TITLE_MAX];
    char release[STORE_RELEASE_MAX]; /* "" where the push itself was deployed */
    struct id promotion;             /* what asked for it; "" for pushes */
    enum deployment_state state;
    struct reason reason;
    uint64_t place;    /* order in the lane: grows with every candidate; attempts keep it */
    uint32_t attempt;  /* from 1 */
    struct id repeats; /* the earlier attempt; "" for the first */
    struct id superseded_by;
    uint64_t delivery_sequence; /* what caused it */
    char delivery_guid[GUID_MAX];
    int64_t created_ms, started_ms, ended_ms; /* 0 until then */
    int exit_code;
};

/* Inserts with place 0: the store gives the lane's next one and writes it back. */
MUST_CHECK bool store_deployment_put(struct store *store, struct store_deployment *deployment,
                                     struct err *err);
/* Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_deployment_get(struct store *store, const char *id,
                                     struct store_deployment *ret_deployment, struct err *err);
/* What a command printed, masked and cut; replaced as a whole. */
MUST_CHECK bool store_output_put(struct store *store, const char *deployment_id, const void *bytes,
                                 size_t len, struct err *err);
MUST_CHECK bool store_output_get(struct store *store, const char *deployment_id, struct buf *out,
                                 struct err *err);

struct store_deployment_filter {
    const char *repository;  /* NULL for any; without regard to case */
    const char *environment; /* NULL for any */
    int64_t repository_id;   /* 0 for any */
    int state;               /* enum deployment_state, or -1 for any */
    bool oldest_first;       /* by place; what waits in one lane only */
    const char *before;      /* id: only what is listed behind it; NULL for no bound */
    unsigned limit;
};
/* Newest first: by place and attempt where repository_id and environment name a lane, else by id.
 */
typedef bool store_deployment_fn(const struct store_deployment *deployment, void *arg);
MUST_CHECK bool store_deployments(struct store *store, const struct store_deployment_filter *filter,
                                  store_deployment_fn *fn, void *arg, struct err *err);

struct store_lane {
    int64_t repository_id;
    char repository[REPO_NAME_MAX]; /* current name; output only */
    char environment[ENV_NAME_MAX];
    struct lane_state state;
    struct git_sha holds; /* what was last deployed successfully; "" for nothing */
    struct id holds_deployment;
    int64_t holds_since_ms;
    int64_t pinned_ms; /* 0: not pinned; else pushes and deployments by hand do not enter */
    char pin_reason[STORE_TEXT_MAX];
    char pin_by[STORE_LOGIN_MAX];
};

/* A lane never used is the zero state with its key filled in. */
MUST_CHECK bool store_lane_get(struct store *store, int64_t repository_id, const char *environment,
                               struct store_lane *ret_lane, struct err *err);
MUST_CHECK bool store_lane_put(struct store *store, const struct store_lane *lane, struct err *err);
typedef bool store_lane_fn(const struct store_lane *lane, void *arg);
/* By repository name, then environment. */
MUST_CHECK bool store_lanes(struct store *store, store_lane_fn *fn, void *arg, struct err *err);

#endif
