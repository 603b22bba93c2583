/* Deployments, their output, and lanes. */
#include "store_int.h"

#include <assert.h>
#include <string.h>

static enum deployment_state state_of(const char *name)
{
    enum deployment_state state = 0;

    while (state < DEPLOYMENT_STATE_COUNT - 1 && strcmp(deployment_state_name(state), name) != 0)
        state++;
    return state;
}

static bool give_place(struct store *store, struct store_deployment *deployment, struct err *err)
{
    struct query query = query_begin(store, ST_PLACE_NEXT);
    uint64_t place = 0;

    query_bind_int(&query, deployment->repository_id);
    query_bind_text(&query, deployment->environment);
    if (query_step(&query))
        place = (uint64_t)query_take_int(&query);
    if (!query_end(&query, err))
        return false;
    deployment->place = place;
    return true;
}

bool store_deployment_put(struct store *store, struct store_deployment *deployment, struct err *err)
{
    if (deployment->place == 0 && !give_place(store, deployment, err))
        return false;

    struct query query = query_begin(store, ST_DEPLOYMENT_PUT);
    query_bind_text(&query, deployment->id.text);
    query_bind_int(&query, deployment->repository_id);
    query_bind_text(&query, deployment->repository);
    query_bind_text(&query, deployment->environment);
    query_bind_text(&query, deployment->sha.hex);
    query_bind_text(&query, deployment->ref);
    query_bind_text(&query, deployment->title);
    query_bind_text(&query, deployment_state_name(deployment->state));
    query_bind_reason(&query, &deployment->reason);
    query_bind_int(&query, (int64_t)deployment->place);
    query_bind_int(&query, deployment->attempt);
    query_bind_text(&query, deployment->repeats.text);
    query_bind_text(&query, deployment->superseded_by.text);
    query_bind_int(&query, (int64_t)deployment->delivery_sequence);
    query_bind_text(&query, deployment->delivery_guid);
    query_bind_int(&query, deployment->created_ms);
    query_bind_int(&query, deployment->started_ms);
    query_bind_int(&query, deployment->ended_ms);
    query_bind_int(&query, deployment->exit_code);
    query_bind_text(&query, deployment->release);
    query_bind_text(&query, deployment->promotion.text);
    return query_run(&query, err);
}

static void take_deployment(struct query *query, struct store_deployment *deployment)
{
    char state[32];

    query_take_text(query, deployment->id.text, sizeof(deployment->id.text));
    deployment->repository_id = query_take_int(query);
    query_take_text(query, deployment->repository, sizeof(deployment->repository));
    query_take_text(query, deployment->environment, sizeof(deployment->environment));
    query_take_text(query, deployment->sha.hex, sizeof(deployment->sha.hex));
    query_take_text(query, deployment->ref, sizeof(deployment->ref));
    query_take_text(query, deployment->title, sizeof(deployment->title));
    query_take_text(query, state, sizeof(state));
    query_take_reason(query, &deployment->reason);
    deployment->place = (uint64_t)query_take_int(query);
    deployment->attempt = (uint32_t)query_take_int(query);
    query_take_text(query, deployment->repeats.text, sizeof(deployment->repeats.text));
    query_take_text(query, deployment->superseded_by.text, sizeof(deployment->superseded_by.text));
    deployment->delivery_sequence = (uint64_t)query_take_int(query);
    query_take_text(query, deployment->delivery_guid, sizeof(deployment->delivery_guid));
    deployment->created_ms = query_take_int(query);
    deployment->started_ms = query_take_int(query);
    deployment->ended_ms = query_take_int(query);
    deployment->exit_code = (int)query_take_int(query);
    query_take_text(query, deployment->release, sizeof(deployment->release));
    query_take_text(query, deployment->promotion.text, sizeof(deployment->promotion.text));
    deployment->state = state_of(state);
}

bool store_deployment_get(struct store *store, const char *id,
                          struct store_deployment *ret_deployment, struct err *err)
{
    struct query query = query_begin(store, ST_DEPLOYMENT_GET);

    query_bind_text(&query, id);
    bool found = query_step(&query);
    if (found)
        take_deployment(&query, ret_deployment);
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "there is no deployment '%.64s'", id);
}

/* The statement whose index fits. */
static enum statement choose(const struct store_deployment_filter *filter)
{
    if (filter->oldest_first)
        return ST_DEPLOYMENTS_WAITING;
    if (filter->repository_id != 0 && filter->environment != NULL)
        return ST_DEPLOYMENTS_OF_LANE;
    if (filter->state == DEPLOYMENT_VERIFYING)
        return ST_DEPLOYMENTS_VERIFYING;
    return filter->state == DEPLOYMENT_RUNNING ? ST_DEPLOYMENTS_RUNNING : ST_DEPLOYMENTS;
}

bool store_deployments(struct store *store, const struct store_deployment_filter *filter,
                       store_deployment_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, choose(filter));
    struct store_deployment deployment;
    bool go_on = true;

    assert(filter->limit > 0);
    assert(!filter->oldest_first || filter->state == DEPLOYMENT_QUEUED);
    query_bind_text(&query, filter->repository);
    query_bind_text(&query, filter->environment);
    query_bind_int(&query, filter->repository_id);
    query_bind_text(&query, filter->state < 0
                                ? NULL
                                : deployment_state_name((enum deployment_state)filter->state));
    query_bind_text(&query, filter->before);
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_deployment(&query, &deployment);
        go_on = fn(&deployment, arg);
    }
    return query_end(&query, err);
}

/* ---- output ---- */

bool store_output_put(struct store *store, const char *deployment_id, const void *bytes, size_t len,
                      struct err *err)
{
    struct query query = query_begin(store, ST_OUTPUT_PUT);

    query_bind_text(&query, deployment_id);
    query_bind_blob(&query, bytes, len);
    return query_run(&query, err);
}

bool store_output_get(struct store *store, const char *deployment_id, struct buf *out,
                      struct err *err)
{
    struct query query = query_begin(store, ST_OUTPUT_GET);

    query_bind_text(&query, deployment_id);
    if (query_step(&query))
        query_take_blob(&query, out);
    return query_end(&query, err);
}

/* ---- lanes ---- */

static const char *const stage_names[LANE_STAGE_COUNT] = {
    [LANE_IDLE] = "idle",
    [LANE_DEPLOYING] = "deploying",
};

static void take_lane(struct query *query, struct store_lane *lane)
{
    lane->repository_id = query_take_int(query);
    query_take_text(query, lane->repository, sizeof(lane->repository));
    query_take_text(query, lane->environment, sizeof(lane->environment));
    lane->state.stage = (enum lane_stage)query_take_name(query, stage_names, LANE_STAGE_COUNT);
    query_take_text(query, lane->state.running.text, sizeof(lane->state.running.text));
    lane->state.attempt = (uint32_t)query_take_int(query);
    lane->state.queued_count = (uint32_t)query_take_int(query);
    query_take_text(query, lane->holds.hex, sizeof(lane->holds.hex));
    query_take_text(query, lane->holds_deployment.text, sizeof(lane->holds_deployment.text));
    lane->holds_since_ms = query_take_int(query);
    lane->pinned_ms = query_take_int(query);
    query_take_text(query, lane->pin_reason, sizeof(lane->pin_reason));
    query_take_text(query, lane->pin_by, sizeof(lane->pin_by));
}

bool store_lane_get(struct store *store, int64_t repository_id, const char *environment,
                    struct store_lane *ret_lane, struct err *err)
{
    struct query query = query_begin(store, ST_LANE_GET);
    struct store_lane lane = {.repository_id = repository_id};
    size_t len = strlen(environment);

    assert(len < sizeof(lane.environment));
    memcpy(lane.environment, environment, len + 1);
    query_bind_int(&query, repository_id);
    query_bind_text(&query, environment);
    if (query_step(&query))
        take_lane(&query, &lane);
    if (!query_end(&query, err))
        return false;
    *ret_lane = lane;
    return true;
}

bool store_lane_put(struct store *store, const struct store_lane *lane, struct err *err)
{
    struct query query = query_begin(store, ST_LANE_PUT);

    query_bind_int(&query, lane->repository_id);
    query_bind_text(&query, lane->environment);
    query_bind_text(&query, stage_names[lane->state.stage]);
    query_bind_text(&query, lane->state.running.text);
    query_bind_int(&query, lane->state.attempt);
    query_bind_int(&query, lane->state.queued_count);
    query_bind_text(&query, lane->holds.hex);
    query_bind_text(&query, lane->holds_deployment.text);
    query_bind_int(&query, lane->holds_since_ms);
    query_bind_int(&query, lane->pinned_ms);
    query_bind_text(&query, lane->pin_reason);
    query_bind_text(&query, lane->pin_by);
    return query_run(&query, err);
}

bool store_lanes(struct store *store, store_lane_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, ST_LANES);
    struct store_lane lane;
    bool go_on = true;

    while (go_on && query_step(&query)) {
        take_lane(&query, &lane);
        go_on = fn(&lane, arg);
    }
    return query_end(&query, err);
}
