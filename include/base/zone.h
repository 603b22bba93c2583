/*
 * Time zones: civil time in a named zone and back, without the process-global TZ.
 *
 * Reads the system's compiled zone files (TZif, RFC 8536), transitions and the footer's
 * rule for the time after the last one. A loaded zone is plain data: pure code may use it.
 *
 * Errors: ERR_NOT_FOUND (no such zone: the name's nearest spelling is the caller's business),
 * ERR_CORRUPT, ERR_IO, ERR_NOMEM. Units: milliseconds of Unix time; civil times have minutes.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct zone;

struct zone_civil {
    int year, month, day; /* 1..12, 1..31 */
    int hour, minute;
};

/* name: "Europe/Berlin", "UTC". UTC needs no file. */
MUST_CHECK bool zone_load(const char *name, struct zone **ret_zone, struct err *err);
void zone_free(struct zone *zone); /* NULL is fine */
const char *zone_name(const struct zone *zone);

/* The civil time at this moment; seconds are cut off. ret_weekday: 0 is Monday; may be NULL. */
struct zone_civil zone_civil_of(const struct zone *zone, int64_t time_ms, int *ret_weekday);

/* The moment of a civil time. Of two (clocks went back) the first or, with `last`, the second; of
 * none (clocks went forward) the moment of the jump. */
int64_t zone_time_of(const struct zone *zone, const struct zone_civil *civil, bool last);

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back. */
int64_t zone_days_of(int year, int month, int day);
struct zone_civil zone_date_of(int64_t days);

#endif
