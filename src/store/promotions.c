/* Promotions: one row each, and the indexes that find the open and the due ones. */
#include <assert.h>
#include <string.h>

#include "store_int.h"

#define PREFIX_MIN 6 /* characters of an id that stand for it */

static enum promotion_kind take_kind(struct query *query)
{
    enum promotion_kind kind = 0;
    char name[32];

    query_take_text(query, name, sizeof(name));
    while (kind < PROMOTION_KIND_COUNT - 1 && strcmp(promotion_kind_name(kind), name) != 0)
        kind++;
    return kind;
}

static enum promotion_state take_state(struct query *query)
{
    enum promotion_state state = 0;
    char name[32];

    query_take_text(query, name, sizeof(name));
    while (state < PROMOTION_STATE_COUNT - 1 && strcmp(promotion_state_name(state), name) != 0)
        state++;
    return state;
}

bool store_promotion_put(struct store *store, const struct store_promotion *promotion,
                         struct err *err)
{
    struct query query = query_begin(store, ST_PROMOTION_PUT);

    query_bind_text(&query, promotion->id.text);
    query_bind_text(&query, promotion_kind_name(promotion->kind));
    query_bind_int(&query, promotion->repository_id);
    query_bind_text(&query, promotion->repository);
    query_bind_text(&query, promotion->from);
    query_bind_text(&query, promotion->to);
    query_bind_text(&query, promotion->release);
    query_bind_text(&query, promotion->sha.hex);
    query_bind_text(&query, promotion->branch);
    query_bind_text(&query, promotion->title);
    query_bind_actor(&query, &promotion->requester);
    query_bind_text(&query, promotion->reason_given);
    query_bind_text(&query, promotion->policy);
    query_bind_text(&query, promotion_state_name(promotion->status.state));
    query_bind_int(&query, promotion->status.approved_ms);
    query_bind_reason(&query, &promotion->reason);
    query_bind_text(&query, promotion->deployment.text);
    query_bind_text(&query, promotion->caused_by.text);
    query_bind_int(&query, promotion->created_ms);
    query_bind_int(&query, promotion->changed_ms);
    query_bind_int(&query, promotion->ended_ms);
    query_bind_int(&query, promotion->due_ms);
    query_bind_int(&query, promotion_is_final(promotion->status.state));
    return query_run(&query, err);
}

static void take_promotion(struct query *query, struct store_promotion *promotion)
{
    query_take_text(query, promotion->id.text, sizeof(promotion->id.text));
    promotion->kind = take_kind(query);
    promotion->repository_id = query_take_int(query);
    query_take_text(query, promotion->repository, sizeof(promotion->repository));
    query_take_text(query, promotion->from, sizeof(promotion->from));
    query_take_text(query, promotion->to, sizeof(promotion->to));
    query_take_text(query, promotion->release, sizeof(promotion->release));
    query_take_text(query, promotion->sha.hex, sizeof(promotion->sha.hex));
    query_take_text(query, promotion->branch, sizeof(promotion->branch));
    query_take_text(query, promotion->title, sizeof(promotion->title));
    query_take_actor(query, &promotion->requester);
    query_take_text(query, promotion->reason_given, sizeof(promotion->reason_given));
    query_take_text(query, promotion->policy, sizeof(promotion->policy));
    promotion->status.state = take_state(query);
    promotion->status.approved_ms = query_take_int(query);
    query_take_reason(query, &promotion->reason);
    query_take_text(query, promotion->deployment.text, sizeof(promotion->deployment.text));
    query_take_text(query, promotion->caused_by.text, sizeof(promotion->caused_by.text));
    promotion->created_ms = query_take_int(query);
    promotion->changed_ms = query_take_int(query);
    promotion->ended_ms = query_take_int(query);
    promotion->due_ms = query_take_int(query);
}

bool store_promotion_get(struct store *store, const char *id, struct store_promotion *ret_promotion,
                         struct err *err)
{
    struct query query = query_begin(store, ST_PROMOTIONS_BY_PREFIX);
    struct store_promotion found[2];
    size_t count = 0;

    if (strlen(id) < PREFIX_MIN)
        return err_set(err, ERR_NOT_FOUND,
                       "'%s' is too short for a promotion: give %d characters or more", id,
                       PREFIX_MIN);
    query_bind_text(&query, id);
    while (count < 2 && query_step(&query))
        take_promotion(&query, &found[count++]);
    if (!query_end(&query, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no promotion '%.64s'", id);
    if (count == 2)
        return err_set(err, ERR_CONFLICT, "several promotions begin with '%.64s': %s and %s", id,
                       found[0].id.text, found[1].id.text);
    *ret_promotion = found[0];
    return true;
}

static bool wants_open(const struct store_promotion_filter *filter)
{
    return filter->state == STORE_PROMOTIONS_OPEN ||
           (filter->state >= 0 && !promotion_is_final((enum promotion_state)filter->state));
}

/* The statement whose index fits. */
static enum statement choose(const struct store_promotion_filter *filter)
{
    bool is_lane = filter->repository_id != 0 && filter->environment != NULL;

    if (filter->due_until_ms != 0)
        return ST_PROMOTIONS_DUE;
    if (wants_open(filter))
        return is_lane ? ST_PROMOTIONS_OPEN_OF_LANE : ST_PROMOTIONS_OPEN;
    if (is_lane)
        return ST_PROMOTIONS_OF_LANE;
    return filter->repository != NULL ? ST_PROMOTIONS_OF_REPOSITORY : ST_PROMOTIONS;
}

bool store_promotions(struct store *store, const struct store_promotion_filter *filter,
                      store_promotion_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, choose(filter));
    struct store_promotion promotion;
    bool go_on = true;

    assert(filter->limit > 0);
    query_bind_text(&query, filter->repository);
    query_bind_text(&query, filter->environment);
    query_bind_int(&query, filter->repository_id);
    query_bind_text(&query, filter->state < 0
                                ? NULL
                                : promotion_state_name((enum promotion_state)filter->state));
    query_bind_int(&query, filter->state == STORE_PROMOTIONS_OPEN);
    query_bind_text(&query, filter->before);
    query_bind_int(&query, filter->due_until_ms);
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_promotion(&query, &promotion);
        go_on = fn(&promotion, arg);
    }
    return query_end(&query, err);
}

bool store_promotions_due(struct store *store, int64_t *ret_due_ms, struct err *err)
{
    struct query query = query_begin(store, ST_PROMOTION_DUE_FIRST);
    int64_t due_ms = 0;

    if (query_step(&query))
        due_ms = query_take_int(&query);
    if (!query_end(&query, err))
        return false;
    *ret_due_ms = due_ms;
    return true;
}
