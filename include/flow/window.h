/*
 * Freeze windows: times at which nothing may be deployed, written in the civil time of a
 * named zone, weekly ("Fri 16:00" to "Mon 08:00") or once ("2026-12-20" to "2027-01-02").
 *
 * Pure: the zone was loaded with the configuration, now is an argument. A civil time that
 * daylight saving skips stands for the moment of the jump; one that happens twice opens at
 * the first and closes at the second, so that a freeze is never shorter than it says.
 */
#ifndef FLOW_WINDOW_H
#define FLOW_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/zone.h"

/* One end of a window. */
struct window_edge {
    bool is_weekly;
    int minute_of_week;     /* weekly: Monday 00:00 is 0 */
    struct zone_civil once; /* otherwise */
};

struct flow_window {
    const char *name;
    const char *const *environments; /* names; NULL: all of the flow */
    const struct zone *zone;         /* never NULL; UTC where none is named */
    struct window_edge from, to;     /* both weekly or both once */
    bool holds_rollbacks;            /* rollbacks wait too */
};

/* "Fri 16:00", "2026-12-20" (its begin), "2026-12-20 18:00". Errors: ERR_PARSE. */
MUST_CHECK bool window_parse_edge(const char *text, struct window_edge *ret_edge, struct err *err);

/* True when `environment` is frozen at now_ms; *ret_until_ms is when it ends. */
bool window_is_closed(const struct flow_window *window, const char *environment, int64_t now_ms,
                      int64_t *ret_until_ms);

/* The window of the list that ends last among those closed now; NULL when none is. */
const struct flow_window *window_find_closed(const struct flow_window *windows, size_t count,
                                             const char *environment, bool is_rollback,
                                             int64_t now_ms, int64_t *ret_until_ms);

#endif
