/*
 * Checks on the store: started in sets before and after a deployment and, as health, for as
 * long as an environment holds something. Every check runs as a command of its own (exec),
 * so that it is bounded, recorded with its output, and taken up again after a restart.
 * All inside the caller's transaction. Errors: those of the store.
 */
#ifndef ENGINE_CHECKS_INT_H
#define ENGINE_CHECKS_INT_H

#include "base/attr.h"
#include "base/err.h"
#include "lanes_int.h"

#define CHECKS_ATTEMPTS_MAX 5 /* of one check whose outcome nobody saw */

/* Start every check of the list for a promotion (before) or deployment (after, health). */
MUST_CHECK bool checks_start(struct lanes *lanes, enum check_phase phase, const struct id *subject,
                             int64_t repository_id, const char *environment,
                             const struct flow_checks *checks, struct err *err);
/* Those that run are stopped; their results no longer matter. */
MUST_CHECK bool checks_stop(struct lanes *lanes, const struct id *subject, struct err *err);

/* One ended. Tells the promotion or deployment once its set is settled. *ret_applied is false when
 * it had ended before. */
MUST_CHECK bool checks_end(struct lanes *lanes, const char *check_id,
                           const struct lanes_outcome *outcome, bool *ret_applied, struct err *err);

/* Start health probes that are due. *ret_next_ms: when to look again; 0: nothing is probed. */
MUST_CHECK bool checks_probe_health(struct lanes *lanes, int64_t *ret_next_ms, struct err *err);

/* What a stored check has to run, as configured now; *ret_found is NULL when that is gone. */
MUST_CHECK bool checks_find(const struct lanes *lanes, const struct store_check *check,
                            const struct flow_check **ret_found, struct err *err);

#endif
