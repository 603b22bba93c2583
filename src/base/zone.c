#include "base/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "zone_int.h"

#define ZONES_FOLDER "/usr/share/zoneinfo/"
#define DAY_S        INT64_C(86400)
#define DAYS_MAX     INT64_C(200000000000) /* keeps years within int; 550 million of them */

/* ---- the calendar ---- */

/* March is taken as the first month, so that the leap day falls at the end of a year and month
 * lengths follow one formula. */
int64_t zone_days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

struct zone_civil zone_date_of(int64_t days)
{
    int64_t within = days < -DAYS_MAX ? -DAYS_MAX : days > DAYS_MAX ? DAYS_MAX : days;
    int64_t shifted = within + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct zone_civil date = {0};

    date.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date.year = (int)(year_of_era + era * 400 + (date.month <= 2 ? 1 : 0));
    return date;
}

static int64_t floor_div(int64_t number, int64_t by)
{
    return number / by - (number % by < 0 ? 1 : 0);
}

static int64_t to_ms(int64_t time_s)
{
    int64_t time_ms = 0;

    if (__builtin_mul_overflow(time_s, INT64_C(1000), &time_ms))
        return time_s < 0 ? INT64_MIN : INT64_MAX;
    return time_ms;
}

/* ---- loading ---- */

/* Parts as the zone database has them, "America/Port-au-Prince": a dot leads out of the folder or
 * to a file that is no zone. */
static bool is_name(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

    return isalpha((unsigned char)name[0]) && name[len] == '\0' && len < ZONE_NAME_MAX &&
           name[len - 1] != '/' && strstr(name, "//") == NULL;
}

static bool make_utc(struct zone **ret_zone, struct err *err)
{
    struct zone *zone = calloc(1, sizeof(*zone));

    if (zone == NULL)
        return err_set(err, ERR_NOMEM, "no memory for zone UTC");
    snprintf(zone->name, sizeof(zone->name), "UTC");
    *ret_zone = zone;
    return true;
}

static bool no_such_zone(const char *name, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "there is no time zone '%.64s' (in %s)", name, ZONES_FOLDER);
}

static bool read_zone_file(const char *name, struct buf *bytes, struct err *err)
{
    char path[sizeof(ZONES_FOLDER) + ZONE_NAME_MAX];
    struct stat info;

    snprintf(path, sizeof(path), "%s%s", ZONES_FOLDER, name);
    if (stat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR ? no_such_zone(name, err)
                                                   : err_errno(err, errno, "look at %s", path);
    if (!S_ISREG(info.st_mode))
        return no_such_zone(name, err);
    if (info.st_size > ZONE_FILE_MAX)
        return err_set(err, ERR_CORRUPT, "%s is larger than any zone file", path);
    return file_read(path, bytes, err);
}

bool zone_load(const char *name, struct zone **ret_zone, struct err *err)
{
    AUTO(buf) struct buf bytes = BUF_INIT(ZONE_FILE_MAX);

    if (strcmp(name, "UTC") == 0)
        return make_utc(ret_zone, err);
    if (!is_name(name))
        return no_such_zone(name, err);
    return read_zone_file(name, &bytes, err) &&
           zone_parse(name, buf_text(&bytes), bytes.len, ret_zone, err);
}

void zone_free(struct zone *zone)
{
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

/* ---- questions ---- */

/* How many steps came up to this moment. */
static size_t count_steps_until(const struct zone *zone, int64_t time_s)
{
    size_t low = 0;
    size_t high = zone->steps_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->steps[middle].at_s <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct zone_span span_of(const struct zone *zone, int64_t time_s)
{
    size_t passed = count_steps_until(zone, time_s);
    struct zone_span span = {
        .start_s = passed == 0 ? INT64_MIN : zone->steps[passed - 1].at_s,
        .end_s = passed == zone->steps_count ? INT64_MAX : zone->steps[passed].at_s,
        .offset_s = passed == 0 ? zone->first_offset_s : zone->steps[passed - 1].offset_s,
    };

    if (passed == zone->steps_count && zone->has_rule) {
        struct zone_span ruled = zone_rule_span(&zone->rule, time_s);
        span.start_s = ruled.start_s > span.start_s ? ruled.start_s : span.start_s;
        span.end_s = ruled.end_s;
        span.offset_s = ruled.offset_s;
    }
    return span;
}

struct zone_civil zone_civil_of(const struct zone *zone, int64_t time_ms, int *ret_weekday)
{
    int64_t time_s = floor_div(time_ms, 1000);
    int64_t local_s = time_s + span_of(zone, time_s).offset_s;
    int64_t days = floor_div(local_s, DAY_S);
    int in_day_s = (int)(local_s - days * DAY_S);
    struct zone_civil civil = zone_date_of(days);

    civil.hour = in_day_s / 3600;
    civil.minute = in_day_s / 60 % 60;
    if (ret_weekday != NULL)
        *ret_weekday = (int)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    return civil;
}

/*
 * The local clock runs straight within a span and jumps between two. Walk over the spans around the
 * wanted reading: each shows it at most once; where none does, one jump passes over it.
 */
int64_t zone_time_of(const struct zone *zone, const struct zone_civil *civil, bool last)
{
    int64_t local_s = zone_days_of(civil->year, civil->month, civil->day) * DAY_S +
                      civil->hour * INT64_C(3600) + civil->minute * INT64_C(60);
    int64_t latest_s = local_s + ZONE_OFFSET_S_MAX;
    struct zone_span span = span_of(zone, local_s - ZONE_OFFSET_S_MAX);
    int64_t jump_s = local_s - span.offset_s;
    bool is_found = false;
    int64_t found_s = 0;

    for (;;) {
        int64_t time_s = local_s - span.offset_s;
        if (time_s >= span.start_s && time_s < span.end_s && (last || !is_found)) {
            is_found = true;
            found_s = time_s;
        }
        if (span.end_s > latest_s)
            break;
        int64_t end_s = span.end_s;
        span = span_of(zone, end_s);
        if (time_s >= end_s && local_s - span.offset_s < end_s)
            jump_s = end_s;
    }
    return to_ms(is_found ? found_s : jump_s);
}
