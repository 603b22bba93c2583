/*
 * Promotions in the store: releases, promotions, votes, checks, and what stops them.
 * The rules of store/store.h hold here too: values in and out, one writer, no logging.
 */
#ifndef STORE_PROMOTIONS_H
#define STORE_PROMOTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/promotion.h"
#include "flow/quorum.h"
#include "store/store.h"

#define STORE_RUN_URL_MAX 256

/* Who did something, and how we know. */
struct store_actor {
    char login[STORE_LOGIN_MAX]; /* "" for envflow itself */
    int64_t id;                  /* GitHub's; 0 for envflow itself */
    char via[64]; /* "delivery 72d3…", "token ci", "socket", "push", "verification" */
};

/* ---- releases: a name bound for ever to one commit ---- */

struct store_release {
    int64_t repository_id;
    char name[STORE_RELEASE_MAX];
    struct git_sha sha;
    char branch[REF_NAME_MAX]; /* it came from */
    char title[STORE_TITLE_MAX];
    int64_t created_ms;
    uint64_t delivery_sequence;
    char repository[REPO_NAME_MAX]; /* its name now; store_releases alone fills it */
};

/* Binds the name unless it is bound. *ret_bound: what the name stands for now. */
MUST_CHECK bool store_release_bind(struct store *store, const struct store_release *release,
                                   struct store_release *ret_bound, struct err *err);
/* By full name, else by unique prefix of at least 7 digits of the commit id. Errors:
 * ERR_NOT_FOUND, ERR_CONFLICT (several commits begin so; the text names two). */
MUST_CHECK bool store_release_find(struct store *store, int64_t repository_id, const char *text,
                                   struct store_release *ret_release, struct err *err);
/* A release of this commit, the earliest named; ERR_NOT_FOUND. */
MUST_CHECK bool store_release_of_sha(struct store *store, int64_t repository_id,
                                     const struct git_sha *sha, struct store_release *ret_release,
                                     struct err *err);
struct store_release_filter {
    const char *repository; /* NULL for any */
    int64_t before_ms;      /* 0 for no bound; else only what comes behind this release: */
    int64_t before_repository_id;
    const char *before_name; /* NULL: everything made before before_ms */
    unsigned limit;
};
typedef bool store_release_fn(const struct store_release *release, void *arg);
/* Newest first; those of one moment by repository and name, last first. */
MUST_CHECK bool store_releases(struct store *store, const struct store_release_filter *filter,
                               store_release_fn *fn, void *arg, struct err *err);

/* ---- promotions ---- */

struct store_promotion {
    struct id id;
    enum promotion_kind kind;
    int64_t repository_id;
    char repository[REPO_NAME_MAX]; /* name when it was made */
    char from[ENV_NAME_MAX];        /* "" for deployments by hand and rollbacks */
    char to[ENV_NAME_MAX];
    char release[STORE_RELEASE_MAX];
    struct git_sha sha;
    char branch[REF_NAME_MAX];
    char title[STORE_TITLE_MAX];
    struct store_actor requester;
    char reason_given[STORE_TEXT_MAX];
    char policy[FLOW_DIGEST_SIZE]; /* of the gate when it was asked for */
    struct promotion_status status;
    struct reason reason; /* of the last move */
    struct id deployment; /* "" until it has one */
    struct id caused_by;  /* rollbacks by failed verification: the promotion or deployment */
    int64_t created_ms, changed_ms, ended_ms;
    int64_t due_ms; /* look again then; 0: not because of time */
};

MUST_CHECK bool store_promotion_put(struct store *store, const struct store_promotion *promotion,
                                    struct err *err);
/* By full id, or by a unique prefix of at least 6 characters in any case. Errors: ERR_NOT_FOUND,
 * ERR_CONFLICT. */
MUST_CHECK bool store_promotion_get(struct store *store, const char *id,
                                    struct store_promotion *ret_promotion, struct err *err);
struct store_promotion_filter {
    const char *repository;  /* NULL for any; without regard to case */
    const char *environment; /* target; NULL for any */
    int64_t repository_id;   /* 0 for any */
    int state;               /* enum promotion_state; -1 for any; STORE_PROMOTIONS_OPEN */
    const char *before;      /* id: only older ones; NULL for no bound */
    int64_t due_until_ms;    /* only with due_ms in 1..this; 0 for no bound */
    unsigned limit;
};
#define STORE_PROMOTIONS_OPEN (-2) /* every state that is no end */
typedef bool store_promotion_fn(const struct store_promotion *promotion, void *arg);
/* Newest first. */
MUST_CHECK bool store_promotions(struct store *store, const struct store_promotion_filter *filter,
                                 store_promotion_fn *fn, void *arg, struct err *err);
/* The earliest due_ms of all; 0 when none is due. */
MUST_CHECK bool store_promotions_due(struct store *store, int64_t *ret_due_ms, struct err *err);

/* ---- votes ---- */

/* The last word of one person on one promotion; the audit has the earlier ones. */
struct store_vote {
    struct id promotion;
    struct store_actor person;
    enum quorum_verdict verdict;
    bool is_withdrawn;
    bool is_bot;
    char comment[STORE_TEXT_MAX];
    struct git_sha sha; /* what it was cast for */
    char policy[FLOW_DIGEST_SIZE];
    uint64_t memberships;       /* of the gate's reviewers, when it came */
    int64_t voted_ms;           /* time received: GitHub says no other */
    uint64_t delivery_sequence; /* evidence; 0: not by a delivery */
};
MUST_CHECK bool store_vote_put(struct store *store, const struct store_vote *vote, struct err *err);
typedef bool store_vote_fn(const struct store_vote *vote, void *arg);
/* Oldest first. */
MUST_CHECK bool store_votes(struct store *store, const char *promotion_id, store_vote_fn *fn,
                            void *arg, struct err *err);

/* ---- checks ---- */

enum check_phase { CHECK_BEFORE, CHECK_AFTER, CHECK_HEALTH, CHECK_PHASE_COUNT };
enum check_state { CHECK_RUNNING, CHECK_PASSED, CHECK_FAILED, CHECK_STOPPED, CHECK_STATE_COUNT };
const char *check_phase_name(enum check_phase phase);
const char *check_state_name(enum check_state state);

struct store_check {
    struct id id; /* also names its run directory */
    enum check_phase phase;
    struct id subject; /* before: the promotion; after and health: the deployment */
    int64_t repository_id;
    char environment[ENV_NAME_MAX];
    char name[ENV_NAME_MAX];
    enum check_state state;
    struct reason reason;
    int exit_code;
    int64_t started_ms, ended_ms;
};
/* The evidence is what it printed: store_output_put() with the check's id. */
MUST_CHECK bool store_check_put(struct store *store, const struct store_check *check,
                                struct err *err);
MUST_CHECK bool store_check_get(struct store *store, const char *id, struct store_check *ret_check,
                                struct err *err);
/* Its evidence goes with it. */
MUST_CHECK bool store_check_delete(struct store *store, const char *id, struct err *err);
typedef bool store_check_fn(const struct store_check *check, void *arg);
/* subject NULL: every running one. In the order of their ids. */
MUST_CHECK bool store_checks(struct store *store, const char *subject, store_check_fn *fn,
                             void *arg, struct err *err);

/* ---- stop switches ---- */

/* "" stands for every one. */
struct store_freeze {
    struct id id;
    char flow[ENV_NAME_MAX];
    char repository[REPO_NAME_MAX];
    char environment[ENV_NAME_MAX];
    bool holds_rollbacks;
    char reason[STORE_TEXT_MAX];
    struct store_actor by;
    int64_t since_ms;
};
MUST_CHECK bool store_freeze_put(struct store *store, const struct store_freeze *freeze,
                                 struct err *err);
MUST_CHECK bool store_freeze_delete(struct store *store, const char *id, struct err *err);
typedef bool store_freeze_fn(const struct store_freeze *freeze, void *arg);
/* Oldest first. */
MUST_CHECK bool store_freezes(struct store *store, store_freeze_fn *fn, void *arg, struct err *err);

/* ---- workflow runs that belong to a promotion ---- */

struct store_run {
    int64_t run_id;
    int64_t repository_id;
    struct id promotion;
    char status[32], conclusion[32];
    char url[STORE_RUN_URL_MAX];
    int64_t changed_ms;
};
MUST_CHECK bool store_run_put(struct store *store, const struct store_run *run, struct err *err);
/* Errors: ERR_NOT_FOUND. */
MUST_CHECK bool store_run_get(struct store *store, int64_t run_id, struct store_run *ret_run,
                              struct err *err);

/* ---- GitHub deployments and pull requests, as deliveries told of them ---- */

struct store_github_deployment {
    int64_t id; /* GitHub's */
    int64_t repository_id;
    char environment[ENV_NAME_MAX];
    struct git_sha sha;
    struct id deployment; /* ours; "" when nobody asked envflow for it */
    char state[32];
    int64_t status_id; /* of the newest status: order is by it */
    char creator[STORE_LOGIN_MAX];
    int64_t creator_id;
    bool is_bypass;
    int64_t created_ms, changed_ms;
};
MUST_CHECK bool store_github_deployment_put(struct store *store,
                                            const struct store_github_deployment *deployment,
                                            struct err *err);
MUST_CHECK bool store_github_deployment_get(struct store *store, int64_t id,
                                            struct store_github_deployment *ret_deployment,
                                            struct err *err);

struct store_pull {
    int64_t repository_id;
    int64_t number;
    struct git_sha merge_sha;
    char author[STORE_LOGIN_MAX], merger[STORE_LOGIN_MAX];
    int64_t author_id, merger_id;
    int64_t merged_ms;
};
MUST_CHECK bool store_pull_put(struct store *store, const struct store_pull *pull, struct err *err);
/* The pull request whose merge made this commit; ERR_NOT_FOUND. */
MUST_CHECK bool store_pull_of_sha(struct store *store, int64_t repository_id,
                                  const struct git_sha *sha, struct store_pull *ret_pull,
                                  struct err *err);

/* ---- what an environment held ---- */

/* One successful deployment of a lane, and how long it counted as healthy. */
struct store_holding {
    struct id deployment;
    struct git_sha sha;
    char release[STORE_RELEASE_MAX];
    bool is_verified;  /* verification passed, or none is configured */
    bool is_unhealthy; /* a health probe or a person said otherwise since */
    int64_t since_ms;
    int64_t until_ms; /* 0: it is there now */
};
MUST_CHECK bool store_holding_put(struct store *store, int64_t repository_id,
                                  const char *environment, const struct store_holding *holding,
                                  struct err *err);
/* What was there until now, where anything was, is there no more. */
MUST_CHECK bool store_holding_end(struct store *store, int64_t repository_id,
                                  const char *environment, int64_t until_ms, struct err *err);
typedef bool store_holding_fn(const struct store_holding *holding, void *arg);
struct store_holding_filter {
    int64_t repository_id;
    const char *environment;
    const struct git_sha *sha; /* NULL for any */
    unsigned limit;
};
/* Newest first: in the order in which they were first put, whatever the clock said. */
MUST_CHECK bool store_holdings(struct store *store, const struct store_holding_filter *filter,
                               store_holding_fn *fn, void *arg, struct err *err);

#endif
