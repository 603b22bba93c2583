/*
 * repository_dispatch: somebody asks through GitHub's API. `action` is the event type that was
 * sent; what is wanted stands in client_payload.
 * Source: docs.github.com, Webhook events and payloads, #repository_dispatch.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "client_payload.from",   "client_payload.to",     "client_payload.release",
    "client_payload.branch", "client_payload.reason", NULL,
};

static const struct {
    const char *event_type;
    enum gh_request_kind kind;
} kinds[] = {
    {"envflow-promote", GH_REQUEST_PROMOTE},
    {"envflow-deploy", GH_REQUEST_DEPLOY},
    {"envflow-rollback", GH_REQUEST_ROLLBACK},
};

static bool repository_dispatch_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_request request = {0};
    size_t i = 0;

    while (i < ARRAY_LEN(kinds) && strcmp(kinds[i].event_type, facts->action) != 0)
        i++;
    if (i == ARRAY_LEN(kinds)) {
        facts->reason = reason_make(REASON_ACTION_UNUSED,
                                    "event type '%s' is not envflow-promote, envflow-deploy or "
                                    "envflow-rollback",
                                    facts->action);
        return true;
    }
    request.kind = kinds[i].kind;
    if (!gh_copy_request(tree, "client_payload", &request, err))
        return false;
    gh_add_signal(facts, GH_REQUEST)->as.request = request;
    return true;
}

const struct gh_handler handler_repository_dispatch = {
    .event = "repository_dispatch", .wants = wants, .handle = repository_dispatch_handle};
