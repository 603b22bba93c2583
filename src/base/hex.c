#include "base/hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

const char *hex_format(const uint8_t *bytes, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    return text;
}

static uint8_t digit_value(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

bool hex_parse(const char *text, uint8_t *bytes, size_t len)
{
    if (strspn(text, digits) != 2 * len || text[2 * len] != '\0')
        return false;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    return true;
}
