/* What environments held, in the order in which it came. */
#include <assert.h>

#include "store_int.h"

bool store_holding_put(struct store *store, int64_t repository_id, const char *environment,
                       const struct store_holding *holding, struct err *err)
{
    struct query query = query_begin(store, ST_HOLDING_PUT);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, environment);
    query_bind_text(&query, holding->deployment.text);
    query_bind_text(&query, holding->sha.hex);
    query_bind_text(&query, holding->release);
    query_bind_int(&query, holding->is_verified);
    query_bind_int(&query, holding->is_unhealthy);
    query_bind_int(&query, holding->since_ms);
    query_bind_int(&query, holding->until_ms);
    return query_run(&query, err);
}

bool store_holding_end(struct store *store, int64_t repository_id, const char *environment,
                       int64_t until_ms, struct err *err)
{
    struct query query = query_begin(store, ST_HOLDING_END);

    query_bind_int(&query, repository_id);
    query_bind_text(&query, environment);
    query_bind_int(&query, until_ms);
    return query_run(&query, err);
}

static void take_holding(struct query *query, struct store_holding *holding)
{
    query_take_text(query, holding->deployment.text, sizeof(holding->deployment.text));
    query_take_text(query, holding->sha.hex, sizeof(holding->sha.hex));
    query_take_text(query, holding->release, sizeof(holding->release));
    holding->is_verified = query_take_int(query) != 0;
    holding->is_unhealthy = query_take_int(query) != 0;
    holding->since_ms = query_take_int(query);
    holding->until_ms = query_take_int(query);
}

bool store_holdings(struct store *store, const struct store_holding_filter *filter,
                    store_holding_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, filter->sha != NULL ? ST_HOLDINGS_BY_SHA : ST_HOLDINGS);
    struct store_holding holding;
    bool go_on = true;

    assert(filter->limit > 0);
    query_bind_int(&query, filter->repository_id);
    query_bind_text(&query, filter->environment);
    query_bind_text(&query, filter->sha != NULL ? filter->sha->hex : NULL);
    query_bind_int(&query, filter->limit);
    while (go_on && query_step(&query)) {
        take_holding(&query, &holding);
        go_on = fn(&holding, arg);
    }
    return query_end(&query, err);
}
