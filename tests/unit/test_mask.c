/* Secrets in a stream: gone whatever the pieces they arrive in. */
#include <stdlib.h>
#include <string.h>

#include "../../src/exec/mask_int.h"
#include "base/attr.h"
#include "support/test.h"

#define SECRETS_MAX 4

static const struct {
    const char *what;
    const char *secrets[SECRETS_MAX];
    const char *text;
    const char *expected;
} cases[] = {
    {"no secrets", {NULL}, "as it is", "as it is"},
    {"nothing to hide", {"secret"}, "as it is", "as it is"},
    {"alone", {"secret"}, "secret", "***"},
    {"inside", {"secret"}, "a secret here", "a *** here"},
    {"twice in a row", {"secret"}, "secretsecret", "******"},
    {"almost, then really", {"secret"}, "sesecret", "se***"},
    {"its beginning at the end", {"secret"}, "this is sec", "this is sec"},
    {"one byte", {"x"}, "axbxx", "a***b******"},
    {"overlapping itself", {"aab"}, "aaab", "a***"},
    {"the longer one first", {"abc", "abcdef"}, "abcdefg", "***g"},
    {"the shorter one where the longer is not", {"abc", "abcdef"}, "abcdeg", "***deg"},
    {"the shorter one at the end", {"abc", "abcdef"}, "see abcd", "see ***d"},
    {"empty ones are none", {"", "ab", ""}, "cabc", "c***c"},
    {"several lines", {"BEGIN\nkey\nEND"}, "a\nBEGIN\nkey\nEND\nb", "a\n***\nb"},
    {"bytes above 127", {"gr\xc3\xbc\xc3\x9f"}, "<gr\xc3\xbc\xc3\x9f>", "<***>"},
};

/* The text in pieces of `first` bytes, then `step` bytes each. */
static void feed(size_t i, size_t first, size_t step, struct buf *out)
{
    AUTO(buf) struct buf pending = BUF_INIT(4096);
    const char *secrets[SECRETS_MAX + 1] = {0};
    const char *text = cases[i].text;
    size_t len = strlen(text);
    struct mask mask;

    memcpy(secrets, cases[i].secrets, sizeof(cases[i].secrets));
    mask_init(&mask, secrets);
    for (size_t at = 0; at < len;) {
        size_t piece = at == 0 ? first : step;
        piece = piece < len - at ? piece : len - at;
        mask_feed(&mask, &pending, text + at, piece, out);
        at += piece;
    }
    mask_finish(&mask, &pending, out);
}

static void expect_blotted(size_t i, size_t first, size_t step)
{
    AUTO(buf) struct buf out = BUF_INIT(4096);

    feed(i, first, step, &out);
    if (strcmp(buf_text(&out), cases[i].expected) != 0)
        fail_msg("%s, pieces %zu and %zu: \"%s\", expected \"%s\"", cases[i].what, first, step,
                 buf_text(&out), cases[i].expected);
}

static void test_secrets_are_blotted_out_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i].text);
        for (size_t first = 1; first <= len; first++) {
            for (size_t step = 1; step <= len; step++)
                expect_blotted(i, first, step);
        }
    }
}

static void test_what_cannot_become_a_secret_is_not_held_back(void **state)
{
    AUTO(buf) struct buf pending = BUF_INIT(64);
    AUTO(buf) struct buf out = BUF_INIT(64);
    const char *secrets[] = {"secret", NULL};
    struct mask mask;

    (void)state;
    mask_init(&mask, secrets);
    mask_feed(&mask, &pending, "line\nsec", 8, &out);
    assert_string_equal(buf_text(&out), "line\n");
    mask_feed(&mask, &pending, "ond\n", 4, &out);
    assert_string_equal(buf_text(&out), "line\nsecond\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_blotted_out_in_pieces_of_any_size),
        cmocka_unit_test(test_what_cannot_become_a_secret_is_not_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
