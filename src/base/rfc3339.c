#include "base/rfc3339.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* Days since 1970-01-01 of a Gregorian date. March is taken as the first month, so that the leap
 * day falls at the end of a year and month lengths follow one formula. */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0));
}

const char *rfc3339_format(int64_t time_ms, char text[RFC3339_SIZE])
{
    const int64_t min_ms = days_of_date(0, 1, 1) * DAY_MS;
    const int64_t max_ms = days_of_date(10000, 1, 1) * DAY_MS - 1;
    int64_t t = time_ms < min_ms ? min_ms : time_ms > max_ms ? max_ms : time_ms;
    int64_t days = t >= 0 ? t / DAY_MS : -((-t + DAY_MS - 1) / DAY_MS);
    int in_day = (int)(t - days * DAY_MS);
    int year = 0;
    int month = 0;
    int day = 0;

    date_of_days(days, &year, &month, &day);
    snprintf(text, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
             in_day / 3600000, in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
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
    *ret_days = days_of_date(year, month, day);
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
