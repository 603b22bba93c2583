/* /api/v1: what an operator can see and ask for. Shapes: docs/API.md. */
#include "admin_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

/* A decimal number of at most 18 digits; false for anything else. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *ret_number = strtoull(text, NULL, 10);
    return true;
}

bool admin_read_limit(struct call *call, unsigned *ret_limit)
{
    char text[ADMIN_NAME_SIZE];
    uint64_t limit = ADMIN_ROWS_DEFAULT;

    if (admin_query(call, "limit", text, sizeof(text)) &&
        (!parse_number(text, &limit) || limit == 0 || limit > ADMIN_ROWS_MAX)) {
        admin_refuse(call, 400, "limit", NULL, "limit must be a number from 1 to %d",
                     ADMIN_ROWS_MAX);
        return false;
    }
    *ret_limit = (unsigned)limit;
    return true;
}

bool admin_read_number(struct call *call, const char *name, uint64_t *ret_number)
{
    char text[ADMIN_NAME_SIZE];

    if (!admin_query(call, name, text, sizeof(text)) || parse_number(text, ret_number))
        return true;
    admin_refuse(call, 400, name, NULL, "%s must be a number", name);
    return false;
}

const char *admin_filter(const struct call *call, const char *name, char value[ADMIN_NAME_SIZE])
{
    return admin_query(call, name, value, ADMIN_NAME_SIZE) ? value : NULL;
}

/* ---- deliveries ---- */

/* A listing being written. One row more than asked for tells that there is a next page. */
struct listing {
    struct jsonw w;
    unsigned room;
    uint64_t first_kept;
    uint64_t last_sequence;
    struct id last_id;
    bool more;
};

static bool add_delivery(const struct store_delivery *delivery, void *arg)
{
    struct listing *listing = arg;

    if (listing->room == 0) {
        listing->more = true;
        return false;
    }
    listing->room--;
    listing->last_sequence = delivery->sequence;
    admin_write_delivery(&listing->w, NULL, delivery, listing->first_kept);
    return true;
}

static uint64_t first_kept(const struct call *call)
{
    struct journal_stats stats;

    journal_stats(call->admin->options.journal, &stats);
    return stats.first_sequence;
}

/* A verdict that does not exist would list nothing, as if there were nothing. False: refused, the
 * call has ended. */
static bool read_verdict(struct call *call, char name[ADMIN_NAME_SIZE], const char **ret_verdict)
{
    *ret_verdict = admin_filter(call, "verdict", name);
    if (*ret_verdict == NULL)
        return true;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (strcmp(verdict_name((enum verdict)verdict), name) == 0)
            return true;
    }
    admin_refuse(call, 400, "verdict", "acted, recorded, ignored, duplicate, quarantined",
                 "there is no verdict '%.40s'", name);
    return false;
}

static void get_deliveries(struct call *call)
{
    char guid[ADMIN_NAME_SIZE];
    char event[ADMIN_NAME_SIZE];
    char verdict[ADMIN_NAME_SIZE];
    char repository[ADMIN_NAME_SIZE];
    struct store_delivery_filter filter = {
        .guid = admin_filter(call, "guid", guid),
        .event = admin_filter(call, "event", event),
        .repository = admin_filter(call, "repository", repository),
    };
    struct listing listing = {.w = JSONW_INIT(&call->body), .first_kept = first_kept(call)};
    struct err err;

    if (!admin_read_number(call, "before", &filter.before) ||
        !read_verdict(call, verdict, &filter.verdict) || !admin_read_limit(call, &listing.room))
        return;
    filter.limit = listing.room + 1;
    jsonw_open_object(&listing.w, NULL);
    jsonw_open_array(&listing.w, "items");
    if (!store_deliveries(call->admin->store, &filter, add_delivery, &listing, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&listing.w);
    if (listing.more)
        jsonw_int(&listing.w, "next", (int64_t)listing.last_sequence);
    else
        jsonw_null(&listing.w, "next");
    jsonw_close_object(&listing.w);
    admin_answer(call, 200);
}

/* All deliveries that one name stands for: a GUID (several hooks may share it, and GitHub repeats
 * it), or a number. Newest first, as the store lists them. */
struct found {
    struct store_delivery *items;
    size_t count;
};

#define FOUND_MAX 100

static bool keep_found(const struct store_delivery *delivery, void *arg)
{
    struct found *found = arg;

    found->items[found->count++] = *delivery;
    return found->count < FOUND_MAX;
}

static bool find_deliveries(struct call *call, struct found *found, struct err *err)
{
    uint64_t sequence = 0;

    if (parse_number(call->operand, &sequence)) {
        found->count = 1;
        return store_delivery_get(call->admin->store, sequence, found->items, err);
    }
    struct store_delivery_filter filter = {.guid = call->operand, .limit = FOUND_MAX};
    if (!store_deliveries(call->admin->store, &filter, keep_found, found, err))
        return false;
    return found->count > 0 ||
           err_set(err, ERR_NOT_FOUND, "no delivery '%.64s' was handled here", call->operand);
}

static void write_found(struct call *call, const struct found *found)
{
    struct jsonw w = JSONW_INIT(&call->body);
    uint64_t kept = first_kept(call);

    jsonw_open_object(&w, NULL);
    jsonw_open_array(&w, "items");
    for (size_t i = found->count; i > 0; i--)
        admin_write_delivery(&w, NULL, &found->items[i - 1], kept);
    jsonw_close_array(&w);
    jsonw_close_object(&w);
}

/* Find what the operand names and go on with it; refuses what is not there. */
static void with_found(struct call *call, void (*then)(struct call *, const struct found *))
{
    struct found found = {.items = calloc(FOUND_MAX, sizeof(struct store_delivery))};
    struct err err;

    if (found.items == NULL) {
        err_set(&err, ERR_NOMEM, "no memory for the answer");
        admin_fail(call, &err);
    } else if (!find_deliveries(call, &found, &err)) {
        admin_fail(call, &err);
    } else {
        then(call, &found);
    }
    free(found.items);
}

static void answer_found(struct call *call, const struct found *found)
{
    write_found(call, found);
    admin_answer(call, 200);
}

static void get_delivery(struct call *call)
{
    with_found(call, answer_found);
}

static void answer_replayed(struct call *call, const struct engine_request *request)
{
    struct jsonw w = JSONW_INIT(&call->body);
    struct store_delivery delivery;
    struct err err;

    if (!store_delivery_get(call->admin->store, request->sequence, &delivery, &err)) {
        admin_fail(call, &err);
        return;
    }
    admin_write_delivery(&w, NULL, &delivery, first_kept(call));
    admin_answer(call, 200);
}

/* Of several the one that is no duplicate: that is the one with consequences. */
static void replay_found(struct call *call, const struct found *found)
{
    size_t chosen = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].verdict != VERDICT_DUPLICATE)
            chosen = i;
    }
    admin_post_replay(call, found->items[chosen].sequence, answer_replayed);
}

static void post_replay(struct call *call)
{
    with_found(call, replay_found);
}

/* ---- deployments ---- */

static bool add_deployment(const struct store_deployment *deployment, void *arg)
{
    struct listing *listing = arg;

    if (listing->room == 0) {
        listing->more = true;
        return false;
    }
    listing->room--;
    listing->last_id = deployment->id;
    admin_write_deployment(&listing->w, NULL, deployment);
    return true;
}

/* The number of a state's name, -1 for "any". False: refused, the call has ended. */
static bool read_state(struct call *call, int *ret_state)
{
    char name[ADMIN_NAME_SIZE];

    *ret_state = -1;
    if (!admin_query(call, "state", name, sizeof(name)))
        return true;
    for (int state = 0; state < DEPLOYMENT_STATE_COUNT; state++) {
        if (strcmp(deployment_state_name((enum deployment_state)state), name) == 0) {
            *ret_state = state;
            return true;
        }
    }
    admin_refuse(call, 400, "state",
                 "queued, running, verifying, succeeded, failed, unknown, superseded, withdrawn",
                 "there is no deployment state '%.40s'", name);
    return false;
}

static void get_deployments(struct call *call)
{
    char repository[ADMIN_NAME_SIZE];
    char environment[ADMIN_NAME_SIZE];
    char before[ADMIN_NAME_SIZE];
    struct store_deployment_filter filter = {
        .repository = admin_filter(call, "repository", repository),
        .environment = admin_filter(call, "environment", environment),
        .before = admin_filter(call, "before", before),
    };
    struct listing listing = {.w = JSONW_INIT(&call->body)};
    struct err err;

    if (!read_state(call, &filter.state) || !admin_read_limit(call, &listing.room))
        return;
    filter.limit = listing.room + 1;
    jsonw_open_object(&listing.w, NULL);
    jsonw_open_array(&listing.w, "items");
    if (!store_deployments(call->admin->store, &filter, add_deployment, &listing, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&listing.w);
    jsonw_text(&listing.w, "next", listing.more ? listing.last_id.text : NULL);
    jsonw_close_object(&listing.w);
    admin_answer(call, 200);
}

static void get_deployment(struct call *call)
{
    AUTO(buf) struct buf output = BUF_INIT(ADMIN_ANSWER_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&call->body);
    struct store_deployment deployment;
    struct err err;

    if (!store_deployment_get(call->admin->store, call->operand, &deployment, &err) ||
        !store_output_get(call->admin->store, call->operand, &output, &err)) {
        admin_fail(call, &err);
        return;
    }
    admin_write_deployment_with_output(&w, &deployment, &output);
    admin_answer(call, 200);
}

/* ---- status ---- */

static void write_journal(struct call *call, struct jsonw *w)
{
    struct journal_stats journal;
    struct engine_stats engine;

    journal_stats(call->admin->options.journal, &journal);
    engine_stats(call->admin->options.engine, &engine);
    jsonw_open_object(w, "journal");
    jsonw_int(w, "durable_sequence", (int64_t)journal.durable_sequence);
    jsonw_int(w, "handled_sequence", (int64_t)engine.handled_sequence);
    jsonw_int(w, "backlog_bytes", journal.backlog_bytes);
    jsonw_int(w, "disk_bytes", journal.disk_bytes);
    jsonw_bool(w, "out_of_space", journal.out_of_space);
    jsonw_close_object(w);
}

static void write_counts(struct call *call, struct jsonw *w)
{
    struct ingest_stats ingest;

    ingest_stats(call->admin->options.ingest, &ingest);
    jsonw_open_object(w, "deliveries");
    jsonw_int(w, "accepted", (int64_t)ingest.accepted_total);
    jsonw_int(w, "unsigned", (int64_t)ingest.unsigned_total);
    jsonw_int(w, "malformed", (int64_t)ingest.malformed_total);
    jsonw_int(w, "deferred", (int64_t)ingest.deferred_total);
    jsonw_close_object(w);
}

static bool count_delivery(const struct store_delivery *delivery, void *arg)
{
    (void)delivery;
    ++*(unsigned *)arg;
    return true;
}

/* The lanes, copied out before each is looked into. */
struct lane_list {
    struct store_lane lanes[ADMIN_ROWS_MAX];
    size_t count;
};

static bool keep_lane(const struct store_lane *lane, void *arg)
{
    struct lane_list *list = arg;

    list->lanes[list->count++] = *lane;
    return list->count < ADMIN_ROWS_MAX;
}

static bool take_deployment(const struct store_deployment *deployment, void *arg)
{
    *(struct store_deployment *)arg = *deployment;
    return false;
}

static bool write_lane_deployments(struct call *call, struct jsonw *w,
                                   const struct store_lane *lane, struct err *err)
{
    struct store_deployment_filter newest = {
        .repository_id = lane->repository_id,
        .environment = lane->environment,
        .state = -1,
        .limit = 1,
    };
    struct store_deployment running = {0};
    struct store_deployment last = {0};

    if (lane->state.stage == LANE_DEPLOYING &&
        !store_deployment_get(call->admin->store, lane->state.running.text, &running, err))
        return false;
    if (!store_deployments(call->admin->store, &newest, take_deployment, &last, err))
        return false;
    if (running.id.text[0] != '\0')
        admin_write_deployment(w, "running", &running);
    else
        jsonw_null(w, "running");
    if (last.id.text[0] != '\0')
        admin_write_deployment(w, "last", &last);
    else
        jsonw_null(w, "last");
    return true;
}

static void write_holds(struct jsonw *w, const struct store_lane *lane)
{
    if (lane->holds.hex[0] == '\0') {
        jsonw_null(w, "holds");
        return;
    }
    jsonw_open_object(w, "holds");
    jsonw_text(w, "sha", lane->holds.hex);
    jsonw_text(w, "deployment", lane->holds_deployment.text);
    jsonw_time(w, "since", lane->holds_since_ms);
    jsonw_close_object(w);
}

static void write_pin(struct jsonw *w, const struct store_lane *lane)
{
    if (lane->pinned_ms == 0) {
        jsonw_null(w, "pinned");
        return;
    }
    jsonw_open_object(w, "pinned");
    jsonw_time(w, "since", lane->pinned_ms);
    jsonw_text(w, "by", lane->pin_by);
    jsonw_text(w, "reason", lane->pin_reason);
    jsonw_close_object(w);
}

static bool take_health(const struct store_holding *holding, void *arg)
{
    const char **health = arg;

    if (holding->until_ms == 0)
        *health = holding->is_unhealthy  ? "unhealthy"
                  : holding->is_verified ? "verified"
                                         : "unverified";
    return false;
}

static bool write_health(struct call *call, struct jsonw *w, const struct store_lane *lane,
                         struct err *err)
{
    const char *health = NULL;

    struct store_holding_filter newest = {
        .repository_id = lane->repository_id, .environment = lane->environment, .limit = 1};

    if (!store_holdings(call->admin->store, &newest, take_health, &health, err))
        return false;
    jsonw_text(w, "health", health);
    return true;
}

bool admin_write_lane(struct call *call, struct jsonw *w, const char *key,
                      const struct store_lane *lane, struct err *err)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "repository", lane->repository);
    jsonw_text(w, "environment", lane->environment);
    jsonw_text(w, "state", lane->state.stage == LANE_IDLE ? "idle" : "deploying");
    jsonw_int(w, "queued", lane->state.queued_count);
    write_holds(w, lane);
    write_pin(w, lane);
    if (!write_health(call, w, lane, err) || !write_lane_deployments(call, w, lane, err))
        return false;
    jsonw_close_object(w);
    return true;
}

static bool write_lanes(struct call *call, struct jsonw *w, struct err *err)
{
    struct lane_list *list = calloc(1, sizeof(*list));

    if (list == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the answer");
    bool ok = store_lanes(call->admin->store, keep_lane, list, err);
    jsonw_open_array(w, "lanes");
    for (size_t i = 0; ok && i < list->count; i++)
        ok = admin_write_lane(call, w, NULL, &list->lanes[i], err);
    jsonw_close_array(w);
    free(list);
    return ok;
}

static void get_status(struct call *call)
{
    struct store_delivery_filter quarantined = {.verdict = "quarantined", .limit = 1000};
    struct jsonw w = JSONW_INIT(&call->body);
    unsigned quarantined_count = 0;
    struct err err;

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "version", ENVFLOW_VERSION);
    jsonw_time(&w, "started_at", call->admin->options.started_ms);
    admin_write_readiness(call->admin, &w);
    write_journal(call, &w);
    write_counts(call, &w);
    if (!store_deliveries(call->admin->store, &quarantined, count_delivery, &quarantined_count,
                          &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_int(&w, "quarantined", quarantined_count);
    if (!write_lanes(call, &w, &err) || !admin_write_freezes(call, &w, "frozen", &err) ||
        !admin_write_open_promotions(call, &w, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_object(&w);
    admin_answer(call, 200);
}

const struct route admin_api_routes[] = {
    {"GET", "/api/v1/status", get_status, TOKEN_READ, NULL},
    {"GET", "/api/v1/deliveries", get_deliveries, TOKEN_READ,
     "limit before guid event verdict repository"},
    {"GET", "/api/v1/deliveries/*", get_delivery, TOKEN_READ, NULL},
    {"POST", "/api/v1/deliveries/*/replay", post_replay, TOKEN_ADMIN, NULL},
    {"GET", "/api/v1/deployments", get_deployments, TOKEN_READ,
     "limit before repository environment state"},
    {"GET", "/api/v1/deployments/*", get_deployment, TOKEN_READ, NULL},
    {"GET", "/api/v1/promotions", admin_get_promotions, TOKEN_READ,
     "limit before repository environment state"},
    {"POST", "/api/v1/promotions", admin_post_promotion, TOKEN_PROMOTE, NULL},
    {"GET", "/api/v1/promotions/*", admin_get_promotion, TOKEN_READ, NULL},
    {"POST", "/api/v1/promotions/*/approve", admin_post_approve, TOKEN_APPROVE, NULL},
    {"POST", "/api/v1/promotions/*/reject", admin_post_reject, TOKEN_APPROVE, NULL},
    {"POST", "/api/v1/promotions/*/withdraw", admin_post_withdraw, TOKEN_APPROVE, NULL},
    {"POST", "/api/v1/promotions/*/cancel", admin_post_cancel, TOKEN_PROMOTE, NULL},
    {"GET", "/api/v1/why", admin_get_why, TOKEN_READ, "repository environment"},
    {"GET", "/api/v1/releases", admin_get_releases, TOKEN_READ, "limit before repository"},
    {"GET", "/api/v1/freezes", admin_get_freezes, TOKEN_READ, NULL},
    {"POST", "/api/v1/freezes", admin_post_freeze, TOKEN_ADMIN, NULL},
    {"POST", "/api/v1/freezes/thaw", admin_post_thaw, TOKEN_ADMIN, NULL},
    {"POST", "/api/v1/pins", admin_post_pin, TOKEN_PROMOTE, NULL},
    {"POST", "/api/v1/pins/unpin", admin_post_unpin, TOKEN_PROMOTE, NULL},
    {"GET", "/api/v1/audit", admin_get_audit, TOKEN_READ,
     "limit after before repository environment subject actor event since"},
    {"GET", "/api/v1/audit/export", admin_get_export, TOKEN_READ, "limit after"},
    {"GET", "/api/v1/prove", admin_get_prove, TOKEN_READ, NULL},
    {"GET", "/api/v1/tokens", admin_get_tokens, TOKEN_ADMIN, NULL},
    {"POST", "/api/v1/tokens", admin_post_token, TOKEN_ADMIN, NULL},
    {"POST", "/api/v1/tokens/*/revoke", admin_post_revoke, TOKEN_ADMIN, NULL},
};
const size_t admin_api_routes_count = ARRAY_LEN(admin_api_routes);
