/*
 * What a zone is made of: steps from the file, then the footer's rule for ever.
 * Seen by zone.c (questions), zone_file.c (TZif) and zone_rule.c (the footer's text).
 * Units: seconds of Unix time here, as in the files; offsets are local time minus UTC.
 */
#ifndef BASE_ZONE_INT_H
#define BASE_ZONE_INT_H

#include "base/zone.h"

#define ZONE_NAME_MAX     64 /* bytes with the NUL; the longest in use has 32 */
#define ZONE_FILE_MAX     65536
#define ZONE_STEPS_MAX    4096
#define ZONE_TYPES_MAX    256 /* RFC 8536: an index is one byte */
#define ZONE_TEXT_MAX     256 /* of the footer */
#define ZONE_RULE_HOURS   167 /* RFC 8536, 3.3.1: a change up to a week off its day */
#define ZONE_OFFSET_S_MAX (26 * 3600 - 1)

enum zone_day_kind {
    ZONE_DAY_OF_MONTH, /* Mm.w.d: weekday d of week w of month m, week 5 being the last */
    ZONE_DAY_NO_LEAP,  /* Jn: 1..365, February 29 is never counted */
    ZONE_DAY_OF_YEAR   /* n: 0..365 */
};

struct zone_change {
    enum zone_day_kind kind;
    int month, week, weekday; /* weekday: 0 is Sunday here, as POSIX counts */
    int day;
    int32_t time_s; /* from midnight, in the civil time before the change */
};

/* "CET-1CEST,M3.5.0,M10.5.0/3" */
struct zone_rule {
    int32_t standard_s;
    bool has_daylight;
    int32_t daylight_s;
    struct zone_change start, end; /* of daylight time */
};

struct zone_step {
    int64_t at_s;
    int32_t offset_s; /* from here on */
};

struct zone {
    char name[ZONE_NAME_MAX];
    int32_t first_offset_s; /* before the first step */
    bool has_rule;          /* after the last step; without one its offset stays */
    struct zone_rule rule;
    size_t steps_count;
    struct zone_step steps[]; /* ascending */
};

/* A stretch of time with one offset: start_s <= t < end_s. */
struct zone_span {
    int64_t start_s, end_s;
    int32_t offset_s;
};

/* Reads the bytes of a TZif file. Errors: ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK bool zone_parse(const char *name, const void *bytes, size_t len, struct zone **ret_zone,
                           struct err *err);

MUST_CHECK bool zone_rule_parse(const char *text, struct zone_rule *ret_rule, struct err *err);
struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t time_s);

#endif
