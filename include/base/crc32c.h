/* CRC-32C (Castagnoli), as in RFC 3720 section B.4: the checksum of journal records. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue `crc` (0 to begin) over len bytes. Uses the processor's instruction where it has one. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

#endif
