/* Text from the network before it reaches a terminal; times; addresses. */
#include "support/test.h"

#include <string.h>

#include "../../src/cli/client_int.h"
#include "../../src/cli/text_int.h"
#include "../../src/cli/when_int.h"

#define BAD "\xEF\xBF\xBD"

struct pair {
    const char *in, *out;
};

static void test_nothing_a_terminal_obeys_comes_through(void **state)
{
    const struct pair cases[] = {
        {"plain", "plain"},
        {"\x1B[2Jgone", BAD "[2Jgone"},
        {"bell\a", "bell" BAD},
        {"del\x7F", "del" BAD},
        {"a\tb\nc\r\nd", "a b c  d"},
        {"c1 \xC2\x9B"
         "2J",
         "c1 " BAD "2J"},                           /* U+009B: another ESC [ */
        {"\xE2\x80\xAEtxt.exe", BAD "txt.exe"},     /* right-to-left override */
        {"\xE2\x81\xA6x\xE2\x81\xA9", BAD "x" BAD}, /* isolates */
        {"latin1 \xE9t\xE9", "latin1 " BAD "t" BAD},
        {"overlong \xC0\x9B", "overlong " BAD BAD},
        {"surrogate \xED\xA0\x80", "surrogate " BAD BAD BAD},
        {"cut \xE2\x80", "cut " BAD BAD},
        {"\xC3\xA7 \xF0\x9F\x98\x80 \xE6\x97\xA5", "\xC3\xA7 \xF0\x9F\x98\x80 \xE6\x97\xA5"},
        {"too far \xF4\x90\x80\x80", "too far " BAD BAD BAD BAD},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT((size_t)1024);
        text_clean(&out, cases[i].in);
        assert_string_equal(buf_text(&out), cases[i].out);
        buf_done(&out);
    }
}

static void test_build_logs_keep_lines_and_lose_colours(void **state)
{
    const struct pair cases[] = {
        {"one\ntwo\r\nthree\n", "one\ntwo\nthree\n"},
        {"10%\r20%\rdone\n", "10%\n20%\ndone\n"},
        {"\x1B[1;32mok\x1B[0m\n", "ok\n"},
        {"\x1B]0;title\atext", "text"},
        {"\x1B]8;;http://x\x1B\\link\x1B]8;;\x1B\\", "link"},
        {"\x1B", BAD},
        {"\x1B[", BAD "["},
        {"\x1B[31", BAD "[31"},
        {"\x1B]0;never ends\nnext", BAD "]0;never ends\nnext"},
        {"\x1B"
         "c",
         BAD "c"},
        {"tab\there\v", "tab\there" BAD},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT((size_t)1024);
        text_clean_lines(&out, cases[i].in, strlen(cases[i].in));
        assert_string_equal(buf_text(&out), cases[i].out);
        buf_done(&out);
    }
}

static void test_a_zero_byte_in_a_log_does_not_end_it(void **state)
{
    struct buf out = BUF_INIT((size_t)64);

    (void)state;
    text_clean_lines(&out, "a\0b", 3);
    assert_string_equal(buf_text(&out), "a" BAD "b");
    buf_done(&out);
}

static void test_width_counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("\xC3\xA7"), 1);
    assert_int_equal(text_width("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
    assert_int_equal(text_width("\xF0\x9F\x98\x80"), 2);
    assert_int_equal(text_width("e\xCC\x81"), 1); /* e and a combining accent */
}

static void test_cutting_never_splits_a_letter_and_says_that_it_cut(void **state)
{
    const struct {
        const char *in;
        size_t columns;
        const char *out;
        size_t width;
    } cases[] = {
        {"abc", 3, "abc", 3},
        {"abcd", 3, "ab\xE2\x80\xA6", 3},
        {"abcd", 1, "\xE2\x80\xA6", 1},
        {"abcd", 0, "", 0},
        {"", 5, "", 0},
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 6, "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 6},
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 5, "\xE6\x97\xA5\xE6\x9C\xAC\xE2\x80\xA6", 5},
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 4, "\xE6\x97\xA5\xE2\x80\xA6", 3},
        {"e\xCC\x81xx", 2, "e\xCC\x81\xE2\x80\xA6", 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out = BUF_INIT((size_t)256);
        size_t width = text_cut(&out, cases[i].in, cases[i].columns);
        assert_string_equal(buf_text(&out), cases[i].out);
        assert_int_equal(width, cases[i].width);
        buf_done(&out);
    }
}

static void test_url_values_cannot_add_parameters_or_segments(void **state)
{
    struct buf out = BUF_INIT((size_t)256);

    (void)state;
    text_url(&out, "acme/shop?x=1&y #\xC3\xA7~");
    assert_string_equal(buf_text(&out), "acme%2Fshop%3Fx%3D1%26y%20%23%C3%A7~");
    buf_done(&out);
}

static void test_text_breaks_between_words(void **state)
{
    struct buf out = BUF_INIT((size_t)256);

    (void)state;
    text_wrap(&out, "one two three  unbreakable_word four", 9, 2);
    assert_string_equal(buf_text(&out), "one two\n  three\n  unbreakable_word\n  four");
    buf_done(&out);
}

#define NOW_MS INT64_C(1772366400000) /* 2026-03-01T12:00:00Z */

static void test_times_read_as_people_say_them(void **state)
{
    const struct {
        const char *time, *relative;
    } cases[] = {
        {"2026-03-01T12:00:00Z", "just now"},
        {"2026-03-01T11:59:59.900Z", "just now"},
        {"2026-03-01T11:59:58Z", "2s ago"},
        {"2026-03-01T11:57:01Z", "2m ago"},
        {"2026-03-01T09:00:00Z", "3h ago"},
        {"2026-02-01T12:00:00Z", "28d ago"},
        {"2026-03-01T12:05:00Z", "in 5m"},
        {"2026-03-01T13:00:00+01:00", "just now"},
        {"", "-"},
        {"yesterday", "?"},
    };
    char text[WHEN_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(when_relative(cases[i].time, NOW_MS, text), cases[i].relative);
    assert_string_equal(when_absolute("2026-03-01T11:58:00Z", NOW_MS, text),
                        "2026-03-01 11:58:00 UTC (2m ago)");
    assert_string_equal(when_absolute("", NOW_MS, text), "-");
}

static void test_durations_have_two_units_at_most(void **state)
{
    const struct {
        const char *start, *end, *took;
    } cases[] = {
        {"2026-03-01T11:00:00Z", "2026-03-01T11:00:01.250Z", "1.2s"},
        {"2026-03-01T11:00:00Z", "2026-03-01T11:01:20Z", "1m 20s"},
        {"2026-03-01T10:00:00Z", "2026-03-01T11:01:20Z", "1h 1m"},
        {"2026-03-01T11:59:00Z", "", "1m 0s"},
        {"2026-03-01T11:00:05Z", "2026-03-01T11:00:00Z", "0.0s"},
        {"", "", "-"},
        {"2026-03-01T11:00:05Z", "soon", "?"},
    };
    char text[WHEN_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(when_took(cases[i].start, cases[i].end, NOW_MS, text), cases[i].took);
}

static void test_listeners_become_addresses_one_can_connect_to(void **state)
{
    const struct {
        const char *listener;
        bool is_tls;
        const char *base, *socket;
    } cases[] = {
        {"127.0.0.1:8081", false, "http://127.0.0.1:8081", ""},
        {"0.0.0.0:8080", true, "https://127.0.0.1:8080", ""},
        {"[::]:8080", false, "http://[::1]:8080", ""},
        {"[::1]:8080", false, "http://[::1]:8080", ""},
        {"hooks.example:443", true, "https://hooks.example:443", ""},
        {"unix:/run/envflow/admin.sock", false, "http://localhost", "/run/envflow/admin.sock"},
        {"fd:webhooks", false, NULL, NULL},
        {"127.0.0.1:0", false, NULL, NULL},
        {"nonsense", false, NULL, NULL},
        {":8080", false, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct endpoint endpoint;
        bool is_known = endpoint_of_listener(cases[i].listener, cases[i].is_tls, &endpoint);
        assert_int_equal(is_known, cases[i].base != NULL);
        if (!is_known)
            continue;
        assert_string_equal(endpoint.base, cases[i].base);
        assert_string_equal(endpoint.socket, cases[i].socket);
    }
}

static void test_addresses_of_other_forms_are_refused(void **state)
{
    const char *const wrong[] = {"", "localhost:8081", "ftp://x", "file:///etc/passwd", "unix:"};
    char too_long[ENDPOINT_SIZE + 16];
    struct endpoint endpoint;
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(endpoint_parse(wrong[i], &endpoint, &err));
        assert_int_equal(err.code, ERR_PARSE);
    }
    memset(too_long, 'a', sizeof(too_long));
    memcpy(too_long, "http://", 7);
    too_long[sizeof(too_long) - 1] = '\0';
    assert_false(endpoint_parse(too_long, &endpoint, &err));
    assert_true(endpoint_parse("http://127.0.0.1:1/", &endpoint, &err));
    assert_string_equal(endpoint.base, "http://127.0.0.1:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_a_terminal_obeys_comes_through),
        cmocka_unit_test(test_build_logs_keep_lines_and_lose_colours),
        cmocka_unit_test(test_a_zero_byte_in_a_log_does_not_end_it),
        cmocka_unit_test(test_width_counts_columns_not_bytes),
        cmocka_unit_test(test_cutting_never_splits_a_letter_and_says_that_it_cut),
        cmocka_unit_test(test_url_values_cannot_add_parameters_or_segments),
        cmocka_unit_test(test_text_breaks_between_words),
        cmocka_unit_test(test_times_read_as_people_say_them),
        cmocka_unit_test(test_durations_have_two_units_at_most),
        cmocka_unit_test(test_listeners_become_addresses_one_can_connect_to),
        cmocka_unit_test(test_addresses_of_other_forms_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
