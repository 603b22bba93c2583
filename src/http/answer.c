/* Answers: the service's and the server's own, and what follows them on the connection. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "response_int.h"
#include "server_int.h"

/* Answers up to this size, the usual ones, are put together on the stack. */
#define SMALL_ANSWER_BYTES 4096

#define REFUSAL_BYTES 1024

/* How much a refused client may go on sending, and how often we look in one turn. The largest
 * body anyone means to send fits; the time is bounded by the sweep. */
#define LINGER_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define DISCARD_BYTES    16384
#define DISCARDS_MAX     64

/* ---- after an answer ---- */

static void after_answer(struct conn *conn)
{
    if (conn->close_after || conn->server->is_draining)
        conn_set_state(conn, conn->linger_after ? CONN_LINGER : CONN_CLOSED);
    else
        conn_set_state(conn, conn->request != NULL ? CONN_HEAD : CONN_IDLE);
}

/* Past TLS: what nobody reads need not be decrypted. Returns what recv() does. */
static ssize_t discard(int fd)
{
    char discarded[DISCARD_BYTES];

    return recv(fd, discarded, sizeof(discarded), MSG_DONTWAIT);
}

bool conn_discard(struct conn *conn)
{
    for (int i = 0; i < DISCARDS_MAX; i++) {
        ssize_t got = discard(conn->stream.fd);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        conn->state_bytes += got > 0 ? (size_t)got : 0;
        if (got <= 0 || conn->state_bytes > LINGER_BYTES_MAX) {
            conn_close(conn);
            return false;
        }
    }
    return false;
}

/* ---- writing ---- */

bool conn_flush(struct conn *conn)
{
    ssize_t sent = conn->stream.ops->write(conn->stream.self, conn->out + conn->out_sent,
                                           conn->out_len - conn->out_sent);

    if (sent == STREAM_WANT_READ || sent == STREAM_WANT_WRITE) {
        conn->blocked_on = sent;
        return false;
    }
    if (sent <= 0) {
        conn_close(conn);
        return false;
    }
    conn->out_sent += (size_t)sent;
    if (conn->out_sent < conn->out_len)
        return true;
    free(TAKE(conn->out));
    conn->blocked_on = 0;
    after_answer(conn);
    return true;
}

/* What the socket did not take is copied and sent as it takes more. */
static void write_rest_later(struct conn *conn, const char *bytes, size_t len)
{
    conn->out = malloc(len);
    if (conn->out == NULL) {
        conn_set_state(conn, CONN_CLOSED);
        return;
    }
    memcpy(conn->out, bytes, len);
    conn->out_len = len;
    conn->out_sent = 0;
    conn_set_state(conn, CONN_WRITE);
}

/* The request has ended, so nobody has to be told where the client has left meanwhile. */
static void write_answer(struct conn *conn, const char *bytes, size_t len)
{
    ssize_t sent = conn->stream.ops->write(conn->stream.self, bytes, len);

    if (sent == STREAM_CLOSED || sent == STREAM_FAILED) {
        conn_set_state(conn, CONN_CLOSED);
        return;
    }
    conn->blocked_on = sent < 0 ? sent : 0;
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (done == len)
        after_answer(conn);
    else
        write_rest_later(conn, bytes + done, len - done);
}

void conn_answer(struct conn *conn, const struct http_response *response, bool close, bool unread)
{
    const struct http_request *request = conn->request;
    struct http_answer answer = {
        .response = response,
        .close = close,
        .is_head = request != NULL && request->head.is_head_method,
        .is_http_1_0 = request != NULL && request->head.minor_version == 0,
    };
    char small[SMALL_ANSWER_BYTES];
    size_t size = http_answer_size(&answer);
    char *bytes = size <= sizeof(small) ? small : malloc(size);

    conn->close_after = close;
    conn->linger_after = unread;
    if (bytes == NULL) {
        http_request_end(conn);
        conn_set_state(conn, CONN_CLOSED);
        return;
    }
    size_t len = http_answer_write(&answer, bytes);
    http_request_end(conn); /* not before: the answer may quote the request */
    write_answer(conn, bytes, len);
    if (bytes != small)
        free(bytes);
}

bool conn_send_continue(struct conn *conn)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    ssize_t sent = conn->stream.ops->write(conn->stream.self, interim, sizeof(interim) - 1);

    /* Who has left no room for 25 bytes does not read answers. */
    if (sent != (ssize_t)sizeof(interim) - 1) {
        conn_close(conn);
        return false;
    }
    return true;
}

/* ---- the service answers ---- */

static bool must_close(const struct conn *conn, const struct http_response *response)
{
    const struct http_head *head = &conn->request->head;

    return response->close || (response->status >= 400 && response->status < 500) ||
           head->wants_close || (head->minor_version == 0 && !head->wants_keep_alive) ||
           conn->server->is_draining;
}

void http_reply(struct http_request *request, const struct http_response *response)
{
    struct conn *conn = request->conn;

    if (conn->server == NULL) {
        if (request->body_kind != HTTP_BODY_IN_PLACE)
            free(request->body);
        http_request_free(request);
        conn_free(conn);
        return;
    }
    assert(conn->is_deciding || conn->state == CONN_ANSWER);
    bool has_unread_body = conn->is_deciding && request->body_kind != HTTP_BODY_NONE;
    bool has_next = request->len > request->rest;
    conn->is_deciding = false;
    conn_answer(conn, response, has_unread_body || must_close(conn, response),
                has_unread_body || has_next);
    if (!conn->is_running && conn->state != CONN_CLOSED)
        conn_rest(conn);
}

/* ---- the server answers ---- */

struct refusal_text {
    struct http_response response;
    char body[REFUSAL_BYTES];
};

static void make_refusal(const struct http_server *server, enum http_fault fault,
                         struct refusal_text *text)
{
    static const char *const retry_later[] = {"Retry-After", "5", NULL};
    const struct http_refusal *refusal = http_refusal_of(fault);
    const char *content_type = "text/plain";

    if (server->service.refusal != NULL)
        server->service.refusal(refusal->status, refusal->reason, refusal->sentence,
                                server->service.self, text->body, sizeof(text->body),
                                &content_type);
    else
        snprintf(text->body, sizeof(text->body), "%s\n", refusal->sentence);
    text->response = (struct http_response){
        .status = refusal->status,
        .content_type = content_type,
        .body = text->body,
        .body_len = strnlen(text->body, sizeof(text->body)),
        .headers = refusal->status == 503 ? retry_later : NULL,
    };
}

void conn_refuse(struct conn *conn, enum http_fault fault)
{
    const struct http_service *service = &conn->server->service;
    struct http_request *request = conn->request;
    struct log_ctx ctx = {.peer = http_peer_text(&conn->peer)};
    struct refusal_text text;

    log_debug(&ctx, "http.refused", "%s: %s", conn->server->log_name,
              http_refusal_of(fault)->sentence);
    conn->server->stats.refused_total++;
    if (request != NULL && request->is_announced) {
        request->is_announced = false;
        if (service->on_gone != NULL)
            service->on_gone(request, service->self);
    }
    make_refusal(conn->server, fault, &text);
    conn_answer(conn, &text.response, true, true);
}

void http_turn_away(struct http_server *server, const struct stream *stream)
{
    struct refusal_text text;
    struct http_answer answer = {.response = &text.response, .close = true};
    char bytes[SMALL_ANSWER_BYTES];

    make_refusal(server, HTTP_FAULT_CONNECTIONS, &text);
    if (http_answer_size(&answer) <= sizeof(bytes)) {
        size_t len = http_answer_write(&answer, bytes);
        (void)stream->ops->write(stream->self, bytes, len); /* a courtesy: it may fail */
    }
    server->stats.refused_total++;
    /* It cannot stay until the client has read that, but a request that is here already must not
     * turn the end into a reset, which would take the answer away. */
    stream->ops->end(stream->self);
    for (int i = 0; i < DISCARDS_MAX && discard(stream->fd) > 0; i++)
        continue;
    stream->ops->free(stream->self);
}
