/*
 * A folder is a test: config.yaml, events.jsonl, expected.jsonl. README.md defines the format.
 *
 * Every folder is played twice: as written, and with every delivery coming twice and a restart
 * after every event, which must change nothing.
 * Usage: run_flows FOLDER
 */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rfc3339.h"
#include "payloads.h"
#include "state.h"
#include "world.h"

#define FILE_BYTES_MAX (1 * MIB)
#define STEP_MS        1000 /* between events that name no time */

struct play {
    struct world world;
    const char *folder;
    bool is_twice;      /* every delivery comes again, every event ends in a restart */
    json_t *expected;   /* array of lines */
    json_t *promotions; /* name → id */
    json_t *heads;
    json_t *deliveries; /* event's name → {event, guid, hook, body} */
    json_t *ends;       /* promotion's id → the state it ended in: it stays */
    char config[PATH_MAX];
    const char *at;  /* name of the event that is played, for messages */
    char number[32]; /* its name where it has none */
    json_t *outcome; /* of the event: verdict or refusal, reason, sentence */
};

/* ---- files ---- */

static json_t *read_lines(const char *folder, const char *name)
{
    AUTO(buf) struct buf text = BUF_INIT(FILE_BYTES_MAX);
    json_t *lines = json_array();
    char path[PATH_MAX];
    json_error_t why;
    struct err err;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!file_read(path, &text, &err))
        world_fail("%s", err.text);
    int number = 0;
    for (const char *at = buf_text(&text); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        number++;
        if (len > 0 && at[0] != '#') {
            json_t *line = json_loadb(at, len, JSON_REJECT_DUPLICATES, &why);
            if (line == NULL)
                world_fail("%s:%d: %s", path, number, why.text);
            json_array_append_new(lines, line);
        }
        at += len + (at[len] == '\n');
    }
    return lines;
}

static const char *text_or(json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : otherwise;
}

static void set_config(struct play *play, const char *name)
{
    snprintf(play->config, sizeof(play->config), "%s/%s", play->folder, name);
}

static void set_outcome(struct play *play, const char *what, const struct reason *reason)
{
    json_decref(play->outcome);
    play->outcome = json_pack("{s:s, s:s, s:s}", "outcome", what, "reason",
                              reason_name(reason->code), "says", reason->text);
}

/* ---- deliveries ---- */

static struct store_delivery deliver(struct play *play, json_t *delivery, const char *hook)
{
    struct world_delivery sent = {
        .event = text_or(delivery, "event", ""),
        .guid = text_or(delivery, "guid", ""),
        .hook = hook,
        .body = text_or(delivery, "body", ""),
    };

    return world_deliver(&play->world, &sent);
}

static void deliver_and_note(struct play *play, json_t *delivery, const char *hook)
{
    struct store_delivery settled = deliver(play, delivery, hook);

    set_outcome(play, verdict_name(settled.verdict), &settled.reason);
    if (!play->is_twice)
        return;
    settled = deliver(play, delivery, hook);
    if (settled.verdict != VERDICT_DUPLICATE)
        world_fail("the same delivery again is %s", verdict_name(settled.verdict));
}

/* "workflow_run.head_sha" */
static void remove_path(json_t *payload, const char *path)
{
    char step[128];
    size_t len = strcspn(path, ".");

    snprintf(step, sizeof(step), "%.*s", (int)len, path);
    if (path[len] == '\0')
        json_object_del(payload, step);
    else
        remove_path(json_object_get(payload, step), path + len + 1);
}

static void send_payload(struct play *play, json_t *event, const char *name, json_t *payload)
{
    json_t *changed = json_deep_copy(payload);
    json_t *without = json_object_get(event, "without");

    json_object_update_recursive(changed, json_object_get(event, "with"));
    for (size_t i = 0; i < json_array_size(without); i++)
        remove_path(changed, json_string_value(json_array_get(without, i)));
    char *body = json_dumps(changed, JSON_COMPACT);
    json_decref(changed);
    json_t *delivery =
        json_pack("{s:s, s:s, s:s, s:s}", "event", name, "guid", text_or(event, "guid", play->at),
                  "hook", text_or(event, "hook", "1"), "body", body);
    free(body);
    json_object_set_new(play->deliveries, play->at, delivery);
    deliver_and_note(play, delivery, text_or(delivery, "hook", ""));
}

/* What was sent in the event of this name comes again, as GitHub redelivers; by another hook where
 * one is named. */
static void redeliver(struct play *play, json_t *event, const char *name)
{
    json_t *delivery = json_object_get(play->deliveries, name);

    if (delivery == NULL)
        world_fail("nothing was delivered in '%s'", name);
    struct store_delivery settled =
        deliver(play, delivery, text_or(event, "hook", text_or(delivery, "hook", "")));
    set_outcome(play, verdict_name(settled.verdict), &settled.reason);
}

/* ---- requests ---- */

static const struct {
    const char *name;
    enum engine_order order;
} kinds[] = {
    {"promote", ENGINE_PROMOTE}, {"deploy", ENGINE_DEPLOY}, {"rollback", ENGINE_ROLLBACK},
    {"approve", ENGINE_APPROVE}, {"reject", ENGINE_REJECT}, {"withdraw", ENGINE_WITHDRAW},
    {"cancel", ENGINE_CANCEL},   {"freeze", ENGINE_FREEZE}, {"thaw", ENGINE_THAW},
    {"pin", ENGINE_PIN},         {"unpin", ENGINE_UNPIN},
};

static enum engine_order order_of(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].order;
    }
    world_fail("nobody can ask for '%s'", kind);
}

/* "octocat#1" */
static struct store_actor actor_of(const char *text)
{
    struct store_actor actor = {.via = "socket"};
    size_t len = strcspn(text, "#");

    if (text[len] == '\0')
        world_fail("'%s' is no login#id", text);
    snprintf(actor.login, sizeof(actor.login), "%.*s", (int)len, text);
    actor.id = strtoll(text + len + 1, NULL, 10);
    return actor;
}

static bool is_about_lanes(enum engine_order order)
{
    return order != ENGINE_APPROVE && order != ENGINE_REJECT && order != ENGINE_WITHDRAW &&
           order != ENGINE_CANCEL && order != ENGINE_FREEZE && order != ENGINE_THAW;
}

static void ask(struct play *play, json_t *arguments)
{
    struct engine_request request = {
        .order = order_of(text_or(arguments, "kind", "promote")),
        .actor = actor_of(text_or(arguments, "by", "release-manager#50")),
        .holds_rollbacks = json_is_true(json_object_get(arguments, "holds_rollbacks")),
    };
    const char *promotion = text_or(arguments, "promotion", "");
    const char *release = text_or(arguments, "release", "");
    bool is_sha = release[0] != '\0' && strspn(release, "0123456789abcdef") == strlen(release);

    snprintf(request.flow, sizeof(request.flow), "%s", text_or(arguments, "flow", ""));
    snprintf(request.repository, sizeof(request.repository), "%s",
             text_or(arguments, "repository", is_about_lanes(request.order) ? "acme/shop" : ""));
    snprintf(request.from, sizeof(request.from), "%s", text_or(arguments, "from", ""));
    snprintf(request.to, sizeof(request.to), "%s", text_or(arguments, "to", ""));
    snprintf(request.release, sizeof(request.release), "%s",
             is_sha ? payload_sha(release) : release);
    snprintf(request.branch, sizeof(request.branch), "%s", text_or(arguments, "branch", ""));
    snprintf(request.promotion, sizeof(request.promotion), "%s",
             text_or(play->promotions, promotion, promotion));
    snprintf(request.text, sizeof(request.text), "%s", text_or(arguments, "reason", ""));
    if (!world_order(&play->world, &request)) {
        struct reason why = reason_make(REASON_NONE, "%.400s", request.err.text);
        set_outcome(play, "error", &why);
        return;
    }
    set_outcome(play, request.is_refused ? "refused" : "done", &request.outcome);
}

/* ---- ends ---- */

static enum lane_event_kind end_of(json_t *arguments)
{
    const char *result = text_or(arguments, "result", "succeeded");

    if (strcmp(result, "succeeded") == 0 || strcmp(result, "passed") == 0)
        return LANE_SUCCEEDED;
    if (strcmp(result, "failed") == 0)
        return LANE_FAILED;
    if (strcmp(result, "lost") == 0)
        return LANE_OUTCOME_LOST;
    world_fail("nothing ends as '%s'", result);
}

static void act(struct play *play, json_t *event)
{
    json_t *ended = json_object_get(event, "ended");
    json_t *check = json_object_get(event, "check");
    const char *config = text_or(event, "restart", NULL);

    if (ended != NULL)
        world_end_deployment(&play->world, text_or(ended, "repository", "acme/shop"),
                             text_or(ended, "environment", ""), end_of(ended));
    if (check != NULL)
        world_end_check(&play->world, text_or(check, "environment", ""), text_or(check, "name", ""),
                        end_of(check));
    if (config != NULL)
        set_config(play, config);
    if (config != NULL)
        world_restart(&play->world, play->config);
    if (json_object_get(event, "ask") != NULL)
        ask(play, json_object_get(event, "ask"));
    if (json_object_get(event, "redeliver") != NULL)
        redeliver(play, event, text_or(event, "redeliver", ""));
    if (json_object_get(event, "deliver") != NULL)
        send_payload(play, event, text_or(event, "deliver", ""), json_object_get(event, "payload"));
}

/* ---- one event ---- */

static bool is_plain_key(const char *key)
{
    static const char *const keys[] = {
        "at",      "name",  "as",    "with",    "without", "guid",      "hook", "deliver",
        "payload", "ended", "check", "restart", "ask",     "redeliver", "down", "times"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

/* With `times`, every star in a text is the number, from 1. */
static json_t *with_number(const char *text, json_int_t n)
{
    AUTO(buf) struct buf out = BUF_INIT(1 * KIB);

    for (; *text != '\0'; text++) {
        if (*text == '*')
            buf_printf(&out, "%" JSON_INTEGER_FORMAT, n);
        else
            buf_append(&out, text, 1);
    }
    return json_string(buf_text(&out));
}

static json_t *nth(json_t *arguments, json_int_t n)
{
    json_t *changed = json_deep_copy(arguments);
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(arguments, key, value)
    {
        if (json_is_string(value))
            json_object_set_new(changed, key, with_number(json_string_value(value), n));
    }
    return changed;
}

static void send_times(struct play *play, json_t *event, const char *key, json_t *arguments)
{
    json_t *times = json_object_get(event, "times");
    struct payload_names names = {play->promotions, play->heads, play->world.fake.wall_ms};
    const char *name = NULL;

    for (json_int_t n = 1; n <= (times != NULL ? json_integer_value(times) : 1); n++) {
        json_t *of_n = nth(arguments, n);
        json_t *payload = payload_make(key, of_n, &names, &name);
        if (payload == NULL)
            world_fail("'%s' is no event", key);
        send_payload(play, event, name, payload);
        json_decref(payload);
        json_decref(of_n);
    }
}

/* Keys that are none of ours are GitHub's events in short. */
static void send_shorthand(struct play *play, json_t *event)
{
    const char *key = NULL;
    json_t *arguments = NULL;

    json_object_foreach(event, key, arguments)
    {
        if (!is_plain_key(key))
            send_times(play, event, key, arguments);
    }
}

static void pass_time(struct play *play, json_t *event)
{
    const char *at = text_or(event, "at", NULL);
    int64_t now_ms = play->world.fake.wall_ms + STEP_MS;
    struct err err;

    if (at != NULL && !rfc3339_parse(at, &now_ms, &err))
        world_fail("%s", err.text);
    if (json_is_true(json_object_get(event, "down")))
        fake_clock_advance(&play->world.fake, now_ms - play->world.fake.wall_ms);
    else
        world_pass_to(&play->world, now_ms);
}

static bool note_end(const struct store_promotion *promotion, void *arg)
{
    json_t *ends = arg;
    const char *state = promotion_state_name(promotion->status.state);
    const char *before = text_or(ends, promotion->id.text, state);

    if (strcmp(before, state) != 0)
        world_fail("a promotion that was %s is %s", before, state);
    if (promotion_is_final(promotion->status.state))
        json_object_set_new(ends, promotion->id.text, json_string(state));
    return true;
}

static void check_always(struct play *play)
{
    struct store_promotion_filter any = {.state = -1, .limit = UINT_MAX};
    struct err err;

    world_check_invariants(&play->world);
    if (!store_promotions(play->world.store, &any, note_end, play->ends, &err))
        world_fail("%s", err.text);
}

static void play_event(struct play *play, json_t *event)
{
    pass_time(play, event);
    act(play, event);
    send_shorthand(play, event);
    const char *as = text_or(event, "as", NULL);
    if (as != NULL)
        json_object_set_new(play->promotions, as,
                            json_string(state_newest_promotion(&play->world).text));
    check_always(play);
    if (play->is_twice) {
        world_restart(&play->world, play->config);
        check_always(play);
    }
}

/* ---- what was expected ---- */

static bool is_as_expected(const char *key, json_t *expected, json_t *actual)
{
    const char *said = json_string_value(actual);
    const char *word = json_string_value(expected);

    /* Sentences: the words that matter. */
    if (strstr(key, "says") != NULL && said != NULL && word != NULL)
        return strstr(said, word) != NULL;
    return json_equal(expected, actual);
}

static void compare(const struct play *play, const char *what, const char *name, json_t *expected,
                    json_t *actual)
{
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(expected, key, value)
    {
        if (is_as_expected(key, value, json_object_get(actual, key)))
            continue;
        char *want = json_dumps(value, JSON_ENCODE_ANY);
        char *have = json_dumps(actual, JSON_ENCODE_ANY | JSON_INDENT(2));
        world_fail("%s%s, after '%s': %s %s: %s should be %s, but\n%s", play->folder,
                   play->is_twice ? " (with repetitions and restarts)" : "", play->at, what, name,
                   key, want, have);
    }
}

/* "prod", or "acme/other prod". */
static json_t *state_at(const struct play *play, const char *place,
                        json_t *(*state)(const struct world *, const char *, const char *))
{
    const char *space = strchr(place, ' ');
    char repository[256] = "acme/shop";

    if (space != NULL)
        snprintf(repository, sizeof(repository), "%.*s", (int)(space - place), place);
    return state(&play->world, repository, space != NULL ? space + 1 : place);
}

static void compare_promotions(const struct play *play, json_t *line)
{
    const char *name = NULL;
    json_t *expected = NULL;

    json_object_foreach(json_object_get(line, "promotions"), name, expected)
    {
        const char *id = text_or(play->promotions, name, NULL);
        if (id == NULL)
            world_fail("nothing is called %s", name);
        json_t *actual = state_of_promotion(&play->world, id);
        compare(play, "promotion", name, expected, actual);
        json_decref(actual);
    }
}

static void compare_lanes(const struct play *play, json_t *line)
{
    const char *place = NULL;
    json_t *expected = NULL;

    json_object_foreach(json_object_get(line, "lanes"), place, expected)
    {
        json_t *actual = state_at(play, place, state_of_lane);
        compare(play, "lane", place, expected, actual);
        json_decref(actual);
    }
    json_object_foreach(json_object_get(line, "deployments"), place, expected)
    {
        json_t *all = json_pack("{s:o}", place, state_at(play, place, state_of_deployments));
        json_t *wanted = json_pack("{s:O}", place, expected);
        compare(play, "deployments of", place, wanted, all);
        json_decref(all);
        json_decref(wanted);
    }
}

static bool holds_text(json_t *texts, json_t *text)
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        if (json_equal(json_array_get(texts, i), text))
            return true;
    }
    return false;
}

static void compare_trail(const struct play *play, json_t *line)
{
    json_t *events = json_object_get(line, "audit");
    json_t *trail = state_of_trail(&play->world);

    for (size_t i = 0; i < json_array_size(events); i++) {
        if (!holds_text(trail, json_array_get(events, i)))
            world_fail("%s, after '%s': the audit trail has no %s", play->folder, play->at,
                       json_string_value(json_array_get(events, i)));
    }
    json_decref(trail);
}

static void compare_outcome(const struct play *play, json_t *line)
{
    static const char *const keys[] = {"outcome", "reason", "says"};
    json_t *expected = json_object();

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (json_object_get(line, keys[i]) != NULL)
            json_object_set(expected, keys[i], json_object_get(line, keys[i]));
    }
    compare(play, "its", "outcome", expected, play->outcome);
    json_decref(expected);
}

static void check_line(json_t *line)
{
    static const char *const keys[] = {"after",      "outcome", "reason",      "says",
                                       "promotions", "lanes",   "deployments", "audit"};
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(line, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            known = known || strcmp(keys[i], key) == 0;
        if (!known)
            world_fail("expected.jsonl: nothing is called '%s'", key);
    }
}

/* Returns how many lines spoke of this event. */
static size_t compare_event(const struct play *play)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(play->expected); i++) {
        json_t *line = json_array_get(play->expected, i);
        if (strcmp(text_or(line, "after", ""), play->at) != 0)
            continue;
        check_line(line);
        compare_outcome(play, line);
        compare_promotions(play, line);
        compare_lanes(play, line);
        compare_trail(play, line);
        count++;
    }
    return count;
}

/* ---- one play ---- */

static int64_t first_moment(json_t *events)
{
    const char *at = text_or(json_array_get(events, 0), "at", NULL);
    int64_t now_ms = 0;
    struct err err;

    if (at == NULL)
        world_fail("the first event says no time");
    if (!rfc3339_parse(at, &now_ms, &err))
        world_fail("%s", err.text);
    return now_ms;
}

static void play_all(struct play *play, json_t *events)
{
    size_t compared = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);
        snprintf(play->number, sizeof(play->number), "%zu", i + 1);
        play->at = text_or(event, "name", play->number);
        json_decref(play->outcome);
        play->outcome = json_object();
        play_event(play, event);
        compared += compare_event(play);
    }
    if (compared != json_array_size(play->expected))
        world_fail("%s: %zu lines of expected.jsonl, %zu of them about an event", play->folder,
                   json_array_size(play->expected), compared);
}

static void run(const char *folder, bool is_twice)
{
    json_t *events = read_lines(folder, "events.jsonl");
    struct play play = {
        .folder = folder,
        .is_twice = is_twice,
        .expected = read_lines(folder, "expected.jsonl"),
        .promotions = json_object(),
        .heads = json_object(),
        .deliveries = json_object(),
        .ends = json_object(),
        .outcome = json_object(),
    };

    set_config(&play, "config.yaml");
    world_init(&play.world, play.config, first_moment(events));
    play_all(&play, events);
    world_done(&play.world);
    json_t *const owned[] = {events,    play.expected,   play.promotions, play.heads,
                             play.ends, play.deliveries, play.outcome};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++)
        json_decref(owned[i]);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: run_flows FOLDER\n", stderr);
        return 2;
    }
    setenv("FLOWS_SECRET", "It's a Secret to Everybody", 1);
    run(argv[1], false);
    run(argv[1], true);
    return 0;
}
