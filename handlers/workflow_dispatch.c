/*
 * workflow_dispatch: somebody starts promote-release.yml by hand.
 * Source: docs.github.com, Webhook events and payloads, #workflow_dispatch.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char workflow_file[] = "/promote-release.yml";

static const char *const wants[] = {
    "workflow",      "inputs.from",      "inputs.to", "inputs.release",
    "inputs.reason", "inputs.promotion", NULL,
};

/* ".github/workflows/promote-release.yml", also with "@ref" behind it. */
static bool is_ours(const char *path)
{
    size_t len = strcspn(path, "@");
    size_t tail = sizeof(workflow_file) - 1;

    return len >= tail && strncmp(path + len - tail, workflow_file, tail) == 0;
}

static bool workflow_dispatch_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_request request = {.kind = GH_REQUEST_PROMOTE};
    char promotion[GH_WORD_MAX];
    const char *workflow = NULL;

    if (!payload_str(tree, "workflow", &workflow, err))
        return false;
    if (!is_ours(workflow)) {
        facts->reason =
            reason_make(REASON_ACTION_UNUSED, "workflow %.100s is not promote-release", workflow);
        return true;
    }
    if (!gh_copy_words(tree, "inputs.promotion", promotion, sizeof(promotion), err))
        return false;
    if (promotion[0] != '\0') {
        facts->reason = reason_make(REASON_ACTION_UNUSED, "a gate run of promotion %s", promotion);
        return true;
    }
    if (!gh_copy_request(tree, "inputs", &request, err))
        return false;
    gh_add_signal(facts, GH_REQUEST)->as.request = request;
    return true;
}

const struct gh_handler handler_workflow_dispatch = {
    .event = "workflow_dispatch", .wants = wants, .handle = workflow_dispatch_handle};
