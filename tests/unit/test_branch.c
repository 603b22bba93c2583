/* branch: which push is newer, with the facts the real store finds about each. */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "flow/branch.h"
#include "store/store.h"

#define REPOSITORY_ID 42
#define BRANCH        "main"

/* A branch as intake keeps it: step, then store state and push. */
struct world {
    struct store *store;
    struct branch_state state;
    uint64_t sequence;
};

static void world_open(struct world *world)
{
    struct err err;

    memset(world, 0, sizeof(*world));
    if (!store_open(":memory:", &world->store, &err))
        fail_msg("%s", err.text);
}

static void world_close(struct world *world)
{
    store_close(world->store);
}

/* A commit is a letter or a number; 0 and '0' stand for none. */
static struct git_sha sha_of(unsigned commit)
{
    struct git_sha sha = {""};

    if (commit != 0 && commit != '0')
        snprintf(sha.hex, sizeof(sha.hex), "%040x", commit);
    return sha;
}

static struct branch_push push_of(unsigned before, unsigned after, int64_t stamp_s)
{
    return (struct branch_push){
        .before = sha_of(before), .after = sha_of(after), .pushed_at_ms = stamp_s * 1000};
}

static enum branch_order deliver(struct world *world, const struct branch_push *push)
{
    struct branch_facts facts;
    struct err err;

    if (!store_branch_facts(world->store, REPOSITORY_ID, BRANCH, push, &world->state.head, &facts,
                            &err))
        fail_msg("%s", err.text);
    struct branch_result result = branch_step(&world->state, push, &facts);
    if (!store_push_put(world->store, REPOSITORY_ID, BRANCH, push, ++world->sequence, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.reason.code == REASON_NONE, result.order == BRANCH_NEWER);
    world->state = result.next;
    return result.order;
}

/* ---- cases ---- */

/* Deliveries as they come: commits before and after, the stamp's second (0: none), and what each
 * is: N newer, O older, K known, U unchanged. */
struct arrival {
    char before, after;
    int64_t stamp_s;
    char order;
};

static const struct branch_case {
    const char *name;
    struct arrival arrivals[8];
    char head;
    char gap[3]; /* where it starts and ends; "" when none is left */
} cases[] = {
    {"in order", {{'0', 'a', 1, 'N'}, {'a', 'b', 2, 'N'}, {'b', 'c', 3, 'N'}}, 'c', ""},
    {"reversed", {{'b', 'c', 3, 'N'}, {'a', 'b', 2, 'O'}, {'0', 'a', 1, 'O'}}, 'c', ""},
    {"reversed within one second",
     {{'b', 'c', 1, 'N'}, {'a', 'b', 1, 'O'}, {'0', 'a', 1, 'O'}},
     'c',
     ""},
    {"reversed without stamps",
     {{'b', 'c', 0, 'N'}, {'a', 'b', 0, 'O'}, {'0', 'a', 0, 'O'}},
     'c',
     ""},
    {"duplicated",
     {{'0', 'a', 1, 'N'}, {'0', 'a', 1, 'K'}, {'a', 'b', 2, 'N'}, {'0', 'a', 1, 'K'}},
     'b',
     ""},
    {"a gap filled late", {{'0', 'a', 1, 'N'}, {'b', 'c', 3, 'N'}, {'a', 'b', 2, 'O'}}, 'c', ""},
    {"a gap filled late within one second",
     {{'0', 'a', 1, 'N'}, {'b', 'c', 1, 'N'}, {'a', 'b', 1, 'O'}},
     'c',
     ""},
    {"a gap filled from its start",
     {{'0', 'a', 1, 'N'}, {'c', 'd', 4, 'N'}, {'a', 'b', 2, 'O'}, {'b', 'c', 3, 'O'}},
     'd',
     ""},
    {"a gap filled from its end keeps its start until that comes",
     {{'0', 'a', 1, 'N'}, {'c', 'd', 4, 'N'}, {'b', 'c', 3, 'O'}},
     'd',
     "ac"},
    {"a gap filled in part",
     {{'0', 'a', 1, 'N'}, {'c', 'd', 4, 'N'}, {'a', 'b', 2, 'O'}},
     'd',
     "bc"},
    {"a gap that grows",
     {{'0', 'a', 1, 'N'}, {'b', 'c', 3, 'N'}, {'d', 'e', 5, 'N'}, {'a', 'b', 2, 'O'}},
     'e',
     "bd"},
    {"a gap that is never filled",
     {{'0', 'a', 1, 'N'}, {'b', 'c', 3, 'N'}, {'c', 'd', 4, 'N'}},
     'd',
     "ab"},
    {"a force push", {{'0', 'a', 1, 'N'}, {'a', 'b', 2, 'N'}, {'b', 'x', 3, 'N'}}, 'x', ""},
    {"a reset to an old commit",
     {{'0', 'a', 1, 'N'}, {'a', 'b', 2, 'N'}, {'b', 'a', 3, 'N'}, {'a', 'c', 4, 'N'}},
     'c',
     ""},
    {"a reset to an old commit within one second",
     {{'0', 'a', 1, 'N'}, {'a', 'b', 1, 'N'}, {'b', 'a', 1, 'N'}},
     'a',
     ""},
    {"what was reset comes late",
     {{'0', 'a', 1, 'N'}, {'b', 'a', 3, 'U'}, {'a', 'b', 2, 'O'}},
     'a',
     ""},
    {"what was reset comes after the reset, which came first",
     {{'b', 'a', 3, 'N'}, {'a', 'b', 2, 'O'}},
     'a',
     ""},
    {"a reset whose start was missed is newer although its end leads to the head",
     {{'0', 'a', 1, 'N'}, {'a', 'b', 2, 'N'}, {'x', 'a', 4, 'N'}},
     'a',
     "bx"},
    {"the same move again later is a push of its own",
     {{'0', 'a', 1, 'N'}, {'a', 'b', 2, 'N'}, {'b', 'a', 3, 'N'}, {'a', 'b', 4, 'N'}},
     'b',
     ""},
    {"deletion", {{'0', 'a', 1, 'N'}, {'a', '0', 2, 'N'}}, '0', ""},
    {"deletion and re-creation",
     {{'0', 'a', 1, 'N'}, {'a', '0', 2, 'N'}, {'0', 'b', 3, 'N'}, {'b', 'c', 4, 'N'}},
     'c',
     ""},
    {"re-creation at the same commit",
     {{'0', 'a', 1, 'N'}, {'a', '0', 2, 'N'}, {'0', 'a', 3, 'N'}},
     'a',
     ""},
    {"deletion and re-creation within one second",
     {{'0', 'a', 1, 'N'}, {'a', '0', 1, 'N'}, {'0', 'b', 1, 'N'}},
     'b',
     ""},
    {"a push that comes after the deletion of its branch",
     {{'0', 'a', 1, 'N'}, {'b', '0', 3, 'N'}, {'a', 'b', 2, 'O'}},
     '0',
     ""},
    {"a push of the second in which its branch was deleted",
     {{'0', 'a', 1, 'N'}, {'b', '0', 2, 'N'}, {'a', 'b', 2, 'O'}},
     '0',
     "ab"},
    {"a deletion that comes late",
     {{'0', 'a', 1, 'N'}, {'0', 'b', 3, 'N'}, {'a', '0', 2, 'O'}},
     'b',
     ""},
    {"a deletion of what was never there", {{'0', '0', 1, 'U'}}, '0', ""},
    {"stamps that run backwards do not stop a chain",
     {{'0', 'a', 3, 'N'}, {'a', 'b', 2, 'N'}, {'b', 'c', 1, 'N'}},
     'c',
     ""},
    {"two ways to the head", {{'0', 'a', 1, 'N'}, {'x', 'a', 2, 'U'}}, 'a', ""},
};

static const char order_letters[BRANCH_ORDER_COUNT] = {
    [BRANCH_NEWER] = 'N', [BRANCH_OLDER] = 'O', [BRANCH_KNOWN] = 'K', [BRANCH_UNCHANGED] = 'U'};

static void check_case(const struct branch_case *expected)
{
    struct world world;

    world_open(&world);
    for (const struct arrival *at = expected->arrivals; at->order != '\0'; at++) {
        struct branch_push push =
            push_of((unsigned char)at->before, (unsigned char)at->after, at->stamp_s);
        char order = order_letters[deliver(&world, &push)];
        if (order != at->order)
            fail_msg("%s: %c to %c is %c", expected->name, at->before, at->after, order);
    }
    struct git_sha head = sha_of((unsigned char)expected->head);
    struct git_sha gap_start = sha_of((unsigned char)expected->gap[0]);
    struct git_sha gap_end = sha_of((unsigned char)expected->gap[1]);
    if (!git_sha_equal(&world.state.head, &head))
        fail_msg("%s: the head is %s", expected->name, world.state.head.hex);
    if (!git_sha_equal(&world.state.gap_start, &gap_start) ||
        !git_sha_equal(&world.state.gap_end, &gap_end))
        fail_msg("%s: the gap is %s to %s", expected->name, world.state.gap_start.hex,
                 world.state.gap_end.hex);
    world_close(&world);
}

static void test_pushes_are_ordered_by_what_they_say(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_case(&cases[i]);
}

static void test_a_reason_names_both_commits(void **state UNUSED)
{
    struct branch_state at_b = {.head = sha_of('b'), .pushed_at_ms = 2000};
    struct branch_push push = push_of('0', 'a', 1);
    struct branch_facts facts = {.leads_to_head = true};
    struct branch_result result = branch_step(&at_b, &push, &facts);

    assert_int_equal(result.reason.code, REASON_PUSH_OLDER);
    assert_non_null(strstr(result.reason.text, "it brings 0000000000"));
    assert_non_null(strstr(result.reason.text, "the branch is at 0000000000"));
}

/* ---- properties ---- */

#define CHAIN_MAX 12

struct chain {
    struct branch_push pushes[CHAIN_MAX]; /* in the order in which they were pushed */
    size_t length;
};

/* New commits only. At most `per_second` pushes have the same stamp. */
static struct chain straight_chain(size_t length, unsigned per_second)
{
    struct chain chain = {.length = length};

    for (unsigned i = 0; i < length; i++)
        chain.pushes[i] = push_of(i, i + 1, 1 + i / per_second);
    return chain;
}

static size_t number_of(const struct chain *chain, const struct git_sha *head)
{
    for (size_t i = 0; i < chain->length; i++) {
        if (git_sha_equal(&chain->pushes[i].after, head))
            return i + 1;
    }
    return 0;
}

/* Delivers so many of the chain's pushes, in this order; the head is always the newest of them. */
static void check_deliveries(const struct chain *chain, const size_t *order, size_t count)
{
    struct world world;
    size_t newest = 0;

    world_open(&world);
    for (size_t i = 0; i < count; i++) {
        bool moves = order[i] + 1 > newest;
        enum branch_order judged = deliver(&world, &chain->pushes[order[i]]);
        newest = moves ? order[i] + 1 : newest;
        assert_int_equal(judged == BRANCH_NEWER, moves);
        assert_int_equal(number_of(chain, &world.state.head), newest);
    }
    world_close(&world);
}

static void swap(size_t *a, size_t *b)
{
    size_t kept = *a;

    *a = *b;
    *b = kept;
}

/* Every permutation of the first `left` entries. Heap's way of going through them. */
static void permute(const struct chain *chain, size_t *order, size_t left)
{
    if (left <= 1) {
        check_deliveries(chain, order, chain->length);
        return;
    }
    for (size_t i = 0; i < left; i++) {
        permute(chain, order, left - 1);
        swap(&order[left % 2 == 0 ? i : 0], &order[left - 1]);
    }
}

static void test_no_permutation_of_a_chain_moves_the_head_backwards(void **state UNUSED)
{
    for (unsigned per_second = 1; per_second <= 2; per_second++) {
        struct chain chain = straight_chain(6, per_second);
        size_t order[CHAIN_MAX] = {0, 1, 2, 3, 4, 5};
        permute(&chain, order, chain.length);
    }
}

static void test_no_repetition_or_loss_moves_the_head_backwards(void **state UNUSED)
{
    unsigned short seed[3] = {1, 2, 3};
    size_t order[4 * CHAIN_MAX];

    for (int round = 0; round < 300; round++) {
        struct chain chain = straight_chain(CHAIN_MAX, 1 + (unsigned)nrand48(seed) % 2);
        size_t count = 1 + (size_t)nrand48(seed) % ARRAY_LEN(order);
        for (size_t i = 0; i < count; i++)
            order[i] = (size_t)nrand48(seed) % chain.length;
        check_deliveries(&chain, order, count);
    }
}

/* A branch that is reset to old commits, deleted and made again. */
static struct chain winding_chain(unsigned short seed[3])
{
    struct chain chain = {.length = CHAIN_MAX};
    unsigned at = 0;

    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        long roll = nrand48(seed) % 10;
        unsigned to = i + 1;
        if (roll < 3 && at != 0)
            to = (unsigned)nrand48(seed) % (i + 1);
        if (to == at)
            to = i + 1;
        chain.pushes[i] = push_of(at, to, 1 + i);
        at = to;
    }
    return chain;
}

static void test_in_order_every_push_is_newer_and_never_again(void **state UNUSED)
{
    unsigned short seed[3] = {4, 5, 6};

    for (int round = 0; round < 300; round++) {
        struct chain chain = winding_chain(seed);
        struct world world;
        world_open(&world);
        for (size_t i = 0; i < chain.length; i++) {
            assert_int_equal(deliver(&world, &chain.pushes[i]), BRANCH_NEWER);
            size_t again = (size_t)nrand48(seed) % (i + 1);
            assert_int_equal(deliver(&world, &chain.pushes[again]), BRANCH_KNOWN);
            assert_string_equal(world.state.head.hex, chain.pushes[i].after.hex);
        }
        world_close(&world);
    }
}

static void test_neighbours_that_change_places_end_at_the_same_head(void **state UNUSED)
{
    unsigned short seed[3] = {7, 8, 9};

    for (int round = 0; round < 300; round++) {
        struct chain chain = winding_chain(seed);
        struct world world;
        world_open(&world);
        for (size_t i = (size_t)nrand48(seed) % 2; i + 1 < chain.length; i += 2) {
            deliver(&world, &chain.pushes[i + 1]);
            assert_string_equal(world.state.head.hex, chain.pushes[i + 1].after.hex);
            deliver(&world, &chain.pushes[i]);
            assert_string_equal(world.state.head.hex, chain.pushes[i + 1].after.hex);
        }
        world_close(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pushes_are_ordered_by_what_they_say),
        cmocka_unit_test(test_a_reason_names_both_commits),
        cmocka_unit_test(test_no_permutation_of_a_chain_moves_the_head_backwards),
        cmocka_unit_test(test_no_repetition_or_loss_moves_the_head_backwards),
        cmocka_unit_test(test_in_order_every_push_is_newer_and_never_again),
        cmocka_unit_test(test_neighbours_that_change_places_end_at_the_same_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
