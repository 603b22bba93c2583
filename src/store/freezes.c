/* Stop switches that are pulled. */
#include "store_int.h"

bool store_freeze_put(struct store *store, const struct store_freeze *freeze, struct err *err)
{
    struct query query = query_begin(store, ST_FREEZE_PUT);

    query_bind_text(&query, freeze->id.text);
    query_bind_text(&query, freeze->flow);
    query_bind_text(&query, freeze->repository);
    query_bind_text(&query, freeze->environment);
    query_bind_int(&query, freeze->holds_rollbacks);
    query_bind_text(&query, freeze->reason);
    query_bind_actor(&query, &freeze->by);
    query_bind_int(&query, freeze->since_ms);
    return query_run(&query, err);
}

bool store_freeze_delete(struct store *store, const char *id, struct err *err)
{
    struct query query = query_begin(store, ST_FREEZE_DELETE);

    query_bind_text(&query, id);
    return query_run(&query, err);
}

static void take_freeze(struct query *query, struct store_freeze *freeze)
{
    query_take_text(query, freeze->id.text, sizeof(freeze->id.text));
    query_take_text(query, freeze->flow, sizeof(freeze->flow));
    query_take_text(query, freeze->repository, sizeof(freeze->repository));
    query_take_text(query, freeze->environment, sizeof(freeze->environment));
    freeze->holds_rollbacks = query_take_int(query) != 0;
    query_take_text(query, freeze->reason, sizeof(freeze->reason));
    query_take_actor(query, &freeze->by);
    freeze->since_ms = query_take_int(query);
}

bool store_freezes(struct store *store, store_freeze_fn *fn, void *arg, struct err *err)
{
    struct query query = query_begin(store, ST_FREEZES);
    struct store_freeze freeze;
    bool go_on = true;

    while (go_on && query_step(&query)) {
        take_freeze(&query, &freeze);
        go_on = fn(&freeze, arg);
    }
    return query_end(&query, err);
}
