/* store: what it keeps, finds and refuses, on a real database. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/store/store_int.h"
#include "base/attr.h"
#include "support/tmpdir.h"

static struct tmpdir dir;
static char path[512];
static struct store *store;

static struct err failure; /* of what must not fail */

static void must(bool done)
{
    if (!done)
        fail_msg("%s", failure.text);
}

static int set_up(void **state UNUSED)
{
    tmpdir_make(&dir);
    snprintf(path, sizeof(path), "%s/envflow.db", dir.path);
    must(store_open(path, &store, &failure));
    return 0;
}

static int tear_down(void **state UNUSED)
{
    store_close(store);
    store = NULL;
    tmpdir_remove(&dir);
    return 0;
}

static void reopen(void)
{
    store_close(store);
    must(store_open(path, &store, &failure));
}

/* ---- cursor and transactions ---- */

static uint64_t cursor(struct store *of)
{
    uint64_t sequence = 0;

    must(store_cursor(of, &sequence, &failure));
    return sequence;
}

static void test_the_cursor_starts_at_nothing_and_survives(void **state UNUSED)
{
    assert_true(cursor(store) == 0);
    must(store_set_cursor(store, 7, &failure));
    must(store_set_cursor(store, UINT64_C(1) << 60, &failure));
    reopen();
    assert_true(cursor(store) == UINT64_C(1) << 60);
}

static void test_what_is_rolled_back_or_cut_off_never_was(void **state UNUSED)
{
    must(store_begin(store, &failure));
    must(store_set_cursor(store, 1, &failure));
    must(store_commit(store, &failure));
    must(store_begin(store, &failure));
    must(store_set_cursor(store, 2, &failure));
    store_rollback(store);
    store_rollback(store); /* nothing left to do */
    assert_true(cursor(store) == 1);
    must(store_begin(store, &failure));
    must(store_set_cursor(store, 3, &failure));
    reopen(); /* as if it had crashed */
    assert_true(cursor(store) == 1);
}

/* ---- deduplication ---- */

static void key_of(unsigned number, uint8_t key[STORE_KEY_BYTES])
{
    memset(key, 0, STORE_KEY_BYTES);
    memcpy(key, &number, sizeof(number));
}

static uint64_t first_seen(unsigned number, uint64_t sequence)
{
    uint8_t key[STORE_KEY_BYTES];
    uint64_t first = 0;

    key_of(number, key);
    must(store_see(store, key, sequence, &first, &failure));
    return first;
}

static void test_deduplication_never_forgets(void **state UNUSED)
{
    must(store_begin(store, &failure));
    for (unsigned i = 1; i <= 5000; i++)
        assert_true(first_seen(i, i) == i);
    must(store_commit(store, &failure));
    reopen();
    for (unsigned i = 1; i <= 5000; i++)
        assert_true(first_seen(i, 100000 + i) == i);
    assert_true(first_seen(5001, 1) == 1);
    assert_true(first_seen(7, 7) == 7); /* its own again: handled once more after a crash */
}

static void test_a_key_is_all_its_bytes(void **state UNUSED)
{
    uint8_t a[STORE_KEY_BYTES] = {0};
    uint8_t b[STORE_KEY_BYTES] = {0};
    uint64_t first = 0;

    b[STORE_KEY_BYTES - 1] = 1;
    must(store_see(store, a, 1, &first, &failure));
    must(store_see(store, b, 2, &first, &failure));
    assert_true(first == 2);
}

/* ---- deliveries ---- */

static struct store_delivery delivery_of(uint64_t sequence)
{
    struct store_delivery delivery = {
        .sequence = sequence,
        .received_ms = 1000 + (int64_t)sequence,
        .handled_ms = 2000,
        .event = "push",
        .action = "created",
        .hook_id = "12345678",
        .target_type = "repository",
        .target_id = "42",
        .repository_id = 42,
        .repository = "Acme/Shop",
        .sender = "octocat",
        .ref = "refs/heads/main",
        .sha = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        .body_bytes = UINT64_C(1) << 33,
        .verdict = VERDICT_ACTED,
        .reason = {.code = REASON_DEPLOYING, .text = "deploys a to dev-int"},
        .deployment = {"01ARYZ6S41TSV4RRFFQ69G5FAV"},
        .first_sequence = 3,
        .replays = 2,
    };

    snprintf(delivery.guid, sizeof(delivery.guid), "guid-%llu", (unsigned long long)sequence);
    return delivery;
}

static void assert_same_delivery(const struct store_delivery *a, const struct store_delivery *b)
{
    assert_true(a->sequence == b->sequence && a->received_ms == b->received_ms);
    assert_true(a->handled_ms == b->handled_ms && a->repository_id == b->repository_id);
    assert_true(a->body_bytes == b->body_bytes && a->first_sequence == b->first_sequence);
    assert_string_equal(a->guid, b->guid);
    assert_string_equal(a->event, b->event);
    assert_string_equal(a->action, b->action);
    assert_string_equal(a->hook_id, b->hook_id);
    assert_string_equal(a->target_type, b->target_type);
    assert_string_equal(a->target_id, b->target_id);
    assert_string_equal(a->repository, b->repository);
    assert_string_equal(a->sender, b->sender);
    assert_string_equal(a->ref, b->ref);
    assert_string_equal(a->sha.hex, b->sha.hex);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->reason.code, b->reason.code);
    assert_string_equal(a->reason.text, b->reason.text);
    assert_string_equal(a->deployment.text, b->deployment.text);
    assert_int_equal(a->replays, b->replays);
}

static void test_a_delivery_comes_back_as_it_was_put(void **state UNUSED)
{
    struct store_delivery put = delivery_of(9);
    struct store_delivery got;
    struct err err;

    must(store_delivery_put(store, &put, &failure));
    assert_true(store_delivery_get(store, 9, &got, &err));
    assert_same_delivery(&got, &put);
    put.verdict = VERDICT_RECORDED;
    must(store_delivery_put(store, &put, &failure));
    assert_true(store_delivery_get(store, 9, &got, &err));
    assert_int_equal(got.verdict, VERDICT_RECORDED);
    got.sequence = 77;
    assert_false(store_delivery_get(store, 10, &got, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(got.sequence == 77);
}

static void test_every_verdict_and_reason_is_read_back(void **state UNUSED)
{
    struct store_delivery got;
    struct err err;

    for (unsigned i = 0; i < REASON_COUNT; i++) {
        struct store_delivery put = delivery_of(i + 1);
        put.reason.code = (enum reason_code)i;
        put.verdict = (enum verdict)(i % VERDICT_COUNT);
        must(store_delivery_put(store, &put, &failure));
        assert_true(store_delivery_get(store, i + 1, &got, &err));
        assert_int_equal(got.reason.code, put.reason.code);
        assert_int_equal(got.verdict, put.verdict);
    }
}

/* The sequences of a listing, in its order: "9 8 7". */
struct listing {
    char text[1024];
    size_t rows, stop_after;
};

static void list_word(struct listing *listing, const char *word)
{
    size_t len = strlen(listing->text);

    snprintf(listing->text + len, sizeof(listing->text) - len, "%s%s", len > 0 ? " " : "", word);
    listing->rows++;
}

static bool list_delivery(const struct store_delivery *delivery, void *arg)
{
    struct listing *listing = arg;
    char word[32];

    snprintf(word, sizeof(word), "%llu", (unsigned long long)delivery->sequence);
    list_word(listing, word);
    return listing->rows != listing->stop_after;
}

static void put_some_deliveries(void)
{
    for (uint64_t sequence = 1; sequence <= 9; sequence++) {
        struct store_delivery delivery = delivery_of(sequence);
        if (sequence % 3 == 0)
            delivery.verdict = VERDICT_QUARANTINED;
        if (sequence == 5 || sequence == 6)
            snprintf(delivery.repository, sizeof(delivery.repository), "other/shop");
        if (sequence == 2)
            snprintf(delivery.event, sizeof(delivery.event), "ping");
        if (sequence >= 8)
            snprintf(delivery.guid, sizeof(delivery.guid), "twice");
        must(store_delivery_put(store, &delivery, &failure));
    }
}

static void test_deliveries_are_listed_newest_first_by_any_filter(void **state UNUSED)
{
    static const struct {
        struct store_delivery_filter filter;
        const char *listed;
    } cases[] = {
        {{.limit = 100}, "9 8 7 6 5 4 3 2 1"},
        {{.limit = 2}, "9 8"},
        {{.limit = 2, .before = 8}, "7 6"},
        {{.limit = 9, .before = 1}, ""},
        {{.limit = 9, .guid = "twice"}, "9 8"},
        {{.limit = 1, .guid = "twice"}, "9"},
        {{.limit = 9, .guid = "guid-4"}, "4"},
        {{.limit = 9, .guid = "guid"}, ""},
        {{.limit = 9, .verdict = "quarantined"}, "9 6 3"},
        {{.limit = 1, .verdict = "quarantined", .before = 9}, "6"},
        {{.limit = 9, .verdict = "quarantined", .guid = "twice"}, "9"},
        {{.limit = 9, .verdict = "acted", .before = 5}, "4 2 1"},
        {{.limit = 9, .verdict = "nonsense"}, ""},
        {{.limit = 9, .event = "ping"}, "2"},
        {{.limit = 9, .repository = "OTHER/shop"}, "6 5"},
        {{.limit = 9, .repository = "acme/shop", .event = "push", .verdict = "acted"}, "8 7 4 1"},
    };

    put_some_deliveries();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct listing listing = {.rows = 0};
        must(store_deliveries(store, &cases[i].filter, list_delivery, &listing, &failure));
        assert_string_equal(listing.text, cases[i].listed);
    }
}

static void test_a_listing_ends_when_it_is_told_to(void **state UNUSED)
{
    struct store_delivery_filter all = {.limit = 100};
    struct listing listing = {.stop_after = 3};

    put_some_deliveries();
    must(store_deliveries(store, &all, list_delivery, &listing, &failure));
    assert_string_equal(listing.text, "9 8 7");
    assert_true(first_seen(1, 1) == 1); /* the statement does not stay open */
}

/* ---- branches ---- */

static struct git_sha sha_of(unsigned commit)
{
    struct git_sha sha = {""};

    snprintf(sha.hex, sizeof(sha.hex), "%040x", commit);
    return sha;
}

static void put_push(const char *branch, unsigned before, unsigned after)
{
    struct branch_push push = {
        .before = sha_of(before), .after = sha_of(after), .pushed_at_ms = 1000};

    must(store_push_put(store, 42, branch, &push, 1, &failure));
}

static struct branch_facts facts_of(unsigned before, unsigned after, unsigned head)
{
    struct branch_push push = {
        .before = sha_of(before), .after = sha_of(after), .pushed_at_ms = 1000};
    struct git_sha head_sha = sha_of(head);
    struct branch_facts facts;

    must(store_branch_facts(store, 42, "main", &push, &head_sha, &facts, &failure));
    return facts;
}

static void assert_same_branch(const struct branch_state *a, const struct branch_state *b)
{
    assert_string_equal(a->head.hex, b->head.hex);
    assert_true(a->pushed_at_ms == b->pushed_at_ms);
    assert_string_equal(a->gap_start.hex, b->gap_start.hex);
    assert_string_equal(a->gap_end.hex, b->gap_end.hex);
}

static void test_a_branch_comes_back_and_is_empty_before(void **state UNUSED)
{
    static const struct branch_state zero;
    struct branch_state put = {
        .head = sha_of(1), .pushed_at_ms = 5, .gap_start = sha_of(2), .gap_end = sha_of(3)};
    struct branch_state got;

    must(store_branch_get(store, 42, "main", &got, &failure));
    assert_same_branch(&got, &zero);
    must(store_branch_put(store, 42, "main", &put, &failure));
    must(store_branch_get(store, 42, "main", &got, &failure));
    assert_same_branch(&got, &put);
    must(store_branch_get(store, 42, "Main", &got, &failure));
    assert_same_branch(&got, &zero);
    must(store_branch_get(store, 43, "main", &got, &failure));
    assert_same_branch(&got, &zero);
}

static void test_a_chain_is_followed_over_pushes_of_one_branch(void **state UNUSED)
{
    put_push("main", 1, 2);
    put_push("main", 3, 4);
    put_push("other", 2, 3);
    assert_false(facts_of(9, 1, 4).leads_to_head); /* 2 to 3 is on another branch */
    put_push("main", 2, 3);
    assert_true(facts_of(9, 1, 4).leads_to_head);
    assert_true(facts_of(9, 3, 4).leads_to_head);
    assert_true(facts_of(9, 4, 4).leads_to_head);
    assert_false(facts_of(9, 5, 4).leads_to_head);
    assert_true(facts_of(1, 2, 4).is_known);
    assert_false(facts_of(1, 3, 4).is_known);
}

static void test_force_pushes_in_a_circle_end(void **state UNUSED)
{
    put_push("main", 1, 2);
    put_push("main", 2, 3);
    put_push("main", 3, 1);
    assert_true(facts_of(9, 1, 3).leads_to_head);
    assert_false(facts_of(9, 1, 4).leads_to_head);
}

static void test_a_chain_does_not_lead_through_a_deletion(void **state UNUSED)
{
    struct branch_push deletion = {.before = sha_of(2), .pushed_at_ms = 1000};
    struct branch_push creation = {.after = sha_of(3), .pushed_at_ms = 1000};

    put_push("main", 1, 2);
    must(store_push_put(store, 42, "main", &deletion, 2, &failure));
    must(store_push_put(store, 42, "main", &creation, 3, &failure));
    assert_false(facts_of(9, 1, 3).leads_to_head);
}

/* ---- deployments ---- */

static struct store_deployment deployment_of(unsigned number)
{
    struct store_deployment deployment = {
        .repository_id = 42,
        .repository = "Acme/Shop",
        .environment = "dev-int",
        .sha = sha_of(number),
        .ref = "main",
        .title = "Merge \xC3\xA7",
        .state = DEPLOYMENT_QUEUED,
        .reason = {.code = REASON_QUEUED, .text = "waits"},
        .attempt = 1,
        .delivery_sequence = number,
        .delivery_guid = "guid",
        .created_ms = 1,
        .started_ms = 2,
        .ended_ms = 3,
        .exit_code = -9,
    };

    snprintf(deployment.id.text, sizeof(deployment.id.text), "%026u", number);
    return deployment;
}

static void put_deployment(struct store_deployment *deployment)
{
    must(store_deployment_put(store, deployment, &failure));
}

static void assert_same_deployment(const struct store_deployment *a,
                                   const struct store_deployment *b)
{
    assert_string_equal(a->id.text, b->id.text);
    assert_true(a->repository_id == b->repository_id && a->place == b->place);
    assert_true(a->attempt == b->attempt && a->delivery_sequence == b->delivery_sequence);
    assert_true(a->created_ms == b->created_ms && a->started_ms == b->started_ms);
    assert_true(a->ended_ms == b->ended_ms && a->exit_code == b->exit_code);
    assert_string_equal(a->repository, b->repository);
    assert_string_equal(a->environment, b->environment);
    assert_string_equal(a->sha.hex, b->sha.hex);
    assert_string_equal(a->ref, b->ref);
    assert_string_equal(a->title, b->title);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->reason.code, b->reason.code);
    assert_string_equal(a->reason.text, b->reason.text);
    assert_string_equal(a->repeats.text, b->repeats.text);
    assert_string_equal(a->superseded_by.text, b->superseded_by.text);
    assert_string_equal(a->delivery_guid, b->delivery_guid);
}

static void test_a_deployment_comes_back_with_the_place_it_was_given(void **state UNUSED)
{
    struct store_deployment first = deployment_of(1);
    struct store_deployment second = deployment_of(2);
    struct store_deployment elsewhere = deployment_of(3);
    struct store_deployment got;
    struct err err;

    snprintf(elsewhere.environment, sizeof(elsewhere.environment), "prod");
    put_deployment(&first);
    put_deployment(&second);
    put_deployment(&elsewhere);
    assert_true(first.place == 1 && second.place == 2 && elsewhere.place == 1);
    must(store_deployment_get(store, second.id.text, &got, &failure));
    assert_same_deployment(&got, &second);
    second.state = DEPLOYMENT_SUPERSEDED;
    second.superseded_by = elsewhere.id;
    second.repeats = first.id;
    put_deployment(&second);
    assert_true(second.place == 2);
    must(store_deployment_get(store, second.id.text, &got, &failure));
    assert_same_deployment(&got, &second);
    assert_false(store_deployment_get(store, "none", &got, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.text, "there is no deployment 'none'");
}

static bool list_deployment(const struct store_deployment *deployment, void *arg)
{
    struct listing *listing = arg;

    list_word(listing, deployment->id.text + strspn(deployment->id.text, "0"));
    return listing->rows != listing->stop_after;
}

/* 1 failed, 2 runs, 3 to 5 wait, 6 is in another environment, 7 in another repository; 8 repeats
 * 1 in its place. */
static void put_some_deployments(void)
{
    for (unsigned number = 1; number <= 8; number++) {
        struct store_deployment deployment = deployment_of(number);
        if (number == 1)
            deployment.state = DEPLOYMENT_FAILED;
        if (number == 2)
            deployment.state = DEPLOYMENT_RUNNING;
        if (number == 6)
            snprintf(deployment.environment, sizeof(deployment.environment), "prod");
        if (number == 7) {
            deployment.repository_id = 43;
            snprintf(deployment.repository, sizeof(deployment.repository), "other/shop");
        }
        if (number == 8) {
            deployment.state = DEPLOYMENT_SUCCEEDED;
            deployment.place = 1;
            deployment.attempt = 2;
        }
        put_deployment(&deployment);
    }
}

#define ID(number) "0000000000000000000000000" #number

static void test_deployments_are_listed_by_any_filter(void **state UNUSED)
{
    static const struct {
        struct store_deployment_filter filter;
        const char *listed;
    } cases[] = {
        {{.state = -1, .limit = 99}, "8 7 6 5 4 3 2 1"},
        {{.state = -1, .limit = 2, .before = ID(7)}, "6 5"},
        {{.state = DEPLOYMENT_QUEUED, .limit = 99}, "7 6 5 4 3"},
        {{.state = DEPLOYMENT_RUNNING, .limit = 99}, "2"},
        {{.state = DEPLOYMENT_RUNNING, .limit = 99, .repository = "other/shop"}, ""},
        {{.state = -1, .limit = 99, .repository = "ACME/shop"}, "8 6 5 4 3 2 1"},
        {{.state = -1, .limit = 99, .environment = "prod"}, "6"},
        {{.state = -1, .limit = 99, .repository_id = 43}, "7"},
        /* of one lane: by place, the repetition in the place of what it repeats */
        {{.state = -1, .limit = 99, .repository_id = 42, .environment = "dev-int"}, "5 4 3 2 8 1"},
        {{.state = -1, .limit = 1, .repository_id = 42, .environment = "dev-int"}, "5"},
        {{.state = DEPLOYMENT_FAILED, .limit = 9, .repository_id = 42, .environment = "dev-int"},
         "1"},
        /* what waits in a lane, the oldest first */
        {{.state = DEPLOYMENT_QUEUED,
          .oldest_first = true,
          .limit = 99,
          .repository_id = 42,
          .environment = "dev-int"},
         "3 4 5"},
        {{.state = DEPLOYMENT_QUEUED,
          .oldest_first = true,
          .limit = 1,
          .repository_id = 43,
          .environment = "dev-int"},
         "7"},
    };

    put_some_deployments();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct listing listing = {.rows = 0};
        must(store_deployments(store, &cases[i].filter, list_deployment, &listing, &failure));
        assert_string_equal(listing.text, cases[i].listed);
    }
}

static void test_pages_of_a_lane_leave_nothing_out(void **state UNUSED)
{
    static const char *const ids[] = {ID(5), ID(4), ID(3), ID(2), ID(8), ID(1)};

    put_some_deployments();
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct store_deployment_filter page = {.state = -1,
                                               .limit = 1,
                                               .repository_id = 42,
                                               .environment = "dev-int",
                                               .before = i > 0 ? ids[i - 1] : NULL};
        struct listing listing = {.rows = 0};
        must(store_deployments(store, &page, list_deployment, &listing, &failure));
        assert_string_equal(listing.text, ids[i] + strspn(ids[i], "0"));
    }
}

static void test_output_is_bytes_and_replaced_as_a_whole(void **state UNUSED)
{
    AUTO(buf) struct buf none = BUF_INIT(100);
    AUTO(buf) struct buf out = BUF_INIT(100);
    AUTO(buf) struct buf empty = BUF_INIT(100);

    must(store_output_get(store, "x", &none, &failure));
    assert_int_equal(none.len, 0);
    must(store_output_put(store, "x", "longer text", 11, &failure));
    must(store_output_put(store, "x", "a\0b\xFF", 4, &failure));
    must(store_output_get(store, "x", &out, &failure));
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "a\0b\xFF", 4);
    must(store_output_put(store, "x", NULL, 0, &failure));
    must(store_output_get(store, "x", &empty, &failure));
    assert_int_equal(empty.len, 0);
}

/* ---- lanes ---- */

static bool list_lane(const struct store_lane *lane, void *arg)
{
    char word[600];

    snprintf(word, sizeof(word), "%s/%s", lane->repository, lane->environment);
    list_word(arg, word);
    return true;
}

static void test_a_lane_comes_back_under_the_repositorys_present_name(void **state UNUSED)
{
    struct store_lane lane;
    struct store_lane got;

    must(store_lane_get(store, 42, "dev-int", &lane, &failure));
    assert_int_equal(lane.state.stage, LANE_IDLE);
    assert_true(lane.repository_id == 42 && lane.repository[0] == '\0');
    assert_string_equal(lane.environment, "dev-int");
    lane.state = (struct lane_state){.stage = LANE_DEPLOYING,
                                     .running = {"01ARYZ6S41TSV4RRFFQ69G5FAV"},
                                     .attempt = 2,
                                     .queued_count = 3};
    lane.holds = sha_of(7);
    lane.holds_deployment = (struct id){"01ARYZ6S41TSV4RRFFQ69G5FAW"};
    lane.holds_since_ms = 99;
    must(store_lane_put(store, &lane, &failure));
    must(store_repository_put(store, 42, "acme/old", &failure));
    must(store_repository_put(store, 42, "acme/shop", &failure));
    must(store_lane_get(store, 42, "dev-int", &got, &failure));
    assert_string_equal(got.repository, "acme/shop");
    assert_true(got.repository_id == 42 && got.holds_since_ms == 99);
    assert_int_equal(got.state.stage, LANE_DEPLOYING);
    assert_string_equal(got.state.running.text, lane.state.running.text);
    assert_true(got.state.attempt == 2 && got.state.queued_count == 3);
    assert_string_equal(got.holds.hex, lane.holds.hex);
    assert_string_equal(got.holds_deployment.text, lane.holds_deployment.text);
}

static void test_lanes_are_listed_by_repository_and_environment(void **state UNUSED)
{
    static const struct {
        int64_t repository_id;
        const char *environment;
    } lanes[] = {{1, "prod"}, {2, "dev-int"}, {1, "dev-int"}};
    struct listing listing = {.rows = 0};

    must(store_repository_put(store, 1, "acme/zoo", &failure));
    must(store_repository_put(store, 2, "acme/shop", &failure));
    for (size_t i = 0; i < ARRAY_LEN(lanes); i++) {
        struct store_lane lane;
        must(store_lane_get(store, lanes[i].repository_id, lanes[i].environment, &lane, &failure));
        must(store_lane_put(store, &lane, &failure));
    }
    must(store_lanes(store, list_lane, &listing, &failure));
    assert_string_equal(listing.text, "acme/shop/dev-int acme/zoo/dev-int acme/zoo/prod");
}

/* ---- who may open it, and what goes wrong ---- */

static void test_a_second_writer_is_a_conflict_and_a_reader_is_none(void **state UNUSED)
{
    struct store *second = NULL;
    struct store *reader = NULL;
    struct err err;

    assert_false(store_open(path, &second, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "another envflow works on"));
    assert_null(second);
    must(store_set_cursor(store, 5, &failure));
    must(store_open_reader(path, &reader, &failure));
    assert_true(cursor(reader) == 5);
    must(store_set_cursor(store, 6, &failure));
    assert_true(cursor(reader) == 6);
    store_close(reader);
}

static void test_a_reader_cannot_write(void **state UNUSED)
{
    struct store *reader = NULL;
    struct err err;

    must(store_open_reader(path, &reader, &failure));
    assert_false(store_set_cursor(reader, 1, &err));
    assert_int_equal(err.code, ERR_IO);
    store_close(reader);
    assert_true(cursor(store) == 0);
}

static void test_a_database_of_a_newer_envflow_is_refused_with_a_sentence(void **state UNUSED)
{
    struct store *opened = NULL;
    struct err err;

    assert_int_equal(sqlite3_exec(store->db, "PRAGMA user_version = 999", NULL, NULL, NULL), 0);
    store_close(store);
    store = NULL;
    assert_false(store_open(path, &opened, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.text, "version 999"));
    assert_non_null(strstr(err.text, "newer envflow"));
    assert_false(store_open_reader(path, &opened, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_null(opened);
}

static void test_a_file_that_is_no_database_is_corrupt(void **state UNUSED)
{
    char other[600];
    char bytes[4096];
    struct store *opened = NULL;
    struct err err;

    snprintf(other, sizeof(other), "%s/other.db", dir.path);
    memset(bytes, 'x', sizeof(bytes));
    int fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes));
    close(fd);
    assert_false(store_open(other, &opened, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_non_null(strstr(err.text, other));
    assert_false(store_open("/no/such/folder/x.db", &opened, &err));
    assert_false(store_open_reader("/no/such/folder/x.db", &opened, &err));
    assert_null(opened);
}

static bool put_output(unsigned number, struct err *err)
{
    static char bytes[8192];
    char name[32];

    memset(bytes, 'x', sizeof(bytes));
    snprintf(name, sizeof(name), "%u", number);
    return store_begin(store, err) && store_output_put(store, name, bytes, sizeof(bytes), err) &&
           store_set_cursor(store, number, err) && store_commit(store, err);
}

static void set_pages(int more)
{
    char sql[64];

    snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %d", more);
    assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_a_full_disk_is_no_space_and_it_recovers(void **state UNUSED)
{
    unsigned number = 0;
    struct err err;

    set_pages(1); /* as many as there are now */
    do
        number++;
    while (number < 100 && put_output(number, &err));
    assert_true(number < 100);
    assert_int_equal(err.code, ERR_NO_SPACE);
    store_rollback(store);
    assert_true(cursor(store) == number - 1);
    assert_false(put_output(number, &err));
    assert_int_equal(err.code, ERR_NO_SPACE);
    store_rollback(store);
    set_pages(1000000);
    assert_true(put_output(number, &err));
    assert_true(cursor(store) == number);
}

/* ---- */

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_cursor_starts_at_nothing_and_survives),
        CASE(test_what_is_rolled_back_or_cut_off_never_was),
        CASE(test_deduplication_never_forgets),
        CASE(test_a_key_is_all_its_bytes),
        CASE(test_a_delivery_comes_back_as_it_was_put),
        CASE(test_every_verdict_and_reason_is_read_back),
        CASE(test_deliveries_are_listed_newest_first_by_any_filter),
        CASE(test_a_listing_ends_when_it_is_told_to),
        CASE(test_a_branch_comes_back_and_is_empty_before),
        CASE(test_a_chain_is_followed_over_pushes_of_one_branch),
        CASE(test_force_pushes_in_a_circle_end),
        CASE(test_a_chain_does_not_lead_through_a_deletion),
        CASE(test_a_deployment_comes_back_with_the_place_it_was_given),
        CASE(test_deployments_are_listed_by_any_filter),
        CASE(test_pages_of_a_lane_leave_nothing_out),
        CASE(test_output_is_bytes_and_replaced_as_a_whole),
        CASE(test_a_lane_comes_back_under_the_repositorys_present_name),
        CASE(test_lanes_are_listed_by_repository_and_environment),
        CASE(test_a_second_writer_is_a_conflict_and_a_reader_is_none),
        CASE(test_a_reader_cannot_write),
        CASE(test_a_database_of_a_newer_envflow_is_refused_with_a_sentence),
        CASE(test_a_file_that_is_no_database_is_corrupt),
        CASE(test_a_full_disk_is_no_space_and_it_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
