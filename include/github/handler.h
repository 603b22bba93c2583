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

enum gh_signal_kind { GH_PUSH, GH_PING, GH_SIGNAL_COUNT };

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

struct gh_signal {
    enum gh_signal_kind kind;
    union {
        struct gh_push push;
        struct gh_ping ping;
    } as;
};

/* What a delivery says, whoever it concerns. */
struct gh_facts {
    char action[64];       /* "" where the event has none */
    int64_t repository_id; /* 0 where there is none (organization hooks' ping) */
    char repository[REPO_NAME_MAX];
    bool is_fork;
    char default_branch[REF_NAME_MAX];
    int64_t sender_id;
    char sender[GH_LOGIN_MAX];
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
};

/* Project, read the common fields, call the handler. body is JSON (form bodies decoded). */
MUST_CHECK bool gh_read(const struct gh_handler *handler, const char *body, size_t body_bytes,
                        struct gh_facts *ret_facts, struct err *err);

/* Text at path into a fixed array; "" when it is missing or null.
 * Errors: ERR_PARSE when it is no text, or longer than the array: names are never cut. */
MUST_CHECK bool gh_copy_text(const json_t *tree, const char *path, char *to, size_t size,
                             struct err *err);

/* A further signal of this kind, zeroed, to fill in. Asserts that there is room: a handler's
 * count is bounded by its code, not by input. */
struct gh_signal *gh_add_signal(struct gh_facts *facts, enum gh_signal_kind kind);

#endif
