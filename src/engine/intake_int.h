/*
 * One verified delivery: what it is, whether it is new, what it means, what follows.
 * Everything is written inside the caller's transaction: verdict, branch, lanes.
 *
 * Like lanes, it knows no loop and no thread; the simulator calls it as the engine does.
 * Errors: those of the store. What is wrong with a delivery is never an error but its verdict.
 */
#ifndef ENGINE_INTAKE_INT_H
#define ENGINE_INTAKE_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "journal/journal.h"
#include "lanes_int.h"
#include "mark_int.h"
#include "store/store.h"

struct intake {
    struct lanes lanes;
    struct mark *mark;      /* borrowed; NULL where crashes are not of interest (simulator) */
    size_t parse_bytes_max; /* memory that reading one payload may take */
};

/* ret_delivery is what was stored, for the log. */
MUST_CHECK bool intake_handle(struct intake *intake, const struct journal_record *record,
                              struct store_delivery *ret_delivery, struct err *err);

/* Because an operator asked: no deduplication, no quarantine, and a push that is still its
 * branch's head deploys again. */
MUST_CHECK bool intake_replay(struct intake *intake, const struct journal_record *record,
                              struct store_delivery *ret_delivery, struct err *err);

/* The journal lost these sequences: leave one line about each for the operator. */
MUST_CHECK bool intake_lost(struct intake *intake, const struct journal_lost *lost,
                            const char *where, struct err *err);

#endif
