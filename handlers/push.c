/*
 * push: a branch or a tag moved.
 * Source: docs.github.com, Webhook events and payloads, #push.
 */
#include <stdio.h>
#include <string.h>

#include "base/rfc3339.h"
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

/* Whole seconds in push events, text in older and other ones. */
static int64_t read_stamp_ms(const json_t *tree)
{
    const char *text = payload_str_or(tree, "repository.pushed_at", "");
    int64_t stamp_ms = payload_int_or(tree, "repository.pushed_at", 0);
    struct err unread;

    if (stamp_ms > 0 && stamp_ms < INT64_MAX / 1000)
        return stamp_ms * 1000;
    return rfc3339_parse(text, &stamp_ms, &unread) ? stamp_ms : 0;
}

/* The first line, cut between characters. */
static void copy_title(const json_t *tree, char title[GH_TITLE_MAX])
{
    const char *message = payload_str_or(tree, "head_commit.message", "");
    size_t len = strcspn(message, "\r\n");

    if (len >= GH_TITLE_MAX) {
        len = GH_TITLE_MAX - 1;
        while (len > 0 && ((unsigned char)message[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(title, message, len);
    title[len] = '\0';
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
    push->push.pushed_at_ms = read_stamp_ms(tree);
    copy_title(tree, push->title);
    return read_sha(tree, "before", &push->push.before, err) &&
           read_sha(tree, "after", &push->push.after, err);
}

static bool push_handle(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    const char *ref = NULL;

    if (!payload_str(tree, "ref", &ref, err))
        return false;
    if (facts->repository[0] == '\0' || facts->repository_id == 0)
        return err_set(err, ERR_PARSE, "'repository.id' or 'repository.full_name' is missing");
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
