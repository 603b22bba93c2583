#include "flow/quorum.h"

#include <assert.h>

#include "base/attr.h"

#define NOBODY SIZE_MAX

/* ---- seats and who sits there ---- */

struct seating {
    const uint64_t *memberships; /* of people, who are known by their index */
    size_t count;
    uint64_t admits[FLOW_SEATS_MAX]; /* members of any of these parties */
    size_t sitter[FLOW_SEATS_MAX];   /* index of a person, or NOBODY */
};

/* Where nobody is named as reviewer, graph_memberships() gives everybody bit 0. */
static uint64_t all_reviewers(const struct flow_approvals *approvals)
{
    size_t count = approvals->reviewers.count;

    assert(count <= FLOW_REVIEWERS_MAX);
    return count == 0 ? 1 : (UINT64_C(1) << count) - 1;
}

int64_t quorum_seats(const struct flow_approvals *approvals)
{
    int64_t owned = 0;

    for (size_t i = 0; i < approvals->reviewers.count; i++)
        owned += approvals->reviewers.items[i].seats_min;
    return owned > approvals->required ? owned : approvals->required;
}

static void add_seat(struct seating *seating, uint64_t admits)
{
    assert(seating->count < FLOW_SEATS_MAX);
    seating->admits[seating->count] = admits;
    seating->sitter[seating->count++] = NOBODY;
}

/* Owned seats come first, so that people take them before the open ones. */
static struct seating make_seating(const struct flow_approvals *approvals,
                                   const uint64_t *memberships)
{
    struct seating seating = {.memberships = memberships};
    int64_t total = quorum_seats(approvals);

    for (size_t i = 0; i < approvals->reviewers.count; i++) {
        for (int64_t n = 0; n < approvals->reviewers.items[i].seats_min; n++)
            add_seat(&seating, UINT64_C(1) << i);
    }
    while ((int64_t)seating.count < total)
        add_seat(&seating, all_reviewers(approvals));
    return seating;
}

static bool may_sit(const struct seating *seating, size_t person, size_t seat)
{
    return (seating->admits[seat] & seating->memberships[person]) != 0;
}

/* An augmenting path: whoever sits in the way moves on if that frees a seat. Nobody who sat is
 * left standing, so earlier people keep their seats. As deep as there are seats. */
static bool take_seat(struct seating *seating, size_t person, bool tried[FLOW_SEATS_MAX])
{
    for (size_t seat = 0; seat < seating->count; seat++) {
        if (tried[seat] || !may_sit(seating, person, seat))
            continue;
        tried[seat] = true;
        if (seating->sitter[seat] == NOBODY || take_seat(seating, seating->sitter[seat], tried)) {
            seating->sitter[seat] = person;
            return true;
        }
    }
    return false;
}

static bool sit_down(struct seating *seating, size_t person)
{
    bool tried[FLOW_SEATS_MAX] = {false};

    return take_seat(seating, person, tried);
}

/* Who could fill an empty seat: its own people, and those of every seat whose sitter could move
 * over and leave it to them. */
static uint64_t could_fill(const struct seating *seating, size_t empty)
{
    size_t reached[FLOW_SEATS_MAX] = {empty};
    bool seen[FLOW_SEATS_MAX] = {false};
    size_t count = 1;
    uint64_t parties = 0;

    for (size_t i = 0; i < count; i++) {
        parties |= seating->admits[reached[i]];
        for (size_t seat = 0; seat < seating->count; seat++) {
            if (seen[seat] || seating->sitter[seat] == NOBODY ||
                !may_sit(seating, seating->sitter[seat], reached[i]))
                continue;
            seen[seat] = true;
            reached[count++] = seat;
        }
    }
    return parties;
}

/* ---- which votes count ---- */

struct view {
    const struct flow_approvals *approvals;
    const struct quorum_vote *vote;
    int64_t now_ms;
};

static bool is_withdrawn(const struct view *view)
{
    return view->vote->is_withdrawn;
}

static bool is_bot(const struct view *view)
{
    return view->vote->is_bot;
}

static bool is_for_other_sha(const struct view *view)
{
    return view->vote->is_for_other_sha;
}

static bool is_for_other_policy(const struct view *view)
{
    return view->vote->is_for_other_policy;
}

static bool is_expired(const struct view *view)
{
    return view->approvals->valid_ms != 0 &&
           view->now_ms - view->vote->voted_ms >= view->approvals->valid_ms;
}

static bool is_rejection(const struct view *view)
{
    return view->vote->verdict == QUORUM_REJECT;
}

/* Separation of duties keeps people from opening the gate for themselves. A reviewer may always
 * say no, to their own work too. */

static bool is_own_request(const struct view *view)
{
    return view->vote->is_requester && !view->approvals->self_approval && !is_rejection(view);
}

static bool is_own_work(const struct view *view)
{
    return view->vote->is_author && view->approvals->authors_excluded && !is_rejection(view);
}

static bool is_own_commit(const struct view *view)
{
    return view->vote->is_committer && view->approvals->committers_excluded && !is_rejection(view);
}

static bool is_no_reviewer(const struct view *view)
{
    return (view->vote->memberships & all_reviewers(view->approvals)) == 0;
}

/* First match wins; without one the vote may fill a seat. */
static const struct {
    bool (*holds)(const struct view *view);
    enum quorum_standing standing;
} standing_rules[] = {
    {is_withdrawn, QUORUM_WITHDRAWN},     {is_bot, QUORUM_BOT},
    {is_for_other_sha, QUORUM_OTHER_SHA}, {is_for_other_policy, QUORUM_OTHER_POLICY},
    {is_expired, QUORUM_EXPIRED},         {is_own_request, QUORUM_REQUESTER},
    {is_own_work, QUORUM_AUTHOR},         {is_own_commit, QUORUM_COMMITTER},
    {is_no_reviewer, QUORUM_NO_REVIEWER}, {is_rejection, QUORUM_REJECTS},
};

static enum quorum_standing judge_vote(const struct view *view)
{
    for (size_t i = 0; i < ARRAY_LEN(standing_rules); i++) {
        if (standing_rules[i].holds(view))
            return standing_rules[i].standing;
    }
    return QUORUM_COUNTS;
}

/* Only what carries the answer can change it: a spare vote may run out unnoticed. */
static void note_expiry(struct quorum_result *result, const struct view *view,
                        enum quorum_standing standing)
{
    int64_t ends_ms = view->vote->voted_ms + view->approvals->valid_ms;

    if (view->approvals->valid_ms == 0 || (standing != QUORUM_COUNTS && standing != QUORUM_REJECTS))
        return;
    if (result->changes_ms == 0 || ends_ms < result->changes_ms)
        result->changes_ms = ends_ms;
}

static void note_seats(struct quorum_result *result, const struct seating *seating)
{
    result->seats_total = (int64_t)seating->count;
    for (size_t seat = 0; seat < seating->count; seat++) {
        if (seating->sitter[seat] == NOBODY)
            result->missing[result->missing_count++] = could_fill(seating, seat);
        else
            result->seats_filled++;
    }
}

void quorum_judge(const struct flow_approvals *approvals, const struct quorum_vote *votes,
                  size_t votes_count, int64_t now_ms, struct quorum_result *ret_result)
{
    assert(votes_count <= QUORUM_VOTES_MAX);

    uint64_t memberships[QUORUM_VOTES_MAX] = {0};
    struct seating seating = make_seating(approvals, memberships);
    struct quorum_result result = {0};

    for (size_t i = 0; i < votes_count; i++) {
        struct view view = {.approvals = approvals, .vote = &votes[i], .now_ms = now_ms};
        enum quorum_standing standing = judge_vote(&view);

        memberships[i] = votes[i].memberships;
        if (standing == QUORUM_COUNTS && !sit_down(&seating, i))
            standing = QUORUM_SPARE;
        if (standing == QUORUM_REJECTS)
            result.is_rejected = true;
        note_expiry(&result, &view, standing);
        result.standings[i] = standing;
    }
    note_seats(&result, &seating);
    result.is_met = result.missing_count == 0 && !result.is_rejected;
    *ret_result = result;
}

bool quorum_is_reachable(const struct flow_approvals *approvals, const uint64_t *memberships,
                         size_t people_count)
{
    if (quorum_seats(approvals) > FLOW_SEATS_MAX)
        return false;

    struct seating seating = make_seating(approvals, memberships);
    size_t filled = 0;

    for (size_t i = 0; i < people_count; i++)
        filled += sit_down(&seating, i) ? 1 : 0;
    return filled == seating.count;
}

const char *quorum_standing_name(enum quorum_standing standing)
{
    static const char *const names[QUORUM_STANDING_COUNT] = {
        [QUORUM_WITHDRAWN] = "withdrawn",
        [QUORUM_BOT] = "bot",
        [QUORUM_OTHER_SHA] = "other_sha",
        [QUORUM_OTHER_POLICY] = "other_policy",
        [QUORUM_EXPIRED] = "expired",
        [QUORUM_REQUESTER] = "requester",
        [QUORUM_AUTHOR] = "author",
        [QUORUM_COMMITTER] = "committer",
        [QUORUM_NO_REVIEWER] = "no_reviewer",
        [QUORUM_REJECTS] = "rejects",
        [QUORUM_SPARE] = "spare",
        [QUORUM_COUNTS] = "counts",
    };
    assert(standing < QUORUM_STANDING_COUNT);
    return names[standing];
}
