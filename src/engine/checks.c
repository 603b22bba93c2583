#include "checks_int.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"
#include "engine/gate.h"
#include "promotions_int.h"
#include "trail_int.h"

/* ---- what is configured ---- */

static const struct flow_check *find_named(const struct flow_checks *checks, const char *name)
{
    for (size_t i = 0; checks != NULL && i < checks->count; i++) {
        if (strcmp(checks->items[i].name, name) == 0)
            return &checks->items[i];
    }
    return NULL;
}

/* The environment that a row belongs to, as configured now. */
static const struct flow_environment *
find_environment(const struct lanes *lanes, const char *repository, const char *environment)
{
    const struct repository_rule *rule = graph_find_repository(lanes->graph, repository);

    return rule != NULL ? graph_find_environment(rule->flow, environment) : NULL;
}

static bool find_before(const struct lanes *lanes, const struct store_check *check,
                        const struct flow_check **ret_found, struct err *err)
{
    struct store_promotion promotion;
    const struct flow_path *path = NULL;

    if (!store_promotion_get(lanes->store, check->subject.text, &promotion, err))
        return false;
    const struct repository_rule *rule = graph_find_repository(lanes->graph, promotion.repository);
    const struct flow_environment *target =
        find_environment(lanes, promotion.repository, promotion.to);
    if (rule != NULL && promotion.from[0] != '\0')
        path = graph_find_path(rule->flow, promotion.from, promotion.to);
    *ret_found = find_named(&gate_of(&promotion, target, path)->checks, check->name);
    return true;
}

static bool find_after(const struct lanes *lanes, const struct store_check *check,
                       const struct flow_check **ret_found, struct err *err)
{
    struct store_deployment deployment;

    if (!store_deployment_get(lanes->store, check->subject.text, &deployment, err))
        return false;
    const struct flow_environment *environment = lanes_environment(lanes, &deployment);
    if (environment == NULL)
        *ret_found = NULL;
    else if (check->phase == CHECK_HEALTH)
        *ret_found = environment->health_every_ms > 0 ? &environment->health : NULL;
    else
        *ret_found = find_named(&environment->verify, check->name);
    return true;
}

bool checks_find(const struct lanes *lanes, const struct store_check *check,
                 const struct flow_check **ret_found, struct err *err)
{
    return check->phase == CHECK_BEFORE ? find_before(lanes, check, ret_found, err)
                                        : find_after(lanes, check, ret_found, err);
}

/* ---- the rows of one subject ---- */

static bool keep_row(const struct store_check *check, void *arg)
{
    list_add(arg, check);
    return true;
}

static bool load_rows(const struct lanes *lanes, const struct id *subject, struct list *rows,
                      struct err *err)
{
    return store_checks(lanes->store, subject->text, keep_row, rows, err);
}

static struct store_check *row_at(const struct list *rows, size_t i)
{
    return list_at(rows, i);
}

/* ---- starting and stopping ---- */

/* Now, but later than the check ran before: ids tell which row of a name is its newest, also where
 * the clock was set back or both start within one millisecond. */
static bool find_start_ms(const struct lanes *lanes, const struct store_check *check,
                          int64_t *ret_start_ms, struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);

    *ret_start_ms = lanes->now_ms;
    if (!load_rows(lanes, &check->subject, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_check *row = row_at(&rows, i);
        if (strcmp(row->name, check->name) == 0 && row->started_ms >= *ret_start_ms)
            *ret_start_ms = row->started_ms + 1;
    }
    return true;
}

static bool start_one(struct lanes *lanes, struct store_check *check, struct err *err)
{
    if (!find_start_ms(lanes, check, &check->started_ms, err))
        return false;
    check->id = lanes_new_id(lanes, check->started_ms);
    check->state = CHECK_RUNNING;
    check->reason = reason_make(REASON_CHECKS_RUNNING, "is running");
    check->ended_ms = 0;
    if (!store_check_put(lanes->store, check, err))
        return false;
    lanes_start(lanes, LANES_CHECK, &check->id);
    return true;
}

bool checks_start(struct lanes *lanes, enum check_phase phase, const struct id *subject,
                  int64_t repository_id, const char *environment, const struct flow_checks *checks,
                  struct err *err)
{
    for (size_t i = 0; i < checks->count; i++) {
        struct store_check check = {
            .phase = phase, .subject = *subject, .repository_id = repository_id};
        size_t name_len = strlen(checks->items[i].name);
        size_t environment_len = strlen(environment);

        assert(name_len < sizeof(check.name) && environment_len < sizeof(check.environment));
        memcpy(check.name, checks->items[i].name, name_len + 1);
        memcpy(check.environment, environment, environment_len + 1);
        if (!start_one(lanes, &check, err))
            return err_wrap(err, "start check %s", check.name);
    }
    return true;
}

bool checks_stop(struct lanes *lanes, const struct id *subject, struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);

    if (!load_rows(lanes, subject, &rows, err))
        return err_wrap(err, "stop checks of %s", subject->text);
    for (size_t i = 0; i < rows.count; i++) {
        struct store_check *check = row_at(&rows, i);
        if (check->state != CHECK_RUNNING)
            continue;
        check->state = CHECK_STOPPED;
        check->reason = reason_make(REASON_CANCELLED, "its result no longer matters");
        check->ended_ms = lanes->now_ms;
        if (!store_check_put(lanes->store, check, err))
            return err_wrap(err, "stop check %s", check->name);
        assert(lanes->stops_count < LANES_STARTS_MAX);
        lanes->stops[lanes->stops_count++] = check->id;
    }
    return true;
}

/* ---- ends of a set ---- */

/* Only the rows of the last time a check was started count: checks of a promotion may be stopped
 * and begin anew. Ids grow, so the last row of a name is its newest. */
static bool is_latest(const struct list *rows, size_t at)
{
    for (size_t i = at + 1; i < rows->count; i++) {
        if (strcmp(row_at(rows, i)->name, row_at(rows, at)->name) == 0)
            return false;
    }
    return true;
}

static const struct store_check *find_state(const struct list *rows, enum check_state state)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (row_at(rows, i)->state == state && is_latest(rows, i))
            return row_at(rows, i);
    }
    return NULL;
}

static bool tell(struct lanes *lanes, const struct store_check *check, bool is_good,
                 const struct reason *reason, struct err *err)
{
    if (check->phase == CHECK_AFTER)
        return lanes_verified(lanes, check->subject.text, is_good, reason, err);
    return promotions_tell(lanes, check->subject.text,
                           is_good ? PROMOTION_CHECKS_PASSED : PROMOTION_CHECKS_FAILED,
                           is_good ? NULL : reason, err);
}

/* One failure settles the set; else all have to be through. */
static bool settle_set(struct lanes *lanes, const struct store_check *check, struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);
    struct reason reason = reason_make(REASON_CHECK_PASSED, "every check passed");

    if (!load_rows(lanes, &check->subject, &rows, err))
        return false;
    const struct store_check *failed = find_state(&rows, CHECK_FAILED);
    if (failed != NULL) {
        reason = reason_make(check->phase == CHECK_AFTER ? REASON_UNVERIFIED : REASON_CHECK_FAILED,
                             "check \"%.80s\" failed: %.300s", failed->name, failed->reason.text);
        return checks_stop(lanes, &check->subject, err) && tell(lanes, check, false, &reason, err);
    }
    return find_state(&rows, CHECK_RUNNING) != NULL || tell(lanes, check, true, &reason, err);
}

/* ---- health ---- */

struct holding_search {
    const struct id *deployment;
    struct store_holding found;
};

static bool take_current(const struct store_holding *holding, void *arg)
{
    struct holding_search *search = arg;

    if (strcmp(holding->deployment.text, search->deployment->text) == 0 && holding->until_ms == 0)
        search->found = *holding;
    return false; /* the newest is the one that is there */
}

static bool note_health(struct lanes *lanes, const struct store_check *check,
                        const char *repository, bool is_unhealthy, struct err *err)
{
    struct holding_search search = {.deployment = &check->subject};
    struct store_holding_filter newest = {
        .repository_id = check->repository_id, .environment = check->environment, .limit = 1};

    if (!store_holdings(lanes->store, &newest, take_current, &search, err))
        return false;
    if (search.found.deployment.text[0] == '\0' || search.found.is_unhealthy == is_unhealthy)
        return true;
    search.found.is_unhealthy = is_unhealthy;
    struct trail_note note = {
        .event = is_unhealthy ? "environment.unhealthy" : "environment.healthy",
        .repository = repository,
        .environment = check->environment,
        .subject = check->subject.text,
        .reason = &check->reason,
    };
    return store_holding_put(lanes->store, check->repository_id, check->environment, &search.found,
                             err) &&
           trail_add(lanes, &note, err) &&
           promotions_evaluate_open(lanes, check->repository_id, err);
}

/* Of health probes only the last and the changes are kept. */
static bool forget_older(struct lanes *lanes, const struct store_check *check, struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);

    if (!load_rows(lanes, &check->subject, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_check *row = row_at(&rows, i);
        if (row->phase == CHECK_HEALTH && row->state == check->state &&
            strcmp(row->id.text, check->id.text) < 0 &&
            !store_check_delete(lanes->store, row->id.text, err))
            return false;
    }
    return true;
}

static bool settle_health(struct lanes *lanes, const struct store_check *check, struct err *err)
{
    struct store_deployment deployment;

    return store_deployment_get(lanes->store, check->subject.text, &deployment, err) &&
           note_health(lanes, check, deployment.repository, check->state == CHECK_FAILED, err) &&
           forget_older(lanes, check, err);
}

/* ---- one end ---- */

static size_t count_attempts(const struct list *rows, const char *name)
{
    size_t attempts = 0;

    for (size_t i = 0; i < rows->count; i++)
        attempts += strcmp(row_at(rows, i)->name, name) == 0 ? 1 : 0;
    return attempts;
}

/* Nobody saw it end: looking again does no harm, a bounded number of times. */
static bool try_again(struct lanes *lanes, const struct store_check *lost, bool *ret_again,
                      struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);
    struct store_check again = *lost;

    if (!load_rows(lanes, &lost->subject, &rows, err))
        return false;
    *ret_again = count_attempts(&rows, lost->name) < CHECKS_ATTEMPTS_MAX;
    return !*ret_again || start_one(lanes, &again, err);
}

static bool settle(struct lanes *lanes, struct store_check *check,
                   const struct lanes_outcome *outcome, struct err *err)
{
    bool again = false;

    check->state = outcome->kind == LANE_SUCCEEDED ? CHECK_PASSED : CHECK_FAILED;
    check->reason = outcome->reason;
    check->exit_code = outcome->exit_code;
    check->ended_ms = outcome->ended_ms != 0 ? outcome->ended_ms : lanes->now_ms;
    if (outcome->kind == LANE_OUTCOME_LOST) {
        check->state = CHECK_STOPPED;
        if (!try_again(lanes, check, &again, err))
            return false;
        check->state = again ? CHECK_STOPPED : CHECK_FAILED;
    }
    if (!store_check_put(lanes->store, check, err))
        return false;
    if (again)
        return true;
    return check->phase == CHECK_HEALTH ? settle_health(lanes, check, err)
                                        : settle_set(lanes, check, err);
}

bool checks_end(struct lanes *lanes, const char *check_id, const struct lanes_outcome *outcome,
                bool *ret_applied, struct err *err)
{
    struct store_check check;

    if (!store_check_get(lanes->store, check_id, &check, err))
        return err_wrap(err, "end of check %s", check_id);
    *ret_applied = check.state == CHECK_RUNNING;
    return !*ret_applied || settle(lanes, &check, outcome, err) ||
           err_wrap(err, "end of check %s", check_id);
}

/* ---- health probes that are due ---- */

struct probing {
    struct lanes *lanes;
    struct list found; /* lanes that hold something and are probed */
};

static bool keep_probed(const struct store_lane *lane, void *arg)
{
    struct probing *probing = arg;
    const struct flow_environment *environment =
        find_environment(probing->lanes, lane->repository, lane->environment);

    if (environment != NULL && environment->health_every_ms > 0 && lane->holds.hex[0] != '\0')
        list_add(&probing->found, lane);
    return true;
}

/* The newest health probe of what the lane holds. */
static bool find_newest(struct lanes *lanes, const struct id *deployment,
                        struct store_check *ret_check, struct err *err)
{
    AUTO(list) struct list rows = LIST_INIT(struct store_check);

    ret_check->id.text[0] = '\0';
    if (!load_rows(lanes, deployment, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (row_at(&rows, i)->phase == CHECK_HEALTH)
            *ret_check = *row_at(&rows, i);
    }
    return true;
}

static bool probe_lane(struct lanes *lanes, const struct store_lane *lane, int64_t *ret_next_ms,
                       struct err *err)
{
    const struct flow_environment *environment =
        find_environment(lanes, lane->repository, lane->environment);
    struct flow_checks checks = {.items = &environment->health, .count = 1};
    struct store_check last;

    if (!find_newest(lanes, &lane->holds_deployment, &last, err))
        return false;
    int64_t due_ms = last.id.text[0] == '\0' ? lane->holds_since_ms + environment->health_every_ms
                                             : last.started_ms + environment->health_every_ms;
    bool is_running = last.id.text[0] != '\0' && last.state == CHECK_RUNNING;
    if (!is_running && due_ms <= lanes->now_ms) {
        if (!checks_start(lanes, CHECK_HEALTH, &lane->holds_deployment, lane->repository_id,
                          lane->environment, &checks, err))
            return false;
        due_ms = lanes->now_ms + environment->health_every_ms;
    }
    *ret_next_ms = is_running ? lanes->now_ms + environment->health_every_ms : due_ms;
    return true;
}

bool checks_probe_health(struct lanes *lanes, int64_t *ret_next_ms, struct err *err)
{
    struct probing probing = {.lanes = lanes, .found = LIST_INIT(struct store_lane)};
    bool ok = store_lanes(lanes->store, keep_probed, &probing, err);

    *ret_next_ms = 0;
    for (size_t i = 0; ok && i < probing.found.count && lanes_have_room(lanes); i++) {
        int64_t next_ms = 0;
        ok = probe_lane(lanes, list_at(&probing.found, i), &next_ms, err);
        if (ok && (*ret_next_ms == 0 || next_ms < *ret_next_ms))
            *ret_next_ms = next_ms;
    }
    list_done(&probing.found);
    return ok;
}
