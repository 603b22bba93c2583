/* The head parser: what it takes, what it refuses and why, and that two other parsers agree. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "head_int.h"
#include "oracles/framing.h"

#define HEADERS_MAX 8

static const struct http_head_rules rules = {
    .head_bytes_max = 512,
    .headers_max = HEADERS_MAX,
    .singles = {{"x-hub-signature-256", 19}},
    .singles_count = 1,
};

struct parsed {
    char bytes[1024];
    struct http_field fields[HEADERS_MAX];
    struct http_head head;
    enum http_head_status status;
};

static void parse(struct parsed *parsed, const char *text, size_t len)
{
    assert_true(len <= sizeof(parsed->bytes));
    memcpy(parsed->bytes, text, len);
    http_head_init(&parsed->head, parsed->fields);
    parsed->status = http_head_parse(&parsed->head, &rules, parsed->bytes, len);
}

static const char *header(const struct parsed *parsed, const char *name)
{
    return http_head_find(&parsed->head, parsed->bytes, name);
}

#define GET     "GET / HTTP/1.1\r\n"
#define HOST    "Host: a\r\n"
#define WITH(h) GET HOST h "\r\n"

/* ---- what is taken ---- */

static void test_a_delivery_is_taken_apart(void **state)
{
    struct parsed parsed;
    static const char text[] = "POST /web%20hooks/github?a=%20&b HTTP/1.1\r\n"
                               "Host: envflow.example:8080\r\n"
                               "X-GitHub-Event:push\r\n"
                               "X-Padded:   a \tb  \r\n"
                               "X-Empty:\r\n"
                               "X-Obs: gr\xC3\xBC\xC3\x9F\r\n"
                               "Content-Length: 5\r\n"
                               "\r\nhello";

    (void)state;
    parse(&parsed, text, sizeof(text) - 1);
    assert_int_equal(HTTP_HEAD_DONE, parsed.status);
    assert_string_equal("POST", parsed.bytes + parsed.head.method);
    assert_string_equal("/web hooks/github", parsed.bytes + parsed.head.path);
    assert_string_equal("a=%20&b", parsed.bytes + parsed.head.query);
    assert_string_equal("envflow.example:8080", header(&parsed, "host"));
    assert_string_equal("push", header(&parsed, "x-github-event"));
    assert_string_equal("a \tb", header(&parsed, "x-padded"));
    assert_string_equal("", header(&parsed, "x-empty"));
    assert_string_equal("gr\xC3\xBC\xC3\x9F", header(&parsed, "x-obs"));
    assert_null(header(&parsed, "x-github"));
    assert_int_equal(5, parsed.head.content_length);
    assert_int_equal(sizeof(text) - 1 - 5, parsed.head.line);
    assert_memory_equal("hello", parsed.bytes + parsed.head.line, 5);
}

static void test_what_headers_ask_for_is_known(void **state)
{
    static const struct {
        const char *text;
        bool close, keep_alive, chunked, goes_on;
    } cases[] = {
        {WITH(""), .close = false},
        {WITH("Connection: close\r\n"), .close = true},
        {WITH("Connection: Keep-Alive , CLOSE\r\n"), .close = true, .keep_alive = true},
        {WITH("Connection: foreclose, x-close\r\n"), .close = false},
        {WITH("Connection: upgrade\r\nConnection: close\r\n"), .close = true},
        {WITH("Transfer-Encoding: chunked\r\n"), .chunked = true},
        {WITH("Expect: 100-Continue\r\n"), .goes_on = true},
        {WITH("Expect:\r\n"), .goes_on = false},
        {"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", .goes_on = false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", .keep_alive = true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct parsed parsed;
        parse(&parsed, cases[i].text, strlen(cases[i].text));
        assert_int_equal(HTTP_HEAD_DONE, parsed.status);
        assert_int_equal(cases[i].close, parsed.head.wants_close);
        assert_int_equal(cases[i].keep_alive, parsed.head.wants_keep_alive);
        assert_int_equal(cases[i].chunked, parsed.head.is_chunked);
        assert_int_equal(cases[i].goes_on, parsed.head.wants_continue);
    }
}

static void test_a_head_is_more_until_its_last_byte(void **state)
{
    static const char text[] = WITH("Content-Length: 3\r\n");
    struct parsed parsed;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        parse(&parsed, text, len);
        assert_int_equal(HTTP_HEAD_MORE, parsed.status);
    }
    parse(&parsed, text, sizeof(text) - 1);
    assert_int_equal(HTTP_HEAD_DONE, parsed.status);
}

/* ---- what is refused ---- */

struct refused {
    enum http_fault fault;
    const char *text;
    size_t len;
};

#define REFUSED(fault, text)                                                                       \
    {                                                                                              \
        HTTP_FAULT_##fault, (text), sizeof(text) - 1                                               \
    }

static const struct refused refused[] = {
    REFUSED(EMPTY_LINE, "\r\n" WITH("")),
    REFUSED(EMPTY_LINE, "\n"),
    REFUSED(REQUEST_LINE, "\x16\x03\x01\x02"),
    REFUSED(REQUEST_LINE, " GET / HTTP/1.1\r\n"),
    REFUSED(REQUEST_LINE, "GET /\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/1.1 \r\n"),
    REFUSED(REQUEST_LINE, "GET / a HTTP/1.1\r\n"),
    REFUSED(REQUEST_LINE, "GET / http/1.1\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/1.10\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/11\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/1,1\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/x.1\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/1.x\r\n"),
    REFUSED(REQUEST_LINE, "GET /\0 HTTP/1.1\r\n"),
    REFUSED(REQUEST_LINE, "GET / HTTP/1.1\0\r\n"),
    REFUSED(VERSION, "GET / HTTP/2.0\r\n"),
    REFUSED(VERSION, "GET / HTTP/1.2\r\n"),
    REFUSED(VERSION, "GET / HTTP/0.9\r\n"),
    REFUSED(VERSION, "PRI * HTTP/2.0\r\n"),
    REFUSED(METHOD, "BREW / HTTP/1.1\r\n"),
    REFUSED(METHOD, "get / HTTP/1.1\r\n"),
    REFUSED(METHOD, "CONNECT /a HTTP/1.1\r\n"),
    REFUSED(METHOD, "GETT / HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET  HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET * HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET http://a/ HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET a:80 HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET /a\tb HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET /\x80 HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET /\x7F HTTP/1.1\r\n"),
    REFUSED(BARE_CR, "GET /\r HTTP/1.1\r\n"),
    REFUSED(TARGET, "GET /a#b HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%00 HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%0a HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%7F HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /% HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%2 HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%2?0 HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%g0 HTTP/1.1\r\n"),
    REFUSED(TARGET_ESCAPE, "GET /%0g HTTP/1.1\r\n"),
    REFUSED(BARE_LF, "GET / HTTP/1.1\n"),
    REFUSED(BARE_LF, GET "Host: a\n"),
    REFUSED(BARE_LF, GET HOST "\n"),
    REFUSED(BARE_CR, GET HOST "\ra"),
    REFUSED(BARE_CR, "GET / HTTP/1.1\r\r"),
    REFUSED(FOLDED, WITH("X: a\r\n b\r\n")),
    REFUSED(FOLDED, WITH("X: a\r\n\tb\r\n")),
    REFUSED(FOLDED, GET " Host: a\r\n"),
    REFUSED(NO_COLON, WITH("Host\r\n")),
    REFUSED(HEADER_NAME, WITH(": a\r\n")),
    REFUSED(HEADER_NAME, WITH("X : a\r\n")),
    REFUSED(HEADER_NAME, WITH("X\t: a\r\n")),
    REFUSED(HEADER_NAME, WITH("X Y: a\r\n")),
    REFUSED(HEADER_NAME, WITH("X(Y): a\r\n")),
    REFUSED(HEADER_NAME, WITH("X\0: a\r\n")),
    REFUSED(HEADER_NAME, WITH("X\xC3: a\r\n")),
    REFUSED(BARE_CR, WITH("X\r: a\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: a\0b\r\n")),
    REFUSED(BARE_CR, WITH("X: a\rb\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: a\x1F\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: \x01 a\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: a\x7F\r\n")),
    REFUSED(BARE_CR, WITH("X: a\r\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: a\t\r\n")),
    REFUSED(HEADER_VALUE, WITH("X: \ta\r\n")),
    REFUSED(HEADER_TWICE, WITH(HOST)),
    REFUSED(HEADER_TWICE, WITH("Content-Length: 2\r\nContent-Length: 2\r\n")),
    REFUSED(HEADER_TWICE, WITH("Content-Length: 2\r\ncontent-length: 3\r\n")),
    REFUSED(HEADER_TWICE, WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
    REFUSED(HEADER_TWICE, WITH("Expect: 100-continue\r\nExpect: 100-continue\r\n")),
    REFUSED(HEADER_TWICE, WITH("Content-Type: a/b\r\nContent-Type: a/b\r\n")),
    REFUSED(HEADER_TWICE, WITH("Authorization: a\r\nAuthorization: a\r\n")),
    REFUSED(HEADER_TWICE, WITH("X-Hub-Signature-256: a\r\nX-HUB-signature-256: a\r\n")),
    REFUSED(HEADERS_MANY, WITH("1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n")),
    REFUSED(HOST, GET "\r\n"),
    REFUSED(HOST, GET "Host:\r\n\r\n"),
    REFUSED(HOST, GET "Host: a b\r\n\r\n"),
    REFUSED(HOST, GET "Host: a,b\r\n\r\n"),
    REFUSED(HOST, GET "Host: a/b\r\n\r\n"),
    REFUSED(HOST, GET "Host: u@a\r\n\r\n"),
    REFUSED(LENGTH, WITH("Content-Length:\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: +2\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: -1\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 2, 2\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 2 2\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 0x2\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 2a\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 18446744073709551618\r\n")),
    REFUSED(LENGTH, WITH("Content-Length: 1000000000000000000\r\n")),
    REFUSED(LENGTH_AND_CHUNKED, WITH("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n")),
    REFUSED(LENGTH_AND_CHUNKED, WITH("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding: xchunked\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding: gzip, chunked\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding: chunked, chunked\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding: identity\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding:\r\n")),
    REFUSED(TRANSFER_ENCODING, WITH("Transfer-Encoding: Chunked\r\n")),
    REFUSED(TRANSFER_ENCODING, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REFUSED(EXPECTATION, WITH("Expect: 200-ok\r\n")),
    REFUSED(EXPECTATION, WITH("Expect: 100-continue, x\r\n")),
};

static void test_each_refusal_has_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct parsed parsed;
        parse(&parsed, refused[i].text, refused[i].len);
        if (parsed.status != HTTP_HEAD_REFUSED || parsed.head.fault != refused[i].fault)
            fail_msg("case %zu: status %d, fault %d instead of %d: %s", i, parsed.status,
                     parsed.head.fault, refused[i].fault, refused[i].text);
    }
}

static void test_a_head_of_just_the_maximum_is_taken_and_one_byte_more_is_not(void **state)
{
    char text[600];
    struct parsed parsed;

    (void)state;
    for (size_t len = 511; len <= 513; len++) {
        int used = snprintf(text, sizeof(text), GET HOST "X: ");
        size_t padding = len - (size_t)used - 4;
        memset(text + used, 'x', padding);
        memcpy(text + (size_t)used + padding, "\r\n\r\n", 4);
        parse(&parsed, text, len);
        assert_int_equal(len <= 512 ? HTTP_HEAD_DONE : HTTP_HEAD_REFUSED, parsed.status);
    }
    assert_int_equal(HTTP_FAULT_HEAD_LONG, parsed.head.fault);
}

static void test_a_line_without_end_is_refused_at_the_maximum(void **state)
{
    char text[600];
    struct parsed parsed;

    (void)state;
    memset(text, 'A', sizeof(text));
    parse(&parsed, text, 511);
    assert_int_equal(HTTP_HEAD_MORE, parsed.status);
    parse(&parsed, text, 512);
    assert_int_equal(HTTP_FAULT_HEAD_LONG, parsed.head.fault);
}

static void test_every_fault_has_status_reason_and_sentence(void **state)
{
    (void)state;
    for (int fault = HTTP_FAULT_NONE + 1; fault < HTTP_FAULT_COUNT; fault++) {
        const struct http_refusal *refusal = http_refusal_of((enum http_fault)fault);
        assert_in_range(refusal->status, 400, 599);
        assert_non_null(refusal->reason);
        assert_non_null(refusal->sentence);
    }
}

/* ---- the oracles ---- */

#define MUTATIONS_COUNT 1000000

static const char *const seeds[] = {
    WITH(""),
    "POST /webhooks/github?a=b HTTP/1.1\r\n" HOST "Content-Length: 5\r\nAccept: */*\r\n\r\nhello",
    "POST /x HTTP/1.1\r\n" HOST
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n"
    "0\r\n\r\n",
    "HEAD /a%20b HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "PUT / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab",
    "OPTIONS / HTTP/1.1\r\n" HOST
    "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n",
};

static const char *const pieces[] = {
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "+",
    "-",
    "0",
    "0x",
    "\x01",
    "\x7F",
    "\x80",
    "Content-Length: 3\r\n",
    "Content-Length:",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close\r\n",
    "Host: b\r\n",
    "X: y\r\n z\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "GET / HTTP/1.1\r\n",
};

static uint64_t prng(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t below(uint64_t *seed, size_t bound)
{
    return (size_t)(prng(seed) % bound);
}

/* One to three small changes. */
static size_t mutate(char *text, size_t len, size_t size, uint64_t *seed)
{
    for (size_t changes = 1 + below(seed, 3); changes > 0 && len > 1; changes--) {
        size_t at = below(seed, len);
        const char *piece = pieces[below(seed, ARRAY_LEN(pieces))];
        size_t piece_len = strlen(piece);
        size_t kind = below(seed, 4);

        if (kind == 0) {
            text[at] = (char)prng(seed);
        } else if (kind == 1) {
            memmove(text + at, text + at + 1, len - at - 1);
            len--;
        } else if (kind == 2 && len + piece_len <= size) {
            memmove(text + at + piece_len, text + at, len - at);
            memcpy(text + at, piece, piece_len);
            len += piece_len;
        } else {
            len = 1 + below(seed, len);
        }
    }
    return len;
}

static void test_the_oracles_frame_what_we_take_in_the_same_way(void **state)
{
    uint64_t seed = 20260301;
    size_t taken = 0;

    (void)state;
    if (framing_oracles_count() == 0)
        skip();
    for (int i = 0; i < MUTATIONS_COUNT; i++) {
        char text[1024];
        const char *from = seeds[below(&seed, ARRAY_LEN(seeds))];
        size_t len = strlen(from);
        memcpy(text, from, len);
        len = mutate(text, len, sizeof(text), &seed);
        const char *disagreement = framing_disagreement(text, len);
        if (disagreement != NULL)
            fail_msg("round %d: %s\n%.*s", i, disagreement, (int)len, text);
        taken += framing_is_taken_by_all(text, len);
    }
    assert_true(taken > MUTATIONS_COUNT / 20); /* else the mutations are too wild to mean much */
}

static void test_the_seeds_are_taken_and_agreed_upon(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        assert_int_equal(FRAMING_WHOLE, framing_ours(seeds[i], strlen(seeds[i]), 0).verdict);
        assert_null(framing_disagreement(seeds[i], strlen(seeds[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_delivery_is_taken_apart),
        cmocka_unit_test(test_what_headers_ask_for_is_known),
        cmocka_unit_test(test_a_head_is_more_until_its_last_byte),
        cmocka_unit_test(test_each_refusal_has_its_reason),
        cmocka_unit_test(test_a_head_of_just_the_maximum_is_taken_and_one_byte_more_is_not),
        cmocka_unit_test(test_a_line_without_end_is_refused_at_the_maximum),
        cmocka_unit_test(test_every_fault_has_status_reason_and_sentence),
        cmocka_unit_test(test_the_seeds_are_taken_and_agreed_upon),
        cmocka_unit_test(test_the_oracles_frame_what_we_take_in_the_same_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
