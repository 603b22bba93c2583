/*
 * Decoder of `Transfer-Encoding: chunked`: plain hexadecimal sizes, no extensions, no trailers.
 *
 * Pure. It finds the runs of data among the bytes it is given and keeps nothing of them.
 * Source: RFC 9112, section 7.1, less what it says may be ignored.
 */
#ifndef HTTP_CHUNKED_INT_H
#define HTTP_CHUNKED_INT_H

#include <stddef.h>
#include <stdint.h>

#include "fault_int.h"

enum http_chunked_state {
    HTTP_CHUNKED_SIZE, /* zero: where a body begins */
    HTTP_CHUNKED_SIZE_LF,
    HTTP_CHUNKED_DATA,
    HTTP_CHUNKED_DATA_CR,
    HTTP_CHUNKED_DATA_LF,
    HTTP_CHUNKED_END_CR,
    HTTP_CHUNKED_END_LF,
    HTTP_CHUNKED_DONE,
    HTTP_CHUNKED_STATE_COUNT
};

struct http_chunked {
    enum http_chunked_state state;
    enum http_fault fault;
    uint32_t digits; /* of the size being read */
    uint64_t left;   /* of the chunk being read; the size while that is being read */
};

enum http_chunked_status {
    HTTP_CHUNKED_MORE, /* all was used and the body goes on */
    HTTP_CHUNKED_RUN,  /* a run of data was found: call again with what follows it */
    HTTP_CHUNKED_WHOLE,
    HTTP_CHUNKED_REFUSED /* chunked->fault says why */
};

/* One run of data, within the bytes that were given. */
struct http_run {
    const char *bytes;
    size_t len;
};

/* Begin with a zeroed struct. *ret_used is how many of the bytes are dealt with, the run
 * included; *ret_run is set for HTTP_CHUNKED_RUN only. */
enum http_chunked_status http_chunked_next(struct http_chunked *chunked, const char *bytes,
                                           size_t len, size_t *ret_used, struct http_run *ret_run);

#endif
