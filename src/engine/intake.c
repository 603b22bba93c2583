#include "intake_int.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/glob.h"
#include "base/sha256.h"
#include "github/payload.h"
#include "handlers.h"
#include "passage_int.h"

#define LOST_ROWS_MAX 1000 /* beyond, one row speaks for the rest */

/* ---- what it is ---- */

static void copy_head(struct passage *passage)
{
    const struct journal_record *record = passage->record;
    struct store_delivery *delivery = passage->delivery;

    delivery->sequence = record->sequence;
    delivery->received_ms = record->received_ms;
    delivery->body_bytes = record->body_bytes_received;
    memcpy(delivery->guid, record->guid, sizeof(delivery->guid));
    memcpy(delivery->event, record->event, sizeof(delivery->event));
    memcpy(delivery->hook_id, record->hook_id, sizeof(delivery->hook_id));
    memcpy(delivery->target_type, record->target_type, sizeof(delivery->target_type));
    memcpy(delivery->target_id, record->target_id, sizeof(delivery->target_id));
}

static void copy_facts(struct passage *passage)
{
    const struct gh_facts *facts = &passage->facts;
    struct store_delivery *delivery = passage->delivery;

    delivery->repository_id = facts->repository_id;
    snprintf(delivery->action, sizeof(delivery->action), "%s", facts->action);
    snprintf(delivery->repository, sizeof(delivery->repository), "%s", facts->repository);
    snprintf(delivery->sender, sizeof(delivery->sender), "%s", facts->sender);
}

/* ---- is it new ---- */

/* (target, hook, GUID, body): what GitHub repeats when it redelivers. */
static void delivery_key(const struct journal_record *record, uint8_t key[STORE_KEY_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    char head[sizeof(record->target_type) + sizeof(record->target_id) + sizeof(record->hook_id) +
              sizeof(record->guid) + SHA256_BYTES];

    /* A body that was not kept is told by its MAC. */
    if ((record->flags & JOURNAL_BODY_DROPPED) != 0)
        memcpy(digest, record->mac, sizeof(digest));
    else
        sha256(record->body, record->body_bytes, digest);

    /* The names have no line breaks, so the parts cannot run into each other. */
    int len = snprintf(head, sizeof(head), "%s\n%s\n%s\n%s\n", record->target_type,
                       record->target_id, record->hook_id, record->guid);
    assert(len > 0 && (size_t)len + sizeof(digest) <= sizeof(head));
    memcpy(head + len, digest, sizeof(digest));
    sha256(head, (size_t)len + sizeof(digest), digest);
    memcpy(key, digest, STORE_KEY_BYTES);
}

/* The MAC is a second key: headers are not signed, so whoever once saw a signed body could send it
 * again under a GUID of his own. */
static bool find_earlier(struct passage *passage, bool *ret_found, struct err *err)
{
    struct store *store = passage->intake->lanes.store;
    const struct journal_record *record = passage->record;
    uint8_t key[STORE_KEY_BYTES];
    uint64_t same_delivery = 0;
    uint64_t same_body = 0;

    delivery_key(record, key);
    if (!store_see(store, key, record->sequence, &same_delivery, err) ||
        !store_see(store, record->mac, record->sequence, &same_body, err))
        return false;

    bool repeats_delivery = same_delivery != record->sequence;
    bool repeats_body = same_body != record->sequence;
    *ret_found = repeats_delivery || repeats_body;
    if (repeats_delivery)
        conclude(passage, VERDICT_DUPLICATE,
                 reason_make(REASON_DUPLICATE_DELIVERY,
                             "GitHub delivered this before, as number %" PRIu64, same_delivery));
    else if (repeats_body)
        conclude(passage, VERDICT_DUPLICATE,
                 reason_make(REASON_REPLAYED_BODY,
                             "the same signed body came before, as number %" PRIu64
                             ", under another GUID or hook",
                             same_body));
    if (*ret_found)
        passage->delivery->first_sequence = repeats_delivery ? same_delivery : same_body;
    return true;
}

/* ---- what it says ---- */

static bool read_body(const struct passage *passage, const struct gh_handler *handler,
                      struct gh_facts *ret_facts, struct err *err)
{
    const struct journal_record *record = passage->record;
    AUTO(buf) struct buf json = BUF_INIT(record->body_bytes);

    if ((record->flags & JOURNAL_FORM_BODY) == 0)
        return gh_read(handler, record->body, record->body_bytes, ret_facts, err);
    return payload_from_form(record->body, record->body_bytes, &json, err) &&
           gh_read(handler, buf_text(&json), json.len, ret_facts, err);
}

/* True when facts were read; otherwise the verdict is set. */
static bool read_facts(struct passage *passage, const struct gh_handler *handler)
{
    struct mark *mark = passage->intake->mark;
    struct err err;

    if (mark != NULL)
        mark_begin(mark, passage->record->sequence);
    payload_set_budget(passage->intake->parse_bytes_max);
    bool read = read_body(passage, handler, &passage->facts, &err);
    payload_set_budget(0);
    if (mark != NULL)
        mark_end(mark);
    if (read) {
        copy_facts(passage);
        return true;
    }

    bool too_costly = err.code == ERR_LIMIT || err.code == ERR_NOMEM;
    conclude(passage, VERDICT_QUARANTINED,
             reason_make(too_costly ? REASON_PAYLOAD_TOO_COSTLY : REASON_PAYLOAD_INVALID,
                         "the payload cannot be used: %s", err.text));
    return false;
}

/* ---- what follows ---- */

static const struct {
    react_fn *react;
    bool needs_rule; /* only for repositories that are configured */
} reactions[GH_SIGNAL_COUNT] = {
    [GH_PUSH] = {react_to_push, true},
    [GH_PING] = {react_to_ping, false},
    [GH_DEPLOYMENT] = {react_to_deployment, true},
    [GH_DEPLOYMENT_STATUS] = {react_to_deployment_status, true},
    [GH_REVIEW] = {react_to_review, true},
    [GH_PULL_REVIEW] = {react_to_pull_review, true},
    [GH_PULL] = {react_to_pull, true},
    [GH_RUN] = {react_to_run, true},
    [GH_REQUEST] = {react_to_request, true},
};

/* Is the repository one of ours? Otherwise the verdict is set. */
static bool is_ours(struct passage *passage)
{
    const struct gh_facts *facts = &passage->facts;
    const struct repository_rule *rule = passage->rule;

    if (rule == NULL) {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_REPOSITORY_UNKNOWN,
                             "%s is not under `repositories:` in the configuration",
                             facts->repository[0] != '\0' ? facts->repository : "no repository"));
        return false;
    }
    if (facts->is_fork && !rule->forks && glob_is_pattern(rule->pattern)) {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_FORK,
                             "%s is a fork; name it in the configuration or set "
                             "`forks: true` on %s",
                             facts->repository, rule->pattern));
        return false;
    }
    return true;
}

/* Every signal in turn; the verdict is the last one's, but one that acted outranks the others. */
static bool react(struct passage *passage, struct err *err)
{
    const struct gh_facts *facts = &passage->facts;
    struct store_delivery *delivery = passage->delivery;
    struct store_delivery best = {.verdict = VERDICT_COUNT};

    for (size_t i = 0; i < facts->signals_count; i++) {
        const struct gh_signal *signal = &facts->signals[i];
        if (reactions[signal->kind].needs_rule && !is_ours(passage))
            return true;
        if (!reactions[signal->kind].react(passage, signal, err))
            return false;
        if (delivery->verdict < best.verdict)
            best = *delivery;
    }
    *delivery = best;
    return true;
}

static bool act(struct passage *passage, struct err *err)
{
    const struct gh_facts *facts = &passage->facts;
    struct lanes *lanes = &passage->intake->lanes;

    passage->rule = graph_find_repository(lanes->graph, facts->repository);
    if (facts->signals_count == 0) {
        conclude(passage, VERDICT_IGNORED, facts->reason);
        return true;
    }
    if (passage->rule != NULL && facts->repository_id != 0 &&
        !store_repository_put(lanes->store, facts->repository_id, facts->repository, err))
        return false;
    return react(passage, err);
}

struct store_actor passage_actor(const struct passage *passage, const struct gh_person *person)
{
    struct store_actor actor = {.id = person->id};

    snprintf(actor.login, sizeof(actor.login), "%s", person->login);
    snprintf(actor.via, sizeof(actor.via), "delivery %.54s", passage->record->guid);
    return actor;
}

static bool interpret(struct passage *passage, struct err *err)
{
    const struct gh_handler *handler = handler_find(passage->record->event);

    if (handler == NULL || (passage->record->flags & JOURNAL_BODY_DROPPED) != 0) {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_EVENT_UNUSED, "envflow does not act on %s events",
                             passage->record->event));
        return true;
    }
    return !read_facts(passage, handler) || act(passage, err);
}

static bool judge(struct passage *passage, struct err *err)
{
    const struct mark *mark = passage->intake->mark;
    bool seen = false;

    if (passage->is_replay)
        return interpret(passage, err);
    if (!find_earlier(passage, &seen, err))
        return false;
    if (seen)
        return true;
    if (mark != NULL && mark_is_deadly(mark, passage->record->sequence)) {
        conclude(passage, VERDICT_QUARANTINED,
                 reason_make(REASON_CRASHED, "handling this delivery ended envflow more than once; "
                                             "it was set aside so that the rest goes on"));
        return true;
    }
    return interpret(passage, err);
}

static bool pass(struct passage *passage, struct err *err)
{
    struct intake *intake = passage->intake;

    if (!judge(passage, err))
        return err_wrap(err, "delivery %s", passage->record->guid);
    passage->delivery->handled_ms = clock_wall_ms(intake->lanes.clock);
    return store_delivery_put(intake->lanes.store, passage->delivery, err);
}

bool intake_handle(struct intake *intake, const struct journal_record *record,
                   struct store_delivery *ret_delivery, struct err *err)
{
    struct store_delivery delivery = {0};
    struct passage passage = {.intake = intake, .record = record, .delivery = &delivery};

    copy_head(&passage);
    if (!pass(&passage, err))
        return false;
    *ret_delivery = delivery;
    return true;
}

bool intake_replay(struct intake *intake, const struct journal_record *record,
                   struct store_delivery *ret_delivery, struct err *err)
{
    struct store_delivery delivery;
    struct passage passage = {
        .intake = intake, .record = record, .delivery = &delivery, .is_replay = true};

    if (!store_delivery_get(intake->lanes.store, record->sequence, &delivery, err))
        return false;
    copy_head(&passage);
    delivery.replays++;
    delivery.first_sequence = 0;
    if (!pass(&passage, err))
        return false;
    *ret_delivery = delivery;
    return true;
}

bool intake_lost(struct intake *intake, const struct journal_lost *lost, const char *where,
                 struct err *err)
{
    uint64_t last = lost->last_sequence;

    if (last - lost->first_sequence >= LOST_ROWS_MAX)
        last = lost->first_sequence + LOST_ROWS_MAX - 1;
    for (uint64_t sequence = lost->first_sequence; sequence <= last; sequence++) {
        struct store_delivery delivery = {
            .sequence = sequence,
            .handled_ms = clock_wall_ms(intake->lanes.clock),
            .verdict = VERDICT_QUARANTINED,
            .reason = reason_make(REASON_JOURNAL_DAMAGED,
                                  "numbers %" PRIu64 " to %" PRIu64 " cannot be read: %s; ask "
                                  "GitHub to redeliver what came then",
                                  lost->first_sequence, lost->last_sequence, where),
        };
        if (!store_delivery_put(intake->lanes.store, &delivery, err))
            return false;
    }
    return true;
}
