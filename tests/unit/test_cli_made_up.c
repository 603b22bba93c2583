/* Made-up payloads have GitHub's shape. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "../../src/cli/made_up_int.h"
#include "base/attr.h"
#include "github/payload.h"

#define NOW_MS INT64_C(1772366400000)
#define SHA_A  "1111111111111111111111111111111111111111"
#define SHA_B  "2222222222222222222222222222222222222222"
#define ZEROS  "0000000000000000000000000000000000000000"

static json_t *make(void build(const struct made_up *, struct buf *), const char *before,
                    const char *after)
{
    struct made_up facts = {.repository = "acme/shop",
                            .branch = "main",
                            .title = "Say \"hi\" \xC3\xA7\nbody",
                            .hook_id = 7,
                            .now_ms = NOW_MS};
    struct buf out = BUF_INIT((size_t)64 * 1024);

    snprintf(facts.before.hex, sizeof(facts.before.hex), "%s", before);
    snprintf(facts.after.hex, sizeof(facts.after.hex), "%s", after);
    build(&facts, &out);
    assert_false(out.failed);
    json_t *tree = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tree);
    buf_done(&out);
    return tree;
}

static void test_a_push_has_every_field_that_github_documents(void **state)
{
    static const char *const fields[] = {
        "ref",
        "before",
        "after",
        "created",
        "deleted",
        "forced",
        "base_ref",
        "compare",
        "commits",
        "head_commit",
        "pusher",
        "repository",
        "sender",
        "repository.id",
        "repository.node_id",
        "repository.name",
        "repository.full_name",
        "repository.owner.login",
        "repository.private",
        "repository.fork",
        "repository.default_branch",
        "repository.pushed_at",
        "head_commit.id",
        "head_commit.message",
        "head_commit.timestamp",
        "head_commit.author.email",
        "head_commit.modified",
        "pusher.name",
        "sender.id",
    };
    AUTO(json) json_t *tree = make(made_up_push, SHA_A, SHA_B);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (payload_get(tree, fields[i]) == NULL)
            fail_msg("no %s", fields[i]);
    }
    assert_string_equal(payload_str_or(tree, "ref", ""), "refs/heads/main");
    assert_string_equal(payload_str_or(tree, "head_commit.message", ""),
                        "Say \"hi\" \xC3\xA7\nbody");
    assert_string_equal(payload_str_or(tree, "repository.name", ""), "shop");
    assert_string_equal(payload_str_or(tree, "repository.owner.login", ""), "acme");
    assert_string_equal(payload_str_or(tree, "head_commit.id", ""), SHA_B);
    assert_int_equal(json_array_size(payload_get(tree, "commits")), 1);
    assert_false(payload_bool_or(tree, "created", true));
    assert_false(payload_bool_or(tree, "deleted", true));
}

static void test_a_push_stamps_seconds_as_github_does(void **state)
{
    AUTO(json) json_t *tree = make(made_up_push, SHA_A, SHA_B);

    (void)state;
    assert_int_equal(payload_int_or(tree, "repository.pushed_at", 0), NOW_MS / 1000);
}

static void test_zeros_make_a_creation_or_a_deletion(void **state)
{
    AUTO(json) json_t *creation = make(made_up_push, ZEROS, SHA_B);
    AUTO(json) json_t *deletion = make(made_up_push, SHA_A, ZEROS);

    (void)state;
    assert_true(payload_bool_or(creation, "created", false));
    assert_true(payload_bool_or(deletion, "deleted", false));
    assert_true(json_is_null(payload_get(deletion, "head_commit")));
    assert_int_equal(json_array_size(payload_get(deletion, "commits")), 0);
}

static void test_a_ping_tells_about_its_hook(void **state)
{
    AUTO(json) json_t *tree = make(made_up_ping, SHA_A, SHA_B);

    (void)state;
    assert_int_equal(payload_int_or(tree, "hook_id", 0), 7);
    assert_int_equal(payload_int_or(tree, "hook.id", 0), 7);
    assert_string_equal(payload_str_or(tree, "hook.type", ""), "Repository");
    assert_string_equal(payload_str_or(tree, "hook.config.content_type", ""), "json");
    assert_string_equal(payload_str_or(tree, "hook.config.insecure_ssl", ""), "0");
    assert_int_equal(json_array_size(payload_get(tree, "hook.events")), 1);
}

static void test_a_repository_keeps_its_number(void **state)
{
    (void)state;
    assert_true(made_up_repository_id("acme/shop") > 0);
    assert_int_equal(made_up_repository_id("acme/shop"), made_up_repository_id("acme/shop"));
    assert_int_not_equal(made_up_repository_id("acme/shop"), made_up_repository_id("acme/till"));
}

static void test_random_commits_differ_and_are_well_formed(void **state)
{
    struct git_sha a = made_up_sha();
    struct git_sha b = made_up_sha();
    struct git_sha parsed;
    struct err err;

    (void)state;
    assert_true(git_sha_parse(a.hex, &parsed, &err));
    assert_false(git_sha_equal(&a, &b));
    assert_false(made_up_is_nothing(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_push_has_every_field_that_github_documents),
        cmocka_unit_test(test_a_push_stamps_seconds_as_github_does),
        cmocka_unit_test(test_zeros_make_a_creation_or_a_deletion),
        cmocka_unit_test(test_a_ping_tells_about_its_hook),
        cmocka_unit_test(test_a_repository_keeps_its_number),
        cmocka_unit_test(test_random_commits_differ_and_are_well_formed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
