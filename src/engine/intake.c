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

#define LOST_ROWS_MAX 1000 /* beyond, one row speaks for the rest */

/* One delivery on its way through. */
struct passage {
    struct intake *intake;
    const struct journal_record *record;
    struct store_delivery *delivery; /* what will be stored */
    struct gh_facts facts;
    bool is_replay;
};

static void conclude(struct passage *passage, enum verdict verdict, struct reason reason)
{
    passage->delivery->verdict = verdict;
    passage->delivery->reason = reason;
}

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

/* ---- what it means: push ---- */

static bool note_branch(struct passage *passage, const struct gh_push *push,
                        struct branch_result *ret_result, struct err *err)
{
    struct store *store = passage->intake->lanes.store;
    int64_t repository_id = passage->facts.repository_id;
    struct branch_state state;
    struct branch_facts facts;

    if (!store_branch_get(store, repository_id, push->branch, &state, err) ||
        !store_branch_facts(store, repository_id, push->branch, &push->push, &state.head, &facts,
                            err))
        return false;
    *ret_result = branch_step(&state, &push->push, &facts);

    /* Asked again about a push that is still the head: take it as new. */
    if (passage->is_replay && push->push.after.hex[0] != '\0' &&
        git_sha_equal(&push->push.after, &state.head)) {
        *ret_result = (struct branch_result){.order = BRANCH_NEWER, .next = state};
        return true;
    }
    return store_branch_put(store, repository_id, push->branch, &ret_result->next, err) &&
           store_push_put(store, repository_id, push->branch, &push->push,
                          passage->record->sequence, err);
}

static struct store_deployment candidate_of(const struct passage *passage,
                                            const struct gh_push *push,
                                            const struct flow_environment *environment)
{
    struct store_deployment candidate = {
        .repository_id = passage->facts.repository_id,
        .sha = push->push.after,
        .delivery_sequence = passage->record->sequence,
    };

    snprintf(candidate.repository, sizeof(candidate.repository), "%s", passage->facts.repository);
    snprintf(candidate.environment, sizeof(candidate.environment), "%s", environment->name);
    snprintf(candidate.ref, sizeof(candidate.ref), "%s", push->branch);
    snprintf(candidate.title, sizeof(candidate.title), "%s", push->title);
    snprintf(candidate.delivery_guid, sizeof(candidate.delivery_guid), "%s", passage->record->guid);
    return candidate;
}

/* One environment that the branch deploys by itself. */
static bool deploy_to(struct passage *passage, const struct gh_push *push,
                      const struct flow_environment *environment, struct err *err)
{
    if (environment->deploy.argv == NULL) {
        conclude(passage, VERDICT_RECORDED,
                 reason_make(REASON_NO_DEPLOY, "%s has no deploy.command in the configuration",
                             environment->name));
        return true;
    }

    struct store_deployment candidate = candidate_of(passage, push, environment);
    if (!lanes_add_candidate(&passage->intake->lanes, environment, &candidate, err))
        return false;

    bool runs = candidate.state == DEPLOYMENT_RUNNING;
    passage->delivery->deployment = candidate.id;
    conclude(passage, VERDICT_ACTED,
             runs ? reason_make(REASON_DEPLOYING, "deploys %.7s to %s", push->push.after.hex,
                                environment->name)
                  : reason_make(REASON_QUEUED,
                                "%.7s goes to %s after the deployment that is running",
                                push->push.after.hex, environment->name));
    return true;
}

static bool branch_deploys(const struct flow *flow, const char *branch)
{
    for (size_t i = 0; i < flow->environments_count; i++) {
        if (graph_matches_branch(flow->environments[i].auto_branches, branch))
            return true;
    }
    return false;
}

static bool deploy_branch(struct passage *passage, const struct gh_push *push,
                          const struct flow *flow, struct err *err)
{
    for (size_t i = 0; i < flow->environments_count; i++) {
        const struct flow_environment *environment = &flow->environments[i];
        if (graph_matches_branch(environment->auto_branches, push->branch) &&
            !deploy_to(passage, push, environment, err))
            return false;
    }
    return true;
}

static bool act_on_push(struct passage *passage, const struct gh_signal *signal,
                        const struct repository_rule *rule, struct err *err)
{
    const struct gh_push *push = &signal->as.push;
    struct branch_result result;

    snprintf(passage->delivery->ref, sizeof(passage->delivery->ref), "refs/heads/%.500s",
             push->branch);
    passage->delivery->sha = push->push.after;
    if (!branch_deploys(rule->flow, push->branch)) {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_BRANCH_UNUSED,
                             "no environment of flow %s deploys branch %s "
                             "by itself",
                             rule->flow->name, push->branch));
        return true;
    }
    if (!note_branch(passage, push, &result, err))
        return false;
    if (result.order != BRANCH_NEWER) {
        conclude(passage, result.order == BRANCH_KNOWN ? VERDICT_IGNORED : VERDICT_RECORDED,
                 result.reason);
        return true;
    }
    if (push->push.after.hex[0] == '\0') {
        conclude(passage, VERDICT_IGNORED,
                 reason_make(REASON_BRANCH_DELETED, "branch %s was deleted; what it deployed stays",
                             push->branch));
        return true;
    }
    return deploy_branch(passage, push, rule->flow, err);
}

/* ---- what it means: ping ---- */

static bool act_on_ping(struct passage *passage, const struct gh_signal *signal,
                        const struct repository_rule *rule, struct err *err)
{
    const struct gh_ping *ping = &signal->as.ping;

    (void)rule;
    (void)err;
    conclude(passage, VERDICT_RECORDED,
             reason_make(REASON_PING, "hook %" PRId64 " sends %s as %s%s%s", ping->hook_id,
                         ping->events[0] != '\0' ? ping->events : "nothing", ping->content_type,
                         ping->has_push ? "" : "; warning: it is not subscribed to push",
                         ping->insecure_ssl ? "; warning: it does not check our certificate" : ""));
    return true;
}

/* ---- what follows ---- */

typedef bool act_fn(struct passage *passage, const struct gh_signal *signal,
                    const struct repository_rule *rule, struct err *err);

static const struct {
    act_fn *act;
    bool needs_rule; /* only for repositories that are configured */
} actions[GH_SIGNAL_COUNT] = {
    [GH_PUSH] = {act_on_push, true},
    [GH_PING] = {act_on_ping, false},
};

/* Is the repository one of ours? Otherwise the verdict is set. */
static bool is_ours(struct passage *passage, const struct repository_rule *rule)
{
    const struct gh_facts *facts = &passage->facts;

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

static bool act(struct passage *passage, struct err *err)
{
    const struct gh_facts *facts = &passage->facts;
    const struct repository_rule *rule =
        graph_find_repository(passage->intake->lanes.graph, facts->repository);

    if (facts->signals_count == 0) {
        conclude(passage, VERDICT_IGNORED, facts->reason);
        return true;
    }
    for (size_t i = 0; i < facts->signals_count; i++) {
        const struct gh_signal *signal = &facts->signals[i];
        if (actions[signal->kind].needs_rule && !is_ours(passage, rule))
            return true;
        if (!actions[signal->kind].act(passage, signal, rule, err))
            return false;
    }
    return rule == NULL || facts->repository_id == 0 ||
           store_repository_put(passage->intake->lanes.store, facts->repository_id,
                                facts->repository, err);
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
