#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Smallest first. */
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};
static const struct unit sizes[] = {
    {"", 1},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
};

static bool parse(const char *text, const struct unit *units, size_t units_count, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    int64_t number = 0;
    int64_t product = 0;

    if (digits == 0 || digits > 15)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    for (size_t i = 0; i < units_count; i++) {
        if (strcmp(text + digits, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].factor, &product))
            return false;
        *ret = product;
        return true;
    }
    return false;
}

static const char *format(int64_t number, const struct unit *units, size_t units_count, char *text)
{
    size_t i = units_count - 1;

    while (i > 0 && (number == 0 || number % units[i].factor != 0))
        i--;
    snprintf(text, UNITS_TEXT_SIZE, "%" PRId64 "%s", number / units[i].factor, units[i].name);
    return text;
}

bool units_parse_duration(const char *text, int64_t *ret_ms, struct err *err)
{
    if (!parse(text, durations, ARRAY_LEN(durations), ret_ms))
        return err_set(
            err, ERR_PARSE,
            "'%.64s' is no duration: a number and a unit, such as 500ms, 10s, 5m, 2h, 7d", text);
    return true;
}

bool units_parse_size(const char *text, int64_t *ret_bytes, struct err *err)
{
    if (!parse(text, sizes, ARRAY_LEN(sizes), ret_bytes))
        return err_set(err, ERR_PARSE,
                       "'%.64s' is no size: a number, or a number with KiB, MiB or GiB", text);
    return true;
}

const char *units_format_duration(int64_t ms, char text[UNITS_TEXT_SIZE])
{
    return format(ms, durations, ARRAY_LEN(durations), text);
}

const char *units_format_size(int64_t bytes, char text[UNITS_TEXT_SIZE])
{
    return format(bytes, sizes, ARRAY_LEN(sizes), text);
}
