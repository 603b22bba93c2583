/* Whose votes open a gate; the matching held against every assignment there is. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "flow/quorum.h"

#define NOW_MS INT64_C(1000000)
#define QA     UINT64_C(1) /* memberships, by the order of the reviewers below */
#define SRE    UINT64_C(2)
#define DEV    UINT64_C(4)

static uint64_t prng(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int64_t below(uint64_t *seed, int64_t bound)
{
    return (int64_t)(prng(seed) % (uint64_t)bound);
}

/* A gate with parties qa, sre and dev, none of which owns a seat. */
struct gate {
    struct flow_party parties[3];
    struct flow_approvals approvals;
};

static struct flow_approvals *open_gate(struct gate *gate, int64_t required)
{
    *gate = (struct gate){
        .parties = {{.name = "acme/qa"}, {.name = "acme/sre"}, {.name = "acme/dev"}},
        .approvals = {.required = required},
    };
    gate->approvals.reviewers = (struct flow_parties){gate->parties, 3};
    return &gate->approvals;
}

static struct quorum_vote yes(int64_t person_id, uint64_t memberships)
{
    return (struct quorum_vote){
        .person_id = person_id, .memberships = memberships, .voted_ms = NOW_MS - 1000};
}

static struct quorum_vote no(int64_t person_id, uint64_t memberships)
{
    struct quorum_vote vote = yes(person_id, memberships);

    vote.verdict = QUORUM_REJECT;
    return vote;
}

static struct quorum_result judge(const struct flow_approvals *approvals,
                                  const struct quorum_vote *votes, size_t count)
{
    struct quorum_result result;

    quorum_judge(approvals, votes, count, NOW_MS, &result);
    return result;
}

/* ---- seats ---- */

static void test_a_gate_without_seats_is_open(void **state UNUSED)
{
    struct gate gate;
    struct quorum_result result = judge(open_gate(&gate, 0), NULL, 0);

    assert_true(result.is_met);
    assert_int_equal(result.seats_total, 0);
    assert_int_equal(result.missing_count, 0);
}

static void test_two_seats_take_two_people_and_no_third(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 2);
    const struct quorum_vote votes[] = {yes(1, QA), yes(2, QA), yes(3, DEV)};

    struct quorum_result one = judge(approvals, votes, 1);
    assert_false(one.is_met);
    assert_int_equal(one.seats_total, 2);
    assert_int_equal(one.seats_filled, 1);
    assert_int_equal(one.missing_count, 1);
    assert_int_equal(one.missing[0], QA | SRE | DEV);

    struct quorum_result three = judge(approvals, votes, 3);
    assert_true(three.is_met);
    assert_int_equal(three.seats_filled, 2);
    assert_int_equal(three.standings[0], QUORUM_COUNTS);
    assert_int_equal(three.standings[1], QUORUM_COUNTS);
    assert_int_equal(three.standings[2], QUORUM_SPARE);
}

static void test_a_team_fills_its_own_seat_itself(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 2);
    const struct quorum_vote votes[] = {yes(1, DEV), yes(2, DEV), yes(3, SRE)};

    gate.parties[1].seats_min = 1;
    struct quorum_result two = judge(approvals, votes, 2);
    assert_false(two.is_met);
    assert_int_equal(two.standings[1], QUORUM_SPARE);
    assert_int_equal(two.missing_count, 1);
    assert_int_equal(two.missing[0], SRE);
    assert_true(judge(approvals, votes, 3).is_met);
}

static void test_minimums_beyond_required_raise_the_seats(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 1);
    const struct quorum_vote votes[] = {yes(1, QA), yes(2, QA), yes(3, SRE)};

    gate.parties[0].seats_min = 2;
    gate.parties[1].seats_min = 1;
    assert_int_equal(quorum_seats(approvals), 3);
    assert_false(judge(approvals, votes, 2).is_met);
    assert_true(judge(approvals, votes, 3).is_met);
}

/* The person of both teams came first and sits on qa's seat; qa's second voter needs it. */
static void test_overlapping_teams_never_block_each_other(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 2);
    const struct quorum_vote votes[] = {yes(1, QA | SRE), yes(2, QA)};
    const struct quorum_vote chain[] = {yes(1, QA | SRE), yes(2, SRE | DEV), yes(3, QA)};

    gate.parties[0].seats_min = 1;
    gate.parties[1].seats_min = 1;
    assert_true(judge(approvals, votes, 2).is_met);

    gate.parties[2].seats_min = 1;
    assert_true(judge(approvals, chain, 3).is_met);
}

/* qa's seat is taken by somebody who could move to sre's: either team may send the next. */
static void test_an_empty_seat_is_open_to_those_somebody_makes_room_for(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 2);
    const struct quorum_vote flexible = yes(1, QA | SRE);
    const struct quorum_vote fixed = yes(1, QA);

    gate.parties[0].seats_min = 1;
    gate.parties[1].seats_min = 1;
    assert_int_equal(judge(approvals, &flexible, 1).missing[0], QA | SRE);
    assert_int_equal(judge(approvals, &fixed, 1).missing[0], SRE);
}

static void test_without_reviewers_everybody_may_vote(void **state UNUSED)
{
    const struct flow_approvals approvals = {.required = 2};
    const struct flow_person person = {.login = "octocat", .id = 1};
    uint64_t anybody = graph_memberships(&approvals.reviewers, &person);
    const struct quorum_vote votes[] = {yes(1, anybody), yes(2, anybody)};

    assert_int_equal(judge(&approvals, votes, 1).missing[0], 1);
    assert_true(judge(&approvals, votes, 2).is_met);
}

static void test_the_largest_gate_holds(void **state UNUSED)
{
    struct flow_party parties[FLOW_REVIEWERS_MAX] = {{.name = "a"}};
    const struct flow_approvals approvals = {.required = FLOW_SEATS_MAX,
                                             .reviewers = {parties, FLOW_REVIEWERS_MAX}};
    struct quorum_vote votes[QUORUM_VOTES_MAX];

    for (int64_t i = 0; i < QUORUM_VOTES_MAX; i++)
        votes[i] = yes(i, UINT64_C(1) << (FLOW_REVIEWERS_MAX - 1));
    struct quorum_result result = judge(&approvals, votes, QUORUM_VOTES_MAX);
    assert_true(result.is_met);
    assert_int_equal(result.standings[FLOW_SEATS_MAX - 1], QUORUM_COUNTS);
    assert_int_equal(result.standings[FLOW_SEATS_MAX], QUORUM_SPARE);
    assert_int_equal(result.standings[QUORUM_VOTES_MAX - 1], QUORUM_SPARE);

    result = judge(&approvals, votes, FLOW_SEATS_MAX - 1);
    assert_int_equal(result.missing_count, 1);
    assert_int_equal(result.missing[0], UINT32_MAX);
}

/* ---- standings ---- */

#define STRANGER (UINT64_C(1) << 3) /* the gate has three parties */

/* One vote each, and its standing where the gate asks for everything and where for nothing. */
/* clang-format off */
static const struct {
    struct quorum_vote vote;
    enum quorum_standing strict, lenient;
} standing_cases[] = {
    {{.memberships = QA},                              QUORUM_COUNTS,       QUORUM_COUNTS},
    {{.memberships = QA, .is_withdrawn = true},        QUORUM_WITHDRAWN,    QUORUM_WITHDRAWN},
    {{.memberships = QA, .is_bot = true},              QUORUM_BOT,          QUORUM_BOT},
    {{.memberships = QA, .is_for_other_sha = true},    QUORUM_OTHER_SHA,    QUORUM_OTHER_SHA},
    {{.memberships = QA, .is_for_other_policy = true}, QUORUM_OTHER_POLICY, QUORUM_OTHER_POLICY},
    {{.memberships = QA, .voted_ms = 1},               QUORUM_EXPIRED,      QUORUM_COUNTS},
    {{.memberships = QA, .is_requester = true},        QUORUM_REQUESTER,    QUORUM_COUNTS},
    {{.memberships = QA, .is_author = true},           QUORUM_AUTHOR,       QUORUM_COUNTS},
    {{.memberships = QA, .is_committer = true},        QUORUM_COMMITTER,    QUORUM_COUNTS},
    {{.memberships = 0},                               QUORUM_NO_REVIEWER,  QUORUM_NO_REVIEWER},
    {{.memberships = STRANGER},                        QUORUM_NO_REVIEWER,  QUORUM_NO_REVIEWER},

    /* a reviewer may always say no … */
    {{.verdict = QUORUM_REJECT, .memberships = QA},    QUORUM_REJECTS,      QUORUM_REJECTS},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_requester = true},
                                                       QUORUM_REJECTS,      QUORUM_REJECTS},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_author = true},
                                                       QUORUM_REJECTS,      QUORUM_REJECTS},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_committer = true},
                                                       QUORUM_REJECTS,      QUORUM_REJECTS},
    /* … others, and others' business, may not */
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_bot = true},
                                                       QUORUM_BOT,          QUORUM_BOT},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_withdrawn = true},
                                                       QUORUM_WITHDRAWN,    QUORUM_WITHDRAWN},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_for_other_sha = true},
                                                       QUORUM_OTHER_SHA,    QUORUM_OTHER_SHA},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .is_for_other_policy = true},
                                                       QUORUM_OTHER_POLICY, QUORUM_OTHER_POLICY},
    {{.verdict = QUORUM_REJECT, .memberships = QA, .voted_ms = 1},
                                                       QUORUM_EXPIRED,      QUORUM_REJECTS},
    {{.verdict = QUORUM_REJECT, .is_requester = true}, QUORUM_NO_REVIEWER,  QUORUM_NO_REVIEWER},

    /* the first that holds is the one that is told */
    {{.memberships = 0, .voted_ms = 1, .is_withdrawn = true, .is_bot = true,
      .is_for_other_sha = true, .is_for_other_policy = true, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_WITHDRAWN,    QUORUM_WITHDRAWN},
    {{.memberships = 0, .voted_ms = 1, .is_bot = true,
      .is_for_other_sha = true, .is_for_other_policy = true, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_BOT,          QUORUM_BOT},
    {{.memberships = 0, .voted_ms = 1,
      .is_for_other_sha = true, .is_for_other_policy = true, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_OTHER_SHA,    QUORUM_OTHER_SHA},
    {{.memberships = 0, .voted_ms = 1, .is_for_other_policy = true, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_OTHER_POLICY, QUORUM_OTHER_POLICY},
    {{.memberships = 0, .voted_ms = 1, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_EXPIRED,      QUORUM_NO_REVIEWER},
    {{.memberships = 0, .voted_ms = NOW_MS, .is_requester = true,
      .is_author = true, .is_committer = true},        QUORUM_REQUESTER,    QUORUM_NO_REVIEWER},
    {{.memberships = 0, .voted_ms = NOW_MS, .is_author = true,
      .is_committer = true},                           QUORUM_AUTHOR,       QUORUM_NO_REVIEWER},
    {{.memberships = 0, .voted_ms = NOW_MS, .is_committer = true},
                                                       QUORUM_COMMITTER,    QUORUM_NO_REVIEWER},
};
/* clang-format on */

static void test_every_standing_has_its_reason(void **state UNUSED)
{
    bool seen[QUORUM_STANDING_COUNT] = {[QUORUM_SPARE] = true}; /* see the seats */
    struct gate strict_gate;
    struct gate lenient_gate;
    struct flow_approvals *strict = open_gate(&strict_gate, 1);
    struct flow_approvals *lenient = open_gate(&lenient_gate, 1);

    strict->authors_excluded = true;
    strict->committers_excluded = true;
    strict->valid_ms = NOW_MS / 2;
    lenient->self_approval = true;
    for (size_t i = 0; i < ARRAY_LEN(standing_cases); i++) {
        struct quorum_vote vote = standing_cases[i].vote;
        if (vote.voted_ms == 0)
            vote.voted_ms = NOW_MS - 1;
        struct quorum_result of_strict = judge(strict, &vote, 1);
        struct quorum_result of_lenient = judge(lenient, &vote, 1);

        assert_int_equal(of_strict.standings[0], standing_cases[i].strict);
        assert_int_equal(of_lenient.standings[0], standing_cases[i].lenient);
        assert_int_equal(of_strict.is_met, standing_cases[i].strict == QUORUM_COUNTS);
        assert_int_equal(of_strict.is_rejected, standing_cases[i].strict == QUORUM_REJECTS);
        assert_int_equal(of_lenient.is_rejected, standing_cases[i].lenient == QUORUM_REJECTS);
        seen[standing_cases[i].strict] = true;
    }
    for (size_t i = 0; i < QUORUM_STANDING_COUNT; i++)
        assert_true(seen[i]);
}

static void test_every_standing_has_a_name_of_its_own(void **state UNUSED)
{
    static const char *const names[QUORUM_STANDING_COUNT] = {
        "withdrawn", "bot",       "other_sha",   "other_policy", "expired", "requester",
        "author",    "committer", "no_reviewer", "rejects",      "spare",   "counts"};

    for (enum quorum_standing i = 0; i < QUORUM_STANDING_COUNT; i++)
        assert_string_equal(quorum_standing_name(i), names[i]);
}

static void test_one_rejection_closes_a_gate_that_was_met(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 1);
    const struct quorum_vote votes[] = {yes(1, QA), no(2, DEV)};
    struct quorum_result result = judge(approvals, votes, 2);

    assert_true(result.is_rejected);
    assert_false(result.is_met);
    assert_int_equal(result.seats_filled, 1);
    assert_int_equal(result.standings[0], QUORUM_COUNTS);
}

/* ---- time ---- */

static void test_a_vote_counts_until_the_moment_it_expires(void **state UNUSED)
{
    struct gate gate;
    struct flow_approvals *approvals = open_gate(&gate, 1);
    struct quorum_vote vote = yes(1, QA);
    struct quorum_result result;

    approvals->valid_ms = 5000;
    quorum_judge(approvals, &vote, 1, vote.voted_ms + 4999, &result);
    assert_true(result.is_met);
    assert_int_equal(result.changes_ms, vote.voted_ms + 5000);

    quorum_judge(approvals, &vote, 1, result.changes_ms, &result);
    assert_false(result.is_met);
    assert_int_equal(result.standings[0], QUORUM_EXPIRED);
    assert_int_equal(result.changes_ms, 0);
}

static void test_the_answer_changes_with_the_first_vote_that_carries_it(void **state UNUSED)
{
    struct gate gate;
    struct flow_approvals *approvals = open_gate(&gate, 2);
    struct quorum_vote votes[] = {yes(1, QA), yes(2, QA), yes(3, QA), no(4, QA), yes(5, 0)};

    for (size_t i = 0; i < ARRAY_LEN(votes); i++)
        assert_int_equal(judge(approvals, votes, i).changes_ms, 0); /* votes last for ever */

    approvals->valid_ms = 5000;
    votes[0].voted_ms = NOW_MS - 300;
    votes[1].voted_ms = NOW_MS - 400;
    votes[2].voted_ms = NOW_MS - 600; /* spare: nothing hangs on it */
    votes[3].voted_ms = NOW_MS - 500;
    votes[4].voted_ms = NOW_MS - 700; /* no reviewer */
    assert_int_equal(judge(approvals, votes, 1).changes_ms, NOW_MS + 4700);
    assert_int_equal(judge(approvals, votes, 2).changes_ms, NOW_MS + 4600);
    assert_int_equal(judge(approvals, votes, 3).changes_ms, NOW_MS + 4600);
    assert_int_equal(judge(approvals, votes, 4).changes_ms, NOW_MS + 4500);
    assert_int_equal(judge(approvals, votes, 5).changes_ms, NOW_MS + 4500);
    votes[1].voted_ms = NOW_MS - 200;
    assert_int_equal(judge(approvals, votes, 2).changes_ms, NOW_MS + 4700);
}

/* ---- reach ---- */

static void test_a_gate_is_reachable_when_its_people_exist(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 2);
    const uint64_t people[] = {DEV, QA, SRE};

    assert_false(quorum_is_reachable(approvals, people, 1));
    assert_true(quorum_is_reachable(approvals, people, 2));
    gate.parties[1].seats_min = 1;
    assert_false(quorum_is_reachable(approvals, people, 2));
    assert_true(quorum_is_reachable(approvals, people, 3));
    assert_true(quorum_is_reachable(open_gate(&gate, 0), NULL, 0));
}

static void test_more_seats_than_the_limit_are_out_of_reach(void **state UNUSED)
{
    struct gate gate;
    const struct flow_approvals *approvals = open_gate(&gate, 1);
    uint64_t people[FLOW_SEATS_MAX + 1];

    for (size_t i = 0; i < ARRAY_LEN(people); i++)
        people[i] = QA | SRE;
    gate.parties[0].seats_min = FLOW_SEATS_MAX;
    assert_true(quorum_is_reachable(approvals, people, ARRAY_LEN(people)));
    gate.parties[1].seats_min = 1;
    assert_false(quorum_is_reachable(approvals, people, ARRAY_LEN(people)));
}

/* ---- against every assignment ---- */

#define CASES         3000
#define SEATS_TRIED   5
#define PEOPLE_TRIED  6
#define PARTIES_TRIED 4

struct trial {
    struct flow_party parties[PARTIES_TRIED];
    struct flow_approvals approvals;
    struct quorum_vote votes[PEOPLE_TRIED + 1]; /* room for one more */
    size_t people;
    uint64_t seats[SEATS_TRIED]; /* who may sit there, by the words of the header */
    size_t seats_count;
};

static void make_seats(struct trial *trial, int64_t required)
{
    const struct flow_parties *reviewers = &trial->approvals.reviewers;
    uint64_t all = 0;

    for (size_t i = 0; i < reviewers->count; i++) {
        all |= UINT64_C(1) << i;
        for (int64_t n = 0; n < trial->parties[i].seats_min; n++)
            trial->seats[trial->seats_count++] = UINT64_C(1) << i;
    }
    while ((int64_t)trial->seats_count < required)
        trial->seats[trial->seats_count++] = all != 0 ? all : 1;
}

static struct trial make_trial(uint64_t *seed)
{
    struct trial trial = {.people = (size_t)below(seed, PEOPLE_TRIED + 1)};
    int64_t owned = 0;

    trial.approvals.required = below(seed, SEATS_TRIED + 1);
    trial.approvals.reviewers.count = (size_t)below(seed, PARTIES_TRIED + 1);
    for (size_t i = 0; i < trial.approvals.reviewers.count; i++) {
        trial.parties[i].name = "party";
        trial.parties[i].seats_min = below(seed, 3);
        if (owned + trial.parties[i].seats_min > SEATS_TRIED)
            trial.parties[i].seats_min = 0;
        owned += trial.parties[i].seats_min;
    }
    make_seats(&trial, trial.approvals.required);
    for (size_t i = 0; i < trial.people; i++) {
        uint64_t some = (uint64_t)below(seed, 1 << PARTIES_TRIED);
        trial.votes[i] = yes((int64_t)i, some);
    }
    return trial;
}

/* The most seats that can be filled from `seat` on, trying everybody on each. */
static int64_t fill_best(const struct trial *trial, size_t people, size_t seat, unsigned used)
{
    if (seat == trial->seats_count)
        return 0;
    int64_t best = fill_best(trial, people, seat + 1, used);
    for (size_t i = 0; i < people; i++) {
        if ((used & (1U << i)) != 0 || (trial->votes[i].memberships & trial->seats[seat]) == 0)
            continue;
        int64_t filled = 1 + fill_best(trial, people, seat + 1, used | (1U << i));
        best = filled > best ? filled : best;
    }
    return best;
}

static uint64_t all_missing(const struct quorum_result *result)
{
    uint64_t parties = 0;

    for (size_t i = 0; i < result->missing_count; i++)
        parties |= result->missing[i];
    return parties;
}

/* Bit i of missing: one more vote from there, and from there alone, would fill one more seat. */
static void check_missing(struct trial *trial, const struct quorum_result *result)
{
    size_t parties = trial->approvals.reviewers.count;

    assert_int_equal(result->missing_count, result->seats_total - result->seats_filled);
    for (size_t i = 0; i < (parties == 0 ? 1 : parties); i++) {
        trial->votes[trial->people] = yes(99, UINT64_C(1) << i);
        int64_t filled = fill_best(trial, trial->people + 1, 0, 0);
        assert_int_equal(filled > result->seats_filled, (all_missing(result) >> i) & 1);
    }
    assert_true(all_missing(result) <= (parties == 0 ? 1 : (UINT64_C(1) << parties) - 1));
}

static void check_standings(const struct trial *trial, const struct quorum_result *result)
{
    int64_t counted = 0;

    for (size_t i = 0; i < trial->people; i++) {
        struct quorum_result earlier = judge(&trial->approvals, trial->votes, i + 1);
        assert_int_equal(result->standings[i], earlier.standings[i]); /* later votes move nobody */
        counted += result->standings[i] == QUORUM_COUNTS ? 1 : 0;
    }
    assert_int_equal(counted, result->seats_filled);
}

static void test_no_assignment_fills_more_seats_than_the_matching(void **state UNUSED)
{
    uint64_t seed = 20251124;

    for (size_t i = 0; i < CASES; i++) {
        uint64_t memberships[PEOPLE_TRIED];
        struct trial trial = make_trial(&seed);
        trial.approvals.reviewers.items = trial.parties;
        for (size_t person = 0; person < trial.people; person++)
            memberships[person] = trial.votes[person].memberships;

        struct quorum_result result = judge(&trial.approvals, trial.votes, trial.people);
        assert_int_equal(result.seats_total, trial.seats_count);
        assert_int_equal(result.seats_filled, fill_best(&trial, trial.people, 0, 0));
        assert_int_equal(result.is_met, result.seats_filled == result.seats_total);
        assert_int_equal(quorum_is_reachable(&trial.approvals, memberships, trial.people),
                         result.is_met);
        check_standings(&trial, &result);
        check_missing(&trial, &result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gate_without_seats_is_open),
        cmocka_unit_test(test_two_seats_take_two_people_and_no_third),
        cmocka_unit_test(test_a_team_fills_its_own_seat_itself),
        cmocka_unit_test(test_minimums_beyond_required_raise_the_seats),
        cmocka_unit_test(test_overlapping_teams_never_block_each_other),
        cmocka_unit_test(test_an_empty_seat_is_open_to_those_somebody_makes_room_for),
        cmocka_unit_test(test_without_reviewers_everybody_may_vote),
        cmocka_unit_test(test_the_largest_gate_holds),
        cmocka_unit_test(test_every_standing_has_its_reason),
        cmocka_unit_test(test_every_standing_has_a_name_of_its_own),
        cmocka_unit_test(test_one_rejection_closes_a_gate_that_was_met),
        cmocka_unit_test(test_a_vote_counts_until_the_moment_it_expires),
        cmocka_unit_test(test_the_answer_changes_with_the_first_vote_that_carries_it),
        cmocka_unit_test(test_a_gate_is_reachable_when_its_people_exist),
        cmocka_unit_test(test_more_seats_than_the_limit_are_out_of_reach),
        cmocka_unit_test(test_no_assignment_fills_more_seats_than_the_matching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
