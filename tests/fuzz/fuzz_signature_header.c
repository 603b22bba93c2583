/* Any text as X-Hub-Signature-256: it verifies exactly when it is the one right value. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "github/signature.h"

static const char body[] = "Hello, World!";
static const struct signature_secret secret = {"It's a Secret to Everybody", 26};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signature_keys *keys;
    static char right[SIGNATURE_HEADER_SIZE];
    uint8_t mac[SIGNATURE_BYTES];
    size_t key = 0;
    struct err err;

    if (keys == NULL) {
        bool made = signature_keys_new(&secret, 1, &keys, &err) &&
                    signature_make(&secret, body, sizeof(body) - 1, right, &err);
        assert(made);
    }
    char *header = malloc(size + 1);
    memcpy(header, data, size);
    header[size] = '\0';
    struct signature_check *check = signature_begin(keys);
    assert(check != NULL);
    signature_update(check, body, sizeof(body) - 1);
    bool matched = signature_finish(check, header, mac, &key);
    assert(matched == (strcmp(header, right) == 0));
    free(header);
    return 0;
}
