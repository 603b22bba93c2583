/*
 * TZif: the system's compiled zone files. Version 1 has 32-bit times and no footer; later ones
 * repeat the data with 64-bit times behind it and close with a rule between two newlines.
 * Every count is held against the bytes that are there before anything is read.
 * Source: RFC 8536.
 */
#include "zone_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 44
#define TYPE_SIZE   6

struct reader {
    const unsigned char *at;
    size_t left;
};

/* A header's counts, in the order in which they stand in the file. */
struct counts {
    uint32_t utc_marks, standard_marks, leaps, times, types, letters;
};

/* The next `len` bytes, or NULL when there are fewer. */
static const unsigned char *take(struct reader *reader, size_t len)
{
    const unsigned char *at = reader->at;

    if (len > reader->left)
        return NULL;
    reader->at += len;
    reader->left -= len;
    return at;
}

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_time(const unsigned char *at, size_t size)
{
    if (size == 4)
        return (int32_t)read_u32(at);
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static bool read_header(struct reader *reader, struct counts *counts, int *ret_version,
                        struct err *err)
{
    const unsigned char *head = take(reader, HEADER_SIZE);

    if (head == NULL || memcmp(head, "TZif", 4) != 0)
        return err_set(err, ERR_CORRUPT, "not a zone file");
    if (head[4] != '\0' && (head[4] < '2' || head[4] > '9'))
        return err_set(err, ERR_CORRUPT, "a version that is not known");

    *ret_version = head[4] == '\0' ? 1 : head[4] - '0';
    *counts = (struct counts){
        .utc_marks = read_u32(head + 20),
        .standard_marks = read_u32(head + 24),
        .leaps = read_u32(head + 28),
        .times = read_u32(head + 32),
        .types = read_u32(head + 36),
        .letters = read_u32(head + 40),
    };
    if (counts->types == 0 || counts->types > ZONE_TYPES_MAX || counts->times > ZONE_STEPS_MAX ||
        counts->letters > ZONE_FILE_MAX || counts->leaps > ZONE_FILE_MAX ||
        (counts->utc_marks != 0 && counts->utc_marks != counts->types) ||
        (counts->standard_marks != 0 && counts->standard_marks != counts->types))
        return err_set(err, ERR_CORRUPT, "counts out of range");
    return true;
}

static size_t data_size(const struct counts *counts, size_t time_size)
{
    return counts->times * (time_size + 1) + (size_t)counts->types * TYPE_SIZE + counts->letters +
           counts->leaps * (time_size + 4) + counts->standard_marks + counts->utc_marks;
}

static bool read_types(const unsigned char *types, const struct counts *counts,
                       int32_t offsets_s[ZONE_TYPES_MAX], struct err *err)
{
    for (size_t i = 0; i < counts->types; i++) {
        const unsigned char *type = types + i * TYPE_SIZE;
        offsets_s[i] = (int32_t)read_u32(type);
        if (offsets_s[i] < -ZONE_OFFSET_S_MAX || offsets_s[i] > ZONE_OFFSET_S_MAX)
            return err_set(err, ERR_CORRUPT, "an offset out of range");
        if (type[4] > 1 || type[5] >= counts->letters)
            return err_set(err, ERR_CORRUPT, "a local time type out of range");
    }
    return true;
}

/* Fills zone->steps, for which there is room. */
static bool read_steps(struct zone *zone, const unsigned char *data, const struct counts *counts,
                       size_t time_size, struct err *err)
{
    const unsigned char *indexes = data + counts->times * time_size;
    int32_t offsets_s[ZONE_TYPES_MAX] = {0};

    if (!read_types(indexes + counts->times, counts, offsets_s, err))
        return false;
    for (size_t i = 0; i < counts->times; i++) {
        int64_t at_s = read_time(data + i * time_size, time_size);
        if (indexes[i] >= counts->types)
            return err_set(err, ERR_CORRUPT, "a local time type that is not there");
        if (i > 0 && at_s <= zone->steps[i - 1].at_s)
            return err_set(err, ERR_CORRUPT, "transitions out of order");
        zone->steps[i] = (struct zone_step){.at_s = at_s, .offset_s = offsets_s[indexes[i]]};
    }
    zone->steps_count = counts->times;
    zone->first_offset_s = offsets_s[0];
    return true;
}

static bool read_footer(struct zone *zone, struct reader *reader, struct err *err)
{
    char text[ZONE_TEXT_MAX];

    if (reader->left < 2 || reader->at[0] != '\n' || reader->at[reader->left - 1] != '\n' ||
        reader->left - 2 >= sizeof(text))
        return err_set(err, ERR_CORRUPT, "no footer");
    size_t len = reader->left - 2;
    memcpy(text, reader->at + 1, len);
    text[len] = '\0';
    if (strlen(text) != len)
        return err_set(err, ERR_CORRUPT, "no footer");
    zone->has_rule = len > 0;
    return len == 0 || zone_rule_parse(text, &zone->rule, err);
}

static bool read_file(struct zone *zone, struct reader *reader, const struct counts *counts,
                      int version, struct err *err)
{
    size_t time_size = version == 1 ? 4 : 8;
    const unsigned char *data = take(reader, data_size(counts, time_size));

    if (data == NULL)
        return err_set(err, ERR_CORRUPT, "cut short");
    if (counts->leaps != 0)
        return err_set(err, ERR_CORRUPT, "it counts leap seconds, which Unix time does not");
    if (!read_steps(zone, data, counts, time_size, err))
        return false;
    if (version == 1)
        return reader->left == 0 || err_set(err, ERR_CORRUPT, "bytes behind its end");
    return read_footer(zone, reader, err);
}

/* Of later versions the second header counts; the 32-bit data before it is skipped. */
static bool read_headers(struct reader *reader, struct counts *counts, int *ret_version,
                         struct err *err)
{
    if (!read_header(reader, counts, ret_version, err))
        return false;
    if (*ret_version == 1)
        return true;
    if (take(reader, data_size(counts, 4)) == NULL)
        return err_set(err, ERR_CORRUPT, "cut short");
    if (!read_header(reader, counts, ret_version, err))
        return false;
    return *ret_version > 1 || err_set(err, ERR_CORRUPT, "two versions in one file");
}

bool zone_parse(const char *name, const void *bytes, size_t len, struct zone **ret_zone,
                struct err *err)
{
    struct reader reader = {.at = bytes, .left = len};
    struct counts counts = {0};
    int version = 0;

    if (!read_headers(&reader, &counts, &version, err))
        return err_wrap(err, "zone %.64s", name);

    struct zone *zone = calloc(1, sizeof(*zone) + counts.times * sizeof(zone->steps[0]));
    if (zone == NULL)
        return err_set(err, ERR_NOMEM, "no memory for zone %.64s", name);
    snprintf(zone->name, sizeof(zone->name), "%s", name);
    if (!read_file(zone, &reader, &counts, version, err)) {
        zone_free(zone);
        return err_wrap(err, "zone %.64s", name);
    }
    *ret_zone = zone;
    return true;
}
