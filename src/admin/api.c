/* /api/v1: what an operator can see and ask for. Shapes: docs/API.md. */
#include "admin_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

#define NAME_SIZE 300

/* A decimal number of at most 18 digits; false for anything else. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *ret_number = strtoull(text, NULL, 10);
    return true;
}

/* The page size asked for. False: refused, the call has ended. */
static bool read_limit(struct call *call, unsigned *ret_limit)
{
    char text[24];
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

/* value when the parameter was given, else NULL: the form filters take. */
static const char *filter_text(const struct call *call, const char *name, char value[NAME_SIZE])
{
    return admin_query(call, name, value, NAME_SIZE) ? value : NULL;
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
static bool read_verdict(struct call *call, char name[NAME_SIZE], const char **ret_verdict)
{
    *ret_verdict = filter_text(call, "verdict", name);
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
    char guid[NAME_SIZE];
    char event[NAME_SIZE];
    char verdict[NAME_SIZE];
    char repository[NAME_SIZE];
    char before[24];
    struct store_delivery_filter filter = {
        .guid = filter_text(call, "guid", guid),
        .event = filter_text(call, "event", event),
        .repository = filter_text(call, "repository", repository),
    };
    struct listing listing = {.w = JSONW_INIT(&call->body), .first_kept = first_kept(call)};
    struct err err;

    if (admin_query(call, "before", before, sizeof(before)) &&
        !parse_number(before, &filter.before)) {
        admin_refuse(call, 400, "before", NULL, "before must be a delivery's number");
        return;
    }
    if (!read_verdict(call, verdict, &filter.verdict) || !read_limit(call, &listing.room))
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

/* Of several the one that is no duplicate: that is the one with consequences. */
static void replay_found(struct call *call, const struct found *found)
{
    size_t chosen = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].verdict != VERDICT_DUPLICATE)
            chosen = i;
    }
    admin_replay(call, found->items[chosen].sequence);
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
    char name[NAME_SIZE];

    *ret_state = -1;
    if (!admin_query(call, "state", name, sizeof(name)))
        return true;
    for (int state = 0; state < DEPLOYMENT_STATE_COUNT; state++) {
        if (strcmp(deployment_state_name((enum deployment_state)state), name) == 0) {
            *ret_state = state;
            return true;
        }
    }
    admin_refuse(call, 400, "state", "queued, running, succeeded, failed, unknown, superseded",
                 "there is no deployment state '%.40s'", name);
    return false;
}

static void get_deployments(struct call *call)
{
    char repository[NAME_SIZE];
    char environment[NAME_SIZE];
    char before[NAME_SIZE];
    struct store_deployment_filter filter = {
        .repository = filter_text(call, "repository", repository),
        .environment = filter_text(call, "environment", environment),
        .before = filter_text(call, "before", before),
    };
    struct listing listing = {.w = JSONW_INIT(&call->body)};
    struct err err;

    if (!read_state(call, &filter.state) || !read_limit(call, &listing.room))
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

static bool write_lane(struct call *call, struct jsonw *w, const struct store_lane *lane,
                       struct err *err)
{
    jsonw_open_object(w, NULL);
    jsonw_text(w, "repository", lane->repository);
    jsonw_text(w, "environment", lane->environment);
    jsonw_text(w, "state", lane->state.stage == LANE_IDLE ? "idle" : "deploying");
    jsonw_int(w, "queued", lane->state.queued_count);
    if (lane->holds.hex[0] != '\0') {
        jsonw_open_object(w, "holds");
        jsonw_text(w, "sha", lane->holds.hex);
        jsonw_text(w, "deployment", lane->holds_deployment.text);
        jsonw_time(w, "since", lane->holds_since_ms);
        jsonw_close_object(w);
    } else {
        jsonw_null(w, "holds");
    }
    if (!write_lane_deployments(call, w, lane, err))
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
        ok = write_lane(call, w, &list->lanes[i], err);
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
    if (!write_lanes(call, &w, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_object(&w);
    admin_answer(call, 200);
}

const struct route admin_api_routes[] = {
    {"GET", "/api/v1/status", get_status, false},
    {"GET", "/api/v1/deliveries", get_deliveries, false},
    {"GET", "/api/v1/deliveries/*", get_delivery, false},
    {"POST", "/api/v1/deliveries/*/replay", post_replay, false},
    {"GET", "/api/v1/deployments", get_deployments, false},
    {"GET", "/api/v1/deployments/*", get_deployment, false},
};
const size_t admin_api_routes_count = ARRAY_LEN(admin_api_routes);
