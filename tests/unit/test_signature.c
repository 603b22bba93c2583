/* signature: the published vectors, every wrong form, several secrets, bodies in pieces. */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "github/signature.h"

#define SECRET "It's a Secret to Everybody"
#define HELLO  "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static struct signature_secret secret_of(const char *text)
{
    return (struct signature_secret){text, strlen(text)};
}

static struct signature_keys *keys_of(const char *const *secrets, size_t count)
{
    struct signature_secret list[SIGNATURE_SECRETS_MAX];
    struct signature_keys *keys = NULL;
    struct err err;

    for (size_t i = 0; i < count; i++)
        list[i] = secret_of(secrets[i]);
    if (!signature_keys_new(list, count, &keys, &err))
        fail_msg("%s", err.text);
    return keys;
}

/* The number of the secret that matched, -1 for none. */
static int match(struct signature_keys *keys, const char *body, size_t len, const char *header)
{
    struct signature_check *check = signature_begin(keys);
    uint8_t mac[SIGNATURE_BYTES] = {7};
    size_t key = 77;

    assert_non_null(check);
    signature_update(check, body, len);
    bool matched = signature_finish(check, header, mac, &key);
    assert_true(matched || (key == 77 && mac[0] == 7));
    return matched ? (int)key : -1;
}

static void test_the_published_vectors_match(void **state UNUSED)
{
    static const struct {
        const char *body, *header;
    } vectors[] = {
        {"Hello, World!", HELLO},
        {"", "sha256=66a0c074deaa0f489ead6537e0d32f9a344b90bbeda705b6ed45ecd3b413fb40"},
        {"payload=%7B%22zen%22%3A%22Keep+it+simple%22%7D",
         "sha256=e57e52deefb1322845c6504457159a0ec9ccda85abbcbb7bbbf973397986c73a"},
        {"{\"t\":\"\xC3\xA7 \xF0\x9F\x98\x80\"}",
         "sha256=8b5cb1c5086f34aa08e671a5d7a280ea3912a98ea414d7ca4681fcd36b94942e"},
    };
    const char *const secrets[] = {SECRET};
    const struct signature_secret secret = secret_of(SECRET);
    struct signature_keys *keys = keys_of(secrets, 1);

    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        char made[SIGNATURE_HEADER_SIZE];
        struct err err;
        size_t len = strlen(vectors[i].body);
        assert_int_equal(match(keys, vectors[i].body, len, vectors[i].header), 0);
        assert_true(signature_make(&secret, vectors[i].body, len, made, &err));
        assert_string_equal(made, vectors[i].header);
    }
    signature_keys_unref(keys);
}

static void test_every_other_form_is_refused(void **state UNUSED)
{
    static const char *const headers[] = {
        NULL,
        "",
        "sha256=",
        /* upper case, in part and in whole */
        "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043E17",
        "SHA256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        /* cut off, too long, padded */
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
        "sha256=757107ea",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e170",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17 ",
        " sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256= 57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        /* one bit, nothing but zeros, no hex */
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e16",
        "sha256=0000000000000000000000000000000000000000000000000000000000000000",
        "sha256=g57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        /* without its name, under another one, SHA-1 */
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha512=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
        "sha256=01dc10d0c83e72ed246219cdd91669667fe2ca59",
    };
    const char *const secrets[] = {SECRET};
    struct signature_keys *keys = keys_of(secrets, 1);

    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        assert_int_equal(match(keys, "Hello, World!", 13, headers[i]), -1);
    assert_int_equal(match(keys, "Hello, World!", 13, HELLO "," HELLO), -1);
    assert_int_equal(match(keys, "Hello, World!", 13, HELLO), 0);
    signature_keys_unref(keys);
}

static void test_any_changed_byte_of_the_body_is_refused(void **state UNUSED)
{
    const char *const secrets[] = {SECRET};
    struct signature_keys *keys = keys_of(secrets, 1);
    char body[] = "Hello, World!";

    for (size_t i = 0; i < 13; i++) {
        body[i] ^= 1;
        assert_int_equal(match(keys, body, 13, HELLO), -1);
        body[i] ^= 1;
    }
    assert_int_equal(match(keys, body, 12, HELLO), -1);
    assert_int_equal(match(keys, body, 14, HELLO), -1);
    signature_keys_unref(keys);
}

static void test_any_live_secret_matches_and_tells_its_place(void **state UNUSED)
{
    const char *const secrets[] = {"new", SECRET, "third", "4", "5", "6", "7", "8"};
    struct signature_keys *keys = keys_of(secrets, SIGNATURE_SECRETS_MAX);

    for (size_t i = 0; i < SIGNATURE_SECRETS_MAX; i++) {
        const struct signature_secret secret = secret_of(secrets[i]);
        char header[SIGNATURE_HEADER_SIZE];
        struct err err;
        assert_true(signature_make(&secret, "body", 4, header, &err));
        assert_int_equal(match(keys, "body", 4, header), (int)i);
    }
    const struct signature_secret old = secret_of("removed");
    char header[SIGNATURE_HEADER_SIZE];
    struct err err;
    assert_true(signature_make(&old, "body", 4, header, &err));
    assert_int_equal(match(keys, "body", 4, header), -1);
    signature_keys_unref(keys);
}

static void test_a_secret_is_bytes_of_any_length(void **state UNUSED)
{
    static char bytes[200] = "with\0nul and \xFF";

    for (size_t len = 1; len <= sizeof(bytes); len++) {
        const struct signature_secret secret = {bytes, len};
        struct signature_keys *keys = NULL;
        char header[SIGNATURE_HEADER_SIZE];
        struct err err;
        assert_true(signature_keys_new(&secret, 1, &keys, &err));
        assert_true(signature_make(&secret, "x", 1, header, &err));
        assert_int_equal(match(keys, "x", 1, header), 0);
        signature_keys_unref(keys);
    }
}

static void test_pieces_give_what_the_whole_gives_also_side_by_side(void **state UNUSED)
{
    static char body[5000];
    const char *const secrets[] = {SECRET, "other"};
    const struct signature_secret secret = secret_of(SECRET);
    struct signature_keys *keys = keys_of(secrets, 2);
    unsigned short seed[3] = {1, 2, 3};
    char header[SIGNATURE_HEADER_SIZE];
    struct err err;

    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (char)nrand48(seed);
    assert_true(signature_make(&secret, body, sizeof(body), header, &err));
    for (int round = 0; round < 50; round++) {
        struct signature_check *a = signature_begin(keys);
        struct signature_check *b = signature_begin(keys);
        uint8_t mac[SIGNATURE_BYTES];
        size_t key = 0;
        for (size_t at = 0; at < sizeof(body);) {
            size_t step = (size_t)nrand48(seed) % 200;
            step = step < sizeof(body) - at ? step : sizeof(body) - at;
            signature_update(a, body + at, step);
            signature_update(b, "noise", 5);
            at += step;
        }
        assert_false(signature_finish(b, header, mac, &key));
        assert_true(signature_finish(a, header, mac, &key));
    }
    signature_keys_unref(keys);
}

static void test_an_abandoned_check_leaves_nothing_behind(void **state UNUSED)
{
    const char *const secrets[] = {SECRET};
    struct signature_keys *keys = keys_of(secrets, 1);
    struct signature_check *check = signature_begin(keys);

    signature_update(check, "Hello, ", 7);
    signature_abandon(check);
    assert_int_equal(match(keys, "Hello, World!", 13, HELLO), 0);
    signature_keys_unref(keys);
}

static void test_keys_live_until_the_last_check_ends(void **state UNUSED)
{
    const char *const secrets[] = {SECRET};
    struct signature_check *checks[100];
    struct signature_keys *keys = keys_of(secrets, 1);
    uint8_t mac[SIGNATURE_BYTES];
    size_t key = 0;

    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        checks[i] = signature_begin(keys);
    signature_keys_unref(keys);
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        signature_update(checks[i], "Hello, World!", 13);
        assert_true(signature_finish(checks[i], HELLO, mac, &key));
    }
}

static void test_without_a_usable_secret_there_are_no_keys(void **state UNUSED)
{
    const struct signature_secret secrets[SIGNATURE_SECRETS_MAX + 1] = {{"a", 1}, {"", 0}};
    struct signature_keys *keys = NULL;
    char header[SIGNATURE_HEADER_SIZE];
    struct err err;

    assert_false(signature_keys_new(secrets, 0, &keys, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_false(signature_keys_new(secrets, 2, &keys, &err));
    assert_non_null(strstr(err.text, "secret 2 is empty"));
    assert_false(signature_keys_new(secrets, SIGNATURE_SECRETS_MAX + 1, &keys, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_false(signature_make(&secrets[1], "x", 1, header, &err));
    assert_null(keys);
    signature_keys_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_vectors_match),
        cmocka_unit_test(test_every_other_form_is_refused),
        cmocka_unit_test(test_any_changed_byte_of_the_body_is_refused),
        cmocka_unit_test(test_any_live_secret_matches_and_tells_its_place),
        cmocka_unit_test(test_a_secret_is_bytes_of_any_length),
        cmocka_unit_test(test_pieces_give_what_the_whole_gives_also_side_by_side),
        cmocka_unit_test(test_an_abandoned_check_leaves_nothing_behind),
        cmocka_unit_test(test_keys_live_until_the_last_check_ends),
        cmocka_unit_test(test_without_a_usable_secret_there_are_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
