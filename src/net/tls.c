#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

struct tls_context {
    SSL_CTX *ssl;
};

/* ---- plain ---- */

static ssize_t settle_errno(enum stream_status again)
{
    return errno == EAGAIN ? (ssize_t)again : (ssize_t)STREAM_FAILED;
}

/* The descriptor itself is the object: no allocation for a plain connection. */
static int fd_of(void *self)
{
    return (int)(intptr_t)self;
}

static ssize_t plain_read(void *self, void *bytes, size_t len)
{
    ssize_t got = 0;

    do {
        got = recv(fd_of(self), bytes, len, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return STREAM_CLOSED;
    return got > 0 ? got : settle_errno(STREAM_WANT_READ);
}

static ssize_t plain_write(void *self, const void *bytes, size_t len)
{
    ssize_t put = 0;

    do {
        put = send(fd_of(self), bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return put >= 0 ? put : settle_errno(STREAM_WANT_WRITE);
}

static void plain_end(void *self)
{
    shutdown(fd_of(self), SHUT_WR);
}

static void plain_free(void *self)
{
    close(fd_of(self));
}

static const char *plain_failure(void *self)
{
    (void)self;
    return NULL;
}

static const struct stream_ops plain_ops = {
    .read = plain_read,
    .write = plain_write,
    .end = plain_end,
    .free = plain_free,
    .failure = plain_failure,
};

void stream_init_plain(struct stream *stream, int fd)
{
    *stream = (struct stream){.ops = &plain_ops, .self = (void *)(intptr_t)fd, .fd = fd};
}

/* ---- TLS ---- */

/* OpenSSL writes with write(2): the process ignores SIGPIPE (src/serve.c). */
static ssize_t settle_ssl(SSL *ssl, int rc)
{
    switch (SSL_get_error(ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return STREAM_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return STREAM_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_CLOSED;
    default:
        return STREAM_FAILED;
    }
}

static int clamp(size_t len)
{
    return len > INT32_MAX ? INT32_MAX : (int)len;
}

static ssize_t tls_read(void *self, void *bytes, size_t len)
{
    ERR_clear_error();
    int rc = SSL_read(self, bytes, clamp(len));
    return rc > 0 ? rc : settle_ssl(self, rc);
}

static ssize_t tls_write(void *self, const void *bytes, size_t len)
{
    ERR_clear_error();
    int rc = SSL_write(self, bytes, clamp(len));
    return rc > 0 ? rc : settle_ssl(self, rc);
}

/* One try to say goodbye, and only once; nobody waits for the answer. */
static void say_goodbye(SSL *ssl)
{
    ERR_clear_error();
    if (SSL_is_init_finished(ssl) && (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) == 0)
        SSL_shutdown(ssl);
}

/* Without the goodbye first, the client could not tell the end from a connection cut off. */
static void tls_end(void *self)
{
    say_goodbye(self);
    shutdown(SSL_get_fd(self), SHUT_WR);
}

static void tls_free(void *self)
{
    SSL *ssl = self;
    int fd = SSL_get_fd(ssl);

    say_goodbye(ssl);
    SSL_free(ssl);
    close(fd);
}

/* Every call of ours begins with an empty queue: what is in it came with the last one. */
static const char *tls_failure(void *self)
{
    unsigned long code = ERR_peek_last_error();

    (void)self;
    return code != 0 ? ERR_reason_error_string(code) : NULL;
}

static const struct stream_ops tls_ops = {
    .read = tls_read,
    .write = tls_write,
    .end = tls_end,
    .free = tls_free,
    .failure = tls_failure,
};

bool stream_init_tls(struct stream *stream, int fd, struct tls_context *context, struct err *err)
{
    SSL *ssl = SSL_new(context->ssl);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return err_set(err, ERR_NOMEM, "no memory for a TLS connection");
    }
    SSL_set_accept_state(ssl); /* the handshake happens inside the first reads and writes */
    *stream = (struct stream){.ops = &tls_ops, .self = ssl, .fd = fd};
    return true;
}

/* ---- contexts ---- */

static bool refuse(struct err *err, const char *what, const char *path)
{
    unsigned long code = ERR_get_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return err_set(err, ERR_CONFIG, "%s %s: %s", what, path, why != NULL ? why : "cannot be used");
}

/* A password would be asked for on a terminal that a server does not have. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the signature is OpenSSL's */
static int no_password(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, ours, sizeof(ours) - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

static bool check_dates(SSL_CTX *ssl, const char *path, struct err *err)
{
    const X509 *certificate = SSL_CTX_get0_certificate(ssl);

    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        return err_set(err, ERR_CONFIG, "certificate %s has expired", path);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        return err_set(err, ERR_CONFIG, "certificate %s is not valid yet", path);
    return true;
}

static bool load_files(SSL_CTX *ssl, const char *certificate_path, const char *key_path,
                       struct err *err)
{
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
    if (access(certificate_path, R_OK) != 0)
        return err_errno(err, errno, "certificate %s", certificate_path);
    if (access(key_path, R_OK) != 0)
        return err_errno(err, errno, "key %s", key_path);
    if (SSL_CTX_use_certificate_chain_file(ssl, certificate_path) != 1)
        return refuse(err, "certificate", certificate_path);
    if (SSL_CTX_use_PrivateKey_file(ssl, key_path, SSL_FILETYPE_PEM) != 1)
        return refuse(err, "key", key_path);
    if (SSL_CTX_check_private_key(ssl) != 1)
        return err_set(err, ERR_CONFIG, "key %s does not belong to certificate %s", key_path,
                       certificate_path);
    return check_dates(ssl, certificate_path, err);
}

static SSL_CTX *make_context(void)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());

    if (ssl == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    /* GitHub opens a connection a delivery; sessions of others would only fill memory. */
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    return ssl;
}

bool tls_context_new(const char *certificate_path, const char *key_path,
                     struct tls_context **ret_context, struct err *err)
{
    SSL_CTX *ssl = make_context();

    if (ssl == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a TLS context");
    if (!load_files(ssl, certificate_path, key_path, err)) {
        ERR_clear_error();
        SSL_CTX_free(ssl);
        err->code = ERR_CONFIG; /* whatever it was: the operator named these files */
        return false;
    }
    struct tls_context *context = calloc(1, sizeof(*context));
    assert(context != NULL);
    context->ssl = ssl;
    *ret_context = context;
    return true;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}
