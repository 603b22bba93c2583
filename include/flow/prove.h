/*
 * What a flow guarantees, decided by exhaustive search over the configured graph; with a
 * counterexample where it does not.
 *
 * Always decided: nothing reaches an environment without its quorum, by promotion, by hand,
 * by push or by rollback; no way in skips an environment that every path passes; a release can
 * get everywhere, and in no circle; every gate can be met by the people who exist, whoever of
 * them asked. Claims of the user come on top:
 *
 *   prod needs 2 people              whichever way in, rollback too
 *   prod only from staging, uat      by no push and by no hand either
 *   prod passes staging              on the way, not only right before
 *   prod never by push               by hand, by rollback, by self-approval
 *   prod waits 30m, prod soaks 1d    but for rollbacks
 *   nobody promotes alone to prod    two people, one of whom may have asked
 *
 * Pure; the search is bounded by FLOW_ENVIRONMENTS_MAX and FLOW_PATHS_MAX.
 */
#ifndef FLOW_PROVE_H
#define FLOW_PROVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "flow/graph.h"

#define PROVE_TEXT_MAX 512

/* One claim and whether it holds. */
struct prove_finding {
    /* "quorum", "no_skip", "reachable", "acyclic", "people", "assert"; "complete", only when there
     * are more kinds of branches than are tried. Static storage. */
    const char *code;
    char claim[PROVE_TEXT_MAX]; /* in words */
    bool holds;
    char counterexample[PROVE_TEXT_MAX]; /* the steps that break it; "" when it holds */
};

typedef void prove_fn(const struct prove_finding *finding, void *arg);

/* Calls fn for every claim about the flow, in order; returns whether all hold. */
bool prove_flow(const struct flow *flow, prove_fn *fn, void *arg);

/* Errors: ERR_PARSE when the text is no claim of a known form; says the forms. */
MUST_CHECK bool prove_check_claim(const struct flow *flow, const char *text, struct err *err);

#endif
