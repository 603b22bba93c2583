/* Time zones: civil time and back, held against known instants and against another reader. */
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/rfc3339.h"
#include "base/zone.h"
#include "zone_int.h"

#define HOUR_MS INT64_C(3600000)
#define YEARS   10

static struct zone *load(const char *name)
{
    struct zone *zone = NULL;
    struct err err = {0};

    if (!zone_load(name, &zone, &err))
        fail_msg("%s", err.text);
    return zone;
}

static int64_t instant(const char *text)
{
    int64_t time_ms = 0;
    struct err err = {0};

    if (!rfc3339_parse(text, &time_ms, &err))
        fail_msg("%s", err.text);
    return time_ms;
}

/* "2026-03-29 02:30": what a clock in UTC shows at that time. */
static struct zone_civil civil(const char *text)
{
    struct zone *utc = load("UTC");
    char whole[64];

    snprintf(whole, sizeof(whole), "%s:00Z", text);
    struct zone_civil c = zone_civil_of(utc, instant(whole), NULL);
    zone_free(utc);
    return c;
}

static const char *show(const struct zone_civil *c, char text[64])
{
    snprintf(text, 64, "%04d-%02d-%02d %02d:%02d", c->year, c->month, c->day, c->hour, c->minute);
    return text;
}

static void test_known_instants_read_as_the_clocks_there_did(void **state)
{
    static const struct {
        const char *zone, *instant, *civil;
        int weekday; /* 0: Monday */
    } cases[] = {
        {"UTC", "1970-01-01T00:00:00Z", "1970-01-01 00:00", 3},
        {"UTC", "1969-12-31T23:59:59Z", "1969-12-31 23:59", 2},
        {"UTC", "2024-02-29T12:34:56Z", "2024-02-29 12:34", 3},
        {"Europe/Berlin", "2026-01-15T12:00:00Z", "2026-01-15 13:00", 3},
        {"Europe/Berlin", "2026-07-15T12:00:00Z", "2026-07-15 14:00", 2},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59", 6},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00", 6},
        {"Europe/Berlin", "2026-10-25T00:59:59Z", "2026-10-25 02:59", 6},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25 02:00", 6},
        {"America/New_York", "2026-03-08T06:59:00Z", "2026-03-08 01:59", 6},
        {"America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00", 6},
        {"America/New_York", "2006-03-31T12:00:00Z", "2006-03-31 07:00", 4}, /* the old rule */
        {"Asia/Kolkata", "2026-06-01T00:00:00Z", "2026-06-01 05:30", 0},
        {"Australia/Lord_Howe", "2026-01-01T00:00:00Z", "2026-01-01 11:00", 3},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z", "2026-07-01 10:30", 2},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29 23:59", 3},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31 00:00", 5},  /* no December 30 */
        {"Europe/Dublin", "2026-07-01T12:00:00Z", "2026-07-01 13:00", 2}, /* winter is "daylight" */
        {"Europe/Dublin", "2026-12-01T12:00:00Z", "2026-12-01 12:00", 1},
        {"America/Sao_Paulo", "2050-01-01T00:00:00Z", "2049-12-31 21:00", 4}, /* footer <-03>3 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone *zone = load(cases[i].zone);
        int weekday = -1;
        struct zone_civil c = zone_civil_of(zone, instant(cases[i].instant), &weekday);
        char text[64];
        assert_string_equal(cases[i].civil, show(&c, text));
        assert_int_equal(cases[i].weekday, weekday);
        zone_free(zone);
    }
}

static void test_far_future_follows_the_footer(void **state)
{
    static const struct {
        const char *zone, *instant, *civil;
    } cases[] = {
        {"Europe/Berlin", "2500-03-28T00:59:00Z", "2500-03-28 01:59"},
        {"Europe/Berlin", "2500-03-28T01:00:00Z", "2500-03-28 03:00"},
        {"Europe/Berlin", "9999-10-31T00:59:00Z", "9999-10-31 02:59"},
        {"Europe/Berlin", "9999-10-31T01:00:00Z", "9999-10-31 02:00"},
        {"America/New_York", "2400-11-05T05:59:00Z", "2400-11-05 01:59"},
        {"America/New_York", "2400-11-05T06:00:00Z", "2400-11-05 01:00"},
        {"Australia/Lord_Howe", "2300-03-31T14:59:00Z", "2300-04-01 01:59"},
        {"Australia/Lord_Howe", "2300-03-31T15:00:00Z", "2300-04-01 01:30"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone *zone = load(cases[i].zone);
        struct zone_civil c = zone_civil_of(zone, instant(cases[i].instant), NULL);
        char text[64];
        assert_string_equal(cases[i].civil, show(&c, text));
        zone_free(zone);
    }
}

static void test_skipped_times_are_the_jump_and_doubled_ones_come_twice(void **state)
{
    static const struct {
        const char *zone, *civil, *first, *last;
    } cases[] = {
        {"Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "2026-10-25 02:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
        {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
        {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
        {"Europe/Berlin", "2601-10-25 02:30", "2601-10-25T00:30:00Z", "2601-10-25T01:30:00Z"},
        {"America/New_York", "2026-11-01 01:15", "2026-11-01T05:15:00Z", "2026-11-01T06:15:00Z"},
        {"Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z"},
        {"Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"},
        {"Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
        {"UTC", "2026-10-25 02:30", "2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone *zone = load(cases[i].zone);
        struct zone_civil c = civil(cases[i].civil);
        char text[RFC3339_SIZE];
        assert_int_equal(instant(cases[i].first), zone_time_of(zone, &c, false));
        if (instant(cases[i].last) != zone_time_of(zone, &c, true))
            fail_msg("%s %s: last is %s", cases[i].zone, cases[i].civil,
                     rfc3339_format(zone_time_of(zone, &c, true), text));
        zone_free(zone);
    }
}

static void test_days_and_dates_agree_over_two_thousand_years(void **state)
{
    int64_t days = zone_days_of(1000, 1, 1);

    (void)state;
    assert_int_equal(0, zone_days_of(1970, 1, 1));
    assert_int_equal(11016, zone_days_of(2000, 2, 29));
    for (; days < zone_days_of(3000, 1, 1); days++) {
        struct zone_civil date = zone_date_of(days);
        assert_int_equal(days, zone_days_of(date.year, date.month, date.day));
        assert_in_range(date.month, 1, 12);
        assert_in_range(date.day, 1, 31);
    }
}

static void test_the_ends_of_time_are_no_trouble(void **state)
{
    struct zone *zone = load("Europe/Berlin");
    struct zone_civil never = {.year = INT32_MAX, .month = 12, .day = 31};
    struct zone_civil ever = {.year = INT32_MIN, .month = 1, .day = 1};

    (void)state;
    (void)zone_civil_of(zone, INT64_MAX, NULL);
    (void)zone_civil_of(zone, INT64_MIN, NULL);
    (void)zone_date_of(INT64_MAX);
    (void)zone_date_of(INT64_MIN);
    assert_int_equal(INT64_MAX, zone_time_of(zone, &never, false));
    assert_int_equal(INT64_MIN, zone_time_of(zone, &ever, false));
    zone_free(zone);
}

/* ---- another reader ---- */

static const char script[] =
    "import sys, array\n"
    "from datetime import datetime\n"
    "from zoneinfo import ZoneInfo\n"
    "zone, start, count = ZoneInfo(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])\n"
    "a = array.array('i')\n"
    "for i in range(count):\n"
    "    d = datetime.fromtimestamp(start + 3600 * i, zone)\n"
    "    a.append(int(d.utcoffset().total_seconds()) * 2 + d.fold)\n"
    "a.tofile(sys.stdout.buffer)\n";

/* For every hour: offset in seconds times two, plus one in the second of two equal hours. */
static bool ask_python(const char *zone, int64_t start_s, int32_t *answers, size_t count)
{
    char command[2048];

    snprintf(command, sizeof(command), "python3 -c \"%s\" %s %" PRId64 " %zu 2>/dev/null", script,
             zone, start_s, count);
    FILE *pipe = popen(command, "r"); /* NOLINT(cert-env33-c): a fixed command of this file */
    if (pipe == NULL)
        return false;
    bool is_read = fread(answers, sizeof(answers[0]), count, pipe) == count;
    return pclose(pipe) == 0 && is_read;
}

static void check_hour(const struct zone *zone, int64_t time_ms, int32_t answer)
{
    struct zone_civil c = zone_civil_of(zone, time_ms, NULL);
    int64_t read_ms =
        (zone_days_of(c.year, c.month, c.day) * 1440 + c.hour * 60 + c.minute) * INT64_C(60000);
    int fold = answer & 1;
    char text[RFC3339_SIZE];

    if (read_ms - time_ms != (answer - fold) / 2 * INT64_C(1000))
        fail_msg("%s at %s: offset %" PRId64 " s, not %d", zone_name(zone),
                 rfc3339_format(time_ms, text), (read_ms - time_ms) / 1000, (answer - fold) / 2);
    int64_t first_ms = zone_time_of(zone, &c, false);
    int64_t last_ms = zone_time_of(zone, &c, true);
    if ((fold ? last_ms : first_ms) != time_ms || first_ms > last_ms)
        fail_msg("%s at %s: no way back", zone_name(zone), rfc3339_format(time_ms, text));
}

static void test_every_hour_of_ten_years_reads_as_another_reader_has_it(void **state)
{
    static const char *const zones[] = {
        "Europe/Berlin",       "America/New_York", "Asia/Kolkata",
        "Australia/Lord_Howe", "Pacific/Apia",     "UTC",
        "Africa/Casablanca",   "Europe/Dublin",    "America/Caracas",
    };
    static const char *const starts[] = {"2007-06-01T00:00:00Z", "2034-06-01T00:00:00Z"};
    const size_t count = YEARS * 365 * 24;
    int32_t *answers = calloc(count, sizeof(*answers));

    (void)state;
    assert_non_null(answers);
    bool is_answered = true;
    for (size_t i = 0; i < ARRAY_LEN(zones) * ARRAY_LEN(starts) && is_answered; i++) {
        const char *name = zones[i / ARRAY_LEN(starts)];
        int64_t start_ms = instant(starts[i % ARRAY_LEN(starts)]);
        struct zone *zone = load(name);
        is_answered = ask_python(name, start_ms / 1000, answers, count);
        for (size_t k = 0; is_answered && k < count; k++)
            check_hour(zone, start_ms + (int64_t)k * HOUR_MS, answers[k]);
        zone_free(zone);
    }
    free(answers);
    if (!is_answered) {
        print_message("no python3 with zoneinfo here\n");
        skip();
    }
}

/* ---- rules ---- */

/* Local seconds minus UTC at the moment. */
static int32_t offset_at(const char *rule_text, const char *when)
{
    struct zone_rule rule;
    struct err err = {0};

    if (!zone_rule_parse(rule_text, &rule, &err))
        fail_msg("%s", err.text);
    return zone_rule_span(&rule, instant(when) / 1000).offset_s;
}

static void test_rules_of_every_form_are_understood(void **state)
{
    static const struct {
        const char *rule, *when;
        int32_t offset_s;
    } cases[] = {
        {"UTC0", "2026-01-01T00:00:00Z", 0},
        {"<+0530>-5:30", "2026-01-01T00:00:00Z", 19800},
        {"ABC+1:02:03", "2026-01-01T00:00:00Z", -3723},
        /* February 29 is never counted: J60 is March 1 in every year. */
        {"AAA0BBB,J60/0,J300/0", "2024-02-29T23:59:59Z", 0},
        {"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J60/0,J300/0", "2023-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J59/0,J300/0", "2024-02-28T00:00:00Z", 3600},
        /* Day 59 from 0 is February 29 in a leap year and March 1 in others. */
        {"AAA0BBB,59/0,300/0", "2024-02-29T00:00:00Z", 3600},
        {"AAA0BBB,59/0,300/0", "2023-02-28T23:59:59Z", 0},
        {"AAA0BBB,59/0,300/0", "2023-03-01T00:00:00Z", 3600},
        /* Two o'clock where no time is given. */
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400},
        /* Times of more than a day and less than none: RFC 8536, 3.3.1. */
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59Z", -10800},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -7200},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 7200},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 10800},
        {"AAA0BBB,J365/167,J100/0", "2026-01-06T22:59:59Z", 0},
        {"AAA0BBB,J365/167,J100/0", "2026-01-06T23:00:00Z", 3600},
        {"AAA0BBB,J1/-167,J100/0", "2025-12-25T00:59:59Z", 0},
        {"AAA0BBB,J1/-167,J100/0", "2025-12-25T01:00:00Z", 3600},
        /* Daylight time all year: RFC 8536, 3.3.1. */
        {"EST5EDT,0/0,J365/25", "2026-01-01T04:59:59Z", -14400},
        {"EST5EDT,0/0,J365/25", "2026-01-01T05:00:00Z", -14400},
        {"EST5EDT,0/0,J365/25", "2026-07-01T00:00:00Z", -14400},
        /* Daylight time over the new year, and one that lies behind standard time. */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36000},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (offset_at(cases[i].rule, cases[i].when) != cases[i].offset_s)
            fail_msg("%s at %s: %d", cases[i].rule, cases[i].when,
                     offset_at(cases[i].rule, cases[i].when));
    }
}

static void test_rules_that_are_none_are_refused(void **state)
{
    static const char *const rules[] = {
        "",
        "AB0",
        "ABC",
        "ABC25",
        "<AB>0",
        "<ABC0",
        "ABC0:60",
        "ABC0DEF",
        "ABC0DEF,M3.2.0",
        "ABC0DEF,M13.1.0,M11.1.0",
        "ABC0DEF,M0.1.0,M11.1.0",
        "ABC0DEF,M3.6.0,M11.1.0",
        "ABC0DEF,M3.0.0,M11.1.0",
        "ABC0DEF,M3.2.7,M11.1.0",
        "ABC0DEF,M3.2.0/168,M11.1.0",
        "ABC0DEF,M3.2.0/-168,M11.1.0",
        "ABC0DEF,J0,J300",
        "ABC0DEF,J366,J300",
        "ABC0DEF,366,300",
        "ABC0DEF,M3.2.0,M11.1.0x",
        "ABC0DEF,9999999999,0",
        "ABC0 ",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct zone_rule rule;
        struct err err = {0};
        if (zone_rule_parse(rules[i], &rule, &err))
            fail_msg("'%s' was taken", rules[i]);
        assert_int_equal(ERR_CORRUPT, err.code);
    }
}

/* ---- names and damaged files ---- */

static void test_names_that_lead_elsewhere_are_no_zones(void **state)
{
    static const char *const names[] = {
        "",
        "/",
        "/etc/passwd",
        "../../../etc/passwd",
        "Europe/../UTC",
        "Europe",
        "Europe/",
        "Europe//Berlin",
        "Europe/Berlin/",
        "zone.tab",
        "Nowhere",
        "Europe/Bonn",
        "Europe/Berlin/now",
        "tzdata.zi",
        "Europe/Ber lin",
        "\xc3\xa4",
        "-",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct zone *zone = NULL;
        struct err err = {0};
        assert_false(zone_load(names[i], &zone, &err));
        assert_int_equal(ERR_NOT_FOUND, err.code);
        assert_null(zone);
    }
}

static void read_zone(const char *name, struct buf *out)
{
    char path[256];
    struct err err = {0};

    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    if (!file_read(path, out, &err))
        fail_msg("%s", err.text);
}

/* Parses a copy that is exactly as long as it says, so that a sanitizer sees any step too far. */
static bool parse_copy(const void *bytes, size_t len, struct zone **ret_zone)
{
    struct err err = {0};
    char *copy = malloc(len + 1);

    assert_non_null(copy);
    char *exact = realloc(copy, len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    bool is_parsed = zone_parse("Test/Zone", exact, len, ret_zone, &err);
    assert_true(is_parsed || err.code == ERR_CORRUPT);
    free(exact);
    return is_parsed;
}

static void test_files_cut_short_anywhere_are_refused(void **state)
{
    static const char *const names[] = {"Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(buf) struct buf bytes = BUF_INIT(ZONE_FILE_MAX);
        struct zone *zone = NULL;
        read_zone(names[i], &bytes);
        for (size_t len = 0; len < bytes.len; len++)
            assert_false(parse_copy(bytes.data, len, &zone));
        assert_true(parse_copy(bytes.data, bytes.len, &zone));
        zone_free(zone);
    }
}

static void test_flipped_bits_never_lead_out_of_bounds(void **state)
{
    AUTO(buf) struct buf bytes = BUF_INIT(ZONE_FILE_MAX);
    uint64_t seed = 88172645463325252U;

    (void)state;
    read_zone("America/New_York", &bytes);
    for (int round = 0; round < 20000; round++) {
        struct zone *zone = NULL;
        unsigned char *copy = malloc(bytes.len);
        assert_non_null(copy);
        memcpy(copy, bytes.data, bytes.len);
        for (int flips = 0; flips <= round % 3; flips++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            /* Headers and footer are small and matter most: every other flip lands there. */
            size_t at = (size_t)(seed >> 8) % (seed % 2 == 0 ? 44 : bytes.len);
            at = seed % 4 == 1 ? bytes.len - 1 - at % 40 : at;
            copy[at] = (unsigned char)(copy[at] ^ (1U << (seed >> 61)));
        }
        if (parse_copy(copy, bytes.len, &zone)) {
            struct zone_civil c = zone_civil_of(zone, (int64_t)seed, NULL);
            (void)zone_time_of(zone, &c, (seed & 1) != 0);
            c = civil("2026-10-25 02:30");
            (void)zone_time_of(zone, &c, true);
            zone_free(zone);
        }
        free(copy);
    }
}

/* Version 1: 32-bit times, no footer; two transitions and two types by hand. */
static void test_version_1_is_read_and_its_last_offset_stays(void **state)
{
    /* clang-format off */
    static const unsigned char bytes[] = {
        'T', 'Z', 'i', 'f', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 2,  0, 0, 0, 2,  0, 0, 0, 4,
        255, 255, 255, 255,  0, 0, 14, 16, /* transitions: -1 s, 3600 s */
        1, 0,                              /* their types */
        0, 0, 0, 0, 0, 0,  0, 0, 14, 16, 1, 0, /* types: UTC, one hour ahead */
        'A', 'B', 'C', 0,
    };
    /* clang-format on */
    struct zone *zone = NULL;
    char text[64];

    (void)state;
    assert_true(parse_copy(bytes, sizeof(bytes), &zone));
    struct zone_civil before = zone_civil_of(zone, -2000, NULL);
    struct zone_civil between = zone_civil_of(zone, -1000, NULL);
    struct zone_civil after = zone_civil_of(zone, HOUR_MS, NULL);
    assert_string_equal("1969-12-31 23:59", show(&before, text));
    assert_string_equal("1970-01-01 00:59", show(&between, text));
    assert_string_equal("1970-01-01 01:00", show(&after, text));
    zone_free(zone);
    assert_false(parse_copy(bytes, sizeof(bytes) - 1, &zone));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_instants_read_as_the_clocks_there_did),
        cmocka_unit_test(test_far_future_follows_the_footer),
        cmocka_unit_test(test_skipped_times_are_the_jump_and_doubled_ones_come_twice),
        cmocka_unit_test(test_days_and_dates_agree_over_two_thousand_years),
        cmocka_unit_test(test_the_ends_of_time_are_no_trouble),
        cmocka_unit_test(test_every_hour_of_ten_years_reads_as_another_reader_has_it),
        cmocka_unit_test(test_rules_of_every_form_are_understood),
        cmocka_unit_test(test_rules_that_are_none_are_refused),
        cmocka_unit_test(test_names_that_lead_elsewhere_are_no_zones),
        cmocka_unit_test(test_files_cut_short_anywhere_are_refused),
        cmocka_unit_test(test_flipped_bits_never_lead_out_of_bounds),
        cmocka_unit_test(test_version_1_is_read_and_its_last_offset_stays),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
