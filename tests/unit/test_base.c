/* The small values of base: durations and sizes, times, commit ids, our ids, hex, checksums. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/crc32c.h"
#include "base/git_sha.h"
#include "base/hex.h"
#include "base/id.h"
#include "base/rfc3339.h"
#include "base/units.h"

/* ---- units ---- */

static void test_quantities_are_read_with_exactly_one_unit(void **state UNUSED)
{
    static const struct {
        const char *text;
        bool (*parse)(const char *text, int64_t *ret, struct err *err);
        int64_t value; /* -1: refused */
    } cases[] = {
        {"500ms", units_parse_duration, 500},
        {"10s", units_parse_duration, 10000},
        {"5m", units_parse_duration, 300000},
        {"2h", units_parse_duration, 7200000},
        {"7d", units_parse_duration, 604800000},
        {"0s", units_parse_duration, 0},
        {"007s", units_parse_duration, 7000},
        {"1h30m", units_parse_duration, -1},
        {"10", units_parse_duration, -1},
        {"s", units_parse_duration, -1},
        {"", units_parse_duration, -1},
        {"-1s", units_parse_duration, -1},
        {"+1s", units_parse_duration, -1},
        {" 1s", units_parse_duration, -1},
        {"1s ", units_parse_duration, -1},
        {"1 s", units_parse_duration, -1},
        {"1.5s", units_parse_duration, -1},
        {"1S", units_parse_duration, -1},
        {"999999999999999ms", units_parse_duration, INT64_C(999999999999999)},
        {"1000000000000000ms", units_parse_duration, -1},
        {"106751991167d", units_parse_duration, INT64_C(106751991167) * 86400000},
        {"106751991168d", units_parse_duration, -1},
        {"4096", units_parse_size, 4096},
        {"16KiB", units_parse_size, 16384},
        {"25MiB", units_parse_size, 26214400},
        {"1GiB", units_parse_size, 1073741824},
        {"1KB", units_parse_size, -1},
        {"1kib", units_parse_size, -1},
        {"0x10", units_parse_size, -1},
        {"999999999999GiB", units_parse_size, -1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {.code = ERR_OK};
        int64_t value = 4711;
        bool read = cases[i].parse(cases[i].text, &value, &err);
        if (read != (cases[i].value >= 0) || value != (read ? cases[i].value : 4711))
            fail_msg("'%s' is %d, %lld", cases[i].text, read, (long long)value);
        assert_int_equal(err.code, read ? ERR_OK : ERR_PARSE);
    }
}

static void test_quantities_are_written_in_their_shortest_exact_form(void **state UNUSED)
{
    char text[UNITS_TEXT_SIZE];

    assert_string_equal(units_format_duration(0, text), "0ms");
    assert_string_equal(units_format_duration(90000, text), "90s");
    assert_string_equal(units_format_duration(60000, text), "1m");
    assert_string_equal(units_format_duration(604800000, text), "7d");
    assert_string_equal(units_format_duration(INT64_MAX, text), "9223372036854775807ms");
    assert_string_equal(units_format_size(26214400, text), "25MiB");
    assert_string_equal(units_format_size(1025, text), "1025");
}

/* ---- times ---- */

static void test_times_are_written_in_utc_with_milliseconds(void **state UNUSED)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1767225600123), "2026-01-01T00:00:00.123Z"},
        {INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    char text[RFC3339_SIZE];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(rfc3339_format(cases[i].ms, text), cases[i].text);
}

static void test_times_are_read_with_any_offset_and_fraction(void **state UNUSED)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"2019-05-15T15:20:33Z", INT64_C(1557933633000)},
        {"2019-05-15t15:20:33z", INT64_C(1557933633000)},
        {"2019-05-15 15:20:33Z", INT64_C(1557933633000)},
        {"2019-05-15T17:20:33+02:00", INT64_C(1557933633000)},
        {"2019-05-15T09:50:33-05:30", INT64_C(1557933633000)},
        {"2019-05-15T15:20:33.5Z", INT64_C(1557933633500)},
        {"2019-05-15T15:20:33.123999999Z", INT64_C(1557933633123)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"1900-02-29T00:00:00Z", -1},
        {"2019-02-29T00:00:00Z", -1},
        {"2019-13-01T00:00:00Z", -1},
        {"2019-00-01T00:00:00Z", -1},
        {"2019-01-00T00:00:00Z", -1},
        {"2019-04-31T00:00:00Z", -1},
        {"2019-05-15T24:00:00Z", -1},
        {"2019-05-15T15:60:33Z", -1},
        {"2019-05-15T15:20:61Z", -1},
        {"2019-05-15T15:20:33", -1},
        {"2019-05-15T15:20:33.Z", -1},
        {"2019-05-15T15:20Z", -1},
        {"2019-05-15T15:20:33Zx", -1},
        {"2019-05-15T15:20:33+0200", -1},
        {"2019-05-15T15:20:33+24:00", -1},
        {"2019-05-15", -1},
        {"19-05-15T15:20:33Z", -1},
        {"", -1},
        {"2019-05-15T15:20:3", -1},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {.code = ERR_OK};
        int64_t ms = 4711;
        bool read = rfc3339_parse(cases[i].text, &ms, &err);
        if (read != (cases[i].ms >= 0) || ms != (read ? cases[i].ms : 4711))
            fail_msg("'%s' is %d, %lld", cases[i].text, read, (long long)ms);
    }
}

static void test_any_time_comes_back_as_it_was_and_as_the_c_library_has_it(void **state UNUSED)
{
    unsigned short seed[3] = {1, 2, 3};

    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)nrand48(seed) * 118000 - INT64_C(62167219200000) +
                     nrand48(seed) % 1000; /* all of the years 0 to 9999 */
        char text[RFC3339_SIZE];
        char system_text[RFC3339_SIZE];
        int64_t again = 0;
        struct err err;
        struct tm parts;
        time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
        assert_true(rfc3339_parse(rfc3339_format(ms, text), &again, &err));
        assert_true(again == ms);
        gmtime_r(&seconds, &parts);
        snprintf(system_text, sizeof(system_text), "%04d-%02d-%02dT%02d:%02d:%02d",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec);
        text[19] = '\0';
        assert_string_equal(text, system_text);
    }
}

/* ---- commit ids ---- */

#define DIGITS_40 "0123456789abcdef0123456789abcdef01234567"

static void test_a_commit_id_is_40_or_64_lower_case_digits(void **state UNUSED)
{
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {
        {DIGITS_40, true},
        {DIGITS_40 "0123456789abcdef01234567", true},
        {"0123456789abcdef0123456789abcdef0123456", false},
        {DIGITS_40 "0", false},
        {DIGITS_40 "0123456789abcdef0123456", false},
        {DIGITS_40 "0123456789abcdef012345678", false},
        {"0123456789ABCDEF0123456789ABCDEF01234567", false},
        {"g123456789abcdef0123456789abcdef01234567", false},
        {DIGITS_40 " ", false},
        {"", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct git_sha sha = {"untouched"};
        struct err err = {.code = ERR_OK};
        assert_int_equal(git_sha_parse(cases[i].text, &sha, &err), cases[i].is_valid);
        assert_string_equal(sha.hex, cases[i].is_valid ? cases[i].text : "untouched");
        assert_int_equal(err.code, cases[i].is_valid ? ERR_OK : ERR_PARSE);
    }
}

/* ---- our ids ---- */

static void test_an_id_has_the_published_form(void **state UNUSED)
{
    static const uint8_t zeros[ID_RANDOM_BYTES];
    static const uint8_t random[ID_RANDOM_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 255};
    uint8_t ones[ID_RANDOM_BYTES];

    memset(ones, 255, sizeof(ones));
    assert_string_equal(id_make(0, zeros).text, "00000000000000000000000000");
    assert_string_equal(id_make((INT64_C(1) << 48) - 1, ones).text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    /* 1469918176385 is the time of the specification's example. */
    assert_int_equal(strncmp(id_make(INT64_C(1469918176385), random).text, "01ARYZ6S41", 10), 0);
    assert_string_equal(id_make(0, random).text + 10, "041061050R3GG2FZ");
}

static void test_ids_sort_by_time(void **state UNUSED)
{
    static const uint8_t zeros[ID_RANDOM_BYTES];
    uint8_t ones[ID_RANDOM_BYTES];

    memset(ones, 255, sizeof(ones));
    for (int64_t ms = INT64_C(1767225600000); ms < INT64_C(1767225602000); ms += 31) {
        struct id earlier = id_make(ms, ones);
        struct id later = id_make(ms + 1, zeros);
        assert_true(strcmp(earlier.text, later.text) < 0);
        assert_true(id_is_valid(earlier.text) && id_is_valid(later.text));
    }
}

static void test_other_text_is_no_id(void **state UNUSED)
{
    static const char *const others[] = {"",
                                         "0",
                                         "0000000000000000000000000",
                                         "000000000000000000000000000",
                                         "0000000000000000000000000I",
                                         "0000000000000000000000000a",
                                         "../../../../etc/passwd/00"};

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(id_is_valid(others[i]));
}

/* ---- hex ---- */

static void test_hex_goes_there_and_back(void **state UNUSED)
{
    uint8_t bytes[256];
    uint8_t again[256];
    char text[513];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(strlen(hex_format(bytes, sizeof(bytes), text)), 512);
    assert_int_equal(strncmp(text, "000102", 6), 0);
    assert_string_equal(text + 508, "feff");
    assert_true(hex_parse(text, again, sizeof(again)));
    assert_memory_equal(bytes, again, sizeof(bytes));
    assert_string_equal(hex_format(bytes, 0, text), "");
}

static void test_other_text_is_no_hex_and_writes_nothing(void **state UNUSED)
{
    static const char *const others[] = {"",     "00",   "000",  "00000", "000g",
                                         "00A0", "0x00", " 000", "000 ",  "00:0"};

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        uint8_t bytes[2] = {7, 7};
        assert_false(hex_parse(others[i], bytes, 2));
        assert_int_equal(bytes[0] + bytes[1], 14);
    }
}

/* ---- checksums ---- */

static void test_crc32c_gives_the_published_values(void **state UNUSED)
{
    uint8_t bytes[32] = {0};

    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
    assert_int_equal(crc32c(0, bytes, 32), 0x8A9136AA);
    memset(bytes, 0xFF, 32);
    assert_int_equal(crc32c(0, bytes, 32), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(crc32c(0, bytes, 32), 0x46DD794E);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(crc32c(0, bytes, 32), 0x113FDB5C);
}

/* The definition, a bit at a time. */
static uint32_t crc_by_definition(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len * 8; i++) {
        uint32_t bit = (uint32_t)(bytes[i / 8] >> i % 8) & 1;
        crc = (crc >> 1) ^ (((crc ^ bit) & 1) != 0 ? UINT32_C(0x82F63B78) : 0);
    }
    return ~crc;
}

static void test_crc32c_is_the_same_in_pieces_and_at_any_alignment(void **state UNUSED)
{
    uint8_t bytes[300];
    unsigned short seed[3] = {1, 2, 3};

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)nrand48(seed);
    for (size_t start = 0; start < 9; start++) {
        for (size_t len = 0; len + start <= sizeof(bytes); len += 5) {
            uint32_t whole = crc32c(0, bytes + start, len);
            size_t cut = len > 0 ? (size_t)nrand48(seed) % len : 0;
            uint32_t part = crc32c(0, bytes + start, cut);
            assert_int_equal(whole, crc_by_definition(bytes + start, len));
            assert_int_equal(crc32c(part, bytes + start + cut, len - cut), whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantities_are_read_with_exactly_one_unit),
        cmocka_unit_test(test_quantities_are_written_in_their_shortest_exact_form),
        cmocka_unit_test(test_times_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(test_times_are_read_with_any_offset_and_fraction),
        cmocka_unit_test(test_any_time_comes_back_as_it_was_and_as_the_c_library_has_it),
        cmocka_unit_test(test_a_commit_id_is_40_or_64_lower_case_digits),
        cmocka_unit_test(test_an_id_has_the_published_form),
        cmocka_unit_test(test_ids_sort_by_time),
        cmocka_unit_test(test_other_text_is_no_id),
        cmocka_unit_test(test_hex_goes_there_and_back),
        cmocka_unit_test(test_other_text_is_no_hex_and_writes_nothing),
        cmocka_unit_test(test_crc32c_gives_the_published_values),
        cmocka_unit_test(test_crc32c_is_the_same_in_pieces_and_at_any_alignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
