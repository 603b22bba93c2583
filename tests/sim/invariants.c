/* I1 to I14, after every step, and liveness at the end. What an invariant says in full:
 * docs/SIMULATION.md. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/chain.h"
#include "base/buf.h"
#include "engine/why.h"
#include "sim/world.h"
#include "store/audit.h"

static struct run *run_at(const struct world *world, size_t at)
{
    return list_at(&world->runs, at);
}

/* ---- what starts ---- */

static bool is_audited(const struct world *world, const struct id *id)
{
    for (size_t i = 0; i < world->audited.count; i++) {
        if (strcmp(((const struct id *)list_at(&world->audited, i))->text, id->text) == 0)
            return true;
    }
    return false;
}

static bool is_same_cause(const struct truth_deployment *a, const struct truth_deployment *b)
{
    if (a->promotion.text[0] != '\0' || b->promotion.text[0] != '\0')
        return strcmp(a->promotion.text, b->promotion.text) == 0;
    return a->repository == b->repository && a->environment == b->environment &&
           a->delivery_sequence == b->delivery_sequence;
}

/* I6 and I7: against every run there is and was. */
static void judge_effect(struct world *world, const struct truth_deployment *started)
{
    for (size_t at = world->runs.count; at > 0; at--) {
        const struct run *run = run_at(world, at - 1);
        if (run->what.job != LANES_DEPLOYMENT)
            continue;
        const struct truth_deployment *other = deployment_at(world, run->deployment);
        if (is_same_cause(other, started) && run->is_settled && run->outcome != LANE_OUTCOME_LOST)
            blame(world, 6, "%s starts though %s, for the same cause, ended as known",
                  started->id.text, other->id.text);
        if (other->repository == started->repository &&
            other->environment == started->environment && !run->is_settled)
            blame(world, 7, "%s starts on %s while %s runs there", started->id.text,
                  environment_names[started->environment], other->id.text);
    }
}

static void judge_holds(struct world *world, const struct truth_deployment *started,
                        const struct truth_promotion *promotion)
{
    bool is_push = promotion == NULL;
    bool is_rollback = !is_push && promotion->kind == PROMOTION_ROLLBACK;
    const char *what = is_push ? "push" : promotion_kind_name(promotion->kind);

    if (freeze_truth(world, started->repository, started->environment, is_rollback))
        blame(world, 10, "%s, a %s, starts on %s, which is frozen", started->id.text, what,
              environment_names[started->environment]);
    if (world->pins[started->repository][started->environment] &&
        (is_push || promotion->kind == PROMOTION_DEPLOY))
        blame(world, 10, "%s, a %s, starts on %s, which is pinned", started->id.text, what,
              environment_names[started->environment]);
}

/* I5: no environment is skipped. I11: a rollback brings what was good there. */
static void judge_way(struct world *world, const struct truth_promotion *promotion)
{
    const struct commit *commit = commit_at(world, promotion->commit);

    if (promotion->kind == PROMOTION_PROMOTE && (!path_truth(promotion->from, promotion->to) ||
                                                 (commit->good_on & (1U << promotion->from)) == 0))
        blame(world, 5, "%s goes from %s to %s and was never good on its source",
              promotion->id.text, environment_names[promotion->from],
              environment_names[promotion->to]);
    if (promotion->kind == PROMOTION_DEPLOY &&
        (promotion->to > ACTIVE || (promotion->to == DEV_INT && commit->branch != 0)))
        blame(world, 5, "%s is deployed to %s by hand", promotion->id.text,
              environment_names[promotion->to]);
    if (promotion->kind == PROMOTION_ROLLBACK && (commit->good_on & (1U << promotion->to)) == 0)
        blame(world, 11, "%s rolls %s back to what was never good there", promotion->id.text,
              environment_names[promotion->to]);
}

/* The gates of staging and prod have one check; the last time it ran has to have been a good one.
 */
static void judge_check(struct world *world, size_t promotion)
{
    const struct truth_promotion *asked = promotion_at(world, promotion);
    const struct run *last = NULL;

    for (size_t at = 0; at < world->runs.count; at++) {
        if (run_at(world, at)->promotion == promotion)
            last = run_at(world, at);
    }
    if (asked->kind == PROMOTION_PROMOTE && asked->to >= STAGING &&
        (last == NULL || !last->is_settled || last->outcome != LANE_SUCCEEDED))
        blame(world, BLAME_CHECKS, "%s starts on %s and its check did not pass", asked->id.text,
              environment_names[asked->to]);
}

static void judge_admission(struct world *world, const struct truth_deployment *started,
                            const struct truth_promotion *promotion)
{
    int invariant = 0;
    const char *why = "";

    if (started->commit != promotion->commit)
        blame(world, 3, "%s was approved for one commit and deploys another", promotion->id.text);
    else if (!gate_truth_allows(world, promotion, &invariant, &why))
        blame(world, invariant, "%s starts on %s: %s", promotion->id.text,
              environment_names[promotion->to], why);
    judge_way(world, promotion);
    judge_check(world, promotion_find(world, promotion->id.text));
}

static void judge_start(struct world *world, const struct lanes_start *start)
{
    size_t at = deployment_find(world, start->id.text);
    const struct truth_promotion *promotion = NULL;

    if (at == SIZE_MAX) {
        blame(world, 12, "%s starts and is not in the store", start->id.text);
        return;
    }
    const struct truth_deployment *started = deployment_at(world, at);
    if (started->promotion.text[0] != '\0')
        promotion = promotion_at(world, promotion_find(world, started->promotion.text));
    trace(world, "  starts %s on %s %s", started->id.text, repository_names[started->repository],
          environment_names[started->environment]);
    if (!is_audited(world, &start->id))
        blame(world, 12, "%s starts and no record says so", start->id.text);
    judge_effect(world, started);
    judge_holds(world, started, promotion);
    if (promotion != NULL)
        judge_admission(world, started, promotion);
    else if (started->environment != DEV_INT || commit_at(world, started->commit)->branch != 0)
        blame(world, 5, "a push deploys %s by itself", environment_names[started->environment]);
}

void oracle_judge_starts(struct world *world)
{
    const struct lanes *lanes = &world->intake.lanes;

    for (size_t i = 0; i < lanes->starts_count; i++) {
        if (lanes->starts[i].job == LANES_DEPLOYMENT)
            judge_start(world, &lanes->starts[i]);
    }
}

/* ---- what arrives ---- */

static bool is_newer_handled(const struct world *world, size_t commit)
{
    const struct commit *asked = commit_at(world, commit);

    for (size_t i = 0; i < world->deliveries.count; i++) {
        const struct delivery *delivery = list_at(&world->deliveries, i);
        if (delivery->act.kind == ACT_PUSH && delivery->is_handled &&
            delivery->act.commit > commit &&
            commit_at(world, delivery->act.commit)->repository == asked->repository &&
            commit_at(world, delivery->act.commit)->branch == asked->branch)
            return true;
    }
    return false;
}

static void judge_push(struct world *world, const struct act *act, const struct store_delivery *row)
{
    bool is_main = commit_at(world, act->commit)->branch == 0;

    if (!is_main || row->verdict == VERDICT_DUPLICATE)
        return;
    if (row->verdict == VERDICT_ACTED && deployment_find(world, row->deployment.text) == SIZE_MAX)
        blame(world, 9, "delivery %" PRIu64 " acted, and no deployment is there", row->sequence);
    if (row->verdict != VERDICT_ACTED && !is_newer_handled(world, act->commit))
        blame(world, 9, "delivery %" PRIu64 " was the newest and is only %s", row->sequence,
              verdict_name(row->verdict));
}

void oracle_judge_delivery(struct world *world, uint64_t sequence)
{
    const size_t *at = list_at(&world->journal, (size_t)sequence - 1);
    const struct delivery *delivery = list_at(&world->deliveries, *at);
    struct store_delivery row;
    struct err err;

    if (!store_delivery_get(world->intake.lanes.store, sequence, &row, &err))
        blame(world, 8, "delivery %" PRIu64 " was acknowledged and is nowhere", sequence);
    else if (row.verdict == VERDICT_QUARANTINED)
        blame(world, 8, "delivery %" PRIu64 ": %.200s", sequence, row.reason.text);
    else if (delivery->act.kind == ACT_PUSH)
        judge_push(world, &delivery->act, &row);
}

/* ---- what was good ---- */

static bool passed(const struct world *world, size_t deployment, const char *check)
{
    bool is_good = false;

    for (size_t at = 0; at < world->runs.count; at++) {
        const struct run *run = run_at(world, at);
        if (run->what.job == LANES_CHECK && run->deployment == deployment &&
            run->phase == CHECK_AFTER && run->is_settled && strcmp(run->name, check) == 0)
            is_good = run->outcome == LANE_SUCCEEDED;
    }
    return is_good;
}

void oracle_note_good(struct world *world, const struct run *ended)
{
    static const char *const verifications[ENVIRONMENTS][2] = {
        [DEV_INT] = {"smoke", NULL}, [STAGING] = {"smoke", NULL}, [PROD] = {"smoke", "load"}};

    if (ended->deployment == SIZE_MAX || ended->outcome != LANE_SUCCEEDED)
        return;
    const struct truth_deployment *deployment = deployment_at(world, ended->deployment);
    for (size_t i = 0; i < 2; i++) {
        const char *check = verifications[deployment->environment][i];
        if (check != NULL && !passed(world, ended->deployment, check))
            return;
    }
    commit_at(world, deployment->commit)->good_on |= 1U << deployment->environment;
}

/* ---- at the end ---- */

struct checking {
    struct audit_check check;
    struct buf line;
    bool is_good;
    uint64_t last;
    struct err err;
};

static bool check_record(const struct audit_record *record, void *arg)
{
    struct checking *checking = arg;

    buf_clear(&checking->line);
    audit_export_line(record, &checking->line);
    checking->last = record->sequence;
    checking->is_good =
        checking->is_good && audit_check_line(&checking->check, buf_text(&checking->line),
                                              checking->line.len, &checking->err);
    return checking->is_good;
}

static void judge_chain(struct world *world)
{
    struct store_audit_filter filter = {.limit = UINT32_MAX};
    struct checking checking = {.line = BUF_INIT(AUDIT_LINE_MAX), .is_good = true};
    struct store *store = world->intake.lanes.store;
    struct audit_head head;
    struct err err;

    bool is_read = store_audit(store, &filter, check_record, &checking, &err) &&
                   store_audit_head(store, &head, &err);
    if (!is_read || !checking.is_good)
        blame(world, 12, "the audit chain: %s", is_read ? checking.err.text : err.text);
    else if (head.sequence != checking.last)
        blame(world, 12, "the audit chain ends early");
    buf_done(&checking.line);
}

static void find_needed(const struct explain_list *list, void *arg)
{
    bool *is_needed = arg;

    for (size_t i = 0; i < list->count; i++)
        *is_needed = *is_needed || list->items[i].is_needed;
}

/* What waits can say what for. */
static void judge_waiting(struct world *world, const struct store_promotion *row)
{
    bool is_needed = false;
    struct err err;

    if (!why_promotion(world->intake.lanes.store, world->intake.lanes.graph, row,
                       world->clock.wall_ms, find_needed, &is_needed, &err))
        blame(world, BLAME_LIVENESS, "why: %s", err.text);
    else if (!is_needed)
        blame(world, BLAME_LIVENESS, "promotion %s waits as %s and cannot say what for (%.200s)",
              row->id.text, promotion_state_name(row->status.state), row->reason.text);
}

static void judge_promotions(struct world *world)
{
    for (size_t at = 0; at < world->promotions.count; at++) {
        const struct truth_promotion *promotion = promotion_at(world, at);
        struct store_promotion row;
        struct err err;
        if (promotion->state == STATE_NONE)
            continue;
        if (!store_promotion_get(world->intake.lanes.store, promotion->id.text, &row, &err) ||
            (int)row.status.state != promotion->state)
            blame(world, 14, "promotion %s is not as it was written", promotion->id.text);
        else if (promotion->state < PROMOTION_SUCCEEDED)
            judge_waiting(world, &row);
    }
}

static void judge_deployments(struct world *world)
{
    for (size_t at = 0; at < world->deployments.count; at++) {
        const struct truth_deployment *deployment = deployment_at(world, at);
        struct store_deployment row;
        struct err err;
        if (deployment->state == STATE_NONE)
            continue;
        if (deployment->state < DEPLOYMENT_SUCCEEDED)
            blame(world, BLAME_LIVENESS, "deployment %s is still %s", deployment->id.text,
                  deployment_state_name((enum deployment_state)deployment->state));
        if (!store_deployment_get(world->intake.lanes.store, deployment->id.text, &row, &err) ||
            (int)row.state != deployment->state)
            blame(world, 14, "deployment %s is not as it was written", deployment->id.text);
    }
}

/* I9: every merge was deployed, or a newer one was. Whoever asks for an older one afterwards gets
 * it. */
static void judge_heads(struct world *world)
{
    for (int repository = 0; repository < REPOSITORIES; repository++) {
        const struct commit *head = commit_at(world, world->heads[repository][0]);
        if ((head->good_on & (1U << DEV_INT)) == 0)
            blame(world, 9, "%s: %.7s, the head of main, never came to dev-int",
                  repository_names[repository], head->sha.hex);
    }
}

void oracle_judge_end(struct world *world)
{
    for (uint64_t sequence = 1; sequence <= world->journal.count; sequence++)
        oracle_judge_delivery(world, sequence);
    judge_chain(world);
    judge_heads(world);
    judge_deployments(world);
    judge_promotions(world);
}
