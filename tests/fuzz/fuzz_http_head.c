/* Whatever our parser takes, the oracles frame in the same way, however the bytes arrive. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracles/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *disagreement = framing_disagreement((const char *)data, size);

    if (disagreement != NULL) {
        fprintf(stderr, "%s\n", disagreement);
        abort();
    }
    return 0;
}
