/*
 * deployment (created): somebody, or envflow, is about to deploy.
 * Source: docs.github.com, Webhook events and payloads, #deployment.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "deployment.id",      "deployment.environment", "deployment.sha",        "deployment.ref",
    "deployment.payload", "deployment.creator",     "deployment.created_at", NULL,
};

static bool deployment_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_deployment deployment = {0};

    if (strcmp(facts->action, "created") != 0) {
        facts->reason =
            reason_make(REASON_ACTION_UNUSED, "deployment '%s' means nothing here", facts->action);
        return true;
    }
    if (!payload_int(tree, "deployment.id", &deployment.id, err) ||
        !gh_copy_name(tree, "deployment.environment", deployment.environment,
                      sizeof(deployment.environment), err) ||
        !gh_copy_sha(tree, "deployment.sha", false, &deployment.sha, err) ||
        !gh_copy_name(tree, "deployment.ref", deployment.ref, sizeof(deployment.ref), err) ||
        !gh_copy_person(tree, "deployment.creator", &deployment.creator, err))
        return false;
    gh_copy_key(tree, "deployment.payload", deployment.key);
    deployment.created_ms = gh_time_ms(tree, "deployment.created_at");
    gh_add_signal(facts, GH_DEPLOYMENT)->as.deployment = deployment;
    return true;
}

const struct gh_handler handler_deployment = {
    .event = "deployment", .wants = wants, .handle = deployment_handle};
