/*
 * A growable run of bytes that was born with a maximum.
 *
 * Writers append without looking; the first append that would pass the maximum
 * or finds no memory marks the buffer failed and drops its bytes, and every later
 * append is a no-op. So code that builds something checks once, at the end.
 * Always NUL-terminated behind `len` once anything was appended.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct buf {
    char *data; /* owned; NULL while empty */
    size_t len;
    size_t cap;
    size_t max; /* bytes without the NUL */
    bool failed;
};

/* An empty buffer that never holds more than `max` bytes. Nothing is allocated yet. */
#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})

void buf_done(struct buf *buf);  /* free and forget; the buffer may be used again */
void buf_clear(struct buf *buf); /* keep the memory, forget bytes and failure */

void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Make room for `len` more bytes and return where they go, or NULL (then failed). The
 * caller writes up to len bytes there and calls buf_commit with what it wrote. */
MUST_CHECK char *buf_reserve(struct buf *buf, size_t len);
void buf_commit(struct buf *buf, size_t len);

/* The text, "" when empty; borrowed until the next append. */
const char *buf_text(const struct buf *buf);

static inline void buf_cleanup(struct buf *buf)
{
    buf_done(buf);
}

#endif
