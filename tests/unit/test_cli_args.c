/* Command lines, taken apart. */
#include "support/test.h"

#include <string.h>

#include "../../src/cli/args_int.h"

static const struct cli_option options[] = {
    {"limit", 'n', "NUMBER", "at most so many"},
    {"force", 'f', NULL, "a switch"},
    {"kind", 'k', NULL, "another switch"},
    {NULL, 0, NULL, NULL},
};

static const struct cli_command command = {
    .name = "things list",
    .operands = "ONE [TWO]",
    .operands_min = 1,
    .operands_max = 2,
    .summary = "Lists things",
    .options = options,
};

static struct args_problem problem;

static bool parse(struct cli_args *args, const char *const *words)
{
    int argc = 0;

    while (words[argc] != NULL)
        argc++;
    *args = (struct cli_args){.command = &command};
    return args_parse(args, argc, words, &problem);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_a_value_is_found_however_it_is_written(void **state)
{
    const char *const *const lines[] = {
        WORDS("--limit", "5", "a"), WORDS("--limit=5", "a"), WORDS("-n", "5", "a"),
        WORDS("-n5", "a"),          WORDS("a", "-fn", "5"),  WORDS("-fn5", "a"),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct cli_args args;
        assert_true(parse(&args, lines[i]));
        assert_string_equal(cli_option(&args, "limit"), "5");
        assert_string_equal(cli_operand(&args, 0), "a");
        assert_null(cli_operand(&args, 1));
    }
}

static void test_a_switch_is_empty_text_when_given_and_null_when_not(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("-fk", "a")));
    assert_string_equal(cli_option(&args, "force"), "");
    assert_string_equal(cli_option(&args, "kind"), "");
    assert_null(cli_option(&args, "json"));
    assert_null(cli_option(&args, "limit"));
}

static void test_an_empty_value_is_a_value(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("--limit=", "--config", "", "a")));
    assert_string_equal(cli_option(&args, "limit"), "");
    assert_string_equal(cli_option(&args, "config"), "");
}

static void test_a_value_may_begin_with_a_dash(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("--limit", "-1", "a")));
    assert_string_equal(cli_option(&args, "limit"), "-1");
}

static void test_two_dashes_end_the_options(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("--", "--force", "-n")));
    assert_null(cli_option(&args, "force"));
    assert_string_equal(cli_operand(&args, 0), "--force");
    assert_string_equal(cli_operand(&args, 1), "-n");
}

static void test_a_dash_alone_is_an_operand(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("-")));
    assert_string_equal(cli_operand(&args, 0), "-");
}

static void test_the_last_of_repeated_options_counts(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("-n1", "--limit=2", "a")));
    assert_string_equal(cli_option(&args, "limit"), "2");
}

static void test_common_options_are_everywhere(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("--json", "-c", "x.yaml", "-s", "unix:/s", "a")));
    assert_string_equal(cli_option(&args, "json"), "");
    assert_string_equal(cli_option(&args, "config"), "x.yaml");
    assert_string_equal(cli_option(&args, "server"), "unix:/s");
}

static void test_help_does_not_ask_for_operands(void **state)
{
    struct cli_args args;

    (void)state;
    assert_true(parse(&args, WORDS("--help")));
    assert_string_equal(cli_option(&args, "help"), "");
}

static void test_a_wrong_line_says_what_is_wrong_with_it(void **state)
{
    const struct {
        const char *const *words;
        const char *text, *hint;
    } cases[] = {
        {WORDS("--forse", "a"), "no option --forse", "did you mean --force?"},
        {WORDS("--limt=3", "a"), "no option --limt", "did you mean --limit?"},
        {WORDS("--zzzzzzzz", "a"), "no option --zzzzzzzz", ""},
        {WORDS("--lim", "3", "a"), "no option --lim", "did you mean --limit?"},
        {WORDS("-x", "a"), "no option -x", ""},
        {WORDS("-fx", "a"), "no option -x", ""},
        {WORDS("a", "--limit"), "--limit needs a value", ""},
        {WORDS("a", "-n"), "--limit needs a value", ""},
        {WORDS("--force=yes", "a"), "--force takes no value", ""},
        {WORDS("a", "b", "c"), "'c' is one too many", ""},
        {WORDS("--force"), "needs ONE [TWO]", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cli_args args;
        assert_false(parse(&args, cases[i].words));
        if (strstr(problem.text, cases[i].text) == NULL)
            fail_msg("case %zu: '%s' lacks '%s'", i, problem.text, cases[i].text);
        assert_string_equal(problem.hint, cases[i].hint);
    }
}

static void test_a_very_long_option_is_refused_whole(void **state)
{
    char long_option[4096];
    struct cli_args args;

    (void)state;
    memset(long_option, 'x', sizeof(long_option) - 1);
    memcpy(long_option, "--", 2);
    long_option[sizeof(long_option) - 1] = '\0';
    assert_false(parse(&args, WORDS(long_option)));
    assert_string_equal(problem.hint, "");
}

static void test_suggestions_are_near_or_absent(void **state)
{
    const char *const names[] = {"status", "send", "serve", "deliveries list", "init", NULL};
    const struct {
        const char *typed, *expected;
    } cases[] = {
        {"stauts", "status"},
        {"satus", "status"},
        {"sned", "send"},
        {"sevre", "serve"},
        {"stat", "status"},
        {"int", "init"},
        {"delivries list", "deliveries list"},
        {"deliveries", "deliveries list"},
        {"teapot", NULL},
        {"x", NULL},
        {"", NULL},
        {"INIT-EVERYTHING-AT-ONCE-AND-SAY-SO-IN-A-NAME-LONGER-THAN-SIXTY-FOUR", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *near = suggest(cases[i].typed, names);
        if (cases[i].expected == NULL)
            assert_null(near);
        else
            assert_string_equal(near, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_is_found_however_it_is_written),
        cmocka_unit_test(test_a_switch_is_empty_text_when_given_and_null_when_not),
        cmocka_unit_test(test_an_empty_value_is_a_value),
        cmocka_unit_test(test_a_value_may_begin_with_a_dash),
        cmocka_unit_test(test_two_dashes_end_the_options),
        cmocka_unit_test(test_a_dash_alone_is_an_operand),
        cmocka_unit_test(test_the_last_of_repeated_options_counts),
        cmocka_unit_test(test_common_options_are_everywhere),
        cmocka_unit_test(test_help_does_not_ask_for_operands),
        cmocka_unit_test(test_a_wrong_line_says_what_is_wrong_with_it),
        cmocka_unit_test(test_a_very_long_option_is_refused_whole),
        cmocka_unit_test(test_suggestions_are_near_or_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
