/* Who may take what where, as envflow.yaml says it: the graph that comes out, and each mistake with
 * its place and a sentence. */
#include "support/test.h"

#include <jansson.h>
#include <string.h>

#include "cfg/cfg.h"

DEFINE_AUTO(cfg, struct cfg, cfg_free);

#define TEXT_BYTES_MAX ((size_t)1 << 20)

/* Two lines in front of what a case says; the flow `f` is the one that is followed. */
#define HEAD                                                                                       \
    "webhook: { secrets: [ { file: ./secret } ] }\n"                                               \
    "repositories: { acme/shop: f }\n"

/* dev-int, which people feed, and others. */
#define ENVIRONMENTS                                                                               \
    "flows:\n"                                                                                     \
    "  f:\n"                                                                                       \
    "    environments: { dev-int: { manual: [ main ] }, a: {}, b: {}, c: {}, uat: {} }\n"

#define TEAMS(text) "teams: " text "\n"

#define TWO(target)                                                                                \
    "    environments:\n"                                                                          \
    "      s: { manual: [ main ] }\n"                                                              \
    "      t: { " target " }\n"                                                                    \
    "    promotions: { s->t: { approvals: { required: 2, reviewers: [ zoe, mona, x ],\n"           \
    "      exclude: [ authors ] }, wait: 5m } }\n"

static struct cfg *load(const char *text)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (!cfg_load_text("/etc/envflow/envflow.yaml", text, strlen(text), &cfg, &problems))
        fail_msg("%d:%d: %s\n%s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text, text);
    return cfg;
}

static const struct flow *first_flow(const struct cfg *cfg)
{
    return &cfg->graph.flows[cfg->graph.flows_count - 1];
}

static const struct flow_path *path_of(const struct cfg *cfg, const char *from, const char *to)
{
    const struct flow_path *path = graph_find_path(first_flow(cfg), from, to);

    assert_non_null(path);
    return path;
}

static const struct flow_environment *environment_of(const struct cfg *cfg, const char *name)
{
    const struct flow_environment *environment = graph_find_environment(first_flow(cfg), name);

    assert_non_null(environment);
    return environment;
}

static void assert_texts(const char *const *texts, const char *expected)
{
    AUTO(buf) struct buf joined = BUF_INIT(TEXT_BYTES_MAX);

    for (; texts != NULL && *texts != NULL; texts++)
        buf_printf(&joined, "%s%s", joined.len > 0 ? " " : "", *texts);
    assert_string_equal(buf_text(&joined), expected);
}

/* ---- the built-in flow ---- */

static void test_the_flow_that_nobody_writes_is_the_one_people_ask_for(void **state)
{
    static const struct {
        const char *name, *automatic, *manual, *branches, *approval;
        int rollback;
    } environments[] = {
        {"dev-int", "main", "main", "", NULL, 0},
        {"future", "", "main release/*", "main release/*", NULL, 0},
        {"active", "", "main release/*", "main release/*", NULL, 0},
        {"uat", "", "", "", "promotion-approval-uat", 1},
        {"staging", "", "", "", "promotion-approval-staging", 1},
        {"prod", "", "", "main release/*", "promotion-approval-prod", 2},
    };
    static const struct {
        const char *name, *from, *to;
        int required;
    } paths[] = {
        {"dev-int→future", "dev-int", "future", 0}, {"dev-int→active", "dev-int", "active", 0},
        {"future→active", "future", "active", 0},   {"active→uat", "active", "uat", 1},
        {"active→staging", "active", "staging", 1}, {"uat→staging", "uat", "staging", 1},
        {"staging→prod", "staging", "prod", 2},
    };
    AUTO(cfg)
    struct cfg *cfg = load("webhook: { secrets: [ { file: ./secret } ] }\n"
                           "repositories: { acme/shop: standard }\n"
                           "flows: { standard: { environments: { dev-int: { deploy: { command: [ d "
                           "] } } } } }\n");
    const struct flow *flow = first_flow(cfg);

    (void)state;
    assert_int_equal(flow->environments_count, ARRAY_LEN(environments));
    for (size_t i = 0; i < ARRAY_LEN(environments); i++) {
        const struct flow_environment *environment = &flow->environments[i];
        assert_string_equal(environment->name, environments[i].name);
        assert_texts(environment->auto_branches, environments[i].automatic);
        assert_texts(environment->manual_branches, environments[i].manual);
        assert_texts(environment->branches, environments[i].branches);
        assert_int_equal(environment->rollback.approvals.required, environments[i].rollback);
        if (environments[i].approval == NULL)
            assert_null(environment->approval_environment);
        else
            assert_string_equal(environment->approval_environment, environments[i].approval);
    }
    assert_int_equal(flow->paths_count, ARRAY_LEN(paths));
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        const struct flow_path *path = &flow->paths[i];
        assert_string_equal(path->name, paths[i].name);
        assert_string_equal(path->from, paths[i].from);
        assert_string_equal(path->to, paths[i].to);
        assert_int_equal(path->gate.approvals.required, paths[i].required);
        assert_false(path->gate.approvals.self_approval);
        assert_int_equal(path->gate.expires_ms, 7 * INT64_C(86400000));
        assert_int_equal(path->gate.wait_ms, 0);
    }
    assert_true(graph_matches_branch(flow->release_branches, "release/v1.2.3"));
    assert_true(graph_matches_branch(flow->release_branches, "release/2025-01-03"));
    assert_false(graph_matches_branch(flow->release_branches, "main"));
    assert_false(graph_matches_branch(flow->release_branches, "release/v1/x"));
}

static void test_what_is_written_for_standard_comes_on_top_key_by_key(void **state)
{
    AUTO(cfg)
    struct cfg *cfg = load("webhook: { secrets: [ { file: ./secret } ] }\n"
                           "repositories: { acme/shop: standard }\n"
                           "flows:\n"
                           "  standard:\n"
                           "    environments:\n"
                           "      dev-int: { deploy: { command: [ d ] } }\n"
                           "      extra: {}\n"
                           "    promotions:\n"
                           "      staging -> prod: { wait: 30m }\n"
                           "      active→extra: {}\n");
    const struct flow_path *path = path_of(cfg, "staging", "prod");

    (void)state;
    assert_int_equal(path->gate.wait_ms, 1800000);
    assert_int_equal(path->gate.approvals.required, 2);
    assert_int_equal(first_flow(cfg)->paths_count, 8);
    assert_int_equal(first_flow(cfg)->environments_count, 7);
    assert_string_equal(first_flow(cfg)->paths[7].name, "active→extra");
    assert_texts(environment_of(cfg, "dev-int")->auto_branches, "main");
}

/* ---- every key ---- */

static const char everything[] = HEAD
    "teams:\n"
    "  acme/sre: [ octocat#583231, hubot ]\n"
    "  acme/qa: { members: [ mona ] }\n"
    "flows:\n"
    "  f:\n"
    "    environments:\n"
    "      src: { auto: [ main ], deploy: { command: [ ./d ] }, manual: [ hotfix/* ] }\n"
    "      dst:\n"
    "        branches: [ main ]\n"
    "        requesters: [ acme/sre, zoe ]\n"
    "        verify:\n"
    "          - { http: 'https://shop.example/x?y=1', status: 204, match: ready, timeout: 2s,\n"
    "              interval: 3s, for: 4s, within: 5s, name: up }\n"
    "          - { command: [ ./check.sh, 'a b' ] }\n"
    "        on_unverified: rollback\n"
    "        health: { command: [ probe ], every: 30s, timeout: 1s }\n"
    "        rollback: { approvals: { required: 3 }, wait: 1m }\n"
    "        approval_environment: ask\n"
    "        bypass: fail\n"
    "    promotions:\n"
    "      src->dst:\n"
    "        approvals: { required: 2, reviewers: [ acme/sre, Octocat, mona#7,\n"
    "          { team: acme/qa, min: 1 } ], self_approval: true,\n"
    "          exclude: [ authors ], pull_request_reviews: true, valid: 1h }\n"
    "        wait: 30m\n"
    "        soak: 10m\n"
    "        expires: 2d\n"
    "        checks: [ { http: http://127.0.0.1:81 } ]\n"
    "    freezes:\n"
    "      - { name: weekend, environments: [ dst ], from: Fri 16:00, to: Mon 08:00,\n"
    "          zone: Europe/Berlin, rollbacks: hold }\n"
    "      - { name: holidays, from: 2026-12-20, to: 2027-01-02 06:30 }\n"
    "    releases: [ rel/** ]\n"
    "    assert: [ dst needs 2 people ]\n";

static void check_environment(const struct flow_environment *environment)
{
    const struct flow_check *check = &environment->verify.items[0];

    assert_int_equal(environment->requesters.count, 2);
    assert_string_equal(environment->requesters.items[0].team->name, "acme/sre");
    assert_string_equal(environment->requesters.items[1].person.login, "zoe");
    assert_int_equal(environment->verify.count, 2);
    assert_string_equal(check->name, "up");
    assert_string_equal(check->url, "https://shop.example/x?y=1");
    assert_int_equal(check->status, 204);
    assert_string_equal(check->match, "ready");
    assert_null(check->argv);
    assert_int_equal(check->timeout_ms, 2000);
    assert_int_equal(check->interval_ms, 3000);
    assert_int_equal(check->for_ms, 4000);
    assert_int_equal(check->within_ms, 5000);
    assert_string_equal(check[1].name, "command 2");
    assert_null(check[1].url);
    assert_texts(check[1].argv, "/etc/envflow/check.sh a b");
    assert_int_equal(environment->on_unverified, FLOW_ROLL_BACK);
    assert_texts(environment->health.argv, "probe");
    assert_string_equal(environment->health.name, "health");
    assert_int_equal(environment->health.timeout_ms, 1000);
    assert_int_equal(environment->health_every_ms, 30000);
    assert_string_equal(environment->approval_environment, "ask");
    assert_int_equal(environment->bypass, FLOW_BYPASS_FAIL);
}

static void check_gate(const struct flow_gate *gate)
{
    const struct flow_party *reviewers = gate->approvals.reviewers.items;

    assert_int_equal(gate->approvals.required, 2);
    assert_int_equal(gate->approvals.reviewers.count, 4);
    assert_string_equal(reviewers[0].name, "acme/sre");
    assert_null(reviewers[0].person.login);
    assert_int_equal(reviewers[0].team->members_count, 2);
    assert_string_equal(reviewers[1].person.login, "Octocat");
    assert_null(reviewers[1].team);
    assert_int_equal(reviewers[1].person.id, 583231); /* tied in the team */
    assert_int_equal(reviewers[2].person.id, 7);
    assert_int_equal(reviewers[3].seats_min, 1);
    assert_int_equal(reviewers[3].team->members[0].id, 7); /* tied in this list */
    assert_true(gate->approvals.self_approval);
    assert_true(gate->approvals.authors_excluded);
    assert_false(gate->approvals.committers_excluded);
    assert_true(gate->approvals.pull_request_reviews);
    assert_int_equal(gate->approvals.valid_ms, 3600000);
    assert_int_equal(gate->wait_ms, 1800000);
    assert_int_equal(gate->soak_ms, 600000);
    assert_int_equal(gate->expires_ms, 172800000);
    assert_int_equal(gate->checks.count, 1);
    assert_string_equal(gate->checks.items[0].name, "http 1");
    assert_int_equal(gate->checks.items[0].status, 200);
}

static void test_every_key_reaches_the_graph(void **state)
{
    AUTO(cfg) struct cfg *cfg = load(everything);
    const struct flow *flow = first_flow(cfg);

    (void)state;
    assert_texts(environment_of(cfg, "src")->manual_branches, "hotfix/*");
    assert_texts(environment_of(cfg, "dst")->branches, "main");
    check_environment(environment_of(cfg, "dst"));
    check_gate(&path_of(cfg, "src", "dst")->gate);
    assert_int_equal(flow->windows_count, 2);
    assert_string_equal(flow->windows[0].name, "weekend");
    assert_texts(flow->windows[0].environments, "dst");
    assert_true(flow->windows[0].from.is_weekly);
    assert_int_equal(flow->windows[0].to.minute_of_week, 480);
    assert_string_equal(zone_name(flow->windows[0].zone), "Europe/Berlin");
    assert_true(flow->windows[0].holds_rollbacks);
    assert_null(flow->windows[1].environments);
    assert_string_equal(zone_name(flow->windows[1].zone), "UTC");
    assert_int_equal(flow->windows[1].to.once.minute, 30);
    assert_false(flow->windows[1].holds_rollbacks);
    assert_texts(flow->release_branches, "rel/**");
    assert_texts(flow->asserts, "dst needs 2 people");
}

static void test_what_show_prints_loads_again_to_the_same(void **state)
{
    AUTO(cfg) struct cfg *cfg = load(everything);
    AUTO(buf) struct buf shown = BUF_INIT(TEXT_BYTES_MAX);
    AUTO(buf) struct buf again = BUF_INIT(TEXT_BYTES_MAX);

    (void)state;
    cfg_show(cfg, &shown);
    AUTO(cfg) struct cfg *reloaded = load(buf_text(&shown));
    cfg_show(reloaded, &again);
    assert_string_equal(buf_text(&again), buf_text(&shown));
    for (size_t i = 0; i < first_flow(cfg)->paths_count; i++)
        assert_string_equal(first_flow(reloaded)->paths[i].gate.policy,
                            first_flow(cfg)->paths[i].gate.policy);
    for (size_t i = 0; i < first_flow(cfg)->environments_count; i++)
        assert_string_equal(first_flow(reloaded)->environments[i].rollback.policy,
                            first_flow(cfg)->environments[i].rollback.policy);
    check_environment(environment_of(reloaded, "dst"));
    check_gate(&path_of(reloaded, "src", "dst")->gate);
}

static void test_the_schema_is_json_and_the_manual_has_every_section(void **state)
{
    static const char *const sections[] = {
        "## `teams`",
        "## `flows.<flow>.promotions`",
        "## `flows.<flow>.promotions.<from>→<to>.approvals`",
        "## `flows.<flow>.environments.<environment>.verify`",
        "## `flows.<flow>.environments.<environment>.health`",
        "## `flows.<flow>.environments.<environment>.rollback.approvals`",
        "## `flows.<flow>.freezes`",
    };
    AUTO(buf) struct buf schema = BUF_INIT(TEXT_BYTES_MAX);
    AUTO(buf) struct buf manual = BUF_INIT(TEXT_BYTES_MAX);
    json_error_t where;

    (void)state;
    cfg_schema(&schema);
    json_t *tree = json_loads(buf_text(&schema), 0, &where);
    assert_non_null(tree);
    json_decref(tree);
    cfg_document(&manual);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (strstr(buf_text(&manual), sections[i]) == NULL)
            fail_msg("the manual lacks %s", sections[i]);
    }
}

static void test_a_requester_who_is_not_needed_as_reviewer_is_none(void **state)
{
    static const char *const fine[] = {
        HEAD "flows:\n  f:\n"
             "    environments: { s: { manual: [ main ] }, t: { requesters: [ zoe, someone ] } }\n"
             "    promotions: { s->t: { approvals: { required: 2, reviewers: [ zoe, mona ] } } }\n",
        HEAD "flows:\n  f:\n"
             "    environments: { s: { manual: [ main ] }, t: { requesters: [ zoe ] } }\n"
             "    promotions: { s->t: { approvals: { required: 2, reviewers: [ zoe, mona ],\n"
             "      self_approval: true } } }\n",
        HEAD
        "flows:\n  f:\n"
        "    environments: { s: { manual: [ main ] }, t: { requesters: [ zoe ] } }\n"
        "    promotions: { s->t: { approvals: { required: 2, reviewers: [ zoe, mona, x ] } } }\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        cfg_free(load(fine[i]));
}

static void test_hosts_and_paths_of_every_valid_form_are_urls(void **state)
{
    static const char *const urls[] = {
        "http://a",
        "https://shop.example:8443/a/b?c=d&e=%20",
        "http://127.0.0.1?x",
        "http://[::1]:8080/",
        "https://a_b.internal/@at",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
        buf_printf(&text,
                   HEAD "flows: { f: { environments: { x: { health: { http: '%s' } } } } }\n",
                   urls[i]);
        AUTO(cfg) struct cfg *cfg = load(buf_text(&text));
        assert_string_equal(environment_of(cfg, "x")->health.url, urls[i]);
    }
}

/* ---- rollbacks ---- */

static void test_a_rollback_takes_what_the_strictest_promotion_takes(void **state)
{
    AUTO(cfg)
    struct cfg *cfg = load(
        HEAD ENVIRONMENTS "    promotions:\n"
                          "      dev-int->a: { approvals: { required: 1 }, wait: 9h, soak: 1h }\n"
                          "      dev-int->b: { approvals: { required: 1 } }\n"
                          "      a->c: { approvals: { required: 1, reviewers: [ x ] }, wait: 1h }\n"
                          "      b->c: { approvals: { required: 2, exclude: [ authors ] }, wait: "
                          "2h, soak: 3h, expires: 1d, checks: [ { command: [ t ] } ] }\n");
    AUTO(cfg)
    struct cfg *given = load(HEAD "flows:\n  f:\n" TWO("rollback: { wait: 0s, approvals: "
                                                       "{ required: 3 }, checks: [ { "
                                                       "command: [ u ] } ] }"));
    const struct flow_gate *gate = &environment_of(cfg, "c")->rollback;

    (void)state;
    assert_int_equal(gate->approvals.required, 2);
    assert_int_equal(gate->approvals.reviewers.count, 0);
    assert_true(gate->approvals.authors_excluded);
    assert_int_equal(gate->wait_ms, 7200000);
    assert_int_equal(gate->expires_ms, 86400000);
    assert_int_equal(gate->soak_ms, 0); /* there is no source to soak on, or to check */
    assert_int_equal(gate->checks.count, 0);
    assert_int_equal(environment_of(cfg, "a")->rollback.wait_ms, 32400000);

    gate = &environment_of(given, "t")->rollback;
    assert_int_equal(gate->wait_ms, 0);
    assert_int_equal(gate->approvals.required, 3);
    assert_int_equal(gate->approvals.reviewers.count, 3);
    assert_true(gate->approvals.authors_excluded);
    assert_int_equal(gate->checks.count, 1);
}

/* The first promotion and the second differ in one thing; the second is the stricter one. */
static void test_strictness_is_compared_in_one_order(void **state)
{
    static const struct {
        const char *first, *second;
    } pairs[] = {
        {"{ required: 1, reviewers: [ x ] }", "{ required: 2 }"},
        {"{ required: 1, exclude: [ authors ] }", "{ required: 1, reviewers: [ x ] }"},
        {"{ required: 1, self_approval: true, exclude: [ authors ] }", "{ required: 1 }"},
        {"{ required: 1 }", "{ required: 1, exclude: [ authors ] }"},
        {"{ required: 1, pull_request_reviews: true }", "{ required: 1 }"},
        {"{ required: 1 }", "{ required: 1 }, wait: 1h"},
        {"{ required: 1, reviewers: [ t/t ] }", "{ required: 1, reviewers: [ { team: t/t } ] }"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        for (int turn = 0; turn < 2; turn++) {
            AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
            buf_printf(&text,
                       HEAD ENVIRONMENTS
                       "    promotions: { dev-int->a: {}, dev-int->b: {}, a->c: "
                       "{ approvals: %s }, b->c: { approvals: %s } }\n" TEAMS("{ t/t: [ x, y ] }"),
                       turn == 0 ? pairs[i].first : pairs[i].second,
                       turn == 0 ? pairs[i].second : pairs[i].first);
            AUTO(cfg) struct cfg *cfg = load(buf_text(&text));
            const char *expected = path_of(cfg, turn == 0 ? "b" : "a", "c")->gate.policy;
            if (strcmp(environment_of(cfg, "c")->rollback.policy, expected) != 0)
                fail_msg("case %zu, turn %d", i, turn);
        }
    }
}

/* ---- digests ---- */

/* The gate of s→t, with `text` as what promotions and teams say. */
static void read_policy(const char *text, char policy[FLOW_DIGEST_SIZE])
{
    AUTO(buf) struct buf whole = BUF_INIT(TEXT_BYTES_MAX);

    buf_printf(&whole,
               HEAD "flows:\n  f:\n"
                    "    environments: { s: { manual: [ main ] }, t: {}, u: {} }\n"
                    "    promotions: { s->t: %s\n",
               text);
    AUTO(cfg) struct cfg *cfg = load(buf_text(&whole));
    const struct flow_gate *gate = &path_of(cfg, "s", "t")->gate;
    memcpy(policy, gate->policy, FLOW_DIGEST_SIZE);
    assert_int_equal(strlen(policy), 64);
    assert_int_equal(strlen(environment_of(cfg, "t")->rollback.policy), 64);
}

#define ONE "{ approvals: { required: 1, reviewers: [ a/b, zoe ] } } }"

static void test_a_policy_is_another_when_other_people_may_approve(void **state)
{
    static const char base[] = ONE "\nteams: { a/b: [ x, y ], a/c: [ z ] }";
    static const struct {
        const char *text;
        bool is_same;
    } cases[] = {
        {base, true},
        {ONE "\nteams: { a/c: [ z ], A/B: { members: [ Y, x ] } }", true},
        {ONE "\nteams: { a/b: [ x, y ], a/c: [ z, other ] }", true},
        {ONE "\n    releases: [ r/* ]\nteams: { a/b: [ x, y ], a/c: [ z ] }", true},
        {"{ wait: 0s, expires: 168h, approvals: { required: 1, reviewers: [ A/b, Zoe ] } } }\n"
         "teams: { a/b: [ x, y ] }",
         true},
        {"{ approvals: { required: 1, reviewers: [ a/b, zoe ] } }, s->u: {} }\n"
         "teams: { a/b: [ x, y ] }",
         true},
        {ONE "\nteams: { a/b: [ x ] }", false},
        {ONE "\nteams: { a/b: [ x, y, z ] }", false},
        {ONE "\nteams: { a/b: [ x, y#5 ] }", false},
        {ONE "\nteams: { a/b: [ x, y ], a/c: [ zoe#5 ] }", false}, /* ties zoe everywhere */
        {"{ approvals: { required: 2, reviewers: [ a/b, zoe ] } } }\nteams: { a/b: [ x, y ] }",
         false},
        {"{ approvals: { required: 1, reviewers: [ zoe, a/b ] } } }\nteams: { a/b: [ x, y ] }",
         false}, /* votes remember which of the list they were */
        {"{ approvals: { required: 1, reviewers: [ { team: a/b, min: 1 }, zoe ] } } }\n"
         "teams: { a/b: [ x, y ] }",
         false},
        {"{ approvals: { required: 1, reviewers: [ a/b, zoe ], self_approval: true } } }\n"
         "teams: { a/b: [ x, y ] }",
         false},
        {"{ approvals: { required: 1, reviewers: [ a/b, zoe ], exclude: [ authors ] } } }\n"
         "teams: { a/b: [ x, y ] }",
         false},
        {"{ wait: 1s, approvals: { required: 1, reviewers: [ a/b, zoe ] } } }\n"
         "teams: { a/b: [ x, y ] }",
         false},
        {"{ soak: 1s, approvals: { required: 1, reviewers: [ a/b, zoe ] } } }\n"
         "teams: { a/b: [ x, y ] }",
         false},
        {"{ checks: [ { http: http://a } ], approvals: { required: 1, reviewers: [ a/b, zoe ] } } }"
         "\nteams: { a/b: [ x, y ] }",
         false},
    };
    char expected[FLOW_DIGEST_SIZE];
    char policy[FLOW_DIGEST_SIZE];

    (void)state;
    read_policy(base, expected);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        read_policy(cases[i].text, policy);
        if ((strcmp(policy, expected) == 0) != cases[i].is_same)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_flow_that_nobody_writes_is_the_one_people_ask_for),
        cmocka_unit_test(test_what_is_written_for_standard_comes_on_top_key_by_key),
        cmocka_unit_test(test_every_key_reaches_the_graph),
        cmocka_unit_test(test_what_show_prints_loads_again_to_the_same),
        cmocka_unit_test(test_the_schema_is_json_and_the_manual_has_every_section),
        cmocka_unit_test(test_a_requester_who_is_not_needed_as_reviewer_is_none),
        cmocka_unit_test(test_hosts_and_paths_of_every_valid_form_are_urls),
        cmocka_unit_test(test_a_rollback_takes_what_the_strictest_promotion_takes),
        cmocka_unit_test(test_strictness_is_compared_in_one_order),
        cmocka_unit_test(test_a_policy_is_another_when_other_people_may_approve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
