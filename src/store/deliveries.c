#include "store_int.h"

#include <assert.h>
#include <string.h>

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICT_COUNT] = {
        [VERDICT_ACTED] = "acted",
        [VERDICT_RECORDED] = "recorded",
        [VERDICT_IGNORED] = "ignored",
        [VERDICT_DUPLICATE] = "duplicate",
        [VERDICT_QUARANTINED] = "quarantined",
    };
    assert(verdict < VERDICT_COUNT);
    return names[verdict];
}

static enum verdict verdict_of(const char *name)
{
    enum verdict verdict = 0;

    while (verdict < VERDICT_COUNT - 1 && strcmp(verdict_name(verdict), name) != 0)
        verdict++;
    return verdict;
}

bool store_delivery_put(struct store *store, const struct store_delivery *delivery, struct err *err)
{
    struct query query = query_begin(store, ST_DELIVERY_PUT);

    query_bind_int(&query, (int64_t)delivery->sequence);
    query_bind_int(&query, delivery->received_ms);
    query_bind_int(&query, delivery->handled_ms);
    query_bind_text(&query, delivery->guid);
    query_bind_text(&query, delivery->event);
    query_bind_text(&query, delivery->action);
    query_bind_text(&query, delivery->hook_id);
    query_bind_text(&query, delivery->target_type);
    query_bind_text(&query, delivery->target_id);
    query_bind_int(&query, delivery->repository_id);
    query_bind_text(&query, delivery->repository);
    query_bind_text(&query, delivery->sender);
    query_bind_text(&query, delivery->ref);
    query_bind_text(&query, delivery->sha.hex);
    query_bind_int(&query, (int64_t)delivery->body_bytes);
    query_bind_text(&query, verdict_name(delivery->verdict));
    query_bind_reason(&query, &delivery->reason);
    query_bind_text(&query, delivery->deployment.text);
    query_bind_int(&query, (int64_t)delivery->first_sequence);
    query_bind_int(&query, delivery->replays);
    return query_run(&query, err);
}

static void take_delivery(struct query *query, struct store_delivery *delivery)
{
    char verdict[32];

    delivery->sequence = (uint64_t)query_take_int(query);
    delivery->received_ms = query_take_int(query);
    delivery->handled_ms = query_take_int(query);
    query_take_text(query, delivery->guid, sizeof(delivery->guid));
    query_take_text(query, delivery->event, sizeof(delivery->event));
    query_take_text(query, delivery->action, sizeof(delivery->action));
    query_take_text(query, delivery->hook_id, sizeof(delivery->hook_id));
    query_take_text(query, delivery->target_type, sizeof(delivery->target_type));
    query_take_text(query, delivery->target_id, sizeof(delivery->target_id));
    delivery->repository_id = query_take_int(query);
    query_take_text(query, delivery->repository, sizeof(delivery->repository));
    query_take_text(query, delivery->sender, sizeof(delivery->sender));
    query_take_text(query, delivery->ref, sizeof(delivery->ref));
    query_take_text(query, delivery->sha.hex, sizeof(delivery->sha.hex));
    delivery->body_bytes = (uint64_t)query_take_int(query);
    query_take_text(query, verdict, sizeof(verdict));
    query_take_reason(query, &delivery->reason);
    query_take_text(query, delivery->deployment.text, sizeof(delivery->deployment.text));
    delivery->first_sequence = (uint64_t)query_take_int(query);
    delivery->replays = (uint32_t)query_take_int(query);
    delivery->verdict = verdict_of(verdict);
}

bool store_delivery_get(struct store *store, uint64_t sequence, struct store_delivery *ret_delivery,
                        struct err *err)
{
    struct query query = query_begin(store, ST_DELIVERY_GET);

    query_bind_int(&query, (int64_t)sequence);
    bool found = query_step(&query);
    if (found)
        take_delivery(&query, ret_delivery);
    if (!query_end(&query, err))
        return false;
    return found ||
           err_set(err, ERR_NOT_FOUND, "no delivery has number %llu", (unsigned long long)sequence);
}

/* The statement whose index fits. */
static enum statement choose(const struct store_delivery_filter *filter)
{
    if (filter->guid != NULL)
        return ST_DELIVERIES_BY_GUID;
    if (filter->verdict != NULL && strcmp(filter->verdict, verdict_name(VERDICT_QUARANTINED)) == 0)
        return ST_DELIVERIES_QUARANTINED;
    return ST_DELIVERIES;
}

bool store_deliveries(struct store *store, const struct store_delivery_filter *filter,
                      store_delivery_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, choose(filter));
    struct store_delivery delivery;
    bool go_on = true;

    assert(filter->limit > 0);
    query_bind_text(&query, filter->guid);
    query_bind_text(&query, filter->event);
    query_bind_text(&query, filter->verdict);
    query_bind_text(&query, filter->repository);
    query_bind_int(&query, (int64_t)filter->before);
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_delivery(&query, &delivery);
        go_on = fn(&delivery, arg);
    }
    return query_end(&query, err);
}
