#include "flow/explain.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/rfc3339.h"
#include "base/units.h"
#include "sentence_int.h"

struct view {
    const struct explain_facts *facts;
    struct quorum_result quorum; /* nothing is missing where there is no gate */
    struct explain_list *list;
};

/* ---- the list ---- */

/* Seats, checks, times, standings: all that can be said fits. */
static struct explain_item *add_item(struct view *view, enum explain_kind kind, bool is_needed)
{
    struct explain_list *list = view->list;

    assert(list->count < EXPLAIN_ITEMS_MAX);
    struct explain_item *item = &list->items[list->count++];
    *item = (struct explain_item){.kind = kind, .is_needed = is_needed};
    return item;
}

static void add_person(struct explain_item *item, const char *login)
{
    if (item->people_count < EXPLAIN_PEOPLE_MAX)
        item->people[item->people_count++] = login;
}

/* "alice, bob or carol"; of more than are kept, how many. */
static void word_people(struct sentence *words, const struct explain_item *item, size_t total,
                        const char *joint)
{
    size_t more = total - item->people_count;

    for (size_t i = 0; i < item->people_count; i++)
        sentence_add_item(words, i, item->people_count + (more > 0 ? 1 : 0), joint,
                          item->people[i]);
    if (more > 0)
        sentence_add(words, " %s %zu more", joint, more);
}

/* Something that lasts, until a moment where that is known (not 0). */
static void add_until(struct view *view, enum explain_kind kind, int64_t until_ms, const char *what,
                      const char *detail, const char *tail)
{
    struct explain_item *item = add_item(view, kind, true);
    struct sentence words = SENTENCE_IN(item->text);
    char time[RFC3339_SIZE];

    item->until_ms = until_ms;
    sentence_add(&words, "%s%s", what, detail);
    if (until_ms != 0)
        sentence_add(&words, " until %s", rfc3339_format(until_ms, time));
    sentence_add(&words, "%s", tail);
}

/* ---- people and their votes ---- */

static bool is_of_person(const struct explain_vote *vote, const struct explain_person *person)
{
    if (person->id != 0 && vote->vote.person_id != 0)
        return vote->vote.person_id == person->id;
    return strcasecmp(vote->login, person->login) == 0;
}

/* The index of the person's vote, or the count when there is none. */
static size_t find_vote(const struct explain_facts *facts, const struct explain_person *person)
{
    size_t i = 0;

    while (i < facts->votes_count && !is_of_person(&facts->votes[i], person))
        i++;
    return i;
}

/* What the person's approval would be worth if it came now; how the last vote stands where nothing
 * about the person is in its way. */
static enum quorum_standing standing_of_next(const struct view *view,
                                             const struct explain_person *person)
{
    const struct flow_approvals *approvals = &view->facts->gate->approvals;
    size_t voted = find_vote(view->facts, person);
    bool has_voted = voted < view->facts->votes_count;
    struct quorum_vote last = has_voted ? view->facts->votes[voted].vote : (struct quorum_vote){0};

    if (last.is_bot)
        return QUORUM_BOT;
    if ((person->is_requester || last.is_requester) && !approvals->self_approval)
        return QUORUM_REQUESTER;
    if ((person->is_author || last.is_author) && approvals->authors_excluded)
        return QUORUM_AUTHOR;
    if ((person->is_committer || last.is_committer) && approvals->committers_excluded)
        return QUORUM_COMMITTER;
    return has_voted ? view->quorum.standings[voted] : QUORUM_COUNTS;
}

/* A vote that counts, or is spare, says all its person can say; one that is void may be cast anew,
 * and a rejection be taken back for an approval. */
static bool may_still_vote(const struct view *view, const struct explain_person *person)
{
    bool has_voted = find_vote(view->facts, person) < view->facts->votes_count;

    switch (standing_of_next(view, person)) {
    case QUORUM_COUNTS:
        return !has_voted;
    case QUORUM_SPARE:
    case QUORUM_BOT:
    case QUORUM_REQUESTER:
    case QUORUM_AUTHOR:
    case QUORUM_COMMITTER:
        return false;
    case QUORUM_WITHDRAWN:
    case QUORUM_OTHER_SHA:
    case QUORUM_OTHER_POLICY:
    case QUORUM_EXPIRED:
    case QUORUM_NO_REVIEWER:
    case QUORUM_REJECTS:
    case QUORUM_STANDING_COUNT:
        break;
    }
    return true;
}

/* ---- seats ---- */

static uint64_t all_parties(const struct flow_parties *reviewers)
{
    return reviewers->count == 0 ? 1 : (UINT64_C(1) << reviewers->count) - 1;
}

/* " by acme/qa or acme/sre", where not every reviewer will do. */
static void word_parties(struct sentence *words, const struct flow_parties *reviewers,
                         uint64_t parties)
{
    size_t count = (size_t)__builtin_popcountll(parties);
    size_t shown = 0;

    if (parties == all_parties(reviewers))
        return;
    sentence_add(words, " by ");
    for (size_t i = 0; i < reviewers->count; i++) {
        if ((parties & UINT64_C(1) << i) != 0)
            sentence_add_item(words, shown++, count, "or", reviewers->items[i].name);
    }
}

static void add_seat(struct view *view, uint64_t parties)
{
    const struct explain_facts *facts = view->facts;
    const struct flow_parties *reviewers = &facts->gate->approvals.reviewers;
    struct explain_item *item = add_item(view, EXPLAIN_APPROVAL, true);
    struct sentence words = SENTENCE_IN(item->text);
    size_t total = 0;

    for (size_t i = 0; i < facts->people_count; i++) {
        const struct explain_person *person = &facts->people[i];
        if ((person->memberships & parties) == 0 || !may_still_vote(view, person))
            continue;
        add_person(item, person->login);
        total++;
    }
    sentence_add(&words, "an approval");
    word_parties(&words, reviewers, parties);
    sentence_add(&words, " is missing: ");
    if (reviewers->count == 0) {
        sentence_add(&words, "anybody who has not voted can give it%s",
                     facts->gate->approvals.self_approval ? "" : ", but not whoever asked");
    } else if (total == 0) {
        sentence_add(&words, "nobody who is known can give it");
    } else {
        word_people(&words, item, total, "or");
        sentence_add(&words, " can give it");
    }
}

static void add_rejections(struct view *view, bool is_open)
{
    struct explain_item *item = NULL;
    size_t total = 0;

    for (size_t i = 0; i < view->facts->votes_count; i++) {
        if (view->quorum.standings[i] != QUORUM_REJECTS)
            continue;
        if (item == NULL)
            item = add_item(view, EXPLAIN_REJECTED, is_open);
        add_person(item, view->facts->votes[i].login);
        total++;
    }
    if (item == NULL)
        return;
    struct sentence words = SENTENCE_IN(item->text);
    word_people(&words, item, total, "and");
    sentence_add(&words, " rejected it%s", is_open ? "; it ends unless that is taken back" : "");
}

/* ---- what will not help ---- */

/* For each standing why a vote, or one more vote, changes nothing. */
static const char *const no_help[QUORUM_STANDING_COUNT] = {
    [QUORUM_WITHDRAWN] = "a vote that was withdrawn does not count",
    [QUORUM_BOT] = "the vote of a bot does not count",
    [QUORUM_OTHER_SHA] = "a vote for another commit does not count",
    [QUORUM_OTHER_POLICY] = "a vote from before the gate was changed does not count",
    [QUORUM_EXPIRED] = "a vote that has run out does not count",
    [QUORUM_REQUESTER] = "the approval of whoever asked does not count",
    [QUORUM_AUTHOR] = "the approval of an author of what it brings does not count",
    [QUORUM_COMMITTER] = "the approval of a committer of what it brings does not count",
    [QUORUM_NO_REVIEWER] = "the vote of somebody who is no reviewer does not count",
    [QUORUM_SPARE] = "every seat that these could fill is taken",
    [QUORUM_COUNTS] = "another vote of the same person fills no other seat",
};

/* Reviewers who have not voted, but whose approval would be worth nothing. */
static bool is_barred(const struct view *view, const struct explain_person *person,
                      enum quorum_standing standing)
{
    return standing != QUORUM_COUNTS &&
           find_vote(view->facts, person) == view->facts->votes_count &&
           standing_of_next(view, person) == standing;
}

static void add_no_help(struct view *view, enum quorum_standing standing)
{
    const struct explain_facts *facts = view->facts;
    struct explain_item found = {0};
    size_t total = 0;

    for (size_t i = 0; i < facts->votes_count; i++) {
        if (view->quorum.standings[i] == standing) {
            add_person(&found, facts->votes[i].login);
            total++;
        }
    }
    for (size_t i = 0; i < facts->people_count; i++) {
        if (is_barred(view, &facts->people[i], standing)) {
            add_person(&found, facts->people[i].login);
            total++;
        }
    }
    if (total == 0)
        return;
    struct explain_item *item = add_item(view, EXPLAIN_NO_HELP, false);
    struct sentence words = SENTENCE_IN(item->text);
    sentence_add(&words, "%s: ", no_help[standing]);
    word_people(&words, &found, total, "and");
}

/* A team for whom nobody can speak, because nobody says who is in it. */
static bool is_unknown_team(const struct explain_facts *facts, size_t party)
{
    if (facts->gate->approvals.reviewers.items[party].person.login != NULL)
        return false;
    for (size_t i = 0; i < facts->people_count; i++) {
        if ((facts->people[i].memberships & UINT64_C(1) << party) != 0)
            return false;
    }
    return true;
}

static void add_unknown_teams(struct view *view)
{
    const struct flow_parties *reviewers = &view->facts->gate->approvals.reviewers;
    struct explain_item *item = NULL;
    struct sentence words = {0};

    for (size_t i = 0; i < reviewers->count; i++) {
        if (!is_unknown_team(view->facts, i))
            continue;
        if (item == NULL) {
            item = add_item(view, EXPLAIN_NO_HELP, false);
            words = SENTENCE_IN(item->text);
            sentence_add(&words, "nobody is known to be in ");
        } else {
            sentence_add(&words, ", ");
        }
        sentence_add(&words, "%s", reviewers->items[i].name);
    }
}

/* ---- what time, switches and others hold up ---- */

static void add_wait(struct view *view)
{
    const struct promotion_facts *facts = &view->facts->facts;
    bool is_approved = view->quorum.missing_count == 0;
    int64_t since_ms = is_approved ? view->facts->status.approved_ms : 0; /* else it begins anew */
    char duration[UNITS_TEXT_SIZE];

    units_format_duration(facts->wait_ms, duration);
    if (since_ms == 0 && facts->wait_ms > 0)
        add_until(view, EXPLAIN_WAIT, facts->now_ms + facts->wait_ms, "once approved it waits for ",
                  duration, " at the earliest");
    else if (since_ms != 0 && facts->now_ms < since_ms + facts->wait_ms)
        add_until(view, EXPLAIN_WAIT, since_ms + facts->wait_ms, "approved, it waits for ",
                  duration, "");
}

static void add_freeze(struct view *view)
{
    const struct explain_facts *facts = view->facts;

    if (facts->window_name != NULL)
        add_until(view, EXPLAIN_WINDOW, facts->window_until_ms, "frozen by the window ",
                  facts->window_name, "");
    if (facts->stop_reason == NULL)
        return;
    struct explain_item *item = add_item(view, EXPLAIN_STOP, true);
    struct sentence words = SENTENCE_IN(item->text);
    sentence_add(&words, "stopped");
    if (facts->stop_by != NULL) {
        add_person(item, facts->stop_by);
        sentence_add(&words, " by %s", facts->stop_by);
    }
    sentence_add(&words, "%s%s; somebody must thaw it", facts->stop_reason[0] != '\0' ? ": " : "",
                 facts->stop_reason);
}

static void add_source(struct view *view)
{
    const struct explain_facts *facts = view->facts;

    if (facts->soak_until_ms != 0)
        add_until(view, EXPLAIN_SOAK, facts->soak_until_ms,
                  "it must stay healthy where it comes from", "", "");
    if (facts->source_problem != NULL)
        add_until(view, EXPLAIN_SOURCE, 0,
                  "not healthy where it comes from: ", facts->source_problem, "");
}

static void add_checks(struct view *view)
{
    for (size_t i = 0; i < view->facts->checks_count && i < FLOW_CHECKS_MAX; i++) {
        const struct explain_check *check = &view->facts->checks[i];
        if (strcmp(check->state, "passed") == 0)
            continue;
        struct explain_item *item = add_item(view, EXPLAIN_CHECK, true);
        struct sentence words = SENTENCE_IN(item->text);
        sentence_add(&words, "check %s %s%s", check->name,
                     strcmp(check->state, "failed") == 0 ? "" : "is ", check->state);
        if (check->sentence != NULL && check->sentence[0] != '\0')
            sentence_add(&words, ": %s", check->sentence);
    }
}

static void add_lane(struct view *view)
{
    struct explain_item *item = add_item(view, EXPLAIN_LANE, true);
    struct sentence words = SENTENCE_IN(item->text);

    if (view->facts->lane_release != NULL)
        sentence_add(&words, "%s is being deployed there; its turn comes after that",
                     view->facts->lane_release);
    else
        sentence_add(&words, "its turn to be deployed comes now");
}

/* ---- when it ends ---- */

/* The last moment that a needed item names. */
static int64_t last_until_ms(const struct explain_list *list)
{
    int64_t last_ms = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].is_needed && list->items[i].until_ms > last_ms)
            last_ms = list->items[i].until_ms;
    }
    return last_ms;
}

static void add_expiry(struct view *view)
{
    const struct promotion_facts *facts = &view->facts->facts;
    int64_t needed_ms = last_until_ms(view->list);
    char time[RFC3339_SIZE];

    if (view->quorum.changes_ms != 0) {
        struct explain_item *item = add_item(view, EXPLAIN_EXPIRY, false);
        struct sentence words = SENTENCE_IN(item->text);
        item->until_ms = view->quorum.changes_ms;
        sentence_add(&words, "the first vote runs out at %s",
                     rfc3339_format(view->quorum.changes_ms, time));
    }
    if (facts->expires_at_ms == 0)
        return;
    struct explain_item *item = add_item(view, EXPLAIN_EXPIRY, false);
    struct sentence words = SENTENCE_IN(item->text);
    item->until_ms = facts->expires_at_ms;
    sentence_add(&words, "unless it is on its way to be deployed by then, it ends at %s",
                 rfc3339_format(facts->expires_at_ms, time));
    if (needed_ms >= facts->expires_at_ms)
        sentence_add(&words, ", before all of this is over");
}

static void add_end(struct view *view)
{
    const struct explain_facts *facts = view->facts;
    struct explain_item *item = add_item(view, EXPLAIN_END, false);
    struct sentence words = SENTENCE_IN(item->text);

    sentence_add(&words, "it has ended: %s",
                 facts->reason.text[0] != '\0' ? facts->reason.text
                                               : promotion_state_name(facts->state));
}

/* ---- by state ---- */

static void explain_seats(struct view *view)
{
    for (size_t i = 0; i < view->quorum.missing_count; i++)
        add_seat(view, view->quorum.missing[i]);
    add_rejections(view, true);
}

static void explain_no_help(struct view *view)
{
    if (view->quorum.missing_count == 0)
        return;
    for (enum quorum_standing i = 0; i < QUORUM_STANDING_COUNT; i++) {
        if (no_help[i] != NULL)
            add_no_help(view, i);
    }
    add_unknown_teams(view);
}

/* Whatever the state, all that must change before it may be deployed. */
static void explain_open(struct view *view)
{
    enum promotion_state state = view->facts->state;

    explain_seats(view);
    add_wait(view);
    add_freeze(view);
    add_source(view);
    if (state == PROMOTION_CHECKING)
        add_checks(view);
    if (state == PROMOTION_QUEUED)
        add_lane(view);
    explain_no_help(view);
    add_expiry(view);
}

/* It is there, or nearly: people, windows and switches no longer matter. */
static void explain_running(struct view *view)
{
    if (view->facts->state == PROMOTION_VERIFYING)
        add_checks(view);
    if (view->list->count > 0)
        return;
    struct explain_item *item = add_item(view, EXPLAIN_LANE, false);
    struct sentence words = SENTENCE_IN(item->text);
    sentence_add(&words, "it is being %s",
                 view->facts->state == PROMOTION_VERIFYING ? "verified" : "deployed");
}

static void judge_votes(struct view *view)
{
    const struct explain_facts *facts = view->facts;
    struct quorum_vote votes[QUORUM_VOTES_MAX];

    assert(facts->votes_count <= QUORUM_VOTES_MAX);
    if (facts->gate == NULL)
        return;
    for (size_t i = 0; i < facts->votes_count; i++)
        votes[i] = facts->votes[i].vote;
    quorum_judge(&facts->gate->approvals, votes, facts->votes_count, facts->facts.now_ms,
                 &view->quorum);
}

void explain_promotion(const struct explain_facts *facts, struct explain_list *ret_list)
{
    struct view view = {.facts = facts, .list = ret_list};

    assert(facts->state < PROMOTION_STATE_COUNT);
    ret_list->count = 0;
    judge_votes(&view);
    if (promotion_is_final(facts->state)) {
        add_end(&view);
        if (facts->state == PROMOTION_REJECTED)
            add_rejections(&view, false);
    } else if (promotion_is_open(facts->state)) {
        explain_open(&view);
    } else {
        explain_running(&view);
    }
}

const char *explain_kind_name(enum explain_kind kind)
{
    static const char *const names[EXPLAIN_KIND_COUNT] = {
        [EXPLAIN_APPROVAL] = "approval", [EXPLAIN_REJECTED] = "rejected",
        [EXPLAIN_WAIT] = "wait",         [EXPLAIN_SOAK] = "soak",
        [EXPLAIN_WINDOW] = "window",     [EXPLAIN_STOP] = "stop",
        [EXPLAIN_CHECK] = "check",       [EXPLAIN_LANE] = "lane",
        [EXPLAIN_SOURCE] = "source",     [EXPLAIN_NO_HELP] = "no_help",
        [EXPLAIN_EXPIRY] = "expiry",     [EXPLAIN_END] = "end",
    };
    assert(kind < EXPLAIN_KIND_COUNT);
    return names[kind];
}
