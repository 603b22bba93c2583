#include "chunked_int.h"

/* Eight digits make 4 GiB, far above any body we take, and cannot overflow. */
#define SIZE_DIGITS_MAX 8

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static enum http_fault take_size_byte(struct http_chunked *chunked, char byte)
{
    int digit = hex_value(byte);

    if (digit < 0) {
        chunked->state = HTTP_CHUNKED_SIZE_LF;
        return byte == '\r' && chunked->digits > 0 ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK_SIZE;
    }
    chunked->left = chunked->left * 16 + (unsigned)digit;
    return ++chunked->digits <= SIZE_DIGITS_MAX ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK_SIZE;
}

/* A chunk of size zero is the last one. */
static enum http_fault take_size_end(struct http_chunked *chunked, char byte)
{
    chunked->state = chunked->left == 0 ? HTTP_CHUNKED_END_CR : HTTP_CHUNKED_DATA;
    return byte == '\n' ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK_SIZE;
}

static enum http_fault take_data_cr(struct http_chunked *chunked, char byte)
{
    chunked->state = HTTP_CHUNKED_DATA_LF;
    return byte == '\r' ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK_END;
}

static enum http_fault take_data_lf(struct http_chunked *chunked, char byte)
{
    *chunked = (struct http_chunked){.state = HTTP_CHUNKED_SIZE};
    return byte == '\n' ? HTTP_FAULT_NONE : HTTP_FAULT_CHUNK_END;
}

static enum http_fault take_end_cr(struct http_chunked *chunked, char byte)
{
    chunked->state = HTTP_CHUNKED_END_LF;
    return byte == '\r' ? HTTP_FAULT_NONE : HTTP_FAULT_TRAILER;
}

static enum http_fault take_end_lf(struct http_chunked *chunked, char byte)
{
    chunked->state = HTTP_CHUNKED_DONE;
    return byte == '\n' ? HTTP_FAULT_NONE : HTTP_FAULT_TRAILER;
}

/* States that go on byte by byte; DATA and DONE do not. */
static enum http_fault (*const take[HTTP_CHUNKED_STATE_COUNT])(struct http_chunked *, char) = {
    [HTTP_CHUNKED_SIZE] = take_size_byte,  [HTTP_CHUNKED_SIZE_LF] = take_size_end,
    [HTTP_CHUNKED_DATA_CR] = take_data_cr, [HTTP_CHUNKED_DATA_LF] = take_data_lf,
    [HTTP_CHUNKED_END_CR] = take_end_cr,   [HTTP_CHUNKED_END_LF] = take_end_lf,
};

static enum http_chunked_status take_run(struct http_chunked *chunked, const char *bytes,
                                         size_t len, struct http_run *ret_run)
{
    *ret_run = (struct http_run){bytes, len < chunked->left ? len : (size_t)chunked->left};
    chunked->left -= ret_run->len;
    if (chunked->left == 0)
        chunked->state = HTTP_CHUNKED_DATA_CR;
    return HTTP_CHUNKED_RUN;
}

enum http_chunked_status http_chunked_next(struct http_chunked *chunked, const char *bytes,
                                           size_t len, size_t *ret_used, struct http_run *ret_run)
{
    size_t at = 0;

    while (at < len && chunked->fault == HTTP_FAULT_NONE && chunked->state != HTTP_CHUNKED_DONE) {
        if (chunked->state == HTTP_CHUNKED_DATA) {
            enum http_chunked_status status = take_run(chunked, bytes + at, len - at, ret_run);
            *ret_used = at + ret_run->len;
            return status;
        }
        chunked->fault = take[chunked->state](chunked, bytes[at++]);
    }
    *ret_used = at;
    if (chunked->fault != HTTP_FAULT_NONE)
        return HTTP_CHUNKED_REFUSED;
    return chunked->state == HTTP_CHUNKED_DONE ? HTTP_CHUNKED_WHOLE : HTTP_CHUNKED_MORE;
}
