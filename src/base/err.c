#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Mark a cut text, so that a reader of the log knows that there was more. */
static void mark_cut(char *text, int wanted)
{
    if (wanted >= ERR_TEXT_SIZE)
        memcpy(text + ERR_TEXT_SIZE - 4, "...", 4);
}

/* Write `tail` behind the first `used` bytes of the text. */
static void append(struct err *err, int used, const char *tail)
{
    if (used >= 0 && used < ERR_TEXT_SIZE)
        used += snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", tail);
    mark_cut(err->text, used);
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    assert(err != NULL);
    assert(code > ERR_OK && code < ERR_CODE_COUNT);

    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);

    mark_cut(err->text, wanted);
    err->code = code;
    return false;
}

static enum err_code code_of_errno(int number)
{
    if (number == ENOSPC || number == EDQUOT)
        return ERR_NO_SPACE;
    return number == ENOMEM ? ERR_NOMEM : ERR_IO;
}

bool err_errno(struct err *err, int number, const char *fmt, ...)
{
    assert(err != NULL);

    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);

    const char *meaning = strerrordesc_np(number);
    append(err, used, meaning != NULL ? meaning : "unknown error");
    err->code = code_of_errno(number);
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    assert(err != NULL);
    assert(err->code != ERR_OK);

    char cause[ERR_TEXT_SIZE];
    memcpy(cause, err->text, sizeof(cause));

    va_list args;
    va_start(args, fmt);
    int used = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);

    append(err, used, cause);
    return false;
}
