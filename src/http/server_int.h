/* What a server consists of; shared by the files of src/http. */
#ifndef HTTP_SERVER_INT_H
#define HTTP_SERVER_INT_H

#include "base/clock.h"
#include "connection_int.h"

/* Request buffers kept for the next request; more are given back to the allocator. */
#define HTTP_SPARE_REQUESTS_MAX 32

struct http_listener;

struct http_server {
    struct loop *loop;       /* borrowed */
    struct event_base *base; /* of loop */
    const char *log_name;    /* borrowed */
    struct http_limits limits;
    struct http_head_rules rules;
    struct http_service service;
    const struct clock *clock; /* borrowed */

    struct http_listener *listeners; /* owned */
    struct timer *sweep_timer;       /* runs while there is anything to sweep */
    bool is_sweeping;
    struct timer *retry_timer;   /* accepting, when descriptors are short */
    struct event reap;           /* frees the closed at the end of a turn */
    bool is_accepting;           /* the listeners' events are added */
    int64_t descriptors_lost_ms; /* when accepting failed last for want of descriptors */
    bool is_full;                /* the connection cap was reached: said so in the log */

    struct http_conns conns[CONN_STATE_COUNT]; /* owned; each in order of entry */
    struct http_conns waiting;                 /* evictable, longest first */
    struct http_addresses addresses;
    struct http_budget budget;
    struct http_request *spare_requests; /* owned */
    size_t spare_requests_count;
    struct http_server_stats stats;

    bool is_draining;
    void (*drained)(void *arg);
    void *drained_arg;
};

static inline int64_t http_server_now(const struct http_server *server)
{
    return clock_mono_ms(server->clock);
}

/* A connection was closed: its descriptor and its place are free. */
void http_server_on_closed(struct http_server *server);
/* Claims that waited may have been granted: let their connections go on. */
void http_server_wake_granted(struct http_server *server);
/* Ends what is over its time. The server's own timer does this every SWEEP_MS. */
void http_server_sweep(struct http_server *server);
/* For tests that cannot wait. Before the first connection. */
void http_server_set_clock(struct http_server *server, const struct clock *clock);

#endif
