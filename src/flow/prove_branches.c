/* Examples of branches, so that a search over endless many names is one over a few. */
#include "prove_int.h"

#include <stdio.h>
#include <string.h>

#include "base/glob.h"

#define PATTERNS_MAX 256

/* ---- a name that two patterns match ---- */

struct token {
    size_t len; /* 0: the end */
    char byte;
    bool is_star, is_wild, crosses_slash;
};

static struct token token_at(const char *pattern)
{
    struct token token = {.len = pattern[0] != '\0' ? 1 : 0, .byte = pattern[0]};

    token.is_star = pattern[0] == '*';
    token.is_wild = token.is_star || pattern[0] == '?';
    if (token.is_star && pattern[1] == '*') {
        token.len = 2;
        token.crosses_slash = true;
    }
    return token;
}

/* Whether the wildcard may stand for this byte. */
static char stand_for(const struct token *wild, const struct token *plain)
{
    if (plain->byte == '/' && !wild->crosses_slash)
        return '\0';
    return plain->byte;
}

/* One byte that both take, NUL when there is none. Two stars need none: one of them is skipped. */
static char meet_byte(const struct token *left, const struct token *right)
{
    if (left->len == 0 || right->len == 0 || (left->is_star && right->is_star))
        return '\0';
    if (left->is_wild && right->is_wild)
        return 'x';
    if (left->is_wild)
        return stand_for(left, right);
    if (right->is_wild)
        return stand_for(right, left);
    if (left->byte != right->byte)
        return '\0';
    return left->byte;
}

struct meeting {
    const char *left, *right;
    bool is_vain[PROVE_BRANCH_SIZE][PROVE_BRANCH_SIZE]; /* rests that have no name in common */
    char name[PROVE_BRANCH_SIZE];
};

/* Looks for a name that the rests of both from l and r match, and writes it from `at`. */
static bool meet(struct meeting *meeting, size_t l, size_t r, size_t at)
{
    struct token left = token_at(meeting->left + l);
    struct token right = token_at(meeting->right + r);
    char byte = meet_byte(&left, &right);

    if (left.len == 0 && right.len == 0) {
        meeting->name[at] = '\0';
        return true;
    }
    if (meeting->is_vain[l][r] || at + 1 >= PROVE_BRANCH_SIZE)
        return false;
    if (byte != '\0') {
        meeting->name[at] = byte;
        if (meet(meeting, left.is_star ? l : l + left.len, right.is_star ? r : r + right.len,
                 at + 1))
            return true;
    }
    bool is_found = (left.is_star && meet(meeting, l + left.len, r, at)) ||
                    (right.is_star && meet(meeting, l, r + right.len, at));
    meeting->is_vain[l][r] = !is_found;
    return is_found;
}

/* ---- examples ---- */

/* What a branch of this name may do. */
static struct prove_branch describe(const struct flow *flow, const char *name)
{
    struct prove_branch branch = {0};

    for (size_t i = 0; i < flow->environments_count; i++) {
        const struct flow_environment *environment = &flow->environments[i];
        if (graph_matches_branch(environment->auto_branches, name))
            branch.pushes |= PROVE_BIT(i);
        if (graph_matches_branch(environment->manual_branches, name))
            branch.by_hand |= PROVE_BIT(i);
        if (environment->branches == NULL || graph_matches_branch(environment->branches, name))
            branch.admitted |= PROVE_BIT(i);
    }
    return branch;
}

static bool is_alike(const struct prove_branch *a, const struct prove_branch *b)
{
    return a->pushes == b->pushes && a->by_hand == b->by_hand && a->admitted == b->admitted;
}

/* Branches that may do the same are one. */
static void add_branch(struct prover *prover, const char *name, const char *shown)
{
    struct prove_branch branch = describe(prover->flow, name);

    for (size_t i = 0; i < prover->branches_count; i++) {
        if (is_alike(&branch, &prover->branches[i]))
            return;
    }
    if (prover->branches_count == PROVE_BRANCHES_MAX) {
        prover->is_incomplete = true;
        return;
    }
    struct prove_branch *added = &prover->branches[prover->branches_count++];
    *added = branch;
    snprintf(added->name, sizeof(added->name), "%s", name);
    added->shown = shown != NULL ? shown : added->name;
}

static void add_example(struct prover *prover, const char *pattern)
{
    char name[PROVE_BRANCH_SIZE];
    size_t len = 0;

    for (size_t at = 0; pattern[at] != '\0' && len + 1 < sizeof(name);) {
        struct token token = token_at(pattern + at);
        name[len] = token.byte;
        if (token.is_wild)
            name[len] = 'x';
        len++;
        at += token.len;
    }
    name[len] = '\0';
    if (glob_match(pattern, name))
        add_branch(prover, name, pattern);
    else
        prover->is_incomplete = true; /* longer than any example */
}

static void add_meeting(struct prover *prover, const char *left, const char *right)
{
    if (strlen(left) >= PROVE_BRANCH_SIZE || strlen(right) >= PROVE_BRANCH_SIZE)
        return;
    struct meeting meeting = {.left = left, .right = right};
    if (meet(&meeting, 0, 0, 0))
        add_branch(prover, meeting.name, NULL);
}

struct patterns {
    const char *items[PATTERNS_MAX];
    size_t count;
    bool is_full;
};

static void add_patterns(struct patterns *patterns, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++) {
        size_t i = 0;
        while (i < patterns->count && strcmp(patterns->items[i], *list) != 0)
            i++;
        if (i == PATTERNS_MAX)
            patterns->is_full = true;
        else if (i == patterns->count)
            patterns->items[patterns->count++] = *list;
    }
}

void prover_find_branches(struct prover *prover)
{
    struct patterns patterns = {0};

    for (size_t i = 0; i < prover->flow->environments_count; i++) {
        add_patterns(&patterns, prover->flow->environments[i].auto_branches);
        add_patterns(&patterns, prover->flow->environments[i].manual_branches);
        add_patterns(&patterns, prover->flow->environments[i].branches);
    }
    prover->is_incomplete = patterns.is_full;
    for (size_t i = 0; i < patterns.count; i++)
        add_example(prover, patterns.items[i]);
    for (size_t i = 0; i < patterns.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (glob_is_pattern(patterns.items[i]) && glob_is_pattern(patterns.items[k]))
                add_meeting(prover, patterns.items[i], patterns.items[k]);
        }
    }
}
