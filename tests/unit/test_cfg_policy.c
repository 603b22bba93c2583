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
        {"dev-int", "main", "", "", NULL, 0},
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
    "          exclude: [ committers ], pull_request_reviews: true, valid: 1h }\n"
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
    assert_false(gate->approvals.authors_excluded);
    assert_true(gate->approvals.committers_excluded);
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

/* ---- mistakes ---- */

struct mistake {
    const char *text; /* '^' stands in front of where the problem is shown, and is taken out */
    const char *sentence;
};

/* The text without its mark; where that was, counted in characters. */
static void put_marked(struct buf *out, const char *text, int *ret_line, int *ret_column)
{
    int line = 1;
    int column = 1;

    for (; *text != '\0'; text++) {
        if (*text == '^') {
            *ret_line = line;
            *ret_column = column;
            continue;
        }
        buf_putc(out, *text);
        if (*text == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*text & 0xC0) != 0x80) {
            column++;
        }
    }
}

static void assert_problem(const char *head, const struct mistake *mistake)
{
    AUTO(buf) struct buf marked = BUF_INIT(TEXT_BYTES_MAX);
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;
    int line = 0;
    int column = 0;

    buf_printf(&marked, "%s%s", head, mistake->text);
    put_marked(&text, buf_text(&marked), &line, &column);
    if (cfg_load_text("/etc/envflow.yaml", buf_text(&text), text.len, &cfg, &problems)) {
        cfg_free(cfg);
        fail_msg("nothing was found wrong with\n%s", mistake->text);
    }
    const struct cfg_problem *first = &problems.items[0];
    if (problems.count != 1)
        fail_msg("%zu problems: %s; %s\n%s", problems.count, first->text, problems.items[1].text,
                 mistake->text);
    if (strstr(first->text, mistake->sentence) == NULL)
        fail_msg("said: %s\nnot: %s\n%s", first->text, mistake->sentence, mistake->text);
    if (first->line != line || first->column != column)
        fail_msg("at %d:%d, not %d:%d: %s\n%s", first->line, first->column, line, column,
                 first->text, mistake->text);
}

#define PATHS "    promotions:\n"

static void test_a_path_that_leads_nowhere_is_a_mistake(void **state)
{
    static const struct mistake mistakes[] = {
        {PATHS "      ^dev-int->uta: {}\n", "there is no environment 'uta'; did you mean 'uat'?"},
        {PATHS "      ^dev-imt->a: {}\n", "'dev-imt'; did you mean 'dev-int'?"},
        {PATHS "      ^dev-int->nirvana: {}\n",
         "dev-int→nirvana: there is no environment 'nirvana' under flows.f.environments"},
        {PATHS "      ^dev-int->dev-int: {}\n", "a promotion leads to another environment"},
        {PATHS "      dev-int->a: {}\n      a->b: {}\n      ^b->a: {}\n",
         "b→a closes a circle: a→b→a; a release only moves forward"},
        {PATHS "      dev-int->a: {}\n      a->b: {}\n      b->c: {}\n      ^c->dev-int: {}\n",
         "c→dev-int closes a circle: dev-int→a→b→c→dev-int"},
        {PATHS "      dev-int->a: {}\n      ^dev-int → a: {}\n",
         "'dev-int→a' is given twice, first on line 7"},
        {PATHS "      dev-int->a: {}\n      ^dev-int->A: {}\n", "case does not count"},
        {PATHS "      ^a->b: {}\n", "a→b: nothing ever gets to a; give it auto: or manual:"},
        {PATHS "      ^dev-int: {}\n", "'dev-int' is no promotion"},
        {PATHS "      ^dev-int->a->b: {}\n", "is no promotion"},
        {PATHS "      ^'->a': {}\n", "is no promotion"},
        {PATHS "      ^'a→ ': {}\n", "is no promotion"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD ENVIRONMENTS, &mistakes[i]);
}

#define APPROVALS(text)                                                                            \
    PATHS "      dev-int->a:\n"                                                                    \
          "        approvals: " text "\n"
#define TEAMS(text) "teams: " text "\n"

static void test_approvals_that_nobody_could_give_are_a_mistake(void **state)
{
    static const struct mistake mistakes[] = {
        {APPROVALS("{ required: ^17 }"), "17 is out of range: 0 to 16"},
        {APPROVALS("{ required: ^3, reviewers: [ octocat, hubot ] }"),
         "dev-int→a asks for 3 people, and its reviewers are 2: name more, or require fewer"},
        {APPROVALS("{ required: ^2, reviewers: [ acme/sre, zoe ] }") TEAMS("{ acme/sre: [ zoe ] }"),
         "asks for 2 people, and its reviewers are 1"},
        {APPROVALS("{ required: 1, reviewers: ^[ { team: acme/sre, min: 2 } ] }")
             TEAMS("{ acme/sre: [ zoe, mona ] }"),
         "the teams of dev-int→a must fill 2 seats, and only 1 approvals are required"},
        {APPROVALS("{ required: 3, reviewers: ^[ { team: acme/sre, min: 2 }, { team: acme/qa, min: "
                   "2 }, a1, a2 ] }") TEAMS("{ acme/sre: [ zoe, mona ], acme/qa: [ c, d ] }"),
         "must fill 4 seats, and only 3"},
        {APPROVALS("{ required: 2, reviewers: [ ^{ team: acme/sre, min: 2 }, x, y ] }")
             TEAMS("{ acme/sre: [ zoe ] }"),
         "acme/sre must fill 2 seats and has 1 members"},
        {APPROVALS("{ required: 1, reviewers: [ ^acme/sre ] }"),
         "nobody says who is in acme/sre; write teams: { acme/sre: [ octocat, hubot ] } at the top "
         "level"},
        {APPROVALS("{ required: 1, reviewers: [ ^acme/sr ] }") TEAMS("{ acme/sre: [ zoe ] }"),
         "nobody says who is in acme/sr; did you mean acme/sre?"},
        {APPROVALS("{ required: 1, reviewers: [ zoe, ^Zoe ] }"), "Zoe stands in this list twice"},
        {APPROVALS("{ reviewers: [ { team: ^zoe } ] }"), "'zoe' is no team"},
        {APPROVALS("{ reviewers: [ ^{ min: 1 } ] }"), "a minimum is that of a team"},
        {APPROVALS("{ exclude: [ ^autors ] }"), "'autors'; did you mean 'authors'?"},
        {APPROVALS("{ exclude: ^authors }"), "expected a list such as [ authors"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD ENVIRONMENTS, &mistakes[i]);
}

static void test_a_requester_who_is_needed_as_reviewer_is_a_mistake(void **state)
{
    static const struct mistake mistake = {
        "    environments: { s: { manual: [ main ] }, t: { requesters: [ acme/sre, zoe ] } }\n"
        "    promotions: { s->t: { approvals: { required: ^2, reviewers: [ zoe, mona ] } } }\n"
        "teams: { acme/sre: [ mona ] }\n",
        "asks for 2 people besides the one who asked, and all who may ask are among"};
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
    assert_problem(HEAD "flows:\n  f:\n", &mistake);
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        cfg_free(load(fine[i]));
}

static void test_a_person_is_one_login_with_one_id(void **state)
{
    static const struct mistake mistakes[] = {
        {TEAMS("{ a/b: [ ^octocat#1, x ], a/c: [ Octocat#2 ] }"),
         "'octocat' has the id 1 here and 2 elsewhere"},
        {TEAMS("{ a/b: [ ^octocat#1 ], a/c: [ hubot#1 ] }"),
         "the id 1 is that of 'hubot' elsewhere and of 'octocat' here"},
        {TEAMS("{ a/b: [ ^octocat#0 ] }"), "no account has an id that begins with 0"},
        {TEAMS("{ a/b: [ ^octocat#x ] }"), "behind 'octocat#' stands the numeric id"},
        {TEAMS("{ a/b: [ ^'octocat#' ] }"), "behind 'octocat#' stands the numeric id"},
        {TEAMS("{ a/b: [ ^octocat#9999999999999999999 ] }"), "stands the numeric id"},
        {TEAMS("{ a/b: [ ^'@octocat' ] }"), "write 'octocat' without the @"},
        {TEAMS("{ a/b: [ ^'dependabot[bot]' ] }"), "is a bot; only people count"},
        {TEAMS("{ a/b: [ ^a/c ] }"), "'a/c' is no login"},
        {TEAMS("{ a/b: [ ^'' ] }"), "'' is no login"},
        {TEAMS("{ a/b: [ octocat, x, ^OctoCat ] }"), "OctoCat is in a/b twice"},
        {TEAMS("{ a/b: ^[] }"), "0 are too few"},
        {TEAMS("{ a/b: ^{} }"), "a team needs members"},
        {TEAMS("{ a/b: ^octocat }"), "expected a list of logins"},
        {TEAMS("{ ^sre: [ octocat ] }"), "'sre' is no team: its organization, / and its name"},
        {TEAMS("{ a/b: [ x ], ^A/B: [ y ] }"), "case does not count"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        assert_problem(HEAD ENVIRONMENTS, &mistakes[i]);
    }
}

#define TWO(target)                                                                                \
    "    environments:\n"                                                                          \
    "      s: { manual: [ main ] }\n"                                                              \
    "      t: { " target " }\n"                                                                    \
    "    promotions: { s->t: { approvals: { required: 2, reviewers: [ zoe, mona, x ],\n"           \
    "      exclude: [ authors ] }, wait: 5m } }\n"

static void test_a_rollback_is_never_weaker_than_its_promotion(void **state)
{
    static const struct mistake mistakes[] = {
        {TWO("rollback: { approvals: { required: ^1 } }"), "required: fewer people"},
        {TWO("rollback: { approvals: { reviewers: ^[ zoe, mona, evil ] } }"),
         "a rollback of t would be weaker than s→t and a way around it, by reviewers: people who "
         "may not approve that"},
        {TWO("rollback: { approvals: { reviewers: ^[] } }"), "by reviewers"},
        {TWO("rollback: { approvals: { self_approval: ^true } }"), "by self_approval"},
        {TWO("rollback: { approvals: { exclude: ^[ committers ] } }"), "by exclude"},
        {TWO("rollback: { approvals: { pull_request_reviews: ^true } }"),
         "by pull_request_reviews"},
        {TWO("rollback: { approvals: { required: ^4 } }"),
         "a rollback of t asks for 4 people, and its reviewers are 3"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD "flows:\n  f:\n", &mistakes[i]);
}

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
        {"{ required: 1 }", "{ required: 1, exclude: [ committers ] }"},
        {"{ required: 1, pull_request_reviews: true }", "{ required: 1 }"},
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
            const struct flow_approvals *got = &environment_of(cfg, "c")->rollback.approvals;
            const struct flow_approvals *expected =
                &path_of(cfg, turn == 0 ? "b" : "a", "c")->gate.approvals;
            if (memcmp(got, expected, offsetof(struct flow_approvals, valid_ms)) != 0)
                fail_msg("case %zu, turn %d", i, turn);
        }
    }
}

#define CHECK(text) "    environments: { x: { manual: [ main ], verify: [ " text " ] } }\n"

static void test_a_check_is_one_http_or_one_command(void **state)
{
    static const struct mistake mistakes[] = {
        {CHECK("^{ name: x }"), "expected either http: or command:, found neither"},
        {CHECK("^{ http: http://a, command: [ b ] }"), "found both"},
        {CHECK("{ command: [ b ], ^status: 200 }"), "status: belongs to http"},
        {CHECK("{ command: [ b ], ^match: x }"), "match: belongs to http"},
        {CHECK("{ http: http://a }, ^{ name: http 1, http: http://b }"),
         "there are two of the name 'http 1' in this list"},
        {CHECK("{ http: ^ftp://a }"), "'ftp://a' does not begin with https:// or http://"},
        {CHECK("{ http: ^http://user:secret@a/ }"),
         "a URL here has no user or password in front of its host"},
        {CHECK("{ http: ^http:// }"), "is no URL"},
        {CHECK("{ http: ^http:///x }"), "is no URL"},
        {CHECK("{ http: ^'http://a b' }"), "is no URL"},
        {CHECK("{ http: ^'http://a/b c' }"), "is no URL"},
        {CHECK("{ http: ^\"http://a/\\t\" }"), "is no URL"},
        {CHECK("{ http: ^'http://a/#x' }"), "is no URL"},
        {CHECK("{ http: ^'http://a\\b/' }"), "is no URL"},
        {CHECK("{ http: ^'http://a/ü' }"), "is no URL"},
        {CHECK("{ http: ^http://a:/x }"), "is no URL"},
        {CHECK("{ http: ^http://a:123456/x }"), "is no URL"},
        {CHECK("{ http: ^'http://[::1/x' }"), "is no URL"},
        {CHECK("{ http: http://a, status: ^99 }"), "99 is out of range: 100 to 599"},
        {CHECK("{ http: http://a, match: ^'' }"), "expected up to 255 bytes of text"},
        {"    environments: { x: { verify: ^{ http: http://a } } }\n",
         "expected a list of maps, such as [ { name"},
        {"    environments: { x: { verify: [ ^http://a ] } }\n",
         "expected a map of keys and values"},
        {"    environments: { x: { health: ^{ every: 1m } } }\n", "found neither"},
        {"    environments: { x: { health: ^http://a } }\n", "expected a map of keys"},
        {"    environments: { x: { health: { command: [ a ], ^status: 200 } } }\n",
         "status: belongs to http"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD "flows:\n  f:\n", &mistakes[i]);
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

#define FREEZE(text) "    freezes: [ " text " ]\n"

static void test_a_freeze_closes_something_and_opens_again(void **state)
{
    static const struct mistake mistakes[] = {
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00, environments: ^[ uta ] }"),
         "n: there is no environment 'uta'; did you mean 'uat'?"},
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00, environments: ^[] }"),
         "the list is empty"},
        {FREEZE("^{ name: n, from: Fri 16:00, to: Fri 16:00 }"), "means always or never"},
        {FREEZE("^{ name: n, from: 2026-12-20, to: 2026-12-20 }"), "it ends before it begins"},
        {FREEZE("^{ name: n, from: 2026-12-20 08:01, to: 2026-12-20 08:00 }"),
         "it ends before it begins"},
        {FREEZE("^{ name: n, from: 2026-12-20, to: 2025-12-21 }"), "it ends before it begins"},
        {FREEZE("^{ name: n, from: Fri 16:00, to: 2026-12-20 }"), "are of two kinds"},
        {FREEZE("^{ name: n, from: Fri 16:00 }"), "a freeze needs from: and to:"},
        {FREEZE("^{ name: n, to: Fri 16:00 }"), "a freeze needs from: and to:"},
        {FREEZE("{ name: n, from: Fri 16:00, to: ^nonsense }"), "nonsense"},
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00, zone: ^Europe/Berlim }"),
         "there is no time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?"},
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00, zone: ^nowhere at all }"),
         "there is no time zone 'nowhere at all': UTC, or a name"},
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00, rollbacks: ^pas }"),
         "expected one of pass, hold, found 'pas'; did you mean 'pass'?"},
        {"    freezes: [ ^{ from: Fri 16:00, to: Mon 08:00 } ]\n", "a freeze needs a name"},
        {FREEZE("{ name: n, from: Fri 16:00, to: Mon 08:00 }, ^{ name: N, from: Fri 16:00, to: Mon "
                "08:00 }"),
         "there are two of the name 'N'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD ENVIRONMENTS, &mistakes[i]);
}

static void test_approval_environments_tell_environments_apart(void **state)
{
    static const struct mistake mistakes[] = {
        {"    environments:\n"
         "      s: { manual: [ main ], approval_environment: ask }\n"
         "      t: { approval_environment: ^Ask }\n",
         "s and t share the approval environment 'Ask'"},
        {"    environments:\n"
         "      s: { manual: [ main ] }\n"
         "      t: { approval_environment: ^'' }\n",
         "is no name of an environment"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD "flows:\n  f:\n", &mistakes[i]);
}

static void test_a_name_that_leaves_no_room_for_its_approval_environment_is_a_mistake(void **state)
{
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    struct mistake mistake = {.sentence = "give approval_environment"};
    char name[238];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    buf_printf(&text,
               "    environments:\n"
               "      s: { manual: [ main ] }\n"
               "      ^%s: {}\n"
               "    promotions: { s->%s: { approvals: { required: 1 } } }\n",
               name, name);
    mistake.text = buf_text(&text);
    assert_problem(HEAD "flows:\n  f:\n", &mistake);
}

/* ---- bounds ---- */

/* A text that grows: '@' in `each` is the number of the element. */
struct bound {
    const char *before, *each, *behind;
    size_t max;
    const char *sentence;
};

static bool loads_with(const struct bound *bound, size_t count, struct cfg_problems *problems)
{
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    AUTO(cfg) struct cfg *cfg = NULL;

    buf_puts(&text, bound->before);
    for (size_t i = 0; i < count; i++) {
        const char *at = strchr(bound->each, '@');
        buf_printf(&text, "%s%.*s%zu%s", i > 0 ? ", " : "", (int)(at - bound->each), bound->each, i,
                   at + 1);
    }
    buf_puts(&text, bound->behind);
    return cfg_load_text("/etc/envflow.yaml", buf_text(&text), text.len, &cfg, problems);
}

static void test_every_list_takes_its_maximum_and_no_more(void **state)
{
    static const struct bound bounds[] = {
        {HEAD "flows: { f: { environments: { ", "e@: {}", " } } }\n", FLOW_ENVIRONMENTS_MAX,
         "65 entries are too many: 64 at most"},
        {HEAD ENVIRONMENTS "    promotions: { dev-int->a: { approvals: { reviewers: [ ", "p@",
         " ] } } }\n", FLOW_REVIEWERS_MAX, "33 are too many: 0 to 32"},
        {HEAD "flows: { f: { environments: { a: { requesters: [ ", "p@", " ] } } } }\n",
         FLOW_REVIEWERS_MAX, "33 are too many: 0 to 32"},
        {HEAD "flows: { f: { environments: { a: { verify: [ ", "{ command: [ c@ ] }",
         " ] } } } }\n", FLOW_CHECKS_MAX, "17 entries are too many: 16 at most"},
        {HEAD ENVIRONMENTS "    promotions: { dev-int->a: { checks: [ ", "{ command: [ c@ ] }",
         " ] } }\n", FLOW_CHECKS_MAX, "17 entries are too many: 16 at most"},
        {HEAD ENVIRONMENTS "teams: { a/b: [ ", "p@", " ] }\n", 1000,
         "1001 are too many: 1 to 1000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        struct cfg_problems problems;
        if (!loads_with(&bounds[i], bounds[i].max, &problems))
            fail_msg("%s", problems.items[0].text);
        assert_false(loads_with(&bounds[i], bounds[i].max + 1, &problems));
        if (strstr(problems.items[0].text, bounds[i].sentence) == NULL)
            fail_msg("%s", problems.items[0].text);
    }
}

/* The first `count` promotions forward among 24 environments in a row. */
static bool loads_paths(size_t count, struct cfg_problems *problems)
{
    AUTO(buf) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    AUTO(cfg) struct cfg *cfg = NULL;

    buf_puts(&text, HEAD "flows: { f: { environments: { e0: { manual: [ main ] }");
    for (int i = 1; i < 24; i++)
        buf_printf(&text, ", e%d: {}", i);
    buf_puts(&text, " }, promotions: { e0->e1: {}");
    for (int i = 0; i < 24; i++) {
        for (int k = i + 1; k < 24; k++) {
            if (k > 1 && --count > 0)
                buf_printf(&text, ", e%d->e%d: {}", i, k);
            if (count == 0)
                count = 1;
        }
    }
    buf_puts(&text, " } } }\n");
    return cfg_load_text("/etc/envflow.yaml", buf_text(&text), text.len, &cfg, problems);
}

static void test_a_flow_has_256_promotions_and_no_more(void **state)
{
    struct cfg_problems problems;

    (void)state;
    if (!loads_paths(FLOW_PATHS_MAX, &problems))
        fail_msg("%s", problems.items[0].text);
    assert_false(loads_paths(FLOW_PATHS_MAX + 1, &problems));
    assert_non_null(strstr(problems.items[0].text, "257 entries are too many: 256 at most"));
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
    assert_string_equal(environment_of(cfg, "t")->rollback.policy[0] != '\0' ? "is" : "is not",
                        "is");
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
        cmocka_unit_test(test_a_path_that_leads_nowhere_is_a_mistake),
        cmocka_unit_test(test_approvals_that_nobody_could_give_are_a_mistake),
        cmocka_unit_test(test_a_requester_who_is_needed_as_reviewer_is_a_mistake),
        cmocka_unit_test(test_a_person_is_one_login_with_one_id),
        cmocka_unit_test(test_a_rollback_is_never_weaker_than_its_promotion),
        cmocka_unit_test(test_a_rollback_takes_what_the_strictest_promotion_takes),
        cmocka_unit_test(test_strictness_is_compared_in_one_order),
        cmocka_unit_test(test_a_check_is_one_http_or_one_command),
        cmocka_unit_test(test_hosts_and_paths_of_every_valid_form_are_urls),
        cmocka_unit_test(test_a_freeze_closes_something_and_opens_again),
        cmocka_unit_test(test_approval_environments_tell_environments_apart),
        cmocka_unit_test(test_a_name_that_leaves_no_room_for_its_approval_environment_is_a_mistake),
        cmocka_unit_test(test_every_list_takes_its_maximum_and_no_more),
        cmocka_unit_test(test_a_flow_has_256_promotions_and_no_more),
        cmocka_unit_test(test_a_policy_is_another_when_other_people_may_approve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
