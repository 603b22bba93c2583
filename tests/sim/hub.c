/* GitHub: what happened there, as signed deliveries, by a post that loses, repeats and mixes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/sha256.h"
#include "sim/world.h"

#define BODY_BYTES_MAX ((size_t)64 * 1024)

/* ---- payloads ---- */

static void write_person(struct jsonw *w, const char *key, const struct human *human)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "login", human->login);
    jsonw_int(w, "id", human->id);
    jsonw_text(w, "type", human->is_bot ? "Bot" : "User");
    jsonw_close_object(w);
}

static void write_common(struct jsonw *w, const struct world *world, int repository, int sender)
{
    jsonw_open_object(w, "repository");
    jsonw_int(w, "id", repository_id(repository));
    jsonw_text(w, "full_name", repository_names[repository]);
    jsonw_bool(w, "fork", false);
    jsonw_text(w, "default_branch", "main");
    jsonw_int(w, "pushed_at", world->true_ms / 1000);
    jsonw_close_object(w);
    write_person(w, "sender", &world->people[sender]);
}

static void post(struct world *world, size_t delivery)
{
    struct letter letter = {delivery, world->true_ms + prng_below(&world->prng, 20 * 1000)};
    int64_t roll = world->is_calm ? 999 : prng_below(&world->prng, 1000);

    if (roll < 30) {
        count_fault(world, FAULT_LOST);
        list_add(&world->lost, &letter);
        return;
    }
    if (roll < 130) {
        struct letter again = {delivery, world->true_ms + prng_below(&world->prng, HOUR_MS)};
        count_fault(world, FAULT_REPEATED);
        list_add(&world->letters, &again);
    } else if (roll < 200) {
        count_fault(world, FAULT_LATE);
        letter.due_ms += prng_below(&world->prng, 6 * HOUR_MS);
    }
    list_add(&world->letters, &letter);
}

static void deliver(struct world *world, const char *event, const struct act *act, struct buf *body)
{
    struct delivery delivery = {.act = *act, .event = event, .body_bytes = body->len};

    memcpy(delivery.act.login, world->people[act->person].login, sizeof(delivery.act.login));
    snprintf(delivery.guid, sizeof(delivery.guid), "%016" PRIx64 "-%zu", world->seed,
             world->deliveries.count);
    delivery.body = body->data; /* the delivery's from now on */
    list_add(&world->deliveries, &delivery);
    world->tally->deliveries++;
    post(world, world->deliveries.count - 1);
}

static void tell_merge(struct world *world, size_t at)
{
    const struct commit *commit = commit_at(world, at);
    struct act act = {.kind = ACT_PULL, .repository = commit->repository, .commit = at};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "action", "closed");
    jsonw_int(&w, "number", (int64_t)at + 1);
    jsonw_open_object(&w, "pull_request");
    jsonw_bool(&w, "merged", true);
    jsonw_text(&w, "merge_commit_sha", commit->sha.hex);
    jsonw_open_object(&w, "base");
    jsonw_text(&w, "ref", branch_names[commit->branch]);
    jsonw_close_object(&w);
    write_person(&w, "user", &world->people[commit->author]);
    write_person(&w, "merged_by", &world->people[commit->author]);
    jsonw_close_object(&w);
    write_common(&w, world, commit->repository, commit->author);
    jsonw_close_object(&w);
    deliver(world, "pull_request", &act, &body);
}

void hub_push(struct world *world, int repository, int branch)
{
    static const char nothing[] = "0000000000000000000000000000000000000000";
    size_t before = world->heads[repository][branch];
    size_t after = commit_add(world, repository, branch);
    struct act act = {.kind = ACT_PUSH, .repository = repository, .commit = after};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);
    char ref[64];

    snprintf(ref, sizeof(ref), "refs/heads/%s", branch_names[branch]);
    world_wait(world, 1000); /* stamps are in seconds */
    world->heads[repository][branch] = after;
    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "ref", ref);
    jsonw_text(&w, "before", before != SIZE_MAX ? commit_at(world, before)->sha.hex : nothing);
    jsonw_text(&w, "after", commit_at(world, after)->sha.hex);
    jsonw_bool(&w, "forced", false);
    jsonw_open_object(&w, "head_commit");
    jsonw_text(&w, "message", "a merge");
    jsonw_close_object(&w);
    write_common(&w, world, repository, commit_at(world, after)->author);
    jsonw_close_object(&w);
    deliver(world, "push", &act, &body);
    tell_merge(world, after);
}

static void write_review(struct jsonw *w, struct world *world, const struct act *act)
{
    const struct truth_promotion *promotion = promotion_at(world, act->promotion);
    char text[96];

    jsonw_text(w, "action", act->rejects ? "rejected" : "approved");
    write_person(w, "approver", &world->people[act->person]);
    jsonw_text(w, "comment", "");
    snprintf(text, sizeof(text), "promotion-approval-%s", environment_names[act->environment]);
    jsonw_open_array(w, "workflow_job_runs");
    jsonw_open_object(w, NULL);
    jsonw_int(w, "id", ++world->numbers);
    jsonw_text(w, "environment", text);
    jsonw_close_object(w);
    jsonw_close_array(w);
    jsonw_open_object(w, "workflow_run");
    jsonw_int(w, "id", ++world->numbers);
    snprintf(text, sizeof(text), "Promote (%s)", promotion->id.text);
    jsonw_text(w, "display_title", text);
    jsonw_text(w, "head_sha", "00000000000000000000000000000000000000aa");
    jsonw_close_object(w);
}

void hub_review(struct world *world, int person, size_t promotion, bool rejects)
{
    const struct truth_promotion *asked = promotion_at(world, promotion);
    struct act act = {.kind = ACT_REVIEW,
                      .repository = asked->repository,
                      .person = person,
                      .promotion = promotion,
                      .environment = asked->to,
                      .rejects = rejects,
                      .is_misplaced = !world->is_calm && prng_chance(&world->prng, 30)};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);

    if (act.is_misplaced)
        act.environment = (act.environment + 1) % ENVIRONMENTS;
    jsonw_open_object(&w, NULL);
    write_review(&w, world, &act);
    write_common(&w, world, act.repository, 0);
    jsonw_close_object(&w);
    deliver(world, "deployment_review", &act, &body);
}

void hub_pull_review(struct world *world, int person, size_t commit, bool withdraws)
{
    struct act act = {.kind = ACT_PULL_REVIEW,
                      .repository = commit_at(world, commit)->repository,
                      .person = person,
                      .commit = commit,
                      .withdraws = withdraws};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "action", "submitted");
    jsonw_open_object(&w, "review");
    jsonw_int(&w, "id", ++world->numbers);
    jsonw_text(&w, "state", withdraws ? "changes_requested" : "approved");
    jsonw_text(&w, "commit_id", commit_at(world, commit)->sha.hex);
    write_person(&w, "user", &world->people[person]);
    jsonw_close_object(&w);
    jsonw_open_object(&w, "pull_request");
    jsonw_int(&w, "number", (int64_t)commit + 1);
    jsonw_close_object(&w);
    write_common(&w, world, act.repository, person);
    jsonw_close_object(&w);
    deliver(world, "pull_request_review", &act, &body);
}

void hub_request(struct world *world, int person, enum promotion_kind kind, int repository,
                 enum environment from, enum environment to, size_t commit)
{
    static const char *const types[PROMOTION_KIND_COUNT] = {
        [PROMOTION_PROMOTE] = "envflow-promote",
        [PROMOTION_DEPLOY] = "envflow-deploy",
        [PROMOTION_ROLLBACK] = "envflow-rollback",
    };
    struct act act = {.kind = ACT_REQUEST, .repository = repository, .person = person};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "action", types[kind]);
    jsonw_open_object(&w, "client_payload");
    jsonw_int(&w, "number", ++world->numbers);
    jsonw_text(&w, "from", kind == PROMOTION_PROMOTE ? environment_names[from] : NULL);
    jsonw_text(&w, "to", environment_names[to]);
    jsonw_text(&w, "release", commit != SIZE_MAX ? commit_at(world, commit)->sha.hex : NULL);
    jsonw_text(&w, "reason", "it has to");
    jsonw_close_object(&w);
    write_common(&w, world, repository, person);
    jsonw_close_object(&w);
    deliver(world, "repository_dispatch", &act, &body);
}

/* Somebody deploys past envflow, and GitHub tells. */
void hub_foreign(struct world *world, int repository, enum environment environment, size_t commit)
{
    struct act act = {
        .kind = ACT_STATUS, .repository = repository, .commit = commit, .environment = environment};
    struct buf body = BUF_INIT(BODY_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&body);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "action", "created");
    jsonw_open_object(&w, "deployment_status");
    jsonw_int(&w, "id", ++world->numbers);
    jsonw_text(&w, "state", "success");
    jsonw_close_object(&w);
    jsonw_open_object(&w, "deployment");
    jsonw_int(&w, "id", ++world->numbers);
    jsonw_text(&w, "environment", environment_names[environment]);
    jsonw_text(&w, "sha", commit_at(world, commit)->sha.hex);
    jsonw_close_object(&w);
    write_common(&w, world, repository, 0);
    jsonw_close_object(&w);
    deliver(world, "deployment_status", &act, &body);
}

/* ---- arrival ---- */

static void take_out(struct list *list, size_t at)
{
    memmove(list_at(list, at), list_at(list, list->count - 1), list->size);
    list->count--;
}

/* In any order. What was acknowledged is in the journal for good. */
void hub_arrive(struct world *world)
{
    for (size_t at = world->letters.count; at > 0; at--) {
        const struct letter *letter = list_at(&world->letters, at - 1);
        size_t delivery = letter->delivery;
        if (letter->due_ms > world->true_ms && !world->is_calm)
            continue;
        if (at < world->letters.count)
            count_fault(world, FAULT_REORDERED);
        list_add(&world->journal, &delivery);
        take_out(&world->letters, at - 1);
    }
}

void hub_send_again(struct world *world)
{
    for (size_t i = 0; i < world->lost.count; i++)
        list_add(&world->letters, list_at(&world->lost, i));
    world->lost.count = 0;
}

struct journal_record hub_record(const struct world *world, uint64_t sequence)
{
    const size_t *at = list_at(&world->journal, (size_t)sequence - 1);
    const struct delivery *delivery = list_at(&world->deliveries, *at);
    struct journal_record record = {
        .sequence = sequence,
        .received_ms = world->clock.wall_ms,
        .hook_id = "1",
        .target_type = "repository",
        .target_id = "42",
        .body = delivery->body,
        .body_bytes = delivery->body_bytes,
        .body_bytes_received = delivery->body_bytes,
    };

    snprintf(record.event, sizeof(record.event), "%s", delivery->event);
    snprintf(record.guid, sizeof(record.guid), "%s", delivery->guid);
    sha256(delivery->body, delivery->body_bytes, record.mac);
    return record;
}
