#include "base/crc32c.h"

#include <string.h>

#define POLYNOMIAL UINT32_C(0x82F63B78) /* reflected */

/* One bit at a time: the definition, for processors without the instruction and for the test that
 * holds the two against each other. */
static uint32_t crc_by_bits(uint32_t crc, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (POLYNOMIAL & (0U - (crc & 1U)));
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc,
                                                                     const uint8_t *at, size_t len)
{
    uint64_t wide = crc;

    for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len > 0; len--, at++)
        crc = _mm_crc32_u8(crc, *at);
    return crc;
}

static uint32_t crc_update(uint32_t crc, const uint8_t *at, size_t len)
{
    return __builtin_cpu_supports("sse4.2") ? crc_by_instruction(crc, at, len)
                                            : crc_by_bits(crc, at, len);
}
#else
static uint32_t crc_update(uint32_t crc, const uint8_t *at, size_t len)
{
    return crc_by_bits(crc, at, len);
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return ~crc_update(~crc, bytes, len);
}
