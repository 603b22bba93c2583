/*
 * One connection: a state, at most one request, and the bytes between them and the wire.
 *
 *            first byte          head whole            body whole         http_reply
 *   IDLE ───────────────► HEAD ─────────────► BODY ──────────────► ANSWER ──────────► IDLE
 *     ▲  (new ones begin) │ ▲                 │  ▲                    │               or HEAD, when
 * the │                   │ │                 ▼  │ room               │               next is here
 *     │                   │ │                 WAIT                    ▼
 *     └───────────────────┴─┴────────────────────────────────────── WRITE   (rest of an answer)
 *   A refusal with bytes of the client's still under way: ... ─► WRITE ─► LINGER ─► CLOSED.
 *
 * conn_set_state() is the only one to write the field. Every state has its list in the server,
 * in order of entry; as a state lasts at most a fixed time, the front of a list is what ends next.
 *
 * One read event per connection, added once and left alone: the usual request costs one recv and
 * one send. While the service works, reading is not switched off but found out to be unwanted, the
 * first time the event fires.
 *
 * Ownership: the server's lists own connections. A closed one is freed at the end of the loop's
 * turn, because a callback that belongs to it may be running.
 */
#ifndef HTTP_CONNECTION_INT_H
#define HTTP_CONNECTION_INT_H

#include <event2/event_struct.h>

#include "budget_int.h"
#include "chunked_int.h"
#include "head_int.h"
#include "http/server.h"
#include "net/tls.h"
#include "peer_int.h"

/* What a request's head, and a body that fits beside it, are received into. Small enough for a
 * thousand connections, large enough for nearly every delivery. */
#define HTTP_BUFFER_BYTES 16384

/* The least room behind a head to receive chunks through. */
#define HTTP_CHUNK_WINDOW_BYTES 4096

enum conn_state {
    CONN_BORN,
    CONN_IDLE,   /* keep-alive, no byte of the next request; holds no buffer */
    CONN_HEAD,   /* until a head is whole; includes the TLS handshake */
    CONN_WAIT,   /* the body waits for room, unread */
    CONN_BODY,   /* receives the body */
    CONN_ANSWER, /* the service has the request */
    CONN_WRITE,  /* an answer did not fit into the socket at once */
    CONN_LINGER, /* discards input, so that the client gets to read the answer */
    CONN_CLOSED, /* waits to be freed */
    CONN_STATE_COUNT
};

enum http_body_kind {
    HTTP_BODY_NONE,
    HTTP_BODY_IN_PLACE, /* behind the head, in the same buffer */
    HTTP_BODY_APART,    /* in memory of its own, of announced size */
    HTTP_BODY_CHUNKED   /* in memory of its own, decoded from the buffer */
};

/* From the first byte of a head until the answer. The buffer is owned; so is the body, unless it
 * lies in place. */
struct http_request {
    struct conn *conn;
    void *state; /* the service's */
    char *bytes;
    size_t len;
    size_t capacity;

    enum http_body_kind body_kind;
    bool is_announced; /* on_head said yes, and neither on_request nor on_gone was called */
    char *body;
    size_t body_len;
    size_t body_capacity;
    size_t rest; /* where bytes begin that are not dealt with: chunks, or the next request */
    struct http_chunked chunked;
    struct http_run run; /* decoded, not yet placed: waits for room */
    struct http_claim claim;

    struct http_request *next_spare;
    struct http_head head;
    struct http_field fields[];
};

struct conn {
    struct http_server *server; /* NULL: the server is gone, only the request is kept */
    struct http_request *request;
    enum conn_state state;
    int64_t since_ms;   /* in this state */
    size_t state_bytes; /* received in this state: body, or discarded */

    struct stream stream;
    struct event event;
    short interest;   /* what event is added for; 0 when it is not */
    bool is_running;  /* conn_run is on the stack */
    bool is_drained;  /* the last read took all there was */
    bool is_deciding; /* on_head is on the stack and has not answered */
    int reads_left;   /* in this turn */
    bool close_after; /* the answer being written */
    bool linger_after;
    ssize_t blocked_on; /* what the stream waits for: STREAM_WANT_READ or STREAM_WANT_WRITE */

    char *out; /* owned; rest of an answer */
    size_t out_len;
    size_t out_sent;

    struct http_peer peer;
    struct http_address *address; /* NULL for exempt peers */
    TAILQ_ENTRY(conn) state_link;
    TAILQ_ENTRY(conn) waiting_link; /* both while evictable */
    TAILQ_ENTRY(conn) waiting_of_address;
};

/* connection.c: life and states */

/* Takes the stream, and is counted already in address (NULL for exempt peers). */
void conn_start(struct http_server *server, const struct stream *stream,
                const struct http_peer *peer, struct http_address *address);
void conn_set_state(struct conn *conn, enum conn_state state);
/* Goes on as far as it gets: after an event, or when something it waited for has come. */
void conn_run(struct conn *conn);
/* Waits for what its state needs; after anything that happened outside of conn_run. */
void conn_rest(struct conn *conn);
/* Ends it here and now. Not while the service has its request. */
void conn_close(struct conn *conn);
/* Ends it because its time in this state is up. */
void conn_expire(struct conn *conn);
/* The server goes away while the service has the request: keep that, and nothing else. */
void conn_orphan(struct conn *conn);
void conn_free(struct conn *conn);

/* receive.c: head and body. Each deals with what is there, or reads once; false when it is the
 * wire's turn. */
bool conn_receive_head(struct conn *conn);
bool conn_receive_body(struct conn *conn);
bool conn_await_room(struct conn *conn);

/* answer.c */

struct http_response;
/* Sends and ends the request. unread: the client may still be sending. */
void conn_answer(struct conn *conn, const struct http_response *response, bool close, bool unread);
/* The server's own answer; tells the service where it has to forget the request. */
void conn_refuse(struct conn *conn, enum http_fault fault);
bool conn_send_continue(struct conn *conn);
bool conn_flush(struct conn *conn);
bool conn_discard(struct conn *conn);
/* 503 to a connection that never becomes one. Frees the stream. */
void http_turn_away(struct http_server *server, const struct stream *stream);

/* request.c */

/* NULL without memory. */
struct http_request *http_request_take(struct http_server *server, struct conn *conn);
/* Frees body and room; keeps the buffer where bytes of a next request are in it. */
void http_request_end(struct conn *conn);
void http_request_free(struct http_request *request);
/* False without memory. Moves the bytes: not after on_head. */
bool http_request_grow(struct http_request *request, size_t capacity);

#endif
