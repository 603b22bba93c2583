/* A request's memory, and what the service may ask of it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server_int.h"

/* ---- memory ---- */

static struct http_request *request_new(const struct http_server *server)
{
    struct http_request *request =
        malloc(sizeof(*request) + server->limits.headers_max * sizeof(struct http_field));

    if (request == NULL)
        return NULL;
    request->bytes = malloc(HTTP_BUFFER_BYTES);
    request->capacity = HTTP_BUFFER_BYTES;
    if (request->bytes == NULL) {
        free(request);
        return NULL;
    }
    return request;
}

/* Everything but the buffer begins anew; bytes [0, len) are of the next request. */
static void request_reset(struct http_request *request, struct conn *conn, size_t len)
{
    request->conn = conn;
    request->state = NULL;
    request->len = len;
    request->body_kind = HTTP_BODY_NONE;
    request->is_announced = false;
    request->body = NULL;
    request->body_len = 0;
    request->body_capacity = 0;
    request->rest = 0;
    request->chunked = (struct http_chunked){0};
    request->run = (struct http_run){0};
    request->claim = (struct http_claim){
        .share = conn->address != NULL ? &conn->address->share : NULL,
        .owner = conn,
    };
    http_head_init(&request->head, request->fields);
}

struct http_request *http_request_take(struct http_server *server, struct conn *conn)
{
    struct http_request *request = server->spare_requests;

    if (request != NULL) {
        server->spare_requests = request->next_spare;
        server->spare_requests_count--;
    } else {
        request = request_new(server);
    }
    if (request != NULL)
        request_reset(request, conn, 0);
    return request;
}

void http_request_free(struct http_request *request)
{
    free(request->bytes);
    free(request);
}

static void request_give(struct http_server *server, struct http_request *request)
{
    if (request->capacity != HTTP_BUFFER_BYTES ||
        server->spare_requests_count == HTTP_SPARE_REQUESTS_MAX) {
        http_request_free(request);
        return;
    }
    request->next_spare = server->spare_requests;
    server->spare_requests = request;
    server->spare_requests_count++;
}

void http_request_end(struct conn *conn)
{
    struct http_server *server = conn->server;
    struct http_request *request = conn->request;

    if (request == NULL)
        return;
    if (request->body_kind != HTTP_BODY_IN_PLACE)
        free(request->body);
    if (request->claim.wanted > 0 || request->claim.held[HTTP_POOL_RESERVE] > 0 ||
        request->claim.held[HTTP_POOL_LARGE] > 0) {
        http_budget_release(&server->budget, &request->claim);
        http_server_wake_granted(server);
    }

    size_t next_len = conn->close_after ? 0 : request->len - request->rest;
    if (next_len == 0) {
        conn->request = NULL;
        request_give(server, request);
        return;
    }
    memmove(request->bytes, request->bytes + request->rest, next_len);
    request_reset(request, conn, next_len);
}

bool http_request_grow(struct http_request *request, size_t capacity)
{
    char *bytes = realloc(request->bytes, capacity);

    if (bytes == NULL)
        return false;
    request->bytes = bytes;
    request->capacity = capacity;
    return true;
}

/* ---- what the service may ask ---- */

const char *http_request_method(const struct http_request *request)
{
    return request->bytes + request->head.method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->bytes + request->head.path;
}

const char *http_request_query(const struct http_request *request)
{
    return request->bytes + request->head.query;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return http_head_find(&request->head, request->bytes, name);
}

const char *http_request_peer(const struct http_request *request)
{
    return http_peer_text(&request->conn->peer);
}

int64_t http_request_peer_uid(const struct http_request *request)
{
    return request->conn->peer.uid;
}

int64_t http_request_content_length(const struct http_request *request)
{
    return request->head.is_chunked ? -1 : (int64_t)request->head.content_length;
}

const char *http_request_body(const struct http_request *request, size_t *ret_len)
{
    *ret_len = request->body_len;
    return request->body_len > 0 ? request->body : "";
}

void http_request_set_state(struct http_request *request, void *state)
{
    request->state = state;
}

void *http_request_state(const struct http_request *request)
{
    return request->state;
}
