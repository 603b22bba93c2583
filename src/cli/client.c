#include "client_int.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

DEFINE_AUTO(curl, CURL, curl_easy_cleanup);
DEFINE_AUTO(slist, struct curl_slist, curl_slist_free_all);

#define CONNECT_TIMEOUT_MS 5000L

bool endpoint_parse(const char *text, struct endpoint *ret_endpoint, struct err *err)
{
    struct endpoint endpoint = {.text = ""};
    size_t len = strlen(text);

    if (len >= ENDPOINT_SIZE)
        return err_set(err, ERR_PARSE, "address of %zu bytes, %d at most", len, ENDPOINT_SIZE - 1);
    memcpy(endpoint.text, text, len + 1);
    if (strncmp(text, "unix:", 5) == 0 && text[5] != '\0') {
        snprintf(endpoint.socket, sizeof(endpoint.socket), "%s", text + 5);
        snprintf(endpoint.base, sizeof(endpoint.base), "http://localhost");
    } else if (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) {
        while (len > 0 && text[len - 1] == '/')
            len--;
        snprintf(endpoint.base, sizeof(endpoint.base), "%.*s", (int)len, text);
    } else {
        return err_set(err, ERR_PARSE,
                       "'%s' is no address: expected unix:/path, http://host:port or https://…",
                       text);
    }
    *ret_endpoint = endpoint;
    return true;
}

/* Nobody connects to "any address": the same machine's loopback answers there. */
static const char *host_to_reach(const char *host, size_t *len)
{
    static const struct {
        const char *any, *loopback;
    } wildcards[] = {{"0.0.0.0", "127.0.0.1"}, {"[::]", "[::1]"}, {"*", "127.0.0.1"}};

    for (size_t i = 0; i < ARRAY_LEN(wildcards); i++) {
        if (strlen(wildcards[i].any) == *len && strncmp(host, wildcards[i].any, *len) == 0) {
            *len = strlen(wildcards[i].loopback);
            return wildcards[i].loopback;
        }
    }
    return host;
}

bool endpoint_of_listener(const char *listener, bool is_tls, struct endpoint *ret_endpoint)
{
    struct endpoint endpoint = {.text = ""};
    const char *port = strrchr(listener, ':');

    if (strlen(listener) >= ENDPOINT_SIZE - 16 || strncmp(listener, "fd:", 3) == 0)
        return false;
    snprintf(endpoint.text, sizeof(endpoint.text), "%s", listener);
    if (strncmp(listener, "unix:", 5) == 0) {
        snprintf(endpoint.socket, sizeof(endpoint.socket), "%s", listener + 5);
        snprintf(endpoint.base, sizeof(endpoint.base), "http%s://localhost", is_tls ? "s" : "");
    } else {
        if (port == NULL || port == listener || strcmp(port, ":0") == 0)
            return false;
        size_t len = (size_t)(port - listener);
        const char *host = host_to_reach(listener, &len);
        snprintf(endpoint.base, sizeof(endpoint.base), "http%s://%.*s%s", is_tls ? "s" : "",
                 (int)len, host, port);
        snprintf(endpoint.text, sizeof(endpoint.text), "%s", endpoint.base);
    }
    *ret_endpoint = endpoint;
    return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct buf *body = arg;

    buf_append(body, bytes, size * count);
    return body->failed ? 0 : size * count;
}

/* Every setting or none: an option that curl refuses is one that would not protect us. */
static bool set_up(CURL *curl, const struct endpoint *endpoint, const char *url,
                   const struct client_request *request)
{
    CURLcode code = CURLE_OK;

    code |= curl_easy_setopt(curl, CURLOPT_URL, url);
    code |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    code |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a proxy must not see what goes near */
    code |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    if (endpoint->socket[0] != '\0')
        code |= curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, endpoint->socket);
    if (request->trusted_certificate != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_CAINFO, request->trusted_certificate);
        code |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (request->is_insecure) {
        code |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        code |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    }
    if (strcmp(request->method, "POST") == 0) {
        const void *body = request->body != NULL ? request->body : "";
        code |=
            curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        code |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    code |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    return code == CURLE_OK;
}

static bool set_headers(CURL *curl, const char *const *headers, struct curl_slist **list)
{
    /* libcurl would ask "Expect: 100-continue" before a large body; GitHub does not. */
    static const char *const always[] = {"Expect:", NULL};
    const char *const *const sources[] = {always, headers};

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        for (const char *const *at = sources[i]; at != NULL && *at != NULL; at++) {
            struct curl_slist *longer = curl_slist_append(*list, *at);
            if (longer == NULL)
                return false;
            *list = longer;
        }
    }
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *list) == CURLE_OK;
}

static bool failed(CURL *curl, CURLcode code, const char *detail, struct err *err)
{
    static const struct {
        CURLcode code;
        enum err_code means;
    } meanings[] = {
        {CURLE_COULDNT_CONNECT, ERR_UNREACHABLE}, {CURLE_COULDNT_RESOLVE_HOST, ERR_UNREACHABLE},
        {CURLE_URL_MALFORMAT, ERR_PARSE},         {CURLE_UNSUPPORTED_PROTOCOL, ERR_PARSE},
        {CURLE_WRITE_ERROR, ERR_LIMIT},           {CURLE_OUT_OF_MEMORY, ERR_NOMEM},
    };
    enum err_code means = ERR_REMOTE;
    double connected = 0;
    long number = 0;

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code == code)
            means = meanings[i].means;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME, &connected);
        means = connected > 0 ? ERR_TIMEOUT : ERR_UNREACHABLE;
    }
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number > 0) {
        err_errno(err, (int)number, "connect"); /* libcurl names a port even for a socket file */
        err->code = ERR_UNREACHABLE;
        return false;
    }
    if (means == ERR_LIMIT)
        return err_set(err, ERR_LIMIT, "the answer is larger than it may be");
    return err_set(err, means, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
}

bool client_call(const struct endpoint *endpoint, const struct client_request *request,
                 struct client_answer *ret_answer, struct err *err)
{
    char url[ENDPOINT_SIZE * 4];
    char detail[CURL_ERROR_SIZE] = "";
    size_t bytes_max =
        request->answer_bytes_max != 0 ? request->answer_bytes_max : ANSWER_BYTES_MAX;
    struct client_answer answer = {.body = BUF_INIT(bytes_max)};

    int len = snprintf(url, sizeof(url), "%s%s", endpoint->base, request->path);
    if (len < 0 || (size_t)len >= sizeof(url))
        return err_set(err, ERR_LIMIT, "the URL is longer than %zu bytes", sizeof(url) - 1);

    AUTO(curl) CURL *curl = curl_easy_init();
    AUTO(slist) struct curl_slist *headers = NULL;
    if (curl == NULL || !set_up(curl, endpoint, url, request) ||
        !set_headers(curl, request->headers, &headers) ||
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body) != CURLE_OK)
        return err_set(err, ERR_NOMEM, "the HTTP client could not be set up for %s", url);

    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        buf_done(&answer.body);
        return failed(curl, code, detail, err);
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    *ret_answer = answer;
    return true;
}
