/* Can every gate be opened by the people who exist, whoever of them asked? */
#include <string.h>
#include <strings.h>

#include "prove_int.h"

#define CROWD_MAX       1024
#define CROWD_OF_A_KIND (FLOW_SEATS_MAX + 1) /* more of the same memberships change no answer */
#define NAMES_SHOWN     8
#define NOBODY          SIZE_MAX

/* People who may approve at one gate. */
struct crowd {
    const struct flow_person *people[CROWD_MAX]; /* NULL: somebody whose name is not known */
    uint64_t memberships[CROWD_MAX];
    size_t count;
};

static size_t find_person(const struct crowd *crowd, const char *login)
{
    size_t i = 0;

    while (i < crowd->count &&
           (crowd->people[i] == NULL || strcasecmp(crowd->people[i]->login, login) != 0))
        i++;
    return i;
}

static void add_person(struct crowd *crowd, const struct flow_person *person, uint64_t memberships)
{
    size_t alike = 0;

    for (size_t i = 0; i < crowd->count; i++)
        alike += crowd->memberships[i] == memberships ? 1 : 0;
    if (alike >= CROWD_OF_A_KIND || crowd->count == CROWD_MAX)
        return;
    crowd->people[crowd->count] = person;
    crowd->memberships[crowd->count++] = memberships;
}

/* Somebody may be named twice, with an id and without. */
static void add_named(struct crowd *crowd, const struct flow_parties *reviewers,
                      const struct flow_person *person)
{
    uint64_t memberships = graph_memberships(reviewers, person);
    size_t known = find_person(crowd, person->login);

    if (known == crowd->count)
        add_person(crowd, person, memberships);
    else
        crowd->memberships[known] |= memberships;
}

static bool is_unknown_team(const struct flow_party *party)
{
    return party->person.login == NULL && (party->team == NULL || party->team->members_count == 0);
}

static bool has_unknown_team(const struct flow_parties *parties)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (is_unknown_team(&parties->items[i]))
            return true;
    }
    return false;
}

static void gather(const struct flow_parties *reviewers, struct crowd *crowd)
{
    crowd->count = 0;
    for (size_t i = 0; i < reviewers->count; i++) {
        const struct flow_party *party = &reviewers->items[i];
        if (party->person.login != NULL)
            add_named(crowd, reviewers, &party->person);
        for (size_t k = 0; party->team != NULL && k < party->team->members_count; k++)
            add_named(crowd, reviewers, &party->team->members[k]);
    }
}

/* As many as could be needed, of every team that the configuration does not list. */
static void add_unknown(const struct flow_parties *reviewers, struct crowd *crowd)
{
    for (size_t i = 0; i < reviewers->count; i++) {
        for (int n = 0; n < CROWD_OF_A_KIND && is_unknown_team(&reviewers->items[i]); n++)
            add_person(crowd, NULL, PROVE_BIT(i));
    }
}

/* ---- one gate ---- */

struct gate_claim {
    const struct flow_approvals *approvals;
    const struct flow_parties *requesters;
    const char *what; /* "a promotion staging → prod" */
};

static bool may_ask(const struct gate_claim *claim, const struct flow_person *person)
{
    return person != NULL && (has_unknown_team(claim->requesters) ||
                              graph_memberships(claim->requesters, person) != 0);
}

/* Whether the crowd can fill the gate when this one of them asked, or a stranger (NOBODY). */
static bool can_open(const struct gate_claim *claim, const struct crowd *crowd, size_t asks)
{
    uint64_t memberships[CROWD_MAX];
    size_t count = 0;

    for (size_t i = 0; i < crowd->count; i++) {
        if (i != asks || claim->approvals->self_approval)
            memberships[count++] = crowd->memberships[i];
    }
    return quorum_is_reachable(claim->approvals, memberships, count);
}

/* True when whoever asks finds enough people; else who does not. */
static bool can_always_open(const struct gate_claim *claim, const struct crowd *crowd,
                            size_t *ret_asks)
{
    if (!can_open(claim, crowd, NOBODY)) {
        *ret_asks = NOBODY;
        return false;
    }
    for (size_t i = 0; i < crowd->count; i++) {
        if (may_ask(claim, crowd->people[i]) && !can_open(claim, crowd, i)) {
            *ret_asks = i;
            return false;
        }
    }
    return true;
}

static void add_crowd(const struct crowd *crowd, size_t asks, struct sentence *words)
{
    size_t shown = 0;

    for (size_t i = 0; i < crowd->count; i++) {
        if (i == asks || crowd->people[i] == NULL)
            continue;
        if (shown == NAMES_SHOWN) {
            sentence_add(words, ", …");
            return;
        }
        sentence_add(words, "%s%s", shown++ > 0 ? ", " : "", crowd->people[i]->login);
    }
    if (shown == 0)
        sentence_add(words, "nobody");
}

static void word_lack(const struct gate_claim *claim, const struct crowd *crowd, size_t asks,
                      struct sentence *words)
{
    bool is_out = asks != NOBODY && !claim->approvals->self_approval;

    if (asks != NOBODY)
        sentence_add(words, "%s asks; ", crowd->people[asks]->login);
    sentence_add_count(words, quorum_seats(claim->approvals), "approval");
    sentence_add(words, " by different people %s needed, and only these may give one: ",
                 quorum_seats(claim->approvals) == 1 ? "is" : "are");
    add_crowd(crowd, is_out ? asks : NOBODY, words);
}

/* What the configuration alone cannot tell. */
static void word_remark(const struct gate_claim *claim, bool is_known, struct sentence *words)
{
    if (claim->approvals->reviewers.count == 0)
        sentence_add(words, ": anybody may approve, so it takes that many people with access");
    else if (!is_known)
        sentence_add(words, ": if its teams have enough members, which are not listed here");
    else if (claim->approvals->authors_excluded || claim->approvals->committers_excluded)
        sentence_add(words, ", one fewer for each of them whose commits it brings");
}

static void judge_gate(struct prover *prover, const struct gate_claim *claim)
{
    struct crowd crowd;
    struct prove_finding finding = {.holds = true};
    struct sentence words = SENTENCE_IN(finding.claim);
    struct sentence lack = SENTENCE_IN(finding.counterexample);
    size_t asks = NOBODY;

    if (quorum_seats(claim->approvals) == 0)
        return;
    sentence_add(&words, "there are people enough to approve %s, whoever asks", claim->what);
    gather(&claim->approvals->reviewers, &crowd);
    bool is_known = can_always_open(claim, &crowd, &asks);
    if (!is_known && claim->approvals->reviewers.count > 0) {
        add_unknown(&claim->approvals->reviewers, &crowd);
        finding.holds = can_always_open(claim, &crowd, &asks);
    }
    if (finding.holds)
        word_remark(claim, is_known, &words);
    else
        word_lack(claim, &crowd, asks, &lack);
    prover_report(prover, "people", &finding);
}

void prover_judge_people(struct prover *prover)
{
    for (size_t i = 0; i < prover->paths_count; i++) {
        const struct way *way = &prover->paths[i];
        char what[PROVE_TEXT_MAX];
        struct sentence name = SENTENCE_IN(what);
        sentence_add(&name, "%s → %s", prover_name(prover, way->from),
                     prover_name(prover, way->to));
        judge_gate(prover, &(struct gate_claim){.approvals = &way->gate->approvals,
                                                .requesters =
                                                    &prover->flow->environments[way->to].requesters,
                                                .what = what});
    }
    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        const struct flow_environment *environment = &prover->flow->environments[i];
        char what[PROVE_TEXT_MAX];
        struct sentence name = SENTENCE_IN(what);
        sentence_add(&name, "a rollback of %s", environment->name);
        judge_gate(prover, &(struct gate_claim){.approvals = &environment->rollback.approvals,
                                                .requesters = &environment->requesters,
                                                .what = what});
    }
}
