#include "oracles/framing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "chunked_int.h"
#include "head_int.h"

#define HEADERS_MAX 100

static void add_body(struct framing *framing, const char *bytes, size_t len)
{
    framing->body_len += len;
    for (size_t i = 0; i < len; i++)
        framing->body_hash = (framing->body_hash ^ (unsigned char)bytes[i]) * 16777619U;
}

/* ---- ours ---- */

static void frame_chunked(struct framing *framing, const char *bytes, size_t len)
{
    struct http_chunked chunked = {0};
    enum http_chunked_status status = HTTP_CHUNKED_RUN;

    while (status == HTTP_CHUNKED_RUN) {
        struct http_run run = {0};
        size_t used = 0;
        status =
            http_chunked_next(&chunked, bytes + framing->used, len - framing->used, &used, &run);
        framing->used += used;
        add_body(framing, run.bytes, run.len);
    }
    if (status == HTTP_CHUNKED_WHOLE)
        framing->verdict = FRAMING_WHOLE;
    if (status == HTTP_CHUNKED_REFUSED) {
        framing->verdict = FRAMING_REFUSED;
        framing->fault = (int)chunked.fault;
    }
}

static void frame_body(struct framing *framing, const struct http_head *head, const char *bytes,
                       size_t len)
{
    framing->used = head->line;
    if (head->is_chunked) {
        frame_chunked(framing, bytes, len);
    } else if (head->content_length <= len - head->line) {
        add_body(framing, bytes + head->line, (size_t)head->content_length);
        framing->used += (size_t)head->content_length;
        framing->verdict = FRAMING_WHOLE;
    }
}

struct framing framing_ours(const char *bytes, size_t len, size_t step)
{
    static const struct http_head_rules rules = {
        .head_bytes_max = 16384,
        .headers_max = HEADERS_MAX,
        .singles = {{"x-hub-signature-256", 19}, {"x-github-event", 14}, {"x-github-delivery", 17}},
        .singles_count = 3,
    };
    struct http_field fields[HEADERS_MAX];
    struct http_head head;
    struct framing framing = {.body_hash = 2166136261U};
    enum http_head_status status = HTTP_HEAD_MORE;
    char *copy = malloc(len + 1); /* exactly sized, so that a sanitizer sees the edge */
    size_t given = step == 0 ? len : 0;

    memcpy(copy, bytes, len);
    http_head_init(&head, fields);
    status = http_head_parse(&head, &rules, copy, given);
    while (status == HTTP_HEAD_MORE && given < len) {
        given = given + step < len ? given + step : len;
        status = http_head_parse(&head, &rules, copy, given);
    }
    if (status == HTTP_HEAD_DONE)
        frame_body(&framing, &head, copy, len);
    if (status == HTTP_HEAD_REFUSED) {
        framing.verdict = FRAMING_REFUSED;
        framing.fault = (int)head.fault;
    }
    free(copy);
    return framing;
}

/* ---- http_parser ---- */

#ifdef HAVE_HTTP_PARSER
#include <http_parser.h>

static int parser_on_headers(http_parser *parser)
{
    parser->upgrade = 0; /* we never change protocols, so a wish for it frames nothing */
    return 0;
}

static int parser_on_body(http_parser *parser, const char *bytes, size_t len)
{
    add_body(parser->data, bytes, len);
    return 0;
}

static int parser_on_message(http_parser *parser)
{
    struct framing *framing = parser->data;

    framing->verdict = FRAMING_WHOLE;
    http_parser_pause(parser, 1);
    return 0;
}

static struct framing frame_http_parser(const char *bytes, size_t len)
{
    static const http_parser_settings settings = {
        .on_headers_complete = parser_on_headers,
        .on_body = parser_on_body,
        .on_message_complete = parser_on_message,
    };
    struct framing framing = {.body_hash = 2166136261U};
    http_parser parser;

    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &framing;
    framing.used = http_parser_execute(&parser, &settings, bytes, len);
    if (framing.verdict != FRAMING_WHOLE && HTTP_PARSER_ERRNO(&parser) != HPE_OK)
        framing.verdict = FRAMING_REFUSED;
    return framing;
}
#endif

/* ---- llhttp ---- */

#ifdef HAVE_LLHTTP
struct framing framing_llhttp(const char *bytes, size_t len); /* llhttp_oracle.c */
#endif

/* ---- all of them ---- */

static const struct {
    const char *name;
    struct framing (*frame)(const char *bytes, size_t len);
} oracles[] = {
#ifdef HAVE_HTTP_PARSER
    {"http_parser", frame_http_parser},
#endif
#ifdef HAVE_LLHTTP
    {"llhttp", framing_llhttp},
#endif
    {NULL, NULL},
};

size_t framing_oracles_count(void)
{
    return ARRAY_LEN(oracles) - 1;
}

static bool is_same(const struct framing *a, const struct framing *b)
{
    if (a->verdict != b->verdict)
        return false;
    return a->verdict != FRAMING_WHOLE ||
           (a->used == b->used && a->body_len == b->body_len && a->body_hash == b->body_hash);
}

const char *framing_disagreement(const char *bytes, size_t len)
{
    static char sentence[256];
    struct framing ours = framing_ours(bytes, len, 0);
    struct framing bytewise = framing_ours(bytes, len, 1);

    if (!is_same(&ours, &bytewise))
        return "ours depends on how the bytes arrive";
    for (size_t i = 0; oracles[i].frame != NULL && ours.verdict != FRAMING_REFUSED; i++) {
        struct framing theirs = oracles[i].frame(bytes, len);
        /* Who refuses what we take forwards nothing that could be framed differently; and of what
         * we wait for the rest of, they may have an opinion already, but not see an end. */
        bool is_early = ours.verdict == FRAMING_MORE && theirs.verdict != FRAMING_WHOLE;
        if (is_early || theirs.verdict == FRAMING_REFUSED || is_same(&ours, &theirs))
            continue;
        snprintf(sentence, sizeof(sentence),
                 "ours: verdict %d, %zu bytes used, body %zu; %s: verdict %d, %zu used, body %zu",
                 ours.verdict, ours.used, ours.body_len, oracles[i].name, theirs.verdict,
                 theirs.used, theirs.body_len);
        return sentence;
    }
    return NULL;
}

bool framing_is_taken_by_all(const char *bytes, size_t len)
{
    bool taken = framing_ours(bytes, len, 0).verdict == FRAMING_WHOLE;

    for (size_t i = 0; oracles[i].frame != NULL; i++)
        taken = taken && oracles[i].frame(bytes, len).verdict == FRAMING_WHOLE;
    return taken;
}
