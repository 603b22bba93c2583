/*
 * What a user claims of a flow, one line each. A claim begins with the longest configured name of
 * an environment (names may hold anything, spaces too), then a verb of the table below.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "prove_int.h"

/* ---- reading ---- */

struct claim;
typedef bool claim_read_fn(const struct flow *flow, const char **at, struct claim *claim);

struct claim_form {
    const char *verb;
    claim_read_fn *read; /* what follows the verb */
    way_test_fn *holds;  /* of every way in; NULL: all routes are looked at */
};

struct claim {
    size_t environment;
    const struct claim_form *form;
    int64_t number;  /* people, or milliseconds */
    uint64_t others; /* environments */
    enum way_kind means;
};

/* Move past the word, which ends at a space or at the end. */
static bool read_word(const char **at, const char *word)
{
    size_t len = strlen(word);

    if (strncasecmp(*at, word, len) != 0 || ((*at)[len] != '\0' && (*at)[len] != ' '))
        return false;
    *at += len;
    *at += strspn(*at, " ");
    return true;
}

/* The longest name that the text begins with and that ends where a word may end. */
static bool read_environment(const struct flow *flow, const char **at, size_t *ret_index)
{
    size_t longest = 0;

    for (size_t i = 0; i < flow->environments_count; i++) {
        const char *name = flow->environments[i].name;
        size_t len = strlen(name);
        if (len > longest && strncmp(*at, name, len) == 0 && strchr(" ,", (*at)[len]) != NULL) {
            longest = len;
            *ret_index = i;
        }
    }
    *at += longest;
    return longest > 0;
}

static bool read_environments(const struct flow *flow, const char **at, struct claim *claim)
{
    do {
        size_t index = 0;
        *at += strspn(*at, ", ");
        if (!read_environment(flow, at, &index))
            return false;
        claim->others |= PROVE_BIT(index);
        *at += strspn(*at, " ");
    } while (**at == ',' || read_word(at, "and") || read_word(at, "or"));
    return true;
}

static bool read_number(const char **at, int64_t *ret_number)
{
    static const char *const names[] = {"one", "two",   "three", "four", "five",
                                        "six", "seven", "eight", "nine", "ten"};
    int64_t number = 0;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (read_word(at, names[i])) {
            *ret_number = (int64_t)i + 1;
            return true;
        }
    }
    for (; isdigit((unsigned char)**at) && number <= FLOW_SEATS_MAX; (*at)++)
        number = number * 10 + (**at - '0');
    *at += strspn(*at, " ");
    *ret_number = number;
    return number >= 1 && number <= FLOW_SEATS_MAX;
}

static bool read_people(const struct flow *flow, const char **at, struct claim *claim)
{
    static const char *const units[] = {"people", "person", "approvals", "approval"};

    (void)flow;
    if (read_word(at, "at") && !read_word(at, "least"))
        return false;
    if (!read_number(at, &claim->number))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (read_word(at, units[i]))
            return true;
    }
    return false;
}

static bool read_means(const struct flow *flow, const char **at, struct claim *claim)
{
    static const struct {
        const char *word;
        enum way_kind kind;
    } means[] = {{"push", WAY_PUSH}, {"hand", WAY_HAND}, {"rollback", WAY_ROLLBACK}};

    (void)flow;
    for (size_t i = 0; i < ARRAY_LEN(means); i++) {
        if (read_word(at, means[i].word)) {
            claim->means = means[i].kind;
            return true;
        }
    }
    return false;
}

static bool read_duration(const struct flow *flow, const char **at, struct claim *claim)
{
    struct err ignored = {0};

    (void)flow;
    if (!units_parse_duration(*at, &claim->number, &ignored))
        return false;
    *at += strlen(*at);
    return claim->number > 0;
}

static bool read_nothing(const struct flow *flow, const char **at, struct claim *claim)
{
    (void)flow;
    (void)at;
    (void)claim;
    return true;
}

/* ---- judging one way in ---- */

static bool asks_enough(const struct way *way, const void *arg)
{
    const struct claim *claim = arg;

    return way_seats(way) >= claim->number;
}

/* What a rollback brings was there before. */
static bool comes_from(const struct way *way, const void *arg)
{
    const struct claim *claim = arg;

    return way->kind == WAY_ROLLBACK ||
           (way->kind == WAY_PATH && (claim->others & PROVE_BIT(way->from)) != 0);
}

static bool is_other_means(const struct way *way, const void *arg)
{
    const struct claim *claim = arg;

    return way->kind != claim->means;
}

/* A rollback is for haste. */
static bool waits_enough(const struct way *way, const void *arg)
{
    const struct claim *claim = arg;

    return way->kind == WAY_ROLLBACK || (way->gate != NULL && way->gate->wait_ms >= claim->number);
}

static bool soaks_enough(const struct way *way, const void *arg)
{
    const struct claim *claim = arg;

    return way->kind == WAY_ROLLBACK || (way->gate != NULL && way->gate->soak_ms >= claim->number);
}

/* Where nobody at all is asked, nobody approves himself. */
static bool is_approved_by_others(const struct way *way, const void *arg)
{
    (void)arg;
    return way_seats(way) == 0 || !way->gate->approvals.self_approval;
}

static bool takes_two(const struct way *way, const void *arg)
{
    (void)arg;
    return way_seats(way) > 1 || (way_seats(way) == 1 && !way->gate->approvals.self_approval);
}

/* "self-approval" stands before the other means: first match wins. */
static const struct claim_form forms[] = {
    {"needs", read_people, asks_enough},
    {"only from", read_environments, comes_from},
    {"never by self-approval", read_nothing, is_approved_by_others},
    {"never by", read_means, is_other_means},
    {"waits", read_duration, waits_enough},
    {"soaks", read_duration, soaks_enough},
    {"passes", read_environments, NULL},
};

static const struct claim_form nobody_alone = {"nobody promotes alone to", read_nothing, takes_two};

/* ---- one claim ---- */

static bool read_claim(const struct flow *flow, const char *text, struct claim *ret_claim)
{
    const char *at = text;
    struct claim claim = {.form = &nobody_alone};

    if (read_word(&at, nobody_alone.verb)) {
        *ret_claim = claim;
        return read_environment(flow, &at, &ret_claim->environment) && *at == '\0';
    }
    if (!read_environment(flow, &at, &claim.environment) || *at != ' ')
        return false;
    at += strspn(at, " ");
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (!read_word(&at, forms[i].verb))
            continue;
        claim.form = &forms[i];
        *ret_claim = claim;
        return claim.form->read(flow, &at, ret_claim) && *at == '\0';
    }
    return false;
}

bool prove_check_claim(const struct flow *flow, const char *text, struct err *err)
{
    struct claim claim;
    const char *at = text;
    size_t index = 0;

    if (read_claim(flow, text, &claim))
        return true;
    if (!read_environment(flow, &at, &index) && !read_word(&at, nobody_alone.verb))
        return err_set(err, ERR_PARSE, "'%.64s' begins with no environment of flow %.64s", text,
                       flow->name);
    return err_set(
        err, ERR_PARSE,
        "'%.64s' is no claim that can be checked; these can: 'ENV needs 2 people', 'ENV "
        "only from A, B', 'ENV passes A', 'ENV never by push' (hand, rollback, "
        "self-approval), 'ENV waits 30m', 'ENV soaks 1d', 'nobody promotes alone to ENV'",
        text);
}

static void judge_assert(struct prover *prover, const char *text)
{
    struct prove_finding finding = {.holds = false};
    struct sentence words = SENTENCE_IN(finding.claim);
    struct sentence steps = SENTENCE_IN(finding.counterexample);
    struct claim claim;
    struct route route;

    sentence_add(&words, "%s", text);
    if (!read_claim(prover->flow, text, &claim)) {
        struct err err = {0};
        if (!prove_check_claim(prover->flow, text, &err))
            sentence_add(&steps, "%s", err.text);
    } else if (claim.form->holds != NULL) {
        finding.holds =
            prover_test_ways(prover, claim.environment, claim.form->holds, &claim, &route);
    } else {
        finding.holds = !prover_find_skip(prover, claim.environment, claim.others, &route);
    }
    if (!finding.holds && steps.len == 0)
        prover_add_route(prover, &route, &steps);
    prover_report(prover, "assert", &finding);
}

void prover_judge_asserts(struct prover *prover)
{
    for (const char *const *text = prover->flow->asserts; text != NULL && *text != NULL; text++)
        judge_assert(prover, *text);
}
