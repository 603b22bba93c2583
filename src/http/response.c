#include "response_int.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"

/* Status line and the headers we add, with room to spare; the test measures them. */
#define FIXED_BYTES 256

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Other";
}

/* RFC 9110, 15.3.5 and 15.4.5: these have no body whatever the caller gave. */
static bool may_have_body(int status)
{
    return status != 204 && status != 304;
}

size_t http_answer_size(const struct http_answer *answer)
{
    const struct http_response *response = answer->response;
    size_t size = FIXED_BYTES + response->body_len;

    if (response->content_type != NULL)
        size += strlen(response->content_type);
    for (const char *const *text = response->headers; text != NULL && *text != NULL; text++)
        size += strlen(*text) + 4;
    return size;
}

static char *put(char *to, const char *text)
{
    return stpcpy(to, text);
}

/* A value may carry what came from the world: no byte of it ends the line. */
static char *put_value(char *to, const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;
        *to++ = *value;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            to[-1] = '?';
    }
    return put(to, "\r\n");
}

static char *put_header(char *to, const char *name, const char *value)
{
    to = put(to, name);
    to = put(to, ": ");
    return put_value(to, value);
}

static char *put_number(char *to, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(to, digits + at, sizeof(digits) - at);
    return to + sizeof(digits) - at;
}

static char *put_status_line(char *to, int status)
{
    to = put(to, "HTTP/1.1 ");
    to = put_number(to, (size_t)status);
    to = put(to, " ");
    to = put(to, phrase_of(status));
    return put(to, "\r\n");
}

size_t http_answer_write(const struct http_answer *answer, char *to)
{
    const struct http_response *response = answer->response;
    bool has_body = may_have_body(response->status);
    char *at = put_status_line(to, response->status);

    if (has_body) {
        at = put(at, "Content-Length: ");
        at = put_number(at, response->body_len);
        at = put(at, "\r\n");
    }
    if (has_body && response->content_type != NULL) {
        at = put_header(at, "Content-Type", response->content_type);
        at = put(at, "X-Content-Type-Options: nosniff\r\n");
    }
    for (const char *const *text = response->headers; text != NULL && *text != NULL; text += 2)
        at = put_header(at, text[0], text[1]);
    if (answer->close)
        at = put(at, "Connection: close\r\n");
    else if (answer->is_http_1_0)
        at = put(at, "Connection: keep-alive\r\n");
    at = put(at, "\r\n");
    if (has_body && !answer->is_head && response->body_len > 0) {
        memcpy(at, response->body, response->body_len);
        at += response->body_len;
    }
    return (size_t)(at - to);
}
