/* Checks on the store, where the simulator would have to be lucky. */
#include "support/test.h"

#include <string.h>

#include "checks_int.h"
#include "support/fake_clock.h"
#include "support/store_rig.h"

static void number_up(void *bytes, size_t len)
{
    static unsigned char count;

    memset(bytes, ++count, len);
}

static bool on_check(const struct store_check *check, void *arg)
{
    return rig_word(arg, check_state_name(check->state));
}

/* Ids tell which run of a check is its newest. */
static void test_the_later_run_of_a_check_is_the_newest_though_the_clock_went_back(void **state)
{
    static struct lanes lanes; /* too large for the stack */
    struct flow_check ready = {.name = "ready"};
    struct flow_checks checks = {.items = &ready, .count = 1};
    struct id promotion = rig_id(1);
    struct rig_words words = {0};
    struct fake_clock clock;

    fake_clock_init(&clock, 1000000);
    lanes = (struct lanes){.store = *state, .clock = &clock.clock, .random = number_up};
    lanes_begin(&lanes);
    DO(checks_start(&lanes, CHECK_BEFORE, &promotion, 42, "prod", &checks, &rig_err));
    DO(checks_stop(&lanes, &promotion, &rig_err));
    fake_clock_advance(&clock, -60000);
    lanes_begin(&lanes);
    DO(checks_start(&lanes, CHECK_BEFORE, &promotion, 42, "prod", &checks, &rig_err));
    DO(store_checks(*state, promotion.text, on_check, &words, &rig_err));
    assert_string_equal(words.text, "stopped running ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_the_later_run_of_a_check_is_the_newest_though_the_clock_went_back,
            store_rig_set_up, store_rig_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
