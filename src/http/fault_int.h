/*
 * Why the server itself refuses: one value a reason, with the status, the reason code
 * for machines and the sentence for people that go into the answer and the log.
 */
#ifndef HTTP_FAULT_INT_H
#define HTTP_FAULT_INT_H

enum http_fault {
    HTTP_FAULT_NONE,
    /* request line */
    HTTP_FAULT_EMPTY_LINE,
    HTTP_FAULT_BARE_LF,
    HTTP_FAULT_BARE_CR,
    HTTP_FAULT_REQUEST_LINE,
    HTTP_FAULT_VERSION,
    HTTP_FAULT_METHOD,
    HTTP_FAULT_TARGET,
    HTTP_FAULT_TARGET_ESCAPE,
    /* headers */
    HTTP_FAULT_FOLDED,
    HTTP_FAULT_NO_COLON,
    HTTP_FAULT_HEADER_NAME,
    HTTP_FAULT_HEADER_VALUE,
    HTTP_FAULT_HEADER_TWICE,
    HTTP_FAULT_HEADERS_MANY,
    HTTP_FAULT_HEAD_LONG,
    HTTP_FAULT_HOST,
    HTTP_FAULT_LENGTH,
    HTTP_FAULT_LENGTH_AND_CHUNKED,
    HTTP_FAULT_TRANSFER_ENCODING,
    HTTP_FAULT_EXPECTATION,
    /* body */
    HTTP_FAULT_CHUNK_SIZE,
    HTTP_FAULT_CHUNK_END,
    HTTP_FAULT_TRAILER,
    HTTP_FAULT_BODY_LARGE,
    /* time and room */
    HTTP_FAULT_HEAD_SLOW,
    HTTP_FAULT_BODY_SLOW,
    HTTP_FAULT_BUSY,
    HTTP_FAULT_NO_MEMORY,
    HTTP_FAULT_CONNECTIONS,
    HTTP_FAULT_COUNT
};

struct http_refusal {
    int status;
    const char *reason;
    const char *sentence;
};

/* Static storage; fault is not NONE. */
const struct http_refusal *http_refusal_of(enum http_fault fault);

#endif
