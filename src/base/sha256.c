#include "base/sha256.h"

#include <assert.h>

#include <openssl/sha.h>

void sha256(const void *bytes, size_t len, uint8_t digest[SHA256_BYTES])
{
    unsigned char *done = SHA256(bytes, len, digest);

    assert(done != NULL);
}
