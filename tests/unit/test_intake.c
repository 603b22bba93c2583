/* Deliveries through intake and lanes: what becomes of them, in whatever order they come. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "support/intake_rig.h"
#include "support/test.h"

static const struct intake_push chain[] = {
    {0, 'a', 100}, {'a', 'b', 200}, {'b', 'c', 300}, {'c', 'd', 400}};

#define CHAIN_COUNT 4

static struct store_delivery push_link(struct intake_rig *rig, size_t i)
{
    char guid[16];

    snprintf(guid, sizeof(guid), "link-%zu", i);
    return intake_rig_push(rig, chain[i], guid);
}

static void expect(struct intake_rig *rig, const char *story, char holds)
{
    char text[1024];
    struct store_lane lane = intake_rig_lane(rig);

    intake_rig_check(rig);
    assert_string_equal(intake_rig_story(rig, text), story);
    assert_int_equal(intake_rig_letter(&lane.holds), holds);
}

/* ---- lanes ---- */

static void test_of_what_waits_only_the_newest_is_deployed(void **state)
{
    struct intake_rig *rig = *state;

    for (size_t i = 0; i < CHAIN_COUNT; i++)
        push_link(rig, i);
    expect(rig, "a:running b:superseded>c c:superseded>d d:queued", 0);
    intake_rig_finish(rig);
    expect(rig, "a:succeeded b:superseded>c c:superseded>d d:succeeded", 'd');
}

static void test_every_push_is_deployed_in_order_where_the_lane_says_so(void **state)
{
    struct intake_rig *rig = *state;

    rig->environment.lane = LANE_EVERY;
    for (size_t i = 0; i < CHAIN_COUNT; i++)
        push_link(rig, i);
    expect(rig, "a:running b:queued c:queued d:queued", 0);
    intake_rig_finish(rig);
    expect(rig, "a:succeeded b:succeeded c:succeeded d:succeeded", 'd');
    for (size_t i = 0; i < CHAIN_COUNT; i++)
        assert_int_equal(intake_rig_letter(&rig->runs[i].sha), chain[i].after);
}

static void test_a_failure_leaves_what_is_held_and_the_lane_goes_on(void **state)
{
    struct intake_rig *rig = *state;

    push_link(rig, 0);
    intake_rig_finish(rig);
    push_link(rig, 1);
    push_link(rig, 2);
    intake_rig_end(rig, LANE_FAILED);
    expect(rig, "a:succeeded b:failed c:running", 'a');
    intake_rig_end(rig, LANE_FAILED);
    expect(rig, "a:succeeded b:failed c:failed", 'a');
}

static void test_an_unknown_outcome_is_tried_again_up_to_a_bound(void **state)
{
    struct intake_rig *rig = *state;

    push_link(rig, 0);
    for (uint32_t attempt = 1; attempt <= LANE_ATTEMPTS_MAX; attempt++) {
        intake_rig_check(rig);
        assert_int_equal(rig->runs[rig->runs_count - 1].attempt, attempt);
        if (attempt > 1)
            assert_string_equal(rig->runs[rig->runs_count - 1].repeats.text,
                                rig->runs[rig->runs_count - 2].id.text);
        assert_true(intake_rig_end(rig, LANE_OUTCOME_LOST));
    }
    assert_int_equal(rig->runs_count, LANE_ATTEMPTS_MAX);
    expect(rig, "a:unknown a:unknown a:unknown a:unknown a:failed", 0);
}

static void test_an_unknown_outcome_fails_where_it_may_not_be_repeated(void **state)
{
    struct intake_rig *rig = *state;

    rig->environment.deploy.repeatable = false;
    push_link(rig, 0);
    push_link(rig, 1);
    intake_rig_end(rig, LANE_OUTCOME_LOST);
    expect(rig, "a:failed b:running", 0);
    intake_rig_end(rig, LANE_OUTCOME_LOST);
    expect(rig, "a:failed b:failed", 0);
}

static void test_a_newer_push_goes_before_the_repetition(void **state)
{
    struct intake_rig *rig = *state;

    push_link(rig, 0);
    push_link(rig, 1);
    intake_rig_end(rig, LANE_OUTCOME_LOST);
    expect(rig, "a:unknown b:running", 0);
}

/* ---- again ---- */

static void test_what_came_before_is_a_duplicate(void **state)
{
    struct intake_rig *rig = *state;

    assert_int_equal(intake_rig_push(rig, chain[0], "one").verdict, VERDICT_ACTED);
    struct store_delivery again = intake_rig_push(rig, chain[0], "one");
    assert_int_equal(again.reason.code, REASON_DUPLICATE_DELIVERY);
    assert_int_equal(again.first_sequence, 1);
    again = intake_rig_push(rig, chain[0], "another GUID");
    assert_int_equal(again.reason.code, REASON_REPLAYED_BODY);
    assert_int_equal(again.first_sequence, 1);
    assert_int_equal(intake_rig_push(rig, chain[1], "one").verdict, VERDICT_ACTED);
    expect(rig, "a:running b:queued", 0);
}

static void test_an_operator_may_have_the_head_deployed_again_but_nothing_older(void **state)
{
    struct intake_rig *rig = *state;

    push_link(rig, 0);
    intake_rig_finish(rig);
    push_link(rig, 1);
    intake_rig_end(rig, LANE_FAILED);
    struct store_delivery old = intake_rig_replay(rig, 1, chain[0], "link-0");
    assert_int_not_equal(old.verdict, VERDICT_ACTED);
    struct store_delivery head = intake_rig_replay(rig, 2, chain[1], "link-1");
    assert_int_equal(head.verdict, VERDICT_ACTED);
    assert_int_equal(head.replays, 1);
    intake_rig_finish(rig);
    expect(rig, "a:succeeded b:failed b:succeeded", 'b');
}

/* ---- any order ---- */

/* The n-th permutation of 0..count-1. */
static void permute(size_t n, size_t order[CHAIN_COUNT])
{
    for (size_t i = 0; i < CHAIN_COUNT; i++)
        order[i] = i;
    for (size_t left = CHAIN_COUNT; left > 1; left--) {
        size_t pick = n % left;
        size_t last = order[left - 1];
        n /= left;
        order[left - 1] = order[pick];
        order[pick] = last;
    }
}

/* In this order, each a second time somewhere later; commands end after every `pace` deliveries. */
static void play(size_t permutation, size_t pace)
{
    struct intake_rig *rig = NULL;
    size_t order[CHAIN_COUNT];
    size_t handled = 0;

    intake_rig_set_up((void **)&rig);
    permute(permutation, order);
    for (size_t i = 0; i < 2 * CHAIN_COUNT; i++) {
        /* 0, 1, 0, 2, 1, 3, 2, 3: every one is there again two steps later. */
        static const size_t places[2 * CHAIN_COUNT] = {0, 1, 0, 2, 1, 3, 2, 3};
        push_link(rig, order[places[i]]);
        intake_rig_check(rig);
        if (++handled % pace == 0)
            intake_rig_end(rig, LANE_SUCCEEDED);
    }
    intake_rig_finish(rig);

    struct store_lane lane = intake_rig_lane(rig);
    if (intake_rig_letter(&lane.holds) != 'd')
        fail_msg("permutation %zu, pace %zu: holds %s", permutation, pace, lane.holds.hex);
    for (size_t i = 1; i < rig->runs_count; i++) {
        if (intake_rig_letter(&rig->runs[i].sha) <= intake_rig_letter(&rig->runs[i - 1].sha))
            fail_msg("permutation %zu, pace %zu: %.7s was deployed after %.7s", permutation, pace,
                     rig->runs[i].sha.hex, rig->runs[i - 1].sha.hex);
    }
    intake_rig_tear_down((void **)&rig);
}

static void
test_any_order_with_repetitions_ends_with_the_same_head_and_never_goes_back(void **state)
{
    (void)state;
    for (size_t permutation = 0; permutation < 24; permutation++) {
        for (size_t pace = 1; pace <= 9; pace++)
            play(permutation, pace);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, intake_rig_set_up, intake_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_of_what_waits_only_the_newest_is_deployed),
        CASE(test_every_push_is_deployed_in_order_where_the_lane_says_so),
        CASE(test_a_failure_leaves_what_is_held_and_the_lane_goes_on),
        CASE(test_an_unknown_outcome_is_tried_again_up_to_a_bound),
        CASE(test_an_unknown_outcome_fails_where_it_may_not_be_repeated),
        CASE(test_a_newer_push_goes_before_the_repetition),
        CASE(test_what_came_before_is_a_duplicate),
        CASE(test_an_operator_may_have_the_head_deployed_again_but_nothing_older),
        cmocka_unit_test(
            test_any_order_with_repetitions_ends_with_the_same_head_and_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
