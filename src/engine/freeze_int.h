/* Is an environment frozen now: by a window of the configuration, or by a stop switch? */
#ifndef ENGINE_FREEZE_INT_H
#define ENGINE_FREEZE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/gate.h"
#include "flow/graph.h"
#include "store/promotions.h"

/* What wants to move. Borrowed. */
struct freeze_scope {
    const struct flow *flow;
    const char *repository, *environment;
    bool is_rollback;
};

/* Errors: those of the store. */
MUST_CHECK bool freeze_look(struct store *store, const struct freeze_scope *scope, int64_t now_ms,
                            struct freeze_view *ret_view, struct err *err);

/* Why nothing may be deployed; REASON_NONE when something may. */
struct reason freeze_reason(const struct freeze_view *view, const char *environment);

#endif
