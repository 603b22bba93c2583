/* Answers as bytes. */
#ifndef HTTP_RESPONSE_INT_H
#define HTTP_RESPONSE_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "http/server.h"

struct http_answer {
    const struct http_response *response;
    bool close;       /* say so */
    bool is_head;     /* the request was HEAD: announce the body, do not send it */
    bool is_http_1_0; /* keep-alive must be said */
};

/* Upper bound of what http_answer_write() writes. */
size_t http_answer_size(const struct http_answer *answer);

/* Writes the answer to `to`, which has room for http_answer_size() bytes; returns its length. */
size_t http_answer_write(const struct http_answer *answer, char *to);

#endif
