/*
 * Payloads that never happened, in the shape GitHub gives them: for `envflow send`.
 *
 * A push has the fields of a merge to a branch, so that what works with it works with
 * GitHub's. Source: docs.github.com, Webhook events and payloads, #push and #ping.
 */
#ifndef CLI_MADE_UP_INT_H
#define CLI_MADE_UP_INT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/git_sha.h"

struct made_up {
    const char *repository; /* owner/name */
    const char *branch;
    const char *title; /* first line of the commit's message */
    struct git_sha before;
    struct git_sha after;
    int64_t hook_id;
    int64_t now_ms;
};

/* Forty zeros: how GitHub writes "no commit". */
bool made_up_is_nothing(const struct git_sha *sha);
struct git_sha made_up_sha(void); /* random */
/* A number of a repository, always the same for the same name. */
int64_t made_up_repository_id(const char *repository);

void made_up_push(const struct made_up *facts, struct buf *out);
void made_up_ping(const struct made_up *facts, struct buf *out);

#endif
