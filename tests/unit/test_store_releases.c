/* Releases, where they are, and what GitHub told of them. */
#include <stdio.h>
#include <string.h>

#include "store/promotions.h"
#include "support/store_rig.h"
#include "support/test.h"

#define REPOSITORY 4711

/* ---- releases ---- */

static struct store_release make_release(const char *name, const char *sha, int64_t created_ms)
{
    struct store_release release = {
        .repository_id = REPOSITORY,
        .branch = "main",
        .title = "Merge pull request #7",
        .created_ms = created_ms,
        .delivery_sequence = 99,
    };

    snprintf(release.name, sizeof(release.name), "%s", name);
    snprintf(release.sha.hex, sizeof(release.sha.hex), "%s", sha);
    return release;
}

static void bind(struct store *store, const char *name, const char *sha, int64_t created_ms)
{
    struct store_release release = make_release(name, sha, created_ms);
    struct store_release bound;

    DO(store_release_bind(store, &release, &bound, &rig_err));
}

static bool on_release(const struct store_release *release, void *arg)
{
    return rig_word(arg, release->name);
}

static void assert_same_release(const struct store_release *a, const struct store_release *b)
{
    SAME_INT(*a, *b, repository_id);
    SAME_TEXT(*a, *b, name);
    SAME_TEXT(*a, *b, sha.hex);
    SAME_TEXT(*a, *b, branch);
    SAME_TEXT(*a, *b, title);
    SAME_INT(*a, *b, created_ms);
    SAME_INT(*a, *b, delivery_sequence);
}

static void test_a_release_is_found_by_its_whole_name(void **state)
{
    struct store_release release = make_release("1.4.0", "a1", 5);
    struct store_release got;

    DO(store_release_bind(*state, &release, &got, &rig_err));
    assert_same_release(&got, &release);
    DO(store_release_find(*state, REPOSITORY, "1.4.0", &got, &rig_err));
    assert_same_release(&got, &release);
    REFUSED(ERR_NOT_FOUND, "1.4'", store_release_find(*state, REPOSITORY, "1.4", &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "1.4.0", store_release_find(*state, 1, "1.4.0", &got, &rig_err));
}

static void test_a_name_stays_with_its_first_commit_for_ever(void **state)
{
    struct store_release first = make_release("1.4.0", "aaaaaaa1", 5);
    struct store_release second = make_release("1.4.0", "bbbbbbb2", 6);
    struct store_release bound;

    DO(store_release_bind(*state, &first, &bound, &rig_err));
    DO(store_release_bind(*state, &second, &bound, &rig_err));
    assert_same_release(&bound, &first);
    DO(store_release_find(*state, REPOSITORY, "1.4.0", &bound, &rig_err));
    assert_same_release(&bound, &first);
}

static void test_names_of_different_repositories_are_different_names(void **state)
{
    struct store_release other = make_release("1.4.0", "bbbbbbb2", 6);
    struct store_release got;

    bind(*state, "1.4.0", "aaaaaaa1", 5);
    other.repository_id = 1;
    DO(store_release_bind(*state, &other, &got, &rig_err));
    assert_string_equal(got.sha.hex, "bbbbbbb2");
}

static void test_seven_digits_of_a_commit_find_its_earliest_release(void **state)
{
    struct store_release got;

    bind(*state, "late", "abcdef0123", 9);
    bind(*state, "early", "abcdef0123", 3);
    bind(*state, "other", "abcdef1123", 1);
    DO(store_release_find(*state, REPOSITORY, "abcdef0", &got, &rig_err));
    assert_string_equal(got.name, "early");
    DO(store_release_find(*state, REPOSITORY, "abcdef0123", &got, &rig_err));
    assert_string_equal(got.name, "early");
    REFUSED(ERR_NOT_FOUND, "abcdef'",
            store_release_find(*state, REPOSITORY, "abcdef", &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "abcdef01234",
            store_release_find(*state, REPOSITORY, "abcdef01234", &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "ABCDEF0",
            store_release_find(*state, REPOSITORY, "ABCDEF0", &got, &rig_err));
}

static void test_a_prefix_of_several_commits_is_refused_and_names_two(void **state)
{
    struct store_release got;

    bind(*state, "one", "abcdef0fff", 1);
    bind(*state, "one-again", "abcdef0fff", 2);
    bind(*state, "two", "abcdef0aaa", 3);
    REFUSED(ERR_CONFLICT, "abcdef0aaa (release two) and abcdef0fff (release one)",
            store_release_find(*state, REPOSITORY, "abcdef0", &got, &rig_err));
    DO(store_release_find(*state, REPOSITORY, "abcdef0f", &got, &rig_err));
    assert_string_equal(got.name, "one");
}

static void test_a_name_that_looks_like_a_commit_wins_over_the_commit(void **state)
{
    struct store_release got;

    bind(*state, "abcdef0", "1111111", 1);
    bind(*state, "two", "abcdef0aaa", 2);
    DO(store_release_find(*state, REPOSITORY, "abcdef0", &got, &rig_err));
    assert_string_equal(got.sha.hex, "1111111");
}

static void test_the_release_of_a_commit_is_the_earliest_of_exactly_it(void **state)
{
    struct git_sha sha = rig_sha('a');
    struct git_sha longer = sha;
    struct git_sha none = {0};
    struct store_release got;

    snprintf(longer.hex + 40, sizeof(longer.hex) - 40, "%024d", 0);
    bind(*state, "late", sha.hex, 9);
    bind(*state, "early", sha.hex, 3);
    DO(store_release_of_sha(*state, REPOSITORY, &sha, &got, &rig_err));
    assert_string_equal(got.name, "early");
    REFUSED(ERR_NOT_FOUND, "0000'",
            store_release_of_sha(*state, REPOSITORY, &longer, &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "''", store_release_of_sha(*state, REPOSITORY, &none, &got, &rig_err));

    sha.hex[39] = '\0';
    REFUSED(ERR_NOT_FOUND, "aaa'", store_release_of_sha(*state, REPOSITORY, &sha, &got, &rig_err));
}

static void test_releases_are_listed_newest_first_and_in_pages(void **state)
{
    struct rig_words any = {0};
    struct rig_words page = {0};
    struct rig_words first = {.limit = 1};
    struct store_release other = make_release("other", "f", 25);
    struct store_release bound;

    for (int i = 1; i <= 4; i++) {
        char name[2] = {(char)('0' + i), '\0'};
        bind(*state, name, "a", 10 * i);
    }
    other.repository_id = 1;
    DO(store_release_bind(*state, &other, &bound, &rig_err));
    DO(store_repository_put(*state, REPOSITORY, "acme/shop", &rig_err));
    DO(store_repository_put(*state, 1, "acme/other", &rig_err));
    DO(store_releases(*state, &(struct store_release_filter){.limit = 10}, on_release, &any,
                      &rig_err));
    assert_string_equal(any.text, "4 3 other 2 1 ");
    struct store_release_filter shop = {.repository = "Acme/SHOP", .before_ms = 40, .limit = 2};
    DO(store_releases(*state, &shop, on_release, &page, &rig_err));
    assert_string_equal(page.text, "3 2 ");
    shop = (struct store_release_filter){.repository = "acme/shop", .limit = 10};
    DO(store_releases(*state, &shop, on_release, &first, &rig_err));
    assert_string_equal(first.text, "4 ");
}

static void test_a_page_may_end_between_releases_of_one_moment(void **state)
{
    struct rig_words head = {0};
    struct rig_words tail = {0};
    struct store_release_filter filter = {.limit = 2};

    DO(store_repository_put(*state, REPOSITORY, "acme/shop", &rig_err));
    for (int i = 1; i <= 5; i++) {
        char name[2] = {(char)('0' + i), '\0'};
        bind(*state, name, "a", 10);
    }
    DO(store_releases(*state, &filter, on_release, &head, &rig_err));
    assert_string_equal(head.text, "5 4 ");
    filter = (struct store_release_filter){
        .before_ms = 10, .before_repository_id = REPOSITORY, .before_name = "4", .limit = 10};
    DO(store_releases(*state, &filter, on_release, &tail, &rig_err));
    assert_string_equal(tail.text, "3 2 1 ");
}

/* ---- GitHub's things ---- */

static void test_a_workflow_run_comes_back_as_it_was_put_last(void **state)
{
    struct store_run put_in = {
        .run_id = 9007199254740993,
        .repository_id = REPOSITORY,
        .promotion = rig_id(1),
        .status = "waiting",
        .conclusion = "success",
        .url = "https://github.com/acme/shop/actions/runs/1",
        .changed_ms = 4,
    };
    struct store_run got;

    REFUSED(ERR_NOT_FOUND, "9007199254740993",
            store_run_get(*state, put_in.run_id, &got, &rig_err));
    DO(store_run_put(*state, &put_in, &rig_err));
    snprintf(put_in.status, sizeof(put_in.status), "completed");
    DO(store_run_put(*state, &put_in, &rig_err));
    DO(store_run_get(*state, put_in.run_id, &got, &rig_err));
    SAME_INT(got, put_in, run_id);
    SAME_INT(got, put_in, repository_id);
    SAME_TEXT(got, put_in, promotion.text);
    SAME_TEXT(got, put_in, status);
    SAME_TEXT(got, put_in, conclusion);
    SAME_TEXT(got, put_in, url);
    SAME_INT(got, put_in, changed_ms);
}

static void test_a_github_deployment_comes_back_as_it_was_put(void **state)
{
    struct store_github_deployment put_in = {
        .id = 1,
        .repository_id = REPOSITORY,
        .environment = "prod",
        .sha = rig_sha('a'),
        .deployment = rig_id(2),
        .state = "in_progress",
        .status_id = 3,
        .creator = "octocat",
        .creator_id = 583231,
        .is_bypass = true,
        .created_ms = 4,
        .changed_ms = 5,
    };
    struct store_github_deployment got;

    DO(store_github_deployment_put(*state, &put_in, &rig_err));
    DO(store_github_deployment_get(*state, 1, &got, &rig_err));
    SAME_INT(got, put_in, id);
    SAME_INT(got, put_in, repository_id);
    SAME_TEXT(got, put_in, environment);
    SAME_TEXT(got, put_in, sha.hex);
    SAME_TEXT(got, put_in, deployment.text);
    SAME_TEXT(got, put_in, state);
    SAME_INT(got, put_in, status_id);
    SAME_TEXT(got, put_in, creator);
    SAME_INT(got, put_in, creator_id);
    SAME_INT(got, put_in, is_bypass);
    SAME_INT(got, put_in, created_ms);
    SAME_INT(got, put_in, changed_ms);
    REFUSED(ERR_NOT_FOUND, "2", store_github_deployment_get(*state, 2, &got, &rig_err));
}

static void test_a_pull_request_is_found_by_the_commit_it_made(void **state)
{
    struct store_pull put_in = {
        .repository_id = REPOSITORY,
        .number = 7,
        .merge_sha = rig_sha('a'),
        .author = "octocat",
        .merger = "hubot",
        .author_id = 1,
        .merger_id = 2,
        .merged_ms = 3,
    };
    struct store_pull unmerged = {.repository_id = REPOSITORY, .number = 8};
    struct git_sha none = {0};
    struct store_pull got;

    DO(store_pull_put(*state, &put_in, &rig_err));
    DO(store_pull_put(*state, &unmerged, &rig_err));
    DO(store_pull_of_sha(*state, REPOSITORY, &put_in.merge_sha, &got, &rig_err));
    SAME_INT(got, put_in, repository_id);
    SAME_INT(got, put_in, number);
    SAME_TEXT(got, put_in, merge_sha.hex);
    SAME_TEXT(got, put_in, author);
    SAME_TEXT(got, put_in, merger);
    SAME_INT(got, put_in, author_id);
    SAME_INT(got, put_in, merger_id);
    SAME_INT(got, put_in, merged_ms);
    REFUSED(ERR_NOT_FOUND, "", store_pull_of_sha(*state, 1, &put_in.merge_sha, &got, &rig_err));
    REFUSED(ERR_NOT_FOUND, "", store_pull_of_sha(*state, REPOSITORY, &none, &got, &rig_err));
}

/* ---- holdings ---- */

struct holding_list {
    struct store_holding holdings[8];
    size_t count;
};

static bool on_holding(const struct store_holding *holding, void *arg)
{
    struct holding_list *list = arg;

    list->holdings[list->count++] = *holding;
    return true;
}

static struct store_holding make_holding(unsigned number, char sha_digit, int64_t since_ms)
{
    return (struct store_holding){
        .deployment = rig_id(number),
        .sha = rig_sha(sha_digit),
        .release = "1.4.0",
        .since_ms = since_ms,
    };
}

/* The clock was set back between the two: the second is the newer one all the same. */
static void test_holdings_are_listed_in_the_order_they_came_whatever_the_clock(void **state)
{
    struct store_holding first = make_holding(1, 'a', 500);
    struct store_holding second = make_holding(2, 'b', 100);
    struct store_holding_filter filter = {
        .repository_id = REPOSITORY, .environment = "prod", .limit = 5};
    struct holding_list list = {0};

    DO(store_holding_put(*state, REPOSITORY, "prod", &first, &rig_err));
    DO(store_holding_put(*state, REPOSITORY, "prod", &second, &rig_err));
    first.is_verified = true;
    first.is_unhealthy = true;
    first.until_ms = 600;
    DO(store_holding_put(*state, REPOSITORY, "prod", &first, &rig_err));

    DO(store_holdings(*state, &filter, on_holding, &list, &rig_err));
    assert_int_equal(list.count, 2);
    SAME_TEXT(list.holdings[0], second, deployment.text);
    assert_false(list.holdings[0].is_verified);
    assert_false(list.holdings[0].is_unhealthy);
    SAME_TEXT(list.holdings[1], first, deployment.text);
    SAME_TEXT(list.holdings[1], first, sha.hex);
    SAME_TEXT(list.holdings[1], first, release);
    SAME_INT(list.holdings[1], first, is_verified);
    SAME_INT(list.holdings[1], first, is_unhealthy);
    SAME_INT(list.holdings[1], first, since_ms);
    SAME_INT(list.holdings[1], first, until_ms);
}

static void test_holdings_are_those_of_one_lane_and_one_commit_where_asked(void **state)
{
    struct store_holding holdings[] = {make_holding(1, 'a', 1), make_holding(2, 'b', 2),
                                       make_holding(3, 'a', 3), make_holding(4, 'a', 4)};
    struct git_sha sha = rig_sha('a');
    struct store_holding_filter filter = {
        .repository_id = REPOSITORY, .environment = "prod", .sha = &sha, .limit = 5};
    struct holding_list list = {0};

    for (size_t i = 0; i < 3; i++)
        DO(store_holding_put(*state, REPOSITORY, "prod", &holdings[i], &rig_err));
    DO(store_holding_put(*state, REPOSITORY, "uat", &holdings[3], &rig_err));
    DO(store_holdings(*state, &filter, on_holding, &list, &rig_err));
    assert_int_equal(list.count, 2);
    SAME_TEXT(list.holdings[0], holdings[2], deployment.text);
    SAME_TEXT(list.holdings[1], holdings[0], deployment.text);

    list.count = 0;
    filter.limit = 1;
    filter.sha = NULL;
    DO(store_holdings(*state, &filter, on_holding, &list, &rig_err));
    assert_int_equal(list.count, 1);
    SAME_TEXT(list.holdings[0], holdings[2], deployment.text);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, store_rig_set_up, store_rig_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_release_is_found_by_its_whole_name),
        CASE(test_a_name_stays_with_its_first_commit_for_ever),
        CASE(test_names_of_different_repositories_are_different_names),
        CASE(test_seven_digits_of_a_commit_find_its_earliest_release),
        CASE(test_a_prefix_of_several_commits_is_refused_and_names_two),
        CASE(test_a_name_that_looks_like_a_commit_wins_over_the_commit),
        CASE(test_the_release_of_a_commit_is_the_earliest_of_exactly_it),
        CASE(test_releases_are_listed_newest_first_and_in_pages),
        CASE(test_a_page_may_end_between_releases_of_one_moment),
        CASE(test_a_workflow_run_comes_back_as_it_was_put_last),
        CASE(test_a_github_deployment_comes_back_as_it_was_put),
        CASE(test_a_pull_request_is_found_by_the_commit_it_made),
        CASE(test_holdings_are_listed_in_the_order_they_came_whatever_the_clock),
        CASE(test_holdings_are_those_of_one_lane_and_one_commit_where_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
