/*
 * probe: one HTTP check, as envflow starts it before and after deployments and for health.
 * It runs as a process of its own, so that a foreign server's answer is read where nothing
 * is at stake; what it prints is the check's evidence.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "client_int.h"
#include "commands_int.h"
#include "text_int.h"

#define PROBE_ANSWER_BYTES_MAX ((size_t)1024 * 1024)
#define LINE_BYTES_MAX         ((size_t)2048)

struct probe {
    struct endpoint endpoint;
    const char *url;
    long status;
    const char *match; /* NULL: any body */
    int64_t timeout_ms, interval_ms, for_ms, within_ms;
};

static void print_line(const char *text)
{
    struct buf clean = BUF_INIT(LINE_BYTES_MAX);

    text_clean(&clean, text);
    puts(buf_text(&clean));
    fflush(stdout); /* evidence, also when the next try never ends */
    buf_done(&clean);
}

/* True when the body holds the text; bodies may hold anything, NUL included. */
static bool holds(const struct buf *body, const char *match)
{
    return match == NULL || memmem(buf_text(body), body->len, match, strlen(match)) != NULL;
}

static bool judge(const struct probe *probe, const struct client_answer *answer, int64_t took_ms)
{
    bool has_text = holds(&answer->body, probe->match);
    bool is_good = answer->status == probe->status && has_text;
    char line[256];

    snprintf(line, sizeof(line), "%s: status %ld%s in %" PRId64 " ms%s", is_good ? "good" : "bad",
             answer->status, answer->status == probe->status ? "" : ", not the one expected,",
             took_ms, has_text ? "" : "; the body lacks the expected text");
    print_line(line);
    return is_good;
}

static bool try_once(const struct probe *probe)
{
    static const char *const headers[] = {"User-Agent: envflow/" ENVFLOW_VERSION, NULL};
    AUTO(client_answer) struct client_answer answer = {.status = 0};
    struct client_request request = {
        .method = "GET",
        .path = "",
        .headers = headers,
        .timeout_ms = (long)probe->timeout_ms,
        .answer_bytes_max = PROBE_ANSWER_BYTES_MAX,
    };
    int64_t begin_ms = clock_mono_ms(&clock_system);
    char line[ERR_TEXT_SIZE + 16];
    struct err err;

    if (client_call(&probe->endpoint, &request, &answer, &err))
        return judge(probe, &answer, clock_mono_ms(&clock_system) - begin_ms);
    snprintf(line, sizeof(line), "bad: %s", err.text);
    print_line(line);
    return false;
}

/* It has to begin to hold within a time, and then hold for a time. */
static int watch(const struct probe *probe)
{
    int64_t begin_ms = clock_mono_ms(&clock_system);
    int64_t good_since_ms = -1;

    for (;;) {
        bool is_good = try_once(probe);
        int64_t now_ms = clock_mono_ms(&clock_system);
        if (is_good && good_since_ms < 0)
            good_since_ms = now_ms;
        if (is_good && now_ms - good_since_ms >= probe->for_ms)
            return CLI_DONE;
        if (!is_good && (good_since_ms >= 0 || now_ms - begin_ms >= probe->within_ms))
            return CLI_FAILED;
        poll(NULL, 0, (int)probe->interval_ms);
    }
}

/* A duration option, with a default. */
static bool read_duration(const struct cli_args *args, const char *name, int64_t fallback_ms,
                          int64_t *ret_ms, struct err *err)
{
    const char *text = cli_option(args, name);

    *ret_ms = fallback_ms;
    return text == NULL || units_parse_duration(text, ret_ms, err) || err_wrap(err, "--%s", name);
}

int probe_run(const struct cli_args *args)
{
    const char *status = cli_option(args, "status");
    struct probe probe = {
        .url = cli_operand(args, 0),
        .status = status != NULL ? strtol(status, NULL, 10) : 200,
        .match = cli_option(args, "match"),
    };
    struct err err;

    if (!endpoint_parse(probe.url, &probe.endpoint, &err) ||
        !read_duration(args, "timeout", 5000, &probe.timeout_ms, &err) ||
        !read_duration(args, "interval", 1000, &probe.interval_ms, &err) ||
        !read_duration(args, "for", 0, &probe.for_ms, &err) ||
        !read_duration(args, "within", 0, &probe.within_ms, &err))
        return cli_fail(CLI_USAGE, "%s", err.text);
    return watch(&probe);
}
