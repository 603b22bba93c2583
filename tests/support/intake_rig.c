#include "support/intake_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/attr.h"
#include "github/payload.h"
#include "support/test.h"

#define REPOSITORY_ID 42

static uint64_t seed;

static void seeded_random(void *bytes, size_t len)
{
    unsigned char *to = bytes;

    for (size_t i = 0; i < len; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        to[i] = (unsigned char)(seed >> 56);
    }
}

int intake_rig_set_up(void **state)
{
    static const char *const branches[] = {"main", NULL};
    static const char *const argv[] = {"./deploy.sh", NULL};
    struct intake_rig *rig = calloc(1, sizeof(*rig));
    struct err err;

    assert(rig != NULL);
    payload_init();
    seed = 1;
    fake_clock_init(&rig->clock, INT64_C(1767225600000));
    rig->environment = (struct flow_environment){
        .name = "dev-int", .auto_branches = branches, .deploy = {.argv = argv, .repeatable = true}};
    rig->flow = (struct flow){
        .name = "standard", .environments = &rig->environment, .environments_count = 1};
    rig->rule = (struct repository_rule){.pattern = "acme/shop", .flow = &rig->flow};
    rig->graph = (struct flow_graph){
        .repositories = &rig->rule,
        .repositories_count = 1,
        .flows = &rig->flow,
        .flows_count = 1,
    };
    rig->intake = (struct intake){
        .lanes = {.graph = &rig->graph, .clock = &rig->clock.clock, .random = seeded_random},
        .parse_bytes_max = 1 << 20,
    };
    if (!store_open(":memory:", &rig->intake.lanes.store, &err))
        fail_msg("%s", err.text);
    *state = rig;
    return 0;
}

int intake_rig_tear_down(void **state)
{
    struct intake_rig *rig = *state;

    store_close(rig->intake.lanes.store);
    free(rig);
    return 0;
}

/* What dispatch.c would run. */
static void take_starts(struct intake_rig *rig)
{
    struct lanes *lanes = &rig->intake.lanes;
    struct err err;

    for (size_t i = 0; i < lanes->starts_count; i++) {
        assert_true(rig->runs_count < INTAKE_RIG_RUNS_MAX);
        if (!store_deployment_get(lanes->store, lanes->starts[i].id.text,
                                  &rig->runs[rig->runs_count++], &err))
            fail_msg("%s", err.text);
    }
    lanes->starts_count = 0;
}

static void write_sha(char letter, char hex[41])
{
    memset(hex, letter == 0 ? '0' : letter, 40);
    hex[40] = '\0';
}

char intake_rig_letter(const struct git_sha *sha)
{
    return sha->hex[0];
}

static void make_record(struct journal_record *record, struct intake_push push, const char *guid,
                        char body[1024])
{
    char before[41];
    char after[41];

    write_sha(push.before, before);
    write_sha(push.after, after);
    int len = snprintf(body, 1024,
                       "{\"ref\":\"refs/heads/main\",\"before\":\"%s\",\"after\":\"%s\","
                       "\"forced\":false,\"head_commit\":{\"message\":\"Merge\"},"
                       "\"sender\":{\"login\":\"octocat\",\"id\":1},\"repository\":{\"id\":%d,"
                       "\"full_name\":\"acme/shop\",\"fork\":false,\"pushed_at\":%lld}}",
                       before, after, REPOSITORY_ID, (long long)push.pushed_at);
    assert(len > 0 && len < 1024);
    snprintf(record->event, sizeof(record->event), "push");
    snprintf(record->guid, sizeof(record->guid), "%s", guid);
    record->body = body;
    record->body_bytes = record->body_bytes_received = (size_t)len;
    SHA256((const unsigned char *)body, (size_t)len, record->mac); /* as good as an HMAC here */
}

struct store_delivery intake_rig_push(struct intake_rig *rig, struct intake_push push,
                                      const char *guid)
{
    struct journal_record record = {.sequence = ++rig->sequence};
    struct store *store = rig->intake.lanes.store;
    struct store_delivery delivery = {0};
    char body[1024];
    struct err err;

    make_record(&record, push, guid, body);
    fake_clock_advance(&rig->clock, 1);
    lanes_begin(&rig->intake.lanes);
    if (!store_begin(store, &err) || !intake_handle(&rig->intake, &record, &delivery, &err) ||
        !store_commit(store, &err))
        fail_msg("%s", err.text);
    take_starts(rig);
    return delivery;
}

struct store_delivery intake_rig_replay(struct intake_rig *rig, uint64_t sequence,
                                        struct intake_push push, const char *guid)
{
    struct journal_record record = {.sequence = sequence};
    struct store *store = rig->intake.lanes.store;
    struct store_delivery delivery = {0};
    char body[1024];
    struct err err;

    make_record(&record, push, guid, body);
    fake_clock_advance(&rig->clock, 1);
    lanes_begin(&rig->intake.lanes);
    if (!store_begin(store, &err) || !intake_replay(&rig->intake, &record, &delivery, &err) ||
        !store_commit(store, &err))
        fail_msg("%s", err.text);
    take_starts(rig);
    return delivery;
}

struct store_lane intake_rig_lane(struct intake_rig *rig)
{
    struct store_lane lane;
    struct err err;

    if (!store_lane_get(rig->intake.lanes.store, REPOSITORY_ID, "dev-int", &lane, &err))
        fail_msg("%s", err.text);
    return lane;
}

bool intake_rig_end(struct intake_rig *rig, enum lane_event_kind kind)
{
    struct store_lane lane = intake_rig_lane(rig);
    struct store *store = rig->intake.lanes.store;
    struct lanes_outcome outcome = {.kind = kind,
                                    .reason = reason_make(REASON_SUCCEEDED, "the test says so")};
    bool applied = false;
    struct err err;

    if (lane.state.running.text[0] == '\0')
        return false;
    fake_clock_advance(&rig->clock, 1);
    /* Twice: news that is repeated changes nothing. */
    lanes_begin(&rig->intake.lanes);
    for (int i = 0; i < 2; i++) {
        if (!store_begin(store, &err) ||
            !lanes_end(&rig->intake.lanes, lane.state.running.text, &outcome, &applied, &err) ||
            !store_commit(store, &err))
            fail_msg("%s", err.text);
        assert_int_equal(applied, i == 0);
    }
    take_starts(rig);
    return true;
}

void intake_rig_finish(struct intake_rig *rig)
{
    while (intake_rig_end(rig, LANE_SUCCEEDED))
        intake_rig_check(rig);
}

/* ---- looking ---- */

struct row_list {
    struct store_deployment rows[INTAKE_RIG_RUNS_MAX];
    size_t count;
};

static bool add_row(const struct store_deployment *row, void *arg)
{
    struct row_list *list = arg;

    list->rows[list->count++] = *row;
    return list->count < INTAKE_RIG_RUNS_MAX;
}

static const struct row_list *all_rows(struct intake_rig *rig)
{
    static struct row_list list;
    struct store_deployment_filter filter = {.repository_id = REPOSITORY_ID,
                                             .environment = "dev-int",
                                             .state = -1,
                                             .limit = INTAKE_RIG_RUNS_MAX};
    struct err err;

    list.count = 0;
    if (!store_deployments(rig->intake.lanes.store, &filter, add_row, &list, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < list.count / 2; i++) {
        struct store_deployment newer = list.rows[i];
        list.rows[i] = list.rows[list.count - 1 - i];
        list.rows[list.count - 1 - i] = newer;
    }
    return &list;
}

static char letter_of(const struct row_list *list, const struct id *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rows[i].id.text, id->text) == 0)
            return intake_rig_letter(&list->rows[i].sha);
    }
    return '?';
}

const char *intake_rig_story(struct intake_rig *rig, char text[1024])
{
    AUTO(buf) struct buf story = BUF_INIT(1023);
    const struct row_list *list = all_rows(rig);

    for (size_t i = 0; i < list->count; i++) {
        const struct store_deployment *row = &list->rows[i];
        buf_printf(&story, "%s%c:%s", i > 0 ? " " : "", intake_rig_letter(&row->sha),
                   deployment_state_name(row->state));
        if (row->state == DEPLOYMENT_SUPERSEDED)
            buf_printf(&story, ">%c", letter_of(list, &row->superseded_by));
    }
    snprintf(text, 1024, "%s", buf_text(&story));
    return text;
}

void intake_rig_check(struct intake_rig *rig)
{
    struct store_lane lane = intake_rig_lane(rig);
    const struct row_list *list = all_rows(rig);
    uint32_t running = 0;
    uint32_t queued = 0;

    for (size_t i = 0; i < list->count; i++) {
        queued += list->rows[i].state == DEPLOYMENT_QUEUED;
        if (list->rows[i].state != DEPLOYMENT_RUNNING)
            continue;
        running++;
        assert_string_equal(list->rows[i].id.text, lane.state.running.text);
        assert_int_equal(list->rows[i].attempt, lane.state.attempt);
        assert_string_equal(list->rows[i].id.text, rig->runs[rig->runs_count - 1].id.text);
    }
    assert_int_equal(queued, lane.state.queued_count);
    assert_int_equal(running, lane.state.stage == LANE_DEPLOYING);
    assert_true(running == 1 || (lane.state.running.text[0] == '\0' && queued == 0));
}
