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
#include "store/people.h"
#include "store/promotions.h"
#include "store/store.h"

#define ADMIN_ANSWER_BYTES_MAX (8U << 20)
#define ADMIN_ROWS_DEFAULT     50
#define ADMIN_ROWS_MAX         500
#define ADMIN_NAME_SIZE        300
#define ADMIN_ORDERS_MAX       1024 /* with the engine at one time */
#define ADMIN_TOKEN_SIZE       80   /* "envf_" and 64 digits, with the NUL */

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
    const char *operand;      /* what stood in place of the route's '*'; "" for none */
    const char *allow;        /* of a path that does not take the method: those it takes */
    struct buf body;          /* the answer being written */
    unsigned scopes;          /* what the caller may do */
    struct store_actor actor; /* in whose name; id 0: nobody's */
};

typedef void route_fn(struct call *call);

struct route {
    const char *method;
    const char *path; /* one segment may be '*' */
    route_fn *run;
    unsigned scope;         /* what it needs; 0: it is open to all */
    const char *parameters; /* of the query, parted by spaces; NULL: none */
};

extern const struct route admin_health_routes[];
extern const size_t admin_health_routes_count;
extern const struct route admin_api_routes[];
extern const size_t admin_api_routes_count;

/* Give the answer in call->body, or 503 when it grew too large. Once per call. */
void admin_answer(struct call *call, int status);
void admin_answer_as(struct call *call, int status, const char *content_type);
/* {"error":{"code","sentence","hint"}}; hint may be NULL. */
void admin_refuse(struct call *call, int status, const char *code, const char *hint,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);
/* An error of the store or the engine, with the status its code stands for. */
void admin_fail(struct call *call, const struct err *err);

/* Every parameter is one the route takes, given once, well encoded and shorter than
 * ADMIN_NAME_SIZE: what is passed over would list everything. False: refused, the call has ended.
 */
bool admin_check_query(struct call *call, const struct route *route);
/* A decoded query parameter; false when it is absent, or does not fit. */
bool admin_query(const struct call *call, const char *name, char *value, size_t size);

/* value when the parameter was given, else NULL: the form that filters take. */
const char *admin_filter(const struct call *call, const char *name, char value[ADMIN_NAME_SIZE]);
/* The page size, a number (untouched when it was not given). False: refused, the call has ended. */
bool admin_read_limit(struct call *call, unsigned *ret_limit);
bool admin_read_number(struct call *call, const char *name, uint64_t *ret_number);

/* ---- who ---- */

/* Fills call->scopes and call->actor. Errors: ERR_AUTH, ERR_PARSE, ERR_NOT_FOUND, the store's. */
MUST_CHECK bool admin_identify(struct call *call, struct err *err);
/* "octocat#583231", or a login whose id is known. Errors: ERR_PARSE, ERR_NOT_FOUND saying how. */
MUST_CHECK bool admin_parse_person(struct call *call, const char *text,
                                   struct store_actor *ret_actor, struct err *err);
/* "read,approve". Errors: ERR_PARSE. */
MUST_CHECK bool admin_parse_scopes(const char *text, unsigned *ret_scopes, struct err *err);

/* ---- bodies ---- */

enum body_type { BODY_TEXT, BODY_FLAG, BODY_LIST };

/* One key of a request's body and where its value goes: text of size bytes with the NUL, a bool, or
 * a list of words joined by commas into text. */
struct body_field {
    const char *name;
    enum body_type type;
    bool is_needed; /* text only: neither missing nor "" */
    void *to;
    size_t size;
};

#define BODY_FIELD(name, array)                                                                    \
    {                                                                                              \
        (name), BODY_TEXT, false, (array), sizeof(array)                                           \
    }
#define BODY_FIELD_NEEDED(name, array)                                                             \
    {                                                                                              \
        (name), BODY_TEXT, true, (array), sizeof(array)                                            \
    }

/* Errors: ERR_PARSE naming the field. An empty body has no fields. What to points at is "" before.
 */
MUST_CHECK bool admin_read_body(struct call *call, const struct body_field *fields, size_t count,
                                struct err *err);

/* ---- orders to the engine ---- */

/* Writes the answer to an order that was carried out and not refused. */
typedef void order_answer_fn(struct call *call, const struct engine_request *request);

/* A new order in the caller's name; NULL: answered. Then submit it, and the call ends when the
 * engine has answered; or drop it after the call was answered otherwise. */
struct engine_request *admin_new_order(struct call *call, enum engine_order kind,
                                       order_answer_fn *answer);
void admin_submit(struct call *call, struct engine_request *request);
void admin_drop_order(struct engine_request *request);
void admin_refuse_order(struct call *call, const struct engine_request *request);
void admin_collect_answers(void *arg);

/* ---- views ---- */

void admin_write_outcome(struct jsonw *w, const struct reason *outcome); /* a member "outcome" */
void admin_write_promotion(struct jsonw *w, const struct store_promotion *promotion);
/* With votes, checks and why; outcome may be NULL. */
MUST_CHECK bool admin_write_promotion_of(struct call *call, struct jsonw *w, const char *id,
                                         const struct reason *outcome, struct err *err);
MUST_CHECK bool admin_write_open_promotions(struct call *call, struct jsonw *w, struct err *err);
MUST_CHECK bool admin_write_freezes(struct call *call, struct jsonw *w, const char *key,
                                    struct err *err);
MUST_CHECK bool admin_write_lane(struct call *call, struct jsonw *w, const char *key,
                                 const struct store_lane *lane, struct err *err);
void admin_write_token_fields(struct jsonw *w, const struct store_token *token);

/* One JSON object each. */
void admin_write_delivery(struct jsonw *w, const char *key, const struct store_delivery *delivery,
                          uint64_t first_kept);
void admin_write_deployment(struct jsonw *w, const char *key,
                            const struct store_deployment *deployment);
/* The same with what its command printed. */
void admin_write_deployment_with_output(struct jsonw *w, const struct store_deployment *deployment,
                                        const struct buf *output);
/* Whether and why not the process is ready; returns ready. */
bool admin_write_readiness(struct admin *admin, struct jsonw *w);

/* ---- routes ---- */

/* Have a delivery handled again; the call ends when the engine has answered. */
void admin_post_replay(struct call *call, uint64_t sequence, order_answer_fn *answer);

route_fn admin_get_promotions, admin_get_promotion, admin_get_releases, admin_get_freezes;
route_fn admin_get_why, admin_get_audit, admin_get_export, admin_get_prove, admin_get_tokens;
route_fn admin_post_promotion, admin_post_approve, admin_post_reject, admin_post_withdraw;
route_fn admin_post_cancel, admin_post_freeze, admin_post_thaw, admin_post_pin, admin_post_unpin;
route_fn admin_post_token, admin_post_revoke;

#endif
