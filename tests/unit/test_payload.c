/* payload: the projection held against a full parse, forms, bounds, and what hostile bodies cost.
 */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "github/payload.h"
#include "support/examples.h"
#include "support/projection.h"

/* A sanitizer makes every step dear, and its own memory would be measured with ours. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define BODY_MAX   ((SANITIZED ? 5 : 25) * MIB)
#define BUDGET     ((SANITIZED ? 3 : 16) * MIB)
#define WANTS_ROOM (PAYLOAD_WANTS_MAX + 1)

static int set_up(void **state UNUSED)
{
    payload_init();
    return 0;
}

/* ---- every published payload ---- */

/* Dotted paths of an object, as many as there is room for, chosen by lot. */
struct paths {
    char text[PAYLOAD_WANTS_MAX][256];
    const char *wants[WANTS_ROOM];
    size_t count;
    size_t seen;
    unsigned short seed[3];
};

static void add_path(struct paths *paths, const char *path)
{
    size_t place = paths->count;

    paths->seen++;
    if (place == PAYLOAD_WANTS_MAX)
        place = (size_t)nrand48(paths->seed) % paths->seen;
    if (place >= PAYLOAD_WANTS_MAX)
        return;
    snprintf(paths->text[place], sizeof(paths->text[place]), "%s", path);
    if (place == paths->count)
        paths->wants[paths->count++] = paths->text[place];
}

static void collect_paths(const json_t *object, const char *prefix, struct paths *paths)
{
    const char *key = NULL;
    json_t *value = NULL;
    char path[256];

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key) >=
            (int)sizeof(path))
            continue;
        add_path(paths, path);
        collect_paths(value, path, paths);
    }
}

static void expect_agreement(const char *bytes, size_t len, const char *const *wants)
{
    const char *disagreement = projection_disagreement(bytes, len, wants);

    if (disagreement != NULL)
        fail_msg("%s in %.2000s", disagreement, bytes);
}

static void check_example(const char *event, const json_t *payload, void *arg)
{
    /* Compact, as GitHub sends it, indented, and all in ASCII escapes. */
    static const size_t forms[] = {JSON_COMPACT, JSON_INDENT(4), JSON_ENSURE_ASCII};

    (void)event;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct paths paths = {.seed = {1, 2, 3}};
        char *text = json_dumps(payload, forms[i]);
        collect_paths(payload, "", &paths);
        add_path(&paths, "no.such.path");
        expect_agreement(text, strlen(text), paths.wants);
        free(text);
    }
    ++*(size_t *)arg;
}

static void test_the_projection_finds_what_a_full_parse_finds(void **state UNUSED)
{
    size_t checked = 0;

    examples_each(check_example, &checked);
    print_message("%zu payloads\n", checked);
}

/* A few bytes changed, removed or doubled. */
static size_t damage(char *text, size_t len, unsigned short seed[3])
{
    static const char lively[] = "{}[]\",:\\ u0\x80n.-1e\n";

    for (long i = nrand48(seed) % 3; i >= 0 && len > 2; i--) {
        size_t at = (size_t)nrand48(seed) % (len - 1);
        long kind = nrand48(seed) % 3;
        if (kind == 0)
            text[at] = lively[nrand48(seed) % (long)sizeof(lively)];
        else if (kind == 1)
            memmove(text + at, text + at + 1, --len - at);
        else
            text[at] = text[(size_t)nrand48(seed) % len];
    }
    return len;
}

static void check_damaged(const char *event, const json_t *payload, void *arg)
{
    struct paths paths = {.seed = {4, 5, 6}};
    unsigned short *seed = arg;
    char *text = json_dumps(payload, JSON_COMPACT);
    size_t len = strlen(text);

    (void)event;
    collect_paths(payload, "", &paths);
    char *copy = malloc(len);
    for (int i = 0; i < 5; i++) {
        memcpy(copy, text, len);
        expect_agreement(copy, damage(copy, len, seed), paths.wants);
    }
    free(copy);
    free(text);
}

static void test_damaged_payloads_are_read_no_differently(void **state UNUSED)
{
    unsigned short seed[3] = {7, 8, 9};

    examples_each(check_damaged, seed);
}

/* ---- small cases ---- */

static const char *const some_wants[] = {"a", "b.c", "b.d.e", "b.ccc", NULL};

/* The projection as compact text, or the error's code in brackets. */
static const char *project(const char *text, size_t len)
{
    static char out[4096];
    json_t *tree = NULL;
    struct err err;

    if (!payload_project(text, len, some_wants, &tree, &err)) {
        snprintf(out, sizeof(out), "[%d]", err.code);
        assert_true(err.text[0] != '\0');
        return out;
    }
    size_t written = json_dumpb(tree, out, sizeof(out) - 1, JSON_COMPACT | JSON_SORT_KEYS);
    out[written] = '\0';
    json_decref(tree);
    return out;
}

#define PARSE "[5]" /* ERR_PARSE */
#define LIMIT "[7]" /* ERR_LIMIT */

static void test_only_what_is_wanted_is_kept(void **state UNUSED)
{
    static const struct {
        const char *text, *kept;
    } cases[] = {
        {"{}", "{}"},
        {" { \"a\" : 1 } \r\n\t", "{\"a\":1}"},
        {"{\"a\":{\"x\":[1,2]},\"z\":{\"a\":1}}", "{\"a\":{\"x\":[1,2]}}"},
        {"{\"b\":{\"c\":1,\"x\":2,\"d\":{\"e\":null,\"f\":3}}}",
         "{\"b\":{\"c\":1,\"d\":{\"e\":null}}}"},
        {"{\"b\":7}", "{\"b\":7}"},
        /* keys that only begin alike, and such as look like a path */
        {"{\"ab\":1,\"\":2,\"b\":{\"cc\":1,\"cccc\":2}}", "{\"b\":{}}"},
        {"{\"b.c\":1,\"b.d\":{\"e\":2}}", "{}"},
        /* of repeated keys the last one counts, at every level */
        {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
        {"{\"b\":{\"c\":1},\"b\":{\"ccc\":2}}", "{\"b\":{\"ccc\":2}}"},
        {"{\"b\":{\"c\":1},\"b\":7}", "{\"b\":7}"},
        {"{\"b\":{\"c\":1,\"c\":{\"x\":2}}}", "{\"b\":{\"c\":{\"x\":2}}}"},
        /* escapes in keys */
        {"{\"\\u0061\":1}", "{\"a\":1}"},
        {"{\"\\u0062\":{\"\\u0063\":1,\"\\\"\":2}}", "{\"b\":{\"c\":1}}"},
        {"{\"\\u00e7\":1,\"a\\\\\":2,\"a\\/\":3}", "{}"},
        {"{\"a\":1,\"\\u0061\":2}", "{\"a\":2}"},
        /* what is stepped over may hold anything between quotes */
        {"{\"x\":\"}]\\\"{[\\\\\",\"a\":1}", "{\"a\":1}"},
        {"{\"x\":[{\"a\":5},\"\\\\\\\"\"],\"a\":1}", "{\"a\":1}"},
        {"{\"x\":\"\x80\",\"a\":1}", "{\"a\":1}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(project(cases[i].text, strlen(cases[i].text)), cases[i].kept);
}

static void test_what_is_no_object_is_refused(void **state UNUSED)
{
    static const char *const texts[] = {
        "",
        " ",
        "[]",
        "1",
        "null",
        "\"a\"",
        "{",
        "{\"",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1}{\"a\":1}",
        "{\"a\":tru}",
        "{\"a\":01}",
        "{\"a\":\"\x80\"}",
        "{\"a\":\"\xED\xA0\x80\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"x\":[}",
        "{\"x\":[}]}",
        "{\"x\":{]}}",
        "{\"x\":}",
        "{\"x\":\"\\\"}",
        "{\"\\x\":1}",
        "{\"\\ud800\":1}",
        "\xEF\xBB\xBF{}",
        "{\"a\":1e999}",
        "{\"a\":123456789012345678901234567890}",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(project(texts[i], strlen(texts[i])), PARSE) != 0)
            fail_msg("%s is %s", texts[i], project(texts[i], strlen(texts[i])));
}

static void test_a_nul_byte_in_a_key_matches_nothing(void **state UNUSED)
{
    /* In memory of exactly their size: reading past a path or the text would show. */
    static const char raw[] = "{\"a\0bcdefghijklmnopqrstuvwxyz\":1,\"b\":{\"c\0\":2}}";
    static const char escaped[] =
        "{\"a\\u0000bcdefghijklmnopqrstuvwxyz\":1,\"b\":{\"c\\u0000\":2}}";

    assert_string_equal(project(raw, sizeof(raw) - 1), "{\"b\":{}}");
    assert_string_equal(project(escaped, sizeof(escaped) - 1), "{\"b\":{}}");
}

static void test_the_text_needs_no_nul_behind_it(void **state UNUSED)
{
    static const char text[] = "{\"x\":{\"y\":[1,\"z\\\\\"]},\"b\":{\"c\":true},\"a\":12}";

    for (size_t len = 0; len < sizeof(text); len++) {
        char *exact = malloc(len > 0 ? len : 1);
        memcpy(exact, text, len);
        const char *kept = project(exact, len);
        assert_string_equal(kept,
                            len == sizeof(text) - 1 ? "{\"a\":12,\"b\":{\"c\":true}}" : PARSE);
        free(exact);
        if (len + 2 == sizeof(text))
            len = sizeof(text) - 2;
    }
}

static const char *nested(size_t levels, const char *before, char open, char close, size_t *ret_len)
{
    static char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"%s\":", before);

    memset(text + len, open, levels);
    memset(text + len + levels, close, levels);
    *ret_len = len + 2 * levels + 1;
    text[*ret_len - 1] = '}';
    return text;
}

static void test_nesting_has_the_same_bound_kept_or_not(void **state UNUSED)
{
    static const char *const keys[] = {"a", "x"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        size_t len = 0;
        const char *text = nested(PAYLOAD_DEPTH_MAX - 1, keys[i], '[', ']', &len);
        assert_int_equal(project(text, len)[0], '{');
        text = nested(PAYLOAD_DEPTH_MAX, keys[i], '[', ']', &len);
        assert_string_equal(project(text, len), LIMIT);
        text = nested(1000, keys[i], '[', ']', &len);
        assert_string_equal(project(text, len), LIMIT);
    }
}

/* ---- typed reads ---- */

static void test_reads_name_the_path_they_miss(void **state UNUSED)
{
    AUTO(json)
    json_t *tree =
        json_loads("{\"t\":\"x\",\"n\":\"a\\u0000b\",\"i\":7,\"r\":1.5,\"b\":true,\"z\":null,"
                   "\"o\":{\"i\":8}}",
                   JSON_ALLOW_NUL, NULL);
    const char *text = NULL;
    int64_t number = 0;
    bool flag = false;
    struct err err;

    assert_true(payload_str(tree, "t", &text, &err) && strcmp(text, "x") == 0);
    assert_true(payload_int(tree, "o.i", &number, &err) && number == 8);
    assert_true(payload_bool(tree, "b", &flag, &err) && flag);
    assert_false(payload_str(tree, "o.t", &text, &err));
    assert_string_equal(err.text, "'o.t' is missing");
    assert_false(payload_str(tree, "n", &text, &err));
    assert_string_equal(err.text, "'n' is no text");
    assert_false(payload_int(tree, "r", &number, &err));
    assert_string_equal(err.text, "'r' is no whole number");
    assert_false(payload_int(tree, "t.i", &number, &err));
    assert_false(payload_bool(tree, "z", &flag, &err));
    assert_string_equal(err.text, "'z' is no true or false");
    assert_int_equal(err.code, ERR_PARSE);
    assert_string_equal(payload_str_or(tree, "z", "fallback"), "fallback");
    assert_true(payload_int_or(tree, "missing", -1) == -1);
    assert_true(payload_bool_or(tree, "t", true));
}

/* ---- forms ---- */

static void test_a_form_gives_its_payload_field_decoded(void **state UNUSED)
{
    static const struct {
        const char *body, *json; /* NULL: refused */
    } cases[] = {
        {"payload=%7B%22zen%22%3A%22Keep+it+simple%22%7D", "{\"zen\":\"Keep it simple\"}"},
        {"payload=", ""},
        {"x=1&payload=%7b%7D&y=2", "{}"},
        {"payload=a%00b", NULL}, /* the NUL ends the text below; see the length */
        {"payload=%C3%A7%2B", "\xC3\xA7+"},
        {"payload=a=b", "a=b"},
        {"&&payload=1&", "1"},
        {"payload=%4", NULL},
        {"payload=%", NULL},
        {"payload=%zz", NULL},
        {"payload=%4&x=1", NULL},
        {"payload=1&payload=2", NULL},
        {"payloads=1", NULL},
        {"xpayload=1", NULL},
        {"payload", NULL},
        {"", NULL},
        {"{\"zen\":1}", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(buf) struct buf out = BUF_INIT(100);
        struct err err;
        bool read = payload_from_form(cases[i].body, strlen(cases[i].body), &out, &err);
        if (strcmp(cases[i].body, "payload=a%00b") == 0) {
            assert_true(read && out.len == 3 && memcmp(out.data, "a\0b", 3) == 0);
            continue;
        }
        assert_int_equal(read, cases[i].json != NULL);
        if (read)
            assert_string_equal(buf_text(&out), cases[i].json);
        else
            assert_int_equal(err.code, ERR_PARSE);
    }
}

static void test_a_form_larger_than_its_bound_is_refused(void **state UNUSED)
{
    AUTO(buf) struct buf out = BUF_INIT(3);
    struct err err;

    assert_false(payload_from_form("payload=abcd", 12, &out, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

/* ---- what hostile bodies cost ---- */

/* The largest part of memory this process has had resident, in KiB. */
static size_t peak_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long peak = 0;

    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtoul(line + 6, NULL, 10);
    }
    fclose(status);
    return peak;
}

/* Count the peak from now on. False where that cannot be had. */
static bool reset_peak(void)
{
    FILE *refs = SANITIZED ? NULL : fopen("/proc/self/clear_refs", "w");

    if (refs == NULL)
        return false;
    bool reset = fputs("5", refs) >= 0;
    return fclose(refs) == 0 && reset;
}

struct bomb {
    const char *head, *piece, *tail;
    const char *outcome;
};

/* `head`, then `piece` (with its number for '#') until the body is full, then `tail`. */
static size_t fill(char *body, const struct bomb *bomb)
{
    size_t len = (size_t)snprintf(body, BODY_MAX, "%s", bomb->head);
    size_t room = BODY_MAX - strlen(bomb->tail) - 64;
    const char *digits = strchr(bomb->piece, '#');
    size_t piece_len = strlen(bomb->piece);

    for (size_t number = 0; piece_len > 0 && len < room; number++) {
        if (digits == NULL) {
            memcpy(body + len, bomb->piece, piece_len);
            len += piece_len;
        } else {
            len += (size_t)snprintf(body + len, 64, "%.*s%zu%s", (int)(digits - bomb->piece),
                                    bomb->piece, number, digits + 1);
        }
    }
    return len + (size_t)snprintf(body + len, BODY_MAX - len, "%s", bomb->tail);
}

static const struct bomb bombs[] = {
    {"{\"a\":[0", ",{}", "]}", LIMIT},
    {"{\"a\":[0", ",[]", "]}", LIMIT},
    {"{\"a\":[0", ",0", "]}", LIMIT},
    {"{\"a\":[0", ",\"\"", "]}", LIMIT},
    {"{\"a\":{\"\":0", ",\"k#\":0", "}}", LIMIT},
    {"{\"a\":{\"\":0", ",\"k#\":{}", "}}", LIMIT},
    {"{\"b\":[0", ",{}", "]}", LIMIT},
    {"{\"b\":{\"d\":[0", ",{}", "]}}", LIMIT},
    {"{\"a\":\"", "xxxxxxxx", "\"}", LIMIT},
    {"{\"a\":", "[", "", LIMIT},
    {"{\"a\":", "{\"a\":", "", LIMIT},
    {"{\"x\":", "{\"a\":", "", LIMIT},
    {"{\"b\":", "{\"b\":", "", LIMIT},
    {"{\"a\":[0", ",{}", "", PARSE},
    {"{\"a\":\"", "\\\"", "", PARSE},
    {"{\"x\":\"", "\\\\", "", PARSE},
    {"{\"x\":[", "\"\"", "", PARSE},
    {"{", "\"", "}", PARSE},
    {"", " ", "", PARSE},
    {"{", "", "", PARSE},
    /* Much of what is not wanted, or replaced at once, costs nothing. */
    {"{\"x\":[0", ",{}", "]}", "{}"},
    {"{\"\":0", ",\"k#\":[]", "}", "{}"},
    {"{\"\":0", ",\"\\u0061#\":[]", "}", "{}"},
    {"{\"a\":0", ",\"a\":{}", "}", "{\"a\":{}}"},
    {"{\"b\":0", ",\"b\":{\"c\":1}", "}", "{\"b\":{\"c\":1}}"},
    {"{\"b\":{\"c\":0", ",\"c\":1", "}}", "{\"b\":{\"c\":1}}"},
};

static void test_a_body_of_25_mib_costs_no_more_than_the_budget(void **state UNUSED)
{
    char *body = malloc(BODY_MAX);

    memset(body, ' ', BODY_MAX);
    for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
        const struct bomb *bomb = &bombs[i];
        size_t len = fill(body, bomb);
        bool measured = reset_peak();
        size_t before = peak_kib();
        payload_set_budget(BUDGET);
        const char *outcome = project(body, len);
        payload_set_budget(0);
        if (strcmp(outcome, bomb->outcome) != 0)
            fail_msg("%s%s... is %.100s", bomb->head, bomb->piece, outcome);
        size_t grown = peak_kib() - before;
        if (measured && grown * KIB > BUDGET + 4 * MIB)
            fail_msg("%s%s... takes %zu KiB", bomb->head, bomb->piece, grown);
    }
    free(body);
}

static void test_a_budget_is_given_back(void **state UNUSED)
{
    static const char text[] = "{\"a\":[{},{},{},{},{},{},{},{}]}";

    payload_set_budget(64 * KIB);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(project(text, sizeof(text) - 1)[0], '{');
    payload_set_budget(0);
}

static void test_wherever_memory_ends_the_answer_is_a_limit(void **state UNUSED)
{
    static const char text[] = "{\"\\u0061\":{\"x\":[1,\"two\",{\"y\":null}]},"
                               "\"b\":{\"c\":1.5,\"d\":{\"e\":\"\\u00e7\"}}}";
    size_t bytes = 1;

    for (bool read = false; !read; bytes++) {
        json_t *tree = NULL;
        struct err err;
        payload_set_budget(bytes);
        read = payload_project(text, sizeof(text) - 1, some_wants, &tree, &err);
        payload_set_budget(0);
        json_decref(tree);
        if (!read && err.code != ERR_LIMIT)
            fail_msg("%zu bytes: %s", bytes, err.text);
    }
    assert_true(bytes > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_projection_finds_what_a_full_parse_finds),
        cmocka_unit_test(test_damaged_payloads_are_read_no_differently),
        cmocka_unit_test(test_only_what_is_wanted_is_kept),
        cmocka_unit_test(test_what_is_no_object_is_refused),
        cmocka_unit_test(test_a_nul_byte_in_a_key_matches_nothing),
        cmocka_unit_test(test_the_text_needs_no_nul_behind_it),
        cmocka_unit_test(test_nesting_has_the_same_bound_kept_or_not),
        cmocka_unit_test(test_reads_name_the_path_they_miss),
        cmocka_unit_test(test_a_form_gives_its_payload_field_decoded),
        cmocka_unit_test(test_a_form_larger_than_its_bound_is_refused),
        cmocka_unit_test(test_a_body_of_25_mib_costs_no_more_than_the_budget),
        cmocka_unit_test(test_a_budget_is_given_back),
        cmocka_unit_test(test_wherever_memory_ends_the_answer_is_a_limit),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
