/*
 * Is this body from GitHub? HMAC-SHA256 over the raw bytes, while they arrive, against
 * every secret that is live; compared in constant time.
 *
 * One keyed EVP_MAC context per secret is made once and re-initialised per body, which
 * saves the key schedule (performance notes, point 6). A check holds its own contexts,
 * since bodies arrive interleaved; finished checks are reused.
 *
 * Threads: keys and checks belong to one thread.
 * Source: docs.github.com, Validating webhook deliveries; vectors in test_signature.c.
 */
#ifndef GITHUB_SIGNATURE_H
#define GITHUB_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define SIGNATURE_BYTES       32
#define SIGNATURE_SECRETS_MAX 8
#define SIGNATURE_HEADER_SIZE (7 + 2 * SIGNATURE_BYTES + 1) /* "sha256=…" with the NUL */

struct signature_keys;
struct signature_check;

struct signature_secret {
    const void *bytes; /* borrowed for the call; copied into OpenSSL */
    size_t len;        /* never 0 */
};

/* Errors: ERR_CONFIG (none, too many, or an empty one), ERR_NOMEM. */
MUST_CHECK bool signature_keys_new(const struct signature_secret *secrets, size_t secrets_count,
                                   struct signature_keys **ret_keys, struct err *err);
/* Waits for the last check to end; so new keys can replace old ones at any time. */
void signature_keys_unref(struct signature_keys *keys);

/* NULL when there is no memory. Ends with signature_finish or signature_abandon. */
MUST_CHECK struct signature_check *signature_begin(struct signature_keys *keys);
void signature_update(struct signature_check *check, const void *bytes, size_t len);
void signature_abandon(struct signature_check *check);

/* True when `header` is exactly "sha256=" and 64 lower-case digits that match one secret.
 * ret_mac gets the value that matched, ret_key its place in the list. Every secret is tried,
 * whichever matches; the time taken tells nothing but the body's length. */
MUST_CHECK bool signature_finish(struct signature_check *check, const char *header,
                                 uint8_t ret_mac[SIGNATURE_BYTES], size_t *ret_key);

/* For senders (envflow send, tests): the header value for a body. */
MUST_CHECK bool signature_make(const struct signature_secret *secret, const void *body, size_t len,
                               char ret_header[SIGNATURE_HEADER_SIZE], struct err *err);

#endif
