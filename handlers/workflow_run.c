/*
 * workflow_run: a run that envflow started or recognised has moved. Actions and states do not
 * always agree (`completed` with `queued`), so only the object counts.
 * Source: docs.github.com, Webhook events and payloads, #workflow_run.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "workflow_run.id",       "workflow_run.display_title", "workflow_run.path",
    "workflow_run.head_sha", "workflow_run.status",        "workflow_run.conclusion",
    "workflow_run.html_url", "workflow_run.actor",         NULL,
};

static bool workflow_run_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_run run = {0};

    gh_copy_cut(tree, "workflow_run.display_title", run.title, sizeof(run.title));
    gh_copy_cut(tree, "workflow_run.path", run.path, sizeof(run.path));
    run.path[strcspn(run.path, "@")] = '\0';
    gh_copy_url(tree, "workflow_run.html_url", run.url, sizeof(run.url));
    if (!payload_int(tree, "workflow_run.id", &run.run_id, err) ||
        !gh_copy_sha(tree, "workflow_run.head_sha", true, &run.head_sha, err) ||
        !gh_copy_name(tree, "workflow_run.status", run.status, sizeof(run.status), err) ||
        !gh_copy_text(tree, "workflow_run.conclusion", run.conclusion, sizeof(run.conclusion),
                      err) ||
        !gh_copy_person(tree, "workflow_run.actor", &run.actor, err))
        return false;
    gh_add_signal(facts, GH_RUN)->as.run = run;
    return true;
}

const struct gh_handler handler_workflow_run = {
    .event = "workflow_run", .wants = wants, .handle = workflow_run_handle};
