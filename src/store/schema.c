#include "github/signature.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hex.h"

#define SPARE_CHECKS_MAX 64 /* finished checks kept for the next body */

static const char prefix[] = "sha256=";

struct signature_check {
    struct signature_keys *keys; /* holds a reference while in use */
    struct signature_check *next_spare;
    EVP_MAC_CTX *contexts[SIGNATURE_SECRETS_MAX]; /* keyed, one per secret */
};

struct signature_keys {
    EVP_MAC_CTX *templates[SIGNATURE_SECRETS_MAX];
    size_t count;
    size_t references; /* the owner's and one per check in use */
    struct signature_check *spares;
    size_t spares_count;
};

/* ---- keys ---- */

static EVP_MAC_CTX *make_context(EVP_MAC *mac, const struct signature_secret *secret)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);

    if (context == NULL || EVP_MAC_init(context, secret->bytes, secret->len, params) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

static void check_free(struct signature_check *check)
{
    for (size_t i = 0; i < SIGNATURE_SECRETS_MAX; i++)
        EVP_MAC_CTX_free(check->contexts[i]);
    free(check);
}

static void keys_free(struct signature_keys *keys)
{
    while (keys->spares != NULL) {
        struct signature_check *check = keys->spares;
        keys->spares = check->next_spare;
        check_free(check);
    }
    for (size_t i = 0; i < keys->count; i++)
        EVP_MAC_CTX_free(keys->templates[i]);
    free(keys);
}

static bool are_usable(const struct signature_secret *secrets, size_t count, struct err *err)
{
    if (count == 0)
        return err_set(err, ERR_CONFIG, "no webhook secret: nothing could be verified");
    if (count > SIGNATURE_SECRETS_MAX)
        return err_set(err, ERR_CONFIG, "%zu webhook secrets, at most %d can be live", count,
                       SIGNATURE_SECRETS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (secrets[i].len == 0)
            return err_set(err, ERR_CONFIG, "webhook secret %zu is empty", i + 1);
    }
    return true;
}

bool signature_keys_new(const struct signature_secret *secrets, size_t secrets_count,
                        struct signature_keys **ret_keys, struct err *err)
{
    if (!are_usable(secrets, secrets_count, err))
        return false;

    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    struct signature_keys *keys = calloc(1, sizeof(*keys));
    bool made = mac != NULL && keys != NULL;
    for (size_t i = 0; made && i < secrets_count; i++) {
        keys->templates[i] = make_context(mac, &secrets[i]);
        made = keys->templates[i] != NULL;
        keys->count = i + 1;
    }
    EVP_MAC_free(mac);
    if (!made) {
        if (keys != NULL)
            keys_free(keys);
        return err_set(err, ERR_NOMEM, "no memory for the webhook secrets");
    }
    keys->references = 1;
    *ret_keys = keys;
    return true;
}

void signature_keys_unref(struct signature_keys *keys)
{
    if (keys == NULL)
        return;
    assert(keys->references > 0);
    keys->references--;
    if (keys->references == 0)
        keys_free(keys);
}

/* ---- checks ---- */

static struct signature_check *check_new(struct signature_keys *keys)
{
    struct signature_check *check = calloc(1, sizeof(*check));

    for (size_t i = 0; check != NULL && i < keys->count; i++) {
        check->contexts[i] = EVP_MAC_CTX_dup(keys->templates[i]);
        if (check->contexts[i] == NULL) {
            check_free(check);
            return NULL;
        }
    }
    return check;
}

struct signature_check *signature_begin(struct signature_keys *keys)
{
    struct signature_check *check = keys->spares;

    if (check != NULL) {
        keys->spares = check->next_spare;
        keys->spares_count--;
    } else {
        check = check_new(keys);
    }
    if (check == NULL)
        return NULL;

    /* Without a key: the schedule computed once for this secret is used again. */
    for (size_t i = 0; i < keys->count; i++) {
        if (EVP_MAC_init(check->contexts[i], NULL, 0, NULL) != 1) {
            check_free(check);
            return NULL;
        }
    }
    check->keys = keys;
    keys->references++;
    return check;
}

void signature_update(struct signature_check *check, const void *bytes, size_t len)
{
    /* Hashing memory cannot fail; were it to, the comparison would. */
    for (size_t i = 0; i < check->keys->count; i++)
        (void)EVP_MAC_update(check->contexts[i], bytes, len);
}

void signature_abandon(struct signature_check *check)
{
    struct signature_keys *keys = TAKE(check->keys);

    if (keys->spares_count < SPARE_CHECKS_MAX) {
        check->next_spare = keys->spares;
        keys->spares = check;
        keys->spares_count++;
    } else {
        check_free(check);
    }
    signature_keys_unref(keys);
}

static bool parse_header(const char *header, uint8_t mac[SIGNATURE_BYTES])
{
    return header != NULL && strncmp(header, prefix, sizeof(prefix) - 1) == 0 &&
           hex_parse(header + sizeof(prefix) - 1, mac, SIGNATURE_BYTES);
}

bool signature_finish(struct signature_check *check, const char *header,
                      uint8_t ret_mac[SIGNATURE_BYTES], size_t *ret_key)
{
    uint8_t claimed[SIGNATURE_BYTES] = {0};
    uint8_t matching[SIGNATURE_BYTES] = {0};
    bool well_formed = parse_header(header, claimed);
    size_t key = 0;
    bool matched = false;

    /* Every secret, whichever matches: the time says nothing about which did. */
    for (size_t i = 0; i < check->keys->count; i++) {
        uint8_t mac[SIGNATURE_BYTES];
        size_t len = 0;
        bool made =
            EVP_MAC_final(check->contexts[i], mac, &len, sizeof(mac)) == 1 && len == sizeof(mac);
        if (made & (CRYPTO_memcmp(mac, claimed, sizeof(mac)) == 0)) {
            matched = true;
            key = i;
            memcpy(matching, mac, sizeof(mac));
        }
    }
    signature_abandon(check);
    if (!well_formed || !matched)
        return false;
    memcpy(ret_mac, matching, sizeof(matching));
    *ret_key = key;
    return true;
}

bool signature_make(const struct signature_secret *secret, const void *body, size_t len,
                    char ret_header[SIGNATURE_HEADER_SIZE], struct err *err)
{
    uint8_t mac[SIGNATURE_BYTES];
    unsigned mac_len = 0;

    if (secret->len == 0 || secret->len > INT32_MAX)
        return err_set(err, ERR_CONFIG, "the webhook secret is empty");
    if (HMAC(EVP_sha256(), secret->bytes, (int)secret->len, body, len, mac, &mac_len) == NULL)
        return err_set(err, ERR_NOMEM, "cannot compute the signature");
    memcpy(ret_header, prefix, sizeof(prefix));
    hex_format(mac, sizeof(mac), ret_header + sizeof(prefix) - 1);
    return true;
}
