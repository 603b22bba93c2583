#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/loop.h"
#include "server_int.h"

#define SWEEP_MS      250
#define RETRY_MS      100
#define LINGER_MS     5000
#define RATE_GRACE_MS 5000 /* before a body's rate is judged */
#define EDGE_MS       1000 /* without trouble, before trouble is said to be over */
#define ACCEPTS_MAX   64   /* in one turn */

/* GitHub caps payloads at 25 MB and waits 10 s for an answer. */
const struct http_limits http_limits_default = {
    .head_bytes_max = 32 * KIB,
    .headers_max = 100,
    .body_bytes_max = 25 * MIB,
    .small_body_bytes = 256 * KIB,
    .small_bodies_in_flight_max = 16 * MIB,
    .bodies_in_flight_max = 64 * MIB,
    .connections_max = 1024,
    .connections_per_address_max = 256,
    .head_timeout_ms = 10000,
    .idle_timeout_ms = 60000,
    .body_timeout_ms = 60000,
    .body_wait_ms = 8000,
    .body_rate_min = 4096,
    .write_timeout_ms = 10000,
};

struct http_listener {
    struct http_server *server;
    struct http_listener *next;
    struct event event;
    struct tls_context *tls; /* borrowed; NULL for plain */
    int fd;                  /* owned */
};

/* ---- accepting ---- */

static void pause_accepting(struct http_server *server)
{
    for (struct http_listener *at = server->listeners; at != NULL; at = at->next)
        event_del(&at->event);
    server->is_accepting = false;
}

static void resume_accepting(struct http_server *server)
{
    if (server->is_accepting || server->is_draining)
        return;
    for (struct http_listener *at = server->listeners; at != NULL; at = at->next)
        event_add(&at->event, NULL);
    server->is_accepting = true;
}

/* Set while it is set already, the timer would begin anew and might never end. */
static void keep_sweeping(struct http_server *server)
{
    if (!server->is_sweeping)
        timer_set(server->sweep_timer, SWEEP_MS);
    server->is_sweeping = true;
}

static void on_retry(void *arg)
{
    resume_accepting(arg);
}

static bool evict_first(struct http_server *server, const struct http_conns *waiting)
{
    struct conn *conn = TAILQ_FIRST(waiting);

    if (conn == NULL)
        return false;
    struct log_ctx ctx = {.peer = http_peer_text(&conn->peer)};
    log_debug(&ctx, "http.evicted", "%s: pushed out by a new connection after %lld ms",
              server->log_name, (long long)(http_server_now(server) - conn->since_ms));
    server->stats.evicted_total++;
    conn_close(conn);
    return true;
}

/* Who waits for a head goes first, then whose large body waits for room: it is told to come again,
 * and small ones pass. */
static bool evict(struct http_server *server)
{
    struct conn *conn = TAILQ_FIRST(&server->conns[CONN_WAIT]);

    if (TAILQ_EMPTY(&server->waiting) && conn != NULL) {
        conn_refuse(conn, HTTP_FAULT_BUSY);
        if (conn->state != CONN_CLOSED)
            conn_rest(conn);
    }
    return evict_first(server, &server->waiting);
}

/* The listeners' events are level-triggered: without this they would fire for ever. A slow client
 * has to go for it, so that others get in, if there is one. */
static void out_of_descriptors(struct http_server *server)
{
    if (!server->stats.waiting_for_descriptors)
        log_warn(NULL, "http.descriptors_short",
                 "%s: no descriptor for a new connection; slow ones go first", server->log_name);
    server->stats.waiting_for_descriptors = true;
    server->descriptors_lost_ms = http_server_now(server);
    pause_accepting(server);
    timer_set(server->retry_timer, RETRY_MS);
    keep_sweeping(server);
    evict(server);
}

static bool make_room_at_address(struct http_server *server, struct http_address *address,
                                 struct http_peer *peer)
{
    if (address == NULL || address->connections <= server->limits.connections_per_address_max)
        return true;
    if (!address->is_full) {
        struct log_ctx ctx = {.peer = http_peer_text(peer)};
        log_warn(&ctx, "http.address_full", "%s: %d connections from one address", server->log_name,
                 server->limits.connections_per_address_max);
    }
    address->is_full = true;
    return evict_first(server, &address->waiting);
}

static bool make_room(struct http_server *server)
{
    if (server->stats.connections < server->limits.connections_max)
        return true;
    if (!server->is_full)
        log_warn(NULL, "http.connections_full", "%s: %d connections; slow ones go first",
                 server->log_name, server->limits.connections_max);
    server->is_full = true;
    return evict(server);
}

static bool make_stream(const struct http_listener *listener, int fd, struct stream *stream)
{
    struct err err;

    if (listener->tls == NULL) {
        stream_init_plain(stream, fd);
        return true;
    }
    if (stream_init_tls(stream, fd, listener->tls, &err))
        return true;
    log_warn(NULL, "http.tls_failed", "%s: %s", listener->server->log_name, err.text);
    return false;
}

static void admit(struct http_listener *listener, int fd, const union http_socket_address *from)
{
    struct http_server *server = listener->server;
    struct http_peer peer;
    struct stream stream;

    server->stats.accepted_total++;
    if (!make_stream(listener, fd, &stream)) {
        close(fd);
        return;
    }
    http_peer_init(&peer, from, fd);
    struct http_address *address = http_addresses_get(&server->addresses, &peer);
    if (address != NULL)
        address->connections++;
    if (!make_room_at_address(server, address, &peer) || !make_room(server)) {
        http_turn_away(server, &stream);
        if (address != NULL && --address->connections == 0)
            http_addresses_drop(&server->addresses, address);
        return;
    }
    keep_sweeping(server);
    conn_start(server, &stream, &peer, address);
}

static bool is_short_of_descriptors(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

static void on_acceptable(evutil_socket_t listening, short what, void *arg)
{
    struct http_listener *listener = arg;

    (void)what;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        union http_socket_address from = {.any = {.sa_family = AF_UNSPEC}};
        socklen_t len = sizeof(from);
        int fd = accept4(listening, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(listener, fd, &from);
        } else if (is_short_of_descriptors(errno)) {
            out_of_descriptors(listener->server);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

/* ---- time ---- */

static int64_t time_allowed(const struct http_server *server, enum conn_state state)
{
    const struct http_limits *limits = &server->limits;
    const int64_t allowed_ms[CONN_STATE_COUNT] = {
        [CONN_IDLE] = limits->idle_timeout_ms,   [CONN_HEAD] = limits->head_timeout_ms,
        [CONN_WAIT] = limits->body_wait_ms,      [CONN_BODY] = limits->body_timeout_ms,
        [CONN_WRITE] = limits->write_timeout_ms, [CONN_LINGER] = LINGER_MS,
    };

    return allowed_ms[state];
}

static void expire_overdue(struct http_server *server, enum conn_state state, int64_t now_ms)
{
    int64_t allowed_ms = time_allowed(server, state);
    struct conn *conn = TAILQ_FIRST(&server->conns[state]);

    while (allowed_ms > 0 && conn != NULL && now_ms - conn->since_ms >= allowed_ms) {
        conn_expire(conn);
        conn = TAILQ_FIRST(&server->conns[state]);
    }
}

static void expire_slow_bodies(struct http_server *server, int64_t now_ms)
{
    struct conn *conn = TAILQ_FIRST(&server->conns[CONN_BODY]);

    /* The list is in order of entry: behind the first that is in its grace all are. */
    while (conn != NULL && now_ms - conn->since_ms >= RATE_GRACE_MS) {
        struct conn *next = TAILQ_NEXT(conn, state_link);
        int64_t wanted = server->limits.body_rate_min * (now_ms - conn->since_ms) / 1000;
        if ((int64_t)conn->state_bytes < wanted)
            conn_expire(conn);
        conn = next;
    }
}

/* Trouble is said to be over when it has been for a while: the log gets edges, not each turn. */
static void judge_edges(struct http_server *server, int64_t now_ms)
{
    struct http_server_stats *stats = &server->stats;

    if (stats->waiting_for_descriptors && now_ms - server->descriptors_lost_ms >= EDGE_MS) {
        stats->waiting_for_descriptors = false;
        log_info(NULL, "http.descriptors_found", "%s: accepting again", server->log_name);
    }
    if (server->is_full && stats->connections < server->limits.connections_max * 9 / 10)
        server->is_full = false;
}

void http_server_sweep(struct http_server *server)
{
    int64_t now_ms = http_server_now(server);

    for (int state = 0; state < CONN_STATE_COUNT; state++)
        expire_overdue(server, (enum conn_state)state, now_ms);
    expire_slow_bodies(server, now_ms);
    judge_edges(server, now_ms);
}

static void on_sweep(void *arg)
{
    struct http_server *server = arg;

    server->is_sweeping = false;
    http_server_sweep(server);
    if (server->stats.connections > 0 || server->stats.waiting_for_descriptors)
        keep_sweeping(server);
}

void http_server_set_clock(struct http_server *server, const struct clock *clock)
{
    server->clock = clock;
}

/* ---- the end of connections ---- */

void http_server_on_closed(struct http_server *server)
{
    server->stats.connections--;
    event_active(&server->reap, EV_TIMEOUT, 0);
    resume_accepting(server);
}

void http_server_wake_granted(struct http_server *server)
{
    struct http_claim *claim = http_budget_pop(&server->budget);

    for (; claim != NULL; claim = http_budget_pop(&server->budget)) {
        struct conn *conn = claim->owner;
        event_active(&conn->event, EV_READ, 0);
    }
}

static void free_closed(struct http_server *server)
{
    struct conn *conn = TAILQ_FIRST(&server->conns[CONN_CLOSED]);

    while (conn != NULL) {
        struct conn *next = TAILQ_NEXT(conn, state_link);
        conn_free(conn);
        conn = next;
    }
    TAILQ_INIT(&server->conns[CONN_CLOSED]);
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
    struct http_server *server = arg;

    (void)fd;
    (void)what;
    free_closed(server);
    if (server->is_draining && server->stats.connections == 0 && server->drained != NULL) {
        void (*drained)(void *) = TAKE(server->drained);
        drained(server->drained_arg);
    }
}

static void close_all_of(struct http_server *server, enum conn_state state)
{
    struct conn *conn = TAILQ_FIRST(&server->conns[state]);

    while (conn != NULL) {
        struct conn *next = TAILQ_NEXT(conn, state_link);
        conn_close(conn);
        conn = next;
    }
}

static void close_listeners(struct http_server *server)
{
    while (server->listeners != NULL) {
        struct http_listener *listener = server->listeners;
        server->listeners = listener->next;
        event_del(&listener->event);
        close(listener->fd);
        free(listener);
    }
}

/* ---- life ---- */

static void copy_singles(struct http_head_rules *rules, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        assert(rules->singles_count < HTTP_SINGLES_MAX);
        rules->singles[rules->singles_count++] = (struct http_name){*names, strlen(*names)};
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

struct http_server *http_server_new(struct loop *loop, const char *log_name,
                                    const struct http_limits *limits,
                                    const struct http_service *service)
{
    struct http_server *server = calloc(1, sizeof(*server));

    assert(server != NULL && service->on_head != NULL && service->on_request != NULL);
    server->loop = loop;
    server->base = loop_base(loop);
    server->log_name = log_name;
    server->limits = *limits;
    server->service = *service;
    server->clock = &clock_system;
    server->rules.head_bytes_max = limits->head_bytes_max;
    server->rules.headers_max = limits->headers_max;
    copy_singles(&server->rules, service->single_headers);
    for (size_t i = 0; i < CONN_STATE_COUNT; i++)
        TAILQ_INIT(&server->conns[i]);
    TAILQ_INIT(&server->waiting);
    http_addresses_init(&server->addresses, limits->connections_max);
    /* A pool that could not take one body would keep it waiting for nothing. */
    http_budget_init(&server->budget,
                     larger(limits->small_bodies_in_flight_max, limits->small_body_bytes),
                     larger(limits->bodies_in_flight_max, limits->body_bytes_max));
    server->sweep_timer = timer_new(loop, on_sweep, server);
    server->retry_timer = timer_new(loop, on_retry, server);
    event_assign(&server->reap, server->base, -1, 0, on_reap, server);
    server->is_accepting = true;
    return server;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    close_listeners(server);
    for (struct conn *conn = TAILQ_FIRST(&server->conns[CONN_ANSWER]); conn != NULL;
         conn = TAILQ_FIRST(&server->conns[CONN_ANSWER]))
        conn_orphan(conn);
    for (int state = CONN_IDLE; state < CONN_CLOSED; state++)
        close_all_of(server, (enum conn_state)state);
    free_closed(server);
    event_del(&server->reap);
    while (server->spare_requests != NULL) {
        struct http_request *request = server->spare_requests;
        server->spare_requests = request->next_spare;
        http_request_free(request);
    }
    timer_free(server->sweep_timer);
    timer_free(server->retry_timer);
    http_addresses_done(&server->addresses);
    free(server);
}

bool http_server_listen(struct http_server *server, const struct address *address,
                        struct tls_context *tls, struct err *err)
{
    int fd = -1;
    int on = 1;

    if (!address_listen(address, &fd, err))
        return false;
    /* Connections inherit it. Answers are whole when they are sent: nothing to wait for. Not for
     * unix sockets, which is no error worth a word. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    struct http_listener *listener = calloc(1, sizeof(*listener));
    assert(listener != NULL);
    listener->server = server;
    listener->tls = tls;
    listener->fd = fd;
    struct http_listener **last = &server->listeners;
    while (*last != NULL)
        last = &(*last)->next;
    *last = listener;
    event_assign(&listener->event, server->base, fd, EV_READ | EV_PERSIST, on_acceptable, listener);
    event_add(&listener->event, NULL);
    return true;
}

void http_server_set_tls(struct http_server *server, struct tls_context *tls)
{
    for (struct http_listener *at = server->listeners; at != NULL; at = at->next) {
        if (at->tls != NULL)
            at->tls = tls;
    }
}

uint16_t http_server_port(const struct http_server *server)
{
    for (const struct http_listener *at = server->listeners; at != NULL; at = at->next) {
        union http_socket_address own = {.any = {.sa_family = AF_UNSPEC}};
        socklen_t len = sizeof(own);
        if (getsockname(at->fd, &own.any, &len) != 0)
            continue;
        if (own.any.sa_family == AF_INET)
            return ntohs(own.in.sin_port);
        if (own.any.sa_family == AF_INET6)
            return ntohs(own.in6.sin6_port);
    }
    return 0;
}

void http_server_drain(struct http_server *server, void (*drained)(void *arg), void *arg)
{
    struct conn *conn = TAILQ_FIRST(&server->conns[CONN_HEAD]);

    close_listeners(server);
    server->is_draining = true;
    server->drained = drained;
    server->drained_arg = arg;
    close_all_of(server, CONN_IDLE);
    while (conn != NULL) {
        struct conn *next = TAILQ_NEXT(conn, state_link);
        if (conn->request == NULL)
            conn_close(conn);
        conn = next;
    }
    event_active(&server->reap, EV_TIMEOUT, 0);
}

void http_server_stats(const struct http_server *server, struct http_server_stats *ret_stats)
{
    *ret_stats = server->stats;
    ret_stats->body_bytes_in_flight =
        server->budget.used[HTTP_POOL_RESERVE] + server->budget.used[HTTP_POOL_LARGE];
}
