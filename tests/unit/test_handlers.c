/* handlers: what ping and push say, and that no payload, real or bent, does worse than be refused.
 */
#include "support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "github/payload.h"
#include "handlers.h"
#include "support/bend.h"
#include "support/examples.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define Z "0000000000000000000000000000000000000000"

static int set_up(void **state UNUSED)
{
    payload_init();
    return 0;
}

/* ---- the table ---- */

static void test_the_table_is_sorted_and_each_handler_is_found(void **state UNUSED)
{
    size_t count = 0;

    for (; handler_at(count) != NULL; count++) {
        const struct gh_handler *handler = handler_at(count);
        assert_ptr_equal(handler_find(handler->event), handler);
        if (count > 0)
            assert_true(strcmp(handler_at(count - 1)->event, handler->event) < 0);
    }
    assert_true(count >= 2);
    assert_null(handler_at(count + 1));
    assert_null(handler_find("issues"));
    assert_null(handler_find(""));
    assert_null(handler_find("Push"));
}

/* ---- push ---- */

static bool read_text(const struct gh_handler *handler, const char *text, struct gh_facts *facts,
                      struct err *err)
{
    return gh_read(handler, text, strlen(text), facts, err);
}

/* A push whose fields can be replaced: each argument is JSON text. */
struct push_fields {
    const char *ref, *before, *after, *repository, *head_commit, *more;
};

static bool read_push(const struct push_fields *fields, struct gh_facts *facts, struct err *err)
{
    static const struct push_fields usual = {
        .ref = "\"refs/heads/main\"",
        .before = "\"" A "\"",
        .after = "\"" B "\"",
        .repository = "{\"id\":42,\"full_name\":\"acme/shop\",\"pushed_at\":1557933657}",
        .head_commit = "{\"message\":\"one line\"}",
        .more = "\"x\":0",
    };
    char text[4096];

#define FIELD(name) (fields->name != NULL ? fields->name : usual.name)
    snprintf(text, sizeof(text),
             "{\"ref\":%s,\"before\":%s,\"after\":%s,\"repository\":%s,\"head_commit\":%s,%s}",
             FIELD(ref), FIELD(before), FIELD(after), FIELD(repository), FIELD(head_commit),
             FIELD(more));
#undef FIELD
    return read_text(&handler_push, text, facts, err);
}

static struct gh_push push_of(const struct push_fields *fields)
{
    struct gh_facts facts;
    struct err err;

    if (!read_push(fields, &facts, &err))
        fail_msg("%s", err.text);
    assert_int_equal(facts.signals_count, 1);
    assert_int_equal(facts.signals[0].kind, GH_PUSH);
    return facts.signals[0].as.push;
}

static void test_a_push_says_where_its_branch_went(void **state UNUSED)
{
    struct gh_facts facts;
    struct err err;
    const struct push_fields fields = {
        .repository = "{\"id\":42,\"full_name\":\"acme/shop\",\"pushed_at\":1557933657,"
                      "\"fork\":true,\"default_branch\":\"trunk\"}",
        .head_commit = "{\"message\":\"Merge pull request #7\\n\\nDetails\"}",
        .more = "\"forced\":true,\"sender\":{\"id\":7,\"login\":\"octocat\"}",
    };

    assert_true(read_push(&fields, &facts, &err));
    assert_true(facts.repository_id == 42 && facts.sender_id == 7 && facts.is_fork);
    assert_string_equal(facts.repository, "acme/shop");
    assert_string_equal(facts.default_branch, "trunk");
    assert_string_equal(facts.sender, "octocat");
    assert_string_equal(facts.action, "");
    const struct gh_push *push = &facts.signals[0].as.push;
    assert_string_equal(push->branch, "main");
    assert_string_equal(push->push.before.hex, A);
    assert_string_equal(push->push.after.hex, B);
    assert_true(push->push.pushed_at_ms == INT64_C(1557933657000));
    assert_true(push->forced);
    assert_string_equal(push->title, "Merge pull request #7");
}

static void test_zeros_mean_no_commit_and_a_deletion_has_no_title(void **state UNUSED)
{
    struct gh_push created = push_of(&(struct push_fields){.before = "\"" Z "\""});
    struct gh_push deleted =
        push_of(&(struct push_fields){.after = "\"" Z "\"", .head_commit = "null"});

    assert_string_equal(created.push.before.hex, "");
    assert_string_equal(deleted.push.after.hex, "");
    assert_string_equal(deleted.title, "");
}

static void test_a_stamp_may_be_a_number_text_or_missing(void **state UNUSED)
{
    static const struct {
        const char *json;
        int64_t ms;
    } cases[] = {
        {"1557933657", INT64_C(1557933657000)},
        {"\"2019-05-15T15:20:33Z\"", INT64_C(1557933633000)},
        {"\"2019-05-15T17:20:33+02:00\"", INT64_C(1557933633000)},
        {"null", 0},
        {"0", 0},
        {"-5", 0},
        {"\"yesterday\"", 0},
        {"9223372036854775807", 0},
        {"true", 0},
        {"[]", 0},
        {"1.5", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char repository[256];
        snprintf(repository, sizeof(repository),
                 "{\"id\":42,\"full_name\":\"acme/shop\",\"pushed_at\":%s}", cases[i].json);
        struct gh_push push = push_of(&(struct push_fields){.repository = repository});
        assert_true(push.push.pushed_at_ms == cases[i].ms);
    }
}

static void test_a_title_is_cut_between_characters(void **state UNUSED)
{
    for (size_t lead = GH_TITLE_MAX - 8; lead < GH_TITLE_MAX + 4; lead++) {
        char message[512] = "{\"message\":\"";
        size_t len = strlen(message);
        memset(message + len, 'x', lead);
        memcpy(message + len + lead, "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}", 11);
        struct gh_push push = push_of(&(struct push_fields){.head_commit = message});
        size_t room = lead < GH_TITLE_MAX ? (GH_TITLE_MAX - 1 - lead) / 4 : 0;
        size_t kept = room > 2 ? 2 : room;
        size_t expected = lead < GH_TITLE_MAX ? lead + 4 * kept : GH_TITLE_MAX - 1;
        assert_int_equal(strlen(push.title), expected);
    }
}

static void test_tags_and_other_refs_give_no_signal_but_the_reason(void **state UNUSED)
{
    static const struct {
        const char *ref;
        enum reason_code reason;
    } cases[] = {
        {"\"refs/tags/v1\"", REASON_TAG},       {"\"refs/notes/commits\"", REASON_REF_UNKNOWN},
        {"\"refs/heads\"", REASON_REF_UNKNOWN}, {"\"main\"", REASON_REF_UNKNOWN},
        {"\"\"", REASON_REF_UNKNOWN},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct gh_facts facts;
        struct err err;
        assert_true(read_push(&(struct push_fields){.ref = cases[i].ref}, &facts, &err));
        assert_int_equal(facts.signals_count, 0);
        assert_int_equal(facts.reason.code, cases[i].reason);
        assert_true(strlen(facts.reason.text) > 10);
    }
}

static void test_a_push_that_cannot_be_trusted_is_refused_by_name(void **state UNUSED)
{
    static const struct {
        struct push_fields fields;
        const char *names;
    } cases[] = {
        {{.ref = "null"}, "'ref'"},
        {{.ref = "7"}, "'ref'"},
        {{.ref = "\"refs/heads/\""}, "'ref'"},
        {{.ref = "\"refs/heads/main\\u0000x\""}, "'ref'"},
        {{.before = "\"abc\""}, "'before'"},
        {{.before = "null"}, "'before'"},
        {{.after = "\"" B "b\""}, "'after'"},
        {{.after = "\"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\""}, "'after'"},
        {{.after = "\"" B "\\u0000\""}, "'after'"},
        {{.repository = "null"}, "'repository.id'"},
        {{.repository = "{}"}, "'repository.id'"},
        {{.repository = "{\"id\":\"42\",\"full_name\":\"acme/shop\"}"}, "'repository.id'"},
        {{.repository = "{\"id\":42}"}, "'repository.full_name'"},
        {{.repository = "{\"id\":42,\"full_name\":\"acme/shop\\u0000\"}"}, "full_name'"},
        {{.more = "\"sender\":{\"login\":[]}"}, "'sender.login'"},
        {{.more = "\"action\":\"\x80\""}, "no JSON"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct gh_facts facts;
        struct err err;
        if (read_push(&cases[i].fields, &facts, &err))
            fail_msg("%s was accepted", cases[i].names);
        assert_int_equal(err.code, ERR_PARSE);
        assert_int_equal(strncmp(err.text, "push payload: ", 14), 0);
        if (strstr(err.text, cases[i].names) == NULL)
            fail_msg("%s does not name %s", err.text, cases[i].names);
    }
}

static void test_names_that_do_not_fit_are_refused_not_cut(void **state UNUSED)
{
    char branch[REF_NAME_MAX + 64];
    struct gh_facts facts;
    struct err err;

    for (size_t len = REF_NAME_MAX - 2; len <= REF_NAME_MAX; len++) {
        snprintf(branch, sizeof(branch), "\"refs/heads/%0*d\"", (int)len, 0);
        bool read = read_push(&(struct push_fields){.ref = branch}, &facts, &err);
        assert_int_equal(read, len < REF_NAME_MAX);
    }
    assert_non_null(strstr(err.text, "'ref' names no branch"));
    snprintf(branch, sizeof(branch), "{\"id\":42,\"full_name\":\"%0300d\"}", 0);
    assert_false(read_push(&(struct push_fields){.repository = branch}, &facts, &err));
    assert_non_null(strstr(err.text, "'repository.full_name' is longer than 255 bytes"));
}

/* ---- ping ---- */

static void test_a_ping_says_what_its_hook_sends(void **state UNUSED)
{
    static const struct {
        const char *config;
        const char *content_type;
        bool insecure;
    } cases[] = {
        {"{\"content_type\":\"form\",\"insecure_ssl\":\"1\"}", "form", true},
        {"{\"content_type\":\"json\",\"insecure_ssl\":\"0\"}", "json", false},
        {"{\"content_type\":\"json\",\"insecure_ssl\":1}", "json", true},
        {"{\"content_type\":\"json\",\"insecure_ssl\":0}", "json", false},
        {"{\"content_type\":\"application/x-www-form-urlencoded\"}",
         "application/x-www-form-urlencoded", false},
        {"{}", "", false},
        {"null", "", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct gh_facts facts;
        struct err err;
        char text[512];
        snprintf(text, sizeof(text),
                 "{\"hook_id\":7,\"hook\":{\"type\":\"Marketplace::Listing\",\"events\":"
                 "[\"issues\",\"push\"],\"config\":%s}}",
                 cases[i].config);
        if (!read_text(&handler_ping, text, &facts, &err))
            fail_msg("%s", err.text);
        const struct gh_ping *ping = &facts.signals[0].as.ping;
        assert_int_equal(facts.signals[0].kind, GH_PING);
        assert_true(ping->hook_id == 7 && ping->has_push);
        assert_string_equal(ping->hook_type, "Marketplace::Listing");
        assert_string_equal(ping->events, "issues,push");
        assert_string_equal(ping->content_type, cases[i].content_type);
        assert_int_equal(ping->insecure_ssl, cases[i].insecure);
    }
}

static bool has_push(const char *events)
{
    struct gh_facts facts;
    struct err err;
    char text[8192];

    snprintf(text, sizeof(text), "{\"hook_id\":7,\"hook\":{\"events\":%s}}", events);
    assert_true(read_text(&handler_ping, text, &facts, &err));
    return facts.signals[0].as.ping.has_push;
}

static void test_a_ping_knows_whether_push_is_among_however_many_events(void **state UNUSED)
{
    char many[8000] = "[";

    assert_true(has_push("[\"*\"]"));
    assert_true(has_push("[7,\"push\"]"));
    assert_false(has_push("[\"pushed\",\"secret_scanning_push_protection\"]"));
    assert_false(has_push("[]"));
    assert_false(has_push("\"push\""));
    assert_false(has_push("null"));
    for (int i = 0; i < 200; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "\"some_event_name_%d\",", i);
    strncat(many, "\"push\"]", sizeof(many) - strlen(many) - 1);
    assert_true(has_push(many));
}

static void test_a_ping_without_its_hook_id_is_refused(void **state UNUSED)
{
    struct gh_facts facts;
    struct err err;

    assert_false(read_text(&handler_ping, "{\"zen\":\"x\"}", &facts, &err));
    assert_string_equal(err.text, "ping payload: 'hook_id' is missing");
}

/* ---- every published payload, and what is made of it ---- */

struct tally {
    size_t accepted, refused;
};

static void read_tree(const struct gh_handler *handler, const json_t *payload, struct tally *tally)
{
    struct gh_facts facts;
    struct err err;

    if (bend_read(handler, payload, &facts, &err))
        tally->accepted++;
    else
        tally->refused++;
}

static void read_as_what_it_is(const char *event, const json_t *payload, void *arg)
{
    const struct gh_handler *handler = handler_find(event);

    if (handler != NULL)
        read_tree(handler, payload, arg);
}

static void test_every_published_payload_of_a_handled_event_is_accepted(void **state UNUSED)
{
    struct tally tally = {0};

    examples_each(read_as_what_it_is, &tally);
    assert_int_equal(tally.refused, 0);
    assert_true(tally.accepted >= 20);
}

static void read_as_what_it_is_not(const char *event, const json_t *payload, void *arg)
{
    for (size_t i = 0; handler_at(i) != NULL; i++) {
        if (strcmp(handler_at(i)->event, event) != 0)
            read_tree(handler_at(i), payload, arg);
    }
}

static void test_payloads_of_other_events_do_no_harm(void **state UNUSED)
{
    struct tally tally = {0};

    examples_each(read_as_what_it_is_not, &tally);
    assert_true(tally.refused > 600);
}

struct bent {
    const struct gh_handler *handler;
    struct tally *tally;
};

static void read_bent(const json_t *payload, void *arg)
{
    const struct bent *bent = arg;

    read_tree(bent->handler, payload, bent->tally);
}

static void bend_all(const char *event, const json_t *payload, void *arg)
{
    struct tally *tally = arg;
    struct bent bent = {handler_find(event), tally};

    if (bent.handler == NULL || tally->accepted + tally->refused > 40000)
        return;
    AUTO(json) json_t *copy = json_deep_copy(payload);
    bend(copy, read_bent, &bent);
}

static void test_no_field_of_another_type_does_harm(void **state UNUSED)
{
    struct tally tally = {0};

    examples_each(bend_all, &tally);
    print_message("%zu accepted, %zu refused\n", tally.accepted, tally.refused);
    assert_true(tally.accepted > 1000 && tally.refused > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_sorted_and_each_handler_is_found),
        cmocka_unit_test(test_a_push_says_where_its_branch_went),
        cmocka_unit_test(test_zeros_mean_no_commit_and_a_deletion_has_no_title),
        cmocka_unit_test(test_a_stamp_may_be_a_number_text_or_missing),
        cmocka_unit_test(test_a_title_is_cut_between_characters),
        cmocka_unit_test(test_tags_and_other_refs_give_no_signal_but_the_reason),
        cmocka_unit_test(test_a_push_that_cannot_be_trusted_is_refused_by_name),
        cmocka_unit_test(test_names_that_do_not_fit_are_refused_not_cut),
        cmocka_unit_test(test_a_ping_says_what_its_hook_sends),
        cmocka_unit_test(test_a_ping_knows_whether_push_is_among_however_many_events),
        cmocka_unit_test(test_a_ping_without_its_hook_id_is_refused),
        cmocka_unit_test(test_every_published_payload_of_a_handled_event_is_accepted),
        cmocka_unit_test(test_payloads_of_other_events_do_no_harm),
        cmocka_unit_test(test_no_field_of_another_type_does_harm),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
