/*
 * workflow_job: one job of a run. `queued` may come with a job that is `waiting`.
 * Source: docs.github.com, Webhook events and payloads, #workflow_job.
 */
#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "workflow_job.run_id",     "workflow_job.head_sha", "workflow_job.status",
    "workflow_job.conclusion", "workflow_job.html_url", NULL,
};

static bool workflow_job_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_run run = {.is_job = true};

    gh_copy_url(tree, "workflow_job.html_url", run.url, sizeof(run.url));
    if (!payload_int(tree, "workflow_job.run_id", &run.run_id, err) ||
        !gh_copy_sha(tree, "workflow_job.head_sha", true, &run.head_sha, err) ||
        !gh_copy_name(tree, "workflow_job.status", run.status, sizeof(run.status), err) ||
        !gh_copy_text(tree, "workflow_job.conclusion", run.conclusion, sizeof(run.conclusion), err))
        return false;
    gh_add_signal(facts, GH_RUN)->as.run = run;
    return true;
}

const struct gh_handler handler_workflow_job = {
    .event = "workflow_job", .wants = wants, .handle = workflow_job_handle};
