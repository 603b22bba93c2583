/* What people say about promotions. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/gate.h"
#include "promotions_int.h"
#include "store/people.h"
#include "trail_int.h"

/* One vote being taken. */
struct taking {
    struct lanes *lanes;
    const struct promotions_ballot *ballot;
    struct store_promotion promotion;
    struct gate_view view;
    bool has_voted; /* this person, before */
    bool is_bot;    /* now, or when seen before */
    uint64_t memberships;
};

static struct reason word_too_late(const struct store_promotion *promotion)
{
    bool is_over = promotion_is_final(promotion->status.state);

    return reason_make(is_over ? REASON_ALREADY_ENDED : REASON_IN_DEPLOYMENT,
                       "the promotion is %s; a vote changes nothing any more",
                       promotion_state_name(promotion->status.state));
}

/* Whoever may review finds a place: a crowd of strangers takes half of them at most. */
static bool is_full(const struct taking *taking)
{
    size_t places = taking->memberships != 0 ? QUORUM_VOTES_MAX : QUORUM_VOTES_MAX / 2;

    return !taking->has_voted && taking->view.votes_count >= places;
}

/* Why this vote cannot be taken at all; REASON_NONE when it can. */
static struct reason judge(const struct taking *taking)
{
    const struct flow_approvals *approvals = &taking->view.gate->approvals;

    if (!promotion_is_open(taking->promotion.status.state))
        return word_too_late(&taking->promotion);
    if (taking->ballot->withdraws && !taking->has_voted)
        return reason_make(REASON_VOTER_NOT_ALLOWED, "%.60s has not voted; nothing to withdraw",
                           taking->ballot->person->login);
    if (approvals->required == 0 && approvals->reviewers.count == 0)
        return reason_make(REASON_VOTER_NOT_ALLOWED, "nobody has to approve this");
    if (is_full(taking))
        return reason_make(REASON_VOTER_NOT_ALLOWED, "%zu people voted already; %s",
                           taking->view.votes_count,
                           taking->memberships != 0 ? "that is the most"
                                                    : "whoever is no reviewer finds no place");
    return (struct reason){.code = REASON_NONE};
}

/* A login that was tied to somebody else is only a name: it makes nobody a reviewer. */
static bool find_memberships(struct taking *taking, struct err *err)
{
    const struct store_actor *voter = taking->ballot->person;
    struct store_person person = {
        .id = voter->id, .is_bot = taking->ballot->is_bot, .seen_ms = taking->lanes->now_ms};
    bool is_tied = false;

    memcpy(person.login, voter->login, sizeof(person.login));
    if (!store_person_see(taking->lanes->store, &person, &is_tied, err))
        return false;
    struct flow_person known = {.login = is_tied ? voter->login : "", .id = voter->id};
    taking->is_bot = person.is_bot;
    taking->memberships = graph_memberships(&taking->view.gate->approvals.reviewers, &known);
    return true;
}

static bool write_vote(struct taking *taking, struct err *err)
{
    const struct promotions_ballot *ballot = taking->ballot;
    struct store_vote vote = {
        .promotion = taking->promotion.id,
        .person = *ballot->person,
        .verdict = ballot->verdict,
        .is_withdrawn = ballot->withdraws,
        .is_bot = taking->is_bot,
        .memberships = taking->memberships,
        .sha = *ballot->sha,
        .voted_ms = taking->lanes->now_ms,
        .delivery_sequence = ballot->sequence,
    };

    snprintf(vote.comment, sizeof(vote.comment), "%s", ballot->comment);
    memcpy(vote.policy, taking->view.gate->policy, sizeof(vote.policy));
    return store_vote_put(taking->lanes->store, &vote, err);
}

static const char *event_of(const struct promotions_ballot *ballot)
{
    if (ballot->withdraws)
        return "vote.withdrawn";
    return ballot->verdict == QUORUM_APPROVE ? "vote.approved" : "vote.rejected";
}

static bool note_vote(struct taking *taking, struct err *err)
{
    const struct promotions_ballot *ballot = taking->ballot;
    struct reason said =
        reason_make(ballot->withdraws ? REASON_VOTE_WITHDRAWN : REASON_VOTE, "%.60s %s%s%.300s",
                    ballot->person->login, event_of(ballot) + strlen("vote."),
                    ballot->comment[0] != '\0' ? ": " : "", ballot->comment);

    return trail_add_promotion(taking->lanes, event_of(ballot), ballot->person, &taking->promotion,
                               &said, err);
}

static const char *const standings[QUORUM_STANDING_COUNT] = {
    [QUORUM_WITHDRAWN] = "withdrawn: it no longer counts",
    [QUORUM_BOT] = "does not count: bots do not vote",
    [QUORUM_OTHER_SHA] = "does not count: it is for another commit",
    [QUORUM_OTHER_POLICY] = "does not count: the gate was changed after it",
    [QUORUM_EXPIRED] = "does not count: it has expired",
    [QUORUM_REQUESTER] = "does not count: whoever asks does not approve",
    [QUORUM_AUTHOR] = "does not count: authors of what is promoted do not approve",
    [QUORUM_COMMITTER] = "does not count: committers of what is promoted do not approve",
    [QUORUM_NO_REVIEWER] = "does not count: not among the reviewers",
    [QUORUM_REJECTS] = "rejects the promotion",
    [QUORUM_SPARE] = "could count, but every seat it may fill is taken",
    [QUORUM_COUNTS] = "counts",
};

/* A spare vote is as good as one that counts: whoever gave it may leave it at that. */
static enum reason_code code_of(const struct promotions_ballot *ballot,
                                enum quorum_standing standing)
{
    if (ballot->withdraws)
        return REASON_VOTE_WITHDRAWN;
    return standing == QUORUM_COUNTS || standing == QUORUM_SPARE || standing == QUORUM_REJECTS
               ? REASON_VOTE
               : REASON_VOTE_VOID;
}

/* What came of it. */
static struct reason word_outcome(const struct taking *taking)
{
    const struct gate_view *view = &taking->view;
    enum quorum_standing standing = QUORUM_COUNTS;

    for (size_t i = 0; i < view->votes_count; i++) {
        if (view->votes[i].person_id == taking->ballot->person->id)
            standing = view->quorum.standings[i];
    }
    return reason_make(code_of(taking->ballot, standing),
                       "%.60s's vote on %.60s to %.60s %s; %" PRId64 " of %" PRId64
                       " approvals; the promotion is %s",
                       taking->ballot->person->login, taking->promotion.release,
                       taking->promotion.to, standings[standing], view->quorum.seats_filled,
                       view->quorum.seats_total,
                       promotion_state_name(taking->promotion.status.state));
}

static bool look(struct taking *taking, const char *promotion_id, struct err *err)
{
    struct lanes *lanes = taking->lanes;

    if (!store_promotion_get(lanes->store, promotion_id, &taking->promotion, err) ||
        !gate_look(lanes->store, lanes->graph, &taking->promotion, lanes->now_ms, &taking->view,
                   err))
        return false;
    taking->has_voted = false;
    for (size_t i = 0; i < taking->view.votes_count; i++) {
        if (taking->view.votes[i].person_id == taking->ballot->person->id)
            taking->has_voted = true;
    }
    return true;
}

bool promotions_vote(struct lanes *lanes, const char *promotion_id,
                     const struct promotions_ballot *ballot, struct reason *ret_outcome,
                     struct err *err)
{
    struct taking taking = {.lanes = lanes, .ballot = ballot};

    assert(ballot->person->id != 0);
    if (!look(&taking, promotion_id, err) || !find_memberships(&taking, err))
        return false;
    *ret_outcome = judge(&taking);
    if (ret_outcome->code != REASON_NONE)
        return true;
    if (!write_vote(&taking, err) || !note_vote(&taking, err) ||
        !promotions_evaluate(lanes, taking.promotion.id.text, err) ||
        !look(&taking, promotion_id, err))
        return false;
    *ret_outcome = word_outcome(&taking);
    return true;
}
