/* glob: cases, and every small pattern and text against the definition. */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/glob.h"

static void test_wildcards_match_what_they_say(void **state UNUSED)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"main", "main", true},
        {"main", "mainline", false},
        {"main", "Main", false},
        {"*", "", true},
        {"*", "anything", true},
        {"*", "a/b", false},
        {"**", "a/b/c", true},
        {"**", "", true},
        {"acme/*", "acme/shop", true},
        {"acme/*", "acme/shop/x", false},
        {"*/shop", "acme/shop", true},
        {"release/*", "release/v1.2.3", true},
        {"release/**", "release/a/b", true},
        {"**/x", "a/b/x", true},
        {"**/x", "x", false},
        {"a*b*c", "a1b2b3c", true},
        {"a*b*c", "a1b2b3", false},
        {"**a*c", "a/abc", true},
        {"**a*c", "abc/ab", false},
        {"v?", "v1", true},
        {"v?", "v", false},
        {"v?", "v/", false},
        {"[a]", "[a]", true},
        {"\\*", "\\x", true},
        {"f\xC3\xBC*", "f\xC3\xBCr", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (glob_match(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
    }
}

/* The definition, word for word. */
static bool matches_by_definition(const char *pattern, const char *text)
{
    bool twice = pattern[0] == '*' && pattern[1] == '*';

    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*') {
        if (matches_by_definition(pattern + (twice ? 2 : 1), text))
            return true;
        return *text != '\0' && (twice || *text != '/') && matches_by_definition(pattern, text + 1);
    }
    return *text != '\0' && (*pattern == *text || (*pattern == '?' && *text != '/')) &&
           matches_by_definition(pattern + 1, text + 1);
}

/* The number-th word of this many letters. */
static const char *word(unsigned number, size_t len, const char *letters, char *to)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = letters[number % strlen(letters)];
        number /= (unsigned)strlen(letters);
    }
    to[len] = '\0';
    return to;
}

static unsigned power(size_t base, size_t exponent)
{
    unsigned result = 1;

    while (exponent-- > 0)
        result *= (unsigned)base;
    return result;
}

#define PATTERN_LETTERS "ab/*?"
#define TEXT_LETTERS    "ab/"

static void check_pattern(const char *pattern)
{
    char text[8];

    for (size_t len = 0; len <= 5; len++) {
        for (unsigned number = 0; number < power(strlen(TEXT_LETTERS), len); number++) {
            word(number, len, TEXT_LETTERS, text);
            if (glob_match(pattern, text) != matches_by_definition(pattern, text))
                fail_msg("'%s' and '%s'", pattern, text);
        }
    }
}

static void test_every_small_pattern_matches_what_the_definition_says(void **state UNUSED)
{
    char pattern[8];

    for (size_t len = 0; len <= 6; len++)
        for (unsigned number = 0; number < power(strlen(PATTERN_LETTERS), len); number++)
            check_pattern(word(number, len, PATTERN_LETTERS, pattern));
}

static void test_no_pattern_is_expensive(void **state UNUSED)
{
    char text[512];
    char pattern[256] = "";
    struct timespec begin;
    struct timespec end;

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (size_t i = 0; i < 40; i++)
        strncat(pattern, i % 2 == 0 ? "**a" : "*a", sizeof(pattern) - strlen(pattern) - 1);
    strncat(pattern, "b", 2);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_false(glob_match(pattern, text));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(end.tv_sec - begin.tv_sec <= 1);
}

static void test_a_pattern_is_what_has_a_wildcard(void **state UNUSED)
{
    assert_true(glob_is_pattern("acme/*"));
    assert_true(glob_is_pattern("v?"));
    assert_false(glob_is_pattern("acme/shop"));
    assert_false(glob_is_pattern(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wildcards_match_what_they_say),
        cmocka_unit_test(test_every_small_pattern_matches_what_the_definition_says),
        cmocka_unit_test(test_no_pattern_is_expensive),
        cmocka_unit_test(test_a_pattern_is_what_has_a_wildcard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
