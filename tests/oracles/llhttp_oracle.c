/* llhttp and http_parser define the same names: one file each. */
#include <llhttp.h>
#include <string.h>

#include "oracles/framing.h"

struct framing framing_llhttp(const char *bytes, size_t len);

static int on_headers(llhttp_t *parser)
{
    parser->upgrade = 0; /* as for the other oracle */
    return 0;
}

static int on_body(llhttp_t *parser, const char *bytes, size_t len)
{
    struct framing *framing = parser->data;

    framing->body_len += len;
    for (size_t i = 0; i < len; i++)
        framing->body_hash = (framing->body_hash ^ (unsigned char)bytes[i]) * 16777619U;
    return 0;
}

static int on_message(llhttp_t *parser)
{
    struct framing *framing = parser->data;

    framing->verdict = FRAMING_WHOLE;
    return HPE_PAUSED;
}

struct framing framing_llhttp(const char *bytes, size_t len)
{
    struct framing framing = {.body_hash = 2166136261U};
    llhttp_settings_t settings;
    llhttp_t parser;

    llhttp_settings_init(&settings);
    settings.on_headers_complete = on_headers;
    settings.on_body = on_body;
    settings.on_message_complete = on_message;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &framing;
    llhttp_errno_t result = llhttp_execute(&parser, bytes, len);
    if (framing.verdict == FRAMING_WHOLE)
        framing.used = (size_t)(llhttp_get_error_pos(&parser) - bytes);
    else if (result != HPE_OK)
        framing.verdict = FRAMING_REFUSED;
    return framing;
}
