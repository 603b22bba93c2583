/*
 * An HTTP/1.1 server for a strict subset of the protocol, on one loop, in one thread.
 *
 * Strict means: what two parsers could frame differently is refused. CRLF only; token
 * names; exactly one Host; one Content-Length of digits or `Transfer-Encoding: chunked`
 * alone, never both; no folding, no trailers, no chunk extensions, no control bytes.
 * Every 4xx and 5xx about framing closes the connection. `Expect: 100-continue` is
 * honoured. Requests on a connection are answered in order, one at a time.
 *
 * A service sees the head first and may refuse there, sees body bytes as they arrive
 * (to hash them), and gets the whole body in one piece at the end.
 *
 * Bounds: every one is in struct http_limits and has a test. Phases have absolute
 * deadlines; a body also has a minimum rate. Connections over the cap push out the one
 * that has been waiting longest for a head, or else for room for its body, so idle or slow
 * clients never keep honest ones out; bodies draw on one budget and wait unread where it is
 * used up.
 *
 * Ownership: a request belongs to the server; it is valid from on_head until the answer
 * is given or on_gone. Text and bytes it hands out are borrowed for that time.
 * Source: RFC 9112; docs/adr/0001-own-http-subset.md; the probes of tests/framing/probes.txt.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "net/address.h"

struct http_request;
struct http_server;
struct loop;
struct tls_context;

struct http_limits {
    size_t head_bytes_max;             /* request line and headers together */
    size_t headers_max;                /* count */
    size_t body_bytes_max;             /* 413 beyond, at the head when it says so */
    size_t small_body_bytes;           /* bodies up to this draw on the reserve first */
    size_t small_bodies_in_flight_max; /* bytes: the reserve for small bodies */
    size_t bodies_in_flight_max;       /* bytes: the budget for all the others */
    int connections_max;
    int connections_per_address_max; /* an IPv4 address or an IPv6 /64; unix sockets are exempt */
    int64_t head_timeout_ms;         /* from accept or end of the last answer to the end of a head;
                                        covers the TLS handshake */
    int64_t idle_timeout_ms;         /* keep-alive without a byte */
    int64_t body_timeout_ms;         /* whole body, from when reading it may begin */
    int64_t body_wait_ms;            /* longest wait for the budget, then 503 */
    int64_t body_rate_min;           /* bytes a second, judged after the first seconds */
    int64_t write_timeout_ms;        /* whole answer */
};

/* Sensible values for every bound; the configuration table overrides some. */
extern const struct http_limits http_limits_default;

struct http_service {
    /* The head is in. Return true to go on with the body; to refuse, call http_reply()
     * and return false (the connection then closes unless the body was empty). */
    bool (*on_head)(struct http_request *request, void *service);
    /* The next run of body bytes, decoded from chunks, in order. NULL when not wanted. */
    void (*on_body)(struct http_request *request, const void *bytes, size_t len, void *service);
    /* The request is whole. Answer now or later with http_reply(). */
    void (*on_request)(struct http_request *request, void *service);
    /* The client went away, or a bound was hit, after on_head returned true and before
     * on_request: forget the request. From on_request until http_reply() the request and its
     * body stay valid whatever the client does, because another thread may be reading the body;
     * an answer to a client that has left is dropped, and on_gone is not called then. */
    void (*on_gone)(struct http_request *request, void *service);
    /* Lower-case names of headers that may appear only once, beside the framing ones and
     * Host, Content-Type, Authorization; NULL-terminated, or NULL. A second one is a 400. */
    const char *const *single_headers;
    /* Writes the body of an answer the server itself must give (400, 408, 413, 431, 501, 503 …).
     * Same words as the service's own answers. */
    void (*refusal)(int status, const char *reason, const char *sentence, void *service, char *body,
                    size_t body_size, const char **ret_content_type);
    void *self; /* handed to every callback; borrowed */
};

struct http_response {
    int status;
    const char *content_type; /* NULL for no body */
    const void *body;
    size_t body_len;
    const char *const *headers; /* name, value, name, value, NULL; or NULL */
    bool close;                 /* close after this answer */
};

/* log_name tells the servers of one process apart in the log ("webhooks", "admin"). */
struct http_server *http_server_new(struct loop *loop, const char *log_name,
                                    const struct http_limits *limits,
                                    const struct http_service *service);
/* Closes everything at once. */
void http_server_free(struct http_server *server);

/* Listen on one more address; tls may be NULL and is borrowed until replaced. */
MUST_CHECK bool http_server_listen(struct http_server *server, const struct address *address,
                                   struct tls_context *tls, struct err *err);
/* New connections use this context from now on; the old one may be freed. */
void http_server_set_tls(struct http_server *server, struct tls_context *tls);
/* Port of the first TCP listener (for port 0); 0 when there is none. */
uint16_t http_server_port(const struct http_server *server);

/* No new connections; idle ones close; requests in progress get their answer with
 * Connection: close. `drained` is called once none is left (maybe at once). */
void http_server_drain(struct http_server *server, void (*drained)(void *arg), void *arg);

struct http_server_stats {
    uint64_t accepted_total, requests_total, refused_total, evicted_total, timed_out_total;
    int connections;
    size_t body_bytes_in_flight; /* granted from both budgets */
    bool waiting_for_descriptors;
};
void http_server_stats(const struct http_server *server, struct http_server_stats *ret_stats);

/* What is known from on_head on. Header names are given in lower case. */
const char *http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request);  /* decoded; before '?' */
const char *http_request_query(const struct http_request *request); /* raw; "" for none */
const char *http_request_header(const struct http_request *request, const char *name); /* or NULL */
const char *http_request_peer(const struct http_request *request); /* for logs */
/* User id of a unix-socket peer, or -1. */
int64_t http_request_peer_uid(const struct http_request *request);
/* Announced body length; -1 when chunked. */
int64_t http_request_content_length(const struct http_request *request);

/* The whole body; from on_request on. */
const char *http_request_body(const struct http_request *request, size_t *ret_len);

/* A place for the service's own state; borrowed. */
void http_request_set_state(struct http_request *request, void *state);
void *http_request_state(const struct http_request *request);

/* Exactly once per request (before on_gone). Everything is copied. The request is gone after. */
void http_reply(struct http_request *request, const struct http_response *response);

#endif
