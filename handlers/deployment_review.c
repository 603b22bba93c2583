/*
 * deployment_review: GitHub asks reviewers to let a job into an environment, or they answered.
 * Only Apps get it. One review may cover several environments of a run; `environment` stands
 * at the top of `requested` alone.
 * Source: docs.github.com, Webhook events and payloads, #deployment_review.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "environment",
    "workflow_job_run.environment",
    "workflow_job_runs",
    "approver",
    "requestor",
    "comment",
    "workflow_run.id",
    "workflow_run.display_title",
    "workflow_run.head_sha",
    NULL,
};

static const struct {
    const char *action;
    enum gh_review_verdict verdict;
} verdicts[] = {
    {"requested", GH_REVIEW_REQUESTED},
    {"approved", GH_REVIEW_APPROVED},
    {"rejected", GH_REVIEW_REJECTED},
};

static bool is_named(const struct gh_facts *facts, const char *environment)
{
    for (size_t i = 0; i < facts->signals_count; i++) {
        if (strcmp(facts->signals[i].as.review.environment, environment) == 0)
            return true;
    }
    return false;
}

/* A vote that does not fit must not be lost in silence. */
static bool add(struct gh_facts *facts, const struct gh_review *review, const json_t *tree,
                const char *path, struct err *err)
{
    struct gh_review named = *review;

    if (!gh_copy_text(tree, path, named.environment, sizeof(named.environment), err))
        return false;
    if (named.environment[0] == '\0' || is_named(facts, named.environment))
        return true;
    if (facts->signals_count == GH_SIGNALS_MAX)
        return err_set(err, ERR_PARSE, "one review covers more than %d environments",
                       GH_SIGNALS_MAX);
    gh_add_signal(facts, GH_REVIEW)->as.review = named;
    return true;
}

/* Only a request names its environment itself; an answer names the jobs it lets in. */
static bool add_environments(const json_t *tree, const struct gh_review *review,
                             struct gh_facts *facts, struct err *err)
{
    const json_t *jobs = payload_get(tree, "workflow_job_runs");

    if (jobs != NULL && !json_is_null(jobs) && !json_is_array(jobs))
        return err_set(err, ERR_PARSE, "'workflow_job_runs' is no list");
    if (review->verdict == GH_REVIEW_REQUESTED && !add(facts, review, tree, "environment", err))
        return false;
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        if (!add(facts, review, json_array_get(jobs, i), "environment", err))
            return err_wrap(err, "'workflow_job_runs'");
    }
    return facts->signals_count > 0 ||
           add(facts, review, tree, "workflow_job_run.environment", err);
}

static bool read_run(const json_t *tree, struct gh_review *review, struct err *err)
{
    const json_t *run = payload_get(tree, "workflow_run");

    if (run == NULL || json_is_null(run))
        return true;
    gh_copy_cut(tree, "workflow_run.display_title", review->run_title, sizeof(review->run_title));
    return payload_int(tree, "workflow_run.id", &review->run_id, err) &&
           gh_copy_sha(tree, "workflow_run.head_sha", true, &review->head_sha, err);
}

static bool deployment_review_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_review review = {0};
    size_t i = 0;

    while (i < ARRAY_LEN(verdicts) && strcmp(verdicts[i].action, facts->action) != 0)
        i++;
    if (i == ARRAY_LEN(verdicts)) {
        facts->reason = reason_make(REASON_ACTION_UNUSED,
                                    "deployment_review '%s' means nothing here", facts->action);
        return true;
    }
    review.verdict = verdicts[i].verdict;
    gh_copy_cut(tree, "comment", review.comment, sizeof(review.comment));
    if (!gh_copy_person(tree, "approver", &review.reviewer, err) ||
        !gh_copy_person(tree, "requestor", &review.requester, err) ||
        !read_run(tree, &review, err) || !add_environments(tree, &review, facts, err))
        return false;
    if (facts->signals_count == 0)
        facts->reason = reason_make(REASON_ENVIRONMENT_UNKNOWN, "the review names no environment");
    return true;
}

const struct gh_handler handler_deployment_review = {
    .event = "deployment_review", .wants = wants, .handle = deployment_review_handle};
