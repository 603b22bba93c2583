/*
 * Why does a promotion wait? Gathers what flow/explain.h needs, from the same facts the
 * engine decides by (engine/gate.h). Works on any store handle.
 * Errors: those of the store. Ownership: the list and its names are borrowed for the call.
 */
#ifndef ENGINE_WHY_H
#define ENGINE_WHY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "flow/explain.h"
#include "flow/graph.h"
#include "store/promotions.h"

typedef void why_fn(const struct explain_list *list, void *arg);

/* Calls fn once with the explanation. */
MUST_CHECK bool why_promotion(struct store *store, const struct flow_graph *graph,
                              const struct store_promotion *promotion, int64_t now_ms, why_fn *fn,
                              void *arg, struct err *err);

#endif
