#include "flow/reason.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

const char *reason_name(enum reason_code code)
{
    static const char *const names[REASON_COUNT] = {
#define REASON_NAME(symbol, name) [symbol] = (name),
        REASON_LIST(REASON_NAME)
#undef REASON_NAME
    };
    assert(code < REASON_COUNT);
    return names[code];
}

struct reason reason_make(enum reason_code code, const char *fmt, ...)
{
    struct reason reason = {.code = code};
    va_list args;

    va_start(args, fmt);
    vsnprintf(reason.text, sizeof(reason.text), fmt, args);
    va_end(args);
    return reason;
}
