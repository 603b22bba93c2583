#include "support/projection.h"

#include <jansson.h>
#include <stdio.h>

#include "github/payload.h"

const char *projection_disagreement(const char *bytes, size_t len, const char *const *wants)
{
    static char sentence[2 * ERR_TEXT_SIZE];
    json_t *tree = NULL;
    struct err err;
    bool read = payload_project(bytes, len, wants, &tree, &err);
    AUTO(json) json_t *projected = tree;
    AUTO(json) json_t *whole = json_loadb(bytes, len, JSON_ALLOW_NUL, NULL);

    if (!json_is_object(whole))
        return NULL;
    if (!read) {
        snprintf(sentence, sizeof(sentence), "refused although whole: %s", err.text);
        return err.code == ERR_LIMIT ? NULL : sentence;
    }
    for (size_t i = 0; wants[i] != NULL; i++) {
        const json_t *kept = payload_get(projected, wants[i]);
        const json_t *there = payload_get(whole, wants[i]);
        snprintf(sentence, sizeof(sentence), "'%.200s' differs", wants[i]);
        if ((kept == NULL) != (there == NULL) || (kept != NULL && json_equal(kept, there) == 0))
            return sentence;
    }
    return NULL;
}
