/* Requests that parsers frame differently: ours refuses each for the reason it should, and what it
 * takes, two other parsers frame in the same way. tests/integration/test_framing.py sends the same
 * bytes to a running envflow. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "fault_int.h"
#include "oracles/framing.h"
#include "oracles/probes.h"

/* What a smuggler puts behind a probe. */
static const char smuggled[] = "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                               "\r\n{}";

static struct {
    struct probe *probes;
    size_t count;
} all;

static int read_probes(void **state)
{
    (void)state;
    all.probes = probes_read(TESTS_DIR "/framing/probes.txt", &all.count);
    return 0;
}

static int free_probes(void **state)
{
    (void)state;
    probes_free(all.probes, all.count);
    return 0;
}

static void test_there_are_as_many_probes_as_there_were_lessons(void **state)
{
    (void)state;
    assert_in_range(all.count, 100, 255);
}

/* Only the server knows how large a body may be: the parser alone waits for it. */
static enum framing_verdict verdict_of(const struct probe *probe)
{
    if (probe->status == 413)
        return FRAMING_MORE;
    return probe->status < 300 ? FRAMING_WHOLE : FRAMING_REFUSED;
}

static void judge(const struct probe *probe, size_t step)
{
    struct framing framing = framing_ours(probe->bytes, probe->len, step);

    if (framing.verdict != verdict_of(probe))
        fail_msg("%s, %zu bytes at a time: verdict %d, fault %d", probe->name, step,
                 framing.verdict, framing.fault);
    if (framing.verdict == FRAMING_WHOLE)
        assert_int_equal(probe->len, framing.used);
    if (framing.verdict != FRAMING_REFUSED)
        return;

    const struct http_refusal *refusal = http_refusal_of((enum http_fault)framing.fault);
    if (refusal->status != probe->status || strcmp(refusal->reason, probe->reason) != 0)
        fail_msg("%s, %zu bytes at a time: %d %s", probe->name, step, refusal->status,
                 refusal->reason);
}

static void test_each_probe_is_judged_as_the_table_says_however_it_arrives(void **state)
{
    (void)state;
    for (size_t i = 0; i < all.count; i++) {
        for (size_t step = 0; step < 4; step++)
            judge(&all.probes[i], step);
    }
}

static void test_no_other_parser_frames_differently_what_ours_takes(void **state)
{
    (void)state;
    if (framing_oracles_count() == 0)
        skip();
    for (size_t i = 0; i < all.count; i++) {
        const struct probe *probe = &all.probes[i];
        size_t len = probe->len + sizeof(smuggled) - 1;
        char *bytes = malloc(len);
        assert_non_null(bytes);
        memcpy(bytes, probe->bytes, probe->len);
        memcpy(bytes + probe->len, smuggled, sizeof(smuggled) - 1);
        const char *disagreement = framing_disagreement(bytes, len);
        free(bytes);
        if (disagreement != NULL)
            fail_msg("%s: %s", probe->name, disagreement);
    }
}

static void test_what_we_take_the_others_take_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < all.count; i++) {
        const struct probe *probe = &all.probes[i];
        if (probe->status < 300 && !framing_is_taken_by_all(probe->bytes, probe->len))
            fail_msg("%s", probe->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_are_as_many_probes_as_there_were_lessons),
        cmocka_unit_test(test_each_probe_is_judged_as_the_table_says_however_it_arrives),
        cmocka_unit_test(test_no_other_parser_frames_differently_what_ours_takes),
        cmocka_unit_test(test_what_we_take_the_others_take_too),
    };

    return cmocka_run_group_tests(tests, read_probes, free_probes);
}
