/*
 * deployment_status (created): a deployment has moved on. `inactive` is never sent.
 * Source: docs.github.com, Webhook events and payloads, #deployment_status.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "deployment_status.id",
    "deployment_status.state",
    "deployment_status.log_url",
    "deployment_status.target_url",
    "deployment.id",
    "deployment.environment",
    "deployment.sha",
    "deployment.payload",
    NULL,
};

static bool deployment_status_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_deployment_status status = {0};

    if (strcmp(facts->action, "created") != 0) {
        facts->reason = reason_make(REASON_ACTION_UNUSED,
                                    "deployment_status '%s' means nothing here", facts->action);
        return true;
    }
    if (!payload_int(tree, "deployment_status.id", &status.status_id, err) ||
        !payload_int(tree, "deployment.id", &status.deployment_id, err) ||
        !gh_copy_name(tree, "deployment.environment", status.environment,
                      sizeof(status.environment), err) ||
        !gh_copy_sha(tree, "deployment.sha", false, &status.sha, err) ||
        !gh_copy_name(tree, "deployment_status.state", status.state, sizeof(status.state), err))
        return false;
    gh_copy_key(tree, "deployment.payload", status.key);
    gh_copy_url(tree, "deployment_status.log_url", status.url, sizeof(status.url));
    if (status.url[0] == '\0')
        gh_copy_url(tree, "deployment_status.target_url", status.url, sizeof(status.url));
    gh_add_signal(facts, GH_DEPLOYMENT_STATUS)->as.deployment_status = status;
    return true;
}

const struct gh_handler handler_deployment_status = {
    .event = "deployment_status", .wants = wants, .handle = deployment_status_handle};
