/* Rules that need more than one key: what they share, and the groups of them. */
#ifndef CFG_RULES_INT_H
#define CFG_RULES_INT_H

#include "base/attr.h"
#include "flow/graph.h"
#include "load_int.h"

/* A problem at the first of the fields that the file gives; the list ends in NULL. */
void problem_at(struct loader *loader, const void *const *fields, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* What loading made, to be finished: the graph is constant for its readers alone. */
void *finishable(const void *made);

/* Who is in which team, and which id belongs to which login. First of all: others look at it. */
void rules_people(struct loader *loader);

/* What each gate asks for, what a rollback takes, and the digest of both. */
void rules_gates(struct loader *loader);

/* Where paths and windows lead. */
void rules_paths(struct loader *loader);

/* What the user asserts. Last of all: it looks at whole flows. */
void rules_asserts(struct loader *loader);

#endif
