/*
 * The log: one line an occurrence, JSON for machines or text for a terminal, on stderr.
 *
 * Only engine, http, admin and main log, and each occurrence once. An event name is
 * stable ("delivery.settled", "deploy.started"): people alert on it. What happened to
 * whom travels in the context, so that every line that has a delivery, a repository
 * or an environment says so. Never a body, never a secret.
 *
 * Thread-safe: a line is one write(2). A line that stderr does not take is lost;
 * logging never blocks work for ever and never fails it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_COUNT
};

enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* Whom a line is about. NULL and empty members are left out. All borrowed for the call. */
struct log_ctx {
    const char *delivery;   /* GitHub's GUID */
    const char *repository; /* owner/name */
    const char *environment;
    const char *deployment; /* our id */
    const char *peer;       /* address of a connection */
};

/* Before any thread starts. Default: JSON, info. */
void log_configure(enum log_format format, enum log_level level);

/* ctx may be NULL. `event` is "area.what_happened"; fmt is the sentence. */
void log_at(enum log_level level, const struct log_ctx *ctx, const char *event, const char *fmt,
            ...) PRINTF_LIKE(4, 5);

#define log_debug(ctx, ...) log_at(LOG_LEVEL_DEBUG, (ctx), __VA_ARGS__)
#define log_info(ctx, ...)  log_at(LOG_LEVEL_INFO, (ctx), __VA_ARGS__)
#define log_warn(ctx, ...)  log_at(LOG_LEVEL_WARN, (ctx), __VA_ARGS__)
#define log_error(ctx, ...) log_at(LOG_LEVEL_ERROR, (ctx), __VA_ARGS__)

#endif
