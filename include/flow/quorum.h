/*
 * Do these votes open this gate? Distinct people, each in at most one seat.
 *
 * A gate has `required` seats. A team with a minimum owns that many of them; the others are
 * open to every reviewer. Who sits where is a maximum matching, so that people who belong to
 * several groups never block each other; who voted first keeps a seat. Minimums that add up to
 * more than `required` raise the number of seats.
 *
 * One rejection by a reviewer rejects. Separation of duties (requester, authors, committers)
 * keeps people from opening a gate for themselves, never from closing it; a bot, a stranger and
 * a vote for something else do neither.
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
    /* Seats still empty, by who could fill them: bit i of missing[n] is reviewers.items[i] (bit 0
     * everybody, without reviewers). Who sits moves over where that helps, so a seat may be open
     * to more people than its own. True of the next vote; after it, ask again. */
    uint64_t missing[FLOW_SEATS_MAX];
    size_t missing_count;
    enum quorum_standing standings[QUORUM_VOTES_MAX]; /* one for each vote given */
    int64_t changes_ms; /* when the first vote that counts expires; 0: never */
};

/* Seats of a gate: `required`, or the sum of the minimums if that is more. */
int64_t quorum_seats(const struct flow_approvals *approvals);

/* votes_count <= QUORUM_VOTES_MAX, quorum_seats() <= FLOW_SEATS_MAX: the configuration's business.
 * Votes in the order in which they were cast: the first ones keep the seats. */
void quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                  size_t votes_count, int64_t now_ms, struct quorum_result *ret_result);

/* Could people with these memberships (one entry a person) fill every seat? For prove and for
 * configuration errors; false too for more seats than FLOW_SEATS_MAX. */
bool quorum_is_reachable(const struct flow_approvals *approvals, const uint64_t *memberships,
                         size_t people_count);

#endif
