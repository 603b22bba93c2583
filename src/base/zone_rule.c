/* The rule in a zone file's footer: POSIX TZ with the extension of RFC 8536, 3.3.1. */
#include "zone_int.h"

#include <ctype.h>
#include <string.h>

#define DAY_S INT64_C(86400)

/* ---- reading ---- */

static bool read_byte(const char **at, char byte)
{
    if (**at != byte)
        return false;
    (*at)++;
    return true;
}

static bool read_number(const char **at, int min, int max, int *ret_number)
{
    int number = 0;
    int digits = 0;

    while (isdigit((unsigned char)**at) && digits < 3) {
        number = number * 10 + (**at - '0');
        (*at)++;
        digits++;
    }
    if (digits == 0 || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

/* "CET", or "<-03>"; what it says is of no use here. */
static bool read_name(const char **at)
{
    const char *start = *at;
    bool is_quoted = read_byte(at, '<');
    const char *name = *at;

    while (isalpha((unsigned char)**at) ||
           (is_quoted && (isdigit((unsigned char)**at) || **at == '+' || **at == '-')))
        (*at)++;
    bool is_name = *at - name >= 3 && (!is_quoted || read_byte(at, '>'));
    if (!is_name)
        *at = start;
    return is_name;
}

/* "[+-]h[h[h]][:mm[:ss]]" */
static bool read_time(const char **at, int hours_max, int32_t *ret_time_s)
{
    bool is_negative = read_byte(at, '-');
    int hours = 0;
    int minutes = 0;
    int seconds = 0;

    if (!is_negative)
        (void)read_byte(at, '+');
    if (!read_number(at, 0, hours_max, &hours))
        return false;
    if (read_byte(at, ':') && !read_number(at, 0, 59, &minutes))
        return false;
    if (read_byte(at, ':') && !read_number(at, 0, 59, &seconds))
        return false;
    *ret_time_s = (is_negative ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool read_day(const char **at, struct zone_change *change)
{
    if (read_byte(at, 'M')) {
        change->kind = ZONE_DAY_OF_MONTH;
        return read_number(at, 1, 12, &change->month) && read_byte(at, '.') &&
               read_number(at, 1, 5, &change->week) && read_byte(at, '.') &&
               read_number(at, 0, 6, &change->weekday);
    }
    if (read_byte(at, 'J')) {
        change->kind = ZONE_DAY_NO_LEAP;
        return read_number(at, 1, 365, &change->day);
    }
    change->kind = ZONE_DAY_OF_YEAR;
    return read_number(at, 0, 365, &change->day);
}

static bool read_change(const char **at, struct zone_change *change)
{
    change->time_s = 2 * 3600;
    return read_byte(at, ',') && read_day(at, change) &&
           (!read_byte(at, '/') || read_time(at, ZONE_RULE_HOURS, &change->time_s));
}

static bool read_daylight(const char **at, struct zone_rule *rule)
{
    int32_t behind_s = 0;

    if (!read_name(at))
        return false;
    rule->has_daylight = true;
    rule->daylight_s = rule->standard_s + 3600;
    if (**at != ',') {
        if (!read_time(at, 24, &behind_s))
            return false;
        rule->daylight_s = -behind_s;
    }
    return read_change(at, &rule->start) && read_change(at, &rule->end);
}

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule, struct err *err)
{
    struct zone_rule rule = {0};
    const char *at = text;
    int32_t behind_s = 0; /* POSIX counts westwards */

    bool is_rule = read_name(&at) && read_time(&at, 24, &behind_s);
    rule.standard_s = -behind_s;
    if (is_rule && *at != '\0')
        is_rule = read_daylight(&at, &rule) && *at == '\0';
    if (!is_rule)
        return err_set(err, ERR_CORRUPT, "the rule '%.64s' cannot be read", text);
    *ret_rule = rule;
    return true;
}

/* ---- reckoning ---- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t weekday_in_month(int year, const struct zone_change *change)
{
    int64_t first = zone_days_of(year, change->month, 1);
    int64_t next = change->month == 12 ? zone_days_of(year + 1, 1, 1)
                                       : zone_days_of(year, change->month + 1, 1);
    int weekday_of_first = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int64_t day =
        first + (change->weekday - weekday_of_first + 7) % 7 + INT64_C(7) * (change->week - 1);

    return day < next ? day : day - 7; /* week 5 of a month that has but four */
}

/* Seconds of the civil clock at which the change comes in that year. */
static int64_t civil_s_of(int year, const struct zone_change *change)
{
    int64_t day = zone_days_of(year, 1, 1);

    if (change->kind == ZONE_DAY_OF_MONTH)
        day = weekday_in_month(year, change);
    else if (change->kind == ZONE_DAY_OF_YEAR)
        day += change->day;
    else
        day += change->day - 1 + (is_leap(year) && change->day >= 60 ? 1 : 0);
    return day * DAY_S + change->time_s;
}

/* Take one change into account: it begins the span, ends it, or neither. Of two at the same moment
 * the later offered counts. */
static void offer(struct zone_span *span, int64_t time_s, int64_t at_s, int32_t offset_s)
{
    if (at_s > time_s) {
        span->end_s = at_s < span->end_s ? at_s : span->end_s;
    } else if (at_s >= span->start_s) {
        span->start_s = at_s;
        span->offset_s = offset_s;
    }
}

struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t time_s)
{
    struct zone_span span = {INT64_MIN, INT64_MAX, rule->standard_s};

    if (!rule->has_daylight)
        return span;

    /* A change may fall a week outside of its year, hence two years on both sides. Daylight time
     * all year is written as an end that meets the next year's start: the start wins. */
    int64_t days = time_s / DAY_S - (time_s % DAY_S < 0 ? 1 : 0);
    int year = zone_date_of(days).year;
    for (int y = year - 2; y <= year + 2; y++)
        offer(&span, time_s, civil_s_of(y, &rule->end) - rule->daylight_s, rule->standard_s);
    for (int y = year - 2; y <= year + 2; y++)
        offer(&span, time_s, civil_s_of(y, &rule->start) - rule->standard_s, rule->daylight_s);
    return span;
}
