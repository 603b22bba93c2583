/* log: a line is one line, valid and harmless, whatever it is about. */
#include "support/test.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "github/payload.h"

/* What log_at() writes to stderr for this sentence. */
static const char *line_of(enum log_format format, const struct log_ctx *ctx, const char *sentence)
{
    static char line[65536];
    int ends[2];
    int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, (int)sizeof(line)) >= (int)sizeof(line));
    dup2(ends[1], STDERR_FILENO);
    log_configure(format, LOG_LEVEL_INFO);
    log_debug(ctx, "test.hidden", "%s", sentence);
    log_warn(ctx, "test.written", "%s", sentence);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t len = read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    line[len > 0 ? len : 0] = '\0';
    return line;
}

static void test_a_json_line_carries_event_context_and_sentence(void **state UNUSED)
{
    struct log_ctx ctx = {.delivery = "guid-1", .repository = "acme/shop"};
    const char *line = line_of(LOG_FORMAT_JSON, &ctx, "a \"quoted\"\nsentence");
    AUTO(json) json_t *read = json_loads(line, 0, NULL);

    assert_non_null(read);
    assert_string_equal(payload_str_or(read, "level", ""), "warning");
    assert_string_equal(payload_str_or(read, "event", ""), "test.written");
    assert_string_equal(payload_str_or(read, "delivery", ""), "guid-1");
    assert_string_equal(payload_str_or(read, "repository", ""), "acme/shop");
    assert_string_equal(payload_str_or(read, "message", ""), "a \"quoted\"\nsentence");
    assert_null(payload_get(read, "environment"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void test_a_text_line_obeys_no_control_byte(void **state UNUSED)
{
    struct log_ctx ctx = {.peer = "127.0.0.1\x1B[2J"};
    const char *line = line_of(LOG_FORMAT_TEXT, &ctx, "one\ntwo\x1B[31m\x7F");

    assert_non_null(strstr(line, "warning test.written: one?two?[31m? peer=127.0.0.1?[2J\n"));
}

static void test_a_line_of_nothing_but_escapes_is_written(void **state UNUSED)
{
    char sentence[4096];

    memset(sentence, 1, sizeof(sentence) - 1);
    sentence[sizeof(sentence) - 1] = '\0';
    AUTO(json) json_t *read = json_loads(line_of(LOG_FORMAT_JSON, NULL, sentence), 0, NULL);
    assert_non_null(read);
    assert_int_equal(strlen(payload_str_or(read, "message", "")), 2047);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_json_line_carries_event_context_and_sentence),
        cmocka_unit_test(test_a_text_line_obeys_no_control_byte),
        cmocka_unit_test(test_a_line_of_nothing_but_escapes_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
