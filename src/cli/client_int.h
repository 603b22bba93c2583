/*
 * One HTTP request to somewhere near: the admin API over a socket file or TCP, the webhook
 * endpoint for `send`. libcurl, held tight: http and https only, no redirects, one
 * deadline for everything, answers of bounded size.
 */
#ifndef CLI_CLIENT_INT_H
#define CLI_CLIENT_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cfg/cfg.h"
#include "cli/cli.h"

#define ENDPOINT_SIZE    512
#define ENDPOINTS_MAX    CFG_LISTENERS_MAX
#define ANSWER_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct endpoint {
    char text[ENDPOINT_SIZE];   /* as people write it, for messages */
    char base[ENDPOINT_SIZE];   /* "http://localhost:8081", no slash at the end */
    char socket[ENDPOINT_SIZE]; /* socket file to connect to; "" for TCP */
};

/* "unix:/path", "http://host:port", "https://…". Errors: ERR_PARSE naming the forms. */
MUST_CHECK bool endpoint_parse(const char *text, struct endpoint *ret_endpoint, struct err *err);
/* From where somebody listens ("0.0.0.0:8081", "unix:/path") to where one connects. False for
 * what cannot be known from outside (inherited sockets, port 0). */
MUST_CHECK bool endpoint_of_listener(const char *listener, bool is_tls,
                                     struct endpoint *ret_endpoint);

struct client_request {
    const char *method; /* "GET", "POST" */
    const char *path;   /* begins with a slash, escaped; "" when the base is the whole URL */
    const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
    const void *body;           /* NULL for none */
    size_t body_bytes;
    long timeout_ms;
    size_t answer_bytes_max;         /* 0: ANSWER_BYTES_MAX */
    const char *trusted_certificate; /* PEM: trust exactly this one, whatever its name; or NULL */
    bool is_insecure;                /* no TLS verification at all */
};

struct client_answer {
    long status;
    struct buf body; /* owned */
};

/* Errors: ERR_UNREACHABLE (no connection), ERR_TIMEOUT, ERR_LIMIT (answer too large), ERR_REMOTE
 * (broken off, TLS refused), ERR_NOMEM. An answer of any status is success. */
MUST_CHECK bool client_call(const struct endpoint *endpoint, const struct client_request *request,
                            struct client_answer *ret_answer, struct err *err);

static inline void client_answer_cleanup(struct client_answer *answer)
{
    buf_done(&answer->body);
}

#endif
