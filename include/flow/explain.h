/*
 * Why is it waiting? The smallest set of facts that would open a promotion, and what will
 * not help. One list for the command line, the API, the web page and GitHub's status.
 *
 * Pure; writes into the caller's list.
 */
#ifndef FLOW_EXPLAIN_H
#define FLOW_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/promotion.h"
#include "flow/quorum.h"

#define EXPLAIN_ITEMS_MAX  64
#define EXPLAIN_TEXT_MAX   512
#define EXPLAIN_PEOPLE_MAX 16 /* named in one item; then "and N more" */

enum explain_kind {
    EXPLAIN_APPROVAL, /* a person's vote is missing */
    EXPLAIN_REJECTED, /* somebody rejected */
    EXPLAIN_WAIT,     /* the wait timer runs until until_ms */
    EXPLAIN_SOAK,
    EXPLAIN_WINDOW,  /* a freeze window ends at until_ms */
    EXPLAIN_STOP,    /* somebody pulled the stop switch */
    EXPLAIN_CHECK,   /* a check runs or failed */
    EXPLAIN_LANE,    /* another deployment is running */
    EXPLAIN_SOURCE,  /* the release is not healthy on its source */
    EXPLAIN_NO_HELP, /* what does not count, and why: another vote of the requester … */
    EXPLAIN_EXPIRY,  /* when it ends unanswered */
    EXPLAIN_END,     /* it has ended; nothing opens it */
    EXPLAIN_KIND_COUNT
};

struct explain_item {
    enum explain_kind kind;
    char text[EXPLAIN_TEXT_MAX];            /* a sentence without the full stop */
    const char *people[EXPLAIN_PEOPLE_MAX]; /* who could act; borrowed from the facts */
    size_t people_count;
    int64_t until_ms; /* 0: not a matter of time */
    bool is_needed;   /* one of those that must change; false for remarks */
};

struct explain_list {
    struct explain_item items[EXPLAIN_ITEMS_MAX];
    size_t count;
};

/* Somebody who may or may not vote. */
struct explain_person {
    const char *login;
    int64_t id;           /* 0 unknown */
    uint64_t memberships; /* of the gate's reviewers */
    bool is_requester, is_author, is_committer;
};

struct explain_vote {
    const char *login;
    struct quorum_vote vote;
};

struct explain_check {
    const char *name;
    const char *state; /* "running", "passed", "failed", "waiting" */
    const char *sentence;
};

/* Everything known about one promotion. Borrowed for the call. */
struct explain_facts {
    enum promotion_state state;
    struct reason reason; /* of its last move */
    struct promotion_facts facts;
    struct promotion_status status;
    const struct flow_gate *gate;
    const struct explain_person *people; /* everybody who is named as reviewer, one row each */
    size_t people_count;
    const struct explain_vote *votes;
    size_t votes_count;
    const struct explain_check *checks;
    size_t checks_count;
    const char *window_name; /* frozen by a window; NULL: not */
    int64_t window_until_ms;
    const char *stop_reason, *stop_by; /* frozen by a switch; NULL: not */
    int64_t soak_until_ms;             /* 0: not waiting for it */
    const char *source_problem;        /* NULL: none */
    const char *lane_release;          /* what the lane is deploying instead; NULL: nothing */
};

void explain_promotion(const struct explain_facts *facts, struct explain_list *ret_list);

/* Stable word of a kind; static storage. */
const char *explain_kind_name(enum explain_kind kind);

#endif
