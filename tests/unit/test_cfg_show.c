/* What is made from a configuration, or from the table: `config show` and the starter file. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "cfg/cfg.h"

#define REST                                                                                       \
    "webhook: { secrets: [ { file: ./s }, { env: OLD }, { credential: c } ] }\n"                   \
    "repositories: { '*/*': standard, acme/shop: { flow: '1.0', forks: true } }\n"

static struct cfg *must_load(const char *path, const char *text)
{
    struct cfg_problems problems;
    struct cfg *cfg = NULL;

    if (!cfg_load_text(path, text, strlen(text), &cfg, &problems))
        fail_msg("%s\n%d:%d: %s", text, problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    return cfg;
}

/* The result is returned, to be looked into. */
static struct cfg *show_and_load(const char *text, struct buf *shown)
{
    AUTO(buf) struct buf again = BUF_INIT(MIB);
    struct cfg *first = must_load("/etc/envflow/envflow.yaml", text);

    cfg_show(first, shown);
    cfg_free(first);
    struct cfg *second = must_load("/elsewhere/envflow.yaml", buf_text(shown));
    cfg_show(second, &again);
    assert_string_equal(buf_text(shown), buf_text(&again));
    return second;
}

static void test_what_is_shown_loads_again_to_the_same_from_anywhere(void **state UNUSED)
{
    AUTO(buf) struct buf shown = BUF_INIT(MIB);
    struct cfg *cfg = show_and_load(
        REST "server: { tls: { certificate: c.pem, key: k.pem }, webhooks: [ '[::1]:1', fd:a ] }\n"
             "store: sqlite:./state\n"
             "limits: { body: 65536, body_rate: 0 }\n"
             "journal: { keep: 90m, keep_size: 1025 }\n"
             "log: { level: debug, format: text }\n"
             "flows:\n"
             "  standard: { environments: { dev-int: { lane: every,\n"
             "    deploy: { command: [ bin/d, '' ], pass_env: [] } } } }\n"
             "  '1.0': { environments: { x: {} } }\n",
        &shown);

    assert_string_equal(cfg->tls_certificate, "/etc/envflow/c.pem");
    assert_string_equal(cfg->store_dir, "/etc/envflow/state");
    assert_int_equal(cfg->journal_keep_ms, 90 * 60 * 1000);
    assert_int_equal(cfg->journal_keep_bytes, 1025);
    assert_int_equal(cfg->secrets_count, 3);
    assert_string_equal(cfg->secrets[1].name, "OLD");
    assert_true(graph_find_repository(&cfg->graph, "acme/shop")->forks);
    assert_string_equal(graph_find_repository(&cfg->graph, "acme/shop")->flow->name, "1.0");
    const struct flow_environment *dev_int =
        graph_find_environment(&cfg->graph.flows[0], "dev-int");
    assert_string_equal(dev_int->deploy.argv[0], "/etc/envflow/bin/d");
    assert_string_equal(dev_int->deploy.argv[1], "");
    assert_null(dev_int->deploy.pass_env[0]);
    assert_non_null(strstr(buf_text(&shown), "keep: 90m\n"));
    assert_non_null(strstr(buf_text(&shown), "body_rate: 0\n"));
    cfg_free(cfg);
}

/* Arguments may be any text: each must come back as it was, and as text for other readers too. */
static void test_texts_that_look_like_something_else_are_quoted(void **state UNUSED)
{
    static const char *const texts[] = {
        "true",
        "NO",
        "Off",
        "null",
        "~",
        "1.0",
        "0x1F",
        "1e3",
        "12:30:00",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "{a",
        "[a",
        "a,b",
        "'a'",
        "\"a\"",
        "back\\slash",
        " lead",
        "trail ",
        "a\nb",
        "a\tb",
        "é\xE2\x80\xA8z",
        "\xF0\x9F\x9A\x80",
        "...",
        "---",
        "?",
        ".inf",
        "=",
        "<<",
        "a:",
        ":a",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(buf) struct buf text = BUF_INIT(MIB);
        AUTO(buf) struct buf shown = BUF_INIT(MIB);
        buf_puts(&text, REST "flows: { standard: { environments: { dev-int: { deploy: { command: "
                             "[ a, \"");
        for (const char *at = texts[i]; *at != '\0'; at++)
            buf_printf(&text, *at == '"' || *at == '\\' ? "\\%c" : *at == '\n' ? "\\n" : "%c", *at);
        buf_puts(&text, "\" ] } } } }, '1.0': { environments: { x: {} } } }\n");
        struct cfg *cfg = show_and_load(buf_text(&text), &shown);
        const struct flow_environment *dev_int =
            graph_find_environment(&cfg->graph.flows[0], "dev-int");
        assert_string_equal(dev_int->deploy.argv[1], texts[i]);
        cfg_free(cfg);
    }
    AUTO(buf) struct buf shown = BUF_INIT(MIB);
    cfg_free(show_and_load(REST "flows: { standard: { environments: { dev-int: { deploy: { "
                                "command: [ a, NO, '12:30:00', TRUE, .inf, 0o17 ] } } } },\n"
                                " '1.0': { environments: { x: {} } } }\n",
                           &shown));
    assert_non_null(
        strstr(buf_text(&shown), "[ a, \"NO\", \"12:30:00\", \"TRUE\", \".inf\", \"0o17\" ]"));
}

static void test_the_starter_file_loads_and_deploys_main_to_dev_int(void **state UNUSED)
{
    AUTO(buf) struct buf starter = BUF_INIT(MIB);

    cfg_starter(&starter);
    struct cfg *cfg = must_load("/srv/envflow.yaml", buf_text(&starter));
    const struct flow_environment *dev_int =
        graph_find_environment(&cfg->graph.flows[0], "dev-int");
    assert_true(graph_matches_branch(dev_int->auto_branches, "main"));
    assert_string_equal(dev_int->deploy.argv[0], "/srv/deploy.sh");
    assert_string_equal(cfg->secrets[0].name, "/srv/webhook-secret");
    assert_string_equal(cfg->store_dir, "/srv/state");
    cfg_free(cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_shown_loads_again_to_the_same_from_anywhere),
        cmocka_unit_test(test_texts_that_look_like_something_else_are_quoted),
        cmocka_unit_test(test_the_starter_file_loads_and_deploys_main_to_dev_int),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
