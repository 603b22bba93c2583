/*
 * handlers: what each event about promotions says. Every case is a payload of our own making, in
 * the shape that GitHub publishes, and what is made of it, written out in full; each pins one of
 * the ways in which payloads differ from what one would expect of them.
 */
#include "support/test.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/file.h"
#include "github/payload.h"
#include "handlers.h"
#include "support/bend.h"

#define FIXTURES TESTS_DIR "/fixtures/github"

#define MAIN "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
#define HEAD "beef0000beef0000beef0000beef0000beef0000"
#define KEY  "01JDK3V5Q8ZC4T7N9RX2MWB6HE"
#define HUB  "https://github.com/acme/shop/actions/runs/61700"

/* What most payloads of an event have in common, as it is told below. */
#define MONA    "mona#2903"
#define OCTOCAT "octocat#583231"
#define HUBOT   "hubot[bot]#480938(bot)"
#define DEPLOYMENT(id, ref, key, creator)                                                          \
    "deployment " id " environment=staging sha=" MAIN " ref=" ref " key=" key " creator=" creator  \
    " created=1795168803000"
#define STATUS(state, key, url)                                                                    \
    "status 9001 of=410 environment=staging sha=" MAIN " state=" state " key=" key " url=" url
#define LOG    "https://ci.acme.example/builds/7/log"
#define IN_RUN " run=61700 title='Promote " KEY " to prod' head=" MAIN
#define REQUESTED(requester)                                                                       \
    "review requested environment=promotion-approval-prod reviewer=nobody requester=" requester    \
    " comment=''" IN_RUN
#define REVIEW(verdict, environment, reviewer, comment, run)                                       \
    "review " verdict " environment=promotion-approval-" environment " reviewer=" reviewer         \
    " requester=nobody comment='" comment "'" run
#define APPROVED(environment, reviewer)                                                            \
    REVIEW("approved", environment, reviewer, "Looks good", IN_RUN)
#define MERGED(author, merger)                                                                     \
    "pull #42 sha=" MAIN " base=main author=" author " merger=" merger " merged=1795168798000"
#define PULL_REVIEW(verdict, reviewer, comment)                                                    \
    "pull_review " verdict " #42 sha=" HEAD " reviewer=" reviewer " comment='" comment "'"
#define RUN(id, status, conclusion, actor)                                                         \
    "state of run " id " title='Promote " KEY                                                      \
    " to prod' path=.github/workflows/promote-release.yml head=" MAIN " status=" status            \
    " conclusion=" conclusion " url=" HUB " actor=" actor
#define JOB(run_id, status, conclusion)                                                            \
    "job of run " run_id " title='' path= head=" MAIN " status=" status " conclusion=" conclusion  \
    " url=" HUB "/job/91 actor=nobody"
#define PROMOTE                                                                                    \
    "promote from=staging to=prod release=2026.11.3 branch= reason='Black Friday' sender=" OCTOCAT

static const struct gh_handler *const handlers[] = {
    &handler_deployment,   &handler_deployment_status,   &handler_deployment_review,
    &handler_pull_request, &handler_pull_request_review, &handler_workflow_run,
    &handler_workflow_job, &handler_repository_dispatch, &handler_workflow_dispatch,
};

static int set_up(void **state UNUSED)
{
    payload_init();
    return 0;
}

/* ---- signals as text ---- */

static void tell_person(struct buf *out, const char *role, const struct gh_person *person)
{
    if (person->id == 0 && person->login[0] == '\0')
        buf_printf(out, " %s=nobody", role);
    else
        buf_printf(out, " %s=%s#%" PRId64 "%s", role, person->login, person->id,
                   person->is_bot ? "(bot)" : "");
}

static void tell_deployment(struct buf *out, const struct gh_deployment *deployment)
{
    buf_printf(out, "deployment %" PRId64 " environment=%s sha=%s ref=%s key=%s", deployment->id,
               deployment->environment, deployment->sha.hex, deployment->ref, deployment->key);
    tell_person(out, "creator", &deployment->creator);
    buf_printf(out, " created=%" PRId64, deployment->created_ms);
}

static void tell_status(struct buf *out, const struct gh_deployment_status *status)
{
    buf_printf(out,
               "status %" PRId64 " of=%" PRId64 " environment=%s sha=%s state=%s key=%s url=%s",
               status->status_id, status->deployment_id, status->environment, status->sha.hex,
               status->state, status->key, status->url);
}

static void tell_review(struct buf *out, const struct gh_review *review)
{
    static const char *const verdicts[] = {
        [GH_REVIEW_REQUESTED] = "requested",
        [GH_REVIEW_APPROVED] = "approved",
        [GH_REVIEW_REJECTED] = "rejected",
    };

    buf_printf(out, "review %s environment=%s", verdicts[review->verdict], review->environment);
    tell_person(out, "reviewer", &review->reviewer);
    tell_person(out, "requester", &review->requester);
    buf_printf(out, " comment='%s' run=%" PRId64 " title='%s' head=%s", review->comment,
               review->run_id, review->run_title, review->head_sha.hex);
}

static void tell_pull_review(struct buf *out, const struct gh_pull_review *review)
{
    static const char *const verdicts[] = {
        [GH_PULL_APPROVED] = "approved",
        [GH_PULL_CHANGES_REQUESTED] = "changes_requested",
        [GH_PULL_DISMISSED] = "dismissed",
    };

    buf_printf(out, "pull_review %s #%" PRId64 " sha=%s", verdicts[review->verdict], review->number,
               review->sha.hex);
    tell_person(out, "reviewer", &review->reviewer);
    buf_printf(out, " comment='%s'", review->comment);
}

static void tell_pull(struct buf *out, const struct gh_pull *pull)
{
    buf_printf(out, "pull #%" PRId64 " sha=%s base=%s", pull->number, pull->merge_sha.hex,
               pull->base);
    tell_person(out, "author", &pull->author);
    tell_person(out, "merger", &pull->merger);
    buf_printf(out, " merged=%" PRId64, pull->merged_ms);
}

static void tell_run(struct buf *out, const struct gh_run *run)
{
    buf_printf(out,
               "%s of run %" PRId64 " title='%s' path=%s head=%s status=%s conclusion=%s url=%s",
               run->is_job ? "job" : "state", run->run_id, run->title, run->path, run->head_sha.hex,
               run->status, run->conclusion, run->url);
    tell_person(out, "actor", &run->actor);
}

static void tell_request(struct buf *out, const struct gh_request *request,
                         const struct gh_facts *facts)
{
    static const char *const kinds[] = {
        [GH_REQUEST_PROMOTE] = "promote",
        [GH_REQUEST_DEPLOY] = "deploy",
        [GH_REQUEST_ROLLBACK] = "rollback",
    };

    buf_printf(out, "%s from=%s to=%s release=%s branch=%s reason='%s' sender=%s#%" PRId64 "%s",
               kinds[request->kind], request->from, request->to, request->release, request->branch,
               request->reason, facts->sender, facts->sender_id,
               facts->is_sender_bot ? "(bot)" : "");
}

static void tell_signal(struct buf *out, const struct gh_signal *signal,
                        const struct gh_facts *facts)
{
    switch (signal->kind) {
    case GH_DEPLOYMENT:
        tell_deployment(out, &signal->as.deployment);
        return;
    case GH_DEPLOYMENT_STATUS:
        tell_status(out, &signal->as.deployment_status);
        return;
    case GH_REVIEW:
        tell_review(out, &signal->as.review);
        return;
    case GH_PULL_REVIEW:
        tell_pull_review(out, &signal->as.pull_review);
        return;
    case GH_PULL:
        tell_pull(out, &signal->as.pull);
        return;
    case GH_RUN:
        tell_run(out, &signal->as.run);
        return;
    case GH_REQUEST:
        tell_request(out, &signal->as.request, facts);
        return;
    case GH_PUSH:
    case GH_PING:
    case GH_SIGNAL_COUNT:
        fail_msg("no event here gives signal %d", (int)signal->kind);
    }
}

/* A line for each signal, or the reason why there is none. */
static void tell(struct buf *out, const struct gh_facts *facts)
{
    if (facts->signals_count == 0)
        buf_printf(out, "%s: %s", reason_name(facts->reason.code), facts->reason.text);
    for (size_t i = 0; i < facts->signals_count; i++) {
        if (i > 0)
            buf_putc(out, '\n');
        tell_signal(out, &facts->signals[i], facts);
    }
}

/* ---- cases ---- */

struct event_case {
    const char *name; /* of the file, without its ending */
    const char *says; /* as told above, or the error behind "error: " */
};

static void read_fixture(const char *event, const char *name, struct buf *out)
{
    char path[1024];
    struct err err;

    snprintf(path, sizeof(path), FIXTURES "/%s/%s.json", event, name);
    if (!file_read(path, out, &err))
        fail_msg("%s", err.text);
}

static void check_case(const struct gh_handler *handler, const struct event_case *test)
{
    AUTO(buf) struct buf body = BUF_INIT(MIB);
    AUTO(buf) struct buf said = BUF_INIT(MIB);
    struct gh_facts facts;
    struct err err;

    read_fixture(handler->event, test->name, &body);
    if (gh_read(handler, buf_text(&body), body.len, &facts, &err)) {
        assert_string_equal(facts.repository, "acme/shop");
        assert_int_equal(facts.repository_id, 718232);
        tell(&said, &facts);
    } else {
        assert_int_equal(err.code, ERR_PARSE);
        buf_printf(&said, "error: %s", err.text);
    }
    if (strcmp(buf_text(&said), test->says) != 0)
        fail_msg("%s/%s:\n%s\nbut was expected to say\n%s", handler->event, test->name,
                 buf_text(&said), test->says);
}

typedef void fixture_fn(const char *event, const char *name, void *arg);

/* Every file there is of an event. */
static void each_fixture(const char *event, fixture_fn *fn, void *arg)
{
    char path[1024];

    snprintf(path, sizeof(path), FIXTURES "/%s", event);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        fail_msg("no folder %s", path);
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char name[256];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry->d_name, "."), entry->d_name);
        if (name[0] != '\0')
            fn(event, name, arg);
    }
    closedir(dir);
}

static void count_fixture(const char *event UNUSED, const char *name UNUSED, void *arg)
{
    size_t *count = arg;

    ++*count;
}

/* No file is without its case. */
static void check_cases(const struct gh_handler *handler, const struct event_case *cases,
                        size_t count)
{
    size_t files = 0;

    for (size_t i = 0; i < count; i++)
        check_case(handler, &cases[i]);
    each_fixture(handler->event, count_fixture, &files);
    assert_int_equal(count, files);
}

static void test_a_deployment_is_known_by_the_key_in_its_payload(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"payload_object", DEPLOYMENT("410", "main", KEY, HUBOT)},
        {"payload_text_of_json", DEPLOYMENT("410", "main", KEY, HUBOT)},
        {"payload_empty_text", DEPLOYMENT("410", "main", "", HUBOT)},
        {"payload_other_text", DEPLOYMENT("410", "main", "", HUBOT)},
        {"payload_of_others", DEPLOYMENT("410", "main", "", HUBOT)},
        {"payload_key_too_long", DEPLOYMENT("410", "main", "", HUBOT)},
        {"by_a_workflow", DEPLOYMENT("410", "refs/heads/main", "", OCTOCAT)},
        {"creator_deleted", DEPLOYMENT("410", "main", KEY, "nobody")},
        {"ids_beyond_doubles",
         DEPLOYMENT("9007199254740993", "main", KEY, "hubot[bot]#9223372036854775807(bot)")},
        {"repository_missing",
         "error: deployment payload: 'repository.id' or 'repository.full_name' is missing"},
        {"environment_missing",
         "error: deployment payload: 'deployment.environment' is missing or empty"},
    };

    check_cases(&handler_deployment, cases, ARRAY_LEN(cases));
}

static void test_a_deployment_status_is_of_the_deployments_environment(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"success", STATUS("success", KEY, LOG)},
        {"payload_null", STATUS("failure", "", LOG)},
        {"waiting_of_a_workflow", STATUS("waiting", "", HUB)},
        {"other_environment", STATUS("in_progress", KEY, LOG)},
        {"inactive", STATUS("inactive", KEY, LOG)},
        {"no_secure_url", STATUS("success", KEY, "")},
        {"ids_beyond_doubles",
         "status 9007199254740993 of=9007199254740995 environment=staging sha=" MAIN
         " state=success key=" KEY " url=" LOG},
        {"state_missing",
         "error: deployment_status payload: 'deployment_status.state' is missing or empty"},
    };

    check_cases(&handler_deployment_status, cases, ARRAY_LEN(cases));
}

static void test_a_deployment_review_is_a_vote_per_environment_of_its_jobs(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"requested", REQUESTED(OCTOCAT)},
        {"requested_without_job", REQUESTED(OCTOCAT)},
        {"requestor_deleted", REQUESTED("nobody")},
        {"requester_is_no_key", REQUESTED("nobody")},
        {"requested_by_a_bot", REQUESTED(HUBOT)},
        {"approved_two_environments", APPROVED("prod", MONA) "\n" APPROVED("uat", MONA)},
        {"approved_one_job", APPROVED("prod", MONA)},
        {"approved_jobs_without_names", APPROVED("prod", MONA)},
        {"approved_no_environment", "environment_unknown: the review names no environment"},
        {"approved_without_approver", APPROVED("prod", "nobody")},
        {"approver_without_keys", APPROVED("prod", "nobody")},
        {"approver_without_id", APPROVED("prod", "mona#0")},
        {"approver_without_type", APPROVED("prod", HUBOT)},
        {"approver_is_a_bot", APPROVED("prod", HUBOT)},
        {"rejected", REVIEW("rejected", "prod", MONA, "Not before Monday — no", IN_RUN)},
        {"run_null", REVIEW("approved", "prod", MONA, "Looks good", " run=0 title='' head=")},
        {"comment_null", REVIEW("approved", "prod", MONA, "", IN_RUN)},
        {"ids_beyond_doubles",
         REVIEW("approved", "prod", "mona#9007199254740993", "Looks good",
                " run=9007199254740995 title='Promote " KEY " to prod' head=" MAIN)},
        {"approver_is_text", "error: deployment_review payload: 'approver' is no object"},
        {"approver_id_is_text",
         "error: deployment_review payload: 'approver.id' is no whole number"},
        {"other_action", "action_not_used: deployment_review 'withdrawn' means nothing here"},
    };

    check_cases(&handler_deployment_review, cases, ARRAY_LEN(cases));
}

static void test_a_pull_request_counts_when_merged_says_so(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"merged", MERGED(OCTOCAT, MONA)},
        {"closed_unmerged", "action_not_used: #42 was closed without a merge"},
        {"author_deleted", MERGED("nobody", MONA)},
        {"merged_by_a_bot", MERGED(OCTOCAT, HUBOT)},
        {"merged_commit_unknown",
         "action_not_used: #42 was merged, but GitHub does not say as which commit"},
        {"merged_missing", "error: pull_request payload: 'pull_request.merged' is missing"},
        {"opened", "action_not_used: pull_request 'opened' means nothing here"},
    };

    check_cases(&handler_pull_request, cases, ARRAY_LEN(cases));
}

static void test_a_pull_request_review_counts_in_any_case_but_not_when_edited(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"approved", PULL_REVIEW("approved", MONA, "Nice")},
        {"approved_upper_case", PULL_REVIEW("approved", MONA, "Nice")},
        {"changes_requested", PULL_REVIEW("changes_requested", MONA, "The total is wrong")},
        {"commented", "action_not_used: a review that is 'commented' decides nothing"},
        {"dismissed", PULL_REVIEW("dismissed", MONA, "Nice")},
        {"edited", "action_not_used: a review that was 'edited' keeps the verdict it had"},
        {"reviewer_deleted", PULL_REVIEW("approved", "nobody", "")},
        {"reviewer_is_a_bot", PULL_REVIEW("approved", HUBOT, "Nice")},
    };

    check_cases(&handler_pull_request_review, cases, ARRAY_LEN(cases));
}

static void test_a_workflow_run_is_in_the_state_it_carries_not_in_its_action(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"completed", RUN("61700", "completed", "success", OCTOCAT)},
        {"completed_but_queued", RUN("61700", "queued", "", OCTOCAT)},
        {"requested_but_completed", RUN("61700", "completed", "startup_failure", OCTOCAT)},
        {"path_with_ref", RUN("61700", "completed", "success", OCTOCAT)},
        {"actor_deleted", RUN("61700", "completed", "success", "nobody")},
        {"ids_beyond_doubles", RUN("9007199254740993", "completed", "success", OCTOCAT)},
        {"status_missing",
         "error: workflow_run payload: 'workflow_run.status' is missing or empty"},
    };

    check_cases(&handler_workflow_run, cases, ARRAY_LEN(cases));
}

static void test_a_workflow_job_tells_of_its_run(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"queued_but_waiting", JOB("61700", "waiting", "")},
        {"completed", JOB("61700", "completed", "failure")},
        {"ids_beyond_doubles", JOB("9007199254740993", "waiting", "")},
    };

    check_cases(&handler_workflow_job, cases, ARRAY_LEN(cases));
}

static void test_a_repository_dispatch_asks_in_its_client_payload(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"promote", PROMOTE},
        {"deploy",
         "deploy from= to=future release= branch=release/2026.12 reason='' sender=" OCTOCAT},
        {"rollback",
         "rollback from= to=prod release= branch= reason='Checkout is down' sender=" HUBOT},
        {"client_payload_null",
         "error: repository_dispatch payload: 'client_payload.to' is missing or empty"},
        {"client_payload_text",
         "error: repository_dispatch payload: 'client_payload' is no object"},
        {"to_is_a_list", "error: repository_dispatch payload: 'client_payload.to' is no text"},
        {"release_is_a_number",
         "error: repository_dispatch payload: 'client_payload.release' is no text"},
        {"reason_is_a_number",
         "error: repository_dispatch payload: 'client_payload.reason' is no text"},
        {"event_of_others", "action_not_used: event type 'rebuild-search-index' is not "
                            "envflow-promote, envflow-deploy or envflow-rollback"},
        {"event_of_100_characters", "action_not_used: event type 'ééééééééééééééééééééééééééééééé' "
                                    "is not envflow-promote, envflow-deploy or envflow-rollback"},
    };

    check_cases(&handler_repository_dispatch, cases, ARRAY_LEN(cases));
}

static void test_a_workflow_dispatch_asks_in_its_inputs(void **state UNUSED)
{
    static const struct event_case cases[] = {
        {"promote", PROMOTE},
        {"path_with_ref", PROMOTE},
        {"inputs_null", "error: workflow_dispatch payload: 'inputs.to' is missing or empty"},
        {"gate_run", "action_not_used: a gate run of promotion " KEY},
        {"promotion_is_a_number",
         "error: workflow_dispatch payload: 'inputs.promotion' is no text"},
        {"other_workflow", "action_not_used: workflow .github/workflows/not-promote-release.yml is "
                           "not promote-release"},
        {"workflow_missing", "error: workflow_dispatch payload: 'workflow' is missing"},
    };

    check_cases(&handler_workflow_dispatch, cases, ARRAY_LEN(cases));
}

/* ---- bounds ---- */

static json_t *load_fixture(const char *event, const char *name)
{
    AUTO(buf) struct buf body = BUF_INIT(MIB);

    read_fixture(event, name, &body);
    json_t *payload = json_loadb(buf_text(&body), body.len, 0, NULL);
    assert_non_null(payload);
    return payload;
}

static void test_one_review_covers_as_many_environments_as_fit_and_no_more(void **state UNUSED)
{
    for (int count = GH_SIGNALS_MAX - 1; count <= GH_SIGNALS_MAX + 1; count++) {
        AUTO(json) json_t *payload = load_fixture("deployment_review", "approved_one_job");
        json_t *jobs = json_array();
        struct gh_facts facts;
        struct err err;

        for (int i = 0; i < 2 * count; i++) /* each of them twice */
            json_array_append_new(
                jobs, json_pack("{s:o}", "environment", json_sprintf("region-%d", i % count)));
        json_object_set_new(payload, "workflow_job_runs", jobs);
        bool read = bend_read(&handler_deployment_review, payload, &facts, &err);
        assert_int_equal(read, count <= GH_SIGNALS_MAX);
        if (read)
            assert_int_equal(facts.signals_count, count);
        else
            assert_string_equal(err.text, "deployment_review payload: 'workflow_job_runs': one "
                                          "review covers more than 8 environments");
    }
}

static void test_a_payload_that_is_nested_text_has_no_key_beyond_the_depth(void **state UNUSED)
{
    for (int depth = PAYLOAD_DEPTH_MAX - 2; depth <= PAYLOAD_DEPTH_MAX + 2; depth++) {
        AUTO(json) json_t *payload = load_fixture("deployment", "payload_object");
        AUTO(buf) struct buf text = BUF_INIT(MIB);
        struct gh_facts facts;
        struct err err;

        buf_puts(&text, "{\"envflow\":{\"deployment\":\"" KEY "\"},\"more\":");
        for (int i = 0; i < depth - 1; i++)
            buf_putc(&text, '[');
        for (int i = 0; i < depth - 1; i++)
            buf_putc(&text, ']');
        buf_putc(&text, '}');
        json_object_set_new(json_object_get(payload, "deployment"), "payload",
                            json_string(buf_text(&text)));
        assert_true(bend_read(&handler_deployment, payload, &facts, &err));
        assert_string_equal(facts.signals[0].as.deployment.key,
                            depth <= PAYLOAD_DEPTH_MAX ? KEY : "");
    }
}

static void test_an_id_beyond_64_bits_is_refused_not_rounded(void **state UNUSED)
{
    AUTO(buf) struct buf body = BUF_INIT(MIB);
    AUTO(buf) struct buf bent = BUF_INIT(MIB);
    struct gh_facts facts;
    struct err err;

    read_fixture("deployment_review", "approved_one_job", &body);
    const char *id = strstr(buf_text(&body), "2903,"); /* the approver's */
    assert_non_null(id);
    buf_append(&bent, buf_text(&body), (size_t)(id - buf_text(&body)));
    buf_printf(&bent, "9223372036854775808%s", id + strlen("2903"));
    assert_false(gh_read(&handler_deployment_review, buf_text(&bent), bent.len, &facts, &err));
    assert_int_equal(err.code, ERR_PARSE);
    assert_non_null(strstr(err.text, "too big integer near '9223372036854775808'"));
}

static void test_a_key_with_a_nul_is_nobodys(void **state UNUSED)
{
    AUTO(json) json_t *payload = load_fixture("deployment", "payload_empty_text");
    json_t *deployment = json_object_get(payload, "deployment");
    struct gh_facts facts;
    struct err err;

    json_object_set_new(deployment, "payload",
                        json_string("{\"envflow\":{\"deployment\":\"" KEY "\\u0000\"}}"));
    assert_true(bend_read(&handler_deployment, payload, &facts, &err));
    assert_string_equal(facts.signals[0].as.deployment.key, "");
}

static void test_comments_are_cut_between_characters_and_names_are_refused(void **state UNUSED)
{
    AUTO(json) json_t *payload = load_fixture("deployment_review", "rejected");
    char text[2 * GH_TEXT_MAX] = "";
    struct gh_facts facts;
    struct err err;

    memset(text, 'x', GH_TEXT_MAX - 2); /* room for one more byte */
    memcpy(text + GH_TEXT_MAX - 2, "\xC3\xA9", 3);
    json_object_set_new(payload, "comment", json_string(text));
    assert_true(bend_read(&handler_deployment_review, payload, &facts, &err));
    assert_int_equal(strlen(facts.signals[0].as.review.comment), GH_TEXT_MAX - 2);
    json_object_set_new(json_object_get(payload, "approver"), "login", json_string(text));
    assert_false(bend_read(&handler_deployment_review, payload, &facts, &err));
    assert_string_equal(err.text,
                        "deployment_review payload: 'approver.login' is longer than 63 bytes");
}

static void test_an_event_type_of_any_length_is_somebody_elses(void **state UNUSED)
{
    AUTO(json) json_t *payload = load_fixture("repository_dispatch", "event_of_100_characters");
    struct gh_facts facts;
    struct err err;

    assert_true(bend_read(&handler_repository_dispatch, payload, &facts, &err));
    assert_int_equal(strlen(facts.action), sizeof(facts.action) - 2); /* 31 characters of two */
}

/* ---- values of other types ---- */

struct bent {
    const struct gh_handler *handler;
    size_t said, refused;
};

static void read_bent(const json_t *payload, void *arg)
{
    AUTO(buf) struct buf out = BUF_INIT(MIB);
    struct bent *bent = arg;
    struct gh_facts facts;
    struct err err;

    if (bend_read(bent->handler, payload, &facts, &err)) {
        tell(&out, &facts);
        assert_false(out.failed);
        bent->said++;
    } else {
        assert_int_equal(err.code, ERR_PARSE);
        assert_non_null(strchr(err.text, '\'')); /* it names what is wrong */
        bent->refused++;
    }
}

static void bend_fixture(const char *event, const char *name, void *arg)
{
    AUTO(json) json_t *payload = load_fixture(event, name);

    bend(payload, read_bent, arg);
}

static void test_values_of_other_types_are_refused_by_name_or_change_nothing(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
        struct bent bent = {.handler = handlers[i]};

        each_fixture(handlers[i]->event, bend_fixture, &bent);
        print_message("%s: %zu said something, %zu refused\n", handlers[i]->event, bent.said,
                      bent.refused);
        assert_true(bent.said > 1000 && bent.refused > 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_deployment_is_known_by_the_key_in_its_payload),
        cmocka_unit_test(test_a_deployment_status_is_of_the_deployments_environment),
        cmocka_unit_test(test_a_deployment_review_is_a_vote_per_environment_of_its_jobs),
        cmocka_unit_test(test_a_pull_request_counts_when_merged_says_so),
        cmocka_unit_test(test_a_pull_request_review_counts_in_any_case_but_not_when_edited),
        cmocka_unit_test(test_a_workflow_run_is_in_the_state_it_carries_not_in_its_action),
        cmocka_unit_test(test_a_workflow_job_tells_of_its_run),
        cmocka_unit_test(test_a_repository_dispatch_asks_in_its_client_payload),
        cmocka_unit_test(test_a_workflow_dispatch_asks_in_its_inputs),
        cmocka_unit_test(test_one_review_covers_as_many_environments_as_fit_and_no_more),
        cmocka_unit_test(test_a_payload_that_is_nested_text_has_no_key_beyond_the_depth),
        cmocka_unit_test(test_an_id_beyond_64_bits_is_refused_not_rounded),
        cmocka_unit_test(test_a_key_with_a_nul_is_nobodys),
        cmocka_unit_test(test_comments_are_cut_between_characters_and_names_are_refused),
        cmocka_unit_test(test_an_event_type_of_any_length_is_somebody_elses),
        cmocka_unit_test(test_values_of_other_types_are_refused_by_name_or_change_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
