/* What may be asked for at all: every objection, its sentence, and which comes first. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "flow/promotion.h"

static const char *const releases_only[] = {"main", "release/*", NULL};

static const struct flow_party requesters[] = {{.name = "octocat"}, {.name = "acme/release"}};

static const struct flow_environment environments[] = {
    {.name = "dev-int"},
    {.name = "active", .manual_branches = releases_only, .branches = releases_only},
    {.name = "staging"},
    {.name = "prod", .branches = releases_only, .requesters = {requesters, 2}},
};

static const struct flow_path paths[] = {
    {.from = "dev-int", .to = "active"},
    {.from = "active", .to = "staging"},
    {.from = "staging", .to = "prod"},
};

static const struct flow flow = {
    .environments = environments,
    .environments_count = ARRAY_LEN(environments),
    .paths = paths,
    .paths_count = ARRAY_LEN(paths),
};

enum { DEV_INT, ACTIVE, STAGING, PROD };

/* A request nothing stands against. */
static struct promotion_request good(enum promotion_kind kind)
{
    struct promotion_request request = {
        .kind = kind,
        .flow = &flow,
        .target = &environments[kind == PROMOTION_DEPLOY ? ACTIVE : PROD],
        .release = "v2",
        .branch = "release/v2",
        .requester = "octocat",
        .requester_memberships = 1,
        .pin_reason = "calm after the storm",
    };
    if (kind == PROMOTION_PROMOTE) {
        request.path = &paths[2];
        request.from = "staging";
        request.was_on_source = true;
    }
    if (kind == PROMOTION_ROLLBACK) {
        request.is_reason_given = true;
        request.was_verified_on_target = true;
    }
    return request;
}

static void expect(const struct promotion_request *request, enum reason_code code,
                   const char *sentence)
{
    struct reason reason = promotion_judge_request(request);

    assert_string_equal(reason.text, sentence);
    assert_int_equal(reason.code, code);
}

static void test_a_good_request_meets_no_objection(void **state UNUSED)
{
    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        struct promotion_request request = good(kind);
        expect(&request, REASON_NONE, "");
    }
}

static void test_who_may_not_ask_hears_who_may(void **state UNUSED)
{
    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        struct promotion_request request = good(kind);
        request.target = &environments[PROD];
        request.requester = "hubot";
        request.requester_memberships = 0;
        expect(&request, REASON_REQUESTER_NOT_ALLOWED,
               "hubot may not ask for anything on prod; these may: octocat, acme/release");
    }
}

static void test_without_a_path_the_ways_there_are_named(void **state UNUSED)
{
    struct promotion_request request = good(PROMOTION_PROMOTE);

    request.path = NULL;
    request.from = "dev-int";
    expect(&request, REASON_NO_PATH, "no path leads from dev-int to prod; promote it from staging");
    request.target = &environments[DEV_INT];
    request.from = "prod";
    expect(&request, REASON_NO_PATH, "nothing is promoted to dev-int: the flow has no path there");
}

static void test_only_releases_from_its_branches_enter_an_environment(void **state UNUSED)
{
    struct promotion_request request = good(PROMOTION_PROMOTE);

    request.branch = "feature/x";
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "v2 comes from feature/x; prod takes releases from main, release/* only");
    request.branch = "";
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "v2 comes from a branch nobody knows; prod takes releases from main, release/* only");
    request.target = &environments[STAGING]; /* takes any */
    expect(&request, REASON_NONE, "");

    request = good(PROMOTION_ROLLBACK); /* it was verified there: it had entered lawfully */
    request.branch = "feature/x";
    expect(&request, REASON_NONE, "");
}

static void test_only_branches_named_for_it_are_deployed_by_hand(void **state UNUSED)
{
    static const struct flow_environment strict = {
        .name = "active", .manual_branches = releases_only, .branches = &releases_only[1]};
    struct promotion_request request = good(PROMOTION_DEPLOY);

    request.branch = "feature/x";
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "v2 comes from feature/x; active takes releases from main, release/* only");
    request.branch = "main";
    request.target = &strict;
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "v2 comes from main; active takes releases from release/* only");
    request.target = &environments[PROD];
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "nothing is deployed to prod by hand; promote it from staging");
    request.target = &environments[DEV_INT];
    expect(&request, REASON_BRANCH_NOT_ALLOWED,
           "nothing is deployed to dev-int by hand: a push does it");
}

static void test_a_release_must_be_healthy_on_its_source(void **state UNUSED)
{
    struct promotion_request request = good(PROMOTION_PROMOTE);

    request.is_source_unhealthy = true;
    expect(&request, REASON_SOURCE_UNHEALTHY,
           "v2 is not healthy on staging; it may go on once it is");
    request.was_on_source = false;
    expect(&request, REASON_NOT_ON_SOURCE, "v2 was never deployed to staging; take it there first");
}

static void test_a_rollback_needs_a_reason_and_a_release_that_was_good(void **state UNUSED)
{
    struct promotion_request request = good(PROMOTION_ROLLBACK);

    request.was_verified_on_target = false;
    expect(&request, REASON_NEVER_VERIFIED,
           "v2 was never verified on prod; roll back to a release that was");
    request.is_reason_given = false;
    expect(&request, REASON_REASON_REQUIRED, "a rollback of prod needs a reason; say why");
}

static void test_nothing_is_asked_for_twice(void **state UNUSED)
{
    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        struct promotion_request request = good(kind);
        bool is_deploy = kind == PROMOTION_DEPLOY;

        request.is_same_open = true;
        expect(&request, REASON_ALREADY_OPEN,
               is_deploy ? "v2 is on its way to active already; follow that request, or cancel it"
                         : "v2 is on its way to prod already; follow that request, or cancel it");
        request.is_on_target = true;
        expect(&request, REASON_ALREADY_THERE,
               is_deploy ? "active holds v2 already; ask for another release"
                         : "prod holds v2 already; ask for another release");
    }
}

static void test_a_pin_stops_deployments_by_hand_alone(void **state UNUSED)
{
    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        struct promotion_request request = good(kind);
        request.is_pinned = true;
        if (kind != PROMOTION_DEPLOY) {
            expect(&request, REASON_NONE, "");
            continue;
        }
        expect(&request, REASON_PINNED,
               "active is pinned to what it holds (calm after the storm); unpin it first");
        request.pin_reason = NULL;
        expect(&request, REASON_PINNED,
               "active is pinned to what it holds (no reason given); unpin it first");
    }
}

/* Facts about the source are for promotions, about rollbacks for rollbacks. */
static void test_what_is_not_asked_for_is_not_looked_at(void **state UNUSED)
{
    for (enum promotion_kind kind = 0; kind < PROMOTION_KIND_COUNT; kind++) {
        struct promotion_request request = good(kind);
        if (kind != PROMOTION_PROMOTE) {
            request.path = NULL;
            request.was_on_source = false;
            request.is_source_unhealthy = true;
        }
        if (kind != PROMOTION_ROLLBACK) {
            request.is_reason_given = false;
            request.was_verified_on_target = false;
        }
        expect(&request, REASON_NONE, "");
    }
}

/* With everything wrong at once, mending what is told leads to the next, down to nothing. */
static void test_objections_come_in_a_fixed_order(void **state UNUSED)
{
    struct promotion_request request = {.flow = &flow,
                                        .target = &environments[PROD],
                                        .from = "staging",
                                        .release = "v2",
                                        .branch = "feature/x",
                                        .requester = "hubot",
                                        .is_on_target = true,
                                        .is_source_unhealthy = true,
                                        .is_same_open = true};
    const enum reason_code order[] = {REASON_REQUESTER_NOT_ALLOWED, REASON_NO_PATH,
                                      REASON_BRANCH_NOT_ALLOWED,    REASON_ALREADY_THERE,
                                      REASON_ALREADY_OPEN,          REASON_NOT_ON_SOURCE,
                                      REASON_SOURCE_UNHEALTHY,      REASON_NONE};

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_int_equal(promotion_judge_request(&request).code, order[i]);
        request.requester_memberships = 1;
        request.path = i >= 1 ? &paths[2] : NULL;
        request.branch = i >= 2 ? "main" : "feature/x";
        request.is_on_target = i < 3;
        request.is_same_open = i < 4;
        request.was_on_source = i >= 5;
        request.is_source_unhealthy = i < 6;
    }
}

/* The list of names ends in "…" rather than crowd out the rest. */
static void test_long_lists_of_names_are_cut_between_names(void **state UNUSED)
{
    static char names[40][12];
    static struct flow_party many[40];
    struct flow_environment target = {.name = "prod", .requesters = {many, 40}};
    struct promotion_request request = good(PROMOTION_PROMOTE);

    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        snprintf(names[i], sizeof(names[i]), "person-%02zu", i);
        many[i].name = names[i];
    }
    request.target = &target;
    request.requester_memberships = 0;
    struct reason reason = promotion_judge_request(&request);
    assert_non_null(strstr(reason.text, "person-16, …"));
    assert_null(strstr(reason.text, "person-17"));
}

/* 200 bytes hold two names and room for the "…" that a third would need. */
static void test_a_list_of_names_is_used_to_its_last_byte(void **state UNUSED)
{
    char first[101] = {0};
    char second[94] = {0};
    const struct flow_party both[] = {{.name = first}, {.name = second}};
    const struct flow_environment target = {.name = "prod", .requesters = {both, 2}};
    struct promotion_request request = good(PROMOTION_PROMOTE);

    request.target = &target;
    request.requester_memberships = 0;
    memset(first, 'a', 100);
    memset(second, 'b', 92);
    assert_non_null(strstr(promotion_judge_request(&request).text, "aa, bb"));
    memset(second, 'b', 93);
    assert_non_null(strstr(promotion_judge_request(&request).text, "aa, …"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_request_meets_no_objection),
        cmocka_unit_test(test_who_may_not_ask_hears_who_may),
        cmocka_unit_test(test_without_a_path_the_ways_there_are_named),
        cmocka_unit_test(test_only_releases_from_its_branches_enter_an_environment),
        cmocka_unit_test(test_only_branches_named_for_it_are_deployed_by_hand),
        cmocka_unit_test(test_a_release_must_be_healthy_on_its_source),
        cmocka_unit_test(test_a_rollback_needs_a_reason_and_a_release_that_was_good),
        cmocka_unit_test(test_nothing_is_asked_for_twice),
        cmocka_unit_test(test_a_pin_stops_deployments_by_hand_alone),
        cmocka_unit_test(test_what_is_not_asked_for_is_not_looked_at),
        cmocka_unit_test(test_objections_come_in_a_fixed_order),
        cmocka_unit_test(test_long_lists_of_names_are_cut_between_names),
        cmocka_unit_test(test_a_list_of_names_is_used_to_its_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
