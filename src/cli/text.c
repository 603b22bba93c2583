#include "text_int.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define ELLIPSIS    "\xE2\x80\xA6" /* U+2026, one column */
#define NO_RUNE     UINT32_MAX

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t rune)
{
    for (size_t i = 0; i < count; i++) {
        if (rune >= ranges[i].first && rune <= ranges[i].last)
            return true;
    }
    return false;
}

/* What a terminal would obey, and what makes text read otherwise than it is: C0, DEL, C1, the
 * marks and overrides of reading order, line and paragraph separators, the byte order mark, tags.
 */
static const struct range harmful[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE007F},
};

/* Marks that sit on the rune before them. Source: Unicode's Mn and Me, the blocks in common use. */
static const struct range zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x0900, 0x0902}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20F0},
    {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

/* Two columns. Source: Unicode's East_Asian_Width W and F, gaps of a few runes closed. */
static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26A1, 0x26A1},   {0x26BD, 0x26BE},   {0x26D4, 0x26D4},
    {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},
    {0x2753, 0x2757},   {0x2795, 0x2797},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97C},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335},
    {0x1F337, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6D7}, {0x1F6EB, 0x1F6FC},
    {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* Reads one rune of at most len bytes. Returns its length, and 1 with NO_RUNE for a byte that
 * begins none: overlong forms, surrogates and cut sequences are no UTF-8. */
static size_t next_rune(const char *text, size_t len, uint32_t *ret_rune)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    unsigned char lead = (unsigned char)text[0];

    *ret_rune = NO_RUNE;
    for (size_t more = 0; more < ARRAY_LEN(forms); more++) {
        if ((lead & forms[more].mask) != forms[more].lead)
            continue;
        uint32_t rune = lead & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if (i >= len || ((unsigned char)text[i] & 0xC0) != 0x80)
                return 1;
            rune = rune << 6 | ((unsigned char)text[i] & 0x3F);
        }
        if (rune < forms[more].least || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
            return 1;
        *ret_rune = rune;
        return more + 1;
    }
    return 1;
}

static size_t rune_width(uint32_t rune)
{
    if (is_in(zero_width, ARRAY_LEN(zero_width), rune))
        return 0;
    return is_in(double_width, ARRAY_LEN(double_width), rune) ? 2 : 1;
}

static void put_clean(struct buf *out, const char *text, size_t len, uint32_t rune)
{
    if (rune == NO_RUNE || is_in(harmful, ARRAY_LEN(harmful), rune))
        buf_puts(out, REPLACEMENT);
    else
        buf_append(out, text, len);
}

void text_clean(struct buf *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t rune = 0;
        size_t len = next_rune(text, left, &rune);
        if (rune == '\t' || rune == '\n' || rune == '\r')
            buf_putc(out, ' ');
        else
            put_clean(out, text, len, rune);
        text += len;
        left -= len;
    }
}

/* ESC [ parameters final byte. Source: ECMA-48, section 5.4. */
static size_t control_sequence_length(const char *text, size_t len)
{
    size_t at = 2;

    while (at < len && text[at] >= 0x20 && text[at] <= 0x3F)
        at++;
    return at < len && text[at] >= 0x40 && text[at] <= 0x7E ? at + 1 : 0;
}

/* ESC ] text, ended by BEL or ESC \: titles and links. Source: ECMA-48, section 5.6. */
static size_t system_command_length(const char *text, size_t len)
{
    for (size_t at = 2; at < len && text[at] != '\n'; at++) {
        if (text[at] == '\a' || (text[at] == '\\' && text[at - 1] == '\x1B'))
            return at + 1;
    }
    return 0;
}

/* 0 when no whole ANSI sequence begins here. */
static size_t sequence_length(const char *text, size_t len)
{
    if (len < 3 || text[0] != '\x1B')
        return 0;
    if (text[1] == '[')
        return control_sequence_length(text, len);
    return text[1] == ']' ? system_command_length(text, len) : 0;
}

/* Appends one rune of many lines; returns the bytes it took. */
static size_t put_of_lines(struct buf *out, const char *text, size_t len)
{
    uint32_t rune = 0;
    size_t step = next_rune(text, len, &rune);

    if (rune == '\r' && len > 1 && text[1] == '\n')
        return step; /* the line feed that follows ends the line */
    if (rune == '\n' || rune == '\r')
        buf_putc(out, '\n');
    else if (rune == '\t')
        buf_putc(out, '\t');
    else
        put_clean(out, text, step, rune);
    return step;
}

void text_clean_lines(struct buf *out, const char *text, size_t len)
{
    while (len > 0) {
        size_t step = sequence_length(text, len);
        if (step == 0)
            step = put_of_lines(out, text, len);
        text += step;
        len -= step;
    }
}

/* Bytes of text that fit into `columns`; *ret_columns is what they take. */
static size_t fitting(const char *text, size_t columns, size_t *ret_columns)
{
    size_t len = strlen(text);
    size_t at = 0;

    *ret_columns = 0;
    while (at < len) {
        uint32_t rune = 0;
        size_t step = next_rune(text + at, len - at, &rune);
        size_t width = rune_width(rune);
        if (*ret_columns + width > columns)
            break;
        *ret_columns += width;
        at += step;
    }
    return at;
}

size_t text_width(const char *text)
{
    size_t columns = 0;

    fitting(text, SIZE_MAX, &columns);
    return columns;
}

size_t text_cut(struct buf *out, const char *text, size_t columns)
{
    size_t taken = 0;
    size_t bytes = fitting(text, columns, &taken);

    if (text[bytes] == '\0') {
        buf_append(out, text, bytes);
        return taken;
    }
    if (columns == 0)
        return 0;
    bytes = fitting(text, columns - 1, &taken);
    buf_append(out, text, bytes);
    buf_puts(out, ELLIPSIS);
    return taken + 1;
}

void text_url(struct buf *out, const char *text)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(unreserved, *text) != NULL)
            buf_putc(out, *text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

void text_wrap(struct buf *out, const char *text, size_t columns, size_t indent)
{
    size_t used = 0;

    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        struct buf word = BUF_INIT(len);
        buf_append(&word, text, len);
        size_t width = text_width(buf_text(&word));
        if (used > 0 && used + 1 + width > columns) {
            buf_printf(out, "\n%*s", (int)indent, "");
            used = 0;
        }
        if (used > 0) {
            buf_putc(out, ' ');
            used++;
        }
        buf_append(out, text, len);
        used += width;
        buf_done(&word);
        text += len;
    }
}
