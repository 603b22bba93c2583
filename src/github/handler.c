#include "github/handler.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/rfc3339.h"
#include "github/payload.h"

/* What is read of every delivery, whoever handles it. */
static const char *const common_wants[] = {
    "action",    "repository.id", "repository.full_name",      "repository.fork",
    "sender.id", "sender.login",  "repository.default_branch", "sender.type",
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

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

bool gh_copy_text(const json_t *tree, const char *path, char *to, size_t size, struct err *err)
{
    const char *text = "";

    if (!is_absent(payload_get(tree, path)) && !payload_str(tree, path, &text, err))
        return false;
    if (strlen(text) >= size)
        return err_set(err, ERR_PARSE, "'%s' is longer than %zu bytes", path, size - 1);
    memcpy(to, text, strlen(text) + 1);
    return true;
}

bool gh_copy_name(const json_t *tree, const char *path, char *to, size_t size, struct err *err)
{
    if (!gh_copy_text(tree, path, to, size, err))
        return false;
    return to[0] != '\0' || err_set(err, ERR_PARSE, "'%s' is missing or empty", path);
}

void gh_copy_cut(const json_t *tree, const char *path, char *to, size_t size)
{
    const char *text = payload_str_or(tree, path, "");
    size_t len = strlen(text);

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(to, text, len);
    to[len] = '\0';
}

bool gh_copy_words(const json_t *tree, const char *path, char *to, size_t size, struct err *err)
{
    const json_t *value = payload_get(tree, path);

    if (!is_absent(value) && !json_is_string(value))
        return err_set(err, ERR_PARSE, "'%s' is no text", path);
    gh_copy_cut(tree, path, to, size);
    return true;
}

void gh_copy_url(const json_t *tree, const char *path, char *to, size_t size)
{
    const char *url = payload_str_or(tree, path, "");
    bool is_usable = strncmp(url, "https://", 8) == 0 && strlen(url) < size;

    snprintf(to, size, "%s", is_usable ? url : "");
}

static bool copy_number(const json_t *tree, const char *path, int64_t *ret, struct err *err)
{
    if (is_absent(payload_get(tree, path)))
        return true;
    return payload_int(tree, path, ret, err);
}

/* An object, or nothing. */
static bool expect_object(const json_t *tree, const char *path, struct err *err)
{
    const json_t *value = payload_get(tree, path);

    return is_absent(value) || json_is_object(value) ||
           err_set(err, ERR_PARSE, "'%s' is no object", path);
}

/* The path of a key, so that errors name it in full. */
static const char *below(const char *path, const char *key, char full[96])
{
    int len = snprintf(full, 96, "%s.%s", path, key);

    assert(len > 0 && len < 96);
    return full;
}

/* Only bots have brackets in their logins. */
static bool is_bot(const char *type, const char *login)
{
    return type[0] != '\0' ? strcmp(type, "User") != 0 : strchr(login, '[') != NULL;
}

bool gh_copy_person(const json_t *tree, const char *path, struct gh_person *to, struct err *err)
{
    char full[96];
    char type[GH_WORD_MAX] = "";

    if (!expect_object(tree, path, err) ||
        !copy_number(tree, below(path, "id", full), &to->id, err) ||
        !gh_copy_text(tree, below(path, "login", full), to->login, sizeof(to->login), err) ||
        !gh_copy_text(tree, below(path, "type", full), type, sizeof(type), err))
        return false;
    to->is_bot = is_bot(type, to->login);
    return true;
}

bool gh_copy_sha(const json_t *tree, const char *path, bool or_none, struct git_sha *to,
                 struct err *err)
{
    const char *text = NULL;

    if (or_none && is_absent(payload_get(tree, path)))
        return true;
    return (payload_str(tree, path, &text, err) && git_sha_parse(text, to, err)) ||
           err_wrap(err, "'%s'", path);
}

void gh_copy_key(const json_t *tree, const char *path, char key[GH_WORD_MAX])
{
    static const char *const own[] = {"envflow.deployment", NULL};
    const json_t *payload = payload_get(tree, path);
    AUTO(json) json_t *parsed = NULL;
    struct err unread;

    key[0] = '\0';
    if (json_is_string(payload)) {
        if (!payload_project(json_string_value(payload), json_string_length(payload), own, &parsed,
                             &unread))
            return; /* somebody's own text */
        payload = parsed;
    }
    if (!gh_copy_text(payload, "envflow.deployment", key, GH_WORD_MAX, &unread))
        key[0] = '\0';
}

bool gh_copy_request(const json_t *tree, const char *path, struct gh_request *to, struct err *err)
{
    char full[96];

    return expect_object(tree, path, err) &&
           gh_copy_text(tree, below(path, "from", full), to->from, sizeof(to->from), err) &&
           gh_copy_name(tree, below(path, "to", full), to->to, sizeof(to->to), err) &&
           gh_copy_text(tree, below(path, "release", full), to->release, sizeof(to->release),
                        err) &&
           gh_copy_text(tree, below(path, "branch", full), to->branch, sizeof(to->branch), err) &&
           gh_copy_words(tree, below(path, "reason", full), to->reason, sizeof(to->reason), err);
}

/* Whole seconds in push events, text in other ones. */
int64_t gh_time_ms(const json_t *tree, const char *path)
{
    int64_t time_ms = payload_int_or(tree, path, 0);
    struct err unread;

    if (time_ms > 0 && time_ms < INT64_MAX / 1000)
        return time_ms * 1000;
    return rfc3339_parse(payload_str_or(tree, path, ""), &time_ms, &unread) ? time_ms : 0;
}

static bool read_sender(const json_t *tree, struct gh_facts *facts, struct err *err)
{
    struct gh_person sender = {0};

    if (!gh_copy_person(tree, "sender", &sender, err))
        return false;
    facts->sender_id = sender.id;
    memcpy(facts->sender, sender.login, sizeof(sender.login));
    facts->is_sender_bot = sender.is_bot;
    return true;
}

static bool read_common(const json_t *tree, bool may_lack_repository, struct gh_facts *facts,
                        struct err *err)
{
    facts->is_fork = payload_bool_or(tree, "repository.fork", false);
    if (!gh_copy_words(tree, "action", facts->action, sizeof(facts->action), err) ||
        !copy_number(tree, "repository.id", &facts->repository_id, err) ||
        !gh_copy_text(tree, "repository.full_name", facts->repository, sizeof(facts->repository),
                      err) ||
        !gh_copy_text(tree, "repository.default_branch", facts->default_branch,
                      sizeof(facts->default_branch), err) ||
        !read_sender(tree, facts, err))
        return false;
    if (!may_lack_repository && (facts->repository_id == 0 || facts->repository[0] == '\0'))
        return err_set(err, ERR_PARSE, "'repository.id' or 'repository.full_name' is missing");
    return true;
}

bool gh_read(const struct gh_handler *handler, const char *body, size_t body_bytes,
             struct gh_facts *ret_facts, struct err *err)
{
    const char *wants[PAYLOAD_WANTS_MAX + 1];
    AUTO(json) json_t *tree = NULL;

    merge_wants(handler, wants);
    memset(ret_facts, 0, sizeof(*ret_facts));
    if (!payload_project(body, body_bytes, wants, &tree, err) ||
        !read_common(tree, handler->may_lack_repository, ret_facts, err) ||
        !handler->handle(tree, ret_facts, err))
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
