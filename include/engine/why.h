/*
 * Why does a promotion wait? Gathers what flow/explain.h needs, from the same facts the
 * engine decides by (engine/gate.h). Works on any store handle.
 * Errors: those of the store. Ownership: a why owns its list and what the list borrows, but
 * for names in the configuration, which has to outlive it.
 */
#ifndef ENGINE_WHY_H
#define ENGINE_WHY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "flow/explain.h"
#include "flow/graph.h"
#include "store/promotions.h"

struct why;

MUST_CHECK bool why_new(struct store *store, const struct flow_graph *graph,
                        const struct store_promotion *promotion, int64_t now_ms,
                        struct why **ret_why, struct err *err);
void why_free(struct why *why);

const struct explain_list *why_list(const struct why *why);

#endif
