/*
 * push: a branch or a tag moved.
 * Source: docs.github.com, Webhook events and payloads, #push.
 */
#include <stdio.h>
#include <string.h>

#include "github/payload.h"
#include "handlers.h"

static const char *const wants[] = {
    "ref", "before", "after", "forced", "repository.pushed_at", "head_commit.message", NULL,
};

static const char branch_prefix[] = "refs/heads/";
static const char tag_prefix[] = "refs/tags/";

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* GitHub writes "no commit" as all zeros. */
static bool read_sha(const json_t *tree, const char *path, struct git_sha *ret_sha, struct err *err)
{
    const char *text = NULL;

    if (!payload_str(tree, path, &text, err))
        return false;
    if (!git_sha_parse(text, ret_sha, err))
        return err_wrap(err, "'%s'", path);
    if (strspn(text, "0") == strlen(text))
        ret_sha->hex[0] = '\0';
    return true;
}

static void copy_title(const json_t *tree, char title[GH_TITLE_MAX])
{
    gh_copy_cut(tree, "head_commit.message", title, GH_TITLE_MAX);
    title[strcspn(title, "\r\n")] = '\0';
}

static bool handle_branch(const json_t *tree, const char *branch, struct gh_facts *facts,
                          struct err *err)
{
    struct gh_signal *signal = gh_add_signal(facts, GH_PUSH);
    struct gh_push *push = &signal->as.push;

    if (branch[0] == '\0' || strlen(branch) >= sizeof(push->branch))
        return err_set(err, ERR_PARSE, "'ref' names no branch envflow can keep: %.80s", branch);
    memcpy(push->branch, branch, strlen(branch) + 1);
    push->forced = payload_bool_or(tree, "forced", false);
    push->push.pushed_at_ms = gh_time_ms(tree, "repository.pushed_at");
    copy_title(tree, push->title);
    return read_sha(tree, "before", &push->push.before, err) &&
           read_sha(tree, "after", &push->push.after, err);
}

static bool push_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    const char *ref = NULL;

    if (!payload_str(tree, "ref", &ref, err))
        return false;
    if (starts_with(ref, branch_prefix))
        return handle_branch(tree, ref + strlen(branch_prefix), facts, err);
    if (starts_with(ref, tag_prefix))
        facts->reason = reason_make(REASON_TAG, "%.100s is a tag; tags deploy nothing",
                                    ref + strlen(tag_prefix));
    else
        facts->reason =
            reason_make(REASON_REF_UNKNOWN, "%.100s is neither a branch nor a tag", ref);
    return true;
}

const struct gh_handler handler_push = {.event = "push", .wants = wants, .handle = push_handle};
