#include "base/id.h"

#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct id id_make(int64_t now_ms, const uint8_t random[ID_RANDOM_BYTES])
{
    struct id id;
    uint64_t time = (uint64_t)now_ms & ((UINT64_C(1) << 48) - 1);

    for (int i = 9; i >= 0; i--, time >>= 5)
        id.text[i] = alphabet[time & 31];

    uint32_t bits = 0;
    int bits_count = 0;
    char *out = id.text + 10;
    for (int i = 0; i < ID_RANDOM_BYTES; i++) {
        bits = bits << 8 | random[i];
        bits_count += 8;
        for (; bits_count >= 5; bits_count -= 5)
            *out++ = alphabet[bits >> (bits_count - 5) & 31];
    }
    *out = '\0';
    return id;
}

bool id_is_valid(const char *text)
{
    return strspn(text, alphabet) == 26 && text[26] == '\0';
}
