/* How promotions are shown. */
#ifndef CLI_PROMOTION_INT_H
#define CLI_PROMOTION_INT_H

#include <jansson.h>

#include "base/buf.h"
#include "view_int.h"

#define PROMOTION_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* Appends one promotion with its votes, checks, and what it waits for. */
void promotion_print(const struct view *view, struct buf *out, const json_t *promotion);

#endif
