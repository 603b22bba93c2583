/* What no flow could mean: each mistake with its place and a sentence; and the bounds. */
#include "support/test.h"

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
        {APPROVALS("{ required: 1, exclude: ^[ authors, committers ] }"),
         "committers cannot be excluded: envflow does not know yet who committed what lies"},
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

    (void)state;
    assert_problem(HEAD "flows:\n  f:\n", &mistake);
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
        {TWO("rollback: { approvals: { exclude: ^[] } }"), "by exclude"},
        {TWO("rollback: { approvals: { pull_request_reviews: ^true } }"),
         "by pull_request_reviews"},
        {TWO("rollback: { approvals: { required: ^4 } }"),
         "a rollback of t asks for 4 people, and its reviewers are 3"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        assert_problem(HEAD "flows:\n  f:\n", &mistakes[i]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_path_that_leads_nowhere_is_a_mistake),
        cmocka_unit_test(test_approvals_that_nobody_could_give_are_a_mistake),
        cmocka_unit_test(test_a_requester_who_is_needed_as_reviewer_is_a_mistake),
        cmocka_unit_test(test_a_person_is_one_login_with_one_id),
        cmocka_unit_test(test_a_rollback_is_never_weaker_than_its_promotion),
        cmocka_unit_test(test_a_check_is_one_http_or_one_command),
        cmocka_unit_test(test_a_freeze_closes_something_and_opens_again),
        cmocka_unit_test(test_approval_environments_tell_environments_apart),
        cmocka_unit_test(test_a_name_that_leaves_no_room_for_its_approval_environment_is_a_mistake),
        cmocka_unit_test(test_every_list_takes_its_maximum_and_no_more),
        cmocka_unit_test(test_a_flow_has_256_promotions_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
