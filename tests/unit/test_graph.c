/* graph: which rule a repository falls under, and what a branch deploys. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "flow/graph.h"
#include "flow/reason.h"

static const char *const main_and_releases[] = {"main", "release/*", NULL};
static const struct flow_environment environments[] = {
    {.name = "dev-int", .auto_branches = main_and_releases},
    {.name = "prod"},
};
static const struct flow standard = {
    .name = "standard", .environments = environments, .environments_count = 2};
static const struct flow special = {.name = "special"};
static const struct repository_rule repositories[] = {
    {.pattern = "acme/*", .flow = &standard},
    {.pattern = "Acme/Shop", .flow = &special},
    {.pattern = "acme/legacy-??", .flow = &special},
    {.pattern = "**", .flow = &special, .forks = true},
};
static const struct flow_graph graph = {.repositories = repositories,
                                        .repositories_count = ARRAY_LEN(repositories)};

static void test_an_exact_name_goes_before_patterns_and_case_does_not_matter(void **state UNUSED)
{
    static const struct {
        const char *name;
        size_t rule;
    } cases[] = {
        {"acme/shop", 1},      {"ACME/SHOP", 1},       {"Acme/other", 0},
        {"acme/legacy-01", 0}, /* the first pattern that fits */
        {"acmee/shop", 3},     {"other/acme/shop", 3}, {"", 3},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct repository_rule *rule = graph_find_repository(&graph, cases[i].name);
        assert_ptr_equal(rule, &repositories[cases[i].rule]);
    }
}

static void test_no_rule_is_found_where_none_fits(void **state UNUSED)
{
    const struct flow_graph one = {.repositories = repositories, .repositories_count = 1};
    const struct flow_graph none = {.repositories_count = 0};

    assert_null(graph_find_repository(&one, "other/shop"));
    assert_null(graph_find_repository(&one, "acme/shop/more"));
    assert_null(graph_find_repository(&one, ""));
    assert_null(graph_find_repository(&none, "acme/shop"));
}

static void test_a_name_of_any_length_is_looked_up(void **state UNUSED)
{
    char name[2 * REPO_NAME_MAX];
    const struct flow_graph one = {.repositories = repositories, .repositories_count = 1};

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(graph_find_repository(&one, name));
    memcpy(name, "acme/", 5);
    assert_ptr_equal(graph_find_repository(&one, name), &repositories[0]);
}

static void test_environments_are_found_by_their_exact_name(void **state UNUSED)
{
    assert_ptr_equal(graph_find_environment(&standard, "prod"), &environments[1]);
    assert_null(graph_find_environment(&standard, "Prod"));
    assert_null(graph_find_environment(&standard, "pro"));
    assert_null(graph_find_environment(&special, "prod"));
}

static void test_only_listed_branches_deploy_by_themselves(void **state UNUSED)
{
    static const char *const deploys[] = {"main", "release/v1.2.3", "release/"};
    static const char *const does_not[] = {"Main",    "main2",       "feature/main",
                                           "release", "release/a/b", ""};

    for (size_t i = 0; i < ARRAY_LEN(deploys); i++)
        assert_true(graph_matches_branch(environments[0].auto_branches, deploys[i]));
    for (size_t i = 0; i < ARRAY_LEN(does_not); i++)
        assert_false(graph_matches_branch(environments[0].auto_branches, does_not[i]));
    assert_false(graph_matches_branch(environments[1].auto_branches, "main"));
}

static void test_reasons_have_names_of_their_own_in_lower_case(void **state UNUSED)
{
    for (enum reason_code i = 0; i < REASON_COUNT; i++) {
        const char *name = reason_name(i);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        for (enum reason_code j = 0; j < i; j++)
            assert_string_not_equal(name, reason_name(j));
    }
}

static void test_a_sentence_that_is_too_long_is_cut(void **state UNUSED)
{
    char long_name[2 * REASON_TEXT_MAX];

    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    struct reason reason = reason_make(REASON_FORK, "%s is a fork", long_name);
    assert_int_equal(reason.code, REASON_FORK);
    assert_int_equal(strlen(reason.text), REASON_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exact_name_goes_before_patterns_and_case_does_not_matter),
        cmocka_unit_test(test_no_rule_is_found_where_none_fits),
        cmocka_unit_test(test_a_name_of_any_length_is_looked_up),
        cmocka_unit_test(test_environments_are_found_by_their_exact_name),
        cmocka_unit_test(test_only_listed_branches_deploy_by_themselves),
        cmocka_unit_test(test_reasons_have_names_of_their_own_in_lower_case),
        cmocka_unit_test(test_a_sentence_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
