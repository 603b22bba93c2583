#include "support/store_rig.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "support/test.h"

struct err rig_err;

void rig_did(bool done, const char *call, const char *file, int line)
{
    if (done)
        return;
    print_error("%s: %s\n", call, rig_err.text);
    _fail(file, line);
}

void rig_refused(bool done, enum err_code code, const char *words, const char *file, int line)
{
    if (!done && rig_err.code == code && strstr(rig_err.text, words) != NULL)
        return;
    print_error("%s, error %d: '%s' should say '%s'\n", done ? "done" : "refused",
                (int)rig_err.code, rig_err.text, words);
    _fail(file, line);
}

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
