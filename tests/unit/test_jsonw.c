/* jsonw: what it writes is JSON, whatever it is given, and jansson reads back the same. */
#include "support/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "github/payload.h"

static void test_commas_and_brackets_stand_where_they_belong(void **state UNUSED)
{
    AUTO(buf) struct buf out = BUF_INIT(1000);
    struct jsonw w = JSONW_INIT(&out);

    jsonw_open_object(&w, NULL);
    jsonw_open_array(&w, "a");
    jsonw_close_array(&w);
    jsonw_open_array(&w, "b");
    jsonw_int(&w, NULL, INT64_MIN);
    jsonw_open_object(&w, NULL);
    jsonw_close_object(&w);
    jsonw_bool(&w, NULL, true);
    jsonw_close_array(&w);
    jsonw_null(&w, "c");
    jsonw_text(&w, "d", NULL);
    jsonw_text(&w, "e\"", "x");
    jsonw_time(&w, "f", 0);
    jsonw_time(&w, "g", 1);
    jsonw_close_object(&w);
    assert_string_equal(buf_text(&out), "{\"a\":[],\"b\":[-9223372036854775808,{},true],\"c\":null,"
                                        "\"d\":null,\"e\\\"\":\"x\",\"f\":null,"
                                        "\"g\":\"1970-01-01T00:00:00.001Z\"}");
}

static void write_text(struct buf *out, const char *text, size_t len)
{
    struct jsonw w = JSONW_INIT(out);

    buf_clear(out);
    jsonw_text_n(&w, NULL, text, len);
}

static void test_what_is_no_utf_8_becomes_the_replacement_character(void **state UNUSED)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"\xC3\xA7 \xF0\x9F\x98\x80", "\"\xC3\xA7 \xF0\x9F\x98\x80\""},
        {"\x80", "\"\xEF\xBF\xBD\""},
        {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* overlong */
        {"\xE0\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* overlong */
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* a surrogate */
        {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* cut short */
        {"\xE2\x82x", "\"\xEF\xBF\xBD\xEF\xBF\xBDx\""},
        {"\xEF\xBF\xBF", "\"\xEF\xBF\xBF\""},
        {"\xF4\x8F\xBF\xBF", "\"\xF4\x8F\xBF\xBF\""},
        {"\"\\\b\f\n\r\t\x01\x7F", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\""},
    };
    AUTO(buf) struct buf out = BUF_INIT(1000);

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        write_text(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(buf_text(&out), cases[i].written);
    }
    write_text(&out, "a\0b", 3);
    assert_string_equal(buf_text(&out), "\"a\\u0000b\"");
}

static void test_any_bytes_at_all_are_written_as_json(void **state UNUSED)
{
    unsigned short seed[3] = {1, 2, 3};
    AUTO(buf) struct buf out = BUF_INIT(1000);
    char text[64];

    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)nrand48(seed) % sizeof(text);
        for (size_t i = 0; i < len; i++) {
            static const char lively[] = "\"\\\n\xC3\xA7\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xA0";
            size_t roll = (size_t)nrand48(seed);
            unsigned char any = (unsigned char)(roll >> 3);
            if (roll % 2 == 0)
                text[i] = lively[roll / 2 % sizeof(lively)];
            else
                memcpy(text + i, &any, 1);
        }
        write_text(&out, text, len);
        AUTO(json)
        json_t *read = json_loadb(buf_text(&out), out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(read);
        /* Valid text comes back as it was. */
        AUTO(json) json_t *whole = json_stringn(text, len);
        if (whole != NULL)
            assert_int_equal(json_equal(read, whole), 1);
    }
}

static void test_a_full_buffer_fails_and_nothing_else_happens(void **state UNUSED)
{
    AUTO(buf) struct buf out = BUF_INIT(8);
    struct jsonw w = JSONW_INIT(&out);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "key", "value");
    jsonw_close_object(&w);
    assert_true(out.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas_and_brackets_stand_where_they_belong),
        cmocka_unit_test(test_what_is_no_utf_8_becomes_the_replacement_character),
        cmocka_unit_test(test_any_bytes_at_all_are_written_as_json),
        cmocka_unit_test(test_a_full_buffer_fails_and_nothing_else_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
