/* buf: grows to its maximum, fails once and stays failed. */
#include "support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"

static void test_an_empty_buffer_is_empty_text_and_holds_no_memory(void **state UNUSED)
{
    struct buf buf = BUF_INIT(100);

    assert_string_equal(buf_text(&buf), "");
    assert_null(buf.data);
    buf_append(&buf, NULL, 0);
    assert_string_equal(buf_text(&buf), "");
    buf_done(&buf);
}

static void test_appends_stand_one_behind_the_other(void **state UNUSED)
{
    AUTO(buf) struct buf buf = BUF_INIT(100);

    buf_puts(&buf, "a");
    buf_putc(&buf, 'b');
    buf_printf(&buf, "%d-%s", 12, "x");
    buf_append(&buf, "\0z", 2);
    assert_int_equal(buf.len, 8);
    assert_memory_equal(buf.data, "ab12-x\0z", 9); /* and a NUL behind it */
}

static void test_a_buffer_holds_exactly_its_maximum(void **state UNUSED)
{
    char bytes[3000];

    memset(bytes, 'x', sizeof(bytes));
    for (size_t max = 0; max < sizeof(bytes); max += 7) {
        AUTO(buf) struct buf buf = BUF_INIT(max);
        for (size_t i = 0; i < max; i++)
            buf_putc(&buf, 'x');
        assert_false(buf.failed);
        assert_int_equal(buf.len, max);
        assert_memory_equal(buf_text(&buf), bytes, max);
        buf_putc(&buf, 'x');
        assert_true(buf.failed);
    }
}

static void test_one_byte_too_many_drops_all_and_later_appends_do_nothing(void **state UNUSED)
{
    AUTO(buf) struct buf buf = BUF_INIT(4);

    buf_puts(&buf, "abc");
    buf_puts(&buf, "de");
    assert_true(buf.failed);
    assert_string_equal(buf_text(&buf), "");
    buf_putc(&buf, 'f');
    buf_printf(&buf, "%s", "g");
    assert_null(buf_reserve(&buf, 0));
    assert_true(buf.failed);
    assert_int_equal(buf.len, 0);
}

static void test_a_cleared_buffer_can_be_used_again(void **state UNUSED)
{
    AUTO(buf) struct buf buf = BUF_INIT(4);

    buf_puts(&buf, "abc");
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_puts(&buf, "too long");
    buf_clear(&buf);
    buf_puts(&buf, "fits");
    assert_string_equal(buf_text(&buf), "fits");
    buf_done(&buf);
    buf_puts(&buf, "12345");
    assert_true(buf.failed); /* the maximum stays */
}

static void test_reserved_room_is_filled_in_part(void **state UNUSED)
{
    AUTO(buf) struct buf buf = BUF_INIT(1000);

    buf_puts(&buf, "a");
    char *room = buf_reserve(&buf, 999);
    assert_non_null(room);
    memcpy(room, "bc", 2);
    buf_commit(&buf, 2);
    assert_string_equal(buf_text(&buf), "abc");
    assert_null(buf_reserve(&buf, 998));
}

static void test_a_length_near_the_end_of_size_t_is_refused(void **state UNUSED)
{
    AUTO(buf) struct buf buf = BUF_INIT(1000);

    buf_puts(&buf, "abc");
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer_is_empty_text_and_holds_no_memory),
        cmocka_unit_test(test_appends_stand_one_behind_the_other),
        cmocka_unit_test(test_a_buffer_holds_exactly_its_maximum),
        cmocka_unit_test(test_one_byte_too_many_drops_all_and_later_appends_do_nothing),
        cmocka_unit_test(test_a_cleared_buffer_can_be_used_again),
        cmocka_unit_test(test_reserved_room_is_filled_in_part),
        cmocka_unit_test(test_a_length_near_the_end_of_size_t_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
