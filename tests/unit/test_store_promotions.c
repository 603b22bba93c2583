/* Promotions and what belongs to them: what is put comes back, in the order promised. */
#include <stdio.h>
#include <string.h>

#include "store/promotions.h"
#include "support/store_rig.h"
#include "support/test.h"

#define REPOSITORY 4711

/* ---- promotions ---- */

static struct store_promotion make_promotion(unsigned number)
{
    return (struct store_promotion){
        .id = rig_id(number),
        .kind = PROMOTION_ROLLBACK,
        .repository_id = REPOSITORY,
        .repository = "acme/shop",
        .from = "staging",
        .to = "prod",
        .release = "1.4.0",
        .sha = rig_sha('a'),
        .branch = "release/1.4",
        .title = "A title",
        .requester = {"octocat", 583231, "token ci"},
        .reason_given = "a reason",
        .policy = "digest",
        .status = {PROMOTION_AWAITING_APPROVAL, 42},
        .reason = {REASON_AWAITING_APPROVAL, "a sentence"},
        .deployment = rig_id(1001),
        .caused_by = rig_id(1002),
        .created_ms = 51,
        .changed_ms = 52,
        .ended_ms = 53,
        .due_ms = 54,
    };
}

static void put(struct store *store, unsigned number, enum promotion_state promotion_state,
                int64_t due_ms)
{
    struct store_promotion promotion = make_promotion(number);

    promotion.status.state = promotion_state;
    promotion.due_ms = due_ms;
    snprintf(promotion.title, sizeof(promotion.title), "%u", number);
    DO(store_promotion_put(store, &promotion, &rig_err));
}

static bool on_promotion(const struct store_promotion *promotion, void *arg)
{
    return rig_word(arg, promotion->title);
}

static void assert_listed(struct store *store, const struct store_promotion_filter *filter,
                          const char *titles)
{
    struct rig_words words = {0};

    DO(store_promotions(store, filter, on_promotion, &words, &rig_err));
    assert_string_equal(words.text, titles);
}

static void test_a_promotion_comes_back_as_it_was_put(void **state)
{
    struct store_promotion put_in = make_promotion(1);
    struct store_promotion got;

    DO(store_promotion_put(*state, &put_in, &rig_err));
    DO(store_promotion_get(*state, put_in.id.text, &got, &rig_err));
    SAME_TEXT(got, put_in, id.text);
    SAME_INT(got, put_in, kind);
    SAME_INT(got, put_in, repository_id);
    SAME_TEXT(got, put_in, repository);
    SAME_TEXT(got, put_in, from);
    SAME_TEXT(got, put_in, to);
    SAME_TEXT(got, put_in, release);
    SAME_TEXT(got, put_in, sha.hex);
    SAME_TEXT(got, put_in, branch);
    SAME_TEXT(got, put_in, title);
    SAME_TEXT(got, put_in, requester.login);
    SAME_INT(got, put_in, requester.id);
    SAME_TEXT(got, put_in, requester.via);
    SAME_TEXT(got, put_in, reason_given);
    SAME_TEXT(got, put_in, policy);
    SAME_INT(got, put_in, status.state);
    SAME_INT(got, put_in, status.approved_ms);
    SAME_INT(got, put_in, reason.code);
    SAME_TEXT(got, put_in, reason.text);
    SAME_TEXT(got, put_in, deployment.text);
    SAME_TEXT(got, put_in, caused_by.text);
    SAME_INT(got, put_in, created_ms);
    SAME_INT(got, put_in, changed_ms);
    SAME_INT(got, put_in, ended_ms);
    SAME_INT(got, put_in, due_ms);
}

static void test_every_kind_and_state_comes_back(void **state)
{
    struct store_promotion promotion = make_promotion(1);
    struct store_promotion got;

    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        promotion.kind = kind;
        DO(store_promotion_put(*state, &promotion, &rig_err));
        DO(store_promotion_get(*state, promotion.id.text, &got, &rig_err));
        assert_int_equal(got.kind, kind);
    }
    for (enum promotion_state each = 0; each < PROMOTION_STATE_COUNT; each++) {
        promotion.status.state = each;
        DO(store_promotion_put(*state, &promotion, &rig_err));
        DO(store_promotion_get(*state, promotion.id.text, &got, &rig_err));
        assert_int_equal(got.status.state, each);
    }
}

static void test_a_promotion_is_found_by_a_unique_prefix_in_any_case(void **state)
{
    struct store_promotion promotion = make_promotion(1);
    struct store_promotion got;

    snprintf(promotion.id.text, sizeof(promotion.id.text), "01ABCDEFGHJKMNPQRSTVWXYZ01");
    DO(store_promotion_put(*state, &promotion, &rig_err));
    DO(store_promotion_get(*state, "01abcD", &got, &rig_err));
    SAME_TEXT(got, promotion, id.text);
    REFUSED(ERR_NOT_FOUND, "too short", store_promotion_get(*state, "01abc", &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "01abce", store_promotion_get(*state, "01abce", &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "01AB%_", store_promotion_get(*state, "01AB%_", &got, &rig_err));

    snprintf(promotion.id.text, sizeof(promotion.id.text), "01ABCDZZZZJKMNPQRSTVWXYZ01");
    DO(store_promotion_put(*state, &promotion, &rig_err));
    REFUSED(ERR_CONFLICT, "01ABCDEFGHJKMNPQRSTVWXYZ01 and 01ABCDZZZZJKMNPQRSTVWXYZ01",
            store_promotion_get(*state, "01abcd", &got, &rig_err));
    DO(store_promotion_get(*state, "01abcdz", &got, &rig_err));
    SAME_TEXT(got, promotion, id.text);
}

static void test_promotions_are_listed_newest_first_by_what_is_asked(void **state)
{
    struct store_promotion elsewhere = make_promotion(5);

    put(*state, 1, PROMOTION_SUCCEEDED, 0);
    put(*state, 3, PROMOTION_QUEUED, 0);
    put(*state, 2, PROMOTION_WAITING, 700);
    put(*state, 4, PROMOTION_REFUSED, 600);
    elsewhere.repository_id = 1;
    elsewhere.due_ms = 500;
    snprintf(elsewhere.repository, sizeof(elsewhere.repository), "acme/other");
    snprintf(elsewhere.to, sizeof(elsewhere.to), "uat");
    snprintf(elsewhere.title, sizeof(elsewhere.title), "5");
    DO(store_promotion_put(*state, &elsewhere, &rig_err));

    struct id third = rig_id(3);
    const struct {
        struct store_promotion_filter filter;
        const char *titles;
    } cases[] = {
        {{.state = -1}, "5 4 3 2 1 "},
        {{.state = -1, .limit = 2}, "5 4 "},
        {{.state = -1, .before = third.text}, "2 1 "},
        {{.state = -1, .repository = "ACME/shop"}, "4 3 2 1 "},
        {{.state = -1, .repository = "acme/shop", .before = third.text}, "2 1 "},
        {{.state = -1, .environment = "uat"}, "5 "},
        {{.state = -1, .repository_id = REPOSITORY}, "4 3 2 1 "},
        {{.state = -1, .repository_id = REPOSITORY, .environment = "prod"}, "4 3 2 1 "},
        {{.state = -1, .repository_id = REPOSITORY, .environment = "uat"}, ""},
        {{.state = STORE_PROMOTIONS_OPEN}, "5 3 2 "},
        {{.state = STORE_PROMOTIONS_OPEN, .before = third.text}, "2 "},
        {{.state = STORE_PROMOTIONS_OPEN, .repository = "acme/SHOP"}, "3 2 "},
        {{.state = STORE_PROMOTIONS_OPEN, .repository_id = REPOSITORY, .environment = "prod"},
         "3 2 "},
        {{.state = PROMOTION_QUEUED}, "3 "},
        {{.state = PROMOTION_QUEUED, .repository_id = REPOSITORY, .environment = "prod"}, "3 "},
        {{.state = PROMOTION_REFUSED}, "4 "},
        {{.state = -1, .due_until_ms = 499}, ""},
        {{.state = -1, .due_until_ms = 500}, "5 "},
        {{.state = -1, .due_until_ms = 700}, "5 4 2 "},
        {{.state = STORE_PROMOTIONS_OPEN, .due_until_ms = 700}, "5 2 "},
        {{.state = PROMOTION_WAITING, .due_until_ms = 700}, "2 "},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store_promotion_filter filter = cases[i].filter;
        if (filter.limit == 0)
            filter.limit = 100;
        assert_listed(*state, &filter, cases[i].titles);
    }
}

static void test_a_listing_ends_when_its_function_says_so(void **state)
{
    struct store_promotion_filter filter = {.state = -1, .limit = 100};
    struct rig_words words = {.limit = 1};

    put(*state, 1, PROMOTION_QUEUED, 0);
    put(*state, 2, PROMOTION_QUEUED, 0);
    DO(store_promotions(*state, &filter, on_promotion, &words, &rig_err));
    assert_string_equal(words.text, "2 ");
}

static void test_an_ended_promotion_is_no_longer_listed_as_open(void **state)
{
    struct store_promotion_filter filter = {.state = STORE_PROMOTIONS_OPEN, .limit = 100};

    put(*state, 1, PROMOTION_VERIFYING, 0);
    assert_listed(*state, &filter, "1 ");
    put(*state, 1, PROMOTION_FAILED, 0);
    assert_listed(*state, &filter, "");
}

static void test_the_earliest_due_time_is_known_at_once(void **state)
{
    int64_t due_ms = -1;

    DO(store_promotions_due(*state, &due_ms, &rig_err));
    assert_int_equal(due_ms, 0);
    put(*state, 1, PROMOTION_WAITING, 900);
    put(*state, 2, PROMOTION_WAITING, 300);
    put(*state, 3, PROMOTION_WAITING, 0);
    DO(store_promotions_due(*state, &due_ms, &rig_err));
    assert_int_equal(due_ms, 300);
    put(*state, 2, PROMOTION_QUEUED, 0);
    DO(store_promotions_due(*state, &due_ms, &rig_err));
    assert_int_equal(due_ms, 900);
}

/* ---- votes ---- */

static struct store_vote make_vote(int64_t person_id, const char *login, int64_t voted_ms)
{
    struct store_vote vote = {
        .promotion = rig_id(1),
        .person = {.id = person_id, .via = "delivery 72d3"},
        .verdict = QUORUM_APPROVE,
        .comment = "looks good",
        .sha = rig_sha('a'),
        .policy = "digest",
        .memberships = UINT64_MAX,
        .voted_ms = voted_ms,
        .delivery_sequence = 77,
    };

    snprintf(vote.person.login, sizeof(vote.person.login), "%s", login);
    return vote;
}

struct vote_list {
    struct store_vote votes[8];
    size_t count;
};

static bool on_vote(const struct store_vote *vote, void *arg)
{
    struct vote_list *list = arg;

    list->votes[list->count++] = *vote;
    return true;
}

static void test_a_vote_comes_back_as_it_was_put(void **state)
{
    struct store_vote put_in = make_vote(1, "octocat", 5);
    struct vote_list list = {0};

    put_in.verdict = QUORUM_REJECT;
    put_in.is_withdrawn = true;
    DO(store_vote_put(*state, &put_in, &rig_err));
    DO(store_votes(*state, put_in.promotion.text, on_vote, &list, &rig_err));
    assert_int_equal(list.count, 1);
    SAME_TEXT(list.votes[0], put_in, promotion.text);
    SAME_TEXT(list.votes[0], put_in, person.login);
    SAME_INT(list.votes[0], put_in, person.id);
    SAME_TEXT(list.votes[0], put_in, person.via);
    SAME_INT(list.votes[0], put_in, verdict);
    SAME_INT(list.votes[0], put_in, is_withdrawn);
    SAME_INT(list.votes[0], put_in, is_bot);
    SAME_TEXT(list.votes[0], put_in, comment);
    SAME_TEXT(list.votes[0], put_in, sha.hex);
    SAME_TEXT(list.votes[0], put_in, policy);
    assert_true(list.votes[0].memberships == put_in.memberships);
    SAME_INT(list.votes[0], put_in, voted_ms);
    SAME_INT(list.votes[0], put_in, delivery_sequence);
}

static void test_the_last_word_of_a_person_counts_whatever_the_login(void **state)
{
    struct store_vote first = make_vote(1, "octocat", 5);
    struct store_vote second = make_vote(2, "hubot", 6);
    struct store_vote changed = make_vote(1, "renamed", 7);
    struct store_vote elsewhere = make_vote(3, "octocat", 1);
    struct vote_list list = {0};

    changed.verdict = QUORUM_REJECT;
    second.is_bot = true;
    elsewhere.promotion = rig_id(2);
    DO(store_vote_put(*state, &first, &rig_err));
    DO(store_vote_put(*state, &second, &rig_err));
    DO(store_vote_put(*state, &changed, &rig_err));
    DO(store_vote_put(*state, &elsewhere, &rig_err));
    DO(store_votes(*state, first.promotion.text, on_vote, &list, &rig_err));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.votes[0].person.login, "hubot");
    assert_true(list.votes[0].is_bot);
    assert_int_equal(list.votes[0].verdict, QUORUM_APPROVE);
    assert_string_equal(list.votes[1].person.login, "renamed");
    assert_int_equal(list.votes[1].verdict, QUORUM_REJECT);
}

/* ---- checks ---- */

static struct store_check make_check(unsigned number, enum check_state check_state)
{
    return (struct store_check){
        .id = rig_id(number),
        .phase = CHECK_AFTER,
        .subject = rig_id(100),
        .repository_id = REPOSITORY,
        .environment = "prod",
        .name = "smoke",
        .state = check_state,
        .reason = {REASON_CHECK_FAILED, "a sentence"},
        .exit_code = -3,
        .started_ms = 8,
        .ended_ms = 9,
    };
}

static bool on_check(const struct store_check *check, void *arg)
{
    return rig_word(arg, check->name);
}

static void test_a_check_comes_back_as_it_was_put(void **state)
{
    struct store_check put_in = make_check(1, CHECK_FAILED);
    struct store_check got;

    DO(store_check_put(*state, &put_in, &rig_err));
    DO(store_check_get(*state, put_in.id.text, &got, &rig_err));
    SAME_TEXT(got, put_in, id.text);
    SAME_INT(got, put_in, phase);
    SAME_TEXT(got, put_in, subject.text);
    SAME_INT(got, put_in, repository_id);
    SAME_TEXT(got, put_in, environment);
    SAME_TEXT(got, put_in, name);
    SAME_INT(got, put_in, state);
    SAME_INT(got, put_in, reason.code);
    SAME_TEXT(got, put_in, reason.text);
    SAME_INT(got, put_in, exit_code);
    SAME_INT(got, put_in, started_ms);
    SAME_INT(got, put_in, ended_ms);
    REFUSED(ERR_NOT_FOUND, "no check 'x'", store_check_get(*state, "x", &got, &rig_err));
}

static void test_every_phase_and_state_of_a_check_comes_back(void **state)
{
    struct store_check got;

    for (enum check_state each = 0; each < CHECK_STATE_COUNT; each++) {
        for (enum check_phase phase = 0; phase < CHECK_PHASE_COUNT; phase++) {
            struct store_check check = make_check(1, each);
            check.phase = phase;
            DO(store_check_put(*state, &check, &rig_err));
            DO(store_check_get(*state, check.id.text, &got, &rig_err));
            assert_int_equal(got.state, each);
            assert_int_equal(got.phase, phase);
        }
    }
}

static void test_checks_are_listed_by_subject_or_while_they_run(void **state)
{
    const struct {
        unsigned number;
        enum check_state state;
        unsigned subject;
        const char *name;
    } rows[] = {
        {4, CHECK_PASSED, 100, "d"},
        {1, CHECK_RUNNING, 100, "a"},
        {3, CHECK_RUNNING, 200, "c"},
        {2, CHECK_STOPPED, 200, "b"},
    };
    struct rig_words of_subject = {0};
    struct rig_words running = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_check check = make_check(rows[i].number, rows[i].state);
        check.subject = rig_id(rows[i].subject);
        snprintf(check.name, sizeof(check.name), "%s", rows[i].name);
        DO(store_check_put(*state, &check, &rig_err));
    }
    DO(store_checks(*state, rig_id(100).text, on_check, &of_subject, &rig_err));
    assert_string_equal(of_subject.text, "a d ");
    DO(store_checks(*state, NULL, on_check, &running, &rig_err));
    assert_string_equal(running.text, "a c ");
}

static void test_a_deleted_check_takes_its_evidence_along(void **state)
{
    AUTO(buf) struct buf out = BUF_INIT(100);
    struct store_check gone = make_check(1, CHECK_PASSED);
    struct store_check kept = make_check(2, CHECK_PASSED);
    struct store_check got;

    DO(store_check_put(*state, &gone, &rig_err));
    DO(store_check_put(*state, &kept, &rig_err));
    DO(store_output_put(*state, gone.id.text, "one", 3, &rig_err));
    DO(store_output_put(*state, kept.id.text, "two", 3, &rig_err));
    DO(store_check_delete(*state, gone.id.text, &rig_err));
    REFUSED(ERR_NOT_FOUND, gone.id.text, store_check_get(*state, gone.id.text, &got, &rig_err));
    DO(store_output_get(*state, gone.id.text, &out, &rig_err));
    assert_int_equal(out.len, 0);
    DO(store_check_get(*state, kept.id.text, &got, &rig_err));
    DO(store_output_get(*state, kept.id.text, &out, &rig_err));
    assert_string_equal(buf_text(&out), "two");
}

/* ---- stop switches ---- */

struct freeze_list {
    struct store_freeze freezes[4];
    size_t count;
};

static bool on_freeze(const struct store_freeze *freeze, void *arg)
{
    struct freeze_list *list = arg;

    list->freezes[list->count++] = *freeze;
    return true;
}

static void test_stop_switches_are_listed_oldest_first_until_deleted(void **state)
{
    struct store_freeze late = {.id = rig_id(1), .flow = "standard", .since_ms = 20};
    struct store_freeze early = {
        .id = rig_id(2),
        .repository = "acme/shop",
        .environment = "prod",
        .holds_rollbacks = true,
        .reason = "sale",
        .by = {"octocat", 583231, "socket"},
        .since_ms = 10,
    };
    struct freeze_list list = {0};

    DO(store_freeze_put(*state, &late, &rig_err));
    DO(store_freeze_put(*state, &early, &rig_err));
    DO(store_freezes(*state, on_freeze, &list, &rig_err));
    assert_int_equal(list.count, 2);
    SAME_TEXT(list.freezes[0], early, id.text);
    SAME_TEXT(list.freezes[0], early, flow);
    SAME_TEXT(list.freezes[0], early, repository);
    SAME_TEXT(list.freezes[0], early, environment);
    SAME_INT(list.freezes[0], early, holds_rollbacks);
    SAME_TEXT(list.freezes[0], early, reason);
    SAME_TEXT(list.freezes[0], early, by.login);
    SAME_INT(list.freezes[0], early, by.id);
    SAME_TEXT(list.freezes[0], early, by.via);
    SAME_INT(list.freezes[0], early, since_ms);
    SAME_TEXT(list.freezes[1], late, flow);
    assert_false(list.freezes[1].holds_rollbacks);

    DO(store_freeze_delete(*state, early.id.text, &rig_err));
    list.count = 0;
    DO(store_freezes(*state, on_freeze, &list, &rig_err));
    assert_int_equal(list.count, 1);
    SAME_TEXT(list.freezes[0], late, id.text);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, store_rig_set_up, store_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_promotion_comes_back_as_it_was_put),
        CASE(test_every_kind_and_state_comes_back),
        CASE(test_a_promotion_is_found_by_a_unique_prefix_in_any_case),
        CASE(test_promotions_are_listed_newest_first_by_what_is_asked),
        CASE(test_a_listing_ends_when_its_function_says_so),
        CASE(test_an_ended_promotion_is_no_longer_listed_as_open),
        CASE(test_the_earliest_due_time_is_known_at_once),
        CASE(test_a_vote_comes_back_as_it_was_put),
        CASE(test_the_last_word_of_a_person_counts_whatever_the_login),
        CASE(test_a_check_comes_back_as_it_was_put),
        CASE(test_every_phase_and_state_of_a_check_comes_back),
        CASE(test_checks_are_listed_by_subject_or_while_they_run),
        CASE(test_a_deleted_check_takes_its_evidence_along),
        CASE(test_stop_switches_are_listed_oldest_first_until_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
