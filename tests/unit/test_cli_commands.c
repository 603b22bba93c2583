/* The table of commands: what every row must have. */
#include "support/test.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../../src/cli/args_int.h"

static const struct cli_command extra[] = {
    {.name = "keep", .operands = "", .summary = "Kept to itself", .hidden = true},
    {.name = "serve", .operands = "", .summary = "Serves"},
};

static struct command_set both(void)
{
    struct command_set set = {.parts = {NULL, extra}, .counts = {0, ARRAY_LEN(extra)}};

    set.parts[0] = cli_commands(&set.counts[0]);
    return set;
}

static void test_names_are_sorted_and_of_one_or_two_words(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const char *space = strchr(commands[i].name, ' ');
        assert_true(space == NULL || strchr(space + 1, ' ') == NULL);
        assert_true(i == 0 || strcmp(commands[i - 1].name, commands[i].name) < 0);
    }
}

static void test_every_command_has_an_example_that_calls_it(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        char call[128];
        snprintf(call, sizeof(call), "envflow %s", commands[i].name);
        assert_non_null(commands[i].examples);
        if (strncmp(commands[i].examples, call, strlen(call)) != 0)
            fail_msg("'%s' has no example that begins with it", commands[i].name);
        assert_int_equal(commands[i].examples[strlen(commands[i].examples) - 1], '\n');
    }
}

static void test_every_row_is_complete_and_its_summary_a_line(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_non_null(commands[i].run);
        assert_non_null(commands[i].operands);
        assert_true(commands[i].operands_min <= commands[i].operands_max);
        assert_true(commands[i].operands_max <= ARGS_OPERANDS_MAX);
        assert_int_equal(commands[i].operands[0] != '\0', commands[i].operands_max > 0);
        assert_true(isupper((unsigned char)commands[i].summary[0]) != 0);
        assert_true(strlen(commands[i].summary) <= 72);
        assert_null(strchr(commands[i].summary, '\n'));
    }
}

/* Common options and the command's own. */
static size_t gather(const struct cli_command *command, const struct cli_option **all)
{
    const struct cli_option *const lists[] = {args_common_options, command->options};
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (const struct cli_option *at = lists[i]; at != NULL && at->name != NULL; at++) {
            assert_true(count < ARGS_OPTIONS_MAX);
            all[count++] = at;
        }
    }
    return count;
}

static bool clash(const struct cli_option *a, const struct cli_option *b)
{
    return strcmp(a->name, b->name) == 0 || (a->letter != 0 && a->letter == b->letter);
}

static void check_options(const struct cli_command *command)
{
    const struct cli_option *all[ARGS_OPTIONS_MAX];
    size_t count = gather(command, all);

    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < a; b++) {
            if (clash(all[a], all[b]))
                fail_msg("'%s': --%s and --%s clash", command->name, all[a]->name, all[b]->name);
        }
    }
}

static void test_no_option_or_letter_means_two_things(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        check_options(&commands[i]);
}

static void test_both_tables_are_one_sorted_list(void **state)
{
    struct command_set set = both();
    const struct cli_command *command = NULL;
    const char *last = "";
    size_t count = 0;

    (void)state;
    for (; (command = command_at(&set, count)) != NULL; count++) {
        assert_true(strcmp(last, command->name) < 0);
        last = command->name;
    }
    assert_int_equal(count, set.counts[0] + ARRAY_LEN(extra));
    assert_ptr_equal(command_find(&set, "serve"), &extra[1]);
    assert_ptr_equal(command_find(&set, "keep"), &extra[0]);
    assert_null(command_find(&set, "deliveries"));
    assert_true(command_is_group(&set, "deliveries"));
    assert_false(command_is_group(&set, "serve"));
    assert_false(command_is_group(&set, "deliv"));
}

static void test_help_lists_what_is_not_hidden(void **state)
{
    struct command_set set = both();
    struct buf out = BUF_INIT((size_t)64 * 1024);

    (void)state;
    help_overview(&set, 80, &out);
    assert_non_null(strstr(buf_text(&out), "\n  serve "));
    assert_non_null(strstr(buf_text(&out), "\n  deliveries show "));
    assert_null(strstr(buf_text(&out), "\n  keep "));
    assert_null(strstr(buf_text(&out), "config document"));
    buf_done(&out);
}

static void test_help_fits_the_width_but_for_examples(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_INIT((size_t)64 * 1024);
        help_command(&commands[i], 80, &out);
        const char *end = strstr(buf_text(&out), "\nExamples\n");
        assert_non_null(end);
        for (const char *line = buf_text(&out); line < end; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
        buf_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_sorted_and_of_one_or_two_words),
        cmocka_unit_test(test_every_command_has_an_example_that_calls_it),
        cmocka_unit_test(test_every_row_is_complete_and_its_summary_a_line),
        cmocka_unit_test(test_no_option_or_letter_means_two_things),
        cmocka_unit_test(test_both_tables_are_one_sorted_list),
        cmocka_unit_test(test_help_lists_what_is_not_hidden),
        cmocka_unit_test(test_help_fits_the_width_but_for_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
