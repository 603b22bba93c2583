/* Listings: aligned and cut on a terminal, tab-separated and whole in a pipe. */
#include "support/test.h"

#include <string.h>

#include "../../src/cli/table_int.h"
#include "../../src/cli/text_int.h"

static const struct table_column columns[] = {
    {"ID", 0, false}, {"NAME", 6, false}, {"WHY", 4, true}};

static const char *const cells[] = {
    "1", "acme/shop", "fine", "2", "acme/warehouse", "the command ended with exit status 1",
};

static void fill(struct table *table, const struct term *term)
{
    table_init(table, term, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(cells); i++)
        table_cell(table, i == 2 ? STYLE_GREEN : STYLE_PLAIN, cells[i]);
}

static void expect(const struct term *term, bool is_aligned, const char *expected)
{
    AUTO(table) struct table table;
    AUTO(buf) struct buf out = BUF_INIT((size_t)64 * 1024);

    fill(&table, term);
    table_print(&table, is_aligned, &out);
    assert_string_equal(buf_text(&out), expected);
}

static void test_a_pipe_gets_tabs_no_header_and_everything(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = false}, false,
           "1\tacme/shop\tfine\n2\tacme/warehouse\tthe command ended with exit status 1\n");
}

static void test_a_wide_terminal_gets_columns(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = true, .width = 100}, false,
           "ID  NAME            WHY\n"
           "1   acme/shop       fine\n"
           "2   acme/warehouse  the command ended with exit status 1\n");
}

static void test_the_widest_column_gives_way_first(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = true, .width = 40}, false,
           "ID  NAME            WHY\n"
           "1   acme/shop       fine\n"
           "2   acme/warehouse  the command ended w\xE2\x80\xA6\n");
}

static void test_no_line_is_wider_than_the_terminal_until_all_are_at_their_least(void **state)
{
    (void)state;
    for (size_t width = 16; width < 70; width++) {
        struct term term = {.is_terminal = true, .width = width};
        AUTO(table) struct table table;
        AUTO(buf) struct buf out = BUF_INIT((size_t)64 * 1024);
        fill(&table, &term);
        table_print(&table, false, &out);
        char *line = out.data;
        for (size_t len = 0; *line != '\0'; line += len + 1) {
            len = strcspn(line, "\n");
            line[len] = '\0';
            assert_true(text_width(line) <= width);
        }
    }
}

static void test_columns_that_may_go_do_where_all_do_not_fit(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = true, .width = 16}, false,
           "ID  NAME    WHY\n"
           "1   acme/\xE2\x80\xA6  fine\n"
           "2   acme/\xE2\x80\xA6  the\xE2\x80\xA6\n");
    expect(&(struct term){.is_terminal = true, .width = 15}, false,
           "ID  NAME\n"
           "1   acme/shop\n"
           "2   acme/wareh\xE2\x80\xA6\n");
}

static void test_aligned_in_a_pipe_is_never_cut(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = false}, true,
           "ID  NAME            WHY\n"
           "1   acme/shop       fine\n"
           "2   acme/warehouse  the command ended with exit status 1\n");
}

static void test_colour_takes_no_columns(void **state)
{
    (void)state;
    expect(&(struct term){.is_terminal = true, .width = 100, .has_color = true}, false,
           "\x1B[2mID\x1B[0m  \x1B[2mNAME\x1B[0m            \x1B[2mWHY\x1B[0m\n"
           "1   acme/shop       \x1B[32mfine\x1B[0m\n"
           "2   acme/warehouse  the command ended with exit status 1\n");
}

static void test_cells_cannot_forge_rows_columns_or_escapes(void **state)
{
    struct term term = {.is_terminal = false};
    AUTO(table) struct table table;
    AUTO(buf) struct buf out = BUF_INIT((size_t)1024);

    (void)state;
    table_init(&table, &term, columns, ARRAY_LEN(columns));
    table_cell(&table, STYLE_PLAIN, "a\tb");
    table_cell(&table, STYLE_PLAIN, "c\nd");
    table_cell(&table, STYLE_PLAIN, "\x1B[31m");
    table_print(&table, false, &out);
    assert_string_equal(buf_text(&out), "a b\tc d\t\xEF\xBF\xBD[31m\n");
}

static void test_an_empty_table_prints_nothing(void **state)
{
    struct term term = {.is_terminal = true, .width = 80};
    AUTO(table) struct table table;
    AUTO(buf) struct buf out = BUF_INIT((size_t)1024);

    (void)state;
    table_init(&table, &term, columns, ARRAY_LEN(columns));
    table_print(&table, false, &out);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pipe_gets_tabs_no_header_and_everything),
        cmocka_unit_test(test_a_wide_terminal_gets_columns),
        cmocka_unit_test(test_the_widest_column_gives_way_first),
        cmocka_unit_test(test_no_line_is_wider_than_the_terminal_until_all_are_at_their_least),
        cmocka_unit_test(test_columns_that_may_go_do_where_all_do_not_fit),
        cmocka_unit_test(test_aligned_in_a_pipe_is_never_cut),
        cmocka_unit_test(test_colour_takes_no_columns),
        cmocka_unit_test(test_cells_cannot_forge_rows_columns_or_escapes),
        cmocka_unit_test(test_an_empty_table_prints_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
