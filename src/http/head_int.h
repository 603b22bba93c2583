/*
 * The strict parser of a request's head: request line, headers, the empty line.
 *
 * Pure and in place. It is given the bytes received so far as often as more arrive, judges
 * each line once, as soon as the line is whole, and leaves NUL-terminated text behind in the
 * same bytes: method, decoded path, query, lower-case names, trimmed values. What it keeps are
 * offsets, so the caller may move the bytes between two calls.
 *
 * What two parsers could frame differently is refused, with the reason.
 * Source: RFC 9112, sections 2.2, 3, 5, 6 (where it allows leniency, this takes none).
 */
#ifndef HTTP_HEAD_INT_H
#define HTTP_HEAD_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault_int.h"

/* How many names http_head_rules.singles may hold. */
#define HTTP_SINGLES_MAX 24

/* A name with its length, so that most comparisons end there. */
struct http_name {
    const char *text;
    size_t len;
};

struct http_head_rules {
    size_t head_bytes_max;
    size_t headers_max;
    struct http_name singles[HTTP_SINGLES_MAX]; /* may appear once only, beside our own */
    size_t singles_count;
};

struct http_field {
    uint32_t name;  /* offset of NUL-terminated text in the caller's bytes */
    uint32_t value; /* the same */
    uint32_t name_len;
};

struct http_head {
    struct http_field *fields; /* the caller's; room for rules.headers_max */
    uint32_t fields_count;
    uint32_t method; /* offsets, as in http_field */
    uint32_t path;
    uint32_t query;
    uint32_t line;    /* where the line being received begins; the head's length once done */
    uint32_t scanned; /* no line end between line and here */
    uint32_t seen;    /* bits of headers that may appear only once */
    enum http_fault fault;
    uint64_t content_length;
    uint8_t minor_version;
    bool has_request_line;
    bool is_done;
    bool is_head_method;
    bool is_chunked;
    bool wants_close;
    bool wants_keep_alive;
    bool wants_continue;
};

enum http_head_status { HTTP_HEAD_MORE, HTTP_HEAD_DONE, HTTP_HEAD_REFUSED };

/* fields is borrowed until the head is done with. */
void http_head_init(struct http_head *head, struct http_field *fields);

/* bytes[0..len) is all that was received since http_head_init, what earlier calls made of it
 * included. DONE: head->line bytes were the head, the rest is body. REFUSED: head->fault says
 * why. Neither changes any more. */
enum http_head_status http_head_parse(struct http_head *head, const struct http_head_rules *rules,
                                      char *bytes, size_t len);

/* The value of a header, or NULL; name in lower case. */
const char *http_head_find(const struct http_head *head, const char *bytes, const char *name);

#endif
