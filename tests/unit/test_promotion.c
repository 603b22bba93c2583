/* Every pair of state and event, for several sets of facts; and what no sequence reaches. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "flow/promotion.h"

#define NOW_MS      INT64_C(1000000)
#define APPROVED_MS (NOW_MS - 60000)

static const char letters[PROMOTION_STATE_COUNT] = {
    [PROMOTION_REQUESTED] = 'q',  [PROMOTION_AWAITING_APPROVAL] = 'a',
    [PROMOTION_WAITING] = 'w',    [PROMOTION_CHECKING] = 'c',
    [PROMOTION_QUEUED] = 'l',     [PROMOTION_DEPLOYING] = 'd',
    [PROMOTION_VERIFYING] = 'v',  [PROMOTION_SUCCEEDED] = 'S',
    [PROMOTION_REFUSED] = 'R',    [PROMOTION_REJECTED] = 'J',
    [PROMOTION_EXPIRED] = 'E',    [PROMOTION_CANCELLED] = 'C',
    [PROMOTION_SUPERSEDED] = 'U', [PROMOTION_FAILED] = 'F',
    [PROMOTION_ROLLED_BACK] = 'B'};

static const char effect_letters[PROMOTION_EFFECT_COUNT] = {
    [PROMOTION_DO_CHECK] = 'k',   [PROMOTION_DO_STOP_CHECKS] = 's', [PROMOTION_DO_QUEUE] = '+',
    [PROMOTION_DO_UNQUEUE] = '-', [PROMOTION_DO_ROLL_BACK] = 'r',
};

/* Approved long ago, nothing in the way, no checks, no verification. */
static struct promotion_facts open_facts(void)
{
    return (struct promotion_facts){
        .now_ms = NOW_MS,
        .is_legal = true,
        .is_approved = true,
        .is_source_ready = true,
        .wait_ms = 60000,
        .expires_at_ms = NOW_MS + 1,
    };
}

static struct promotion_status status_of(enum promotion_state state)
{
    return (struct promotion_status){
        .state = state,
        .approved_ms =
            state == PROMOTION_REQUESTED || state == PROMOTION_AWAITING_APPROVAL ? 0 : APPROVED_MS,
    };
}

/* The move as text: the state reached, then the effect; ". " for ignored. */
static void write_move(char *text, enum promotion_state state, enum promotion_event event,
                       const struct promotion_facts *facts)
{
    struct promotion_status status = status_of(state);
    struct promotion_result result = promotion_step(&status, facts, event);

    assert_true(result.effects_count <= 1);
    text[0] = letters[result.next.state];
    text[1] = ' ';
    if (result.effects_count == 1)
        text[1] = effect_letters[result.effects[0]];
    if (result.ignored) {
        assert_int_equal(result.next.state, state);
        assert_int_equal(result.next.approved_ms, status.approved_ms);
        assert_int_equal(result.effects_count, 0);
        assert_int_equal(result.reason, REASON_NONE);
        text[0] = '.';
    }
}

/* ---- the matrix ---- */

/* Two letters per pair: state reached ('.' ignored) and effect (' ' none). Rows are the states
 * that can move, in the order of the enum; columns the events in theirs. */
struct matrix {
    const char *what;
    struct promotion_facts facts;
    const char *rows[PROMOTION_SUCCEEDED];
};

static void check_matrix(const struct matrix *matrix)
{
    for (enum promotion_state state = 0; state < PROMOTION_STATE_COUNT; state++) {
        const char *expected =
            state < PROMOTION_SUCCEEDED ? matrix->rows[state] : ". . . . . . . . . . ";
        char moves[2 * PROMOTION_EVENT_COUNT + 1] = {0};
        for (enum promotion_event event = 0; event < PROMOTION_EVENT_COUNT; event++)
            write_move(&moves[2 * (size_t)event], state, event, &matrix->facts);
        if (strcmp(moves, expected) != 0)
            print_message("%s, %s:\n", matrix->what, promotion_state_name(state));
        assert_string_equal(moves, expected);
    }
}

/* What happens whatever the facts are. */
#define DEPLOYING_PLAIN  ". . . . . S F . . . "
#define VERIFYING_PLAIN  ". . . . . . F S F . "
#define REQUESTED_LEGAL  "a . . . U . . . . C "
#define AWAITING_IGNORES ". . . . U . . . . C "

/* clang-format off */
static void test_every_pair_with_an_open_gate(void **state UNUSED)
{
    struct matrix plain = {"open gate", open_facts(), {
        /*  evaluate, passed, failed, lane free, overtaken, deployed, deploy failed, verified,
         *  unverified, cancel */
        REQUESTED_LEGAL,
        "w . . . U . . . . C ",
        "l+. . . U . . . . C ",
        ". l+F . Us. . . . Cs",
        ". . . d U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    check_matrix(&plain);

    struct matrix full = {"checks, verification and rollback", open_facts(), {
        REQUESTED_LEGAL,
        "w . . . U . . . . C ",
        "ck. . . U . . . . C ",
        ". l+F . Us. . . . Cs",
        ". . . d U-. . . . C-",
        ". . . . . v F . . . ",
        ". . . . . . F S Br. ",
    }};
    full.facts.has_checks = true;
    full.facts.has_verification = true;
    full.facts.rolls_back = true;
    check_matrix(&full);
}

static void test_every_pair_without_the_quorum(void **state UNUSED)
{
    struct matrix matrix = {"not approved", open_facts(), {
        REQUESTED_LEGAL,
        AWAITING_IGNORES,
        "a . . . U . . . . C ",
        "asa F . Us. . . . Cs",
        "a-. . a U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    matrix.facts.is_approved = false;
    check_matrix(&matrix);

    matrix.what = "not approved, and frozen";
    matrix.facts.is_frozen = true;
    check_matrix(&matrix);

    matrix.what = "not approved, and frozen, and not ready";
    matrix.facts.is_source_ready = false;
    check_matrix(&matrix);
}

static void test_every_pair_with_a_closed_gate(void **state UNUSED)
{
    struct matrix matrix = {"frozen", open_facts(), {
        REQUESTED_LEGAL,
        "w . . . U . . . . C ",
        ". . . . U . . . . C ",
        "wsw F . Us. . . . Cs",
        "w-. . w U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    matrix.facts.is_frozen = true;
    check_matrix(&matrix);

    matrix.what = "source not ready";
    matrix.facts.is_frozen = false;
    matrix.facts.is_source_ready = false;
    check_matrix(&matrix);
}

static void test_every_pair_after_a_rejection(void **state UNUSED)
{
    struct matrix matrix = {"rejected", open_facts(), {
        REQUESTED_LEGAL,
        "J . . . U . . . . C ",
        "J . . . U . . . . C ",
        "JsJ F . Us. . . . Cs",
        "J-. . J U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    matrix.facts.is_rejected = true;
    check_matrix(&matrix);

    matrix.what = "rejected, with everything else in the way too";
    matrix.facts.is_approved = false;
    matrix.facts.is_frozen = true;
    matrix.facts.is_source_ready = false;
    matrix.facts.expires_at_ms = NOW_MS;
    check_matrix(&matrix);
}

/* Who has got as far as the checks no longer expires, and has waited long enough. */
static void test_every_pair_once_time_is_up_or_not_yet(void **state UNUSED)
{
    struct matrix expired = {"expired", open_facts(), {
        REQUESTED_LEGAL,
        "E . . . U . . . . C ",
        "E . . . U . . . . C ",
        ". l+F . Us. . . . Cs",
        ". . . d U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    expired.facts.expires_at_ms = NOW_MS;
    check_matrix(&expired);

    struct matrix early = {"one millisecond of the wait is left", open_facts(), {
        REQUESTED_LEGAL,
        "w . . . U . . . . C ",
        ". . . . U . . . . C ",
        ". l+F . Us. . . . Cs",
        ". . . d U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    early.facts.wait_ms = 60001;
    check_matrix(&early);

    early.what = "the same, with checks";
    early.facts.has_checks = true;
    check_matrix(&early);
}

static void test_what_may_not_be_asked_for_is_refused(void **state UNUSED)
{
    struct matrix matrix = {"not legal", open_facts(), {
        "R . . . U . . . . C ",
        "w . . . U . . . . C ",
        "l+. . . U . . . . C ",
        ". l+F . Us. . . . Cs",
        ". . . d U-. . . . C-",
        DEPLOYING_PLAIN,
        VERIFYING_PLAIN,
    }};
    matrix.facts.is_legal = false;
    check_matrix(&matrix);
}
/* clang-format on */

/* ---- reasons ---- */

static const struct {
    enum promotion_state from;
    enum promotion_event on;
    struct promotion_facts facts;
    enum reason_code reason;
} reason_cases[] = {
    {PROMOTION_REQUESTED, PROMOTION_EVALUATE, {.is_legal = true}, REASON_REQUESTED},
    {PROMOTION_REQUESTED, PROMOTION_EVALUATE, {.is_legal = false}, REASON_NONE},
    {PROMOTION_REQUESTED, PROMOTION_CANCEL, {0}, REASON_CANCELLED},
    {PROMOTION_REQUESTED, PROMOTION_OVERTAKEN, {0}, REASON_SUPERSEDED},
    {PROMOTION_AWAITING_APPROVAL, PROMOTION_EVALUATE, {.is_rejected = true}, REASON_REJECTED},
    {PROMOTION_AWAITING_APPROVAL, PROMOTION_EVALUATE, {.is_approved = true}, REASON_APPROVED},
    {PROMOTION_AWAITING_APPROVAL,
     PROMOTION_EVALUATE,
     {.now_ms = 1, .expires_at_ms = 1},
     REASON_EXPIRED},
    {PROMOTION_WAITING, PROMOTION_EVALUATE, {0}, REASON_APPROVAL_LOST},
    {PROMOTION_WAITING,
     PROMOTION_EVALUATE,
     {.now_ms = NOW_MS, .is_approved = true, .is_source_ready = true, .has_checks = true},
     REASON_CHECKS_RUNNING},
    {PROMOTION_WAITING,
     PROMOTION_EVALUATE,
     {.now_ms = NOW_MS, .is_approved = true, .is_source_ready = true},
     REASON_QUEUED},
    {PROMOTION_CHECKING, PROMOTION_EVALUATE, {0}, REASON_APPROVAL_LOST},
    {PROMOTION_CHECKING,
     PROMOTION_EVALUATE,
     {.is_approved = true, .is_frozen = true},
     REASON_FROZEN},
    {PROMOTION_CHECKING, PROMOTION_EVALUATE, {.is_approved = true}, REASON_SOURCE_UNHEALTHY},
    {PROMOTION_CHECKING, PROMOTION_CHECKS_PASSED, {.is_rejected = true}, REASON_REJECTED},
    {PROMOTION_CHECKING, PROMOTION_CHECKS_PASSED, {0}, REASON_APPROVAL_LOST},
    {PROMOTION_CHECKING,
     PROMOTION_CHECKS_PASSED,
     {.is_approved = true, .is_frozen = true},
     REASON_FROZEN},
    {PROMOTION_CHECKING, PROMOTION_CHECKS_PASSED, {.is_approved = true}, REASON_SOURCE_UNHEALTHY},
    {PROMOTION_CHECKING,
     PROMOTION_CHECKS_PASSED,
     {.is_approved = true, .is_source_ready = true},
     REASON_CHECK_PASSED},
    {PROMOTION_CHECKING, PROMOTION_CHECKS_FAILED, {0}, REASON_CHECK_FAILED},
    {PROMOTION_QUEUED, PROMOTION_EVALUATE, {.is_rejected = true}, REASON_REJECTED},
    {PROMOTION_QUEUED, PROMOTION_LANE_FREE, {.is_rejected = true}, REASON_REJECTED},
    {PROMOTION_QUEUED, PROMOTION_LANE_FREE, {0}, REASON_APPROVAL_LOST},
    {PROMOTION_QUEUED,
     PROMOTION_LANE_FREE,
     {.is_approved = true, .is_frozen = true},
     REASON_FROZEN},
    {PROMOTION_QUEUED, PROMOTION_LANE_FREE, {.is_approved = true}, REASON_SOURCE_UNHEALTHY},
    {PROMOTION_QUEUED,
     PROMOTION_LANE_FREE,
     {.is_approved = true, .is_source_ready = true},
     REASON_DEPLOYING},
    {PROMOTION_DEPLOYING, PROMOTION_DEPLOYED, {.has_verification = true}, REASON_VERIFYING},
    {PROMOTION_DEPLOYING, PROMOTION_DEPLOYED, {0}, REASON_SUCCEEDED},
    {PROMOTION_DEPLOYING, PROMOTION_DEPLOY_FAILED, {0}, REASON_DEPLOY_FAILED},
    {PROMOTION_VERIFYING, PROMOTION_VERIFIED, {0}, REASON_SUCCEEDED},
    {PROMOTION_VERIFYING, PROMOTION_UNVERIFIED, {0}, REASON_UNVERIFIED},
    {PROMOTION_VERIFYING, PROMOTION_UNVERIFIED, {.rolls_back = true}, REASON_ROLLED_BACK},
    {PROMOTION_VERIFYING, PROMOTION_DEPLOY_FAILED, {0}, REASON_DEPLOY_FAILED},
};

static void test_every_move_says_why(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(reason_cases); i++) {
        struct promotion_status status = status_of(reason_cases[i].from);
        struct promotion_result result =
            promotion_step(&status, &reason_cases[i].facts, reason_cases[i].on);
        assert_false(result.ignored);
        assert_int_equal(result.reason, reason_cases[i].reason);
    }
}

/* ---- since when it is approved ---- */

static int64_t approved_after(enum promotion_state state, enum promotion_event event,
                              const struct promotion_facts *facts)
{
    struct promotion_status status = status_of(state);

    return promotion_step(&status, facts, event).next.approved_ms;
}

static void test_the_wait_begins_with_the_quorum_and_again_with_the_next(void **state UNUSED)
{
    struct promotion_facts open = open_facts();
    struct promotion_facts lost = open_facts();
    struct promotion_facts frozen = open_facts();

    lost.is_approved = false;
    frozen.is_frozen = true;
    assert_int_equal(approved_after(PROMOTION_AWAITING_APPROVAL, PROMOTION_EVALUATE, &open),
                     NOW_MS);
    assert_int_equal(approved_after(PROMOTION_WAITING, PROMOTION_EVALUATE, &open), APPROVED_MS);
    assert_int_equal(approved_after(PROMOTION_CHECKING, PROMOTION_EVALUATE, &frozen), APPROVED_MS);
    assert_int_equal(approved_after(PROMOTION_QUEUED, PROMOTION_EVALUATE, &frozen), APPROVED_MS);
    assert_int_equal(approved_after(PROMOTION_WAITING, PROMOTION_EVALUATE, &lost), 0);
    assert_int_equal(approved_after(PROMOTION_CHECKING, PROMOTION_EVALUATE, &lost), 0);
    assert_int_equal(approved_after(PROMOTION_QUEUED, PROMOTION_EVALUATE, &lost), 0);
    assert_int_equal(approved_after(PROMOTION_QUEUED, PROMOTION_LANE_FREE, &lost), 0);
}

static void test_without_an_expiry_nothing_expires(void **state UNUSED)
{
    struct promotion_facts facts = open_facts();
    struct promotion_status status = status_of(PROMOTION_AWAITING_APPROVAL);

    facts.is_approved = false;
    facts.expires_at_ms = 0;
    assert_true(promotion_step(&status, &facts, PROMOTION_EVALUATE).ignored);
}

static void test_due_is_when_time_alone_changes_the_answer(void **state UNUSED)
{
    const struct {
        enum promotion_state state;
        int64_t wait_ms, expires_at_ms, due_ms;
    } cases[] = {
        {PROMOTION_REQUESTED, 60001, NOW_MS + 9, 0},
        {PROMOTION_AWAITING_APPROVAL, 60001, NOW_MS + 9, NOW_MS + 9},
        {PROMOTION_AWAITING_APPROVAL, 60001, 0, 0},
        {PROMOTION_AWAITING_APPROVAL, NOW_MS + 1, NOW_MS + 9, NOW_MS + 9}, /* no wait runs yet */
        {PROMOTION_WAITING, 60001, NOW_MS + 9, NOW_MS + 1},
        {PROMOTION_WAITING, 60001, 0, NOW_MS + 1},
        {PROMOTION_WAITING, 60009, NOW_MS + 9, NOW_MS + 9},
        {PROMOTION_WAITING, 60010, NOW_MS + 9, NOW_MS + 9},
        {PROMOTION_WAITING, 60000, NOW_MS + 9, NOW_MS + 9}, /* over: something else is missing */
        {PROMOTION_WAITING, 60000, 0, 0},
        {PROMOTION_CHECKING, 60001, NOW_MS + 9, 0},
        {PROMOTION_QUEUED, 60001, NOW_MS + 9, 0},
        {PROMOTION_DEPLOYING, 60001, NOW_MS + 9, 0},
        {PROMOTION_SUCCEEDED, 60001, NOW_MS + 9, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct promotion_facts facts = open_facts();
        struct promotion_status status = status_of(cases[i].state);
        facts.wait_ms = cases[i].wait_ms;
        facts.expires_at_ms = cases[i].expires_at_ms;
        assert_int_equal(promotion_due_ms(&status, &facts), cases[i].due_ms);
    }
}

/* Nothing happens before due, something does at it. */
static void test_evaluating_changes_nothing_before_it_is_due(void **state UNUSED)
{
    struct promotion_facts facts = open_facts();
    struct promotion_status status = status_of(PROMOTION_WAITING);

    facts.wait_ms = 90000;
    facts.expires_at_ms = 0;
    int64_t due_ms = promotion_due_ms(&status, &facts);
    facts.now_ms = due_ms - 1;
    assert_true(promotion_step(&status, &facts, PROMOTION_EVALUATE).ignored);
    facts.now_ms = due_ms;
    assert_false(promotion_step(&status, &facts, PROMOTION_EVALUATE).ignored);
}

/* ---- everything there is ---- */

#define FACTS_COUNT (1U << 10)

/* Every combination: eight facts, expired or not, wait over or not. */
static struct promotion_facts facts_by_number(unsigned number)
{
    return (struct promotion_facts){
        .now_ms = NOW_MS,
        .is_legal = (number & 1) != 0,
        .is_approved = (number & 2) != 0,
        .is_rejected = (number & 4) != 0,
        .is_frozen = (number & 8) != 0,
        .is_source_ready = (number & 16) != 0,
        .has_checks = (number & 32) != 0,
        .has_verification = (number & 64) != 0,
        .rolls_back = (number & 128) != 0,
        .expires_at_ms = (number & 256) != 0 ? NOW_MS : 0,
        .wait_ms = (number & 512) != 0 ? NOW_MS + 1 : 0,
    };
}

typedef void move_fn(const struct promotion_status *from, const struct promotion_facts *facts,
                     enum promotion_event event, const struct promotion_result *result);

/* Every move there is out of one state, shown to `look`. */
static void each_move(enum promotion_state state, move_fn *look)
{
    for (unsigned number = 0; number < FACTS_COUNT; number++) {
        struct promotion_facts facts = facts_by_number(number);
        for (enum promotion_event event = 0; event < PROMOTION_EVENT_COUNT; event++) {
            struct promotion_status status = status_of(state);
            struct promotion_result result = promotion_step(&status, &facts, event);
            look(&status, &facts, event, &result);
        }
    }
}

static bool reached[PROMOTION_STATE_COUNT];

static void note_reached(const struct promotion_status *from, const struct promotion_facts *facts,
                         enum promotion_event event, const struct promotion_result *result)
{
    (void)facts, (void)event;
    if (reached[from->state])
        reached[result->next.state] = true;
}

static void test_every_state_is_reachable_from_the_request(void **state UNUSED)
{
    memset(reached, 0, sizeof(reached));
    reached[PROMOTION_REQUESTED] = true;
    for (size_t round = 0; round < PROMOTION_STATE_COUNT; round++) {
        for (enum promotion_state from = 0; from < PROMOTION_STATE_COUNT; from++)
            each_move(from, note_reached);
    }
    for (enum promotion_state i = 0; i < PROMOTION_STATE_COUNT; i++)
        assert_true(reached[i]);
}

static void check_ended(const struct promotion_status *from, const struct promotion_facts *facts,
                        enum promotion_event event, const struct promotion_result *result)
{
    (void)facts, (void)event;
    assert_true(result->ignored);
    assert_int_equal(result->next.state, from->state);
    assert_int_equal(result->next.approved_ms, from->approved_ms);
    assert_int_equal(result->effects_count, 0);
}

static void test_what_has_ended_never_changes(void **state UNUSED)
{
    for (enum promotion_state from = PROMOTION_SUCCEEDED; from < PROMOTION_STATE_COUNT; from++) {
        assert_true(promotion_is_final(from));
        each_move(from, check_ended);
    }
}

/* The only way to the environment: queued, the lane free, and everything holding right now. So no
 * sequence of events and facts gets there otherwise, however it began. */
static void check_entry(const struct promotion_status *from, const struct promotion_facts *facts,
                        enum promotion_event event, const struct promotion_result *result)
{
    if (result->next.state != PROMOTION_DEPLOYING || from->state == PROMOTION_DEPLOYING)
        return;
    assert_int_equal(from->state, PROMOTION_QUEUED);
    assert_int_equal(event, PROMOTION_LANE_FREE);
    assert_true(facts->is_approved);
    assert_true(facts->is_source_ready);
    assert_false(facts->is_rejected);
    assert_false(facts->is_frozen);
}

static void test_nothing_is_deployed_that_its_gate_does_not_admit_now(void **state UNUSED)
{
    for (enum promotion_state from = 0; from < PROMOTION_STATE_COUNT; from++)
        each_move(from, check_entry);
}

static void check_wait(const struct promotion_status *from, const struct promotion_facts *facts,
                       enum promotion_event event, const struct promotion_result *result)
{
    enum promotion_state to = result->next.state;

    (void)event;
    if (from->state == PROMOTION_WAITING && (to == PROMOTION_CHECKING || to == PROMOTION_QUEUED))
        assert_true(facts->now_ms - from->approved_ms >= facts->wait_ms);
    if (to == PROMOTION_QUEUED && from->state != PROMOTION_QUEUED)
        assert_true(from->state == PROMOTION_WAITING || from->state == PROMOTION_CHECKING);
    if (to == PROMOTION_CHECKING && from->state != PROMOTION_CHECKING)
        assert_true(from->state == PROMOTION_WAITING);
    if (to == PROMOTION_AWAITING_APPROVAL)
        assert_int_equal(result->next.approved_ms, 0);
}

static void test_nothing_gets_past_the_wait(void **state UNUSED)
{
    for (enum promotion_state from = 0; from < PROMOTION_STATE_COUNT; from++)
        each_move(from, check_wait);
}

/* Checks run only in `checking`, a candidate stands in the lane only in `queued`: whoever leaves
 * says so, unless it was the checks or the lane that ended it. */
static void check_balance(const struct promotion_status *from, const struct promotion_facts *facts,
                          enum promotion_event event, const struct promotion_result *result)
{
    int checking = 0;
    int queued = 0;

    (void)facts;
    if (from->state == result->next.state)
        return;
    for (size_t i = 0; i < result->effects_count; i++) {
        checking += result->effects[i] == PROMOTION_DO_CHECK;
        checking -= result->effects[i] == PROMOTION_DO_STOP_CHECKS;
        queued += result->effects[i] == PROMOTION_DO_QUEUE;
        queued -= result->effects[i] == PROMOTION_DO_UNQUEUE;
    }
    checking -= event == PROMOTION_CHECKS_PASSED || event == PROMOTION_CHECKS_FAILED;
    queued -= from->state == PROMOTION_QUEUED && event == PROMOTION_LANE_FREE;
    assert_int_equal(checking, (result->next.state == PROMOTION_CHECKING) -
                                   (from->state == PROMOTION_CHECKING));
    assert_int_equal(queued,
                     (result->next.state == PROMOTION_QUEUED) - (from->state == PROMOTION_QUEUED));
}

static void test_checks_and_places_in_the_lane_are_given_back(void **state UNUSED)
{
    for (enum promotion_state from = 0; from < PROMOTION_STATE_COUNT; from++)
        each_move(from, check_balance);
}

/* PROMOTION_EVALUATE until it is ignored: an end to it, in fewer moves than there are states. */
static void test_evaluating_comes_to_rest(void **state UNUSED)
{
    for (enum promotion_state from = 0; from < PROMOTION_STATE_COUNT; from++) {
        for (unsigned number = 0; number < FACTS_COUNT; number++) {
            struct promotion_facts facts = facts_by_number(number);
            struct promotion_result result = {.next = status_of(from)};
            for (size_t moves = 0; !result.ignored; moves++) {
                assert_true(moves < PROMOTION_STATE_COUNT);
                result = promotion_step(&result.next, &facts, PROMOTION_EVALUATE);
            }
        }
    }
}

/* ---- names ---- */

static void test_every_state_has_its_name_and_phase(void **state UNUSED)
{
    static const struct {
        const char *name;
        bool is_open, is_final;
    } expected[PROMOTION_STATE_COUNT] = {
        {"requested", true, false},   {"awaiting_approval", true, false},
        {"waiting", true, false},     {"checking", true, false},
        {"queued", true, false},      {"deploying", false, false},
        {"verifying", false, false},  {"succeeded", false, true},
        {"refused", false, true},     {"rejected", false, true},
        {"expired", false, true},     {"cancelled", false, true},
        {"superseded", false, true},  {"failed", false, true},
        {"rolled_back", false, true},
    };

    for (enum promotion_state i = 0; i < PROMOTION_STATE_COUNT; i++) {
        assert_string_equal(promotion_state_name(i), expected[i].name);
        assert_int_equal(promotion_is_open(i), expected[i].is_open);
        assert_int_equal(promotion_is_final(i), expected[i].is_final);
    }
    assert_string_equal(promotion_kind_name(PROMOTION_PROMOTE), "promote");
    assert_string_equal(promotion_kind_name(PROMOTION_ROLLBACK), "rollback");
    assert_string_equal(promotion_kind_name(PROMOTION_DEPLOY), "deploy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_with_an_open_gate),
        cmocka_unit_test(test_every_pair_without_the_quorum),
        cmocka_unit_test(test_every_pair_with_a_closed_gate),
        cmocka_unit_test(test_every_pair_after_a_rejection),
        cmocka_unit_test(test_every_pair_once_time_is_up_or_not_yet),
        cmocka_unit_test(test_what_may_not_be_asked_for_is_refused),
        cmocka_unit_test(test_every_move_says_why),
        cmocka_unit_test(test_the_wait_begins_with_the_quorum_and_again_with_the_next),
        cmocka_unit_test(test_without_an_expiry_nothing_expires),
        cmocka_unit_test(test_due_is_when_time_alone_changes_the_answer),
        cmocka_unit_test(test_evaluating_changes_nothing_before_it_is_due),
        cmocka_unit_test(test_every_state_is_reachable_from_the_request),
        cmocka_unit_test(test_what_has_ended_never_changes),
        cmocka_unit_test(test_nothing_is_deployed_that_its_gate_does_not_admit_now),
        cmocka_unit_test(test_nothing_gets_past_the_wait),
        cmocka_unit_test(test_checks_and_places_in_the_lane_are_given_back),
        cmocka_unit_test(test_evaluating_comes_to_rest),
        cmocka_unit_test(test_every_state_has_its_name_and_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
