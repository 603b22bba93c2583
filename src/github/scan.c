#include "scan_int.h"

#include <string.h>

/* What a byte means between strings. */
enum kind { OTHER, SPACE, QUOTE, OPEN, CLOSE };

static const unsigned char kinds[256] = {
    [' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE, ['\r'] = SPACE, ['"'] = QUOTE,
    ['{'] = OPEN,  ['['] = OPEN,   ['}'] = CLOSE,  [']'] = CLOSE,
};

static enum kind kind_at(const struct scan *scan)
{
    return (enum kind)kinds[(unsigned char)*scan->at];
}

bool scan_fail(const struct scan *scan, struct err *err, const char *expected)
{
    return err_set(err, ERR_PARSE, "no JSON at byte %zu: expected %s",
                   (size_t)(scan->at - scan->start), expected);
}

void scan_space(struct scan *scan)
{
    while (scan->at < scan->end && kind_at(scan) == SPACE)
        scan->at++;
}

bool scan_take(struct scan *scan, char byte)
{
    scan_space(scan);
    if (scan->at == scan->end || *scan->at != byte)
        return false;
    scan->at++;
    return true;
}

/* Strings are most of a payload: look for the quote with memchr, then whether it is escaped, which
 * it is behind an odd number of backslashes. */
bool scan_string(struct scan *scan, const char **ret_text, size_t *ret_len, bool *ret_escaped,
                 struct err *err)
{
    if (!scan_take(scan, '"'))
        return scan_fail(scan, err, "a string");

    const char *text = scan->at;
    const char *from = text;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(scan->end - from));
        if (quote == NULL)
            return scan_fail(scan, err, "the end of a string");
        const char *backslash = quote;
        while (backslash > text && backslash[-1] == '\\')
            backslash--;
        from = quote + 1;
        if ((quote - backslash) % 2 == 0)
            break;
    }
    scan->at = from;
    *ret_text = text;
    *ret_len = (size_t)(from - 1 - text);
    *ret_escaped = memchr(text, '\\', *ret_len) != NULL;
    return true;
}

/* Past a number or a literal: what may stand in one, without judging it. */
static bool skip_scalar(struct scan *scan, struct err *err)
{
    const char *begin = scan->at;

    while (scan->at < scan->end && kind_at(scan) == OTHER && *scan->at != ',' && *scan->at != ':')
        scan->at++;
    return scan->at > begin || scan_fail(scan, err, "a value");
}

static bool skip_string(struct scan *scan, struct err *err)
{
    const char *text = NULL;
    size_t len = 0;
    bool escaped = false;

    return scan_string(scan, &text, &len, &escaped, err);
}

/* Past the rest of an object or array whose bracket was just read. The brackets still open are one
 * bit each, so nesting costs no memory and is bounded by the width. */
static bool skip_nested(struct scan *scan, unsigned depth, char bracket, struct err *err)
{
    unsigned long long braces = bracket == '{' ? 1 : 0;
    unsigned open = 1;

    if (depth == 0)
        return err_set(err, ERR_LIMIT, "JSON is nested too deeply");
    while (open > 0) {
        if (scan->at == scan->end)
            return scan_fail(scan, err, "a closing bracket");
        char byte = *scan->at;
        enum kind kind = kind_at(scan);
        if (kind == QUOTE) {
            if (!skip_string(scan, err))
                return false;
            continue;
        }
        if (kind == OPEN) {
            if (open >= depth || open >= 64)
                return err_set(err, ERR_LIMIT, "JSON is nested too deeply");
            braces = braces << 1 | (byte == '{' ? 1U : 0U);
            open++;
        } else if (kind == CLOSE) {
            if ((byte == '}') != ((braces & 1) == 1))
                return scan_fail(scan, err, "the other closing bracket");
            braces >>= 1;
            open--;
        }
        scan->at++;
    }
    return true;
}

bool scan_value(struct scan *scan, unsigned depth, struct err *err)
{
    scan_space(scan);
    if (scan->at == scan->end)
        return scan_fail(scan, err, "a value");

    enum kind kind = kind_at(scan);
    if (kind == QUOTE)
        return skip_string(scan, err);
    if (kind != OPEN)
        return skip_scalar(scan, err);
    char bracket = *scan->at++;
    return skip_nested(scan, depth, bracket, err);
}
