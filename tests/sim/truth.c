/* The configuration once more, in the oracle's own words: paths, gates, windows. Deliberately
 * written down twice, and judged without asking the code under test. */
#include <string.h>

#include "sim/world.h"

static const enum environment paths[][2] = {
    {DEV_INT, FUTURE}, {DEV_INT, ACTIVE}, {FUTURE, ACTIVE}, {ACTIVE, UAT},
    {ACTIVE, STAGING}, {UAT, STAGING},    {STAGING, PROD},
};

static const struct gate_truth gates[] = {
    {ACTIVE, UAT, 1, TEAM_QA, 0, false, true, 0},
    {ACTIVE, STAGING, 1, TEAM_SRE | TEAM_QA, 0, true, false, 12 * HOUR_MS},
    {UAT, STAGING, 1, TEAM_SRE | TEAM_QA, 0, true, false, 12 * HOUR_MS},
    {STAGING, PROD, 2, TEAM_SRE | TEAM_QA, TEAM_QA, true, false, DAY_MS},
};

bool path_truth(enum environment from, enum environment to)
{
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (paths[i][0] == from && paths[i][1] == to)
            return true;
    }
    return false;
}

/* A rollback takes what a promotion takes; one that envflow does by itself was agreed to before. */
const struct gate_truth *gate_truth_of(const struct truth_promotion *promotion)
{
    bool is_rollback = promotion->kind == PROMOTION_ROLLBACK;

    for (size_t i = 0; i < ARRAY_LEN(gates); i++) {
        if (gates[i].to == promotion->to && !promotion->is_caused &&
            promotion->kind != PROMOTION_DEPLOY &&
            (is_rollback || gates[i].from == promotion->from))
            return &gates[i];
    }
    return NULL;
}

/* ---- quorum ---- */

struct counting {
    const struct world *world;
    const struct truth_promotion *promotion;
    const struct gate_truth *gate;
    int64_t now_ms;
};

static bool is_stale(const struct counting *counting, const struct ballot *ballot)
{
    return ballot->is_withdrawn || (counting->gate->valid_ms != 0 &&
                                    counting->now_ms - ballot->cast_ms >= counting->gate->valid_ms);
}

static bool is_own(const struct counting *counting, const struct ballot *ballot)
{
    const struct commit *commit = commit_at(counting->world, counting->promotion->commit);
    bool is_known = counting->promotion->state == PROMOTION_DEPLOYING
                        ? counting->promotion->is_author_known
                        : commit->is_author_known;
    bool is_author = is_known && counting->world->people[commit->author].id == ballot->person_id;

    return ballot->person_id == counting->promotion->requester_id ||
           (counting->gate->no_authors && is_author);
}

static bool is_reviewer(const struct counting *counting, const struct ballot *ballot)
{
    return !ballot->is_bot && (ballot->teams & counting->gate->teams) != 0;
}

static bool is_enough(const struct counting *counting, bool with_stale, bool with_own)
{
    const struct truth_promotion *promotion = counting->promotion;
    bool has_one = counting->gate->one_from == 0;
    int people = 0;

    for (size_t i = 0; i < promotion->ballots_count; i++) {
        const struct ballot *ballot = &promotion->ballots[i];
        if (!ballot->approves || !is_reviewer(counting, ballot) ||
            (!with_stale && is_stale(counting, ballot)) || (!with_own && is_own(counting, ballot)))
            continue;
        people++;
        has_one = has_one || (ballot->teams & counting->gate->one_from) != 0;
    }
    return has_one && people >= counting->gate->required;
}

static bool is_rejected(const struct counting *counting)
{
    for (size_t i = 0; i < counting->promotion->ballots_count; i++) {
        const struct ballot *ballot = &counting->promotion->ballots[i];
        if (!ballot->approves && is_reviewer(counting, ballot) && !is_stale(counting, ballot))
            return true;
    }
    return false;
}

bool gate_truth_allows(const struct world *world, const struct truth_promotion *promotion,
                       int *ret_invariant, const char **ret_why)
{
    struct counting counting = {world, promotion, gate_truth_of(promotion),
                                world->intake.lanes.now_ms};

    if (counting.gate == NULL)
        return true;
    *ret_invariant = 1;
    *ret_why = "a reviewer had rejected it";
    if (is_rejected(&counting))
        return false;
    if (is_enough(&counting, false, false))
        return true;
    *ret_why = "people were missing";
    if (is_enough(&counting, true, false)) {
        *ret_invariant = 4;
        *ret_why = "only with withdrawn or expired approvals";
    } else if (is_enough(&counting, true, true)) {
        *ret_invariant = 2;
        *ret_why = "only with the requester or an author";
    }
    return false;
}

/* ---- freezes ---- */

static int64_t minute_of_week(int64_t now_ms)
{
    int64_t days = now_ms / DAY_MS;

    return ((days + 3) % 7) * 24 * 60 +
           (now_ms % DAY_MS) / MINUTE_MS; /* 1970 began on a Thursday */
}

static bool is_in_window(int64_t now_ms, enum environment environment, bool is_rollback)
{
    enum { MONDAY_8 = 8 * 60, WEDNESDAY_22 = (2 * 24 + 22) * 60 };
    enum { THURSDAY_4 = (3 * 24 + 4) * 60, FRIDAY_16 = (4 * 24 + 16) * 60 };
    int64_t minute = minute_of_week(now_ms);

    if (environment == PROD)
        return !is_rollback && (minute >= FRIDAY_16 || minute < MONDAY_8);
    return (environment == STAGING || environment == DEV_INT) && minute >= WEDNESDAY_22 &&
           minute < THURSDAY_4;
}

static bool is_meant(const char *scope, const char *name)
{
    return scope[0] == '\0' || strcmp(scope, name) == 0;
}

bool freeze_truth(const struct world *world, int repository, enum environment environment,
                  bool is_rollback)
{
    for (size_t i = 0; i < STOPS_MAX; i++) {
        const struct stop *stop = &world->stops[i];
        if (stop->is_set && is_meant(stop->repository, repository_names[repository]) &&
            is_meant(stop->environment, environment_names[environment]) &&
            (!is_rollback || stop->holds_rollbacks))
            return true;
    }
    return is_in_window(world->intake.lanes.now_ms, environment, is_rollback);
}
