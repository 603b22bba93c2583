#include "when_int.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/rfc3339.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static const struct {
    int64_t ms;
    const char *name;
} units[] = {{DAY_MS, "d"}, {HOUR_MS, "h"}, {MINUTE_MS, "m"}, {SECOND_MS, "s"}};

/* False: *ret_special is what to print instead. */
static bool read_time(const char *time, int64_t *ret_ms, const char **ret_special)
{
    struct err err;

    *ret_special = time[0] == '\0' ? "-" : "?";
    return time[0] != '\0' && rfc3339_parse(time, ret_ms, &err);
}

/* The largest unit alone: "3m". Under a second: "". */
static void format_rough(int64_t ms, char out[WHEN_SIZE])
{
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (ms >= units[i].ms) {
            snprintf(out, WHEN_SIZE, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
            return;
        }
    }
}

static const char *put_relative(int64_t at_ms, int64_t now_ms, char out[WHEN_SIZE])
{
    char rough[WHEN_SIZE];
    bool is_past = at_ms <= now_ms;

    format_rough(is_past ? now_ms - at_ms : at_ms - now_ms, rough);
    if (rough[0] == '\0')
        snprintf(out, WHEN_SIZE, "just now");
    else if (is_past)
        snprintf(out, WHEN_SIZE, "%.40s ago", rough);
    else
        snprintf(out, WHEN_SIZE, "in %.40s", rough);
    return out;
}

const char *when_relative(const char *time, int64_t now_ms, char out[WHEN_SIZE])
{
    const char *special = NULL;
    int64_t at_ms = 0;

    if (!read_time(time, &at_ms, &special)) {
        snprintf(out, WHEN_SIZE, "%s", special);
        return out;
    }
    return put_relative(at_ms, now_ms, out);
}

const char *when_absolute(const char *time, int64_t now_ms, char out[WHEN_SIZE])
{
    const char *special = NULL;
    int64_t at_ms = 0;
    char text[RFC3339_SIZE];
    char relative[WHEN_SIZE];

    if (!read_time(time, &at_ms, &special)) {
        snprintf(out, WHEN_SIZE, "%s", special);
        return out;
    }
    rfc3339_format(at_ms, text);
    snprintf(out, WHEN_SIZE, "%.10s %.8s UTC (%.24s)", text, text + 11,
             put_relative(at_ms, now_ms, relative));
    return out;
}

const char *when_took(const char *start, const char *end, int64_t now_ms, char out[WHEN_SIZE])
{
    const char *special = NULL;
    int64_t start_ms = 0;
    int64_t end_ms = now_ms;

    if (!read_time(start, &start_ms, &special) ||
        (end[0] != '\0' && !read_time(end, &end_ms, &special))) {
        snprintf(out, WHEN_SIZE, "%s", special);
        return out;
    }

    int64_t ms = end_ms > start_ms ? end_ms - start_ms : 0;
    for (size_t i = 0; i + 1 < ARRAY_LEN(units); i++) {
        if (ms >= units[i].ms) {
            snprintf(out, WHEN_SIZE, "%lld%s %lld%s", (long long)(ms / units[i].ms), units[i].name,
                     (long long)(ms % units[i].ms / units[i + 1].ms), units[i + 1].name);
            return out;
        }
    }
    snprintf(out, WHEN_SIZE, "%lld.%llds", (long long)(ms / SECOND_MS),
             (long long)(ms % SECOND_MS / 100));
    return out;
}
