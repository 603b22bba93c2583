/* What is wrong with a file, where, and what to do about it; and what is right. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/log.h"
#include "cfg/cfg.h"

#define SECRETS "webhook: { secrets: [ { file: ./s } ] }\n" /* line 1 */
#define REPOS   "repositories: { acme/shop: standard }\n"   /* line 2 */
#define COMMAND "{ dev-int: { deploy: { command: [ ./d.sh ] } } }"
#define FLOWS   "flows: { standard: { environments: " COMMAND " } }\n" /* line 3 */
#define VALID   SECRETS REPOS FLOWS

static struct cfg *must_load(const char *text)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (!cfg_load_text("/etc/envflow/envflow.yaml", text, strlen(text), &cfg, &problems))
        fail_msg("%s\n%d:%d: %s", text, problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    return cfg;
}

/* The problem at this place whose text holds this part. */
static bool has_problem(const struct cfg_problems *problems, int line, int column, const char *part)
{
    for (size_t i = 0; i < problems->count && i < CFG_PROBLEMS_MAX; i++) {
        const struct cfg_problem *problem = &problems->items[i];
        if (problem->line == line && problem->column == column &&
            strstr(problem->text, part) != NULL)
            return true;
    }
    return false;
}

static void must_refuse(const char *text, int line, int column, const char *part)
{
    AUTO(buf) struct buf said = BUF_INIT(64 * KIB);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (cfg_load_text("envflow.yaml", text, strlen(text), &cfg, &problems)) {
        cfg_free(cfg);
        fail_msg("was accepted:\n%s", text);
    }
    assert_null(cfg);
    cfg_problems_print(&problems, "envflow.yaml", &said);
    if (!has_problem(&problems, line, column, part))
        fail_msg("no %d:%d '%s' for:\n%s---\n%s", line, column, part, text, buf_text(&said));
}

struct refusal {
    const char *text;
    int line, column;
    const char *part; /* of what is said */
};

static void must_refuse_all(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        must_refuse(refusals[i].text, refusals[i].line, refusals[i].column, refusals[i].part);
}

static void test_unknown_and_repeated_keys_name_the_nearest_valid_one(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {VALID "jurnal: { keep: 1d }\n", 4, 1, "unknown key 'jurnal'; did you mean 'journal'?"},
        {VALID "limits:\n  bdoy: 1MiB\n", 5, 3, "did you mean 'body'? valid here: body, bodies_in"},
        {VALID "limits: { xyzzy: 1 }\n", 4, 11, "unknown key 'xyzzy'; valid here: body"},
        {VALID "secrets: [ { file: ./s } ]\n", 4, 1, "it belongs under webhook; valid here"},
        {VALID "server: { log: json }\n", 4, 11, "it belongs to the top level; valid here"},
        {VALID "command: [ a ]\n", 4, 1,
         "it belongs under flows.<flow>.environments.<environment>.deploy; valid"},
        {VALID "store: sqlite:a\nlog: {}\nstore: sqlite:b\n", 6, 1,
         "the key 'store' is given twice, first on line 4"},
        {VALID "log: { level: info, level: info }\n", 4, 21, "given twice, first on line 4"},
        {SECRETS "repositories: { acme/shop: standard, Acme/Shop: standard }\n" FLOWS, 2, 38,
         "is there already as 'acme/shop': case does not count"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));
}

static void test_values_of_another_type_say_what_was_expected(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {"- a\n", 1, 1, "expected a map of keys and values, found a list"},
        {"text\n", 1, 1, "expected a map of keys and values, found text"},
        {VALID "log: json\n", 4, 6, "log: expected a map of keys and values, found text"},
        {VALID "log: { level: [ info ] }\n", 4, 15, "log.level: expected a word, found a list"},
        {VALID "store:\n", 4, 7, "store: expected sqlite:FOLDER"},
        {VALID "limits: { body: {} }\n", 4, 17, "expected a size such as 16KiB, found a map"},
        {VALID "limits: { connections: ~ }\n", 4, 24, "expected a whole number, found nothing"},
        {VALID "server: { webhooks: { a: b } }\n", 4, 21, "an address or a list of them"},
        {SECRETS "repositories: [ acme/shop ]\n" FLOWS, 2, 15, "a map of names"},
        {SECRETS "repositories: { acme/*: { forks: yes } }\n" FLOWS, 2, 34,
         "expected true or false (not yes, no, on, off; without quotes), found text"},
        {SECRETS "repositories: { acme/*: { forks: 'true' } }\n" FLOWS, 2, 34, "without quotes"},
        {SECRETS REPOS "flows: { standard: { environments: { a: { auto: main } } } }\n", 3, 49,
         "expected a list such as [ a, b ], found text"},
        {SECRETS REPOS "flows: { a: { environments: { a: { deploy: { command: ./d.sh } } } } }\n",
         3, 55, "expected a list: the program and its arguments, such as [ ./deploy.sh"},
        {VALID "? [ a ]\n: b\n", 4, 3, "a key is text, this is a list"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));
}

static void test_impossible_values_say_what_is_possible(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {VALID "log: { level: warn }\n", 4, 15,
         "expected one of debug, info, warning, error, found 'warn'; did you mean 'warning'?"},
        {VALID "limits: { body: 26MiB }\n", 4, 17, "26MiB is out of range: 64KiB to 25MiB"},
        {VALID "limits: { body: 1 }\n", 4, 17, "limits.body: 1 is out of range"},
        {VALID "limits: { body: 25MB }\n", 4, 17, "'25MB' is no size: a number, or a number with"},
        {VALID "limits: { body: 9999999999999999999GiB }\n", 4, 17, "no size"},
        {VALID "limits: { body: 999999999999999GiB }\n", 4, 17, "no size"},
        {VALID "limits: { body: -1 }\n", 4, 17, "no size"},
        {VALID "limits: { connections: 4k }\n", 4, 24, "no whole number; from 16 to 100000"},
        {VALID "limits: { head_timeout: 10 }\n", 4, 25, "such as 500ms, 10s, 5m, 2h, 7d; from 1s"},
        {VALID "limits: { bodies_in_flight: 1MiB }\n", 4, 29, "less than limits.body"},
        {VALID "server: { webhooks: '8080' }\n", 4, 21, "no address: 127.0.0.1:8080, [::1]:8080"},
        {VALID "server: { webhooks: 127.0.0.1:65536 }\n", 4, 21, "no address"},
        {VALID "server: { webhooks: [] }\n", 4, 21, "the list is empty"},
        {VALID "server: { admin: unix:x.sock }\n", 4, 18, "needs an absolute path"},
        {VALID "server: { path: hook }\n", 4, 17, "it begins with / and has no space"},
        {VALID "server: { tls: { key: k } }\n", 4, 16, "certificate: TLS needs a certificate and"},
        {VALID "store: postgresql://db/envflow\n", 4, 8, "use sqlite:FOLDER"},
        {SECRETS "repositories: { shop: standard }\n" FLOWS, 2, 17, "exactly one /, as acme/shop"},
        {SECRETS "repositories: {}\n" FLOWS, 2, 15, "write repositories: { acme/shop: standard }"},
        {SECRETS "repositories: { a/b: standrad }\n" FLOWS, 2, 22,
         "there is no flow 'standrad'; did you mean 'standard'?"},
        {SECRETS "repositories: { a/b: trunk }\n" FLOWS, 2, 22, "write it under flows:"},
        {SECRETS REPOS "flows: { standard: { environments: { a: { auto: [ refs/heads/m ] } } } }\n",
         3, 51, "is a ref; write the branch alone: m"},
        {SECRETS REPOS
         "flows: { standard: { environments: { a: { deploy: { timeout: 1m } } } } }\n",
         3, 51, "a deployment needs a command, as command: [ ./deploy.sh, dev-int ]"},
        {SECRETS REPOS "flows: { standard: { environments: { a: { deploy: { command: ['']}}}}}\n",
         3, 63, "the name of the program is empty"},
        {SECRETS REPOS FLOWS "flows2: {}\n", 4, 1, "did you mean 'flows'?"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));
}

static void test_secrets_are_references_and_a_written_one_is_not_repeated(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {"webhook: { secrets: [ s3cr3t ] }\n" REPOS FLOWS, 1, 23, "never stands in this file"},
        {"webhook: { secrets: s3cr3t }\n" REPOS FLOWS, 1, 21, "{ file: ./webhook-secret }"},
        {"webhook: { secrets: [ { env: s3cr3t! } ] }\n" REPOS FLOWS, 1, 30, "letters, digits and"},
        {"webhook: { secrets: [ { credential: ../s3cr3t } ] }\n" REPOS FLOWS, 1, 37, "without /"},
        {"webhook: { secrets: [ { file: a, env: B } ] }\n" REPOS FLOWS, 1, 23, "exactly one of"},
        {"webhook: { secrets: [ {} ] }\n" REPOS FLOWS, 1, 23, "exactly one of { file: PATH }"},
        {"webhook: { secrets: [ { fiel: a } ] }\n" REPOS FLOWS, 1, 25, "did you mean 'file'?"},
        {"webhook: { secrets: [] }\n" REPOS FLOWS, 1, 21, "the list is empty"},
        {REPOS FLOWS, 0, 0, "make one with `umask 077; openssl rand -hex 32 > webhook-secret`"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));

    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct cfg_problems problems;
        struct cfg *cfg = NULL;
        assert_false(
            cfg_load_text("x", refusals[i].text, strlen(refusals[i].text), &cfg, &problems));
        for (size_t k = 0; k < problems.count; k++)
            assert_null(strstr(problems.items[k].text, "s3cr3t"));
    }
}

/* Whatever of it the file has already is not said again, so that what is said can be pasted. */
static void test_an_environment_that_cannot_deploy_shows_the_yaml_to_add(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {SECRETS REPOS, 2, 17,
         "pushes to main deploy dev-int (flow standard), and nothing says how; add "
         "flows: { standard: { environments: { dev-int: { deploy: { command: [ ./deploy.sh, "
         "dev-int ] } } } } }"},
        {SECRETS REPOS "flows: { standard: }\n", 3, 10,
         "add under flows.standard: environments: { dev-int: { deploy: { command: [ ./d"},
        {SECRETS REPOS "flows: { standard: { environments: { x: {} } } }\n", 3, 10,
         "add under flows.standard.environments: dev-int: { deploy: { command: [ ./deploy.sh, d"},
        {SECRETS REPOS "flows: { standard: { environments: { dev-int: { auto: [ a ] } } } }\n", 3,
         55,
         "pushes to a deploy dev-int (flow standard), and nothing says how; add under "
         "flows.standard.environments.dev-int: deploy: { command: [ ./deploy.sh, dev-int ] }"},
        {SECRETS "repositories: { a/b: f }\n"
                 "flows: { f: { environments: { 'a: b': { auto: [ m ] } } } }\n",
         3, 47, "deploy: { command: [ ./deploy.sh, \"a: b\" ] }"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));

    cfg_free(must_load(SECRETS REPOS
                       "flows: { standard: { environments: { dev-int: { deploy: { command: [ "
                       "./deploy.sh, dev-int ] } } } } }\n"));
    /* Nobody follows it: it may be unfinished. */
    cfg_free(must_load(SECRETS REPOS "flows: { standard: { environments: " COMMAND
                                     " }, f: { environments: { a: { auto: [ m ] } } } }\n"));
}

static void test_every_mistake_is_found_in_one_go_and_in_order(void **state UNUSED)
{
    static const char text[] = "log: { level: loud }\nlimits: { body: 1 }\nserver: { x: y }\n";
    AUTO(buf) struct buf said = BUF_INIT(64 * KIB);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    assert_false(cfg_load_text("f.yaml", text, strlen(text), &cfg, &problems));
    assert_int_equal(problems.count, 5);
    for (int i = 0; i < 3; i++)
        assert_int_equal(problems.items[i].line, i + 1);
    assert_int_equal(problems.items[3].line, 0); /* what the whole file lacks comes last */
    cfg_problems_print(&problems, "f.yaml", &said);
    assert_ptr_equal(strstr(buf_text(&said), "f.yaml:1:15: log.level: "), buf_text(&said));
    assert_non_null(strstr(buf_text(&said), "\nf.yaml: repositories: "));
}

static void test_more_mistakes_than_are_kept_are_counted(void **state UNUSED)
{
    AUTO(buf) struct buf text = BUF_INIT(MIB);
    AUTO(buf) struct buf said = BUF_INIT(MIB);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    buf_puts(&text, VALID);
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "key%d: 1\n", i);
    assert_false(cfg_load_text("f", text.data, text.len, &cfg, &problems));
    assert_int_equal(problems.count, 100);
    cfg_problems_print(&problems, "f", &said);
    assert_non_null(strstr(buf_text(&said), "f: and 80 more\n"));
}

static void test_what_is_said_never_carries_control_bytes(void **state UNUSED)
{
    static const char text[] = VALID "\"\\e[2J\\u009B\\x01\\n\": 1\n";
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    assert_false(cfg_load_text("f", text, strlen(text), &cfg, &problems));
    for (const char *at = problems.items[0].text; *at != '\0'; at++)
        assert_true((unsigned char)*at >= 0x20 && *at != 0x7F);
}

static void test_a_file_that_cannot_be_read_is_a_problem_like_any_other(void **state UNUSED)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    assert_false(cfg_load("/nowhere/envflow.yaml", &cfg, &problems));
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].line, 0);
    assert_non_null(strstr(problems.items[0].text, "/nowhere/envflow.yaml"));
    assert_false(cfg_load("/", &cfg, &problems));
    assert_null(cfg);
}

static void test_the_least_file_gets_every_default(void **state UNUSED)
{
    struct cfg *cfg = must_load(VALID);
    const struct flow *standard = &cfg->graph.flows[0];
    const struct flow_environment *dev_int = graph_find_environment(standard, "dev-int");

    assert_string_equal(cfg->webhook_listeners[0], "0.0.0.0:8080");
    assert_null(cfg->webhook_listeners[1]);
    assert_string_equal(cfg->webhook_path, "/webhooks/github");
    assert_string_equal(cfg->admin_listeners[0], "127.0.0.1:8081");
    assert_string_equal(cfg->admin_listeners[1], "unix:/var/lib/envflow/admin.sock");
    assert_null(cfg->tls_certificate);
    assert_string_equal(cfg->store_dir, "/var/lib/envflow");
    assert_int_equal(cfg->log_level, LOG_LEVEL_INFO);
    assert_int_equal(cfg->log_format, CFG_LOG_AUTO);
    assert_int_equal(cfg->body_bytes_max, 25 * MIB);
    assert_int_equal(cfg->head_timeout_ms, 10000);
    assert_int_equal(cfg->journal_keep_ms, INT64_C(7) * 86400 * 1000);
    assert_int_equal(standard->environments_count, 6);
    assert_true(graph_matches_branch(dev_int->auto_branches, "main"));
    assert_false(graph_matches_branch(dev_int->auto_branches, "develop"));
    assert_true(dev_int->deploy.repeatable);
    assert_int_equal(dev_int->deploy.timeout_ms, 600000);
    assert_int_equal(dev_int->lane, LANE_NEWEST);
    assert_string_equal(dev_int->deploy.argv[0], "/etc/envflow/d.sh");
    assert_string_equal(cfg->secrets[0].name, "/etc/envflow/s");
    assert_null(graph_find_environment(standard, "prod")->deploy.argv);
    cfg_free(cfg);
}

static void test_given_values_come_over_the_defaults_key_by_key(void **state UNUSED)
{
    struct cfg *cfg =
        must_load(SECRETS "repositories: { acme/*: { forks: true }, acme/shop: mine }\n"
                          "server: { webhooks: [ 127.0.0.1:1, 'unix:/run/e.sock' ] }\n"
                          "store: sqlite:/data\n"
                          "limits: { body: 1048576, connections: '16' }\n"
                          "journal: { keep: 36h }\n"
                          "flows:\n"
                          "  mine: { environments: { qa: { auto: [ 1.0 ], lane: every,\n"
                          "    deploy: { command: [ sh, -c, 8080, true ] } } } }\n"
                          "  standard: { environments: " COMMAND " }\n");
    const struct repository_rule *shop = graph_find_repository(&cfg->graph, "Acme/Shop");
    const struct flow_environment *qa = graph_find_environment(shop->flow, "qa");

    assert_string_equal(cfg->webhook_listeners[1], "unix:/run/e.sock");
    assert_string_equal(cfg->admin_listeners[1], "unix:/data/admin.sock");
    assert_int_equal(cfg->body_bytes_max, MIB);
    assert_int_equal(cfg->connections_max, 16);
    assert_int_equal(cfg->head_bytes_max, 16 * KIB); /* not given */
    assert_int_equal(cfg->journal_keep_ms, 36 * 3600 * 1000);
    assert_string_equal(shop->flow->name, "mine");
    assert_int_equal(shop->flow->environments_count, 1);
    assert_string_equal(qa->auto_branches[0], "1.0"); /* text is text, whatever it looks like */
    assert_string_equal(qa->deploy.argv[0], "sh");
    assert_string_equal(qa->deploy.argv[2], "8080");
    assert_int_equal(qa->lane, LANE_EVERY);
    assert_true(graph_find_repository(&cfg->graph, "acme/other")->forks);
    assert_null(graph_find_repository(&cfg->graph, "other/shop"));
    cfg_free(cfg);
}

static void test_what_anchors_tags_and_documents_would_do_is_refused(void **state UNUSED)
{
    static const struct refusal refusals[] = {
        {VALID "log: &a { level: info }\n", 4, 6, "anchors (&name) and tags (!name)"},
        {VALID "log: { level: *a }\n", 4, 15, "aliases are not supported: write the value out"},
        {VALID "store: !!str sqlite:x\n", 4, 8, "anchors (&name) and tags (!name)"},
        {VALID "log: !!python/object:x { }\n", 4, 6, "anchors (&name) and tags (!name)"},
        {VALID "<<: { log: {} }\n", 4, 1, "merge keys (<<) are not supported"},
        {VALID "---\nlog: {}\n", 4, 1, "a second document starts here; one file holds one"},
        {SECRETS "repositories: { */*: standard }\n" FLOWS, 2, 18,
         "not YAML: while scanning an al"},
        {VALID "log:\n\tlevel: info\n", 5, 1, "there is a tab in the indentation: use spaces"},
        {VALID "log: { level: \"info }\n", 5, 1, "not YAML"},
        {VALID "log: \"\\0\"\n", 4, 6, "a NUL character cannot be part of a text"},
        {VALID "log: \xff\n", 4, 6, "not YAML"},
    };
    must_refuse_all(refusals, ARRAY_LEN(refusals));
}

/* Each level would double what the aliases of the one before stand for. */
static void test_a_bomb_of_aliases_costs_nothing(void **state UNUSED)
{
    AUTO(buf) struct buf text = BUF_INIT(MIB);
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    buf_puts(&text, "a0: &a0 [ x ]\n");
    for (int i = 1; i < 1000; i++)
        buf_printf(&text, "a%d: &a%d [ *a%d, *a%d ]\n", i, i, i - 1, i - 1);
    assert_false(cfg_load_text("f", text.data, text.len, &cfg, &problems));
    assert_null(cfg);
}

static void must_refuse_with(const struct buf *text, const char *part)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    assert_false(text->failed);
    assert_false(cfg_load_text("f", text->data, text->len, &cfg, &problems));
    for (size_t i = 0; i < problems.count && i < CFG_PROBLEMS_MAX; i++) {
        if (strstr(problems.items[i].text, part) != NULL)
            return;
    }
    fail_msg("not said: %s, but: %s", part, problems.items[0].text);
}

static void repeat(struct buf *text, const char *part, int count)
{
    for (int i = 0; i < count; i++)
        buf_puts(text, part);
}

static void test_depth_size_and_number_of_values_are_bounded(void **state UNUSED)
{
    AUTO(buf) struct buf deep = BUF_INIT(MIB);
    AUTO(buf) struct buf many = BUF_INIT(MIB);
    AUTO(buf) struct buf wide = BUF_INIT(MIB);
    AUTO(buf) struct buf large = BUF_INIT(2 * MIB);

    buf_puts(&deep, "log: ");
    repeat(&deep, "[", 100000);
    must_refuse_with(&deep, "nested deeper than 16 levels");
    buf_puts(&many, "log: [");
    repeat(&many, "x,", 60000);
    buf_puts(&many, "x]\n");
    must_refuse_with(&many, "more than 50000 values in one file");
    for (int i = 0; i < 5000; i++)
        buf_printf(&wide, "key%d: 1\n", i);
    must_refuse_with(&wide, "more than 4096 keys in one map");
    repeat(&large, "# 16 characters\n", (int)(CFG_FILE_BYTES_MAX / 16) + 1);
    must_refuse_with(&large, "larger than 1048576 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_and_repeated_keys_name_the_nearest_valid_one),
        cmocka_unit_test(test_values_of_another_type_say_what_was_expected),
        cmocka_unit_test(test_impossible_values_say_what_is_possible),
        cmocka_unit_test(test_secrets_are_references_and_a_written_one_is_not_repeated),
        cmocka_unit_test(test_an_environment_that_cannot_deploy_shows_the_yaml_to_add),
        cmocka_unit_test(test_every_mistake_is_found_in_one_go_and_in_order),
        cmocka_unit_test(test_more_mistakes_than_are_kept_are_counted),
        cmocka_unit_test(test_what_is_said_never_carries_control_bytes),
        cmocka_unit_test(test_a_file_that_cannot_be_read_is_a_problem_like_any_other),
        cmocka_unit_test(test_the_least_file_gets_every_default),
        cmocka_unit_test(test_given_values_come_over_the_defaults_key_by_key),
        cmocka_unit_test(test_what_anchors_tags_and_documents_would_do_is_refused),
        cmocka_unit_test(test_a_bomb_of_aliases_costs_nothing),
        cmocka_unit_test(test_depth_size_and_number_of_values_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
