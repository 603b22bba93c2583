/* lane: every pair of stage and event with its guards, and walks that no candidate gets lost on. */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "flow/lane.h"

static const struct id running = {"01RUNNING00000000000000000"};
static const struct id other = {"01OTHER0000000000000000000"};

/* ---- the matrix ---- */

/* What may follow a step, a letter each; '.' is "no rule, ignored". */
static const struct {
    char letter;
    enum lane_stage to;
    const char *effects; /* an effect each, as effect_letters has them */
    int queued_change;   /* ONLY_ONE, NONE: so many wait afterwards */
} outcomes[] = {
#define ONLY_ONE 99
#define NONE     98
    {'S', LANE_DEPLOYING, "s", 0},         /* started */
    {'Q', LANE_DEPLOYING, "q", 1},         /* waits behind the others */
    {'N', LANE_DEPLOYING, "aq", ONLY_ONE}, /* waits alone: newest wins */
    {'O', LANE_DEPLOYING, "oq", 0},        /* waits in the place of the oldest */
    {'h', LANE_IDLE, "h", 0},              /* held, nothing waits */
    {'H', LANE_DEPLOYING, "hn", -1},       /* held, and the next one starts */
    {'l', LANE_IDLE, "", 0},               /* failed, nothing waits */
    {'n', LANE_DEPLOYING, "n", -1},        /* failed or overtaken, and the next one starts */
    {'r', LANE_DEPLOYING, "r", 0},         /* tried again */
    {'g', LANE_IDLE, "g", 0},              /* given up, nothing waits */
    {'G', LANE_DEPLOYING, "gn", -1},       /* given up, and the next one starts */
    {'w', LANE_DEPLOYING, "", -1},         /* one that waits leaves */
    {'A', LANE_DEPLOYING, "as", NONE},     /* started past those that wait, which end */
    {'I', LANE_IDLE, "aq", ONLY_ONE},      /* waits alone on an idle lane */
    {'i', LANE_IDLE, "q", 1},              /* waits behind the others on an idle lane */
    {'o', LANE_IDLE, "oq", 0},             /* waits there in the place of the oldest */
    {'v', LANE_IDLE, "", -1},              /* one that waits leaves an idle lane */
};
static const char effect_letters[LANE_EFFECT_COUNT] = {
    [LANE_DO_START] = 's',         [LANE_DO_QUEUE] = 'q',
    [LANE_DO_SUPERSEDE_ALL] = 'a', [LANE_DO_SUPERSEDE_OLDEST] = 'o',
    [LANE_DO_HOLD] = 'h',          [LANE_DO_REPEAT] = 'r',
    [LANE_DO_START_NEXT] = 'n',    [LANE_DO_GIVE_UP] = 'g',
};

static const uint32_t queue_sizes[] = {0, 1, LANE_QUEUE_MAX};

/* Whether a lost deployment may run again. */
static const struct {
    bool repeatable;
    uint32_t attempt;
} repetitions[] = {{true, LANE_ATTEMPTS_MAX - 1}, {false, 1}, {true, LANE_ATTEMPTS_MAX}};

/* Columns: candidate, succeeded, unverified, failed, outcome lost, withdrawn, opened; those in the
 * middle about the running one. One that waits may start. */
/* clang-format off */
static const char *const expected[LANE_MODE_COUNT][ARRAY_LEN(queue_sizes)]
                                 [ARRAY_LEN(repetitions)] = {
    /*                  may repeat, not repeatable, tried often enough */
    [LANE_NEWEST] = { { "Nhhlr..",  "Nhhlg..",      "Nhhlg.." },   /* nothing waits */
                      { "NHHnn..",  "NHHnG..",      "NHHnG.." },   /* one waits */
                      { "NHHnn..",  "NHHnG..",      "NHHnG.." } }, /* many: the mode was changed */
    [LANE_EVERY]  = { { "Qhhlr..",  "Qhhlg..",      "Qhhlg.." },
                      { "QHHnr..",  "QHHnG..",      "QHHnG.." },
                      { "OHHnr..",  "OHHnG..",      "OHHnG.." } },
};
/* clang-format on */

static bool is_same(const struct lane_state *a, const struct lane_state *b)
{
    return a->stage == b->stage && strcmp(a->running.text, b->running.text) == 0 &&
           a->attempt == b->attempt && a->queued_count == b->queued_count;
}

static char letter_of(const struct lane_state *before, const struct lane_result *result)
{
    char effects[LANE_EFFECTS_MAX + 1] = "";

    for (size_t i = 0; i < result->effects_count; i++)
        effects[i] = effect_letters[result->effects[i]];
    if (result->ignored)
        return effects[0] == '\0' && is_same(before, &result->next) ? '.' : '!';
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        int change = outcomes[i].queued_change;
        uint32_t queued = change == ONLY_ONE ? 1
                          : change == NONE   ? 0
                                             : before->queued_count + (uint32_t)change;
        if (result->next.stage == outcomes[i].to && strcmp(effects, outcomes[i].effects) == 0 &&
            result->next.queued_count == queued)
            return outcomes[i].letter;
    }
    return '?';
}

/* The letters of all events in this state. News is about `deployment`, a candidate is new. */
static void read_row(const struct lane_state *state, const struct lane_policy *policy,
                     const struct id *deployment, char row[LANE_EVENT_COUNT + 1])
{
    for (enum lane_event_kind kind = 0; kind < LANE_EVENT_COUNT; kind++) {
        struct lane_event event = {.kind = kind,
                                   .deployment = kind == LANE_CANDIDATE ? other : *deployment};
        struct lane_result result = lane_step(state, policy, &event);
        row[kind] = letter_of(state, &result);
    }
    row[LANE_EVENT_COUNT] = '\0';
}

typedef void row_fn(enum lane_mode mode, size_t queue, size_t repetition);

static void for_every_row(row_fn *check)
{
    for (enum lane_mode mode = 0; mode < LANE_MODE_COUNT; mode++)
        for (size_t queue = 0; queue < ARRAY_LEN(queue_sizes); queue++)
            for (size_t repetition = 0; repetition < ARRAY_LEN(repetitions); repetition++)
                check(mode, queue, repetition);
}

static struct lane_state deploying(size_t queue, size_t repetition)
{
    return (struct lane_state){
        .stage = LANE_DEPLOYING,
        .running = running,
        .attempt = repetitions[repetition].attempt,
        .queued_count = queue_sizes[queue],
    };
}

static struct lane_policy policy_of(enum lane_mode mode, size_t repetition)
{
    return (struct lane_policy){
        .mode = mode,
        .repeatable = repetitions[repetition].repeatable,
        .candidate_may_start = true,
        .next_may_start = true,
    };
}

static void check_deploying(enum lane_mode mode, size_t queue, size_t repetition)
{
    struct lane_state state = deploying(queue, repetition);
    struct lane_policy policy = policy_of(mode, repetition);
    char row[LANE_EVENT_COUNT + 1];

    read_row(&state, &policy, &running, row);
    assert_string_equal(row, expected[mode][queue][repetition]);
}

static void test_every_event_while_deploying_matches_the_matrix(void **state UNUSED)
{
    for_every_row(check_deploying);
}

/* Those that wait are held back by a freeze: what ends leaves the lane idle, and they wait on. */
static void check_held_back(enum lane_mode mode, size_t queue, size_t repetition)
{
    struct lane_state state = deploying(queue, repetition);
    struct lane_policy policy = policy_of(mode, repetition);
    char row[LANE_EVENT_COUNT + 1];
    char wanted[LANE_EVENT_COUNT + 1];

    policy.next_may_start = false;
    read_row(&state, &policy, &running, row);
    memcpy(wanted, expected[mode][0][repetition], sizeof(wanted));
    wanted[LANE_CANDIDATE] = expected[mode][queue][repetition][LANE_CANDIDATE];
    assert_string_equal(row, wanted);
}

static void test_what_a_freeze_holds_back_waits_on_an_idle_lane(void **state UNUSED)
{
    for_every_row(check_held_back);
}

static void check_other(enum lane_mode mode, size_t queue, size_t repetition)
{
    struct lane_state state = deploying(queue, repetition);
    struct lane_policy policy = policy_of(mode, repetition);
    char row[LANE_EVENT_COUNT + 1];

    read_row(&state, &policy, &other, row);
    assert_string_equal(row + 1, queue_sizes[queue] == 0 ? "......" : "....w.");
}

static void test_news_of_another_deployment_is_ignored(void **state UNUSED)
{
    for_every_row(check_other);
}

/* Rows: by mode and by what waits. */
static void check_idle_rows(const struct lane_policy *base, bool may_start,
                            const char *const rows[LANE_MODE_COUNT][ARRAY_LEN(queue_sizes)])
{
    for (enum lane_mode mode = 0; mode < LANE_MODE_COUNT; mode++) {
        for (size_t queue = 0; queue < ARRAY_LEN(queue_sizes); queue++) {
            struct lane_state idle = {.stage = LANE_IDLE, .queued_count = queue_sizes[queue]};
            struct lane_policy policy = *base;
            char row[LANE_EVENT_COUNT + 1];

            policy.mode = mode;
            policy.candidate_may_start = may_start;
            policy.next_may_start = may_start;
            read_row(&idle, &policy, &other, row);
            assert_string_equal(row, rows[mode][queue]);
        }
    }
}

static void test_an_idle_lane_starts_candidates_and_ignores_late_news(void **state UNUSED)
{
    static const char *const rows[LANE_MODE_COUNT][ARRAY_LEN(queue_sizes)] = {
        [LANE_NEWEST] = {"S......", "A....vn", "A....vn"},
        [LANE_EVERY] = {"S......", "S....vn", "S....vn"},
    };
    const struct lane_policy policy = {.repeatable = true};

    check_idle_rows(&policy, true, rows);
}

static void test_a_frozen_lane_keeps_candidates_and_opens_for_none(void **state UNUSED)
{
    static const char *const rows[LANE_MODE_COUNT][ARRAY_LEN(queue_sizes)] = {
        [LANE_NEWEST] = {"I......", "I....v.", "I....v."},
        [LANE_EVERY] = {"i......", "i....v.", "o....v."},
    };
    const struct lane_policy policy = {.repeatable = true};

    check_idle_rows(&policy, false, rows);
}

/* ---- what the state says afterwards ---- */

static void test_a_start_names_the_running_one_and_counts_from_one(void **state UNUSED)
{
    struct lane_state idle = {.stage = LANE_IDLE};
    struct lane_policy policy = {.mode = LANE_NEWEST, .candidate_may_start = true};
    struct lane_event event = {.kind = LANE_CANDIDATE, .deployment = other};
    struct lane_result result = lane_step(&idle, &policy, &event);

    assert_string_equal(result.next.running.text, other.text);
    assert_int_equal(result.next.attempt, 1);
}

static void test_a_repetition_counts_on_and_leaves_the_name_to_the_caller(void **state UNUSED)
{
    struct lane_state before = {.stage = LANE_DEPLOYING, .running = running, .attempt = 2};
    struct lane_policy policy = {.mode = LANE_NEWEST, .repeatable = true};
    struct lane_event event = {.kind = LANE_OUTCOME_LOST, .deployment = running};
    struct lane_result result = lane_step(&before, &policy, &event);

    assert_string_equal(result.next.running.text, "");
    assert_int_equal(result.next.attempt, 3);
}

static void test_the_next_one_counts_from_one_again(void **state UNUSED)
{
    struct lane_state before = {
        .stage = LANE_DEPLOYING, .running = running, .attempt = 4, .queued_count = 2};
    struct lane_policy policy = {.mode = LANE_EVERY, .next_may_start = true};
    struct lane_event event = {.kind = LANE_FAILED, .deployment = running};
    struct lane_result result = lane_step(&before, &policy, &event);

    assert_string_equal(result.next.running.text, "");
    assert_int_equal(result.next.attempt, 1);
}

static void test_under_newest_what_is_kept_goes_on_waiting(void **state UNUSED)
{
    const struct lane_event candidate = {.kind = LANE_CANDIDATE, .deployment = other};
    struct lane_policy policy = {.mode = LANE_NEWEST, .kept_count = 2};
    struct lane_state lane = {
        .stage = LANE_DEPLOYING, .running = running, .attempt = 1, .queued_count = 3};

    struct lane_result result = lane_step(&lane, &policy, &candidate);
    assert_int_equal(result.next.queued_count, 3); /* the two kept, and the candidate */
    lane = (struct lane_state){.queued_count = 3};
    policy.candidate_may_start = true;
    result = lane_step(&lane, &policy, &candidate);
    assert_int_equal(result.next.stage, LANE_DEPLOYING);
    assert_int_equal(result.next.queued_count, 2);
}

static void test_an_idle_lane_names_nothing_however_its_last_ended(void **state UNUSED)
{
    static const enum lane_event_kind ends[] = {LANE_SUCCEEDED, LANE_UNVERIFIED, LANE_FAILED,
                                                LANE_OUTCOME_LOST};
    struct lane_state before = {.stage = LANE_DEPLOYING, .running = running, .attempt = 1};
    struct lane_policy policy = {.mode = LANE_EVERY};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct lane_event event = {.kind = ends[i], .deployment = running};
        struct lane_result result = lane_step(&before, &policy, &event);
        assert_int_equal(result.next.stage, LANE_IDLE);
        assert_string_equal(result.next.running.text, "");
        assert_int_equal(result.next.attempt, 0);
    }
}

/* ---- walks ---- */

#define WALK_STEPS     4000
#define CANDIDATES_MAX WALK_STEPS

enum fate { UNBORN, WAITS, RUNS, ENDED };

/* A caller of lane_step that does what the effects say. Deployments are numbers. */
struct walk {
    struct lane_state lane;
    struct lane_policy policy;
    enum fate fates[CANDIDATES_MAX];
    size_t born; /* so many candidates were made */
    size_t runs; /* the running one */
    size_t repeats;
};

static struct id id_of(size_t candidate, uint32_t attempt)
{
    struct id id;

    snprintf(id.text, sizeof(id.text), "%020zu-%05u", candidate, attempt);
    return id;
}

static size_t count_waiting(const struct walk *walk)
{
    size_t waiting = 0;

    for (size_t i = 0; i < walk->born; i++)
        waiting += walk->fates[i] == WAITS ? 1 : 0;
    return waiting;
}

static size_t oldest_waiting(const struct walk *walk)
{
    size_t i = 0;

    while (i < walk->born && walk->fates[i] != WAITS)
        i++;
    assert_true(i < walk->born);
    return i;
}

static void run_now(struct walk *walk, size_t candidate)
{
    assert_int_equal(walk->fates[walk->runs] == RUNS ? walk->runs : candidate, candidate);
    walk->runs = candidate;
    walk->fates[candidate] = RUNS;
    walk->lane.running = id_of(candidate, walk->lane.attempt);
}

static void carry_out(struct walk *walk, enum lane_effect_kind effect)
{
    size_t newest = walk->born - 1;

    if (effect == LANE_DO_START)
        run_now(walk, newest);
    else if (effect == LANE_DO_QUEUE)
        walk->fates[newest] = WAITS;
    else if (effect == LANE_DO_SUPERSEDE_OLDEST)
        walk->fates[oldest_waiting(walk)] = ENDED;
    else if (effect == LANE_DO_START_NEXT)
        run_now(walk, oldest_waiting(walk));
    else if (effect == LANE_DO_REPEAT)
        run_now(walk, walk->runs);
    for (size_t i = 0; effect == LANE_DO_SUPERSEDE_ALL && i < walk->born; i++) {
        if (walk->fates[i] == WAITS)
            walk->fates[i] = ENDED;
    }
}

static void take_step(struct walk *walk, enum lane_event_kind kind)
{
    struct lane_event event = {.kind = kind, .deployment = walk->lane.running};
    bool was_idle = walk->lane.stage == LANE_IDLE;

    if (kind == LANE_WITHDRAWN)
        event.deployment = id_of(CANDIDATES_MAX, 1); /* whichever waits */
    if (kind == LANE_CANDIDATE) {
        event.deployment = id_of(walk->born, 1);
        walk->born++;
    }
    struct lane_result result = lane_step(&walk->lane, &walk->policy, &event);
    bool is_news = kind != LANE_CANDIDATE && kind != LANE_WITHDRAWN && kind != LANE_OPENED;
    bool ends = is_news && !result.ignored;
    bool repeats = result.effects_count > 0 && result.effects[0] == LANE_DO_REPEAT;
    if (ends && !repeats)
        walk->fates[walk->runs] = ENDED;
    if (kind == LANE_WITHDRAWN && !result.ignored)
        walk->fates[oldest_waiting(walk)] = ENDED;
    walk->repeats += repeats ? 1 : 0;
    walk->lane = result.next;
    for (size_t i = 0; i < result.effects_count; i++)
        carry_out(walk, result.effects[i]);

    assert_int_equal(walk->lane.queued_count, count_waiting(walk));
    assert_int_equal(walk->lane.stage == LANE_DEPLOYING, walk->fates[walk->runs] == RUNS);
    assert_true(kind != LANE_OPENED || !was_idle || !walk->policy.next_may_start ||
                walk->lane.queued_count == 0 || walk->lane.stage == LANE_DEPLOYING);
    assert_true(walk->lane.attempt <= LANE_ATTEMPTS_MAX);
}

static void walk_with(struct walk *walk, unsigned short seed[3])
{
    for (size_t i = 0; i < WALK_STEPS / 2; i++) {
        walk->policy.mode =
            (enum lane_mode)(nrand48(seed) % 50 == 0 ? nrand48(seed) & 1 : (long)walk->policy.mode);
        walk->policy.repeatable = nrand48(seed) % 4 != 0;
        walk->policy.candidate_may_start = nrand48(seed) % 4 != 0;
        walk->policy.next_may_start = nrand48(seed) % 4 != 0;
        take_step(walk, (enum lane_event_kind)(nrand48(seed) % LANE_EVENT_COUNT));
    }
    walk->policy.next_may_start = true;
    while (walk->lane.stage != LANE_IDLE || walk->lane.queued_count > 0)
        take_step(walk, walk->lane.stage == LANE_IDLE ? LANE_OPENED : LANE_SUCCEEDED);
}

static void test_on_any_walk_one_runs_at_a_time_and_every_candidate_ends(void **state UNUSED)
{
    for (unsigned short number = 0; number < 20; number++) {
        unsigned short seed[3] = {number, 1, 2};
        struct walk walk = {0};

        walk_with(&walk, seed);
        assert_true(walk.born > 0 && walk.repeats > 0);
        for (size_t i = 0; i < walk.born; i++)
            assert_int_equal(walk.fates[i], ENDED);
    }
}

/* ---- names ---- */

static void test_states_of_deployments_have_names_of_their_own(void **state UNUSED)
{
    static const bool is_final[DEPLOYMENT_STATE_COUNT] = {
        [DEPLOYMENT_SUCCEEDED] = true,  [DEPLOYMENT_FAILED] = true,    [DEPLOYMENT_UNKNOWN] = true,
        [DEPLOYMENT_SUPERSEDED] = true, [DEPLOYMENT_WITHDRAWN] = true,
    };

    for (enum deployment_state i = 0; i < DEPLOYMENT_STATE_COUNT; i++) {
        assert_int_equal(deployment_state_is_final(i), is_final[i]);
        for (enum deployment_state j = 0; j < i; j++)
            assert_string_not_equal(deployment_state_name(i), deployment_state_name(j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_while_deploying_matches_the_matrix),
        cmocka_unit_test(test_what_a_freeze_holds_back_waits_on_an_idle_lane),
        cmocka_unit_test(test_a_frozen_lane_keeps_candidates_and_opens_for_none),
        cmocka_unit_test(test_news_of_another_deployment_is_ignored),
        cmocka_unit_test(test_an_idle_lane_starts_candidates_and_ignores_late_news),
        cmocka_unit_test(test_a_start_names_the_running_one_and_counts_from_one),
        cmocka_unit_test(test_a_repetition_counts_on_and_leaves_the_name_to_the_caller),
        cmocka_unit_test(test_the_next_one_counts_from_one_again),
        cmocka_unit_test(test_under_newest_what_is_kept_goes_on_waiting),
        cmocka_unit_test(test_an_idle_lane_names_nothing_however_its_last_ended),
        cmocka_unit_test(test_on_any_walk_one_runs_at_a_time_and_every_candidate_ends),
        cmocka_unit_test(test_states_of_deployments_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
