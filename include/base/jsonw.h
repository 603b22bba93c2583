/*
 * Writes JSON into a buffer, in order, without a tree: answers, log lines, listings.
 *
 * Every value comes with its key inside an object and with NULL as key inside an
 * array or at the top. Text is escaped; bytes that are no UTF-8 become U+FFFD, so
 * that what we print is valid JSON whatever the world sent. Commas are the
 * writer's business. Failure is the buffer's: check buf->failed at the end.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct jsonw {
    struct buf *buf; /* borrowed */
    unsigned depth;
    bool comma; /* a value was written on this level */
};

#define JSONW_INIT(out) ((struct jsonw){.buf = (out)})

void jsonw_open_object(struct jsonw *w, const char *key);
void jsonw_open_array(struct jsonw *w, const char *key);
void jsonw_close_object(struct jsonw *w);
void jsonw_close_array(struct jsonw *w);

void jsonw_text(struct jsonw *w, const char *key, const char *text); /* NULL writes null */
void jsonw_text_n(struct jsonw *w, const char *key, const char *text, size_t len);
void jsonw_int(struct jsonw *w, const char *key, int64_t number);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
void jsonw_time(struct jsonw *w, const char *key, int64_t time_ms); /* RFC 3339; 0 writes null */

#endif
