#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

static void fail(struct buf *buf)
{
    buf_done(buf);
    buf->failed = true;
}

void buf_done(struct buf *buf)
{
    size_t max = buf->max;

    free(buf->data);
    *buf = BUF_INIT(max);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t len)
{
    if (buf->failed)
        return NULL;
    if (len > buf->max - buf->len) {
        fail(buf);
        return NULL;
    }

    size_t needed = buf->len + len + 1;
    if (needed > buf->cap) {
        size_t cap = buf->cap < FIRST_CAP ? FIRST_CAP : buf->cap;
        while (cap < needed)
            cap += cap / 2;
        if (cap > buf->max + 1)
            cap = buf->max + 1;
        char *grown = realloc(buf->data, cap);
        if (grown == NULL) {
            fail(buf);
            return NULL;
        }
        buf->data = grown;
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void buf_commit(struct buf *buf, size_t len)
{
    assert(buf->len + len < buf->cap);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    char *to = buf_reserve(buf, len);

    if (to == NULL)
        return;
    if (len > 0)
        memcpy(to, bytes, len);
    buf_commit(buf, len);
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char byte)
{
    buf_append(buf, &byte, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(len >= 0);

    char *to = buf_reserve(buf, (size_t)len);
    if (to == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(to, (size_t)len + 1, fmt, args);
    va_end(args);
    buf_commit(buf, (size_t)len);
}

const char *buf_text(const struct buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}
