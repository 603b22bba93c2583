/* Room for bodies: who gets it, who waits, and that nobody is kept out by one address. */
#include "support/test.h"

#include "budget_int.h"

#define RESERVE 16
#define LARGE   64

struct rig {
    struct http_budget budget;
    struct http_share here, there;
};

static struct http_claim claim_of(struct http_share *share)
{
    return (struct http_claim){.share = share};
}

static void init(struct rig *rig)
{
    *rig = (struct rig){0};
    http_budget_init(&rig->budget, RESERVE, LARGE);
}

static void assert_empty(const struct rig *rig)
{
    assert_int_equal(0, rig->budget.used[HTTP_POOL_RESERVE]);
    assert_int_equal(0, rig->budget.used[HTTP_POOL_LARGE]);
    for (int pool = 0; pool < HTTP_POOL_COUNT; pool++) {
        assert_int_equal(0, rig->here.bytes[pool]);
        assert_int_equal(0, rig->there.bytes[pool]);
    }
}

static void test_small_bodies_use_the_reserve_then_the_large_pool_then_wait(void **state)
{
    struct rig rig;
    struct http_claim claims[21];
    size_t granted = 0;

    (void)state;
    init(&rig);
    for (size_t i = 0; i < 21; i++) {
        claims[i] = claim_of(NULL);
        granted += http_budget_claim(&rig.budget, &claims[i], HTTP_CLAIM_SMALL, 4);
    }
    assert_int_equal((RESERVE + LARGE) / 4, granted);
    http_budget_release(&rig.budget, &claims[0]);
    assert_ptr_equal(&claims[20], http_budget_pop(&rig.budget));
    assert_null(http_budget_pop(&rig.budget));
    for (size_t i = 1; i < 21; i++)
        http_budget_release(&rig.budget, &claims[i]);
    assert_empty(&rig);
}

static void test_large_bodies_never_touch_the_reserve(void **state)
{
    struct rig rig;
    struct http_claim fat[3] = {{.wanted = 0}};
    struct http_claim small = {.wanted = 0};

    (void)state;
    init(&rig);
    assert_true(http_budget_claim(&rig.budget, &fat[0], HTTP_CLAIM_LARGE, 40));
    assert_false(http_budget_claim(&rig.budget, &fat[1], HTTP_CLAIM_LARGE, 40));
    /* Room is there, but somebody waits for it. */
    assert_false(http_budget_claim(&rig.budget, &fat[2], HTTP_CLAIM_LARGE, 10));
    assert_true(http_budget_claim(&rig.budget, &small, HTTP_CLAIM_SMALL, 4));
    assert_int_equal(4, small.held[HTTP_POOL_RESERVE]);
    http_budget_release(&rig.budget, &fat[0]);
    assert_ptr_equal(&fat[1], http_budget_pop(&rig.budget));
    assert_ptr_equal(&fat[2], http_budget_pop(&rig.budget));
}

static void test_one_address_leaves_half_of_the_reserve_to_others(void **state)
{
    struct rig rig;
    struct http_claim slow[8];
    struct http_claim fat = {.wanted = 0};
    size_t granted = 0;

    (void)state;
    init(&rig);
    fat.share = &rig.here;
    assert_true(http_budget_claim(&rig.budget, &fat, HTTP_CLAIM_LARGE, LARGE));
    for (size_t i = 0; i < 8; i++) {
        slow[i] = claim_of(&rig.here);
        granted += http_budget_claim(&rig.budget, &slow[i], HTTP_CLAIM_RESERVE, 4);
    }
    assert_int_equal(RESERVE / 2 / 4, granted);

    /* Another one is not behind those in the queue. */
    struct http_claim honest = claim_of(&rig.there);
    assert_true(http_budget_claim(&rig.budget, &honest, HTTP_CLAIM_SMALL, 4));
    http_budget_release(&rig.budget, &honest);
    assert_null(http_budget_pop(&rig.budget));

    /* And they get their turn as their own end. */
    http_budget_release(&rig.budget, &slow[0]);
    assert_ptr_equal(&slow[2], http_budget_pop(&rig.budget));
    assert_null(http_budget_pop(&rig.budget));
    http_budget_release(&rig.budget, &fat);
    for (size_t i = 1; i < 8; i++)
        http_budget_release(&rig.budget, &slow[i]);
    assert_empty(&rig);
}

static void test_a_single_claim_is_within_every_share(void **state)
{
    struct rig rig;
    struct http_claim claim;

    (void)state;
    init(&rig);
    claim = claim_of(&rig.here);
    assert_true(http_budget_claim(&rig.budget, &claim, HTTP_CLAIM_RESERVE, RESERVE));
    http_budget_release(&rig.budget, &claim);
    assert_true(http_budget_claim(&rig.budget, &claim, HTTP_CLAIM_LARGE, LARGE));
    http_budget_release(&rig.budget, &claim);
    assert_empty(&rig);
}

static void test_an_address_over_its_share_of_the_large_pool_lets_others_pass(void **state)
{
    struct rig rig;
    struct http_claim mine[3];
    struct http_claim other;

    (void)state;
    init(&rig);
    for (size_t i = 0; i < 3; i++)
        mine[i] = claim_of(&rig.here);
    other = claim_of(&rig.there);
    /* Nobody waits: all of it may be had. */
    assert_true(http_budget_claim(&rig.budget, &mine[0], HTTP_CLAIM_LARGE, 32));
    assert_true(http_budget_claim(&rig.budget, &mine[1], HTTP_CLAIM_LARGE, 32));
    assert_false(http_budget_claim(&rig.budget, &mine[2], HTTP_CLAIM_LARGE, 32));
    assert_false(http_budget_claim(&rig.budget, &other, HTTP_CLAIM_LARGE, 32));
    http_budget_release(&rig.budget, &mine[0]);
    assert_ptr_equal(&other, http_budget_pop(&rig.budget));
    http_budget_release(&rig.budget, &mine[1]);
    assert_ptr_equal(&mine[2], http_budget_pop(&rig.budget));
}

static void test_a_chunked_body_trades_its_small_room_for_a_large_one(void **state)
{
    struct rig rig;
    struct http_claim growing;
    struct http_claim waits[4];

    (void)state;
    init(&rig);
    growing = claim_of(&rig.here);
    assert_true(http_budget_claim(&rig.budget, &growing, HTTP_CLAIM_RESERVE, 4));
    for (size_t i = 0; i < 4; i++)
        waits[i] = claim_of(NULL);
    for (size_t i = 0; i < 3; i++)
        assert_true(http_budget_claim(&rig.budget, &waits[i], HTTP_CLAIM_RESERVE, 4));
    assert_false(http_budget_claim(&rig.budget, &waits[3], HTTP_CLAIM_RESERVE, 4));
    assert_true(http_budget_claim(&rig.budget, &growing, HTTP_CLAIM_LARGE, 32));
    assert_ptr_equal(&waits[3], http_budget_pop(&rig.budget));
    assert_int_equal(0, rig.here.bytes[HTTP_POOL_RESERVE]);
    assert_int_equal(32, rig.here.bytes[HTTP_POOL_LARGE]);
}

static void test_a_claim_that_ends_while_it_waits_is_forgotten(void **state)
{
    struct rig rig;
    struct http_claim first = {.wanted = 0};
    struct http_claim second = {.wanted = 0};

    (void)state;
    init(&rig);
    assert_true(http_budget_claim(&rig.budget, &first, HTTP_CLAIM_LARGE, LARGE));
    assert_false(http_budget_claim(&rig.budget, &second, HTTP_CLAIM_LARGE, LARGE));
    http_budget_release(&rig.budget, &second);
    http_budget_release(&rig.budget, &first);
    assert_null(http_budget_pop(&rig.budget));
    assert_empty(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_bodies_use_the_reserve_then_the_large_pool_then_wait),
        cmocka_unit_test(test_large_bodies_never_touch_the_reserve),
        cmocka_unit_test(test_one_address_leaves_half_of_the_reserve_to_others),
        cmocka_unit_test(test_a_single_claim_is_within_every_share),
        cmocka_unit_test(test_an_address_over_its_share_of_the_large_pool_lets_others_pass),
        cmocka_unit_test(test_a_chunked_body_trades_its_small_room_for_a_large_one),
        cmocka_unit_test(test_a_claim_that_ends_while_it_waits_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
