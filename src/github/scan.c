#include "scan_int.h"

#include <stdint.h>
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

/* The brackets still open, one bit each (1 for a brace): nesting costs no memory and is bounded by
 * the width. */
struct nesting {
    uint64_t braces;
    unsigned open, depth;
};

static bool nest(struct scan *scan, struct nesting *nesting, struct err *err)
{
    if (nesting->open >= nesting->depth || nesting->open >= 64)
        return err_set(err, ERR_LIMIT, "JSON is nested too deeply");
    nesting->braces = nesting->braces << 1 | (*scan->at == '{' ? 1U : 0U);
    nesting->open++;
    scan->at++;
    return true;
}

static bool unnest(struct scan *scan, struct nesting *nesting, struct err *err)
{
    if ((*scan->at == '}') != ((nesting->braces & 1) == 1))
        return scan_fail(scan, err, "the other closing bracket");
    nesting->braces >>= 1;
    nesting->open--;
    scan->at++;
    return true;
}

/* Past an object or array; the cursor stands at its bracket. */
static bool skip_nested(struct scan *scan, unsigned depth, struct err *err)
{
    struct nesting nesting = {.depth = depth};

    do {
        if (scan->at == scan->end)
            return scan_fail(scan, err, "a closing bracket");
        enum kind kind = kind_at(scan);
        bool passed = true;
        if (kind == QUOTE)
            passed = skip_string(scan, err);
        else if (kind == OPEN)
            passed = nest(scan, &nesting, err);
        else if (kind == CLOSE)
            passed = unnest(scan, &nesting, err);
        else
            scan->at++;
        if (!passed)
            return false;
    } while (nesting.open > 0);
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
    return kind == OPEN ? skip_nested(scan, depth, err) : skip_scalar(scan, err);
}
