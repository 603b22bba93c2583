/* Checks before and after deployments, and of health. */
#include <assert.h>

#include "store_int.h"

static const char *const phase_names[CHECK_PHASE_COUNT] = {
    [CHECK_BEFORE] = "before",
    [CHECK_AFTER] = "after",
    [CHECK_HEALTH] = "health",
};

/* The last one stands in for names nobody knows: a check that was not seen to pass did not. */
static const char *const state_names[CHECK_STATE_COUNT] = {
    [CHECK_RUNNING] = "running",
    [CHECK_PASSED] = "passed",
    [CHECK_FAILED] = "failed",
    [CHECK_STOPPED] = "stopped",
};

const char *check_phase_name(enum check_phase phase)
{
    assert(phase < CHECK_PHASE_COUNT);
    return phase_names[phase];
}

const char *check_state_name(enum check_state state)
{
    assert(state < CHECK_STATE_COUNT);
    return state_names[state];
}

bool store_check_put(struct store *store, const struct store_check *check, struct err *err)
{
    struct query query = query_begin(store, ST_CHECK_PUT);

    query_bind_text(&query, check->id.text);
    query_bind_text(&query, check_phase_name(check->phase));
    query_bind_text(&query, check->subject.text);
    query_bind_int(&query, check->repository_id);
    query_bind_text(&query, check->environment);
    query_bind_text(&query, check->name);
    query_bind_text(&query, check_state_name(check->state));
    query_bind_reason(&query, &check->reason);
    query_bind_int(&query, check->exit_code);
    query_bind_int(&query, check->started_ms);
    query_bind_int(&query, check->ended_ms);
    return query_run(&query, err);
}

static void take_check(struct query *query, struct store_check *check)
{
    query_take_text(query, check->id.text, sizeof(check->id.text));
    check->phase = (enum check_phase)query_take_name(query, phase_names, CHECK_PHASE_COUNT);
    query_take_text(query, check->subject.text, sizeof(check->subject.text));
    check->repository_id = query_take_int(query);
    query_take_text(query, check->environment, sizeof(check->environment));
    query_take_text(query, check->name, sizeof(check->name));
    check->state = (enum check_state)query_take_name(query, state_names, CHECK_STATE_COUNT);
    query_take_reason(query, &check->reason);
    check->exit_code = (int)query_take_int(query);
    check->started_ms = query_take_int(query);
    check->ended_ms = query_take_int(query);
}

bool store_check_get(struct store *store, const char *id, struct store_check *ret_check,
                     struct err *err)
{
    struct query query = query_begin(store, ST_CHECK_GET);

    query_bind_text(&query, id);
    bool found = query_step(&query);
    if (found)
        take_check(&query, ret_check);
    if (!query_end(&query, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "there is no check '%.64s'", id);
}

bool store_check_delete(struct store *store, const char *id, struct err *err)
{
    static const enum statement deletes[] = {ST_CHECK_DELETE, ST_OUTPUT_DELETE};

    for (size_t i = 0; i < ARRAY_LEN(deletes); i++) {
        struct query query = query_begin(store, deletes[i]);
        query_bind_text(&query, id);
        if (!query_run(&query, err))
            return false;
    }
    return true;
}

bool store_checks(struct store *store, const char *subject, store_check_fn *fn, void *arg,
                  struct err *err)
{
    struct query query =
        query_begin(store, subject != NULL ? ST_CHECKS_BY_SUBJECT : ST_CHECKS_RUNNING);
    struct store_check check;
    bool go_on = true;

    query_bind_text(&query, subject);
    while (go_on && query_step(&query)) {
        take_check(&query, &check);
        go_on = fn(&check, arg);
    }
    return query_end(&query, err);
}
