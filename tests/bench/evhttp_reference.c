/*
 * The yardstick of the benchmarks: the smallest server on libevent's evhttp that verifies a
 * webhook's HMAC and keeps nothing. Usage: evhttp_reference PORT SECRET_FILE
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hex.h"

static EVP_MAC_CTX *keyed;

static bool is_signed(struct evhttp_request *request)
{
    const char *header =
        evhttp_find_header(evhttp_request_get_input_headers(request), "X-Hub-Signature-256");
    struct evbuffer *input = evhttp_request_get_input_buffer(request);
    size_t len = evbuffer_get_length(input);
    uint8_t claimed[32];
    uint8_t mac[32];
    size_t mac_len = 0;

    if (header == NULL || strncmp(header, "sha256=", 7) != 0 || !hex_parse(header + 7, claimed, 32))
        return false;
    EVP_MAC_init(keyed, NULL, 0, NULL);
    EVP_MAC_update(keyed, evbuffer_pullup(input, -1), len);
    EVP_MAC_final(keyed, mac, &mac_len, sizeof(mac));
    return CRYPTO_memcmp(mac, claimed, sizeof(mac)) == 0;
}

static void on_request(struct evhttp_request *request, void *arg)
{
    struct evbuffer *answer = evbuffer_new();
    bool good = is_signed(request);

    (void)arg;
    evbuffer_add_printf(answer, "{\"status\":\"%s\"}\n", good ? "accepted" : "refused");
    evhttp_send_reply(request, good ? 202 : 401, good ? "Accepted" : "Unauthorized", answer);
    evbuffer_free(answer);
}

int main(int argc, char **argv)
{
    struct buf secret = BUF_INIT(4096);
    struct err err;

    if (argc != 3 || !file_read(argv[2], &secret, &err)) {
        fprintf(stderr, "usage: evhttp_reference PORT SECRET_FILE\n");
        return EXIT_FAILURE;
    }
    size_t len = strcspn(buf_text(&secret), "\r\n");
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    keyed = EVP_MAC_CTX_new(mac);
    EVP_MAC_init(keyed, (const unsigned char *)secret.data, len, params);

    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    evhttp_set_max_body_size(http, 25 * 1024 * 1024);
    evhttp_set_gencb(http, on_request, NULL);
    if (evhttp_bind_socket(http, "127.0.0.1", (uint16_t)strtoul(argv[1], NULL, 10)) != 0) {
        fprintf(stderr, "cannot listen on %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    return event_base_dispatch(base) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
