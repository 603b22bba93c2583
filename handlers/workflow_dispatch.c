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
    const char *workflow = payload_str_or(tree, "workflow", "");

    if (!is_ours(workflow)) {
        facts->reason =
            reason_make(REASON_ACTION_UNUSED, "workflow %.100s is not promote-release", workflow);
        return true;
    }
    if (payload_str_or(tree, "inputs.promotion", "")[0] != '\0') {
        facts->reason = reason_make(REASON_ACTION_UNUSED, "a gate run of promotion %.40s",
                                    payload_str_or(tree, "inputs.promotion", ""));
        return true;
    }
    gh_copy_cut(tree, "inputs.reason", request.reason, sizeof(request.reason));
    if (!gh_copy_text(tree, "inputs.from", request.from, sizeof(request.from), err) ||
        !gh_copy_text(tree, "inputs.to", request.to, sizeof(request.to), err) ||
        !gh_copy_text(tree, "inputs.release", request.release, sizeof(request.release), err))
        return false;
    if (request.to[0] == '\0')
        return err_set(err, ERR_PARSE, "'inputs.to' names no environment");
    gh_add_signal(facts, GH_REQUEST)->as.request = request;
    return true;
}

const struct gh_handler handler_workflow_dispatch = {
    .event = "workflow_dispatch", .wants = wants, .handle = workflow_dispatch_handle};
