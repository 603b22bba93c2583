#include "connection_int.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/log.h"
#include "server_int.h"

/* Steps and reads before others have their turn. A step may be a chunk of one byte; a read may
 * bring a quarter of a megabyte. */
#define STEPS_MAX 1024
#define READS_MAX 4

/* ---- states ---- */

#define BIT(state) (1U << (state))

static const unsigned may_follow[CONN_STATE_COUNT] = {
    [CONN_BORN] = BIT(CONN_HEAD),
    [CONN_IDLE] = BIT(CONN_HEAD) | BIT(CONN_CLOSED),
    [CONN_HEAD] = BIT(CONN_HEAD) | BIT(CONN_WAIT) | BIT(CONN_BODY) | BIT(CONN_ANSWER) |
                  BIT(CONN_WRITE) | BIT(CONN_LINGER) | BIT(CONN_IDLE) | BIT(CONN_CLOSED),
    [CONN_WAIT] = BIT(CONN_BODY) | BIT(CONN_WRITE) | BIT(CONN_LINGER) | BIT(CONN_CLOSED),
    [CONN_BODY] =
        BIT(CONN_WAIT) | BIT(CONN_ANSWER) | BIT(CONN_WRITE) | BIT(CONN_LINGER) | BIT(CONN_CLOSED),
    [CONN_ANSWER] =
        BIT(CONN_IDLE) | BIT(CONN_HEAD) | BIT(CONN_WRITE) | BIT(CONN_LINGER) | BIT(CONN_CLOSED),
    [CONN_WRITE] = BIT(CONN_IDLE) | BIT(CONN_HEAD) | BIT(CONN_LINGER) | BIT(CONN_CLOSED),
    [CONN_LINGER] = BIT(CONN_CLOSED),
};

/* What new connections may push out: who has no request under way. */
static const unsigned evictable = BIT(CONN_IDLE) | BIT(CONN_HEAD) | BIT(CONN_LINGER);

/* Where bytes of the client's are read and dealt with. */
static const unsigned receiving = BIT(CONN_IDLE) | BIT(CONN_HEAD) | BIT(CONN_BODY);

static bool is_in(const struct conn *conn, unsigned states)
{
    return (BIT(conn->state) & states) != 0;
}

static void join_waiting(struct conn *conn)
{
    TAILQ_INSERT_TAIL(&conn->server->waiting, conn, waiting_link);
    if (conn->address != NULL)
        TAILQ_INSERT_TAIL(&conn->address->waiting, conn, waiting_of_address);
}

static void leave_waiting(struct conn *conn)
{
    TAILQ_REMOVE(&conn->server->waiting, conn, waiting_link);
    if (conn->address != NULL)
        TAILQ_REMOVE(&conn->address->waiting, conn, waiting_of_address);
}

/* The client is told that nothing more comes; what it still sends is thrown away. */
static void enter_linger(struct conn *conn)
{
    conn->stream.ops->end(conn->stream.self);
}

static void leave_address(struct conn *conn)
{
    if (conn->address == NULL)
        return;
    conn->address->connections--;
    if (conn->address->connections == 0)
        http_addresses_drop(&conn->server->addresses, conn->address);
    conn->address = NULL;
}

static void enter_closed(struct conn *conn)
{
    event_del(&conn->event);
    conn->interest = 0;
    conn->stream.ops->free(conn->stream.self);
    conn->stream.fd = -1;
    conn->close_after = true; /* no next request */
    http_request_end(conn);
    leave_address(conn);
    http_server_on_closed(conn->server);
}

static void (*const enter[CONN_STATE_COUNT])(struct conn *) = {
    [CONN_LINGER] = enter_linger,
    [CONN_CLOSED] = enter_closed,
};

void conn_set_state(struct conn *conn, enum conn_state state)
{
    struct http_server *server = conn->server;
    enum conn_state before = conn->state;

    assert((may_follow[before] & BIT(state)) != 0);
    if (before != CONN_BORN)
        TAILQ_REMOVE(&server->conns[before], conn, state_link);
    TAILQ_INSERT_TAIL(&server->conns[state], conn, state_link);
    /* The first byte of a request does not make its sender wait less long. */
    if (!(before == CONN_IDLE && state == CONN_HEAD)) {
        if ((BIT(before) & evictable) != 0)
            leave_waiting(conn);
        if ((BIT(state) & evictable) != 0)
            join_waiting(conn);
    }
    conn->state = state;
    conn->since_ms = http_server_now(server);
    conn->state_bytes = 0;
    if (enter[state] != NULL)
        enter[state](conn);
}

/* ---- going on ---- */

static bool (*const steps[CONN_STATE_COUNT])(struct conn *) = {
    [CONN_IDLE] = conn_receive_head, [CONN_HEAD] = conn_receive_head, [CONN_WAIT] = conn_await_room,
    [CONN_BODY] = conn_receive_body, [CONN_WRITE] = conn_flush,       [CONN_LINGER] = conn_discard,
};

void conn_run(struct conn *conn)
{
    bool go_on = true;

    conn->is_running = true;
    conn->reads_left = READS_MAX;
    for (int count = 0; go_on && count < STEPS_MAX; count++)
        go_on = steps[conn->state] != NULL && steps[conn->state](conn);
    conn->is_running = false;
    conn_rest(conn);
    if (go_on && steps[conn->state] != NULL)
        event_active(&conn->event, EV_READ, 0);
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

static void want(struct conn *conn, short interest)
{
    if (conn->interest == interest)
        return;
    /* Also where it was not added: it may have been activated, for room that was granted. */
    event_del(&conn->event);
    conn->interest = interest;
    if (interest == 0)
        return;
    event_assign(&conn->event, conn->server->base, conn->stream.fd, (short)(interest | EV_PERSIST),
                 on_ready, conn);
    event_add(&conn->event, NULL);
}

/* TLS may have to write in order to read, and the reverse. */
void conn_rest(struct conn *conn)
{
    if (is_in(conn, receiving))
        want(conn, conn->blocked_on == STREAM_WANT_WRITE ? EV_WRITE : EV_READ);
    else if (conn->state == CONN_WRITE)
        want(conn, conn->blocked_on == STREAM_WANT_READ ? EV_READ : EV_WRITE);
    else if (conn->state == CONN_LINGER)
        want(conn, EV_READ);
    else if (conn->state == CONN_WAIT)
        want(conn, 0);

    /* Bytes that the loop cannot see: in our buffer, or decrypted and held by the stream. */
    bool is_hidden =
        conn->request != NULL && conn->state == CONN_HEAD && conn->request->head.scanned == 0;
    if (is_in(conn, receiving) && (!conn->is_drained || is_hidden))
        event_active(&conn->event, EV_READ, 0);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;

    (void)fd;
    (void)what;
    if (conn->state == CONN_ANSWER) {
        want(conn, 0); /* pipelined bytes, or the client has left: both can wait */
        return;
    }
    conn->is_drained = false;
    conn->blocked_on = 0;
    conn_run(conn);
}

/* ---- life ---- */

void conn_start(struct http_server *server, const struct stream *stream,
                const struct http_peer *peer, struct http_address *address)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    assert(conn != NULL);
    conn->server = server;
    conn->stream = *stream;
    conn->peer = *peer;
    conn->address = address;
    server->stats.connections++;
    event_assign(&conn->event, server->base, stream->fd, EV_READ | EV_PERSIST, on_ready, conn);
    conn_set_state(conn, CONN_HEAD);
    /* The request is often there already, and then no event is needed at all. */
    conn_run(conn);
}

void conn_free(struct conn *conn)
{
    free(conn->out);
    free(conn);
}

void conn_close(struct conn *conn)
{
    const struct http_service *service = &conn->server->service;
    struct http_request *request = conn->request;

    assert(conn->state != CONN_ANSWER);
    if (request != NULL && request->is_announced) {
        request->is_announced = false;
        if (service->on_gone != NULL)
            service->on_gone(request, service->self);
    }
    conn_set_state(conn, CONN_CLOSED);
}

static void expire_head(struct conn *conn)
{
    if (conn->request != NULL)
        conn_refuse(conn, HTTP_FAULT_HEAD_SLOW);
    else
        conn_close(conn);
}

static void expire_wait(struct conn *conn)
{
    conn_refuse(conn, HTTP_FAULT_BUSY);
}

static void expire_body(struct conn *conn)
{
    conn_refuse(conn, HTTP_FAULT_BODY_SLOW);
}

void conn_expire(struct conn *conn)
{
    static void (*const expire[CONN_STATE_COUNT])(struct conn *) = {
        [CONN_IDLE] = conn_close,  [CONN_HEAD] = expire_head, [CONN_WAIT] = expire_wait,
        [CONN_BODY] = expire_body, [CONN_WRITE] = conn_close, [CONN_LINGER] = conn_close,
    };
    struct log_ctx ctx = {.peer = http_peer_text(&conn->peer)};

    log_debug(&ctx, "http.timed_out", "%s: in state %d for %lld ms", conn->server->log_name,
              (int)conn->state, (long long)(http_server_now(conn->server) - conn->since_ms));
    conn->server->stats.timed_out_total++;
    expire[conn->state](conn);
    if (conn->state != CONN_CLOSED)
        conn_rest(conn);
}

void conn_orphan(struct conn *conn)
{
    TAILQ_REMOVE(&conn->server->conns[CONN_ANSWER], conn, state_link);
    event_del(&conn->event);
    conn->stream.ops->free(conn->stream.self);
    leave_address(conn);
    conn->request->claim.share = NULL;
    conn->server = NULL;
}
