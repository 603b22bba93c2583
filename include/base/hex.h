/* Bytes as lower-case hexadecimal text and back. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Writes 2 * len digits and a NUL into text; returns text. */
const char *hex_format(const uint8_t *bytes, size_t len, char *text);

/* True when text is exactly 2 * len lower-case digits; upper case is refused, because GitHub
 * never sends it. bytes is written only on success. */
MUST_CHECK bool hex_parse(const char *text, uint8_t *bytes, size_t len);

#endif
