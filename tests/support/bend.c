#include "support/bend.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "github/payload.h"
#include "support/test.h"

/* Values of every type, among them such as break careless code. */
static const char *const strangers[] = {
    "null",
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "1.5",
    "\"\"",
    "\"x\"",
    "\"a\\u0000b\"",
    "\"\\uD83D\\uDE00\"",
    "[]",
    "[[]]",
    "[null]",
    "{}",
    "{\"id\":{}}",
    "\"0000000000000000000000000000000000000000\"",
    "\"00000000000000000000000000000000000000000\"",
};

struct bending {
    json_t *whole;
    bend_fn *fn;
    void *arg;
};

static void bend_node(const struct bending *bending, json_t *node);

static void bend_member(const struct bending *bending, json_t *object, const char *key)
{
    AUTO(json) json_t *kept = json_incref(json_object_get(object, key));

    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        json_object_set_new(object, key,
                            json_loads(strangers[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
        bending->fn(bending->whole, bending->arg);
    }
    json_object_del(object, key);
    bending->fn(bending->whole, bending->arg);
    json_object_set(object, key, kept);
    bend_node(bending, kept);
}

static void bend_item(const struct bending *bending, json_t *array, size_t at)
{
    AUTO(json) json_t *kept = json_incref(json_array_get(array, at));

    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        json_array_set_new(array, at,
                           json_loads(strangers[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
        bending->fn(bending->whole, bending->arg);
    }
    json_array_remove(array, at);
    bending->fn(bending->whole, bending->arg);
    json_array_insert(array, at, kept);
    bend_node(bending, kept);
}

/* A list of the keys first: what changes while it is walked is not to be walked. */
static void bend_object(const struct bending *bending, json_t *object)
{
    AUTO(json) json_t *keys = json_array();
    const char *key = NULL;
    const json_t *value = NULL;
    size_t i = 0;

    json_object_foreach(object, key, value) json_array_append_new(keys, json_string(key));
    json_array_foreach(keys, i, value) bend_member(bending, object, json_string_value(value));
}

static void bend_node(const struct bending *bending, json_t *node)
{
    if (json_is_object(node))
        bend_object(bending, node);
    for (size_t i = 0; i < json_array_size(node); i++)
        bend_item(bending, node, i);
}

void bend(json_t *payload, bend_fn *fn, void *arg)
{
    const struct bending bending = {payload, fn, arg};

    bend_node(&bending, payload);
}

bool bend_read(const struct gh_handler *handler, const json_t *payload, struct gh_facts *ret_facts,
               struct err *err)
{
    char *text = json_dumps(payload, JSON_COMPACT);
    char *exact = malloc(strlen(text));

    *err = (struct err){.code = ERR_OK};
    memcpy(exact, text, strlen(text));
    bool read = gh_read(handler, exact, strlen(text), ret_facts, err);
    free(exact);
    free(text);
    if (read)
        assert_true(ret_facts->signals_count > 0 || ret_facts->reason.code != REASON_NONE);
    else
        assert_true(err->code == ERR_PARSE || err->code == ERR_LIMIT);
    return read;
}
