/*
 * Promotions on the store: what somebody asks for becomes a row, every change of the facts
 * a step of the pure rules (flow/promotion.h), and every step an entry of the audit trail,
 * inside the caller's transaction.
 *
 * Errors: those of the store. A refusal is no error: the promotion ends as refused, or (where
 * nothing can be made of the request) *ret_refusal says why.
 */
#ifndef ENGINE_PROMOTIONS_INT_H
#define ENGINE_PROMOTIONS_INT_H

#include "base/attr.h"
#include "base/err.h"
#include "flow/quorum.h"
#include "lanes_int.h"

/* What somebody asks for. Text is borrowed; NULL or "" where it was not said. */
struct promotions_wish {
    enum promotion_kind kind;
    const char *repository;
    const char *from; /* PROMOTE: the source; where only one path leads to `to`, may be left out */
    const char *to;
    const char *release; /* name or commit; left out: what the source holds, the branch's head, or
                            (ROLLBACK) what was verified there before */
    const char *branch;  /* DEPLOY: its head, where no release is named */
    const char *reason;
    const struct store_actor *actor;
    struct id caused_by; /* what failed, where envflow rolls back by itself; else "" */
};

/* *ret_refusal is REASON_NONE, or why it was refused; *ret_promotion has id "" when there is none.
 */
MUST_CHECK bool promotions_ask(struct lanes *lanes, const struct promotions_wish *wish,
                               struct store_promotion *ret_promotion, struct reason *ret_refusal,
                               struct err *err);

/* What a person is to a list of parties, as in flow/graph.h. The person is remembered; a login that
 * is tied to somebody else is only a name and makes nobody a member. */
MUST_CHECK bool promotions_memberships(struct lanes *lanes, const struct flow_parties *parties,
                                       const struct store_actor *actor, uint64_t *ret_memberships,
                                       struct err *err);

/* One person's word on one promotion. */
struct promotions_ballot {
    const struct store_actor *person;
    bool is_bot;
    enum quorum_verdict verdict;
    bool withdraws; /* takes an earlier vote back; verdict does not matter */
    const char *comment;
    const struct git_sha *sha; /* what the person looked at */
    uint64_t sequence;         /* the delivery that brought it; 0: none */
};

/* *ret_outcome: REASON_VOTE, or REASON_VOTE_VOID where it does not count, with a sentence that says
 * so and what is still missing; or why it was not taken. */
MUST_CHECK bool promotions_vote(struct lanes *lanes, const char *promotion_id,
                                const struct promotions_ballot *ballot, struct reason *ret_outcome,
                                struct err *err);

/* Verification failed: bring back the last verified release by itself. Nobody is asked again:
 * whoever let the failed one in agreed to this. cause: the failed promotion or deployment. */
MUST_CHECK bool promotions_roll_back(struct lanes *lanes, const char *repository,
                                     const char *environment, const struct reason *why,
                                     const struct id *cause, struct err *err);

MUST_CHECK bool promotions_cancel(struct lanes *lanes, const char *promotion_id,
                                  const struct store_actor *actor, const char *why,
                                  struct reason *ret_refusal, struct err *err);

/* Look again at one, at those that are due, at all open ones of a repository (0: of every one). */
MUST_CHECK bool promotions_evaluate(struct lanes *lanes, const char *promotion_id, struct err *err);
MUST_CHECK bool promotions_evaluate_due(struct lanes *lanes, unsigned limit, struct err *err);
MUST_CHECK bool promotions_evaluate_open(struct lanes *lanes, int64_t repository_id,
                                         struct err *err);

/* ---- what lanes and checks tell ---- */

/* Before a lane chooses what goes next: whoever may no longer start leaves the queue. */
MUST_CHECK bool promotions_reconsider_lane(struct lanes *lanes, int64_t repository_id,
                                           const char *environment, struct err *err);
/* Its deployment takes the lane now: the gate is judged once more, in this transaction.
 * *ret_may_start false: it went back to waiting. */
MUST_CHECK bool promotions_take_lane(struct lanes *lanes, const char *promotion_id,
                                     const struct id *deployment, bool *ret_may_start,
                                     struct err *err);
/* An attempt with an unknown outcome may be repeated only while the gate is open. */
MUST_CHECK bool promotions_may_repeat(struct lanes *lanes, const char *promotion_id, bool *ret_may,
                                      struct err *err);
/* The lane was pinned: deployments by hand that are still open end, as new ones are refused. */
MUST_CHECK bool promotions_pinned(struct lanes *lanes, const struct store_lane *lane,
                                  struct err *err);
/* event: OVERTAKEN, CANCEL, DEPLOYED, DEPLOY_FAILED, VERIFIED, UNVERIFIED, CHECKS_PASSED,
 * CHECKS_FAILED. */
MUST_CHECK bool promotions_tell(struct lanes *lanes, const char *promotion_id,
                                enum promotion_event event, const struct reason *reason,
                                struct err *err);

#endif
