/*
 * Any bytes at all as the payload of any event: reading ends as malformed or too costly, or gives
 * signals whose names are there, whose texts are whole characters, and whose commits are commits.
 *
 * The first byte chooses the handler, the rest is the payload.
 */
#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/git_sha.h"
#include "github/payload.h"
#include "handlers.h"

#define PARSE_BYTES_MAX (16 * MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    assert(memchr(text, '\0', size) != NULL);
    json_t *valid = json_string(text); /* NULL unless it is UTF-8 */
    assert(valid != NULL);
    json_decref(valid);
}

static void check_name(const char *text, size_t size)
{
    check_text(text, size);
    assert(text[0] != '\0');
}

static void check_sha(const struct git_sha *sha)
{
    struct git_sha parsed;
    struct err err;

    check_text(sha->hex, sizeof(sha->hex));
    assert(sha->hex[0] == '\0' || git_sha_parse(sha->hex, &parsed, &err));
}

static void check_url(const char url[GH_URL_MAX])
{
    check_text(url, GH_URL_MAX);
    assert(url[0] == '\0' || strncmp(url, "https://", 8) == 0);
}

static void check_person(const struct gh_person *person)
{
    check_text(person->login, sizeof(person->login));
}

static void check_push(const struct gh_push *push)
{
    check_name(push->branch, sizeof(push->branch));
    check_sha(&push->push.before);
    check_sha(&push->push.after);
    check_text(push->title, sizeof(push->title));
}

static void check_ping(const struct gh_ping *ping)
{
    check_text(ping->hook_type, sizeof(ping->hook_type));
    check_text(ping->content_type, sizeof(ping->content_type));
    check_text(ping->events, sizeof(ping->events));
}

static void check_deployment(const struct gh_deployment *deployment)
{
    check_name(deployment->environment, sizeof(deployment->environment));
    check_name(deployment->ref, sizeof(deployment->ref));
    check_name(deployment->sha.hex, sizeof(deployment->sha.hex));
    check_sha(&deployment->sha);
    check_text(deployment->key, sizeof(deployment->key));
    check_person(&deployment->creator);
}

static void check_status(const struct gh_deployment_status *status)
{
    check_name(status->environment, sizeof(status->environment));
    check_name(status->state, sizeof(status->state));
    check_sha(&status->sha);
    check_text(status->key, sizeof(status->key));
    check_url(status->url);
}

static void check_review(const struct gh_review *review, const struct gh_facts *facts)
{
    size_t same = 0;

    check_name(review->environment, sizeof(review->environment));
    check_person(&review->reviewer);
    check_person(&review->requester);
    check_text(review->comment, sizeof(review->comment));
    check_text(review->run_title, sizeof(review->run_title));
    check_sha(&review->head_sha);
    for (size_t i = 0; i < facts->signals_count; i++)
        same += strcmp(facts->signals[i].as.review.environment, review->environment) == 0;
    assert(same == 1); /* nobody votes twice in one review */
}

static void check_pull_review(const struct gh_pull_review *review)
{
    check_name(review->sha.hex, sizeof(review->sha.hex));
    check_sha(&review->sha);
    check_person(&review->reviewer);
    check_text(review->comment, sizeof(review->comment));
}

static void check_pull(const struct gh_pull *pull)
{
    check_name(pull->merge_sha.hex, sizeof(pull->merge_sha.hex));
    check_sha(&pull->merge_sha);
    check_name(pull->base, sizeof(pull->base));
    check_person(&pull->author);
    check_person(&pull->merger);
}

static void check_run(const struct gh_run *run)
{
    check_text(run->title, sizeof(run->title));
    check_text(run->path, sizeof(run->path));
    assert(strchr(run->path, '@') == NULL);
    check_sha(&run->head_sha);
    check_name(run->status, sizeof(run->status));
    check_text(run->conclusion, sizeof(run->conclusion));
    check_url(run->url);
    check_person(&run->actor);
}

static void check_request(const struct gh_request *request)
{
    check_name(request->to, sizeof(request->to));
    check_text(request->from, sizeof(request->from));
    check_text(request->release, sizeof(request->release));
    check_text(request->branch, sizeof(request->branch));
    check_text(request->reason, sizeof(request->reason));
}

static void check_signal(const struct gh_signal *signal, const struct gh_facts *facts)
{
    switch (signal->kind) {
    case GH_PUSH:
        check_push(&signal->as.push);
        return;
    case GH_PING:
        check_ping(&signal->as.ping);
        return;
    case GH_DEPLOYMENT:
        check_deployment(&signal->as.deployment);
        return;
    case GH_DEPLOYMENT_STATUS:
        check_status(&signal->as.deployment_status);
        return;
    case GH_REVIEW:
        check_review(&signal->as.review, facts);
        return;
    case GH_PULL_REVIEW:
        check_pull_review(&signal->as.pull_review);
        return;
    case GH_PULL:
        check_pull(&signal->as.pull);
        return;
    case GH_RUN:
        check_run(&signal->as.run);
        return;
    case GH_REQUEST:
        check_request(&signal->as.request);
        return;
    case GH_SIGNAL_COUNT:
        break;
    }
    assert(false);
}

static void check_facts(const struct gh_handler *handler, const struct gh_facts *facts)
{
    check_text(facts->action, sizeof(facts->action));
    check_text(facts->repository, sizeof(facts->repository));
    check_text(facts->default_branch, sizeof(facts->default_branch));
    check_text(facts->sender, sizeof(facts->sender));
    assert(handler->may_lack_repository || facts->repository_id != 0);
    assert(facts->signals_count <= GH_SIGNALS_MAX);
    assert(facts->signals_count > 0 || facts->reason.text[0] != '\0');
    for (size_t i = 0; i < facts->signals_count; i++)
        check_signal(&facts->signals[i], facts);
}

static const struct gh_handler *choose(uint8_t byte)
{
    size_t count = 0;

    while (handler_at(count) != NULL)
        count++;
    assert(count > 0);
    return handler_at(byte % count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    static struct gh_facts facts;
    struct err err;

    if (!is_ready)
        payload_init();
    is_ready = true;
    if (size == 0)
        return 0;
    const struct gh_handler *handler = choose(data[0]);
    payload_set_budget(PARSE_BYTES_MAX);
    bool read = gh_read(handler, (const char *)data + 1, size - 1, &facts, &err);
    payload_set_budget(0);
    if (read)
        check_facts(handler, &facts);
    else
        assert((err.code == ERR_PARSE || err.code == ERR_LIMIT) && err.text[0] != '\0');
    return 0;
}
