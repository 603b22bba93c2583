#include "github/handler.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "github/payload.h"

/* What is read of every delivery, whoever handles it. */
static const char *const common_wants[] = {
    "action",    "repository.id", "repository.full_name",      "repository.fork",
    "sender.id", "sender.login",  "repository.default_branch",
};

static void merge_wants(const struct gh_handler *handler, const char *wants[PAYLOAD_WANTS_MAX + 1])
{
    size_t count = ARRAY_LEN(common_wants);

    memcpy(wants, common_wants, sizeof(common_wants));
    for (size_t i = 0; handler->wants[i] != NULL; i++) {
        assert(count < PAYLOAD_WANTS_MAX);
        wants[count++] = handler->wants[i];
    }
    wants[count] = NULL;
}

bool gh_copy_text(const json_t *tree, const char *path, char *to, size_t size, struct err *err)
{
    const char *text = "";

    if (payload_get(tree, path) != NULL && !json_is_null(payload_get(tree, path)) &&
        !payload_str(tree, path, &text, err))
        return false;
    if (strlen(text) >= size)
        return err_set(err, ERR_PARSE, "'%s' is longer than %zu bytes", path, size - 1);
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool copy_number(const json_t *tree, const char *path, int64_t *ret, struct err *err)
{
    if (payload_get(tree, path) == NULL || json_is_null(payload_get(tree, path)))
        return true;
    return payload_int(tree, path, ret, err);
}

static bool read_common(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    facts->is_fork = payload_bool_or(tree, "repository.fork", false);
    return gh_copy_text(tree, "action", facts->action, sizeof(facts->action), err) &&
           copy_number(tree, "repository.id", &facts->repository_id, err) &&
           gh_copy_text(tree, "repository.full_name", facts->repository, sizeof(facts->repository),
                        err) &&
           gh_copy_text(tree, "repository.default_branch", facts->default_branch,
                        sizeof(facts->default_branch), err) &&
           copy_number(tree, "sender.id", &facts->sender_id, err) &&
           gh_copy_text(tree, "sender.login", facts->sender, sizeof(facts->sender), err);
}

bool gh_read(const struct gh_handler *handler, const char *body, size_t body_bytes,
             struct gh_facts *ret_facts, struct err *err)
{
    const char *wants[PAYLOAD_WANTS_MAX + 1];
    AUTO(json) json_t *tree = NULL;

    merge_wants(handler, wants);
    memset(ret_facts, 0, sizeof(*ret_facts));
    if (!payload_project(body, body_bytes, wants, &tree, err) ||
        !read_common(tree, ret_facts, err) || !handler->handle(tree, ret_facts, err))
        return err_wrap(err, "%s payload", handler->event);
    assert(ret_facts->signals_count > 0 || ret_facts->reason.code != REASON_NONE);
    return true;
}

struct gh_signal *gh_add_signal(struct gh_facts *facts, enum gh_signal_kind kind)
{
    assert(facts->signals_count < GH_SIGNALS_MAX);
    struct gh_signal *signal = &facts->signals[facts->signals_count++];

    *signal = (struct gh_signal){.kind = kind};
    return signal;
}
