/* The decoder of chunked bodies. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "chunked_int.h"

/* Decodes text, step bytes at a time, into out; returns how much of text was used. */
static enum http_chunked_status decode(const char *text, size_t step, struct buf *out,
                                       size_t *ret_used, enum http_fault *ret_fault)
{
    struct http_chunked chunked = {0};
    enum http_chunked_status status = HTTP_CHUNKED_MORE;
    size_t len = strlen(text);
    size_t at = 0;

    while (at < len && (status == HTTP_CHUNKED_MORE || status == HTTP_CHUNKED_RUN)) {
        size_t room = len - at < step ? len - at : step;
        size_t used = 0;
        struct http_run run = {0};
        status = http_chunked_next(&chunked, text + at, room, &used, &run);
        buf_append(out, run.bytes, run.len);
        at += used;
    }
    *ret_used = at;
    *ret_fault = chunked.fault;
    return status;
}

static void test_runs_are_found_however_the_bytes_arrive(void **state)
{
    static const char text[] =
        "5\r\nhello\r\n00A\r\n, chunks! \r\nf\r\n123456789abcdef\r\n0000\r\n\r\n";
    static const char rest[] = "GET / HTTP/1.1\r\n";
    char both[128];

    (void)state;
    memcpy(both, text, sizeof(text));
    memcpy(both + sizeof(text) - 1, rest, sizeof(rest));
    for (size_t step = 1; step <= sizeof(both); step++) {
        AUTO(buf) struct buf out = BUF_INIT(128);
        enum http_fault fault = HTTP_FAULT_NONE;
        size_t used = 0;
        assert_int_equal(HTTP_CHUNKED_WHOLE, decode(both, step, &out, &used, &fault));
        assert_string_equal("hello, chunks! 123456789abcdef", buf_text(&out));
        assert_int_equal(sizeof(text) - 1, used);
    }
}

static void test_what_others_overlook_is_refused(void **state)
{
    static const struct {
        enum http_fault fault;
        const char *text;
    } cases[] = {
        {HTTP_FAULT_CHUNK_SIZE, "\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "+2\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "-2\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "0x2\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "2 \r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, " 2\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "2;a=b\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "2\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "2\rab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "g\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "000000002\r\nab\r\n"},
        {HTTP_FAULT_CHUNK_SIZE, "fffffffff\r\n"},
        {HTTP_FAULT_CHUNK_END, "2\r\nabc\r\n"},
        {HTTP_FAULT_CHUNK_END, "2\r\nab\n"},
        {HTTP_FAULT_CHUNK_END, "2\r\nab\r0"},
        {HTTP_FAULT_TRAILER, "0\r\nA: b\r\n\r\n"},
        {HTTP_FAULT_TRAILER, "0\r\n\n"},
        {HTTP_FAULT_TRAILER, "0\r\n\r\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(buf) struct buf out = BUF_INIT(128);
        enum http_fault fault = HTTP_FAULT_NONE;
        size_t used = 0;
        enum http_chunked_status status = decode(cases[i].text, 3, &out, &used, &fault);
        if (status != HTTP_CHUNKED_REFUSED || fault != cases[i].fault)
            fail_msg("case %zu: status %d, fault %d", i, status, fault);
    }
}

static void test_a_refused_body_stays_refused(void **state)
{
    struct http_chunked chunked = {0};
    struct http_run run = {0};
    size_t used = 0;

    (void)state;
    assert_int_equal(HTTP_CHUNKED_REFUSED, http_chunked_next(&chunked, "x", 1, &used, &run));
    assert_int_equal(HTTP_CHUNKED_REFUSED, http_chunked_next(&chunked, "0\r\n", 3, &used, &run));
    assert_int_equal(0, used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_found_however_the_bytes_arrive),
        cmocka_unit_test(test_what_others_overlook_is_refused),
        cmocka_unit_test(test_a_refused_body_stays_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
