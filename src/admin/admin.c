#include "admin_int.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "net/address.h"
#include "net/loop.h"

#define ADMIN_BODY_BYTES_MAX  (64 * KIB)
#define ADMIN_CONNECTIONS_MAX 256

/* ---- answers ---- */

void admin_answer(struct call *call, int status)
{
    admin_answer_as(call, status, "application/json");
}

void admin_answer_as(struct call *call, int status, const char *content_type)
{
    struct buf *body = &call->body;
    const char *const allow[] = {"Allow", call->allow, NULL};
    static const char *const authenticate[] = {"WWW-Authenticate", "Bearer", NULL};

    if (body->failed) {
        buf_clear(body);
        admin_refuse(call, 503, "answer_too_large", "ask for fewer rows",
                     "the answer would be larger than %u bytes", ADMIN_ANSWER_BYTES_MAX);
        return;
    }
    http_reply(call->request, &(struct http_response){
                                  .status = status,
                                  .content_type = content_type,
                                  .body = body->data,
                                  .body_len = body->len,
                                  .headers = status == 401   ? authenticate
                                             : status == 405 ? allow
                                                             : NULL,
                              });
}

static void write_error(struct buf *body, const char *code, const char *sentence, const char *hint)
{
    struct jsonw w = JSONW_INIT(body);

    jsonw_open_object(&w, NULL);
    jsonw_open_object(&w, "error");
    jsonw_text(&w, "code", code);
    jsonw_text(&w, "sentence", sentence);
    jsonw_text(&w, "hint", hint);
    jsonw_close_object(&w);
    jsonw_close_object(&w);
    buf_putc(body, '\n');
}

void admin_refuse(struct call *call, int status, const char *code, const char *hint,
                  const char *fmt, ...)
{
    char sentence[REASON_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);
    buf_clear(&call->body);
    write_error(&call->body, code, sentence, hint);
    admin_answer(call, status);
}

void admin_fail(struct call *call, const struct err *err)
{
    static const struct {
        int status;
        const char *code;
    } by_error[ERR_CODE_COUNT] = {
        [ERR_NOMEM] = {503, "no_memory"},       [ERR_IO] = {500, "io"},
        [ERR_NO_SPACE] = {503, "disk_full"},    [ERR_CORRUPT] = {500, "corrupt"},
        [ERR_PARSE] = {400, "malformed"},       [ERR_AUTH] = {401, "not_allowed"},
        [ERR_LIMIT] = {503, "limit"},           [ERR_CONFIG] = {500, "configuration"},
        [ERR_NOT_FOUND] = {404, "not_found"},   [ERR_CONFLICT] = {409, "conflict"},
        [ERR_TIMEOUT] = {504, "timed_out"},     [ERR_UNREACHABLE] = {503, "unreachable"},
        [ERR_REMOTE] = {502, "remote_refused"},
    };

    admin_refuse(call, by_error[err->code].status, by_error[err->code].code, NULL, "%s", err->text);
}

/* ---- routes ---- */

/* True when path has the form of pattern; what stood for '*' goes to operand. */
static bool path_matches(const char *pattern, const char *path, char *operand, size_t size)
{
    const char *star = strchr(pattern, '*');

    operand[0] = '\0';
    if (star == NULL)
        return strcmp(pattern, path) == 0;

    size_t head = (size_t)(star - pattern);
    if (strncmp(pattern, path, head) != 0)
        return false;
    size_t len = strcspn(path + head, "/");
    if (len == 0 || len >= size || strcmp(star + 1, path + head + len) != 0)
        return false;
    memcpy(operand, path + head, len);
    operand[len] = '\0';
    return true;
}

struct match {
    const struct route *route;
    char allow[32]; /* "GET, POST": methods of this path; "" where nothing is */
    char operand[128];
};

static void look_in(const struct route *routes, size_t count, const char *method, const char *path,
                    struct match *match)
{
    for (size_t i = 0; i < count && match->route == NULL; i++) {
        char operand[sizeof(match->operand)];
        if (!path_matches(routes[i].path, path, operand, sizeof(operand)))
            continue;
        size_t used = strlen(match->allow);
        snprintf(match->allow + used, sizeof(match->allow) - used, "%s%s", used > 0 ? ", " : "",
                 routes[i].method);
        if (strcmp(routes[i].method, method) != 0)
            continue;
        match->route = &routes[i];
        memcpy(match->operand, operand, sizeof(operand));
    }
}

static void refuse_stranger(struct call *call, const struct err *err)
{
    if (err->code == ERR_AUTH)
        admin_refuse(call, 401, "not_allowed",
                     "connect over the unix socket of server.admin as envflow's user or root, "
                     "or send a token: envflow token create",
                     "%s", err->text);
    else if (err->code == ERR_NOT_FOUND)
        admin_refuse(call, 403, reason_name(REASON_PERSON_UNKNOWN), NULL, "%s", err->text);
    else
        admin_fail(call, err);
}

/* False: refused, the call has ended. */
static bool is_permitted(struct call *call, const struct route *route)
{
    struct err err;

    if (route->scope == 0)
        return true;
    if (!admin_identify(call, &err)) {
        refuse_stranger(call, &err);
        return false;
    }
    if ((call->scopes & route->scope) != 0)
        return true;
    admin_refuse(call, 403, "scope", "envflow token create --scope says what a token may do",
                 "this token may not do that");
    return false;
}

static void on_request(struct http_request *request, void *self)
{
    struct call call = {
        .admin = self, .request = request, .body = BUF_INIT(ADMIN_ANSWER_BYTES_MAX)};
    struct match match = {0};
    const char *method = http_request_method(request);
    const char *path = http_request_path(request);

    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    look_in(admin_health_routes, admin_health_routes_count, method, path, &match);
    look_in(admin_api_routes, admin_api_routes_count, method, path, &match);
    call.operand = match.operand;
    call.allow = match.allow;
    if (match.route == NULL && match.allow[0] != '\0')
        admin_refuse(&call, 405, "method_not_allowed", match.allow, "%s does not take %s", path,
                     method);
    else if (match.route == NULL)
        admin_refuse(&call, 404, "no_such_path", "the API is under /api/v1", "nothing is at %.200s",
                     path);
    else if (is_permitted(&call, match.route) && admin_check_query(&call, match.route))
        match.route->run(&call);
    buf_done(&call.body);
}

/* ---- life ---- */

static bool on_head(struct http_request *request, void *self)
{
    (void)request;
    (void)self;
    return true;
}

/* Bodies are small and dropped: nothing to forget. */
static void on_gone(struct http_request *request, void *self)
{
    (void)request;
    (void)self;
}

static void write_refusal(int status, const char *reason, const char *sentence, void *self,
                          char *body, size_t body_size, const char **ret_content_type)
{
    AUTO(buf) struct buf text = BUF_INIT(body_size);

    (void)status;
    (void)self;
    write_error(&text, reason, sentence, NULL);
    snprintf(body, body_size, "%s", buf_text(&text));
    *ret_content_type = "application/json";
}

static bool listen_everywhere(struct admin *admin, struct err *err)
{
    const char *const *texts = admin->options.cfg->admin_listeners;

    for (size_t i = 0; texts[i] != NULL; i++) {
        struct address address;
        if (!address_parse(texts[i], &address, err) ||
            !http_server_listen(admin->server, &address, NULL, err))
            return err_wrap(err, "server.admin");
        log_info(NULL, "admin.listening", "health and API on %s", texts[i]);
    }
    return true;
}

static void dismantle(struct admin *admin)
{
    http_server_free(admin->server);
    wakeup_free(admin->answers);
    loop_free(admin->loop);
    store_close(admin->store);
    pthread_mutex_destroy(&admin->lock);
    free(admin);
}

static void *run(void *arg)
{
    struct admin *admin = arg;

    pthread_setname_np(pthread_self(), "admin");
    loop_run(admin->loop);
    return NULL;
}

/* Who acts must not depend on which of two headers one reads. */
static const char *const single_headers[] = {"x-envflow-as", NULL};

static void assemble(struct admin *admin)
{
    struct http_limits limits = http_limits_default;

    limits.body_bytes_max = ADMIN_BODY_BYTES_MAX;
    limits.bodies_in_flight_max = ADMIN_CONNECTIONS_MAX * ADMIN_BODY_BYTES_MAX;
    limits.connections_max = ADMIN_CONNECTIONS_MAX;
    limits.connections_per_address_max = ADMIN_CONNECTIONS_MAX;
    admin->service = (struct http_service){
        .on_head = on_head,
        .on_request = on_request,
        .on_gone = on_gone,
        .refusal = write_refusal,
        .single_headers = single_headers,
        .self = admin,
    };
    admin->loop = loop_new();
    admin->answers = wakeup_new(admin->loop, admin_collect_answers, admin);
    admin->server = http_server_new(admin->loop, "admin", &limits, &admin->service);
}

bool admin_start(const struct admin_options *options, struct admin **ret_admin, struct err *err)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    char path[PATH_MAX];

    assert(admin != NULL);
    admin->options = *options;
    pthread_mutex_init(&admin->lock, NULL);
    assemble(admin);
    engine_database_path(options->cfg->store_dir, path, sizeof(path));
    if (!store_open_reader(path, &admin->store, err) || !listen_everywhere(admin, err)) {
        dismantle(admin);
        return err_wrap(err, "admin port");
    }
    int rc = pthread_create(&admin->thread, NULL, run, admin);
    assert(rc == 0);
    *ret_admin = admin;
    return true;
}

/* The engine still runs: what waits with it is answered before the port goes. */
void admin_stop(struct admin *admin)
{
    if (admin == NULL)
        return;
    loop_stop(admin->loop);
    pthread_join(admin->thread, NULL);
    while (admin->waiting > 0)
        admin_collect_answers(admin);
    dismantle(admin);
}

void admin_set_stopping(struct admin *admin)
{
    atomic_store(&admin->stopping, true);
}
