/* What a flow guarantees: the standard flow does, and every planted hole is found. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "flow/prove.h"
#include "flow/quorum.h"

/* ---- the standard flow, to be broken ---- */

enum { DEV_INT, FUTURE, ACTIVE, UAT, STAGING, PROD, SPARE, ENVIRONMENTS };
enum {
    DEV_INT_FUTURE,
    DEV_INT_ACTIVE,
    FUTURE_ACTIVE,
    ACTIVE_UAT,
    ACTIVE_STAGING,
    UAT_STAGING,
    STAGING_PROD,
    SPARE_PATH,
    PATHS
};

static const char *const main_only[] = {"main", NULL};
static const char *const main_and_releases[] = {"main", "release/*", NULL};

struct model {
    struct flow flow;
    struct flow_environment environments[ENVIRONMENTS];
    struct flow_path paths[PATHS];
    const char *asserts[16];
};

static struct flow_path path(const char *from, const char *to, int64_t required)
{
    return (struct flow_path){
        .from = from, .to = to, .gate.approvals.required = required, .gate.wait_ms = 0};
}

static void make_standard(struct model *m)
{
    *m = (struct model){
        .environments =
            {
                [DEV_INT] = {.name = "dev-int", .auto_branches = main_only},
                [FUTURE] = {.name = "future", .manual_branches = main_and_releases},
                [ACTIVE] = {.name = "active", .manual_branches = main_and_releases},
                [UAT] = {.name = "uat", .rollback.approvals.required = 1},
                [STAGING] = {.name = "staging", .rollback.approvals.required = 1},
                [PROD] = {.name = "prod",
                          .branches = main_and_releases,
                          .rollback.approvals.required = 2},
            },
        .paths =
            {
                [DEV_INT_FUTURE] = path("dev-int", "future", 0),
                [DEV_INT_ACTIVE] = path("dev-int", "active", 0),
                [FUTURE_ACTIVE] = path("future", "active", 0),
                [ACTIVE_UAT] = path("active", "uat", 1),
                [ACTIVE_STAGING] = path("active", "staging", 1),
                [UAT_STAGING] = path("uat", "staging", 1),
                [STAGING_PROD] = path("staging", "prod", 2),
            },
    };
    m->paths[STAGING_PROD].gate.wait_ms = 1800000;
    m->paths[STAGING_PROD].gate.soak_ms = 3600000;
    m->flow = (struct flow){
        .name = "standard",
        .environments = m->environments,
        .environments_count = SPARE,
        .paths = m->paths,
        .paths_count = SPARE_PATH,
        .asserts = m->asserts,
    };
}

/* ---- what was found ---- */

struct found {
    struct prove_finding items[600];
    size_t count;
};

static void collect(const struct prove_finding *finding, void *arg)
{
    struct found *found = arg;

    assert_true(found->count < ARRAY_LEN(found->items));
    assert_true(finding->holds == (finding->counterexample[0] == '\0'));
    assert_true(finding->claim[0] != '\0');
    found->items[found->count++] = *finding;
}

static bool prove(const struct model *m, struct found *found)
{
    found->count = 0;
    return prove_flow(&m->flow, collect, found);
}

static size_t count_broken(const struct found *found)
{
    size_t count = 0;

    for (size_t i = 0; i < found->count; i++)
        count += found->items[i].holds ? 0 : 1;
    return count;
}

static const struct prove_finding *find_broken(const struct found *found, const char *code)
{
    for (size_t i = 0; i < found->count; i++) {
        if (!found->items[i].holds && strcmp(found->items[i].code, code) == 0)
            return &found->items[i];
    }
    for (size_t i = 0; i < found->count; i++)
        print_message("%s %s %s\n", found->items[i].code, found->items[i].claim,
                      found->items[i].holds ? "holds" : found->items[i].counterexample);
    fail_msg("no broken claim '%s'", code);
    return NULL;
}

static void assert_broken(const struct found *found, const char *code, const char *claim,
                          const char *counterexample)
{
    const struct prove_finding *finding = find_broken(found, code);

    assert_string_equal(claim, finding->claim);
    assert_string_equal(counterexample, finding->counterexample);
}

static void assert_all_hold(const struct model *m)
{
    struct found found;

    if (!prove(m, &found)) {
        for (size_t i = 0; i < found.count; i++) {
            if (!found.items[i].holds)
                print_message("%s: %s\n", found.items[i].claim, found.items[i].counterexample);
        }
        fail_msg("the flow is sound");
    }
}

static void test_the_standard_flow_keeps_what_it_promises(void **state)
{
    static const char *const claims[] = {
        "nothing reaches uat without 1 approval",
        "nothing reaches staging without 1 approval",
        "nothing reaches prod without 2 approvals",
        "nothing reaches uat without passing active",
        "nothing reaches staging without passing active",
        "nothing reaches prod without passing active and staging",
        "a release can reach future",
        "a release can reach active",
        "a release can reach uat",
        "a release can reach staging",
        "a release can reach prod",
        "no release goes in circles",
    };
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    assert_all_hold(&m);
    assert_true(prove(&m, &found));
    for (size_t i = 0; i < ARRAY_LEN(claims); i++)
        assert_string_equal(claims[i], found.items[i].claim);
    assert_string_equal("there are people enough to approve active → uat, whoever asks: anybody "
                        "may approve, so it takes that many people with access",
                        found.items[ARRAY_LEN(claims)].claim);
}

/* ---- holes ---- */

static void test_a_deployment_by_hand_around_the_gate_is_found(void **state)
{
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[PROD].manual_branches = main_only;
    assert_false(prove(&m, &found));
    assert_broken(&found, "quorum", "nothing reaches prod without 2 approvals",
                  "deploy by hand main → prod with 0 approvals");
    assert_broken(&found, "no_skip", "nothing reaches prod without passing active and staging",
                  "deploy by hand main → prod with 0 approvals");
    assert_int_equal(2, count_broken(&found));
}

static void test_a_push_around_the_gate_is_found(void **state)
{
    static const char *const hotfixes[] = {"hotfix/*", NULL};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[STAGING].auto_branches = hotfixes;
    assert_false(prove(&m, &found));
    assert_broken(&found, "quorum", "nothing reaches staging without 1 approval",
                  "push to hotfix/* → staging with 0 approvals");
    /* prod takes no hotfix branch, so only staging is entered past active. */
    assert_broken(&found, "no_skip", "nothing reaches staging without passing active",
                  "push to hotfix/* → staging with 0 approvals");
    assert_int_equal(2, count_broken(&found));
}

static void test_a_rollback_weaker_than_its_promotion_is_found(void **state)
{
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[PROD].rollback.approvals.required = 1;
    assert_false(prove(&m, &found));
    assert_broken(&found, "quorum", "nothing reaches prod without 2 approvals",
                  "deploy by hand main → active; promote active → staging with 1 "
                  "approval; promote staging → prod with 2 approvals; roll back prod to it later "
                  "with 1 approval");
    assert_int_equal(1, count_broken(&found));
}

static void test_a_rollback_that_accepts_others_is_found(void **state)
{
    static const struct flow_person people[] = {{"ann", 1}, {"bob", 2}, {"cy", 3}, {"dee", 4}};
    static const struct flow_team sre = {"acme/sre", people, 3};
    static const struct flow_party team[] = {{.name = "acme/sre", .team = &sre}};
    static const struct flow_party owned[] = {{.name = "acme/sre", .team = &sre, .seats_min = 1}};
    static const struct flow_party others[] = {{.name = "ann", .person = {"ann", 1}},
                                               {.name = "dee", .person = {"dee", 4}}};
    static const struct flow_party some[] = {{.name = "ann", .person = {"ann", 1}},
                                             {.name = "bob", .person = {"bob", 2}},
                                             {.name = "cy", .person = {"cy", 3}}};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    struct flow_approvals *promotion = &m.paths[STAGING_PROD].gate.approvals;
    struct flow_approvals *rollback = &m.environments[PROD].rollback.approvals;
    promotion->reviewers = (struct flow_parties){team, 1};

    rollback->reviewers = (struct flow_parties){team, 1};
    assert_all_hold(&m);
    rollback->reviewers = (struct flow_parties){some, 3};
    assert_all_hold(&m); /* all of them are in the team */
    rollback->reviewers = (struct flow_parties){NULL, 0};
    assert_false(prove(&m, &found));
    (void)find_broken(&found, "quorum");
    rollback->reviewers = (struct flow_parties){others, 2};
    assert_false(prove(&m, &found));
    assert_non_null(strstr(find_broken(&found, "quorum")->counterexample,
                           "roll back prod to it later with 2 approvals that a promotion to prod "
                           "would not accept"));

    promotion->reviewers = (struct flow_parties){owned, 1};
    rollback->reviewers = (struct flow_parties){some, 3};
    assert_false(prove(&m, &found)); /* no seat is the team's own */
    (void)find_broken(&found, "quorum");
    rollback->reviewers = (struct flow_parties){team, 1};
    assert_false(prove(&m, &found)); /* nor where the team is named without */
    (void)find_broken(&found, "quorum");
    rollback->reviewers = (struct flow_parties){owned, 1};
    assert_all_hold(&m);
    rollback->self_approval = true;
    assert_false(prove(&m, &found));
    (void)find_broken(&found, "quorum");
    promotion->self_approval = true;
    assert_all_hold(&m);
}

static void test_a_path_that_skips_is_found_by_its_weaker_gate_or_by_a_claim(void **state)
{
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.paths[SPARE_PATH] = path("active", "prod", 1);
    m.flow.paths_count = PATHS;
    m.asserts[0] = "prod only from staging";
    m.asserts[1] = "prod passes staging";
    m.asserts[2] = "prod passes active";
    assert_false(prove(&m, &found));
    assert_broken(&found, "quorum", "nothing reaches prod without 2 approvals",
                  "deploy by hand main → active; promote active → prod with 1 "
                  "approval");
    m.paths[SPARE_PATH].gate.approvals.required = 2;
    assert_false(prove(&m, &found));
    assert_int_equal(2, count_broken(&found));
    assert_broken(&found, "assert", "prod only from staging",
                  "deploy by hand main → active; promote active → prod with 2 "
                  "approvals");
    m.asserts[0] = "prod passes staging";
    m.asserts[1] = NULL;
    assert_false(prove(&m, &found));
    assert_broken(&found, "assert", "prod passes staging",
                  "deploy by hand main → active; promote active → prod with 2 "
                  "approvals");
}

static void test_a_gate_that_nobody_can_meet_is_found(void **state)
{
    static const struct flow_party two[] = {{.name = "ann", .person = {"ann", 1}},
                                            {.name = "bob", .person = {"bob", 2}}};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    struct flow_approvals *promotion = &m.paths[STAGING_PROD].gate.approvals;
    promotion->reviewers = (struct flow_parties){two, 2};
    m.environments[PROD].rollback.approvals = *promotion;

    assert_false(prove(&m, &found));
    assert_broken(&found, "people",
                  "there are people enough to approve staging → prod, whoever asks",
                  "ann asks; 2 approvals by different people are needed, and only these may give "
                  "one: bob");
    assert_int_equal(2, count_broken(&found)); /* the rollback, too */

    m.environments[PROD].requesters =
        (struct flow_parties){(const struct flow_party[]){{.name = "cy", .person = {"cy", 3}}}, 1};
    assert_all_hold(&m); /* neither of them asks */
    m.environments[PROD].requesters =
        (struct flow_parties){(const struct flow_party[]){{.name = "acme/dev"}}, 1};
    assert_false(prove(&m, &found)); /* they may be in that team */
    m.environments[PROD].requesters = (struct flow_parties){0};
    promotion->self_approval = true;
    m.environments[PROD].rollback.approvals = *promotion;
    assert_all_hold(&m);
    promotion->required = 3;
    m.environments[PROD].rollback.approvals = *promotion;
    assert_false(prove(&m, &found));
    assert_broken(&found, "people",
                  "there are people enough to approve staging → prod, whoever asks",
                  "3 approvals by different people are needed, and only these may give one: ann, "
                  "bob");
}

static void test_people_in_several_teams_count_once(void **state)
{
    static const struct flow_person both[] = {{"ann", 0}, {"Bob", 0}};
    static const struct flow_team qa = {"acme/qa", both, 2};
    static const struct flow_team sre = {"acme/sre", both, 2};
    static const struct flow_team hidden = {"acme/hidden", NULL, 0};
    static const struct flow_party known[] = {{.name = "acme/qa", .team = &qa, .seats_min = 1},
                                              {.name = "acme/sre", .team = &sre, .seats_min = 1},
                                              {.name = "bob#7", .person = {"bob", 7}}};
    static const struct flow_party partly[] = {{.name = "acme/qa", .team = &qa, .seats_min = 1},
                                               {.name = "acme/hidden", .team = &hidden}};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.paths[ACTIVE_UAT].gate.approvals =
        (struct flow_approvals){.required = 2, .reviewers = {known, 3}};
    m.environments[UAT].rollback.approvals = m.paths[ACTIVE_UAT].gate.approvals;
    assert_false(prove(&m, &found));
    assert_string_equal("ann asks; 2 approvals by different people are needed, and only these may "
                        "give one: Bob",
                        find_broken(&found, "people")->counterexample);

    m.paths[ACTIVE_UAT].gate.approvals =
        (struct flow_approvals){.required = 4, .reviewers = {partly, 2}, .authors_excluded = true};
    m.environments[UAT].rollback.approvals = m.paths[ACTIVE_UAT].gate.approvals;
    assert_all_hold(&m);
    assert_true(prove(&m, &found));
    bool is_remarked = false;
    for (size_t i = 0; i < found.count; i++)
        is_remarked = is_remarked || strstr(found.items[i].claim, "not listed here") != NULL;
    assert_true(is_remarked);
}

static void test_what_no_release_reaches_and_circles_are_found(void **state)
{
    static const char *const tags[] = {"version-*", NULL};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[SPARE] = (struct flow_environment){.name = "island"};
    m.flow.environments_count = ENVIRONMENTS;
    m.paths[SPARE_PATH] = path("island", "uat", 1);
    m.flow.paths_count = PATHS;
    assert_all_hold(&m); /* uat has another way */
    m.paths[ACTIVE_UAT] = path("island", "uat", 1);
    assert_false(prove(&m, &found));
    assert_broken(&found, "reachable", "a release can reach uat",
                  "it is promoted from island, where nothing that uat takes ever arrives");

    make_standard(&m);
    m.environments[PROD].branches = tags; /* of which nothing is ever deployed */
    assert_false(prove(&m, &found));
    assert_broken(&found, "reachable", "a release can reach prod",
                  "it is promoted from staging, where nothing that prod takes ever arrives");

    make_standard(&m);
    m.paths[SPARE_PATH] = path("staging", "uat", 1);
    m.flow.paths_count = PATHS;
    assert_false(prove(&m, &found));
    assert_broken(&found, "acyclic", "no release goes in circles",
                  "promote uat → staging; promote staging → uat");
    m.paths[SPARE_PATH] = path("prod", "prod", 2);
    assert_false(prove(&m, &found));
    assert_broken(&found, "acyclic", "no release goes in circles", "promote prod → prod");
}

/* Neither pattern holds the other; only their common branches make the hole. */
static void test_branches_that_two_patterns_share_are_tried(void **state)
{
    static const char *const candidates[] = {"release/*-rc", NULL};
    static const char *const versions[] = {"release/v**", NULL};
    static const char *const others[] = {"release/w*", NULL};
    static const char *const deep[] = {"**/v/?c", NULL};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[STAGING].auto_branches = candidates;
    m.environments[PROD].branches = versions;
    m.asserts[0] = "prod passes active";
    assert_false(prove(&m, &found));
    assert_string_equal("push to release/v-rc → staging; promote staging → prod with 2 approvals",
                        find_broken(&found, "assert")->counterexample);
    m.environments[PROD].branches = deep;
    assert_false(prove(&m, &found));
    m.environments[STAGING].auto_branches = versions;
    assert_false(prove(&m, &found));
    assert_string_equal("push to release/v/v/xc → staging; promote staging → prod with 2 approvals",
                        find_broken(&found, "assert")->counterexample);
    m.environments[PROD].branches = others;
    (void)prove(&m, &found);
    for (size_t i = 0; i < found.count; i++)
        assert_true(found.items[i].holds || strcmp(found.items[i].code, "assert") != 0);
}

static void test_ways_that_no_branch_may_take_are_no_holes(void **state)
{
    static const char *const features[] = {"feature/*", NULL};
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.environments[PROD].manual_branches = features; /* but prod takes main and release branches */
    assert_all_hold(&m);
    m.environments[SPARE] = (struct flow_environment){.name = "lab", .auto_branches = features};
    m.flow.environments_count = ENVIRONMENTS;
    m.paths[SPARE_PATH] = path("lab", "prod", 1);
    m.flow.paths_count = PATHS;
    assert_all_hold(&m);
    m.environments[PROD].branches = NULL;
    assert_false(prove(&m, &found));
    assert_broken(&found, "quorum", "nothing reaches prod without 2 approvals",
                  "deploy by hand feature/* → prod with 0 approvals");
}

/* ---- claims ---- */

static void test_claims_hold_or_not_as_the_flow_says(void **state)
{
    static const struct {
        const char *claim;
        const char *counterexample; /* its end; NULL: it holds */
    } cases[] = {
        {"prod needs 2 people", NULL},
        {"prod needs two people", NULL},
        {"prod needs at least 1 person", NULL},
        {"prod needs 3 people", "promote staging → prod with 2 approvals"},
        {"PROD needs 2 people", "begins with no environment of flow standard"},
        {"staging needs one approval", NULL},
        {"active needs 1 approval", "deploy by hand main → active with 0 approvals"},
        {"dev-int needs 1 person", "push to main → dev-int with 0 approvals"},
        {"prod only from staging", NULL},
        {"staging only from active, uat", NULL},
        {"staging only from uat and active", NULL},
        {"staging only from active", "promote uat → staging with 1 approval"},
        {"active only from future", "deploy by hand main → active with 0 approvals"},
        {"prod never by push", NULL},
        {"prod never by hand", NULL},
        {"dev-int never by push", "push to main → dev-int with 0 approvals"},
        {"active never by hand", "deploy by hand main → active with 0 approvals"},
        {"prod never by rollback", "roll back prod to it later with 2 approvals"},
        {"prod never by self-approval", NULL},
        {"prod waits 30m", NULL},
        {"prod waits 15m", NULL},
        {"prod waits 31m", "promote staging → prod with 2 approvals"},
        {"active waits 1s", "deploy by hand main → active with 0 approvals"},
        {"prod soaks 1h", NULL},
        {"prod soaks 2h", "promote staging → prod with 2 approvals"},
        {"prod passes staging", NULL},
        {"prod passes staging and active", NULL},
        {"prod passes uat", "promote staging → prod with 2 approvals"},
        {"nobody promotes alone to prod", NULL},
        {"nobody promotes alone to uat", NULL},
        {"nobody promotes alone to active", "deploy by hand main → active with 0 approvals"},
        {"Nobody promotes alone to dev-int", "push to main → dev-int with 0 approvals"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model m;
        struct found found;
        make_standard(&m);
        m.asserts[0] = cases[i].claim;
        bool holds = prove(&m, &found);
        const struct prove_finding *last = &found.items[found.count - 1];
        assert_string_equal("assert", last->code);
        assert_string_equal(cases[i].claim, last->claim);
        const char *end = cases[i].counterexample != NULL ? cases[i].counterexample : "";
        size_t skip = strlen(last->counterexample) - strlen(end);
        if (holds != (cases[i].counterexample == NULL) ||
            strlen(last->counterexample) < strlen(end) ||
            strcmp(last->counterexample + skip, end) != 0)
            fail_msg("%s: %s", cases[i].claim, last->counterexample);
    }
}

static void test_approving_ones_own_request_breaks_claims_about_it(void **state)
{
    struct model m;
    struct found found;

    (void)state;
    make_standard(&m);
    m.paths[ACTIVE_UAT].gate.approvals.self_approval = true;
    m.asserts[0] = "nobody promotes alone to uat";
    assert_false(prove(&m, &found));
    (void)find_broken(&found, "assert");
    m.asserts[0] = "uat never by self-approval";
    assert_false(prove(&m, &found));
    (void)find_broken(&found, "assert");
    m.paths[ACTIVE_UAT].gate.approvals.required = 2;
    m.environments[UAT].rollback.approvals = m.paths[ACTIVE_UAT].gate.approvals;
    m.asserts[0] = "nobody promotes alone to uat";
    assert_all_hold(&m);
}

static void test_names_of_environments_may_hold_anything(void **state)
{
    struct model m;
    struct err err = {0};

    (void)state;
    make_standard(&m);
    m.environments[UAT].name = "prod needs";
    m.environments[STAGING].name = "prod only from, and";
    m.environments[FUTURE].name = "prod passes it";
    m.paths[ACTIVE_UAT].to = m.paths[UAT_STAGING].from = "prod needs";
    m.paths[ACTIVE_STAGING].to = m.paths[UAT_STAGING].to = m.paths[STAGING_PROD].from =
        "prod only from, and";
    m.paths[DEV_INT_FUTURE].to = m.paths[FUTURE_ACTIVE].from = "prod passes it";
    m.asserts[0] = "prod needs needs 1 person";
    m.asserts[1] = "prod only from prod only from, and";
    m.asserts[2] = "prod only from, and only from active, prod needs";
    m.asserts[3] = "prod passes prod only from, and and active";
    m.asserts[4] = "nobody promotes alone to prod needs";
    assert_all_hold(&m);
    assert_false(prove_check_claim(&m.flow, "prod needs 2 people", &err));
    assert_int_equal(ERR_PARSE, err.code);
}

static void test_texts_that_claim_nothing_are_refused_with_the_forms(void **state)
{
    static const char *const texts[] = {
        "",
        "prod",
        "prod ",
        "prod is great",
        "prod needs",
        "prod needs 2",
        "prod needs people",
        "prod needs 0 people",
        "prod needs 17 people",
        "prod needs 99999999999999999999 people",
        "prod needs 2 people or so",
        "prod needs at 2 people",
        "prod only from",
        "prod only from nowhere",
        "prod only from staging,",
        "prod only from staging, nowhere",
        "prod only from staging uat",
        "prod onlyfrom staging",
        "prod never by",
        "prod never by magic",
        "prod never by self-approval ever",
        "prod waits",
        "prod waits long",
        "prod waits 0s",
        "prod waits 30m maybe",
        "prod passes",
        "prodneeds 2 people",
        "nowhere needs 2 people",
        "nobody promotes alone to",
        "nobody promotes alone to nowhere",
        "nobody promotes alone to prod today",
    };
    struct model m;

    (void)state;
    make_standard(&m);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct found found;
        struct err err = {0};
        if (prove_check_claim(&m.flow, texts[i], &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(ERR_PARSE, err.code);
        m.asserts[0] = texts[i][0] != '\0' ? texts[i] : "?";
        assert_false(prove(&m, &found));
        assert_int_equal(1, count_broken(&found));
        assert_true(prove_check_claim(&m.flow, "prod needs 2 people", &err));
    }
}

/* ---- size ---- */

/* A chain of environments in which every one may be entered from up to three before it. */
static struct flow make_chain(size_t size)
{
    static char names[FLOW_ENVIRONMENTS_MAX][16];
    static struct flow_environment environments[FLOW_ENVIRONMENTS_MAX];
    static struct flow_path paths[FLOW_PATHS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < size; i++) {
        int64_t required = i > 2 ? 2 : 0;
        snprintf(names[i], sizeof(names[i]), "env-%zu", i);
        environments[i] = (struct flow_environment){.name = names[i]};
        environments[i].rollback.approvals.required = required;
        for (size_t k = i > 3 ? i - 3 : 0; k < i; k++)
            paths[count++] = path(names[k], names[i], required);
    }
    environments[0].auto_branches = main_only;
    environments[1].manual_branches = main_and_releases;
    return (struct flow){.name = "chain",
                         .environments = environments,
                         .environments_count = size,
                         .paths = paths,
                         .paths_count = count};
}

static void test_twenty_environments_take_no_time_and_the_largest_flow_little(void **state)
{
    static const size_t sizes[] = {20, FLOW_ENVIRONMENTS_MAX};
    static struct found found;

    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        struct flow flow = make_chain(sizes[s]);
        int64_t start_ms = clock_mono_ms(&clock_system);
        found.count = 0;
        assert_true(prove_flow(&flow, collect, &found));
        int64_t took_ms = clock_mono_ms(&clock_system) - start_ms;
        print_message("%zu environments, %zu paths: %d ms\n", sizes[s], flow.paths_count,
                      (int)took_ms);
        assert_true(took_ms < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_standard_flow_keeps_what_it_promises),
        cmocka_unit_test(test_a_deployment_by_hand_around_the_gate_is_found),
        cmocka_unit_test(test_a_push_around_the_gate_is_found),
        cmocka_unit_test(test_a_rollback_weaker_than_its_promotion_is_found),
        cmocka_unit_test(test_a_rollback_that_accepts_others_is_found),
        cmocka_unit_test(test_a_path_that_skips_is_found_by_its_weaker_gate_or_by_a_claim),
        cmocka_unit_test(test_a_gate_that_nobody_can_meet_is_found),
        cmocka_unit_test(test_people_in_several_teams_count_once),
        cmocka_unit_test(test_what_no_release_reaches_and_circles_are_found),
        cmocka_unit_test(test_branches_that_two_patterns_share_are_tried),
        cmocka_unit_test(test_ways_that_no_branch_may_take_are_no_holes),
        cmocka_unit_test(test_claims_hold_or_not_as_the_flow_says),
        cmocka_unit_test(test_approving_ones_own_request_breaks_claims_about_it),
        cmocka_unit_test(test_names_of_environments_may_hold_anything),
        cmocka_unit_test(test_texts_that_claim_nothing_are_refused_with_the_forms),
        cmocka_unit_test(test_twenty_environments_take_no_time_and_the_largest_flow_little),
    };

    return cmocka_run_group_tests_name("prove", tests, NULL, NULL);
}
