#include "payloads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/rfc3339.h"
#include "world.h"

#define SHA_DIGITS 40

/* ---- arguments ---- */

static const char *text_or(json_t *arguments, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(arguments, key));

    return text != NULL ? text : otherwise;
}

static int64_t number_or(json_t *arguments, const char *key, int64_t otherwise)
{
    json_t *number = json_object_get(arguments, key);

    return json_is_integer(number) ? json_integer_value(number) : otherwise;
}

const char *payload_sha(const char *digits)
{
    static char texts[2][SHA_DIGITS + 1];
    static unsigned turn;
    char *text = texts[turn++ % 2];
    size_t len = strlen(digits);

    if (len > SHA_DIGITS || strspn(digits, "0123456789abcdef") != len)
        world_fail("'%s' is no commit", digits);
    memset(text, '0', SHA_DIGITS);
    memcpy(text, digits, len);
    return text;
}

static json_t *sha_or(json_t *arguments, const char *key, const char *otherwise)
{
    return json_string(payload_sha(text_or(arguments, key, otherwise)));
}

/* "octocat#1", or NULL. */
static json_t *person(const char *text, bool is_bot)
{
    const char *hash = text != NULL ? strchr(text, '#') : NULL;

    if (hash == NULL)
        return json_null();
    return json_pack("{s:s%, s:I, s:s}", "login", text, (size_t)(hash - text), "id",
                     (json_int_t)strtoll(hash + 1, NULL, 10), "type", is_bot ? "Bot" : "User");
}

static json_t *person_of(json_t *arguments, const char *key)
{
    return person(text_or(arguments, key, NULL), json_is_true(json_object_get(arguments, "bot")));
}

/* acme/shop is 42; the id of any other follows from its name. */
static json_int_t repository_id(const char *name)
{
    uint32_t sum = 2166136261U;

    if (strcmp(name, "acme/shop") == 0)
        return 42;
    for (; *name != '\0'; name++)
        sum = (sum ^ (unsigned char)*name) * 16777619U;
    return (json_int_t)sum;
}

static json_t *common(json_t *arguments, const char *action)
{
    const char *repository = text_or(arguments, "repository", "acme/shop");
    json_t *payload =
        json_pack("{s:{s:I, s:s, s:b, s:s}, s:o}", "repository", "id",
                  (json_int_t)number_or(arguments, "repository_id", repository_id(repository)),
                  "full_name", repository, "fork", 0, "default_branch", "main", "sender",
                  person(text_or(arguments, "sender", "github#5"),
                         json_is_true(json_object_get(arguments, "bot"))));

    if (action != NULL)
        json_object_set_new(payload, "action", json_string(action));
    return payload;
}

static json_t *time_text(const struct payload_names *names)
{
    char text[RFC3339_SIZE];

    return json_string(rfc3339_format(names->now_ms, text));
}

/* ---- events ---- */

static json_t *make_push(json_t *arguments, const struct payload_names *names)
{
    const char *branch = text_or(arguments, "branch", "main");
    const char *repository = text_or(arguments, "repository", "acme/shop");
    json_t *payload = common(arguments, NULL);
    char ref[256];
    char key[512];

    snprintf(ref, sizeof(ref), "refs/heads/%s", branch);
    snprintf(key, sizeof(key), "%s %s", repository, branch);
    const char *before = text_or(arguments, "before", text_or(names->heads, key, ""));
    const char *after = payload_sha(text_or(arguments, "sha", ""));
    json_object_update_new(
        payload, json_pack("{s:s, s:o, s:s, s:b, s:b, s:b}", "ref", text_or(arguments, "ref", ref),
                           "before", json_string(payload_sha(before)), "after", after, "created",
                           before[0] == '\0', "deleted", strspn(after, "0") == SHA_DIGITS, "forced",
                           json_is_true(json_object_get(arguments, "forced"))));
    json_object_set_new(payload, "commits", json_array());
    json_object_set_new(payload, "head_commit",
                        json_pack("{s:s, s:s}", "id", after, "message",
                                  text_or(arguments, "title", "Merge pull request #1")));
    json_object_set_new(json_object_get(payload, "repository"), "pushed_at",
                        json_integer(names->now_ms / 1000));
    json_object_set_new(names->heads, key, json_string(after));
    return payload;
}

/* One job for every environment named. */
static json_t *jobs_of(json_t *arguments)
{
    json_t *environments = json_object_get(arguments, "environments");
    json_t *jobs = json_array();

    for (size_t i = 0; i < json_array_size(environments); i++)
        json_array_append_new(jobs,
                              json_pack("{s:I, s:O, s:s}", "id", (json_int_t)i + 1, "environment",
                                        json_array_get(environments, i), "status", "waiting"));
    if (json_array_size(jobs) == 0)
        json_array_append_new(
            jobs, json_pack("{s:i, s:s, s:s}", "id", 1, "environment",
                            text_or(arguments, "environment", "promotion-approval-prod"), "status",
                            "waiting"));
    return jobs;
}

/* The run's name carries the promotion's id, as that of promote-release.yml does. */
static json_t *run_of(json_t *arguments, const struct payload_names *names)
{
    const char *promotion = text_or(arguments, "promotion", "");
    const char *id = text_or(names->promotions, promotion, "");
    char title[256];

    if (promotion[0] != '\0' && id[0] == '\0')
        world_fail("nothing is called %s", promotion);
    snprintf(title, sizeof(title), "Promote (%s)", id);
    return json_pack("{s:I, s:s, s:o, s:s, s:s, s:o, s:s}", "id",
                     (json_int_t)number_or(arguments, "run", 7001), "display_title",
                     text_or(arguments, "title", title), "head_sha",
                     sha_or(arguments, "sha", "beef"), "head_branch", "main", "status",
                     text_or(arguments, "status", "waiting"), "conclusion",
                     json_object_get(arguments, "conclusion") != NULL
                         ? json_incref(json_object_get(arguments, "conclusion"))
                         : json_null(),
                     "path", ".github/workflows/promote-release.yml");
}

static json_t *make_review(json_t *arguments, const struct payload_names *names, const char *action)
{
    json_t *payload = common(arguments, action);
    bool is_request = strcmp(action, "requested") == 0;

    json_object_update_new(payload, json_pack("{s:o, s:o, s:s, s:{s:s, s:i}}", "workflow_run",
                                              run_of(arguments, names), "since", time_text(names),
                                              "comment", text_or(arguments, "comment", ""),
                                              "organization", "login", "acme", "id", 7));
    json_object_set_new(payload, is_request ? "requestor" : "approver", person_of(arguments, "by"));
    if (is_request)
        json_object_set_new(
            payload, "environment",
            json_string(text_or(arguments, "environment", "promotion-approval-prod")));
    else
        json_object_set_new(payload, "workflow_job_runs", jobs_of(arguments));
    return payload;
}

static json_t *make_approve(json_t *arguments, const struct payload_names *names)
{
    return make_review(arguments, names, "approved");
}

static json_t *make_reject(json_t *arguments, const struct payload_names *names)
{
    return make_review(arguments, names, "rejected");
}

static json_t *make_request(json_t *arguments, const struct payload_names *names)
{
    return make_review(arguments, names, "requested");
}

static json_t *make_pull_review(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = common(arguments, text_or(arguments, "action", "submitted"));

    json_object_set_new(payload, "review",
                        json_pack("{s:I, s:s, s:o, s:o, s:s, s:o}", "id", (json_int_t)names->now_ms,
                                  "state", text_or(arguments, "state", "approved"), "commit_id",
                                  sha_or(arguments, "sha", ""), "user", person_of(arguments, "by"),
                                  "body", text_or(arguments, "comment", ""), "submitted_at",
                                  time_text(names)));
    json_object_set_new(
        payload, "pull_request",
        json_pack("{s:I}", "number", (json_int_t)number_or(arguments, "number", 1)));
    return payload;
}

static json_t *make_merged(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = common(arguments, "closed");

    json_object_set_new(payload, "number",
                        json_integer((json_int_t)number_or(arguments, "number", 1)));
    json_object_set_new(payload, "pull_request",
                        json_pack("{s:b, s:o, s:{s:s}, s:o, s:o, s:o}", "merged", 1,
                                  "merge_commit_sha", sha_or(arguments, "sha", ""), "base", "ref",
                                  "main", "user", person_of(arguments, "author"), "merged_by",
                                  person_of(arguments, "by"), "merged_at", time_text(names)));
    return payload;
}

static json_t *deployment_of(json_t *arguments, const struct payload_names *names)
{
    json_t *given = json_object_get(arguments, "payload");

    return json_pack("{s:I, s:s, s:o, s:s, s:o, s:o, s:o}", "id",
                     (json_int_t)number_or(arguments, "deployment", 900), "environment",
                     text_or(arguments, "environment", "prod"), "sha", sha_or(arguments, "sha", ""),
                     "ref", text_or(arguments, "ref", "main"), "payload",
                     given != NULL ? json_incref(given) : json_string(""), "creator",
                     person_of(arguments, "by"), "created_at", time_text(names));
}

static json_t *make_deployment(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = common(arguments, "created");

    json_object_set_new(payload, "deployment", deployment_of(arguments, names));
    return payload;
}

static json_t *make_status(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = make_deployment(arguments, names);

    json_object_set_new(payload, "deployment_status",
                        json_pack("{s:I, s:s, s:s}", "id",
                                  (json_int_t)number_or(arguments, "status", 1), "state",
                                  text_or(arguments, "state", "success"), "environment",
                                  text_or(arguments, "environment", "prod")));
    return payload;
}

static json_t *make_run(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = common(arguments, text_or(arguments, "action", "completed"));

    json_object_set_new(payload, "workflow_run", run_of(arguments, names));
    return payload;
}

static json_t *make_dispatch(json_t *arguments, const struct payload_names *names)
{
    char action[64];

    snprintf(action, sizeof(action), "envflow-%s", text_or(arguments, "kind", "promote"));
    json_t *payload = common(arguments, action);
    json_t *client = json_copy(arguments);
    json_object_del(client, "kind");
    json_object_set_new(client, "sent_at", time_text(names));
    json_object_set_new(payload, "client_payload", client);
    json_object_set_new(payload, "branch", json_string("main"));
    return payload;
}

static json_t *make_ping(json_t *arguments, const struct payload_names *names)
{
    json_t *payload = common(arguments, NULL);

    (void)names;
    json_object_update_new(payload, json_pack("{s:s, s:i, s:{s:s, s:[s], s:{s:s, s:s}}}", "zen",
                                              "Keep it logical", "hook_id", 12, "hook", "type",
                                              "Repository", "events", "push", "config",
                                              "content_type", "json", "insecure_ssl", "0"));
    return payload;
}

static const struct {
    const char *shorthand, *event;
    json_t *(*make)(json_t *arguments, const struct payload_names *names);
} shorthands[] = {
    {"push", "push", make_push},
    {"approve", "deployment_review", make_approve},
    {"reject", "deployment_review", make_reject},
    {"review_requested", "deployment_review", make_request},
    {"pull_review", "pull_request_review", make_pull_review},
    {"merged", "pull_request", make_merged},
    {"deployment", "deployment", make_deployment},
    {"deployment_status", "deployment_status", make_status},
    {"run", "workflow_run", make_run},
    {"dispatch", "repository_dispatch", make_dispatch},
    {"ping", "ping", make_ping},
};

json_t *payload_make(const char *shorthand, json_t *arguments, const struct payload_names *names,
                     const char **ret_event)
{
    for (size_t i = 0; i < ARRAY_LEN(shorthands); i++) {
        if (strcmp(shorthands[i].shorthand, shorthand) != 0)
            continue;
        json_t *payload = shorthands[i].make(arguments, names);
        if (payload == NULL)
            world_fail("%s cannot be made of these arguments", shorthand);
        *ret_event = shorthands[i].event;
        return payload;
    }
    return NULL;
}
