/* err: codes, sentences, and where they are cut. */
#include "support/test.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"

static void test_a_cause_is_set_and_wrapped_from_the_inside_out(void **state UNUSED)
{
    struct err err;

    assert_false(err_set(&err, ERR_PARSE, "byte %d is odd", 7));
    assert_false(err_wrap(&err, "read %s", "x.json"));
    assert_false(err_wrap(&err, "start"));
    assert_int_equal(err.code, ERR_PARSE);
    assert_string_equal(err.text, "start: read x.json: byte 7 is odd");
}

static void test_errno_becomes_a_code_and_words(void **state UNUSED)
{
    static const struct {
        int number;
        enum err_code code;
    } cases[] = {
        {ENOSPC, ERR_NO_SPACE}, {EDQUOT, ERR_NO_SPACE}, {ENOMEM, ERR_NOMEM},
        {EACCES, ERR_IO},       {99999, ERR_IO},
    };
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(err_errno(&err, cases[i].number, "open %s", "it"));
        assert_int_equal(err.code, cases[i].code);
        assert_int_equal(strncmp(err.text, "open it: ", 9), 0);
    }
    assert_string_equal(err.text, "open it: unknown error");
}

static void test_text_that_does_not_fit_ends_in_dots(void **state UNUSED)
{
    char text[2 * ERR_TEXT_SIZE];
    struct err err;

    /* One byte more than fits, and every length around it. */
    for (size_t len = ERR_TEXT_SIZE - 8; len < ERR_TEXT_SIZE + 8; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        err_set(&err, ERR_IO, "%s", text);
        assert_int_equal(strlen(err.text), len < ERR_TEXT_SIZE ? len : ERR_TEXT_SIZE - 1);
        assert_int_equal(strcmp(err.text + ERR_TEXT_SIZE - 4, "...") == 0, len >= ERR_TEXT_SIZE);
    }
    err_wrap(&err, "while");
    assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
    assert_int_equal(strncmp(err.text, "while: xxx", 10), 0);
    assert_string_equal(err.text + ERR_TEXT_SIZE - 4, "...");
    err_wrap(&err, "%s", text);
    assert_string_equal(err.text + ERR_TEXT_SIZE - 4, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cause_is_set_and_wrapped_from_the_inside_out),
        cmocka_unit_test(test_errno_becomes_a_code_and_words),
        cmocka_unit_test(test_text_that_does_not_fit_ends_in_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
