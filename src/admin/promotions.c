/* GET: promotions, why they wait, releases, freezes. Shapes: docs/API.md. */
#include "admin_int.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "engine/gate.h"
#include "engine/why.h"

/* ---- one promotion ---- */

static void write_actor(struct jsonw *w, const char *key, const struct store_actor *actor)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "login", actor->login);
    jsonw_int(w, "id", actor->id);
    jsonw_text(w, "via", actor->via);
    jsonw_close_object(w);
}

static void write_fields(struct jsonw *w, const struct store_promotion *promotion)
{
    jsonw_text(w, "id", promotion->id.text);
    jsonw_text(w, "kind", promotion_kind_name(promotion->kind));
    jsonw_text(w, "repository", promotion->repository);
    jsonw_text(w, "from", promotion->from);
    jsonw_text(w, "to", promotion->to);
    jsonw_text(w, "release", promotion->release);
    jsonw_text(w, "sha", promotion->sha.hex);
    jsonw_text(w, "branch", promotion->branch);
    jsonw_text(w, "title", promotion->title);
    write_actor(w, "requester", &promotion->requester);
    jsonw_text(w, "reason_given", promotion->reason_given);
    jsonw_text(w, "state", promotion_state_name(promotion->status.state));
    jsonw_text(w, "reason", reason_name(promotion->reason.code));
    jsonw_text(w, "sentence", promotion->reason.text);
    jsonw_text(w, "deployment", promotion->deployment.text);
    jsonw_text(w, "caused_by", promotion->caused_by.text);
    jsonw_time(w, "created_at", promotion->created_ms);
    jsonw_time(w, "changed_at", promotion->changed_ms);
    jsonw_time(w, "ended_at", promotion->ended_ms);
    jsonw_time(w, "looks_again_at", promotion->due_ms);
}

void admin_write_promotion(struct jsonw *w, const struct store_promotion *promotion)
{
    jsonw_open_object(w, NULL);
    write_fields(w, promotion);
    jsonw_close_object(w);
}

/* ---- its votes, checks, and why it waits ---- */

struct vote_writer {
    struct jsonw *w;
    const struct gate_view *view;
};

/* NULL for a vote that came since the gate was looked at. */
static const char *find_standing(const struct gate_view *view, int64_t person_id)
{
    for (size_t i = 0; i < view->votes_count; i++) {
        if (view->votes[i].person_id == person_id)
            return quorum_standing_name(view->quorum.standings[i]);
    }
    return NULL;
}

static bool write_vote(const struct store_vote *vote, void *arg)
{
    struct vote_writer *writer = arg;
    struct jsonw *w = writer->w;
    const char *standing = find_standing(writer->view, vote->person.id);

    if (standing == NULL)
        return true;
    jsonw_open_object(w, NULL);
    jsonw_text(w, "login", vote->person.login);
    jsonw_int(w, "person_id", vote->person.id);
    jsonw_text(w, "verdict", vote->verdict == QUORUM_APPROVE ? "approve" : "reject");
    jsonw_text(w, "standing", standing);
    jsonw_text(w, "comment", vote->comment);
    jsonw_text(w, "via", vote->person.via);
    jsonw_time(w, "voted_at", vote->voted_ms);
    jsonw_close_object(w);
    return true;
}

static bool write_check(const struct store_check *check, void *arg)
{
    struct jsonw *w = arg;

    jsonw_open_object(w, NULL);
    jsonw_text(w, "id", check->id.text);
    jsonw_text(w, "phase", check_phase_name(check->phase));
    jsonw_text(w, "name", check->name);
    jsonw_text(w, "state", check_state_name(check->state));
    jsonw_text(w, "reason", reason_name(check->reason.code));
    jsonw_text(w, "sentence", check->reason.text);
    jsonw_time(w, "started_at", check->started_ms);
    jsonw_time(w, "ended_at", check->ended_ms);
    jsonw_close_object(w);
    return true;
}

static void write_why_item(struct jsonw *w, const struct explain_item *item)
{
    jsonw_open_object(w, NULL);
    jsonw_text(w, "kind", explain_kind_name(item->kind));
    jsonw_text(w, "sentence", item->text);
    jsonw_open_array(w, "people");
    for (size_t i = 0; i < item->people_count; i++)
        jsonw_text(w, NULL, item->people[i]);
    jsonw_close_array(w);
    jsonw_time(w, "until", item->until_ms);
    jsonw_bool(w, "needed", item->is_needed);
    jsonw_close_object(w);
}

static bool write_votes(struct call *call, struct jsonw *w, const struct store_promotion *promotion,
                        struct err *err)
{
    const struct admin *admin = call->admin;
    struct gate_view view;
    struct vote_writer writer = {.w = w, .view = &view};

    if (!gate_look(admin->store, &admin->options.cfg->graph, promotion,
                   clock_wall_ms(admin->options.clock), &view, err))
        return false;
    jsonw_open_array(w, "votes");
    bool ok = store_votes(admin->store, promotion->id.text, write_vote, &writer, err);
    jsonw_close_array(w);
    return ok;
}

static bool write_checks(struct call *call, struct jsonw *w,
                         const struct store_promotion *promotion, struct err *err)
{
    const char *const subjects[] = {promotion->id.text, promotion->deployment.text};
    bool ok = true;

    jsonw_open_array(w, "checks");
    for (size_t i = 0; ok && i < ARRAY_LEN(subjects); i++)
        ok = subjects[i][0] == '\0' ||
             store_checks(call->admin->store, subjects[i], write_check, w, err);
    jsonw_close_array(w);
    return ok;
}

static void write_why_items(const struct explain_list *list, void *arg)
{
    for (size_t i = 0; i < list->count; i++)
        write_why_item(arg, &list->items[i]);
}

static bool write_why(struct call *call, struct jsonw *w, const struct store_promotion *promotion,
                      struct err *err)
{
    const struct admin *admin = call->admin;

    jsonw_open_array(w, "why");
    bool ok = why_promotion(admin->store, &admin->options.cfg->graph, promotion,
                            clock_wall_ms(admin->options.clock), write_why_items, w, err);
    jsonw_close_array(w);
    return ok;
}

static bool write_whole(struct call *call, struct jsonw *w, const struct store_promotion *promotion,
                        const struct reason *outcome, struct err *err)
{
    jsonw_open_object(w, NULL);
    write_fields(w, promotion);
    if (outcome != NULL)
        admin_write_outcome(w, outcome);
    if (!write_votes(call, w, promotion, err) || !write_checks(call, w, promotion, err) ||
        !write_why(call, w, promotion, err))
        return false;
    jsonw_close_object(w);
    return true;
}

bool admin_write_promotion_of(struct call *call, struct jsonw *w, const char *id,
                              const struct reason *outcome, struct err *err)
{
    struct store_promotion promotion;

    return store_promotion_get(call->admin->store, id, &promotion, err) &&
           write_whole(call, w, &promotion, outcome, err);
}

void admin_write_outcome(struct jsonw *w, const struct reason *outcome)
{
    jsonw_open_object(w, "outcome");
    jsonw_text(w, "code", reason_name(outcome->code));
    jsonw_text(w, "sentence", outcome->text);
    jsonw_close_object(w);
}

void admin_get_promotion(struct call *call)
{
    struct jsonw w = JSONW_INIT(&call->body);
    struct err err;

    if (admin_write_promotion_of(call, &w, call->operand, NULL, &err))
        admin_answer(call, 200);
    else
        admin_fail(call, &err);
}

/* ---- listings ---- */

struct page {
    struct jsonw w;
    unsigned room;
    bool more;
    struct id last_id;
    char cursor[STORE_RELEASE_MAX + 48]; /* of the last release */
};

static bool take_place(struct page *page)
{
    page->more = page->room == 0;
    page->room -= page->more ? 0 : 1;
    return !page->more;
}

static bool add_promotion(const struct store_promotion *promotion, void *arg)
{
    struct page *page = arg;

    if (!take_place(page))
        return false;
    page->last_id = promotion->id;
    admin_write_promotion(&page->w, promotion);
    return true;
}

/* False: refused, the call has ended. */
static bool read_promotion_state(struct call *call, int *ret_state)
{
    char name[ADMIN_NAME_SIZE];

    *ret_state = -1;
    if (!admin_query(call, "state", name, sizeof(name)))
        return true;
    if (strcmp(name, "open") == 0) {
        *ret_state = STORE_PROMOTIONS_OPEN;
        return true;
    }
    for (int state = 0; state < PROMOTION_STATE_COUNT; state++) {
        if (strcmp(promotion_state_name((enum promotion_state)state), name) == 0) {
            *ret_state = state;
            return true;
        }
    }
    admin_refuse(call, 400, "state", "open, or a state such as awaiting_approval",
                 "there is no promotion state '%.40s'", name);
    return false;
}

void admin_get_promotions(struct call *call)
{
    char repository[ADMIN_NAME_SIZE];
    char environment[ADMIN_NAME_SIZE];
    char before[ADMIN_NAME_SIZE];
    struct store_promotion_filter filter = {
        .repository = admin_filter(call, "repository", repository),
        .environment = admin_filter(call, "environment", environment),
        .before = admin_filter(call, "before", before),
    };
    struct page page = {.w = JSONW_INIT(&call->body)};
    struct err err;

    if (!read_promotion_state(call, &filter.state) || !admin_read_limit(call, &page.room))
        return;
    filter.limit = page.room + 1;
    jsonw_open_object(&page.w, NULL);
    jsonw_open_array(&page.w, "items");
    if (!store_promotions(call->admin->store, &filter, add_promotion, &page, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&page.w);
    jsonw_text(&page.w, "next", page.more ? page.last_id.text : NULL);
    jsonw_close_object(&page.w);
    admin_answer(call, 200);
}

static bool add_release(const struct store_release *release, void *arg)
{
    struct page *page = arg;
    struct jsonw *w = &page->w;

    if (!take_place(page))
        return false;
    snprintf(page->cursor, sizeof(page->cursor), "%" PRId64 ".%" PRId64 ".%s", release->created_ms,
             release->repository_id, release->name);
    jsonw_open_object(w, NULL);
    jsonw_text(w, "repository", release->repository);
    jsonw_text(w, "name", release->name);
    jsonw_text(w, "sha", release->sha.hex);
    jsonw_text(w, "branch", release->branch);
    jsonw_text(w, "title", release->title);
    jsonw_time(w, "created_at", release->created_ms);
    jsonw_close_object(w);
    return true;
}

/* Where the last page ended: moment, repository and name, as many may be made in one moment. The
 * name goes on in cursor. */
static bool parse_cursor(const char *cursor, struct store_release_filter *filter)
{
    char *end = NULL;

    filter->before_ms = strtoll(cursor, &end, 10);
    if (*end != '.')
        return false;
    filter->before_repository_id = strtoll(end + 1, &end, 10);
    filter->before_name = end + 1;
    return *end == '.' && filter->before_ms > 0;
}

void admin_get_releases(struct call *call)
{
    char repository[ADMIN_NAME_SIZE];
    char cursor[ADMIN_NAME_SIZE];
    struct page page = {.w = JSONW_INIT(&call->body)};
    struct store_release_filter filter = {.repository =
                                              admin_filter(call, "repository", repository)};
    struct err err;

    if (!admin_read_limit(call, &page.room))
        return;
    if (admin_query(call, "before", cursor, sizeof(cursor)) && !parse_cursor(cursor, &filter)) {
        admin_refuse(call, 400, "before", NULL, "before must be what a listing gave as next");
        return;
    }
    filter.limit = page.room + 1;
    jsonw_open_object(&page.w, NULL);
    jsonw_open_array(&page.w, "items");
    if (!store_releases(call->admin->store, &filter, add_release, &page, &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_array(&page.w);
    jsonw_text(&page.w, "next", page.more ? page.cursor : NULL);
    jsonw_close_object(&page.w);
    admin_answer(call, 200);
}

static bool add_freeze(const struct store_freeze *freeze, void *arg)
{
    struct jsonw *w = arg;

    jsonw_open_object(w, NULL);
    jsonw_text(w, "id", freeze->id.text);
    jsonw_text(w, "flow", freeze->flow);
    jsonw_text(w, "repository", freeze->repository);
    jsonw_text(w, "environment", freeze->environment);
    jsonw_text(w, "reason", freeze->reason);
    jsonw_text(w, "by", freeze->by.login);
    jsonw_bool(w, "rollbacks", freeze->holds_rollbacks);
    jsonw_time(w, "since", freeze->since_ms);
    jsonw_close_object(w);
    return true;
}

bool admin_write_freezes(struct call *call, struct jsonw *w, const char *key, struct err *err)
{
    jsonw_open_array(w, key);
    bool ok = store_freezes(call->admin->store, add_freeze, w, err);
    jsonw_close_array(w);
    return ok;
}

void admin_get_freezes(struct call *call)
{
    struct jsonw w = JSONW_INIT(&call->body);
    struct err err;

    jsonw_open_object(&w, NULL);
    if (!admin_write_freezes(call, &w, "items", &err)) {
        admin_fail(call, &err);
        return;
    }
    jsonw_close_object(&w);
    admin_answer(call, 200);
}

/* ---- the open promotions, for the board ---- */

static bool add_open(const struct store_promotion *promotion, void *arg)
{
    admin_write_promotion(arg, promotion);
    return true;
}

bool admin_write_open_promotions(struct call *call, struct jsonw *w, struct err *err)
{
    struct store_promotion_filter filter = {.state = STORE_PROMOTIONS_OPEN,
                                            .limit = ADMIN_ROWS_MAX};

    jsonw_open_array(w, "promotions");
    bool ok = store_promotions(call->admin->store, &filter, add_open, w, err);
    jsonw_close_array(w);
    return ok;
}

/* ---- why, of an environment ---- */

static bool keep_promotion(const struct store_promotion *promotion, void *arg)
{
    list_add(arg, promotion);
    return true;
}

static bool write_on_its_way(struct call *call, struct jsonw *w, int64_t repository_id,
                             const char *environment, struct err *err)
{
    struct store_promotion_filter filter = {
        .repository_id = repository_id,
        .environment = environment,
        .state = STORE_PROMOTIONS_OPEN,
        .limit = ADMIN_ROWS_MAX,
    };
    AUTO(list) struct list open = LIST_INIT(struct store_promotion);

    if (!store_promotions(call->admin->store, &filter, keep_promotion, &open, err))
        return false;
    jsonw_open_array(w, "promotions");
    for (size_t i = 0; i < open.count; i++) {
        if (!write_whole(call, w, list_at(&open, i), NULL, err))
            return false;
    }
    jsonw_close_array(w);
    return true;
}

/* An environment of a repository; flow and environment are borrowed from the configuration. */
struct place {
    char repository[REPO_NAME_MAX];
    int64_t repository_id;
    const struct flow *flow;
    const struct flow_environment *environment;
};

static bool find_place(struct call *call, const char *repository, const char *environment,
                       struct place *ret_place, struct err *err)
{
    const struct repository_rule *rule =
        graph_find_repository(&call->admin->options.cfg->graph, repository);

    if (rule == NULL) {
        err_set(err, ERR_NOT_FOUND, "%.200s is not under `repositories:` in the configuration",
                repository);
        return false;
    }
    ret_place->flow = rule->flow;
    ret_place->environment = graph_find_environment(rule->flow, environment);
    if (ret_place->environment == NULL) {
        err_set(err, ERR_NOT_FOUND, "flow %.60s has no environment '%.100s'", rule->flow->name,
                environment);
        return false;
    }
    return store_repository_find(call->admin->store, repository, &ret_place->repository_id,
                                 ret_place->repository, err);
}

struct stop_writer {
    struct jsonw *w;
    const struct place *place;
};

static bool add_stop(const struct store_freeze *freeze, void *arg)
{
    const struct stop_writer *writer = arg;
    const struct place *place = writer->place;

    return !freeze_applies(freeze, place->flow->name, place->repository,
                           place->environment->name) ||
           add_freeze(freeze, writer->w);
}

/* The switches and the window that hold this place up. */
static bool write_what_freezes(struct call *call, struct jsonw *w, const struct place *place,
                               struct err *err)
{
    struct stop_writer writer = {w, place};
    int64_t until_ms = 0;

    jsonw_open_array(w, "frozen");
    if (!store_freezes(call->admin->store, add_stop, &writer, err))
        return false;
    jsonw_close_array(w);
    const struct flow_window *window = window_find_closed(
        place->flow->windows, place->flow->windows_count, place->environment->name, false,
        clock_wall_ms(call->admin->options.clock), &until_ms);
    if (window == NULL) {
        jsonw_null(w, "window");
        return true;
    }
    jsonw_open_object(w, "window");
    jsonw_text(w, "name", window->name);
    jsonw_time(w, "until", until_ms);
    jsonw_close_object(w);
    return true;
}

static bool write_place(struct call *call, struct jsonw *w, const struct place *place,
                        struct err *err)
{
    const char *environment = place->environment->name;
    struct store_lane lane;

    if (!store_lane_get(call->admin->store, place->repository_id, environment, &lane, err))
        return false;
    memcpy(lane.repository, place->repository, sizeof(lane.repository)); /* none was ever stored */
    jsonw_open_object(w, NULL);
    jsonw_text(w, "repository", place->repository);
    jsonw_text(w, "environment", environment);
    if (!admin_write_lane(call, w, "lane", &lane, err) ||
        !write_what_freezes(call, w, place, err) ||
        !write_on_its_way(call, w, place->repository_id, environment, err))
        return false;
    jsonw_close_object(w);
    return true;
}

void admin_get_why(struct call *call)
{
    char repository[ADMIN_NAME_SIZE];
    char environment[ADMIN_NAME_SIZE];
    struct jsonw w = JSONW_INIT(&call->body);
    struct place place;
    struct err err;

    if (!admin_query(call, "repository", repository, sizeof(repository)) ||
        !admin_query(call, "environment", environment, sizeof(environment)))
        admin_refuse(call, 400, "malformed", "?repository=acme/shop&environment=prod",
                     "why needs a repository and an environment");
    else if (find_place(call, repository, environment, &place, &err) &&
             write_place(call, &w, &place, &err))
        admin_answer(call, 200);
    else
        admin_fail(call, &err);
}
