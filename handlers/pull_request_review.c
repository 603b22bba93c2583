/*
 * pull_request_review: evidence for promotions whose gate accepts it. REST writes states in
 * upper case, webhooks in lower case. An edit changes a review's words, never its verdict, and
 * may be made by others than its author: counting it would bring back an approval that its
 * author has taken back since.
 * Source: docs.github.com, Webhook events and payloads, #pull_request_review.
 */
#include <string.h>
#include <strings.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "review.state", "review.commit_id", "review.user", "review.body", "pull_request.number", NULL,
};

static const struct {
    const char *state;
    enum gh_pull_verdict verdict;
} verdicts[] = {
    {"approved", GH_PULL_APPROVED},
    {"changes_requested", GH_PULL_CHANGES_REQUESTED},
    {"dismissed", GH_PULL_DISMISSED},
};

static bool pull_request_review_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_pull_review review = {0};
    bool is_dismissal = strcmp(facts->action, "dismissed") == 0;
    const char *state = NULL;
    size_t i = 0;

    if (!is_dismissal && strcmp(facts->action, "submitted") != 0) {
        facts->reason = reason_make(
            REASON_ACTION_UNUSED, "a review that was '%s' keeps the verdict it had", facts->action);
        return true;
    }
    if (!payload_str(tree, "review.state", &state, err))
        return false;
    if (is_dismissal)
        state = "dismissed";
    while (i < ARRAY_LEN(verdicts) && strcasecmp(verdicts[i].state, state) != 0)
        i++;
    if (i == ARRAY_LEN(verdicts)) {
        facts->reason =
            reason_make(REASON_ACTION_UNUSED, "a review that is '%.40s' decides nothing", state);
        return true;
    }
    review.verdict = verdicts[i].verdict;
    gh_copy_cut(tree, "review.body", review.comment, sizeof(review.comment));
    if (!gh_copy_sha(tree, "review.commit_id", false, &review.sha, err) ||
        !gh_copy_person(tree, "review.user", &review.reviewer, err) ||
        !payload_int(tree, "pull_request.number", &review.number, err))
        return false;
    gh_add_signal(facts, GH_PULL_REVIEW)->as.pull_review = review;
    return true;
}

const struct gh_handler handler_pull_request_review = {
    .event = "pull_request_review", .wants = wants, .handle = pull_request_review_handle};
