#include "fault_int.h"

#include <assert.h>

/* clang-format off */
static const struct http_refusal refusals[HTTP_FAULT_COUNT] = {
    [HTTP_FAULT_EMPTY_LINE] = {400, "empty_line", "the request begins with an empty line"},
    [HTTP_FAULT_BARE_LF] = {400, "bare_lf", "a line ends in LF without CR"},
    [HTTP_FAULT_BARE_CR] = {400, "bare_cr", "a CR is not followed by LF"},
    [HTTP_FAULT_REQUEST_LINE] = {400, "request_line",
        "the request line is not METHOD SP /target SP HTTP/1.1"},
    [HTTP_FAULT_VERSION] = {505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here"},
    [HTTP_FAULT_METHOD] = {501, "method_unknown", "the request method is not implemented"},
    [HTTP_FAULT_TARGET] = {400, "target", "the request target is not a path of printable ASCII"},
    [HTTP_FAULT_TARGET_ESCAPE] = {400, "target_escape",
        "the path has a malformed or forbidden percent escape"},
    [HTTP_FAULT_FOLDED] = {400, "header_folded",
        "a header line begins with a space: folding is obsolete"},
    [HTTP_FAULT_NO_COLON] = {400, "header_colon", "a header line has no colon"},
    [HTTP_FAULT_HEADER_NAME] = {400, "header_name",
        "a header name is empty or holds a byte that no token may"},
    [HTTP_FAULT_HEADER_VALUE] = {400, "header_value", "a header value holds a control byte"},
    [HTTP_FAULT_HEADER_TWICE] = {400, "header_twice",
        "a header that may appear only once appears twice"},
    [HTTP_FAULT_HEADERS_MANY] = {431, "headers_many", "the request has too many headers"},
    [HTTP_FAULT_HEAD_LONG] = {431, "head_long", "request line and headers are too long"},
    [HTTP_FAULT_HOST] = {400, "host", "HTTP/1.1 wants exactly one well-formed Host"},
    [HTTP_FAULT_LENGTH] = {400, "content_length", "Content-Length is not a plain decimal number"},
    [HTTP_FAULT_LENGTH_AND_CHUNKED] = {400, "length_and_chunked",
        "Content-Length and Transfer-Encoding exclude each other"},
    [HTTP_FAULT_TRANSFER_ENCODING] = {400, "transfer_encoding",
        "the only Transfer-Encoding is chunked, alone and in HTTP/1.1"},
    [HTTP_FAULT_EXPECTATION] = {417, "expectation",
        "the only expectation met here is 100-continue"},
    [HTTP_FAULT_CHUNK_SIZE] = {400, "chunk_size",
        "a chunk size is not plain hexadecimal followed by CRLF"},
    [HTTP_FAULT_CHUNK_END] = {400, "chunk_end", "a chunk is not followed by CRLF"},
    [HTTP_FAULT_TRAILER] = {400, "trailer", "trailers are not accepted"},
    [HTTP_FAULT_BODY_LARGE] = {413, "body_large", "the body is larger than this server accepts"},
    [HTTP_FAULT_HEAD_SLOW] = {408, "head_slow", "the request's head did not arrive in time"},
    [HTTP_FAULT_BODY_SLOW] = {408, "body_slow", "the request's body did not arrive in time"},
    [HTTP_FAULT_BUSY] = {503, "busy", "too many large bodies are being received; try again later"},
    [HTTP_FAULT_NO_MEMORY] = {503, "no_memory", "the server is short of memory; try again later"},
    [HTTP_FAULT_CONNECTIONS] = {503, "connections", "too many connections; try again later"},
};
/* clang-format on */

const struct http_refusal *http_refusal_of(enum http_fault fault)
{
    assert(fault > HTTP_FAULT_NONE && fault < HTTP_FAULT_COUNT);
    return &refusals[fault];
}
