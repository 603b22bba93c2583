/*
 * ping: a hook was created, or somebody pressed the button.
 * Source: docs.github.com, Webhook events and payloads, #ping.
 */
#include <stdio.h>
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "hook_id", "hook.type", "hook.events", "hook.config.content_type", "hook.config.insecure_ssl",
    NULL,
};

/* "0" or "1", as text or as a number. */
static bool is_one(const json_t *value)
{
    return json_is_integer(value) ? json_integer_value(value) == 1
                                  : json_is_string(value) && json_string_value(value)[0] == '1';
}

static bool has_push(const json_t *events)
{
    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *event = json_string_value(json_array_get(events, i));
        if (event != NULL && (strcmp(event, "push") == 0 || strcmp(event, "*") == 0))
            return true;
    }
    return false;
}

/* As many whole names as fit. */
static void join_events(const json_t *events, char *to, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (!json_is_string(event) || len + json_string_length(event) + 2 > size)
            continue;
        len += (size_t)snprintf(to + len, size - len, "%s%s", len > 0 ? "," : "",
                                json_string_value(event));
    }
}

static bool ping_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_ping *ping = &gh_add_signal(facts, GH_PING)->as.ping;

    if (!payload_int(tree, "hook_id", &ping->hook_id, err) ||
        !gh_copy_text(tree, "hook.type", ping->hook_type, sizeof(ping->hook_type), err) ||
        !gh_copy_text(tree, "hook.config.content_type", ping->content_type,
                      sizeof(ping->content_type), err))
        return false;
    ping->insecure_ssl = is_one(payload_get(tree, "hook.config.insecure_ssl"));
    ping->has_push = has_push(payload_get(tree, "hook.events"));
    join_events(payload_get(tree, "hook.events"), ping->events, sizeof(ping->events));
    return true;
}

const struct gh_handler handler_ping = {
    .event = "ping", .wants = wants, .handle = ping_handle, .may_lack_repository = true};
