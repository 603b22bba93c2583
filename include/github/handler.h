/*
 * The contract of handlers/: one file per X-GitHub-Event value, each turning a
 * verified payload into signals for the engine, and nothing else.
 *
 * A handler reads JSON and returns values. It sees no socket, no database, no
 * clock and no log, so its test is a payload file and an expected signal.
 */
#ifndef GITHUB_HANDLER_H
#define GITHUB_HANDLER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "flow/branch.h"
#include "flow/reason.h"

#define GH_SIGNALS_MAX 8   /* most signals that one delivery may give */
#define GH_TITLE_MAX   160 /* bytes of a commit's first line with the NUL; longer is cut */
#define GH_LOGIN_MAX   64  /* bytes of a login with the NUL; GitHub allows 39 and bots' "[bot]" */

#define GH_TEXT_MAX 512 /* bytes of a comment or reason with the NUL; longer is cut */
#define GH_WORD_MAX 64  /* bytes of a state, conclusion or key with the NUL */
#define GH_URL_MAX  256 /* bytes with the NUL; a longer one is left out */

enum gh_signal_kind {
    GH_PUSH,
    GH_PING,
    GH_DEPLOYMENT,
    GH_DEPLOYMENT_STATUS,
    GH_REVIEW,      /* of a deployment, by somebody asked to */
    GH_PULL_REVIEW, /* of a pull request */
    GH_PULL,        /* merged */
    GH_RUN,         /* a workflow run, or a job of one */
    GH_REQUEST,     /* somebody wants a promotion, deployment or rollback */
    GH_SIGNAL_COUNT
};

/* Somebody, by numeric id; id 0: the payload names nobody. */
struct gh_person {
    int64_t id;
    char login[GH_LOGIN_MAX];
    bool is_bot; /* `type` is not User; without a type, the login ends in "[bot]" */
};

/* A branch moved, or went away (push.after is ""). */
struct gh_push {
    char branch[REF_NAME_MAX]; /* short name: ref without refs/heads/ */
    struct branch_push push;
    bool forced;
    char title[GH_TITLE_MAX]; /* first line of the head commit's message */
};

/* GitHub says hello. */
struct gh_ping {
    int64_t hook_id;
    char hook_type[64];    /* Repository, Organization, App */
    char content_type[64]; /* json, form */
    bool insecure_ssl;     /* GitHub does not check our certificate */
    bool has_push;         /* subscribed to push, or to everything */
    char events[1024];     /* what it is subscribed to, comma-separated, as many names as fit */
};

/* deployment (created). */
struct gh_deployment {
    int64_t id;
    char environment[ENV_NAME_MAX];
    struct git_sha sha;
    char ref[REF_NAME_MAX];
    char key[GH_WORD_MAX]; /* our deployment's id, in payload.envflow.deployment; "" */
    struct gh_person creator;
    int64_t created_ms;
};

/* deployment_status (created). Order is by status_id: time stamps are whole seconds. */
struct gh_deployment_status {
    int64_t status_id;
    int64_t deployment_id;
    char environment[ENV_NAME_MAX]; /* of the deployment: a status may carry another */
    struct git_sha sha;
    char state[GH_WORD_MAX]; /* "success", "failure", "error", "in_progress", "waiting" … */
    char key[GH_WORD_MAX];
    char url[GH_URL_MAX]; /* log_url, else target_url */
};

enum gh_review_verdict { GH_REVIEW_REQUESTED, GH_REVIEW_APPROVED, GH_REVIEW_REJECTED };

/* deployment_review: one signal for every environment it covers. */
struct gh_review {
    enum gh_review_verdict verdict;
    char environment[ENV_NAME_MAX];
    struct gh_person reviewer;  /* `approver`, never `sender`; id 0 where GitHub left it out */
    struct gh_person requester; /* of the review: `requestor` */
    char comment[GH_TEXT_MAX];
    int64_t run_id;              /* 0: workflow_run is null */
    char run_title[GH_TEXT_MAX]; /* display_title: `run-name` carries the promotion's id */
    struct git_sha head_sha;     /* of the run; "" unknown */
};

enum gh_pull_verdict { GH_PULL_APPROVED, GH_PULL_CHANGES_REQUESTED, GH_PULL_DISMISSED };

/* pull_request_review (submitted, dismissed); comments without a verdict give no signal. */
struct gh_pull_review {
    enum gh_pull_verdict verdict;
    struct git_sha sha; /* what was reviewed */
    struct gh_person reviewer;
    char comment[GH_TEXT_MAX];
    int64_t number;
};

/* pull_request (closed, merged): `merged` decides, never the presence of a commit. */
struct gh_pull {
    int64_t number;
    struct git_sha merge_sha;
    char base[REF_NAME_MAX];
    struct gh_person author, merger;
    int64_t merged_ms;
};

/* workflow_run, workflow_job: GitHub's actions and states do not always agree; ids do. */
struct gh_run {
    int64_t run_id;
    char title[GH_TEXT_MAX]; /* display_title; "" for jobs */
    char path[GH_URL_MAX];   /* of the workflow file, without "@ref"; "" for jobs */
    struct git_sha head_sha;
    char status[GH_WORD_MAX];
    char conclusion[GH_WORD_MAX]; /* "" while there is none */
    char url[GH_URL_MAX];
    bool is_job;
    struct gh_person actor; /* who started it; id 0 for jobs */
};

enum gh_request_kind { GH_REQUEST_PROMOTE, GH_REQUEST_DEPLOY, GH_REQUEST_ROLLBACK };

/* repository_dispatch with event_type envflow-promote, envflow-deploy or envflow-rollback;
 * workflow_dispatch of promote-release.yml. The sender asks. */
struct gh_request {
    enum gh_request_kind kind;
    char from[ENV_NAME_MAX], to[ENV_NAME_MAX];
    char release[ENV_NAME_MAX];
    char branch[REF_NAME_MAX];
    char reason[GH_TEXT_MAX];
};

struct gh_signal {
    enum gh_signal_kind kind;
    union {
        struct gh_push push;
        struct gh_ping ping;
        struct gh_deployment deployment;
        struct gh_deployment_status deployment_status;
        struct gh_review review;
        struct gh_pull_review pull_review;
        struct gh_pull pull;
        struct gh_run run;
        struct gh_request request;
    } as;
};

/* What a delivery says, whoever it concerns. */
struct gh_facts {
    char action[64];       /* "" where the event has none; a long event type is cut */
    int64_t repository_id; /* 0 where there is none (organization hooks' ping) */
    char repository[REPO_NAME_MAX];
    bool is_fork;
    char default_branch[REF_NAME_MAX];
    int64_t sender_id;
    char sender[GH_LOGIN_MAX];
    bool is_sender_bot;
    struct gh_signal signals[GH_SIGNALS_MAX];
    size_t signals_count;
    struct reason reason; /* why there is no signal; set when signals_count is 0 */
};

/*
 * tree   the projection of handler->wants and the common fields; borrowed; read only
 * facts  common fields are filled in by the caller; the handler appends signals or sets reason
 * Errors: ERR_PARSE when a field that GitHub documents as always there is missing or mistyped
 */
typedef bool gh_handle_fn(const json_t *tree, struct gh_facts *facts, struct err *err);

struct gh_handler {
    const char *event;        /* value of the X-GitHub-Event header */
    const char *const *wants; /* paths beside the common ones, NULL-terminated */
    gh_handle_fn *handle;
    bool may_lack_repository; /* hooks of organizations and Apps send it, too */
};

/* Project, read the common fields, call the handler. body is JSON (form bodies decoded). */
MUST_CHECK bool gh_read(const struct gh_handler *handler, const char *body, size_t body_bytes,
                        struct gh_facts *ret_facts, struct err *err);

/* Text at path into a fixed array; "" when it is missing or null.
 * Errors: ERR_PARSE when it is no text, or longer than the array: names are never cut. */
MUST_CHECK bool gh_copy_text(const json_t *tree, const char *path, char *to, size_t size,
                             struct err *err);

/* As gh_copy_text, for a name that is always sent: ERR_PARSE also when it is missing or empty. */
MUST_CHECK bool gh_copy_name(const json_t *tree, const char *path, char *to, size_t size,
                             struct err *err);

/* Text at path, cut between characters where it is too long; "" when it is no text. For what people
 * read, never for names. */
void gh_copy_cut(const json_t *tree, const char *path, char *to, size_t size);

/* As gh_copy_cut. Errors: ERR_PARSE when it is there and no text. */
MUST_CHECK bool gh_copy_words(const json_t *tree, const char *path, char *to, size_t size,
                              struct err *err);

/* A URL that fits and is https; "" otherwise. */
void gh_copy_url(const json_t *tree, const char *path, char *to, size_t size);

/* A person object at path: numeric id, login, whether it is a bot. All zero when it is null or
 * missing, as for deleted users. Errors: ERR_PARSE when it, or any of the three, is mistyped. */
MUST_CHECK bool gh_copy_person(const json_t *tree, const char *path, struct gh_person *to,
                               struct err *err);

/* A commit id at path. Errors: ERR_PARSE when it is missing or malformed; with `or_none` a missing
 * or null one is "". */
MUST_CHECK bool gh_copy_sha(const json_t *tree, const char *path, bool or_none, struct git_sha *to,
                            struct err *err);

/* Our deployment's id out of a GitHub deployment's payload, which is an object, or text that may
 * hold one: { "envflow": { "deployment": "…" } }. "" when it is none of ours. */
void gh_copy_key(const json_t *tree, const char *path, char key[GH_WORD_MAX]);

/* What is asked for: the object at path, with the names of struct gh_request as its keys. `kind`
 * stays. Errors: ERR_PARSE naming the key that is mistyped or too long, and when `to` is missing.
 */
MUST_CHECK bool gh_copy_request(const json_t *tree, const char *path, struct gh_request *to,
                                struct err *err);

/* RFC 3339 or whole seconds; 0 when it is missing or neither. */
int64_t gh_time_ms(const json_t *tree, const char *path);

/* A further signal of this kind, zeroed, to fill in. Asserts that there is room: a handler's
 * count is bounded by its code, not by input. */
struct gh_signal *gh_add_signal(struct gh_facts *facts, enum gh_signal_kind kind);

#endif
