/*
 * Which push is newer, told from the pushes alone.
 *
 * GitHub delivers late, twice and out of order, and a redelivered old push must never
 * deploy old code. Every push says where the branch stood before and after; together
 * they form a chain, and the head is its end. A push that does not start at the head
 * either is late (its end leads to the head, or it starts inside a gap) or comes before
 * one we still miss: then the time GitHub stamped on it decides, and the gap is
 * remembered so that the missing one is recognised as older when it comes.
 *
 * The chain goes before the stamp, which is the repository's, not the branch's, and may be
 * as late as the moment the delivery was made. What neither decides, pushes of the same
 * second with pushes missing between them, is taken as newer: losing a merge is worse.
 *
 * Pure: values in, values out.
 */
#ifndef FLOW_BRANCH_H
#define FLOW_BRANCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/git_sha.h"
#include "flow/reason.h"

struct branch_state {
    struct git_sha head;      /* "" before the first push, and after a deletion */
    int64_t pushed_at_ms;     /* GitHub's stamp of the push that set head; 0 unknown */
    struct git_sha gap_start; /* pushes are missing from here … */
    struct git_sha gap_end;   /* … to here; both "" when none is */
};

struct branch_push {
    struct git_sha before; /* "" when the branch was created */
    struct git_sha after;  /* "" when it was deleted */
    int64_t pushed_at_ms;  /* 0 unknown */
};

/* What the store knows about this push. */
struct branch_facts {
    bool is_known;      /* the same push (before, after, stamp) was recorded earlier */
    bool leads_to_head; /* recorded pushes run from its `after` to the head */
};

enum branch_order {
    BRANCH_NEWER,     /* the head moves to `after` (or away, on deletion) */
    BRANCH_OLDER,     /* the branch had moved on already */
    BRANCH_KNOWN,     /* nothing new */
    BRANCH_UNCHANGED, /* newer, but the head is the same commit */
    BRANCH_ORDER_COUNT
};

struct branch_result {
    enum branch_order order;
    struct branch_state next;
    struct reason reason; /* for every order but NEWER */
};

struct branch_result branch_step(const struct branch_state *state, const struct branch_push *push,
                                 const struct branch_facts *facts);

#endif
