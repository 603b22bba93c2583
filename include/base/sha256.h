/* SHA-256, once: digests of bodies, of policies, of the audit trail, of tokens. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const void *bytes, size_t len, uint8_t digest[SHA256_BYTES]);

#endif
