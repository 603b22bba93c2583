#include "github/payload.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "scan_int.h"

/* ---- memory ---- */

static _Thread_local size_t budget; /* 0: no limit */
static _Thread_local size_t in_use;
static _Thread_local bool refused; /* an allocation, since this was last cleared */

static void *budget_malloc(size_t size)
{
    bool fits = budget == 0 || (size <= budget && in_use <= budget - size);
    void *memory = fits ? malloc(size) : NULL;

    if (memory != NULL)
        in_use += malloc_usable_size(memory);
    else
        refused = true;
    return memory;
}

/* A tree may be freed on a thread other than the one that made it; the count never goes below
 * nothing. */
static void budget_free(void *memory)
{
    if (memory == NULL)
        return;
    size_t size = malloc_usable_size(memory);
    in_use = in_use > size ? in_use - size : 0;
    free(memory);
}

void payload_init(void)
{
    json_set_alloc_funcs(budget_malloc, budget_free);
    json_object_seed(0);
}

void payload_set_budget(size_t bytes)
{
    budget = bytes;
    in_use = 0;
}

/* ---- projection ---- */

/* Walks one payload. The wants that are alive at a level are those whose path begins with the keys
 * that lead here; `offsets` says how much of each was matched. */
struct projection {
    struct scan scan;
    const char *const *wants;
    size_t wants_count;
};

/* The wants alive at one level: bit i for wants[i], and where its next key begins. */
struct level {
    uint64_t alive;
    size_t offsets[PAYLOAD_WANTS_MAX];
};

static bool project_object(struct projection *p, const struct level *level, unsigned depth,
                           json_t *into, struct err *err);

static bool fail_costly(struct err *err)
{
    return err_set(err, ERR_LIMIT, "reading it takes more memory than it may");
}

/* One JSON text of any kind. jansson reports a lack of memory in some places as bad syntax and in
 * others not at all, so the allocator is asked. */
static bool load(const struct projection *p, const char *text, size_t len, json_t **ret_value,
                 struct err *err)
{
    json_error_t error;

    refused = false;
    json_t *value = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (value == NULL && refused)
        return fail_costly(err);
    if (value == NULL)
        return err_set(err, ERR_PARSE, "no JSON at byte %zu: %s", (size_t)(text - p->scan.start),
                       error.text);
    *ret_value = value;
    return true;
}

/* Reads the value at the cursor. */
static bool parse_kept(struct projection *p, unsigned depth, json_t **ret_value, struct err *err)
{
    struct scan *scan = &p->scan;

    scan_space(scan);
    const char *begin = scan->at;
    if (!scan_value(scan, depth, err))
        return false;
    size_t len = (size_t)(scan->at - begin);
    if (len > PAYLOAD_STRING_MAX && *begin == '"')
        return err_set(err, ERR_LIMIT, "a text of %zu bytes is longer than %zu", len,
                       PAYLOAD_STRING_MAX);
    return load(p, begin, len, ret_value, err);
}

/* Which wants go on below this key. *ret_whole: one of them ends here, so the value is kept. */
static void descend(const struct projection *p, const struct level *level, const char *key,
                    size_t key_len, struct level *ret_below, bool *ret_whole)
{
    ret_below->alive = 0;
    *ret_whole = false;
    for (size_t i = 0; i < p->wants_count; i++) {
        if ((level->alive >> i & 1) == 0)
            continue;
        const char *want = p->wants[i] + level->offsets[i];
        /* By its whole length, since a key may hold a NUL or a dot. Most differ at once; behind an
         * empty key stands its closing quote. */
        if (*want != *key || strcspn(want, ".") != key_len || memcmp(want, key, key_len) != 0)
            continue;
        if (want[key_len] == '\0') {
            *ret_whole = true;
        } else {
            ret_below->alive |= UINT64_C(1) << i;
            ret_below->offsets[i] = level->offsets[i] + key_len + 1;
        }
    }
}

/* A fresh object for the wanted fields of the object at the cursor. */
static bool project_below(struct projection *p, const struct level *below, unsigned depth,
                          json_t **ret_value, struct err *err)
{
    if (depth == 0)
        return err_set(err, ERR_LIMIT, "JSON is nested too deeply");
    json_t *object = json_object();
    if (object == NULL)
        return fail_costly(err);
    if (!project_object(p, below, depth - 1, object, err)) {
        json_decref(object);
        return false;
    }
    *ret_value = object;
    return true;
}

/* The value of one key: kept whole, looked into, or stepped over. Of repeated keys the last one
 * counts, also when nothing of it is wanted. */
static bool project_member(struct projection *p, const struct level *level, const char *key,
                           size_t key_len, unsigned depth, json_t *into, struct err *err)
{
    struct level below;
    bool whole = false;
    json_t *value = NULL;

    descend(p, level, key, key_len, &below, &whole);
    if (!whole && below.alive == 0)
        return scan_value(&p->scan, depth, err);
    scan_space(&p->scan);
    bool is_object = p->scan.at < p->scan.end && *p->scan.at == '{';
    bool read = whole || !is_object ? parse_kept(p, depth, &value, err)
                                    : project_below(p, &below, depth, &value, err);
    if (!read)
        return false;
    return json_object_setn_new_nocheck(into, key, key_len, value) == 0 || fail_costly(err);
}

static bool project_escaped(struct projection *p, const struct level *level, const char *text,
                            size_t len, unsigned depth, json_t *into, struct err *err)
{
    json_t *decoded = NULL;

    if (!load(p, text - 1, len + 2, &decoded, err)) /* with its quotes */
        return false;
    AUTO(json) json_t *key = decoded;
    return project_member(p, level, json_string_value(key), json_string_length(key), depth, into,
                          err);
}

/* The cursor stands in front of '{'. */
static bool project_object(struct projection *p, const struct level *level, unsigned depth,
                           json_t *into, struct err *err)
{
    struct scan *scan = &p->scan;

    if (!scan_take(scan, '{'))
        return scan_fail(scan, err, "an object");
    if (scan_take(scan, '}'))
        return true;
    do {
        const char *key = NULL;
        size_t key_len = 0;
        bool escaped = false;
        if (!scan_string(scan, &key, &key_len, &escaped, err))
            return false;
        if (!scan_take(scan, ':'))
            return scan_fail(scan, err, "':' behind a key");
        if (!(escaped ? project_escaped : project_member)(p, level, key, key_len, depth, into, err))
            return false;
    } while (scan_take(scan, ','));
    return scan_take(scan, '}') || scan_fail(scan, err, "',' or '}'");
}

bool payload_project(const char *bytes, size_t len, const char *const *wants, json_t **ret_tree,
                     struct err *err)
{
    struct projection p = {.scan = {bytes, bytes, bytes + len}, .wants = wants};
    struct level top = {0};
    json_t *tree = NULL;

    while (wants[p.wants_count] != NULL)
        p.wants_count++;
    assert(p.wants_count <= PAYLOAD_WANTS_MAX);
    top.alive = p.wants_count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << p.wants_count) - 1;
    if (!project_below(&p, &top, PAYLOAD_DEPTH_MAX, &tree, err))
        return false;
    scan_space(&p.scan);
    if (p.scan.at != p.scan.end) {
        json_decref(tree);
        return scan_fail(&p.scan, err, "nothing behind the object");
    }
    *ret_tree = tree;
    return true;
}

/* ---- forms ---- */

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The byte two digits stand for, or -1. */
static int hex_pair(const char *digits)
{
    int high = hex_value(digits[0]);
    int low = hex_value(digits[1]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool decode_percent(const char *text, size_t len, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < len; i++) {
        int byte = text[i] == '+' ? ' ' : text[i];
        if (byte == '%') {
            byte = i + 2 < len ? hex_pair(text + i + 1) : -1;
            if (byte < 0)
                return err_set(err, ERR_PARSE, "the form body has a bad escape");
            i += 2;
        }
        buf_putc(out, (char)byte);
    }
    return !out->failed || err_set(err, ERR_LIMIT, "the form body is too large");
}

bool payload_from_form(const char *body, size_t len, struct buf *out, struct err *err)
{
    static const char name[] = "payload=";
    const char *found = NULL;
    size_t found_len = 0;

    for (size_t i = 0; i < len;) {
        const char *ampersand = memchr(body + i, '&', len - i);
        size_t field_len = ampersand != NULL ? (size_t)(ampersand - (body + i)) : len - i;
        if (field_len >= sizeof(name) - 1 && memcmp(body + i, name, sizeof(name) - 1) == 0) {
            if (found != NULL)
                return err_set(err, ERR_PARSE, "the form body has two payload fields");
            found = body + i + sizeof(name) - 1;
            found_len = field_len - (sizeof(name) - 1);
        }
        i += field_len + 1;
    }
    if (found == NULL)
        return err_set(err, ERR_PARSE, "the form body has no payload field");
    return decode_percent(found, found_len, out, err);
}

/* ---- typed reads ---- */

const json_t *payload_get(const json_t *tree, const char *path)
{
    const json_t *node = tree;
    const char *key = path;

    while (node != NULL && *key != '\0') {
        size_t key_len = strcspn(key, ".");
        node = json_object_getn(node, key, key_len);
        key += key_len;
        if (*key == '.')
            key++;
    }
    return node;
}

static bool mismatch(const json_t *node, const char *path, const char *type, struct err *err)
{
    return err_set(err, ERR_PARSE, "'%s' is %s%s", path, node == NULL ? "missing" : "no ",
                   node == NULL ? "" : type);
}

bool payload_str(const json_t *tree, const char *path, const char **ret, struct err *err)
{
    const json_t *node = payload_get(tree, path);

    if (!json_is_string(node) || strlen(json_string_value(node)) != json_string_length(node))
        return mismatch(node, path, "text", err);
    *ret = json_string_value(node);
    return true;
}

bool payload_int(const json_t *tree, const char *path, int64_t *ret, struct err *err)
{
    const json_t *node = payload_get(tree, path);

    if (!json_is_integer(node))
        return mismatch(node, path, "whole number", err);
    *ret = json_integer_value(node);
    return true;
}

bool payload_bool(const json_t *tree, const char *path, bool *ret, struct err *err)
{
    const json_t *node = payload_get(tree, path);

    if (!json_is_boolean(node))
        return mismatch(node, path, "true or false", err);
    *ret = json_is_true(node);
    return true;
}

const char *payload_str_or(const json_t *tree, const char *path, const char *fallback)
{
    const json_t *node = payload_get(tree, path);

    return json_is_string(node) ? json_string_value(node) : fallback;
}

int64_t payload_int_or(const json_t *tree, const char *path, int64_t fallback)
{
    const json_t *node = payload_get(tree, path);

    return json_is_integer(node) ? json_integer_value(node) : fallback;
}

bool payload_bool_or(const json_t *tree, const char *path, bool fallback)
{
    const json_t *node = payload_get(tree, path);

    return json_is_boolean(node) ? json_is_true(node) : fallback;
}
