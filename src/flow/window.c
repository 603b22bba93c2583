#include "flow/window.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DAY_MINUTES  1440
#define WEEK_MINUTES (7 * DAY_MINUTES)

/* ---- reading ---- */

static bool read_digits(const char **at, int count, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        number = number * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *ret_number = number;
    return true;
}

static bool read_byte(const char **at, char byte)
{
    if (**at != byte)
        return false;
    (*at)++;
    return true;
}

/* "16:00"; "24:00" is the end of the day. */
static bool read_clock(const char **at, int *ret_hour, int *ret_minute)
{
    return read_digits(at, 2, ret_hour) && read_byte(at, ':') && read_digits(at, 2, ret_minute) &&
           *ret_minute < 60 && *ret_hour * 60 + *ret_minute <= DAY_MINUTES;
}

static bool read_weekday(const char **at, int *ret_weekday)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

    for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
        if (strncasecmp(*at, names[i], 3) == 0) {
            *at += 3;
            *ret_weekday = i;
            return true;
        }
    }
    return false;
}

static bool read_weekly(const char *at, struct window_edge *edge)
{
    int weekday = 0;
    int hour = 0;
    int minute = 0;

    if (!read_weekday(&at, &weekday) || !read_byte(&at, ' ') || !read_clock(&at, &hour, &minute) ||
        *at != '\0')
        return false;
    edge->is_weekly = true;
    edge->minute_of_week = (weekday * DAY_MINUTES + hour * 60 + minute) % WEEK_MINUTES;
    return true;
}

/* February 30 would come back as another day. */
static bool is_date(const struct zone_civil *c)
{
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > 31)
        return false;
    struct zone_civil same = zone_date_of(zone_days_of(c->year, c->month, c->day));
    return same.month == c->month && same.day == c->day;
}

static bool read_once(const char *at, struct window_edge *edge)
{
    struct zone_civil *once = &edge->once;

    if (!read_digits(&at, 4, &once->year) || !read_byte(&at, '-') ||
        !read_digits(&at, 2, &once->month) || !read_byte(&at, '-') ||
        !read_digits(&at, 2, &once->day) || !is_date(once))
        return false;
    if (*at == '\0')
        return true;
    return read_byte(&at, ' ') && read_clock(&at, &once->hour, &once->minute) && *at == '\0';
}

bool window_parse_edge(const char *text, struct window_edge *ret_edge, struct err *err)
{
    struct window_edge edge = {0};

    if (!read_weekly(text, &edge) && !read_once(text, &edge))
        return err_set(err, ERR_PARSE,
                       "'%.64s' is no time of a window: write 'Fri 16:00' for every week, "
                       "'2026-12-20' or '2026-12-20 18:00' for once",
                       text);
    *ret_edge = edge;
    return true;
}

/* ---- reckoning ---- */

struct span {
    int64_t from_ms, to_ms;
};

/* A civil time of that many minutes after the begin of a day. */
static int64_t time_of_minutes(const struct zone *zone, int64_t day, int minutes, bool last)
{
    struct zone_civil civil = zone_date_of(day + minutes / DAY_MINUTES);

    civil.hour = minutes % DAY_MINUTES / 60;
    civil.minute = minutes % 60;
    return zone_time_of(zone, &civil, last);
}

/* The window that opens in the week of this Monday. From and to the same is the whole week. */
static struct span span_of_week(const struct flow_window *window, int64_t monday)
{
    int from = window->from.minute_of_week;
    int to = window->to.minute_of_week;

    return (struct span){
        .from_ms = time_of_minutes(window->zone, monday, from, false),
        .to_ms = time_of_minutes(window->zone, monday, to > from ? to : to + WEEK_MINUTES, true),
    };
}

static struct span span_of_once(const struct flow_window *window)
{
    return (struct span){
        .from_ms = zone_time_of(window->zone, &window->from.once, false),
        .to_ms = zone_time_of(window->zone, &window->to.once, true),
    };
}

static bool is_within(const struct span *span, int64_t now_ms)
{
    return span->from_ms <= now_ms && now_ms < span->to_ms;
}

/* One that opened last week may still be closed; where clocks go back on a Monday's first minutes,
 * next week's has opened while they show Sunday again. */
static bool find_week(const struct flow_window *window, int64_t now_ms, int64_t *ret_until_ms)
{
    int weekday = 0;
    struct zone_civil today = zone_civil_of(window->zone, now_ms, &weekday);
    int64_t monday = zone_days_of(today.year, today.month, today.day) - weekday;

    for (int week = 1; week >= -1; week--) {
        struct span span = span_of_week(window, monday + week * INT64_C(7));
        if (is_within(&span, now_ms)) {
            *ret_until_ms = span.to_ms;
            return true;
        }
    }
    return false;
}

static bool covers(const struct flow_window *window, const char *environment)
{
    const char *const *name = window->environments;

    while (name != NULL && *name != NULL && strcmp(*name, environment) != 0)
        name++;
    return name == NULL || *name != NULL;
}

bool window_is_closed(const struct flow_window *window, const char *environment, int64_t now_ms,
                      int64_t *ret_until_ms)
{
    if (!covers(window, environment))
        return false;
    if (window->from.is_weekly)
        return find_week(window, now_ms, ret_until_ms);

    struct span span = span_of_once(window);
    if (!is_within(&span, now_ms))
        return false;
    *ret_until_ms = span.to_ms;
    return true;
}

const struct flow_window *window_find_closed(const struct flow_window *windows, size_t count,
                                             const char *environment, bool is_rollback,
                                             int64_t now_ms, int64_t *ret_until_ms)
{
    const struct flow_window *found = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct flow_window *window = &windows[i];
        int64_t until_ms = 0;
        if ((is_rollback && !window->holds_rollbacks) ||
            !window_is_closed(window, environment, now_ms, &until_ms))
            continue;
        if (found == NULL || until_ms > *ret_until_ms) {
            found = window;
            *ret_until_ms = until_ms;
        }
    }
    return found;
}
