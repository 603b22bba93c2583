/* The query of a request: what a route takes, and nothing else. */
#include "admin_int.h"

#include <stdint.h>
#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Percent-decoding with '+' as space, up to '&'; false when it does not fit or is malformed. */
static bool decode_value(const char *at, char *value, size_t size)
{
    size_t len = 0;

    for (; *at != '\0' && *at != '&'; at++) {
        int byte = *at == '+' ? ' ' : *at;
        if (*at == '%') {
            int high = hex_value(at[1]);
            int low = high < 0 ? -1 : hex_value(at[2]);
            if (low < 0 || high + low == 0)
                return false;
            byte = high << 4 | low;
            at += 2;
        }
        if (len + 1 >= size)
            return false;
        value[len++] = (char)byte;
    }
    value[len] = '\0';
    return true;
}

/* The length of a parameter's name; *ret_value is what stands behind its '=', or "". */
static size_t split(const char *at, const char **ret_value)
{
    size_t len = strcspn(at, "=&");

    *ret_value = at[len] == '=' ? at + len + 1 : "";
    return len;
}

/* The place of a name among words parted by spaces; -1 when it is none of them. */
static int place_of(const char *words, const char *name, size_t len)
{
    for (int place = 0; *words != '\0'; place++) {
        size_t word_len = strcspn(words, " ");
        if (word_len == len && strncmp(words, name, len) == 0)
            return place;
        words += word_len + (words[word_len] == ' ' ? 1 : 0);
    }
    return -1;
}

/* False: refused, the call has ended. */
static bool check_parameter(struct call *call, const char *taken, const char *at, uint32_t *seen)
{
    char value[ADMIN_NAME_SIZE];
    const char *text = NULL;
    size_t len = split(at, &text);
    int place = place_of(taken, at, len);

    uint32_t bit = place < 0 ? 0 : 1U << place;

    if (bit == 0)
        admin_refuse(call, 400, "parameter", taken[0] != '\0' ? taken : "it takes none",
                     "there is no parameter '%.*s' here", (int)(len < 40 ? len : 40), at);
    else if ((*seen & bit) != 0)
        admin_refuse(call, 400, "parameter", NULL, "the parameter %.*s stands there twice",
                     (int)len, at);
    else if (!decode_value(text, value, sizeof(value)))
        admin_refuse(call, 400, "parameter", NULL,
                     "the value of %.*s is badly encoded, or longer than %d bytes", (int)len, at,
                     ADMIN_NAME_SIZE - 1);
    else {
        *seen |= bit;
        return true;
    }
    return false;
}

bool admin_check_query(struct call *call, const struct route *route)
{
    const char *taken = route->parameters != NULL ? route->parameters : "";
    const char *at = http_request_query(call->request);
    uint32_t seen = 0;

    if (route->scope == 0) /* probes carry whatever their authors like */
        return true;
    while (*at != '\0') {
        if (*at != '&' && !check_parameter(call, taken, at, &seen))
            return false;
        at += strcspn(at, "&");
        at += *at == '&' ? 1 : 0;
    }
    return true;
}

bool admin_query(const struct call *call, const char *name, char *value, size_t size)
{
    const char *at = http_request_query(call->request);

    while (*at != '\0') {
        const char *text = NULL;
        size_t len = split(at, &text);
        if (len == strlen(name) && strncmp(at, name, len) == 0)
            return decode_value(text, value, size);
        at += strcspn(at, "&");
        at += *at == '&' ? 1 : 0;
    }
    return false;
}
