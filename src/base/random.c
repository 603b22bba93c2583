#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

void random_bytes(void *bytes, size_t len)
{
    char *at = bytes;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        assert(got > 0 || errno == EINTR);
        if (got <= 0)
            continue;
        at += got;
        len -= (size_t)got;
    }
}
