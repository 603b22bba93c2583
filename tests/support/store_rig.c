#include "support/store_rig.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"

int store_rig_set_up(void **state)
{
    struct store *store = NULL;
    struct err err;

    if (!store_open(":memory:", &store, &err))
        return -1;
    *state = store;
    return 0;
}

int store_rig_tear_down(void **state)
{
    store_close(*state);
    return 0;
}

struct id rig_id(unsigned number)
{
    static const uint8_t random[ID_RANDOM_BYTES] = {0};

    return id_make((int64_t)number << 20, random);
}

struct git_sha rig_sha(char digit)
{
    struct git_sha sha = {0};

    memset(sha.hex, digit, 40);
    return sha;
}

bool rig_word(struct rig_words *words, const char *word)
{
    size_t len = strlen(words->text);

    assert(len + strlen(word) + 2 < sizeof(words->text));
    snprintf(words->text + len, sizeof(words->text) - len, "%s ", word);
    words->count++;
    return words->limit == 0 || words->count < words->limit;
}
