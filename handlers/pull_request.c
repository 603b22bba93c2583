/*
 * pull_request (closed): a merge, which links the commit to its author and merger. `merged`
 * decides: a pull request closed without a merge carries the commit of a test merge, too.
 * Source: docs.github.com, Webhook events and payloads, #pull_request.
 */
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "number",
    "pull_request.merged",
    "pull_request.merge_commit_sha",
    "pull_request.base.ref",
    "pull_request.user",
    "pull_request.merged_by",
    "pull_request.merged_at",
    NULL,
};

static bool pull_request_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_pull pull = {0};
    bool merged = false;

    if (strcmp(facts->action, "closed") != 0) {
        facts->reason = reason_make(REASON_ACTION_UNUSED, "pull_request '%s' means nothing here",
                                    facts->action);
        return true;
    }
    if (!payload_int(tree, "number", &pull.number, err) ||
        !payload_bool(tree, "pull_request.merged", &merged, err))
        return false;
    if (!merged) {
        facts->reason = reason_make(REASON_ACTION_UNUSED, "#%lld was closed without a merge",
                                    (long long)pull.number);
        return true;
    }
    if (!gh_copy_sha(tree, "pull_request.merge_commit_sha", true, &pull.merge_sha, err) ||
        !gh_copy_name(tree, "pull_request.base.ref", pull.base, sizeof(pull.base), err) ||
        !gh_copy_person(tree, "pull_request.user", &pull.author, err) ||
        !gh_copy_person(tree, "pull_request.merged_by", &pull.merger, err))
        return false;
    if (pull.merge_sha.hex[0] == '\0') {
        facts->reason = reason_make(REASON_ACTION_UNUSED,
                                    "#%lld was merged, but GitHub does not say as which commit",
                                    (long long)pull.number);
        return true;
    }
    pull.merged_ms = gh_time_ms(tree, "pull_request.merged_at");
    gh_add_signal(facts, GH_PULL)->as.pull = pull;
    return true;
}

const struct gh_handler handler_pull_request = {
    .event = "pull_request", .wants = wants, .handle = pull_request_handle};
