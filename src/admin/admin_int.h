/* What the files of src/admin share: the port's state, routes, and how they answer. */
#ifndef ADMIN_ADMIN_INT_H
#define ADMIN_ADMIN_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/admin.h"
#include "base/buf.h"
#include "base/jsonw.h"
#include "http/server.h"
#include "store/store.h"

#define ADMIN_ANSWER_BYTES_MAX (8U << 20)
#define ADMIN_ROWS_DEFAULT     50
#define ADMIN_ROWS_MAX         500

struct loop;
struct wakeup;

struct admin {
    struct admin_options options;
    pthread_t thread;
    struct loop *loop;
    struct wakeup *answers; /* the engine has answered requests */
    struct http_server *server;
    struct http_service service;
    struct store *store; /* read-only */
    atomic_bool stopping;

    pthread_mutex_t lock; /* answered */
    struct engine_request *answered;
    unsigned waiting; /* requests with the engine */
};

/* One request on its way through a route. */
struct call {
    struct admin *admin;
    struct http_request *request;
    const char *operand; /* what stood in place of the route's '*'; "" for none */
    struct buf body;     /* the answer being written */
};

typedef void route_fn(struct call *call);

struct route {
    const char *method;
    const char *path; /* one segment may be '*' */
    route_fn *run;
    bool open; /* without a permission */
};

extern const struct route admin_health_routes[];
extern const size_t admin_health_routes_count;
extern const struct route admin_api_routes[];
extern const size_t admin_api_routes_count;

/* Give the answer in call->body, or 503 when it grew too large. Once per call. */
void admin_answer(struct call *call, int status);
/* {"error":{"code","sentence","hint"}}; hint may be NULL. */
void admin_refuse(struct call *call, int status, const char *code, const char *hint,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);
/* An error of the store or the engine, with the status its code stands for. */
void admin_fail(struct call *call, const struct err *err);

/* A decoded query parameter; false when it is absent. One that is too long or badly encoded is
 * taken as absent. */
bool admin_query(const struct call *call, const char *name, char *value, size_t size);

/* Views: one JSON object each. */
void admin_write_delivery(struct jsonw *w, const char *key, const struct store_delivery *delivery,
                          uint64_t first_kept);
void admin_write_deployment(struct jsonw *w, const char *key,
                            const struct store_deployment *deployment);
/* The same with what its command printed. */
void admin_write_deployment_with_output(struct jsonw *w, const struct store_deployment *deployment,
                                        const struct buf *output);
/* Whether and why not the process is ready; returns ready. */
bool admin_write_readiness(struct admin *admin, struct jsonw *w);

/* Start having a delivery handled again; the call ends when the engine has answered. */
void admin_replay(struct call *call, uint64_t sequence);
void admin_collect_answers(void *arg);

#endif
