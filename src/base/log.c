#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jsonw.h"
#include "base/rfc3339.h"

#define SENTENCE_SIZE  2048
#define LINE_MAX_BYTES 32768 /* a sentence and names of which every byte is escaped */

static enum log_format chosen_format = LOG_FORMAT_JSON;
static enum log_level chosen_level = LOG_LEVEL_INFO;

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

void log_configure(enum log_format format, enum log_level level)
{
    chosen_format = format;
    chosen_level = level;
}

struct field {
    const char *name;
    const char *value;
};

#define FIELDS_COUNT 5

static void fields_of(const struct log_ctx *ctx, struct field fields[FIELDS_COUNT])
{
    static const struct log_ctx nobody;
    const struct log_ctx *who = ctx != NULL ? ctx : &nobody;

    fields[0] = (struct field){"delivery", who->delivery};
    fields[1] = (struct field){"repository", who->repository};
    fields[2] = (struct field){"environment", who->environment};
    fields[3] = (struct field){"deployment", who->deployment};
    fields[4] = (struct field){"peer", who->peer};
}

static bool is_known(const struct field *field)
{
    return field->value != NULL && field->value[0] != '\0';
}

static void put_json(struct buf *line, enum log_level level, const char *event,
                     const char *sentence, const struct field *fields, int64_t now_ms)
{
    struct jsonw w = JSONW_INIT(line);

    jsonw_open_object(&w, NULL);
    jsonw_time(&w, "time", now_ms);
    jsonw_text(&w, "level", level_names[level]);
    jsonw_text(&w, "event", event);
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        if (is_known(&fields[i]))
            jsonw_text(&w, fields[i].name, fields[i].value);
    }
    jsonw_text(&w, "message", sentence);
    jsonw_close_object(&w);
}

/* A terminal obeys control bytes, and what we print may come from the network. */
static void put_harmless(struct buf *line, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        buf_append(line, (unsigned char)*at < 0x20 || *at == 0x7F ? "?" : at, 1);
}

static void put_text(struct buf *line, enum log_level level, const char *event,
                     const char *sentence, const struct field *fields, int64_t now_ms)
{
    char time[RFC3339_SIZE];

    buf_printf(line, "%s %-7s %s: ", rfc3339_format(now_ms, time), level_names[level], event);
    put_harmless(line, sentence);
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        if (!is_known(&fields[i]))
            continue;
        buf_printf(line, " %s=", fields[i].name);
        put_harmless(line, fields[i].value);
    }
}

void log_at(enum log_level level, const struct log_ctx *ctx, const char *event, const char *fmt,
            ...)
{
    if (level < chosen_level)
        return;

    char sentence[SENTENCE_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);

    struct field fields[FIELDS_COUNT];
    fields_of(ctx, fields);

    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    int64_t now_ms = clock_wall_ms(&clock_system);
    if (chosen_format == LOG_FORMAT_JSON)
        put_json(&line, level, event, sentence, fields, now_ms);
    else
        put_text(&line, level, event, sentence, fields, now_ms);
    buf_putc(&line, '\n');
    if (!line.failed) {
        ssize_t written = write(STDERR_FILENO, line.data, line.len);
        (void)written; /* nobody is left to tell */
    }
    buf_done(&line);
}
