/*
 * From bytes to a request: the head, room for the body, the body, and then the service.
 *
 * Each step deals with bytes that are there or reads once, and says whether to go on. A body
 * that fits behind its head is never copied and needs no room of the budget: the connection's
 * buffer is there already, and connections are counted. All other bodies claim the most they can
 * become before a byte of them is received, and wait unread where that does not fit.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server_int.h"

/* A fast sender has its turn like everybody else: so much at once, so often a turn. */
#define READ_BYTES_MAX ((size_t)256 * 1024)

enum arrival { ARRIVAL_BYTES, ARRIVAL_NONE, ARRIVAL_END };

/* Plain HTTP at a TLS port, a client that knows TLS 1.1 only: whoever set that up looks here. */
static void tell_failure(struct conn *conn)
{
    const char *why = conn->stream.ops->failure(conn->stream.self);
    struct log_ctx ctx = {.peer = http_peer_text(&conn->peer)};

    if (why != NULL)
        log_info(&ctx, "http.tls_failed", "%s: TLS connection ended: %s", conn->server->log_name,
                 why);
}

static enum arrival receive(struct conn *conn, char *to, size_t room, size_t *ret_len)
{
    if (conn->is_drained || conn->reads_left == 0)
        return ARRIVAL_NONE;
    if (room > READ_BYTES_MAX)
        room = READ_BYTES_MAX;
    conn->reads_left--;

    ssize_t got = conn->stream.ops->read(conn->stream.self, to, room);
    if (got > 0) {
        /* A short read has emptied the socket, and a stream that decrypts never holds back
         * what there was room for: asking again would cost a system call to learn nothing. */
        conn->is_drained = (size_t)got < room;
        *ret_len = (size_t)got;
        return ARRIVAL_BYTES;
    }
    conn->is_drained = true;
    if (got == STREAM_FAILED)
        tell_failure(conn);
    if (got != STREAM_WANT_READ && got != STREAM_WANT_WRITE)
        return ARRIVAL_END;
    conn->blocked_on = got;
    return ARRIVAL_NONE;
}

/* ---- the service has the whole request ---- */

static bool hand_over(struct conn *conn)
{
    const struct http_service *service = &conn->server->service;
    struct http_request *request = conn->request;

    request->is_announced = false;
    conn_set_state(conn, CONN_ANSWER);
    service->on_request(request, service->self);
    return true;
}

static void tell_service(struct conn *conn, const char *bytes, size_t len)
{
    const struct http_service *service = &conn->server->service;

    conn->state_bytes += len;
    if (service->on_body != NULL)
        service->on_body(conn->request, bytes, len, service->self);
}

/* ---- room for the body ---- */

/* Memory for what was claimed; keeps what the smaller body held. */
static bool make_body(struct http_request *request)
{
    size_t capacity = request->claim.held[HTTP_POOL_RESERVE] + request->claim.held[HTTP_POOL_LARGE];
    char *body = malloc(capacity); /* large ones become resident as bytes arrive */

    if (body == NULL)
        return false;
    if (request->body_len > 0)
        memcpy(body, request->body, request->body_len);
    free(request->body);
    request->body = body;
    request->body_capacity = capacity;
    return true;
}

/* The room is there. */
static bool open_body(struct conn *conn)
{
    struct http_request *request = conn->request;
    bool is_first = request->body_capacity == 0;

    if (!make_body(request)) {
        conn_refuse(conn, HTTP_FAULT_NO_MEMORY);
        return true;
    }
    if (conn->state != CONN_BODY) /* a body that outgrew its memory without a wait goes on */
        conn_set_state(conn, CONN_BODY);
    if (is_first && request->head.wants_continue && request->len == request->rest)
        return conn_send_continue(conn);
    return true;
}

static bool claim_room(struct conn *conn, enum http_claim_kind kind, size_t bytes)
{
    struct http_server *server = conn->server;
    bool granted = http_budget_claim(&server->budget, &conn->request->claim, kind, bytes);

    http_server_wake_granted(server);
    if (granted)
        return open_body(conn);
    conn_set_state(conn, CONN_WAIT);
    return false;
}

bool conn_await_room(struct conn *conn)
{
    return conn->request->claim.wanted == 0 && open_body(conn);
}

/* ---- the head ---- */

static enum http_body_kind body_kind_of(const struct http_request *request)
{
    if (request->head.is_chunked)
        return HTTP_BODY_CHUNKED;
    if (request->head.content_length == 0)
        return HTTP_BODY_NONE;
    return request->head.content_length <= request->capacity - request->head.line
               ? HTTP_BODY_IN_PLACE
               : HTTP_BODY_APART;
}

static bool begin_body(struct conn *conn)
{
    const struct http_limits *limits = &conn->server->limits;
    struct http_request *request = conn->request;
    size_t length = (size_t)request->head.content_length;

    if (request->body_kind == HTTP_BODY_NONE)
        return hand_over(conn);
    if (request->body_kind == HTTP_BODY_CHUNKED)
        return claim_room(conn, HTTP_CLAIM_RESERVE, limits->small_body_bytes);
    if (request->body_kind == HTTP_BODY_APART)
        return claim_room(
            conn, length <= limits->small_body_bytes ? HTTP_CLAIM_SMALL : HTTP_CLAIM_LARGE, length);
    request->body = request->bytes + request->head.line;
    conn_set_state(conn, CONN_BODY);
    if (request->head.wants_continue && request->len == request->head.line)
        return conn_send_continue(conn);
    return true;
}

/* Asks the service. True where it wants the body. */
static bool decide(struct conn *conn)
{
    const struct http_service *service = &conn->server->service;

    conn->is_deciding = true;
    bool go_on = service->on_head(conn->request, service->self);
    assert(go_on == conn->is_deciding); /* to refuse is to answer, and the reverse */
    conn->is_deciding = false;
    return go_on;
}

static bool take_head(struct conn *conn)
{
    struct http_server *server = conn->server;
    struct http_request *request = conn->request;

    server->stats.requests_total++;
    request->rest = request->head.line;
    if (!request->head.is_chunked && request->head.content_length > server->limits.body_bytes_max) {
        conn_refuse(conn, HTTP_FAULT_BODY_LARGE);
        return true;
    }
    if (request->head.is_chunked && request->capacity - request->rest < HTTP_CHUNK_WINDOW_BYTES &&
        !http_request_grow(request, request->rest + HTTP_CHUNK_WINDOW_BYTES)) {
        conn_refuse(conn, HTTP_FAULT_NO_MEMORY);
        return true;
    }
    request->body_kind = body_kind_of(request);
    if (!decide(conn))
        return true;
    request->is_announced = true;
    return begin_body(conn);
}

/* A full buffer and no head yet. The parser refuses at head_bytes_max at the latest. */
static bool grow_head(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t capacity = request->capacity * 2;

    if (request->len < request->capacity)
        return true;
    if (capacity > conn->server->limits.head_bytes_max)
        capacity = conn->server->limits.head_bytes_max;
    if (http_request_grow(request, capacity))
        return true;
    conn_refuse(conn, HTTP_FAULT_NO_MEMORY);
    return false;
}

static bool read_head(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t got = 0;

    if (!grow_head(conn))
        return true;
    enum arrival arrival =
        receive(conn, request->bytes + request->len, request->capacity - request->len, &got);
    if (arrival == ARRIVAL_END) {
        conn_close(conn);
        return false;
    }
    if (arrival == ARRIVAL_NONE) {
        if (request->len == 0)
            http_request_end(conn); /* who waits in silence holds no buffer */
        return false;
    }
    if (conn->state == CONN_IDLE)
        conn_set_state(conn, CONN_HEAD);
    request->len += got;
    return true;
}

bool conn_receive_head(struct conn *conn)
{
    struct http_request *request = conn->request;

    if (request == NULL && conn->is_drained)
        return false;
    if (request == NULL)
        request = conn->request = http_request_take(conn->server, conn);
    if (request == NULL) {
        conn_close(conn);
        return false;
    }

    enum http_head_status status =
        http_head_parse(&request->head, &conn->server->rules, request->bytes, request->len);
    if (status == HTTP_HEAD_MORE)
        return read_head(conn);
    if (status == HTTP_HEAD_DONE)
        return take_head(conn);
    conn_refuse(conn, request->head.fault);
    return true;
}

/* ---- the body ---- */

/* Reads on, unless the client is gone. */
static bool read_more(struct conn *conn, char *to, size_t room, size_t *len)
{
    size_t got = 0;
    enum arrival arrival = receive(conn, to, room, &got);

    if (arrival == ARRIVAL_END)
        conn_close(conn);
    if (arrival != ARRIVAL_BYTES)
        return false;
    *len += got;
    return true;
}

static bool receive_in_place(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t length = (size_t)request->head.content_length;
    size_t there = request->len - request->head.line;
    size_t whole = there < length ? there : length;

    if (whole > request->body_len) {
        const char *run = request->body + request->body_len;
        size_t run_len = whole - request->body_len;
        request->body_len = whole;
        tell_service(conn, run, run_len);
    }
    request->rest = request->head.line + request->body_len;
    if (request->body_len == length)
        return hand_over(conn);
    return read_more(conn, request->bytes + request->len, request->capacity - request->len,
                     &request->len);
}

static bool receive_apart(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t length = (size_t)request->head.content_length;
    size_t early = request->len - request->rest; /* came with the head, all of it body */
    size_t before = request->body_len;

    if (early > 0) {
        memcpy(request->body, request->bytes + request->rest, early);
        request->rest = request->len;
        request->body_len = early;
    } else if (!read_more(conn, request->body + before, length - before, &request->body_len)) {
        return false;
    }
    tell_service(conn, request->body + before, request->body_len - before);
    return request->body_len < length || hand_over(conn);
}

/* The body outgrows its memory. */
static bool outgrow(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t max = conn->server->limits.body_bytes_max;

    if (request->body_len + request->run.len > max) {
        conn_refuse(conn, HTTP_FAULT_BODY_LARGE);
        return true;
    }
    return claim_room(conn, HTTP_CLAIM_LARGE, max);
}

static bool place_run(struct conn *conn)
{
    struct http_request *request = conn->request;
    struct http_run run = request->run;

    if (request->body_len + run.len > request->body_capacity ||
        request->body_len + run.len > conn->server->limits.body_bytes_max)
        return outgrow(conn);
    request->run = (struct http_run){0};
    memcpy(request->body + request->body_len, run.bytes, run.len);
    request->body_len += run.len;
    tell_service(conn, request->body + request->body_len - run.len, run.len);
    return true;
}

static bool read_chunks(struct conn *conn)
{
    struct http_request *request = conn->request;

    request->rest = request->len = request->head.line;
    return read_more(conn, request->bytes + request->len, request->capacity - request->len,
                     &request->len);
}

static bool receive_chunked(struct conn *conn)
{
    struct http_request *request = conn->request;
    size_t used = 0;

    if (request->run.len > 0)
        return place_run(conn);
    if (request->rest == request->len)
        return read_chunks(conn);

    enum http_chunked_status status =
        http_chunked_next(&request->chunked, request->bytes + request->rest,
                          request->len - request->rest, &used, &request->run);
    request->rest += used;
    if (status == HTTP_CHUNKED_WHOLE)
        return hand_over(conn);
    if (status == HTTP_CHUNKED_REFUSED)
        conn_refuse(conn, request->chunked.fault);
    return true;
}

bool conn_receive_body(struct conn *conn)
{
    static bool (*const receive_kind[])(struct conn *) = {
        [HTTP_BODY_IN_PLACE] = receive_in_place,
        [HTTP_BODY_APART] = receive_apart,
        [HTTP_BODY_CHUNKED] = receive_chunked,
    };

    return receive_kind[conn->request->body_kind](conn);
}
