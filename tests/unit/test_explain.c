/* Why a promotion waits: sentences that are right, and a list that is exactly what is needed. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/rfc3339.h"
#include "flow/explain.h"

#define HOUR_MS INT64_C(3600000)

static int64_t instant(const char *text)
{
    int64_t time_ms = 0;
    struct err err = {0};

    if (!rfc3339_parse(text, &time_ms, &err))
        fail_msg("%s", err.text);
    return time_ms;
}

static const struct explain_item *find(const struct explain_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].text, text) == 0)
            return &list->items[i];
    }
    for (size_t i = 0; i < list->count; i++)
        print_message("%s %s%s\n", explain_kind_name(list->items[i].kind), list->items[i].text,
                      list->items[i].is_needed ? " (needed)" : "");
    fail_msg("nothing says: %s", text);
    return NULL;
}

static size_t count_needed(const struct explain_list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].is_needed ? 1 : 0;
    return count;
}

/* ---- a gate of two seats, one of QA's ---- */

static const struct flow_party parties[] = {
    {.name = "acme/qa", .seats_min = 1},
    {.name = "acme/sre"},
    {.name = "acme/hidden"},
};
#define QA  UINT64_C(1)
#define SRE UINT64_C(2)

static const struct flow_gate gate = {
    .approvals = {.required = 2, .reviewers = {parties, 3}, .authors_excluded = true}};

static const struct explain_person people[] = {
    {.login = "alice", .id = 1, .memberships = QA},
    {.login = "bob", .id = 2, .memberships = SRE},
    {.login = "carol", .id = 3, .memberships = QA | SRE},
    {.login = "dana", .id = 4, .memberships = SRE, .is_requester = true},
    {.login = "erin", .id = 5, .memberships = QA, .is_author = true},
};

static struct explain_facts awaiting(void)
{
    return (struct explain_facts){
        .state = PROMOTION_AWAITING_APPROVAL,
        .facts = {.now_ms = instant("2026-06-01T12:00:00Z"),
                  .expires_at_ms = instant("2026-06-08T12:00:00Z"),
                  .is_source_ready = true},
        .status.state = PROMOTION_AWAITING_APPROVAL,
        .gate = &gate,
        .people = people,
        .people_count = ARRAY_LEN(people),
    };
}

static void test_missing_seats_name_who_may_still_fill_them(void **state)
{
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    explain_promotion(&facts, &list);
    assert_int_equal(2, count_needed(&list));
    const struct explain_item *qa =
        find(&list, "an approval by acme/qa is missing: alice or carol can give it");
    assert_int_equal(EXPLAIN_APPROVAL, qa->kind);
    assert_true(qa->is_needed);
    assert_int_equal(2, qa->people_count);
    assert_string_equal("carol", qa->people[1]);
    (void)find(&list, "an approval is missing: alice, bob or carol can give it");
    (void)find(&list, "the approval of whoever asked does not count: dana");
    (void)find(&list, "the approval of an author of what it brings does not count: erin");
    (void)find(&list, "nobody is known to be in acme/hidden");
    const struct explain_item *expiry = find(&list, "unless it is on its way to be deployed by "
                                                    "then, it ends at 2026-06-08T12:00:00.000Z");
    assert_int_equal(EXPLAIN_EXPIRY, expiry->kind);
    assert_false(expiry->is_needed);
    assert_int_equal(facts.facts.expires_at_ms, expiry->until_ms);
}

static void test_votes_that_were_cast_and_what_they_are_worth(void **state)
{
    const struct explain_vote votes[] = {
        {"carol", {.person_id = 3, .memberships = QA | SRE}},
        {"dana", {.person_id = 4, .memberships = SRE, .is_requester = true}},
        {"robot", {.person_id = 9, .memberships = SRE, .is_bot = true}},
        {"mallory", {.person_id = 8}},
        {"bob", {.person_id = 2, .memberships = SRE, .is_for_other_sha = true}},
    };
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.votes = votes;
    facts.votes_count = ARRAY_LEN(votes);
    explain_promotion(&facts, &list);
    assert_int_equal(1, count_needed(&list));
    /* carol moves to the open seat for alice, or keeps QA's for bob. */
    (void)find(&list, "an approval is missing: alice or bob can give it");
    (void)find(&list, "another vote of the same person fills no other seat: carol");
    (void)find(&list, "the approval of whoever asked does not count: dana");
    (void)find(&list, "the vote of a bot does not count: robot");
    (void)find(&list, "the vote of somebody who is no reviewer does not count: mallory");
    (void)find(&list, "a vote for another commit does not count: bob");
}

static void test_spare_votes_and_seats_that_nobody_can_fill(void **state)
{
    const struct explain_vote votes[] = {
        {"bob", {.person_id = 2, .memberships = SRE}},
        {"frank", {.person_id = 6, .memberships = SRE}},
        {"alice", {.person_id = 1, .memberships = QA, .is_withdrawn = true}},
        {"carol", {.person_id = 3, .memberships = QA | SRE, .is_for_other_policy = true}},
    };
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.votes = votes;
    facts.votes_count = ARRAY_LEN(votes);
    explain_promotion(&facts, &list);
    assert_int_equal(1, count_needed(&list));
    (void)find(&list, "an approval by acme/qa is missing: alice or carol can give it");
    (void)find(&list, "every seat that these could fill is taken: frank");
    (void)find(&list, "a vote that was withdrawn does not count: alice");
    (void)find(&list, "a vote from before the gate was changed does not count: carol");
    facts.people = &people[3];
    facts.people_count = 2;
    explain_promotion(&facts, &list);
    assert_int_equal(0, find(&list, "an approval by acme/qa is missing: nobody who is known can "
                                    "give it")
                            ->people_count);
}

static void test_many_people_are_counted_and_anybody_is_said_so(void **state)
{
    static char logins[20][8];
    struct explain_person crowd[20];
    struct flow_gate wide = gate;
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
        snprintf(logins[i], sizeof(logins[i]), "p%zu", i);
        crowd[i] = (struct explain_person){logins[i], (int64_t)i + 1, QA, false, false, false};
    }
    facts.people = crowd;
    facts.people_count = ARRAY_LEN(crowd);
    explain_promotion(&facts, &list);
    const struct explain_item *item =
        find(&list, "an approval is missing: p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, "
                    "p12, p13, p14, p15 or 4 more can give it");
    assert_int_equal(EXPLAIN_PEOPLE_MAX, item->people_count);

    wide.approvals.reviewers = (struct flow_parties){NULL, 0};
    facts.gate = &wide;
    facts.people_count = 0;
    explain_promotion(&facts, &list);
    (void)find(&list, "an approval is missing: anybody who has not voted can give it, but not "
                      "whoever asked");
}

static void test_a_rejection_is_named_with_who_said_it(void **state)
{
    const struct explain_vote votes[] = {
        {"bob", {.person_id = 2, .memberships = SRE, .verdict = QUORUM_REJECT}},
    };
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.votes = votes;
    facts.votes_count = ARRAY_LEN(votes);
    explain_promotion(&facts, &list);
    const struct explain_item *item =
        find(&list, "bob rejected it; it ends unless that is taken back");
    assert_int_equal(EXPLAIN_REJECTED, item->kind);
    assert_string_equal("bob", item->people[0]);

    facts.state = PROMOTION_REJECTED;
    facts.reason = reason_make(REASON_REJECTED, "bob rejected v1.2.3: not on a Friday");
    explain_promotion(&facts, &list);
    assert_int_equal(2, list.count);
    assert_int_equal(0, count_needed(&list));
    assert_string_equal("it has ended: bob rejected v1.2.3: not on a Friday", list.items[0].text);
    assert_string_equal("bob rejected it", list.items[1].text);
}

static void test_waiting_names_timer_soak_window_and_switch(void **state)
{
    const struct flow_gate open_gate = {.wait_ms = HOUR_MS};
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.state = PROMOTION_WAITING;
    facts.gate = &open_gate;
    facts.facts.wait_ms = HOUR_MS;
    facts.status = (struct promotion_status){PROMOTION_WAITING, facts.facts.now_ms - HOUR_MS / 2};
    facts.soak_until_ms = instant("2026-06-01T14:00:00Z");
    facts.window_name = "weekend";
    facts.window_until_ms = instant("2026-06-08T13:00:00Z");
    facts.stop_reason = "incident 42";
    facts.stop_by = "bob";
    explain_promotion(&facts, &list);
    assert_int_equal(4, count_needed(&list));
    const struct explain_item *wait =
        find(&list, "approved, it waits for 1h until 2026-06-01T12:30:00.000Z");
    assert_int_equal(instant("2026-06-01T12:30:00Z"), wait->until_ms);
    (void)find(&list, "it must stay healthy where it comes from until 2026-06-01T14:00:00.000Z");
    (void)find(&list, "frozen by the window weekend until 2026-06-08T13:00:00.000Z");
    const struct explain_item *stop =
        find(&list, "stopped by bob: incident 42; somebody must thaw it");
    assert_string_equal("bob", stop->people[0]);
    (void)find(&list, "unless it is on its way to be deployed by then, it ends at "
                      "2026-06-08T12:00:00.000Z, before all of this is over");

    facts.facts.now_ms = instant("2026-06-01T12:30:00Z");
    facts.soak_until_ms = 0;
    facts.window_name = NULL;
    facts.stop_reason = "";
    facts.stop_by = NULL;
    facts.source_problem = "its health check fails";
    explain_promotion(&facts, &list);
    assert_int_equal(2, count_needed(&list));
    (void)find(&list, "stopped; somebody must thaw it");
    (void)find(&list, "not healthy where it comes from: its health check fails");
}

static void test_awaiting_says_what_else_will_hold_it_up(void **state)
{
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.facts.wait_ms = HOUR_MS;
    explain_promotion(&facts, &list);
    assert_int_equal(3, count_needed(&list));
    (void)find(&list,
               "once approved it waits for 1h until 2026-06-01T13:00:00.000Z at the earliest");
}

static void test_a_timer_begins_anew_when_the_quorum_is_lost(void **state)
{
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.state = PROMOTION_WAITING;
    facts.facts.wait_ms = HOUR_MS;
    facts.status = (struct promotion_status){PROMOTION_WAITING, facts.facts.now_ms - 2 * HOUR_MS};
    explain_promotion(&facts, &list);
    (void)find(&list,
               "once approved it waits for 1h until 2026-06-01T13:00:00.000Z at the earliest");
}

static void test_a_bot_is_not_asked_again(void **state)
{
    const struct explain_vote votes[] = {
        {"alice", {.person_id = 1, .memberships = QA, .is_bot = true, .is_withdrawn = true}},
    };
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.votes = votes;
    facts.votes_count = ARRAY_LEN(votes);
    explain_promotion(&facts, &list);
    (void)find(&list, "an approval by acme/qa is missing: carol can give it");
}

static void test_votes_that_run_out_are_announced(void **state)
{
    struct explain_facts facts = awaiting();
    struct flow_gate short_gate = gate;
    const struct explain_vote votes[] = {
        {"alice",
         {.person_id = 1, .memberships = QA, .voted_ms = facts.facts.now_ms - HOUR_MS / 2}},
        {"bob", {.person_id = 2, .memberships = SRE, .voted_ms = facts.facts.now_ms - HOUR_MS}},
    };
    struct explain_list list;

    (void)state;
    short_gate.approvals.valid_ms = HOUR_MS;
    facts.gate = &short_gate;
    facts.votes = votes;
    facts.votes_count = ARRAY_LEN(votes);
    explain_promotion(&facts, &list);
    (void)find(&list, "the first vote runs out at 2026-06-01T12:30:00.000Z");
    (void)find(&list, "a vote that has run out does not count: bob");
    (void)find(&list, "an approval is missing: bob or carol can give it");
}

static void test_checks_lane_and_the_rest_of_the_way(void **state)
{
    const struct explain_check checks[] = {
        {"http 1", "passed", "200 within 12 ms"},
        {"smoke", "running", "since 4 s"},
        {"load", "failed", "exit status 3"},
        {"last", "waiting", NULL},
    };
    const struct flow_gate open_gate = {0};
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    facts.gate = &open_gate;
    facts.checks = checks;
    facts.checks_count = ARRAY_LEN(checks);
    facts.state = PROMOTION_CHECKING;
    facts.status.approved_ms = facts.facts.now_ms;
    explain_promotion(&facts, &list);
    assert_int_equal(3, count_needed(&list));
    (void)find(&list, "check smoke is running: since 4 s");
    (void)find(&list, "check load failed: exit status 3");
    (void)find(&list, "check last is waiting");

    facts.state = PROMOTION_QUEUED;
    facts.lane_release = "v1.2.2";
    explain_promotion(&facts, &list);
    assert_int_equal(1, count_needed(&list));
    (void)find(&list, "v1.2.2 is being deployed there; its turn comes after that");
    facts.lane_release = NULL;
    explain_promotion(&facts, &list);
    (void)find(&list, "its turn to be deployed comes now");

    facts.state = PROMOTION_VERIFYING;
    explain_promotion(&facts, &list);
    assert_int_equal(3, list.count);
    facts.checks_count = 0;
    explain_promotion(&facts, &list);
    assert_string_equal("it is being verified", list.items[0].text);
    facts.state = PROMOTION_DEPLOYING;
    explain_promotion(&facts, &list);
    assert_string_equal("it is being deployed", list.items[0].text);
    assert_int_equal(0, count_needed(&list));
}

static void test_every_end_says_why_and_needs_nothing(void **state)
{
    struct explain_facts facts = awaiting();
    struct explain_list list;

    (void)state;
    for (int i = 0; i < PROMOTION_STATE_COUNT; i++) {
        facts.state = (enum promotion_state)i;
        explain_promotion(&facts, &list);
        assert_true(list.count > 0);
        if (!promotion_is_final(facts.state))
            continue;
        char text[64];
        snprintf(text, sizeof(text), "it has ended: %s", promotion_state_name(facts.state));
        assert_string_equal(text, list.items[0].text);
        assert_int_equal(1, list.count);
        assert_false(list.items[0].is_needed);
    }
    facts.state = PROMOTION_WAITING;
    facts.gate = NULL;
    explain_promotion(&facts, &list);
    assert_int_equal(1, list.count); /* the expiry */
    for (int i = 0; i < EXPLAIN_KIND_COUNT; i++)
        assert_true(explain_kind_name((enum explain_kind)i)[0] != '\0');
}

static void test_text_that_does_not_fit_is_cut_at_a_character(void **state)
{
    struct explain_facts facts = awaiting();
    struct explain_list list;
    char reason[REASON_TEXT_MAX];

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(reason, 'a', sizeof(reason));
        for (size_t i = shift; i + 3 < sizeof(reason); i += 3)
            memcpy(reason + i, "€", 3);
        reason[sizeof(reason) - 1] = '\0';
        facts.stop_reason = reason;
        explain_promotion(&facts, &list);
        const char *text = NULL;
        for (size_t i = 0; i < list.count; i++)
            text = list.items[i].kind == EXPLAIN_STOP ? list.items[i].text : text;
        assert_non_null(text);
        size_t len = strlen(text);
        assert_in_range(len, EXPLAIN_TEXT_MAX - 6, EXPLAIN_TEXT_MAX - 1);
        assert_string_equal("€…", text + len - 6);
    }
}

/* ---- exactly what is needed ---- */

#define WORLD_PEOPLE 8
#define ROUNDS       20000

/* Facts by chance, and the means to change them. */
struct world {
    uint64_t seed;
    struct flow_party reviewers[4];
    struct flow_gate gate;
    struct explain_person people[WORLD_PEOPLE];
    char logins[WORLD_PEOPLE][8];
    struct explain_vote votes[WORLD_PEOPLE];
    struct explain_facts facts;
};

static uint64_t draw(struct world *world, uint64_t below)
{
    world->seed ^= world->seed << 13;
    world->seed ^= world->seed >> 7;
    world->seed ^= world->seed << 17;
    return (world->seed >> 11) % below;
}

static bool flip(struct world *world, uint64_t one_in)
{
    return draw(world, one_in) == 0;
}

static void draw_gate(struct world *world)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    size_t count = 1 + (size_t)draw(world, ARRAY_LEN(world->reviewers));

    for (size_t i = 0; i < count; i++)
        world->reviewers[i] =
            (struct flow_party){.name = names[i], .seats_min = (int64_t)draw(world, 3) / 2};
    world->gate = (struct flow_gate){.approvals = {.required = (int64_t)draw(world, 4),
                                                   .reviewers = {world->reviewers, count},
                                                   .self_approval = flip(world, 2),
                                                   .authors_excluded = flip(world, 2),
                                                   .committers_excluded = flip(world, 2),
                                                   .valid_ms = flip(world, 2) ? 4 * HOUR_MS : 0}};
}

static void draw_vote(struct world *world, size_t person)
{
    const struct explain_person *p = &world->people[person];
    struct quorum_vote vote = {
        .person_id = p->id,
        .verdict = flip(world, 12) ? QUORUM_REJECT : QUORUM_APPROVE,
        .memberships = flip(world, 10) ? 0 : p->memberships,
        .voted_ms = world->facts.facts.now_ms - (int64_t)draw(world, 5) * HOUR_MS,
        .is_withdrawn = flip(world, 6),
        .is_bot = flip(world, 10),
        .is_requester = p->is_requester,
        .is_author = p->is_author,
        .is_committer = p->is_committer,
        .is_for_other_sha = flip(world, 8),
        .is_for_other_policy = flip(world, 8),
    };

    world->votes[world->facts.votes_count++] = (struct explain_vote){p->login, vote};
}

static void draw_people(struct world *world)
{
    uint64_t parties_all = (UINT64_C(1) << world->gate.approvals.reviewers.count);

    for (size_t i = 0; i < WORLD_PEOPLE; i++) {
        snprintf(world->logins[i], sizeof(world->logins[i]), "p%zu", i);
        world->people[i] = (struct explain_person){.login = world->logins[i],
                                                   .id = (int64_t)i + 1,
                                                   .memberships = draw(world, parties_all),
                                                   .is_requester = i == 0,
                                                   .is_author = flip(world, 4),
                                                   .is_committer = flip(world, 4)};
        if (flip(world, 3))
            draw_vote(world, i);
    }
}

static void draw_obstacles(struct world *world)
{
    struct explain_facts *facts = &world->facts;
    int64_t now_ms = facts->facts.now_ms;

    facts->facts.wait_ms = (int64_t)draw(world, 3) * HOUR_MS;
    facts->facts.has_checks = flip(world, 2);
    if (flip(world, 2)) {
        facts->window_name = "w";
        facts->window_until_ms = now_ms + 1 + (int64_t)draw(world, 1000);
    }
    facts->stop_reason = flip(world, 3) ? "s" : NULL;
    facts->soak_until_ms = flip(world, 3) ? now_ms + 1 + (int64_t)draw(world, 1000) : 0;
    facts->source_problem = flip(world, 4) ? "p" : NULL;
}

static void draw_world(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof(*world));
    world->seed = seed * 0x9E3779B97F4A7C15U + 1;
    world->facts = awaiting();
    draw_gate(world);
    draw_people(world);
    draw_obstacles(world);
    world->facts.gate = &world->gate;
    world->facts.people = world->people;
    world->facts.people_count = WORLD_PEOPLE;
    world->facts.votes = world->votes;
    if (flip(world, 2)) {
        world->facts.state = world->facts.status.state = PROMOTION_WAITING;
        world->facts.status.approved_ms =
            world->facts.facts.now_ms - (int64_t)draw(world, 4) * HOUR_MS / 2;
    }
}

/* What the core says to these facts, moved on as far as it goes. */
static enum promotion_state go_on(const struct world *world, int64_t now_ms)
{
    struct promotion_facts facts = world->facts.facts;
    struct promotion_status status = world->facts.status;
    struct quorum_vote votes[WORLD_PEOPLE];
    struct quorum_result quorum;

    for (size_t i = 0; i < world->facts.votes_count; i++)
        votes[i] = world->votes[i].vote;
    quorum_judge(&world->gate.approvals, votes, world->facts.votes_count, now_ms, &quorum);
    facts.now_ms = now_ms;
    facts.expires_at_ms = 0;
    facts.is_approved = quorum.is_met;
    facts.is_rejected = quorum.is_rejected;
    facts.is_frozen = world->facts.window_name != NULL || world->facts.stop_reason != NULL;
    facts.is_source_ready = world->facts.soak_until_ms == 0 && world->facts.source_problem == NULL;
    for (;;) {
        struct promotion_result result = promotion_step(&status, &facts, PROMOTION_EVALUATE);
        if (result.ignored)
            return status.state;
        status = result.next;
    }
}

static bool is_through(const struct world *world, int64_t now_ms)
{
    enum promotion_state state = go_on(world, now_ms);

    return state == PROMOTION_QUEUED || state == PROMOTION_CHECKING;
}

/* One of the people whom the item names approves. */
static void approve(struct world *world, const char *login)
{
    struct explain_facts *facts = &world->facts;
    size_t person = (size_t)(login[1] - '0');
    size_t i = 0;

    while (i < facts->votes_count && strcmp(world->votes[i].login, login) != 0)
        i++;
    if (i < facts->votes_count) {
        facts->votes_count--;
        memmove(&world->votes[i], &world->votes[i + 1],
                (facts->votes_count - i) * sizeof(world->votes[0]));
    }
    const struct explain_person *p = &world->people[person];
    world->votes[facts->votes_count++] = (struct explain_vote){p->login,
                                                               {.person_id = p->id,
                                                                .memberships = p->memberships,
                                                                .voted_ms = facts->facts.now_ms,
                                                                .is_requester = p->is_requester,
                                                                .is_author = p->is_author,
                                                                .is_committer = p->is_committer}};
}

static void withdraw_rejections(struct world *world)
{
    for (size_t i = 0; i < world->facts.votes_count; i++) {
        if (world->votes[i].vote.verdict == QUORUM_REJECT)
            world->votes[i].vote.is_withdrawn = true;
    }
}

/* Does what the item says; time is the caller's. */
static void resolve(struct world *world, const struct explain_item *item)
{
    struct explain_facts *facts = &world->facts;

    if (item->kind == EXPLAIN_APPROVAL)
        approve(world, item->people[draw(world, item->people_count)]);
    else if (item->kind == EXPLAIN_REJECTED)
        withdraw_rejections(world);
    else if (item->kind == EXPLAIN_WINDOW)
        facts->window_name = NULL;
    else if (item->kind == EXPLAIN_STOP)
        facts->stop_reason = NULL;
    else if (item->kind == EXPLAIN_SOAK)
        facts->soak_until_ms = 0;
    else if (item->kind == EXPLAIN_SOURCE)
        facts->source_problem = NULL;
    else
        fail_msg("%s", item->text);
}

static const struct explain_item *pick_needed(struct world *world, const struct explain_list *list)
{
    size_t nth = (size_t)draw(world, count_needed(list));

    for (size_t i = 0;; i++) {
        if (list->items[i].is_needed && nth-- == 0)
            return &list->items[i];
    }
}

/* Waits for the timer, which began anew if the quorum was not there; votes stay as old as they
 * were, so that none runs out meanwhile. */
static void wait_until(struct world *world, int64_t until_ms)
{
    struct explain_facts *facts = &world->facts;

    for (size_t i = 0; i < facts->votes_count; i++)
        world->votes[i].vote.voted_ms += until_ms - facts->facts.now_ms;
    facts->status = (struct promotion_status){PROMOTION_WAITING, until_ms - facts->facts.wait_ms};
    facts->facts.now_ms = until_ms;
}

/* Resolves what is needed, one by one in any order but for the timer, which comes last, and asks
 * anew after each. As long as anything is left it stays closed, then it opens. False where a seat
 * has nobody. */
static bool play(struct world *world)
{
    struct explain_list list;
    size_t needed_before = SIZE_MAX;

    for (explain_promotion(&world->facts, &list); count_needed(&list) > 0;
         explain_promotion(&world->facts, &list)) {
        size_t needed = count_needed(&list);
        const struct explain_item *item = pick_needed(world, &list);
        assert_true(needed < needed_before);
        assert_false(is_through(world, world->facts.facts.now_ms));
        if (item->kind == EXPLAIN_APPROVAL && item->people_count == 0)
            return false;
        needed_before = item->kind == EXPLAIN_WAIT && needed > 1 ? needed + 1 : needed;
        if (item->kind != EXPLAIN_WAIT)
            resolve(world, item);
        else if (needed == 1)
            wait_until(world, item->until_ms);
    }
    assert_true(is_through(world, world->facts.facts.now_ms));
    return true;
}

static void test_what_is_needed_opens_it_and_nothing_less(void **state)
{
    size_t opened = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct world world;
        draw_world(&world, seed);
        opened += play(&world) ? 1 : 0;
    }
    print_message("%zu of %d opened\n", opened, ROUNDS);
    assert_true(opened > ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_seats_name_who_may_still_fill_them),
        cmocka_unit_test(test_votes_that_were_cast_and_what_they_are_worth),
        cmocka_unit_test(test_spare_votes_and_seats_that_nobody_can_fill),
        cmocka_unit_test(test_many_people_are_counted_and_anybody_is_said_so),
        cmocka_unit_test(test_a_rejection_is_named_with_who_said_it),
        cmocka_unit_test(test_waiting_names_timer_soak_window_and_switch),
        cmocka_unit_test(test_awaiting_says_what_else_will_hold_it_up),
        cmocka_unit_test(test_a_timer_begins_anew_when_the_quorum_is_lost),
        cmocka_unit_test(test_a_bot_is_not_asked_again),
        cmocka_unit_test(test_votes_that_run_out_are_announced),
        cmocka_unit_test(test_checks_lane_and_the_rest_of_the_way),
        cmocka_unit_test(test_every_end_says_why_and_needs_nothing),
        cmocka_unit_test(test_text_that_does_not_fit_is_cut_at_a_character),
        cmocka_unit_test(test_what_is_needed_opens_it_and_nothing_less),
    };

    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
