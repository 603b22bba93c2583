#include "state.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/gate.h"
#include "store/audit.h"

/* Commits are shown as they are written: without the zeros behind. */
static json_t *short_sha(const struct git_sha *sha)
{
    size_t len = strlen(sha->hex);

    while (len > 0 && sha->hex[len - 1] == '0')
        len--;
    return json_stringn(sha->hex, len);
}

static void must(bool done, const struct err *err)
{
    if (!done)
        world_fail("error: %s", err->text);
}

/* ---- promotions ---- */

static json_t *votes_of(const struct gate_view *view)
{
    json_t *votes = json_object();

    for (size_t i = 0; i < view->votes_count; i++)
        json_object_set_new(votes, view->voters[i],
                            json_string(quorum_standing_name(view->quorum.standings[i])));
    return votes;
}

json_t *state_of_promotion(const struct world *world, const char *id)
{
    struct store_promotion promotion;
    struct gate_view view;
    struct err err;

    must(store_promotion_get(world->store, id, &promotion, &err), &err);
    must(gate_look(world->store, &world->cfg->graph, &promotion, world->fake.wall_ms, &view, &err),
         &err);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "kind",
                     promotion_kind_name(promotion.kind), "state",
                     promotion_state_name(promotion.status.state), "reason",
                     reason_name(promotion.reason.code), "says", promotion.reason.text, "sha",
                     short_sha(&promotion.sha), "release", promotion.release, "from",
                     promotion.from, "to", promotion.to, "votes", votes_of(&view));
}

static bool take_id(const struct store_promotion *promotion, void *arg)
{
    *(struct id *)arg = promotion->id;
    return false;
}

struct id state_newest_promotion(const struct world *world)
{
    struct store_promotion_filter newest = {.state = -1, .limit = 1};
    struct id id = {.text = ""};
    struct err err;

    must(store_promotions(world->store, &newest, take_id, &id, &err), &err);
    if (id.text[0] == '\0')
        world_fail("there is no promotion");
    return id;
}

/* ---- lanes ---- */

static bool take_health(const struct store_holding *holding, void *arg)
{
    const char **health = arg;

    if (holding->until_ms == 0)
        *health = !holding->is_verified   ? "unverified"
                  : holding->is_unhealthy ? "unhealthy"
                                          : "healthy";
    return false;
}

static json_t *running_on(const struct world *world, const struct store_lane *lane)
{
    struct store_deployment running;
    struct err err;

    if (lane->state.running.text[0] == '\0')
        return json_null();
    must(store_deployment_get(world->store, lane->state.running.text, &running, &err), &err);
    return short_sha(&running.sha);
}

json_t *state_of_lane(const struct world *world, const char *repository, const char *environment)
{
    struct store_lane lane = world_lane(world, repository, environment);
    struct store_holding_filter newest = {
        .repository_id = lane.repository_id, .environment = environment, .limit = 1};
    const char *health = "nothing";
    struct err err;

    must(store_holdings(world->store, &newest, take_health, &health, &err), &err);
    return json_pack("{s:o, s:o, s:i, s:b, s:s, s:s}", "holds", short_sha(&lane.holds), "running",
                     running_on(world, &lane), "queued", (int)lane.state.queued_count, "pinned",
                     lane.pinned_ms != 0, "pin_says", lane.pin_reason, "health", health);
}

static bool add_deployment(const struct store_deployment *deployment, void *arg)
{
    json_t *sha = short_sha(&deployment->sha);
    char text[128];

    snprintf(text, sizeof(text), "%s %s", json_string_value(sha),
             deployment_state_name(deployment->state));
    json_decref(sha);
    json_array_insert_new(arg, 0, json_string(text)); /* they come newest first */
    return true;
}

json_t *state_of_deployments(const struct world *world, const char *repository,
                             const char *environment)
{
    struct store_deployment_filter filter = {
        .repository = repository,
        .repository_id = world_lane(world, repository, environment).repository_id,
        .environment = environment,
        .state = -1,
        .limit = UINT_MAX,
    };
    json_t *found = json_array();
    struct err err;

    must(store_deployments(world->store, &filter, add_deployment, found, &err), &err);
    return found;
}

/* ---- the audit trail ---- */

static bool add_record(const struct audit_record *record, void *arg)
{
    json_array_append_new(arg, json_string(record->event));
    return true;
}

json_t *state_of_trail(const struct world *world)
{
    struct store_audit_filter all = {.limit = UINT_MAX};
    json_t *found = json_array();
    struct err err;

    must(store_audit(world->store, &all, add_record, found, &err), &err);
    return found;
}
