#include "base/rfc3339.h"

#include <stdio.h>
#include <string.h>

#include "base/zone.h"

#define DAY_MS INT64_C(86400000)

const char *rfc3339_format(int64_t time_ms, char text[RFC3339_SIZE])
{
    const int64_t min_ms = zone_days_of(0, 1, 1) * DAY_MS;
    const int64_t max_ms = zone_days_of(10000, 1, 1) * DAY_MS - 1;
    int64_t t = time_ms < min_ms ? min_ms : time_ms > max_ms ? max_ms : time_ms;
    int64_t days = t >= 0 ? t / DAY_MS : -((-t + DAY_MS - 1) / DAY_MS);
    int in_day = (int)(t - days * DAY_MS);
    struct zone_civil date = zone_date_of(days);

    snprintf(text, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year, date.month,
             date.day, in_day / 3600000, in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
    return text;
}

/* Read `digits` decimal digits at *at and move past them. */
static bool read_digits(const char **at, int digits, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += digits;
    *ret_value = value;
    return true;
}

static bool read_byte(const char **at, const char *any_of)
{
    if (**at == '\0' || strchr(any_of, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

static bool read_date(const char **at, int64_t *ret_days)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0;
    int month = 0;
    int day = 0;

    if (!read_digits(at, 4, &year) || !read_byte(at, "-") || !read_digits(at, 2, &month) ||
        !read_byte(at, "-") || !read_digits(at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (month == 2 && leap ? 1 : 0))
        return false;
    *ret_days = zone_days_of(year, month, day);
    return true;
}

static bool read_clock(const char **at, int64_t *ret_ms)
{
    int hour = 0;
    int minute = 0;
    int second = 0;

    if (!read_digits(at, 2, &hour) || !read_byte(at, ":") || !read_digits(at, 2, &minute) ||
        !read_byte(at, ":") || !read_digits(at, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;

    int fraction_ms = 0;
    if (read_byte(at, ".")) {
        int scale = 100;
        int digit = 0;
        if (!read_digits(at, 1, &digit))
            return false;
        do {
            fraction_ms += digit * scale;
            scale /= 10;
        } while (read_digits(at, 1, &digit));
    }
    *ret_ms =
        INT64_C(3600000) * hour + INT64_C(60000) * minute + INT64_C(1000) * second + fraction_ms;
    return true;
}

static bool read_offset(const char **at, int64_t *ret_ms)
{
    int hours = 0;
    int minutes = 0;

    if (read_byte(at, "Zz")) {
        *ret_ms = 0;
        return true;
    }
    int64_t sign = **at == '-' ? -1 : 1;
    if (!read_byte(at, "+-") || !read_digits(at, 2, &hours) || !read_byte(at, ":") ||
        !read_digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_ms = sign * (INT64_C(3600000) * hours + INT64_C(60000) * minutes);
    return true;
}

bool rfc3339_parse(const char *text, int64_t *ret_time_ms, struct err *err)
{
    const char *at = text;
    int64_t days = 0;
    int64_t clock_ms = 0;
    int64_t offset_ms = 0;

    if (!read_date(&at, &days) || !read_byte(&at, "Tt ") || !read_clock(&at, &clock_ms) ||
        !read_offset(&at, &offset_ms) || *at != '\0')
        return err_set(err, ERR_PARSE, "not an RFC 3339 time: '%.64s'", text);

    *ret_time_ms = days * DAY_MS + clock_ms - offset_ms;
    return true;
}
