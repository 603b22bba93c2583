#include "made_up_int.h"

#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/hex.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/rfc3339.h"

#define LOGIN   "envflow-send"
#define USER_ID 1000001
#define WEB     "https://github.com/"
#define API     "https://api.github.com/repos/"

bool made_up_is_nothing(const struct git_sha *sha)
{
    return strspn(sha->hex, "0") == strlen(sha->hex);
}

struct git_sha made_up_sha(void)
{
    uint8_t bytes[20];
    struct git_sha sha;

    random_bytes(bytes, sizeof(bytes));
    hex_format(bytes, sizeof(bytes), sha.hex);
    return sha;
}

int64_t made_up_repository_id(const char *repository)
{
    return 1 + (int64_t)(crc32c(0, repository, strlen(repository)) & 0x3FFFFFFF);
}

static void put_joined(struct jsonw *w, const char *key, const char *a, const char *b,
                       const char *c)
{
    struct buf text = BUF_INIT(4 * KIB);

    buf_printf(&text, "%s%s%s", a, b, c);
    jsonw_text(w, key, buf_text(&text));
    buf_done(&text);
}

static void put_account(struct jsonw *w, const char *key, const char *login, int64_t id)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "login", login);
    jsonw_int(w, "id", id);
    jsonw_text(w, "node_id", "U_made_up");
    put_joined(w, "url", "https://api.github.com/users/", login, "");
    put_joined(w, "html_url", WEB, login, "");
    jsonw_text(w, "type", "User");
    jsonw_bool(w, "site_admin", false);
    jsonw_close_object(w);
}

static void put_signature(struct jsonw *w, const char *key)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "name", LOGIN);
    jsonw_text(w, "email", LOGIN "@users.noreply.github.com");
    jsonw_text(w, "username", LOGIN);
    jsonw_close_object(w);
}

/* Inside a push, unlike everywhere else, created_at and pushed_at are seconds of Unix time. */
static void put_repository(struct jsonw *w, const struct made_up *facts, bool is_push)
{
    size_t owner_len = strcspn(facts->repository, "/");
    const char *name = facts->repository + owner_len + 1;
    char owner[REPO_NAME_MAX];

    snprintf(owner, sizeof(owner), "%.*s", (int)owner_len, facts->repository);
    jsonw_open_object(w, "repository");
    jsonw_int(w, "id", made_up_repository_id(facts->repository));
    jsonw_text(w, "node_id", "R_made_up");
    jsonw_text(w, "name", name);
    jsonw_text(w, "full_name", facts->repository);
    jsonw_bool(w, "private", true);
    put_account(w, "owner", owner, made_up_repository_id(owner));
    put_joined(w, "html_url", WEB, facts->repository, "");
    jsonw_null(w, "description");
    jsonw_bool(w, "fork", false);
    put_joined(w, "url", is_push ? WEB : API, facts->repository, "");
    put_joined(w, "git_url", "git://github.com/", facts->repository, ".git");
    put_joined(w, "ssh_url", "git@github.com:", facts->repository, ".git");
    put_joined(w, "clone_url", WEB, facts->repository, ".git");
    if (is_push) {
        jsonw_int(w, "created_at", facts->now_ms / 1000 - 86400);
        jsonw_int(w, "pushed_at", facts->now_ms / 1000);
    } else {
        jsonw_time(w, "created_at", facts->now_ms - 86400000);
        jsonw_time(w, "pushed_at", facts->now_ms);
    }
    jsonw_time(w, "updated_at", facts->now_ms);
    jsonw_int(w, "size", 0);
    jsonw_text(w, "language", "C");
    jsonw_bool(w, "archived", false);
    jsonw_bool(w, "disabled", false);
    jsonw_text(w, "visibility", "private");
    jsonw_text(w, "default_branch", "main");
    if (is_push)
        jsonw_text(w, "master_branch", "main");
    jsonw_close_object(w);
}

static void put_commit_url(struct jsonw *w, const struct made_up *facts)
{
    struct buf path = BUF_INIT(KIB);

    buf_printf(&path, "/commit/%s", facts->after.hex);
    put_joined(w, "url", WEB, facts->repository, buf_text(&path));
    buf_done(&path);
}

static void put_commit(struct jsonw *w, const char *key, const struct made_up *facts)
{
    jsonw_open_object(w, key);
    jsonw_text(w, "id", facts->after.hex);
    jsonw_text(w, "tree_id", facts->after.hex);
    jsonw_bool(w, "distinct", true);
    jsonw_text(w, "message", facts->title);
    jsonw_time(w, "timestamp", facts->now_ms);
    put_commit_url(w, facts);
    put_signature(w, "author");
    put_signature(w, "committer");
    jsonw_open_array(w, "added");
    jsonw_close_array(w);
    jsonw_open_array(w, "removed");
    jsonw_close_array(w);
    jsonw_open_array(w, "modified");
    jsonw_text(w, NULL, "README.md");
    jsonw_close_array(w);
    jsonw_close_object(w);
}

static void put_commits(struct jsonw *w, const struct made_up *facts, bool is_deletion)
{
    jsonw_open_array(w, "commits");
    if (!is_deletion)
        put_commit(w, NULL, facts);
    jsonw_close_array(w);
    if (is_deletion)
        jsonw_null(w, "head_commit");
    else
        put_commit(w, "head_commit", facts);
}

static void put_compare(struct jsonw *w, const struct made_up *facts)
{
    struct buf range = BUF_INIT(KIB);

    buf_printf(&range, "/compare/%.12s...%.12s", facts->before.hex, facts->after.hex);
    put_joined(w, "compare", WEB, facts->repository, buf_text(&range));
    buf_done(&range);
}

void made_up_push(const struct made_up *facts, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);
    bool is_deletion = made_up_is_nothing(&facts->after);

    jsonw_open_object(&w, NULL);
    put_joined(&w, "ref", "refs/heads/", facts->branch, "");
    jsonw_text(&w, "before", facts->before.hex);
    jsonw_text(&w, "after", facts->after.hex);
    put_repository(&w, facts, true);
    jsonw_open_object(&w, "pusher");
    jsonw_text(&w, "name", LOGIN);
    jsonw_text(&w, "email", LOGIN "@users.noreply.github.com");
    jsonw_close_object(&w);
    put_account(&w, "sender", LOGIN, USER_ID);
    jsonw_bool(&w, "created", made_up_is_nothing(&facts->before));
    jsonw_bool(&w, "deleted", is_deletion);
    jsonw_bool(&w, "forced", false);
    jsonw_null(&w, "base_ref");
    put_compare(&w, facts);
    put_commits(&w, facts, is_deletion);
    jsonw_close_object(&w);
}

void made_up_ping(const struct made_up *facts, struct buf *out)
{
    struct jsonw w = JSONW_INIT(out);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "zen", "Made up by envflow send.");
    jsonw_int(&w, "hook_id", facts->hook_id);
    jsonw_open_object(&w, "hook");
    jsonw_text(&w, "type", "Repository");
    jsonw_int(&w, "id", facts->hook_id);
    jsonw_text(&w, "name", "web");
    jsonw_bool(&w, "active", true);
    jsonw_open_array(&w, "events");
    jsonw_text(&w, NULL, "push");
    jsonw_close_array(&w);
    jsonw_open_object(&w, "config");
    jsonw_text(&w, "content_type", "json");
    jsonw_text(&w, "insecure_ssl", "0");
    jsonw_text(&w, "secret", "********");
    jsonw_text(&w, "url", "http://localhost/webhooks/github");
    jsonw_close_object(&w);
    jsonw_time(&w, "updated_at", facts->now_ms);
    jsonw_time(&w, "created_at", facts->now_ms);
    jsonw_close_object(&w);
    put_repository(&w, facts, false);
    put_account(&w, "sender", LOGIN, USER_ID);
    jsonw_close_object(&w);
}
