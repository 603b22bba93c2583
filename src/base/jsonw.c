#include "base/jsonw.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/rfc3339.h"

static bool are_continuations(const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return false;
    }
    return true;
}

/* Length of the UTF-8 sequence at `at`, or 0 when it is none: overlong forms, surrogates and
 * values past U+10FFFF are none (RFC 3629, table of section 4). */
static size_t utf8_len(const unsigned char *at, size_t left)
{
    static const struct {
        unsigned char lead_min, lead_max, second_min, second_max, len;
    } forms[] = {
        {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (at[0] < forms[i].lead_min || at[0] > forms[i].lead_max)
            continue;
        size_t len = forms[i].len;
        bool second_fits =
            len == 1 || (left > 1 && at[1] >= forms[i].second_min && at[1] <= forms[i].second_max);
        return len <= left && second_fits && are_continuations(at + 2, len > 2 ? len - 2 : 0) ? len
                                                                                              : 0;
    }
    return 0;
}

static void put_escaped(struct buf *buf, unsigned char byte)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
        if ((unsigned char)shorts[i] == byte) {
            buf_putc(buf, '\\');
            buf_putc(buf, shorts[i + 1]);
            return;
        }
    }
    buf_printf(buf, "\\u%04x", byte);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static void put_string(struct buf *buf, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;

    buf_putc(buf, '"');
    for (size_t i = 0; i < len;) {
        size_t plain = 0;
        while (i + plain < len && is_plain(at[i + plain]))
            plain++;
        buf_append(buf, at + i, plain);
        i += plain;
        if (i == len)
            break;
        size_t step = utf8_len(at + i, len - i);
        if (step == 0)
            buf_puts(buf, "\xEF\xBF\xBD");
        else if (step > 1)
            buf_append(buf, at + i, step);
        else
            put_escaped(buf, at[i]);
        i += step == 0 ? 1 : step;
    }
    buf_putc(buf, '"');
}

/* Everything that stands before a value. */
static void begin_value(struct jsonw *w, const char *key)
{
    if (w->comma)
        buf_putc(w->buf, ',');
    w->comma = true;
    if (key == NULL)
        return;
    put_string(w->buf, key, strlen(key));
    buf_putc(w->buf, ':');
}

static void open_level(struct jsonw *w, const char *key, char bracket)
{
    begin_value(w, key);
    buf_putc(w->buf, bracket);
    w->depth++;
    w->comma = false;
}

static void close_level(struct jsonw *w, char bracket)
{
    assert(w->depth > 0);
    buf_putc(w->buf, bracket);
    w->depth--;
    w->comma = true;
}

void jsonw_open_object(struct jsonw *w, const char *key)
{
    open_level(w, key, '{');
}

void jsonw_open_array(struct jsonw *w, const char *key)
{
    open_level(w, key, '[');
}

void jsonw_close_object(struct jsonw *w)
{
    close_level(w, '}');
}

void jsonw_close_array(struct jsonw *w)
{
    close_level(w, ']');
}

void jsonw_text_n(struct jsonw *w, const char *key, const char *text, size_t len)
{
    begin_value(w, key);
    put_string(w->buf, text, len);
}

void jsonw_text(struct jsonw *w, const char *key, const char *text)
{
    if (text == NULL)
        jsonw_null(w, key);
    else
        jsonw_text_n(w, key, text, strlen(text));
}

void jsonw_int(struct jsonw *w, const char *key, int64_t number)
{
    begin_value(w, key);
    buf_printf(w->buf, "%" PRId64, number);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
    begin_value(w, key);
    buf_puts(w->buf, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    begin_value(w, key);
    buf_puts(w->buf, "null");
}

void jsonw_time(struct jsonw *w, const char *key, int64_t time_ms)
{
    char text[RFC3339_SIZE];

    if (time_ms == 0)
        jsonw_null(w, key);
    else
        jsonw_text(w, key, rfc3339_format(time_ms, text));
}
