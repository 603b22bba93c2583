/*
 * Do these votes open this gate? Distinct people, each in at most one seat.
 *
 * A gate has `required` seats. A team with a minimum owns that many of them; the others are
 * open to every reviewer. Who sits where is a maximum matching, so that people who belong to
 * several groups never block each other. One rejection by somebody who may vote rejects.
 *
 * Pure. Votes are values; who a person is a member of was settled when the vote came in.
 */
#ifndef FLOW_QUORUM_H
#define FLOW_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/graph.h"

#define QUORUM_VOTES_MAX 256 /* on one promotion; the engine refuses more */

enum quorum_verdict { QUORUM_APPROVE, QUORUM_REJECT };

/* The last word of one person: at most one vote per person_id. */
struct quorum_vote {
    int64_t person_id;
    enum quorum_verdict verdict;
    uint64_t memberships; /* graph_memberships() of the gate's reviewers, when the vote came */
    int64_t voted_ms;
    bool is_withdrawn;
    bool is_bot; /* GitHub's `type` is not User */
    bool is_requester;
    bool is_author; /* of a commit that the promotion brings */
    bool is_committer;
    bool is_for_other_sha;    /* cast for another commit than the promotion's */
    bool is_for_other_policy; /* the gate was changed after the vote */
};

/* Why a vote does or does not count. In the order in which they are looked at. */
enum quorum_standing {
    QUORUM_WITHDRAWN,
    QUORUM_BOT,
    QUORUM_OTHER_SHA,
    QUORUM_OTHER_POLICY,
    QUORUM_EXPIRED,
    QUORUM_REQUESTER,
    QUORUM_AUTHOR,
    QUORUM_COMMITTER,
    QUORUM_NO_REVIEWER, /* not among the gate's reviewers */
    QUORUM_REJECTS,     /* counts, against */
    QUORUM_SPARE,       /* may vote, but every seat it could fill is taken */
    QUORUM_COUNTS,      /* fills a seat */
    QUORUM_STANDING_COUNT
};

/* Stable word for API and log ("requester"); static storage. */
const char *quorum_standing_name(enum quorum_standing standing);

struct quorum_result {
    bool is_met;
    bool is_rejected;
    int64_t seats_total, seats_filled;
    /* Seats still empty, by who could fill them: bit i of missing[n] is reviewers.items[i]. */
    uint64_t missing[FLOW_SEATS_MAX];
    size_t missing_count;
    enum quorum_standing standings[QUORUM_VOTES_MAX]; /* one for each vote given */
    int64_t changes_ms; /* when the next vote expires and the answer may change; 0: never */
};

/* votes_count <= QUORUM_VOTES_MAX, approvals->required <= FLOW_SEATS_MAX. */
void quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                  size_t votes_count, int64_t now_ms, struct quorum_result *ret_result);

/* Could people with these memberships (one entry a person) fill every seat? For prove and for
 * configuration errors. */
bool quorum_is_reachable(const struct flow_approvals *approvals, const uint64_t *memberships,
                         size_t people_count);

#endif
