/* What is true, from what the world did and saw written, and who is to blame when it is not. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/world.h"

void blame(struct world *world, int invariant, const char *fmt, ...)
{
    va_list args;

    if (world->blamed != 0)
        return;
    world->blamed = invariant;
    va_start(args, fmt);
    vsnprintf(world->blame_text, sizeof(world->blame_text), fmt, args);
    va_end(args);
    trace(world, "VIOLATION %d: %.150s", invariant, world->blame_text);
}

struct truth_promotion *promotion_at(const struct world *world, size_t at)
{
    return list_at(&world->promotions, at);
}

struct truth_deployment *deployment_at(const struct world *world, size_t at)
{
    return list_at(&world->deployments, at);
}

size_t promotion_find(const struct world *world, const char *id)
{
    for (size_t at = world->promotions.count; at > 0; at--) {
        if (strcmp(promotion_at(world, at - 1)->id.text, id) == 0)
            return at - 1;
    }
    return SIZE_MAX;
}

size_t deployment_find(const struct world *world, const char *id)
{
    for (size_t at = world->deployments.count; at > 0; at--) {
        if (strcmp(deployment_at(world, at - 1)->id.text, id) == 0)
            return at - 1;
    }
    return SIZE_MAX;
}

bool promotion_may_change(const struct truth_promotion *promotion)
{
    return promotion->state != STATE_NONE && promotion->state < PROMOTION_DEPLOYING;
}

/* ---- what is written ---- */

static size_t add_promotion(struct world *world, const struct store_promotion *row)
{
    struct truth_promotion promotion = {
        .id = row->id,
        .kind = row->kind,
        .repository = repository_of(row->repository_id),
        .from = environment_of(row->from),
        .to = environment_of(row->to),
        .commit = commit_find(world, &row->sha),
        .requester_id = row->caused_by.text[0] != '\0' ? 0 : world->asking_id,
        .is_caused = row->caused_by.text[0] != '\0',
        .committed = STATE_NONE,
    };

    list_add(&world->promotions, &promotion);
    return world->promotions.count - 1;
}

/* Terminal states never change, not even for the length of a transaction. */
static void judge_end(struct world *world, const char *what, const struct id *id, bool was_final,
                      bool is_other)
{
    if (was_final && is_other)
        blame(world, 14, "%s %s had ended and moved again", what, id->text);
}

void oracle_see_write(struct world *world)
{
    if (world->stale != NULL)
        blame(world, 13, "the end of %s was settled before, and changes something again",
              world->stale->text);
}

/* By an earlier turn, or earlier in this one. */
static bool is_author_told(const struct world *world, size_t commit)
{
    for (size_t i = 0; i < world->acts_count; i++) {
        if (world->acts[i]->kind == ACT_PULL && world->acts[i]->commit == commit)
            return true;
    }
    return commit_at(world, commit)->is_author_known;
}

void oracle_see_promotion(struct world *world, const struct store_promotion *row)
{
    size_t at = promotion_find(world, row->id.text);
    int state = (int)row->status.state;

    oracle_see_write(world);
    if (at == SIZE_MAX)
        at = add_promotion(world, row);
    struct truth_promotion *promotion = promotion_at(world, at);
    judge_end(world, "promotion", &row->id,
              promotion->state >= PROMOTION_SUCCEEDED && promotion->committed != STATE_NONE,
              state != promotion->state);
    if (state == PROMOTION_DEPLOYING && promotion->state != state)
        promotion->is_author_known = is_author_told(world, promotion->commit);
    promotion->state = state;
    list_add(&world->touched, &at);
}

void oracle_see_deployment(struct world *world, const struct store_deployment *row)
{
    size_t at = deployment_find(world, row->id.text);
    struct truth_deployment fresh = {
        .id = row->id,
        .promotion = row->promotion,
        .repository = repository_of(row->repository_id),
        .environment = environment_of(row->environment),
        .commit = commit_find(world, &row->sha),
        .delivery_sequence = row->delivery_sequence,
        .state = STATE_NONE,
        .committed = STATE_NONE,
    };

    oracle_see_write(world);
    if (at == SIZE_MAX) {
        list_add(&world->deployments, &fresh);
        at = world->deployments.count - 1;
    }
    struct truth_deployment *deployment = deployment_at(world, at);
    judge_end(world, "deployment", &row->id, deployment->committed >= DEPLOYMENT_SUCCEEDED,
              (int)row->state != deployment->committed);
    deployment->state = (int)row->state;
    deployment->superseded_by = row->superseded_by;
    list_add(&world->touched_deployments, &at);
}

void oracle_see_person(struct world *world, int64_t id, const char *login)
{
    size_t at = 0;

    while (at < ARRAY_LEN(world->ties) && world->ties[at].login[0] != '\0' &&
           strcmp(world->ties[at].login, login) != 0)
        at++;
    if (at == ARRAY_LEN(world->ties) || world->ties[at].login[0] != '\0')
        return;
    snprintf(world->ties[at].login, sizeof(world->ties[at].login), "%.31s", login);
    world->ties[at].id = id;
}

/* ---- what is done ---- */

void oracle_begin(struct world *world)
{
    world->touched.count = 0;
    world->touched_deployments.count = 0;
    world->audited.count = 0;
    world->votes_count = 0;
    world->acts_count = 0;
    world->asking_id = 0;
    world->stale = NULL;
    memcpy(world->ties_before, world->ties, sizeof(world->ties));
}

static bool has_said(const struct world *world, size_t at, int64_t person_id)
{
    const struct truth_promotion *promotion = promotion_at(world, at);

    for (size_t i = 0; i < promotion->ballots_count; i++) {
        if (promotion->ballots[i].person_id == person_id)
            return true;
    }
    for (size_t i = 0; i < world->votes_count; i++) {
        if (world->votes[i].promotion == at && world->votes[i].ballot.person_id == person_id)
            return true;
    }
    return false;
}

static void take_ballot(struct world *world, size_t at, const struct act *act)
{
    const struct truth_promotion *promotion = promotion_at(world, at);
    const struct human *human = &world->people[act->person];

    if (!promotion_may_change(promotion) || gate_truth_of(promotion) == NULL ||
        (act->withdraws && !has_said(world, at, human->id)) ||
        world->votes_count == ARRAY_LEN(world->votes))
        return;
    world->votes[world->votes_count].promotion = at;
    world->votes[world->votes_count++].ballot = (struct ballot){
        .person_id = human->id,
        .approves = !act->rejects,
        .is_withdrawn = act->withdraws,
        .is_bot = human->is_bot,
        .cast_ms = world->intake.lanes.now_ms,
    };
    memcpy(world->votes[world->votes_count - 1].ballot.login, act->login, sizeof(act->login));
}

void oracle_act(struct world *world, const struct act *act)
{
    const struct truth_promotion *promotion = NULL;

    world->acts[world->acts_count++] = act;
    if (act->kind == ACT_REQUEST)
        world->asking_id = world->people[act->person].id;
    if (act->kind == ACT_REVIEW && !act->is_misplaced)
        take_ballot(world, act->promotion, act);
    for (size_t at = 0; act->kind == ACT_PULL_REVIEW && at < world->promotions.count; at++) {
        promotion = promotion_at(world, at);
        if (promotion->commit == act->commit && gate_truth_of(promotion) != NULL &&
            gate_truth_of(promotion)->pull_reviews)
            take_ballot(world, at, act);
    }
}

/* ---- the edges of a step ---- */

static void apply_ballot(struct world *world, size_t at, const struct ballot *cast)
{
    struct truth_promotion *promotion = promotion_at(world, at);
    struct ballot ballot = *cast;
    size_t i = 0;

    ballot.teams = people_teams(world, ballot.person_id, ballot.login);
    while (i < promotion->ballots_count && promotion->ballots[i].person_id != ballot.person_id)
        i++;
    if (i == promotion->ballots_count)
        promotion->ballots_count++;
    promotion->ballots[i] = ballot;
}

static void apply_act(struct world *world, const struct act *act)
{
    if (act->kind == ACT_PULL)
        commit_at(world, act->commit)->is_author_known = true;
    if (act->kind == ACT_STATUS && (act->environment == FUTURE || act->environment == ACTIVE))
        commit_at(world, act->commit)->good_on |= 1U << act->environment;
}

/* After a rollback the environment is pinned; whoever promotes or deploys there ends that. */
static void follow_pin(struct world *world, const struct truth_promotion *promotion)
{
    if (promotion->state == PROMOTION_SUCCEEDED && promotion->committed != PROMOTION_SUCCEEDED &&
        promotion->requester_id != 0)
        world->pins[promotion->repository][promotion->to] = promotion->kind == PROMOTION_ROLLBACK;
}

static void commit_promotion(struct world *world, struct truth_promotion *promotion)
{
    follow_pin(world, promotion);
    if (promotion->committed == STATE_NONE) {
        bool is_refused = promotion->state == PROMOTION_REFUSED;
        world->tally->refused += is_refused ? 1 : 0;
        world->tally->promotions += is_refused ? 0 : 1;
        world->accepted += is_refused ? 0 : 1;
    }
    if (promotion->state != promotion->committed && promotion->state >= PROMOTION_SUCCEEDED)
        world->tally->states[promotion->state]++;
    promotion->committed = promotion->state;
}

static void judge_superseded(struct world *world, const struct truth_deployment *deployment)
{
    size_t by = deployment_find(world, deployment->superseded_by.text);

    if (deployment->state != DEPLOYMENT_SUPERSEDED || deployment->promotion.text[0] != '\0')
        return;
    if (by == SIZE_MAX)
        blame(world, 9, "%s was superseded by nothing", deployment->id.text);
    else if (deployment_at(world, by)->promotion.text[0] == '\0' &&
             deployment_at(world, by)->commit <= deployment->commit)
        blame(world, 9, "%s was superseded by an older commit", deployment->id.text);
}

void oracle_commit(struct world *world)
{
    for (size_t i = 0; i < world->touched.count; i++) {
        const size_t *at = list_at(&world->touched, i);
        commit_promotion(world, promotion_at(world, *at));
    }
    for (size_t i = 0; i < world->touched_deployments.count; i++) {
        const size_t *at = list_at(&world->touched_deployments, i);
        struct truth_deployment *deployment = deployment_at(world, *at);
        deployment->committed = deployment->state;
        judge_superseded(world, deployment);
    }
    for (size_t i = 0; i < world->votes_count; i++)
        apply_ballot(world, world->votes[i].promotion, &world->votes[i].ballot);
    for (size_t i = 0; i < world->acts_count; i++)
        apply_act(world, world->acts[i]);
}

void oracle_rollback(struct world *world)
{
    for (size_t i = 0; i < world->touched.count; i++) {
        const size_t *at = list_at(&world->touched, i);
        promotion_at(world, *at)->state = promotion_at(world, *at)->committed;
    }
    for (size_t i = 0; i < world->touched_deployments.count; i++) {
        const size_t *at = list_at(&world->touched_deployments, i);
        deployment_at(world, *at)->state = deployment_at(world, *at)->committed;
    }
    memcpy(world->ties, world->ties_before, sizeof(world->ties));
}
