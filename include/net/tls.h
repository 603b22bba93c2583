/*
 * TLS for servers: OpenSSL 3, TLS 1.2 and 1.3, HTTP/1.1 by ALPN.
 *
 * Plain and TLS connections are driven through one ops struct, so that the HTTP layer
 * does not know which it has. Reload builds a new context; connections in progress
 * keep the old one.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct tls_context;

/* What one read or write came to when it moved no bytes. */
enum stream_status {
    STREAM_WANT_READ = -1,  /* call again when readable */
    STREAM_WANT_WRITE = -2, /* call again when writable */
    STREAM_CLOSED = -3,     /* orderly end */
    STREAM_FAILED = -4      /* reset, protocol error, bad certificate */
};

/* Bytes moved (> 0) or a stream_status. Neither call blocks or raises SIGPIPE. */
struct stream_ops {
    ssize_t (*read)(void *stream, void *bytes, size_t len);
    ssize_t (*write)(void *stream, const void *bytes, size_t len);
    void (*end)(void *stream);  /* tells the other side that nothing more comes */
    void (*free)(void *stream); /* closes the descriptor too */
    /* What TLS disliked, right after STREAM_FAILED; NULL where the connection just broke. */
    const char *(*failure)(void *stream);
};

struct stream {
    const struct stream_ops *ops;
    void *self; /* owned */
    int fd;     /* owned through self */
};

/* Takes over fd. */
void stream_init_plain(struct stream *stream, int fd);
MUST_CHECK bool stream_init_tls(struct stream *stream, int fd, struct tls_context *context,
                                struct err *err);

/* Errors: ERR_CONFIG naming the file and what OpenSSL disliked (also: key and certificate do
 * not belong together, certificate has expired). */
MUST_CHECK bool tls_context_new(const char *certificate_path, const char *key_path,
                                struct tls_context **ret_context, struct err *err);
void tls_context_free(struct tls_context *context); /* connections keep what they need */

#endif
