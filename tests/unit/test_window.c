/* Freeze windows: weekly and once, over weekends and over changes of the clock. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/rfc3339.h"
#include "flow/window.h"
#include "zone_int.h"

static int64_t instant(const char *text)
{
    int64_t time_ms = 0;
    struct err err = {0};

    if (!rfc3339_parse(text, &time_ms, &err))
        fail_msg("%s", err.text);
    return time_ms;
}

static struct window_edge edge(const char *text)
{
    struct window_edge e = {0};
    struct err err = {0};

    if (!window_parse_edge(text, &e, &err))
        fail_msg("%s", err.text);
    return e;
}

/* The caller frees the zone. */
static struct zone *load(const char *name)
{
    struct zone *zone = NULL;
    struct err err = {0};

    if (!zone_load(name, &zone, &err))
        fail_msg("%s", err.text);
    return zone;
}

/* until: when it ends, NULL when it is open. */
struct moment {
    const char *zone, *from, *to;
    const char *now, *until;
};

static void check_moments(const struct moment *moments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct moment *m = &moments[i];
        struct zone *zone = load(m->zone);
        struct flow_window window = {
            .name = "w", .zone = zone, .from = edge(m->from), .to = edge(m->to)};
        int64_t until_ms = 0;
        bool is_closed = window_is_closed(&window, "prod", instant(m->now), &until_ms);
        zone_free(zone);
        char text[RFC3339_SIZE];
        if (is_closed != (m->until != NULL))
            fail_msg("%s..%s in %s at %s: %s", m->from, m->to, m->zone, m->now,
                     is_closed ? "closed" : "open");
        if (is_closed && until_ms != instant(m->until))
            fail_msg("%s..%s in %s at %s: until %s", m->from, m->to, m->zone, m->now,
                     rfc3339_format(until_ms, text));
    }
}

static void test_weekly_windows_close_and_open_on_the_minute(void **state)
{
    static const struct moment moments[] = {
        /* 2026-06-05 is a Friday. */
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-05T15:59:59.999Z", NULL},
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-05T16:00:00Z", "2026-06-08T08:00:00Z"},
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-07T23:59:59Z", "2026-06-08T08:00:00Z"},
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-08T00:00:00Z", "2026-06-08T08:00:00Z"},
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-08T07:59:59.999Z", "2026-06-08T08:00:00Z"},
        {"UTC", "Fri 16:00", "Mon 08:00", "2026-06-08T08:00:00Z", NULL},
        {"UTC", "Tue 09:00", "Tue 10:00", "2026-06-02T09:30:00Z", "2026-06-02T10:00:00Z"},
        {"UTC", "Tue 09:00", "Tue 10:00", "2026-06-03T09:30:00Z", NULL},
        {"UTC", "Tue 10:00", "Tue 09:00", "2026-06-02T09:30:00Z", NULL}, /* but for an hour */
        {"UTC", "Tue 10:00", "Tue 09:00", "2026-06-02T08:30:00Z", "2026-06-02T09:00:00Z"},
        {"UTC", "Tue 10:00", "Tue 09:00", "2026-06-02T10:00:00Z", "2026-06-09T09:00:00Z"},
        {"UTC", "Sun 22:00", "Sun 24:00", "2026-06-07T23:59:00Z", "2026-06-08T00:00:00Z"},
        {"UTC", "Sun 22:00", "Sun 24:00", "2026-06-08T00:00:00Z", NULL},
        {"UTC", "Mon 00:00", "Tue 00:00", "2026-06-08T00:00:00Z", "2026-06-09T00:00:00Z"},
        {"UTC", "Wed 12:00", "Wed 12:00", "2026-06-03T11:00:00Z", "2026-06-03T12:00:00Z"},
        {"UTC", "Wed 12:00", "Wed 12:00", "2026-06-03T12:00:00Z", "2026-06-10T12:00:00Z"},
        /* Over the new year, and in a zone where it is another day. */
        {"UTC", "Thu 12:00", "Fri 12:00", "2027-01-01T00:00:00Z", "2027-01-01T12:00:00Z"},
        {"Pacific/Apia", "Mon 00:00", "Mon 06:00", "2026-06-07T12:00:00Z", "2026-06-07T17:00:00Z"},
        {"Europe/Berlin", "Fri 16:00", "Mon 08:00", "2026-06-05T14:00:00Z", "2026-06-08T06:00:00Z"},
        {"Europe/Berlin", "Fri 16:00", "Mon 08:00", "2026-12-04T15:00:00Z", "2026-12-07T07:00:00Z"},
    };

    (void)state;
    check_moments(moments, ARRAY_LEN(moments));
}

static void test_windows_are_never_shorter_than_they_say_when_clocks_change(void **state)
{
    static const struct moment moments[] = {
        /* The weekend's end moves with the clock: 2026-03-29 and 2026-10-25. */
        {"Europe/Berlin", "Fri 16:00", "Mon 08:00", "2026-03-27T15:00:00Z", "2026-03-30T06:00:00Z"},
        {"Europe/Berlin", "Fri 16:00", "Mon 08:00", "2026-10-23T14:00:00Z", "2026-10-26T07:00:00Z"},
        /* A civil time that does not exist is the jump, at either edge. */
        {"Europe/Berlin", "Sun 02:30", "Sun 05:00", "2026-03-29T00:59:59Z", NULL},
        {"Europe/Berlin", "Sun 02:30", "Sun 05:00", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
        {"Europe/Berlin", "Sun 01:00", "Sun 02:30", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
        {"Europe/Berlin", "Sun 01:00", "Sun 02:30", "2026-03-29T01:00:00Z", NULL},
        /* One that comes twice opens at the first and closes at the second. */
        {"Europe/Berlin", "Sun 02:30", "Sun 05:00", "2026-10-25T00:29:59Z", NULL},
        {"Europe/Berlin", "Sun 02:30", "Sun 05:00", "2026-10-25T00:30:00Z", "2026-10-25T04:00:00Z"},
        {"Europe/Berlin", "Sun 02:30", "Sun 05:00", "2026-10-25T01:10:00Z", "2026-10-25T04:00:00Z"},
        {"Europe/Berlin", "Sun 01:00", "Sun 02:30", "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"},
        {"Europe/Berlin", "Sun 01:00", "Sun 02:30", "2026-10-25T01:30:00Z", NULL},
        {"Europe/Berlin", "2026-10-25 02:30", "2026-10-25 02:30", "2026-10-25T00:30:00Z",
         "2026-10-25T01:30:00Z"},
    };

    (void)state;
    check_moments(moments, ARRAY_LEN(moments));
}

/* A zone that is nothing but this rule; the caller frees it. */
static struct zone *make_zone(const char *rule)
{
    static const unsigned char block[] = {
        'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* no transitions, */
        0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* one type, UTC */
        0,   0,   0,   1,   0,   0, 0, 0, 0, 0, 0,
    };
    AUTO(buf) struct buf bytes = BUF_INIT(1024);
    struct zone *zone = NULL;
    struct err err = {0};

    buf_append(&bytes, block, sizeof(block));
    buf_append(&bytes, block, sizeof(block));
    buf_printf(&bytes, "\n%s\n", rule);
    if (!zone_parse("Made/Up", bytes.data, bytes.len, &zone, &err))
        fail_msg("%s", err.text);
    return zone;
}

static void test_a_week_that_has_begun_counts_though_clocks_show_sunday_again(void **state)
{
    struct zone *zone = make_zone("AAA0BBB,M3.5.1/3,M10.5.1/0:30"); /* Monday 00:30 to 23:30 */
    struct flow_window window = {
        .name = "w", .zone = zone, .from = edge("Mon 00:00"), .to = edge("Mon 06:00")};
    int64_t until_ms = 0;

    (void)state;
    assert_false(window_is_closed(&window, "prod", instant("2026-10-25T22:59:00Z"), &until_ms));
    assert_true(window_is_closed(&window, "prod", instant("2026-10-25T23:00:00Z"), &until_ms));
    assert_true(window_is_closed(&window, "prod", instant("2026-10-25T23:45:00Z"), &until_ms));
    assert_int_equal(instant("2026-10-26T06:00:00Z"), until_ms);
    zone_free(zone);
}

static void test_windows_of_one_time_have_dates(void **state)
{
    static const struct moment moments[] = {
        {"UTC", "2026-12-20", "2027-01-02", "2026-12-19T23:59:59Z", NULL},
        {"UTC", "2026-12-20", "2027-01-02", "2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z"},
        {"UTC", "2026-12-20", "2027-01-02", "2027-01-01T23:59:59Z", "2027-01-02T00:00:00Z"},
        {"UTC", "2026-12-20", "2027-01-02", "2027-01-02T00:00:00Z", NULL},
        {"UTC", "2026-12-20", "2027-01-02", "2027-12-25T00:00:00Z", NULL},
        {"UTC", "2027-01-02", "2026-12-20", "2026-12-25T00:00:00Z", NULL}, /* never */
        {"America/New_York", "2026-11-26", "2026-11-27 12:00", "2026-11-26T05:00:00Z",
         "2026-11-27T17:00:00Z"},
        {"America/New_York", "2026-11-26", "2026-11-27 12:00", "2026-11-26T04:59:00Z", NULL},
        {"UTC", "2026-12-31 24:00", "2027-01-01 01:00", "2027-01-01T00:00:00Z",
         "2027-01-01T01:00:00Z"},
    };

    (void)state;
    check_moments(moments, ARRAY_LEN(moments));
}

static void test_texts_that_are_no_edge_are_refused(void **state)
{
    static const char *const texts[] = {
        "",           "Fri",        "Fri 4",       "Fri 24:01",        "Fri 16:60",
        "Fri 1600",   "Fri 16:00 ", "Fri  16:00",  "Friday 16:00",     "Fre 16:00",
        "16:00",      "2026-13-01", "2026-02-29",  "2026-04-31",       "2026-00-10",
        "2026-01-00", "2026-1-1",   "2026-01-01T", "2026-01-01 25:00", "2026-01-01 12:00Z",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct window_edge e = {0};
        struct err err = {0};
        if (window_parse_edge(texts[i], &e, &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(ERR_PARSE, err.code);
        assert_non_null(strstr(err.text, "Fri 16:00"));
    }
    assert_true(edge("fri 16:00").is_weekly);
    assert_int_equal(4 * 1440 + 960, edge("FRI 16:00").minute_of_week);
    assert_int_equal(29, edge("2028-02-29").once.day);
}

static void test_a_list_names_the_window_that_ends_last(void **state)
{
    static const char *const prod[] = {"prod", NULL};
    static const char *const none[] = {NULL};
    struct zone *utc = load("UTC");
    const struct flow_window windows[] = {
        {"weekend", NULL, utc, edge("Fri 16:00"), edge("Mon 08:00"), false},
        {"holidays", prod, utc, edge("2026-12-20"), edge("2027-01-02"), true},
        {"nobody's", none, utc, edge("2026-01-01"), edge("2030-01-01"), true},
    };
    static const struct {
        const char *environment, *now;
        bool is_rollback;
        const char *name, *until;
    } cases[] = {
        {"prod", "2026-12-23T00:00:00Z", false, "holidays", "2027-01-02T00:00:00Z"},
        {"prod", "2026-12-26T00:00:00Z", false, "holidays", "2027-01-02T00:00:00Z"},
        {"prod", "2027-01-01T20:00:00Z", false, "weekend", "2027-01-04T08:00:00Z"},
        {"prod", "2027-01-01T20:00:00Z", true, "holidays", "2027-01-02T00:00:00Z"},
        {"prod", "2027-01-03T20:00:00Z", true, NULL, NULL},
        {"uat", "2026-12-23T00:00:00Z", false, NULL, NULL},
        {"uat", "2026-12-26T00:00:00Z", false, "weekend", "2026-12-28T08:00:00Z"},
        {"uat", "2026-12-26T00:00:00Z", true, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t until_ms = -1;
        const struct flow_window *window =
            window_find_closed(windows, ARRAY_LEN(windows), cases[i].environment,
                               cases[i].is_rollback, instant(cases[i].now), &until_ms);
        assert_string_equal(cases[i].name != NULL ? cases[i].name : "none",
                            window != NULL ? window->name : "none");
        assert_int_equal(window != NULL ? instant(cases[i].until) : -1, until_ms);
    }
    zone_free(utc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weekly_windows_close_and_open_on_the_minute),
        cmocka_unit_test(test_windows_are_never_shorter_than_they_say_when_clocks_change),
        cmocka_unit_test(test_a_week_that_has_begun_counts_though_clocks_show_sunday_again),
        cmocka_unit_test(test_windows_of_one_time_have_dates),
        cmocka_unit_test(test_texts_that_are_no_edge_are_refused),
        cmocka_unit_test(test_a_list_names_the_window_that_ends_last),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
